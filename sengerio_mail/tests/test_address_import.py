"""Addresses and copies as a workbook: exported, edited, imported again; and files that people made themselves."""

import base64
import io
from unittest.mock import patch

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.sengerio_mail.models import sengerio_mail_import

from .test_register import RegisterCase, read
from .test_tables import csv_file, xlsx_file

ADDRESS, COPY = "sengerio.mail.address", "sengerio.mail.copy"


class AddressImportCase(RegisterCase):
    def start(self, content, user=None, filename="addresses.csv", **context):
        """Return an import with a file."""
        user = user or self.chief
        imports = self.env["sengerio.mail.import"].with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids, **context
        )
        return imports.create({"file": base64.b64encode(content), "filename": filename})

    def check(self, content, **options):
        """Check a file and return ``(new, changed, unchanged, [(row, problem)])``."""
        import_ = self.start(content, **options)
        import_.action_check()
        problems = [(problem.row, problem.reason) for problem in import_.problem_ids]
        return import_.created_count, import_.changed_count, import_.unchanged_count, problems

    def export_addresses(self, user=None):
        """Return the workbook of all addresses and copies."""
        export = self.export(user or self.chief, content="addresses")
        file = io.BytesIO()
        export._as_owner()._write_part(file)
        return file.getvalue()

    def name(self, record, name):
        """Give a record an external ID, and return it."""
        self.env["ir.model.data"].create(
            {"module": "crm", "name": name, "model": record._name, "res_id": record.id}
        )
        return f"crm.{name}"

    def snapshot(self):
        """Return all values of all addresses and copies."""
        self.env.invalidate_all()
        found = {}
        for model in (ADDRESS, COPY):
            records = self.env[model].with_context(active_test=False).search([])
            names = [name for name in records._fields if name not in ("write_date", "write_uid", "__last_update")]
            found.update({(model, row["id"]): row for row in records.read(names)})
        return found


@tagged("post_install", "-at_install")
class TestAddressImport(AddressImportCase):
    def setUp(self):
        super().setUp()
        self.azure.ref = "AZ-1"
        self.shared = self.add_address(self.azure, "commercial", "sales@azure.example", name="Sales")
        self.own = self.add_address(self.azure, "accounting", "bills@azure.example", company_id=self.company.id)
        self.archived = self.add_address(self.john, "management", "john.boss@azure.example", active=False)
        types = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        types |= self.env.ref("sengerio_mail.sengerio_mail_document_type_credit_note")
        colleague = self.anna.partner_id.id
        self.copy = self.add_copy(
            self.azure, copy_partner_id=colleague, role="accounting", document_type_ids=[(6, 0, types.ids)]
        )
        self.blind = self.add_copy(None, email="archive@x.example", header="bcc", mandatory=True, direction="sent_by")
        self.by_field = self.add_copy(self.marc.partner_id, copy_field="user_id", direction="sent_by", active=False)

    def test_round_trip(self):
        """What was exported is imported without any change; archived ones and those of a company too."""
        before = self.snapshot()
        content = self.export_addresses()
        count = len(before)
        self.assertEqual(self.check(content), (0, 0, count, []))
        with self.assertRaisesRegex(UserError, "nothing to import"):
            self.start(content).action_import()
        self.assertEqual(self.snapshot(), before)

    def test_change_one_cell(self):
        """Exactly what was edited is changed."""
        content = self.export_addresses()
        for sheet, title, record, value, changed in (
            (0, "E-mail", self.own, "new@azure.example", {"email": "new@azure.example"}),
            (0, "Role", self.shared, "Management", {"role": "management"}),
            (0, "Name", self.shared, None, {"name": False}),
            (0, "Active", self.archived, "Yes", {"active": True}),
            (0, "Company", self.own, None, {"company_id": False}),
            (1, "As", self.copy, "Bcc (not visible)", {"header": "bcc"}),
            (1, "Document Types", self.copy, "Invoice", {"document_type_ids": self.type.ids}),
            (1, "Mandatory", self.copy, True, {"mandatory": True}),
            (1, "Copy To Address", self.blind, "vault@x.example", {"email": "vault@x.example"}),
        ):
            with self.subTest(title=title), self.cr.savepoint() as savepoint:
                before = self.snapshot()
                book = read(content)
                page = book.worksheets[sheet]
                column = [cell.value for cell in page[1]].index(title) + 1
                [row] = [
                    row[0].row for row in page.iter_rows(min_row=2)
                    if row[0].value == record.export_data(["id"])["datas"][0][0]
                ]  # fmt: skip
                page.cell(row, column).value = value
                file = io.BytesIO()
                book.save(file)
                import_ = self.start(file.getvalue(), filename="a.xlsx")
                import_.action_import()
                self.assertEqual((import_.created_count, import_.changed_count, import_.state), (0, 1, "done"))
                after = self.snapshot()
                self.assertEqual(after.keys(), before.keys())
                different = {
                    (key, name) for key, row in after.items() for name in row
                    if row[name] != before[key][name] and name != "display_name"
                }  # fmt: skip
                [(name, expected)] = changed.items()
                self.assertEqual(different, {((record._name, record.id), name)})
                self.assertEqual(
                    record[name].ids if name == "document_type_ids" else record[name] or False, expected
                )
                savepoint.close(rollback=True)

    def test_export_of_others(self):
        """Who is no administrator exports neither the blind copies that colleagues set for their own mail nor their
        number."""
        self.blind.partner_id = self.marc.partner_id
        for user, seen in ((self.chief, True), (self.marc, True), (self.clerk, False), (self.stranger, False)):
            with self.subTest(user=user.login):
                user.group_ids |= self.env.ref("base.group_allow_export")
                sheet = read(self.export_addresses(user)).worksheets[1]
                cells = {cell.value for row in sheet.iter_rows() for cell in row}
                self.assertEqual("archive@x.example" in cells, seen)
                self.assertIn("user_id", cells)
                self.assertEqual(self.export(user, content="addresses")._count(), 5 + seen)

    def test_into_another_database(self):
        """External IDs that are not known are given to what is created, so that the file can be imported again."""
        content = self.export_addresses()
        (self.shared | self.own | self.archived).unlink()
        (self.copy | self.blind | self.by_field).unlink()
        import_ = self.start(content)
        import_.action_import()
        self.assertEqual((import_.created_count, import_.state), (6, "done"))
        self.assertEqual(self.check(content), (0, 0, 6, []))
        again = self.env[ADDRESS].with_context(active_test=False).search([("partner_id", "=", self.john.id)])
        self.assertEqual((again.email, again.active), ("john.boss@azure.example", False))
        self.assertEqual(load_workbook(io.BytesIO(self.export_addresses())).worksheets[0]["A2"].value,
                         load_workbook(io.BytesIO(content)).worksheets[0]["A2"].value)  # fmt: skip

    def test_ways_to_name_the_partner(self):
        """By reference, VAT number, name or external ID; several addresses in a cell."""
        self.env["ir.model.data"].create(
            {"module": "crm", "name": "john", "model": "res.partner", "res_id": self.john.id}
        )
        rows = [
            ["Partner External ID", "Partner Reference", "VAT", "Partner", "Role", "E-mail"],
            ["", "AZ-1", "", "", "Management", "a@azure.example, B <b@azure.example>; c@azure.example"],
            ["", "", "de123", "", "accounting", "d@azure.example\ne@azure.example"],
            ["", "", "", "John Doe", "Accounting", "f@azure.example"],
            ["crm.john", "", "", "Azure Interior, John Doe", "Management", "G@AZURE.example"],
        ]
        rows[0][2] = "Tax ID"
        self.azure.vat = "DE123"
        import_ = self.start(csv_file(*rows))
        import_.action_check()
        self.assertFalse(import_.problem_ids.mapped("reason"))
        import_.action_import()
        found = {
            (row.partner_id, row.role, row.email) for row in self.env[ADDRESS].search([("id", ">", self.archived.id)])
        }
        self.assertEqual(
            found,
            {
                *((self.azure, "management", f"{letter}@azure.example") for letter in "abc"),
                *((self.azure, "accounting", f"{letter}@azure.example") for letter in "de"),
                (self.john, "accounting", "f@azure.example"), (self.john, "management", "g@azure.example"),
            },
        )  # fmt: skip
        self.assertEqual(self.env[ADDRESS].search([("email", "=", "b@azure.example")]).name, "B")

    def test_problems(self):
        """All problems at once, each with its row and reason; and nothing at all is imported."""
        twin, _other = self.env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        gone = self.env["res.partner"].create({"name": "Gone", "active": False})
        self.add_address(twin, "commercial", "old@x.example", active=False)
        self.env["res.partner"].create({"name": "Hidden", "company_id": self.second_company.id})
        before = self.snapshot()
        rows = [
            ["External ID", "Partner Reference", "Partner", "Role", "E-mail", "Company"],
            ["", "", "Nobody", "", "a@x.example", ""],
            ["", "", "Twin", "", "a@x.example", ""],
            ["", "AZ-1", "John Doe", "", "a@x.example", ""],
            ["", "AZ-1", "", "Boss", "not an address", "Third Firm"],
            ["", "", "", "", "", ""],
            ["", "", "", "Accounting", "a@x.example", ""],
            ["", "AZ-1", "", "Accounting", "", ""],
            ["", "AZ-1", "", "Accounting", "x@azure.example", ""],
            ["", "AZ-1", "", "Accounting", "y@azure.example; X@azure.example", ""],
            ["", "", "Gone", "", "a@x.example", ""],
            ["", "AZ-1", "", "", "catchall@firm.example", ""],
            ["base.main_company", "AZ-1", "", "", "b@x.example", ""],
            ["", "", "John Doe", "Management", "john.boss@azure.example", ""],
            ["", "", "Hidden", "", "a@x.example", ""],
            ["", "AZ-1", "", "", "b@x.example", "Second Firm"],
            ["", "AZ-1", "", "Commercial", "good@x.example", ""],
        ]
        created, _changed, _unchanged, problems = self.check(csv_file(*rows))
        self.assertGreater(created, 0)
        by_row = {}
        for row, reason in problems:
            by_row.setdefault(row, []).append(reason)
        expected = {
            2: ["Unknown partner: 'Nobody'."],
            3: ["2 partners fit: 'Twin'."],
            4: ["These mean different partners: 'AZ-1', 'John Doe'."],
            5: ["Unknown value of Role: 'Boss'.", "Unknown value of Company: 'Third Firm'.",
                "'not an address' is no usable e-mail address: it does not look like name@example.com."],
            7: ["The partner is missing."],
            8: ["The e-mail address is missing."],
            10: ["The same as row 9."],
            11: ["'Gone' is archived."],
            12: ["catchall@firm.example is an address of Odoo itself: what is sent there comes back in."],
            13: ["'base.main_company' is no external ID of a row of this sheet."],
            14: ["Azure Interior, John Doe has the Management address john.boss@azure.example already, but archived: "
                 "restore it instead."],
            15: ["Unknown partner: 'Hidden'."],
            16: ["Unknown value of Company: 'Second Firm'."],
        }  # fmt: skip
        self.assertEqual(by_row, expected)
        import_ = self.start(csv_file(*rows))
        import_.action_import()
        self.assertEqual(import_.state, "draft")
        self.assertEqual(self.snapshot(), before)
        self.assertTrue(gone.exists())

    def test_problems_of_copies(self):
        """The rules of copies hold."""
        rows = [
            ["Partner", "Direction", "As", "Document Types", "Copy To", "Copy To Field", "Copy To Address"],
            ["Azure Interior", "", "", "", "", "", ""],
            ["Azure Interior", "", "", "", "John Doe", "", "a@x.example"],
            ["Azure Interior", "", "", "", "", "amount_total", ""],
            ["Azure Interior", "up", "Fcc", "Nonsense", "", "", "a@x.example"],
            ["", "sent_by", "bcc", "", "", "", "catchall@firm.example"],
            ["", "", "bcc", "", "", "", "vault@x.example; vault2@x.example"],
            ["", "", "bcc", "", "", "", "vault@x.example"],
        ]
        created, changed, unchanged, problems = self.check(xlsx_file(Copies=rows), filename="copies.xlsx")
        self.assertEqual((changed, unchanged), (0, 0))
        one = "A copy goes to one of: a contact, a field of the document, an address."
        self.assertEqual(
            problems,
            [
                (2, one), (3, one), (4, "'amount_total' is no contact or user field of the documents."),
                (5, "Unknown value of Direction: 'up'."), (5, "Unknown value of As: 'Fcc'."),
                (5, "Unknown document type: 'Nonsense'."),
                (6, "catchall@firm.example is an address of Odoo itself: what is sent there comes back in."),
                (8, "The same as row 7."),
            ],
        )  # fmt: skip
        self.assertEqual(created, 3)

    def test_copies_are_logged(self):
        """A copy that is imported stands in the partner's messages like any other."""
        rows = [["Partner", "As", "Copy To Address"], ["Azure Interior", "bcc", "broker@x.example; agent@x.example"]]
        import_ = self.start(csv_file(*rows))
        import_.action_import()
        self.assertEqual(import_.state, "done")
        of_azure = [("model", "=", "res.partner"), ("res_id", "=", self.azure.id)]
        message = self.env["mail.message"].search(of_azure, limit=1)
        self.assertIn("broker@x.example", message.body)
        self.assertIn("agent@x.example", message.body)

    def test_files(self):
        """Files that cannot be used are refused in words."""
        for content, words in (
            (b"PK\x03\x04broken", "damaged"), (b"\xd0\xcf\x11\xe0", "97-2003"), (b"\x00\x01", "neither"),
            (csv_file(["Colour", "Size"], ["red", "3"]), "No sheet has"),
            (csv_file(["Partner", "E-mail", "Email"], ["a", "b", "c"]), "mean the same"),
        ):  # fmt: skip
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                self.start(content).action_check()
        import_ = self.start(csv_file(["Partner", "E-mail", "Colour"], ["Azure Interior", "a@x.example", "red"]))
        import_.action_check()
        self.assertEqual((import_.created_count, import_.ignored_columns), (1, "Colour"))

    def test_language(self):
        """Titles and words in the user's language, and in English."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.chief.lang = "fr_FR"
        self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", ADDRESS), ("value", "=", "accounting")]
        ).with_context(lang="fr_FR").name = "Comptabilité"
        for word in ("Comptabilité", "accounting", "Accounting"):
            rows = [["Partner", "Role", "E-mail"], ["Azure Interior", word, "a@x.example"]]
            self.assertEqual(self.check(csv_file(*rows), lang="fr_FR"), (1, 0, 0, []), word)

    def test_access(self):
        """Administrators of document mailing alone import, and nobody sees another's file."""
        content = csv_file(["Partner", "E-mail"], ["Azure Interior", "a@x.example"])
        for user in (self.clerk, self.stranger, self.marc):
            with self.assertRaises(AccessError):
                self.start(content, user=user)
        import_ = self.start(content)
        second = new_test_user(self.env, "second", "sengerio_mail.sengerio_mail_group_administrator")
        with self.assertRaises(AccessError):
            import_.with_user(second).action_import()
        with self.assertRaises(AccessError):
            import_.with_user(second).file  # noqa: B018
        self.chief.group_ids -= self.env.ref("sengerio_mail.sengerio_mail_group_administrator")
        with self.assertRaises(AccessError):
            import_.action_import()
        self.assertFalse(self.env[ADDRESS].search([("email", "=", "a@x.example")]))

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref("sengerio_mail.sengerio_mail_import_cron").method_direct_trigger()
        self.env.invalidate_all()

    def test_background(self):
        """Many rows are imported by a job, which tells when it is done; a crash leaves nothing half done."""
        rows = [[f"a{number}@x.example", "Azure Interior"] for number in range(5)]
        import_ = self.start(csv_file(["E-mail", "Partner"], *rows))
        with patch.object(sengerio_mail_import, "DIRECT_MAX", 4):
            import_.action_import()
        self.assertEqual(import_.state, "queued")
        self.assertFalse(self.env[ADDRESS].search([("email", "=", "a0@x.example")]))
        original = type(import_)._create_entries

        def crash(self, records, entries):
            yield from original(self, records, entries)
            if entries:
                raise MemoryError("killed")

        with patch.object(type(import_), "_create_entries", crash), patch.object(sengerio_mail_import, "BATCH", 2), \
                self.assertLogs("odoo.addons.base.models.ir_cron"):  # fmt: skip
            self._run()
        self.assertEqual(import_.state, "running")
        self.assertFalse(self.env[ADDRESS].search([("email", "=", "a0@x.example")]))
        self._run()
        self.assertEqual((import_.state, import_.progress), ("done", 100))
        self.assertEqual(self.env[ADDRESS].search_count([("email", "like", "a%@x.example")]), 5)
        message = self.env["mail.message"].search([("model", "=", import_._name), ("res_id", "=", import_.id)])
        self.assertEqual(message.notified_partner_ids, self.chief.partner_id)
        self.assertIn("5 new", message.body)

    def test_changed_meanwhile(self):
        """What became wrong between the check and the job fails as a whole, and is shown."""
        rows = [["a@x.example", "Azure Interior"], ["b@x.example", "John Doe"]]
        import_ = self.start(csv_file(["E-mail", "Partner"], *rows))
        with patch.object(sengerio_mail_import, "DIRECT_MAX", 1):
            import_.action_import()
        self.john.active = False
        self._run()
        self.assertEqual((import_.state, import_.problem_ids.mapped("row")), ("failed", [3]))
        self.assertFalse(self.env[ADDRESS].search([("email", "=", "a@x.example")]))

    def test_queries(self):
        """A thousand rows cost hardly more queries than ten."""
        def count(number):
            rows = [["AZ-1", f"q{number}.{index}@x.example"] for index in range(number)]
            import_ = self.start(csv_file(["Partner Reference", "E-mail"], *rows))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            import_.action_import()
            self.env.flush_all()
            self.assertEqual((import_.state, import_.created_count), ("done", number))
            return self.cr.sql_log_count - before

        count(2)
        few = count(10)
        self.assertLess(count(1000), few + 30)
