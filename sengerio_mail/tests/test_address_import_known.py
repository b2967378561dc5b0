"""Rows about records that exist: what a row does not say stays as it is, and goes for the addresses beside it too."""

from odoo.tests import tagged

from .test_address_import import ADDRESS, COPY, AddressImportCase
from .test_register import read
from .test_tables import csv_file


@tagged("post_install", "-at_install")
class TestAddressImportKnown(AddressImportCase):
    def run_import(self, *rows):
        """Import a file that has no problem."""
        import_ = self.start(csv_file(*rows))
        import_.action_import()
        self.assertFalse(import_.problem_ids.mapped("reason"))
        self.assertEqual(import_.state, "done")
        return import_

    def assertSame(self, record, other, but):  # noqa: N802
        """Two records have the same values in all columns of the sheet but some."""
        columns = self.env["sengerio.mail.address.sheets"]._columns()[record._name]
        for name in {key for key in columns if "/" not in key} - {"id", *but}:
            self.assertEqual(other[name], record[name], name)

    def test_copied_row(self):
        """A row is doubled in the sheet, one is changed, the other loses its ID: a changed copy and a new one."""
        copy = self.add_copy(self.azure, copy_partner_id=self.john.id, header="cc")
        self.name(copy, "copy")
        titles = ["External ID", "Partner", "Copy To", "As"]
        as_it_was, changed = (
            [xml_id, self.azure.name, self.john.complete_name, header]
            for xml_id, header in (("", "cc"), ("crm.copy", "bcc"))
        )
        for rows in ([as_it_was, changed], [changed, as_it_was]):
            self.assertEqual(self.check(csv_file(titles, *rows)), (1, 1, 0, []))
        self.run_import(titles, as_it_was, changed)
        self.assertEqual(copy.header, "bcc")
        new = self.env[COPY].search([("partner_id", "=", self.azure.id)]) - copy
        self.assertEqual((new.header, new.copy_partner_id), ("cc", self.john))

    # ------------------------------------------------------------
    # Several addresses in a cell
    # ------------------------------------------------------------

    def test_more_addresses_of_a_copy(self):
        """A further address of a copy is copied whose and what mail, and as, the first one is."""
        copy = self.add_copy(
            self.azure, email="old@x.example", header="bcc", direction="sent_by", role="accounting", mandatory=True,
            company_id=self.company.id, document_type_ids=[(6, 0, self.type.ids)], active=False,
        )  # fmt: skip
        self.name(copy, "copy")
        self.run_import(["External ID", "Copy To Address"], ["crm.copy", "old@x.example; two@x.example"])
        two = self.env[COPY].with_context(active_test=False).search([("email", "=", "two@x.example")])
        self.assertSame(copy, two, but=["email"])
        self.run_import(
            ["External ID", "Copy To Address", "As", "Role", "Active"],
            ["crm.copy", "old@x.example; three@x.example", "cc", "", "yes"],
        )
        three = self.env[COPY].search([("email", "=", "three@x.example")])
        self.assertEqual((copy.header, three.header, three.role), ("cc", "cc", False))
        self.assertSame(copy, three, but=["email"])

    def test_more_addresses_beside_an_address(self):
        """A further address is of the same partner, role and company; the name is not another's."""
        sales = self.add_address(
            self.azure, "accounting", "bills@azure.example", company_id=self.company.id, name="Bills"
        )
        self.name(sales, "bills")
        rows = [["External ID", "E-mail"], ["crm.bills", "Jo <jo@x.example>, bills@azure.example, two@x.example"]]
        self.assertEqual(self.check(csv_file(*rows)), (2, 0, 1, []))
        self.run_import(*rows)
        for email, name in (("jo@x.example", "Jo"), ("two@x.example", False)):
            new = self.env[ADDRESS].search([("email", "=", email)])
            self.assertSame(sales, new, but=["email", "name"])
            self.assertEqual(new.name, name)
        self.assertEqual(self.check(csv_file(*rows)), (0, 0, 3, []))

    def test_addresses_that_the_partner_has(self):
        """Those of the record's partner are known though the file does not name the partner."""
        self.name(self.add_address(self.azure, "commercial", "sales@azure.example"), "sales")
        self.add_address(self.azure, "commercial", "two@azure.example")
        self.add_address(self.azure, "commercial", "old@azure.example", active=False)
        titles = ["External ID", "E-mail"]
        self.assertEqual(
            self.check(csv_file(titles, ["crm.sales", "sales@azure.example; two@azure.example"])), (0, 0, 2, [])
        )
        there = "Azure Interior has the Commercial address %s already"
        for cell, problem in (
            ("two@azure.example", f"{there % 'two@azure.example'}."),
            ("old@azure.example", f"{there % 'old@azure.example'}, but archived: restore it instead."),
        ):
            self.assertEqual(self.check(csv_file(titles, ["crm.sales", cell]))[-1], [(2, problem)])
        both = "sales@azure.example; old@azure.example"
        self.assertEqual(self.check(csv_file(titles, ["crm.sales", both]))[-1], [(2, problem)])

    # ------------------------------------------------------------
    # What stays
    # ------------------------------------------------------------

    def test_archived_again(self):
        """A row that says No of an archived address changes nothing; without a word of it, it is refused as before."""
        self.add_address(self.azure, "commercial", "old@azure.example", active=False)
        page = read(self.export_addresses()).worksheets[0]
        [titles, cells] = [[cell.value or "" for cell in row] for row in page.iter_rows()]
        unknown = ["other.database", *cells[1:]]
        self.assertEqual(self.check(csv_file(titles, unknown)), (0, 0, 1, []))
        for titles, *row in (
            (["Partner", "E-mail"], "Azure Interior", "old@azure.example"),
            (["Partner", "E-mail", "Active"], "Azure Interior", "old@azure.example", ""),
        ):
            self.assertRegex(self.check(csv_file(titles, row))[-1][0][1], "but archived: restore it instead")
        row = ["Azure Interior", "old@azure.example", "Yes"]
        self.assertEqual(self.check(csv_file(["Partner", "E-mail", "Active"], row)), (0, 1, 0, []))

    def test_field_that_is_gone(self):
        """A copy to a field that no module has any more is no problem while nobody sets it."""
        copy = self.add_copy(self.azure, copy_field="user_id")
        self.name(copy, "copy")
        self.env.flush_all()
        self.cr.execute("UPDATE sengerio_mail_copy SET copy_field = 'gone_id' WHERE id = %s", [copy.id])
        self.env.invalidate_all()
        self.assertEqual(self.check(self.export_addresses()), (0, 0, 1, []))
        gone = [(2, "'gone_id' is no contact or user field of the documents.")]
        for titles, *row, expected in (
            (["Partner", "Copy To Field"], "Azure Interior", "gone_id", (0, 0, 1, [])),
            (["External ID", "Copy To Field", "As"], "crm.copy", "gone_id", "bcc", (0, 1, 0, [])),
            (["External ID", "Document Types", "Direction"], "crm.copy", "Invoice", "", (0, 0, 0, gone)),
            (["Partner", "Copy To Field", "As"], "Azure Interior", "gone_id", "bcc", (0, 0, 0, gone)),
        ):
            with self.subTest(titles=titles):
                self.assertEqual(self.check(csv_file(titles, row)), expected)

    def test_field_of_the_types_that_stay(self):
        """A new field is checked for the document types that the copy has; new types for the field that it has."""
        copy = self.add_copy(self.azure, copy_field="invoice_user_id", document_type_ids=[(6, 0, self.type.ids)])
        self.name(copy, "copy")
        self.name(self.add_copy(self.azure, copy_field="invoice_user_id"), "free")
        for titles, *row, field in (
            (["External ID", "Copy To Field"], "crm.copy", "partner_id.user_id", None),
            (["External ID", "Copy To Field"], "crm.copy", "order_line.salesman_id", "order_line.salesman_id"),
            (["External ID", "Copy To Field"], "crm.free", "order_line.salesman_id", None),
            (["External ID", "Document Types", "Direction"], "crm.copy", "Quotation", "", "invoice_user_id"),
            (["External ID", "Document Types", "Direction"], "crm.copy", "Credit Note", "", None),
        ):
            with self.subTest(row=row):
                problems = [(2, f"{field!r} is no contact or user field of the documents.")] if field else []
                self.assertEqual(self.check(csv_file(titles, row))[-1], problems)

    def test_partner_without_reference(self):
        """An empty column of references or numbers takes no partner away; an empty one of names does."""
        address = self.add_address(self.azure, "commercial", "sales@azure.example")
        copy = self.add_copy(self.azure, copy_partner_id=self.john.id)
        self.name(address, "sales")
        self.name(copy, "copy")
        copy_titles = ["External ID", "Partner Reference", "Tax ID", "Copy To Reference", "As"]
        for titles, *row in (
            (["External ID", "Partner Reference", "Role", "E-mail"], "crm.sales", "", "", "sales@azure.example"),
            (copy_titles, "crm.copy", "", "", "", "cc"),
        ):
            self.assertEqual(self.check(csv_file(titles, row)), (0, 0, 1, []))
        titles = ["External ID", "Partner Reference", "Partner", "E-mail"]
        self.assertEqual(
            self.check(csv_file(titles, ["crm.sales", "", "", "sales@azure.example"]))[-1],
            [(2, "The partner is missing.")],
        )
        self.run_import(
            ["External ID", "Partner Reference", "Partner", "Copy To", "Copy To Address"],
            ["crm.copy", "", "", "", "a@x.example"],
        )
        self.assertFalse(copy.partner_id or copy.copy_partner_id)
        self.assertEqual(copy.email, "a@x.example")
        self.run_import(
            ["External ID", "Partner", "Partner Reference", "Direction"], ["crm.copy", "Azure Interior", "", ""]
        )
        self.assertEqual(copy.partner_id, self.azure)

    def test_new_copy_of_everybody(self):
        """A new copy is of everybody's mail only if the file says so: by an empty name, not by an empty reference."""
        whose = [(2, "Whose mail is copied? For everybody's, leave the column Partner empty.")]
        for titles, *row, expected in (
            (["Partner Reference", "Copy To Address"], "", "a@x.example", (0, 0, 0, whose)),
            (["Direction", "Copy To Address"], "", "a@x.example", (0, 0, 0, whose)),
            (["Partner", "Partner Reference", "Copy To Address"], "", "", "a@x.example", (1, 0, 0, [])),
        ):
            with self.subTest(titles=titles):
                self.assertEqual(self.check(csv_file(titles, row)), expected)
