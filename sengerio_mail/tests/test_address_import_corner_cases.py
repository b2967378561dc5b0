"""Imports of odd files, and of what odd data was exported as: nothing is lost, doubled or moved without a word."""

import io
import zipfile

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.sengerio_mail.tools import tables

from .test_address_import import AddressImportCase
from .test_register import read
from .test_tables import csv_file, xlsx_file


@tagged("post_install", "-at_install")
class TestAddressImportCornerCases(AddressImportCase):
    def assertUnchanged(self, count):  # noqa: N802
        """What is exported is imported without any change."""
        self.assertEqual(self.check(self.export_addresses(), filename="a.xlsx"), (0, 0, count, []))

    def test_one_record_in_two_rows(self):
        """Two rows about the same record are refused: one of them would be lost."""
        self.name(self.add_address(self.azure, "commercial", "sales@azure.example"), "sales")
        self.name(self.add_copy(self.azure, email="old@x.example"), "copy")
        for titles, external_id, first in (
            (["External ID", "Partner", "E-mail"], "crm.sales", (0, 1, 0)),
            (["External ID", "Partner", "E-mail"], "crm.new", (1, 0, 0)),
            (["External ID", "Partner", "E-mail"], "new", (1, 0, 0)),
            (["External ID", "Partner", "Copy To Address", "As"], "crm.copy", (0, 1, 0)),
        ):
            with self.subTest(external_id=external_id):
                rows = [[external_id, "Azure Interior", f"{letter}@x.example", "cc"][: len(titles)] for letter in "ab"]
                *counts, problems = self.check(csv_file(titles, *rows))
                self.assertEqual(tuple(counts), first)
                self.assertEqual(problems, [(3, f"The same external ID as row 2: {external_id!r}.")])

    def test_partner_of_another_company(self):
        """Rows of partners that the user may not see are not exported, so that what is exported can be imported."""
        hidden = self.env["res.partner"].create({"name": "Hidden", "company_id": self.second_company.id})
        self.add_address(hidden, "commercial", "secret@x.example")
        self.add_copy(hidden, email="copy@x.example")
        self.add_copy(self.azure, copy_partner_id=hidden.id)
        self.add_copy(None, email="archive@x.example")
        self.add_address(self.azure, "commercial", "sales@azure.example")
        content = self.export_addresses()
        cells = {cell.value for sheet in read(content) for row in sheet.iter_rows() for cell in row}
        self.assertIn("sales@azure.example", cells)
        self.assertIn("archive@x.example", cells)
        self.assertTrue(cells.isdisjoint({"Hidden", "secret@x.example", "copy@x.example"}))
        self.assertEqual(self.export(self.chief, content="addresses")._count(), 2)
        self.assertUnchanged(2)

    def test_odd_texts(self):
        """Control characters, what looks like their marks, and spaces around a text are exported and imported."""
        self.azure.ref = " AZ  1 "
        for number, name in enumerate(("a\x0bb", "_x0041_", "a\rb", "<r>x</r>", "=1+1", " w ")):
            self.add_address(self.azure, "commercial", f"{number}@azure.example", name=name)
        self.assertUnchanged(6)

    def test_names_of_document_types(self):
        """Names with commas, and names that two types share, lead to the type that they stand for."""
        types = self.env["sengerio.mail.document.type"]
        letters, doubled = types.create(
            [{"name": "Letters, long;short", "code": "letters"}, {"name": "invoice", "code": "invoice_too"}]
        )
        letters.copy()
        self.add_copy(self.azure, email="one@x.example", document_type_ids=[(6, 0, (self.type | letters).ids)])
        self.add_copy(self.azure, email="two@x.example", document_type_ids=[(6, 0, doubled.ids)])
        self.assertUnchanged(2)
        rows = [
            ["Partner", "Copy To Address", "Copy To", "Document Types"],
            ["Azure Interior", "new@x.example", "", "Quotation; letters,long, short, Nonsense, Credit Note"],
        ]
        problems = self.check(csv_file(*rows))[-1]
        self.assertEqual(problems, [(2, "Unknown document type: 'Nonsense'.")])

    def test_similar_companies(self):
        """Companies whose names differ by case or hyphens are kept apart."""
        similar = self.env["res.company"].create([{"name": "FI-RM"}, {"name": "FIRM"}])
        self.chief.company_ids |= similar
        for number, company in enumerate(self.company | similar):
            self.add_address(self.azure, "commercial", f"{number}@azure.example", company_id=company.id)
        self.assertUnchanged(3)
        titles = ["Partner", "E-mail", "Company"]
        self.assertEqual(
            self.check(csv_file(titles, ["Azure Interior", "a@x.example", "firm"]))[-1],
            [(2, "Unknown value of Company: 'firm'.")],
        )

    def test_several_partners_fit(self):
        """A name or reference that several partners have is refused; of a VAT number the company is meant."""
        person, company = self.env["res.partner"].create(
            [{"name": "John Doe", "ref": "J-1"}, {"name": "Acme", "vat": "XY-1", "is_company": True}]
        )
        self.john.ref = "J-1"
        contact = self.env["res.partner"].create({"name": "Jane Roe", "parent_id": company.id, "vat": "XY-1"})
        self.assertTrue(person.commercial_partner_id == person and contact.vat == company.vat)
        titles = ["Partner", "Partner Reference", "Tax ID", "E-mail"]
        for cells, problem in (
            (["John Doe", "", ""], "2 partners fit: 'John Doe'."),
            (["", "J-1", ""], "2 partners fit: 'J-1'."),
            (["John Doe", "J-1", ""], "2 partners fit: 'J-1', 'John Doe'."),
            (["Azure Interior, John Doe", "J-1", ""], None),
            (["", "", "XY-1"], None),
        ):
            with self.subTest(cells=cells):
                expected = (0, 0, 0, [(2, problem)]) if problem else (1, 0, 0, [])
                self.assertEqual(self.check(csv_file(titles, [*cells, "a@x.example"])), expected)
        import_ = self.start(csv_file(titles, ["", "", "XY-1", "a@x.example"]))
        import_.action_import()
        self.assertEqual(self.env["sengerio.mail.address"].search([("email", "=", "a@x.example")]).partner_id, company)

    def test_archived_partners_that_fit_too(self):
        """Of several partners with a name, reference or VAT number the one that is not archived is meant."""
        values = {"name": "Twin", "ref": "T-1", "vat": "XY-1"}
        _gone, twin = self.env["res.partner"].create([{**values, "active": False}, values])
        self.env["res.partner"].create({"name": "Gone", "active": False})
        for title, text in (("Partner", "Twin"), ("Partner Reference", "T-1"), ("Tax ID", "XY-1")):
            with self.subTest(title=title):
                import_ = self.start(csv_file([title, "E-mail"], [text, f"{text}@x.example"]))
                import_.action_import()
                self.assertFalse(import_.problem_ids.mapped("reason"))
                self.assertEqual(import_.change_ids.partner, "Twin")
        self.assertEqual(self.env["sengerio.mail.address"].search_count([("partner_id", "=", twin.id)]), 3)
        self.assertEqual(
            self.check(csv_file(["Partner", "E-mail"], ["Gone", "a@x.example"]))[-1], [(2, "'Gone' is archived.")]
        )

    def test_more_cells_than_titles(self):
        """A cell that no title stands above is refused: there it is the rest of a text with a separator in it."""
        rows = [
            "E-mail,Partner,", "a@x.example,Azure, Inc", "b@x.example,Azure Interior,,,",
            'c@x.example,"Azure Interior"', "d@x.example,Azure Interior,, x ,y", "e@x.example",
        ]  # fmt: skip
        *_counts, problems = self.check("\n".join(rows).encode())
        hint = "In a CSV file, text that contains the separator needs quotation marks."
        self.assertEqual(
            problems,
            [
                (2, f"More cells than titles: 'Inc'. {hint}"), (2, "Unknown partner: 'Azure'."),
                (5, f"More cells than titles: 'x, y'. {hint}"), (6, "The partner is missing."),
            ],
        )  # fmt: skip
        book = xlsx_file(A=[["E-mail", "Partner"], ["a@x.example", "Azure Interior", None, "a note"]])
        self.assertEqual(self.check(book)[-1], [(2, f"More cells than titles: 'a note'. {hint}")])

    def test_sheets_that_are_ignored(self):
        """A sheet with other columns is named; an empty one is not."""
        import_ = self.start(
            xlsx_file(
                A=[["E-mail", "Partner", "Colour"], ["a@x.example", "Azure Interior", "red"]],
                Rest=[["Partnr", "E-mial"], ["Azure Interior", "b@x.example"]],
                Empty=[],
            )
        )
        import_.action_check()
        self.assertEqual((import_.created_count, import_.ignored_columns), (1, "Colour, sheet 'Rest'"))
        self.add_address(self.azure, "commercial", "sales@azure.example")
        import_ = self.start(self.export_addresses())
        import_.action_check()
        self.assertFalse(import_.ignored_columns)

    def test_damaged_file_is_named(self):
        """Whoever has several files sees which one is damaged."""
        with self.assertRaisesRegex(UserError, r"(?s)^old\.xlsx\n.*damaged"):
            self.start(b"PK\x03\x04broken", filename="old.xlsx").action_check()

    def test_damaged_workbook(self):
        """A workbook that is damaged within is refused in words, too."""
        content = xlsx_file(A=[["Partner", "E-mail"], *(["Azure Interior", f"{n}@x.example"] for n in range(200))])
        archive = zipfile.ZipFile(io.BytesIO(content))
        [sheet] = [item for item in archive.infolist() if "sheet1" in item.filename]
        flipped = bytearray(content)
        for place in range(sheet.header_offset + 200, sheet.header_offset + 240):
            flipped[place] ^= 0x55
        halves = []
        for damaged in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as copy:
                for item in archive.infolist():
                    data = archive.read(item)
                    copy.writestr(item.filename, data[: len(data) // 2] if item.filename == damaged else data)
            halves.append(file.getvalue())
        for broken in (bytes(flipped), *halves):
            with self.assertRaises(tables.Unreadable) as caught:
                [list(lines) for _name, lines in tables.read(broken)]
            self.assertEqual(caught.exception.code, "broken")
