"""What an import is going to do, shown row by row before anything is written."""

import io

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_address_import import ADDRESS, COPY, AddressImportCase
from .test_register import read
from .test_tables import csv_file, xlsx_file

CHANGE = "sengerio.mail.import.change"


@tagged("post_install", "-at_install")
class TestAddressImportPreview(AddressImportCase):
    def preview(self, content, **options):
        """Check a file and return the import."""
        import_ = self.start(content, **options)
        import_.action_check()
        return import_

    def shown(self, import_, *names):
        """Return what the preview shows, as words."""
        words = dict(import_.change_ids._fields["kind"]._description_selection(self.env))
        return [
            tuple(words[change.kind] if name == "kind" else change[name] or "" for name in names)
            for change in import_.change_ids
        ]

    def edited(self, changes):
        """Return the exported workbook with other values: ``{(sheet, external ID): {title: value}}``."""
        book = read(self.export_addresses())
        for (sheet, external_id), values in changes.items():
            page = book.worksheets[sheet]
            titles = [cell.value for cell in page[1]]
            [row] = [row for row in page.iter_rows(min_row=2) if row[0].value == external_id]
            for title, value in values.items():
                row[titles.index(title)].value = value
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()

    def test_what_happens(self):
        """Changed from what to what, removed, unchanged: what is done first; nothing is written meanwhile."""
        sales = self.add_address(self.azure, "commercial", "sales@azure.example", name="Sales")
        gone = self.add_address(self.azure, "accounting", "bills@azure.example", company_id=self.company.id)
        kept = self.add_address(self.john, "management", "boss@azure.example")
        copy = self.add_copy(self.azure, copy_partner_id=self.john.id, role="accounting")
        archive = self.add_copy(None, email="archive@x.example", header="bcc", direction="sent_by")
        copied_field = self.add_copy(self.azure, copy_field="user_id", document_type_ids=self.type.ids)
        ids = {
            record: self.name(record, f"r{number}")
            for number, record in enumerate((sales, gone, kept, copy, archive, copied_field))
        }
        before = self.snapshot()
        content = self.edited(
            {
                (0, ids[sales]): {"E-mail": "new@azure.example", "Name": None, "Role": "Management"},
                (0, ids[gone]): {"Active": "No"},
                (1, ids[copy]): {"Copy To": "Azure Interior", "As": "bcc", "Mandatory": "Yes"},
                (1, ids[copied_field]): {"Document Types": "Credit Note", "Role": "Accounting"},
            }
        )
        import_ = self.preview(content, filename="a.xlsx")
        self.assertEqual(
            self.shown(import_, "sheet", "partner", "role", "target", "kind", "detail"),
            [
                ("Role Addresses", "Azure Interior", "Management", "new@azure.example", "Changed",
                 "Role: from Commercial to Management; E-mail: from sales@azure.example to new@azure.example; "
                 "Name: from Sales to nothing"),
                ("Role Addresses", "Azure Interior", "Accounting", "bills@azure.example", "Removed (archived)",
                 "Active: from Yes to No"),
                ("Copies", "Azure Interior", "Bcc (not visible), Accounting", "Azure Interior", "Changed",
                 "As: from Cc (visible) to Bcc (not visible); "
                 "Copy To: from Azure Interior, John Doe to Azure Interior; Mandatory: from No to Yes"),
                ("Copies", "Azure Interior", "Cc (visible), Accounting", "user_id", "Changed",
                 "Role: from nothing to Accounting; Document Types: from Invoice to Credit Note"),
                ("Role Addresses", "Azure Interior, John Doe", "Management", "boss@azure.example", "Unchanged", ""),
                ("Copies", "Everybody", "Bcc (not visible)", "archive@x.example", "Unchanged", ""),
            ],
        )  # fmt: skip
        self.assertEqual(self.snapshot(), before)
        import_.action_import()
        after = self.snapshot()
        untouched = [(ADDRESS, kept.id), (COPY, archive.id)]
        self.assertEqual([after[key] for key in untouched], [before[key] for key in untouched])
        self.assertEqual((sales.email, sales.role), ("new@azure.example", "management"))
        self.assertEqual((gone.active, copy.header), (False, "bcc"))

    def test_added(self):
        """What is new, with the row of the file that asks for it; several addresses of a row are several lines."""
        addresses = [
            ["Partner", "Role", "E-mail", "Name", "Active", "Company"],
            ["Azure Interior", "", "A <a@x.example>, b@x.example", "", "", ""],
            ["", "", "", "", "", ""],
            ["John Doe", "Accounting", "c@x.example", "", "no", "Firm"],
        ]
        copies = [["Partner", "As", "Copy To Address"], ["", "bcc", "archive@x.example"]]
        import_ = self.preview(xlsx_file(Addresses=addresses, Copies=copies), filename="a.xlsx")
        self.assertFalse(import_.problem_ids.mapped("reason"))
        self.assertEqual(
            self.shown(import_, "sheet", "row", "partner", "role", "target", "kind", "detail"),
            [
                ("Addresses", 2, "Azure Interior", "Commercial", "a@x.example", "Added", "Name: A"),
                ("Addresses", 2, "Azure Interior", "Commercial", "b@x.example", "Added", ""),
                ("Addresses", 4, "Azure Interior, John Doe", "Accounting", "c@x.example", "Added",
                 "Company: Firm; Active: No"),
                ("Copies", 2, "Everybody", "Bcc (not visible)", "archive@x.example", "Added", ""),
            ],
        )  # fmt: skip

    def test_first_ones(self):
        """Of a long file the first changes are shown, wherever they stand; a longer one costs no more queries."""
        rows = [[f"a{number}@x.example", "Azure Interior"] for number in range(300)]
        titles = ["E-mail", "Partner"]
        self.start(csv_file(titles, *rows)).action_import()
        new = [[f"new{number}@x.example", "John Doe"] for number in range(50)]

        def check(count):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            import_ = self.preview(csv_file(titles, *rows[:count], *new))
            self.env.flush_all()
            return import_, self.cr.sql_log_count - before

        _import, few = check(20)
        import_, many = check(300)
        self.assertEqual(
            self.shown(import_, "row", "target", "kind"),
            [(302 + number, f"new{number}@x.example", "Added") for number in range(40)],
        )
        self.assertEqual(import_.more_count, 310)
        self.assertLess(many, few + 5)
        import_ = self.preview(csv_file(titles, *rows[:50]))
        self.assertEqual(self.shown(import_, "kind"), [("Unchanged",)] * 40)
        self.assertEqual(import_.more_count, 10)

    def test_beside_problems(self):
        """Rows that cannot be imported are among the problems, not in the preview; another file starts anew."""
        rows = [
            ["Partner", "E-mail"],
            ["Azure Interior", "a@x.example; catchall@firm.example"],
            ["Nobody", "b@x.example"],
            ["John Doe", "c@x.example"],
            ["John Doe", "C@x.example"],
        ]
        import_ = self.preview(csv_file(*rows))
        self.assertEqual(import_.problem_ids.mapped("row"), [2, 3, 5])
        self.assertEqual(self.shown(import_, "row", "target"), [(4, "c@x.example")])
        import_.file = import_.with_context(bin_size=False).file
        self.assertFalse(import_.change_ids)

    def test_partner_of_another_company(self):
        """Nothing is told, and nothing changed, of a partner that the user may not see, even by its external ID."""
        hidden = self.env["res.partner"].create({"name": "Hidden", "company_id": self.second_company.id})
        address = self.name(self.add_address(hidden, "commercial", "secret@x.example"), "hidden_address")
        copy = self.name(self.add_copy(hidden, email="secret-copy@x.example"), "hidden_copy")
        to_hidden = self.name(self.add_copy(self.azure, copy_partner_id=hidden.id), "copy_to_hidden")
        before = self.snapshot()
        for titles, external_id in (
            (["External ID", "Partner", "E-mail"], address),
            (["External ID", "Partner", "Copy To Address"], copy),
            (["External ID", "Partner", "Copy To Address"], to_hidden),
        ):
            with self.subTest(external_id=external_id):
                import_ = self.preview(csv_file(titles, [external_id, "Azure Interior", "mine@x.example"]))
                self.assertEqual(
                    import_.problem_ids.mapped("reason"), [f"{external_id!r} is no external ID of a row of this sheet."]
                )
                self.assertFalse(import_.change_ids)
                import_.action_import()
                self.assertEqual(self.snapshot(), before)
        import_ = self.preview(csv_file(["Partner", "E-mail"], ["Azure Interior", "a@x.example"]))
        self.assertNotIn("Hidden", str(import_.change_ids.read()))

    def test_access(self):
        """The preview is its user's alone."""
        import_ = self.preview(csv_file(["Partner", "E-mail"], ["Azure Interior", "a@x.example"]))
        self.assertEqual(len(import_.change_ids), 1)
        second = new_test_user(self.env, "second", "sengerio_mail.sengerio_mail_group_administrator")
        self.assertFalse(self.env[CHANGE].with_user(second).search([]))
        for user in (second, self.clerk, self.stranger):
            with self.assertRaises(AccessError):
                import_.change_ids.with_user(user).read(["target"])
        with self.assertRaises(AccessError):
            self.env[CHANGE].with_user(self.stranger).search([])

    def test_language(self):
        """In the words of the user's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.chief.lang = "fr_FR"
        self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", ADDRESS), ("value", "=", "accounting")]
        ).with_context(lang="fr_FR").name = "Comptabilité"
        rows = [["Partner", "Role", "E-mail"], ["Azure Interior", "accounting", "a@x.example"]]
        import_ = self.preview(csv_file(*rows), lang="fr_FR")
        self.assertEqual(import_.change_ids.role, "Comptabilité")
