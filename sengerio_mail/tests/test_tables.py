"""Files that people made with spreadsheet programs, as rows of texts."""

import csv
import io

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
        for content, code in (
            (b"", "empty"), (b"\n\n", "empty"), (b"PK\x03\x04broken", "broken"), (b"\xd0\xcf\x11\xe0old", "old_excel"),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "encoding"), (xlsx_file(A=[["a"]])[:-300], "broken"),
        ):  # fmt: skip
            with self.subTest(content=content[:10]), self.assertRaises(tables.Unreadable) as caught:
                [list(lines) for _name, lines in tables.read(content)]
            self.assertEqual(caught.exception.code, code)
