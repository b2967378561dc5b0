"""Files that people made with spreadsheet programs, as rows of texts."""

import csv
import io
import zipfile

from openpyxl import Workbook

from odoo.tests import BaseCase, tagged

from odoo.addons.sengerio_mail.tools import tables


def csv_file(*rows, delimiter=";", encoding="utf-8"):
    """Return a CSV file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_file(**sheets):
    """Return a workbook with these sheets, given as lists of rows."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(content, name, data):
    """Return a workbook with one of its parts replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(file, "w") as changed:
        for item in archive.infolist():
            changed.writestr(item.filename, data if item.filename == name else archive.read(item))
    return file.getvalue()


def encrypted(content):
    """Return a workbook that says of its parts that they are encrypted (bit 0 of the flags in the directory)."""
    content = bytearray(content)
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 8] |= 1
        place = content.find(b"PK\x01\x02", place + 1)
    return bytes(content)


@tagged("post_install", "-at_install")
class TestTables(BaseCase):
    def test_csv(self):
        """Separators and encodings as spreadsheet programs write them; line breaks within a cell."""
        rows = [["Partner", "E-mail"], ["Müller, Jörg €", "a@x.example\nb@x.example"]]
        for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
            for delimiter in ";,\t":
                with self.subTest(encoding=encoding, delimiter=delimiter):
                    [(_name, lines)] = tables.read(csv_file(*rows, delimiter=delimiter, encoding=encoding))
                    self.assertEqual(list(lines), [(1, rows[0]), (2, rows[1])])

    def test_xlsx(self):
        """Cells of any type as text; empty rows are skipped, the numbers of rows stay."""
        content = xlsx_file(One=[["a", "b"], [None, None], [10042, True], [" x ", 1.5]], Two=[["c"]])
        found = [(name, list(lines)) for name, lines in tables.read(content)]
        self.assertEqual(
            found,
            [("One", [(1, ["a", "b"]), (3, ["10042", "True"]), (4, ["x", "1.5"])]), ("Two", [(1, ["c"])])],
        )

    def test_unreadable(self):
        """Files that are no tables."""
        self.addCleanup(csv.field_size_limit, csv.field_size_limit(131_072))  # as Python has it; Odoo raises it
        book = xlsx_file(A=[["a"]])
        no_fill = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' \
            b'<fills count="1"><fill/></fills></styleSheet>'
        protected = "EncryptionInfo EncryptedPackage".encode("utf-16-le")
        for content, code in (
            (b"", "empty"), (b"\n\n", "empty"), (b"PK\x03\x04broken", "broken"), (b"\xd0\xcf\x11\xe0old", "old_excel"),
            (b"\xd0\xcf\x11\xe0" + protected, "protected"), (b"a" * 140_000 + b";b\nc;d", "broken"),
            (b"a;b\n" + b"c" * 140_000, "broken"), (b"\x89PNG\r\n\x1a\n\x00\x00", "encoding"), (book[:-300], "broken"),
            (with_part(book, "xl/styles.xml", no_fill), "broken"), (encrypted(book), "broken"),
        ):  # fmt: skip
            with self.subTest(content=content[:10]):
                with self.assertRaises(tables.Unreadable) as caught:
                    [list(lines) for _name, lines in tables.read(content)]
                self.assertEqual(caught.exception.code, code)
