"""Imports of odd files, and of what odd data was exported as: nothing is lost, doubled or moved without a word."""

import io
import zipfile

from odoo.tests import tagged

from odoo.addons.sengerio_mail.tools import tables

from .test_address_import import AddressImportCase
from .test_register import read
from .test_tables import csv_file, xlsx_file


@tagged("post_install", "-at_install")
class TestAddressImportCornerCases(AddressImportCase):
    def name(self, record, name):
        """Give a record an external ID."""
        self.env["ir.model.data"].create(
            {"module": "crm", "name": name, "model": record._name, "res_id": record.id}
        )

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
