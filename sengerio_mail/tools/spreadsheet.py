"""Workbooks for people: typed columns, a frozen header with filters, in constant memory whatever the number of rows.

Text is always text: a partner called ``=1+1`` is no formula.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

ROWS_MAX = 1_048_576  # of a sheet, its header included
LINKS_MAX = 65_530  # of a sheet, as Excel's own links
SHEET_NAME_MAX = 31
TEXT_MAX = 32_767
MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\]|^'|'$")


@dataclass(frozen=True)
class Column:
    """A column: title, ``kind`` (``text``, ``number``, ``datetime``, ``money`` or ``link``), width in letters."""

    title: str
    kind: str = "text"
    width: int = 16


@dataclass(frozen=True, eq=False)
class Currency:
    """How amounts of a currency are written. Use one object for all amounts: each has cell formats of its own."""

    code: str
    symbol: str
    before: bool = False
    decimals: int = 2

    @property
    def number_format(self):
        """The number format of a cell, with the symbol as literal text."""
        digits = "#,##0" + ("." + "0" * self.decimals if self.decimals else "")
        symbol = '"{}"'.format(self.symbol.replace('"', ""))
        return f"{symbol}\N{NO-BREAK SPACE}{digits}" if self.before else f"{digits}\N{NO-BREAK SPACE}{symbol}"


class Workbook:
    """A workbook that is written to a file row by row.

    Used as a context manager: leaving it without an error completes the file, and leaves no temporary files.

    :param file: path or binary file to write to
    :param str date_format: number format of dates and times
    """

    def __init__(self, file, date_format="yyyy-mm-dd hh:mm:ss"):
        self._file = file
        self._date_format = date_format
        self._money_formats, self._bold_money_formats = {}, {}
        self._sheet_names = set()

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sengerio_mail_")
        # the rows of each sheet wait in a file of that folder; above 2 GB the container needs ZIP64
        options = {"constant_memory": True, "tmpdir": self._folder.name, "use_zip64": True}
        self._book = xlsxwriter.Workbook(self._file, options)
        self.bold = self._book.add_format({"bold": True})
        self.title = self._book.add_format({"bold": True, "font_size": 16})
        self.wrapped = self._book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
        self.header = self._book.add_format(
            {"bold": True, "bg_color": "#E9ECEF", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.date = self._book.add_format({"num_format": self._date_format, "align": "left"})
        self.link = self._book.get_default_url_format()
        return self

    def __exit__(self, error_type, error, traceback):
        with self._folder:
            if error_type is None:
                self._book.close()
                return
            for sheet in self._book.worksheets():  # nobody wants the file: let go of the temporary ones
                sheet.row_data_fh.close()
            self._book.fileclosed = True

    def money(self, currency, bold=False):
        """Return the cell format of a :class:`Currency`."""
        formats = self._bold_money_formats if bold else self._money_formats
        if currency not in formats:
            formats[currency] = self._book.add_format({"num_format": currency.number_format, "bold": bold})
        return formats[currency]

    def add_sheet(self, name):
        """Add a sheet; a name that cannot be one is changed as little as possible.

        :return: the ``xlsxwriter`` worksheet
        """
        clean = _NO_SHEET_NAME.sub("_", name)[:SHEET_NAME_MAX] or "_"
        number = 1
        while clean.lower() in self._sheet_names:
            number += 1
            suffix = f" ({number})"
            clean = clean[: SHEET_NAME_MAX - len(suffix)].removesuffix(f" ({number - 1})") + suffix
        self._sheet_names.add(clean.lower())
        return self._book.add_worksheet(clean)

    def add_table(self, name, columns, link_text=""):
        """Add a table on a sheet of its own.

        :param list columns: :class:`Column`
        :param str link_text: what the cells of ``link`` columns say
        :return: a :class:`Table`
        """
        return Table(self, name, columns, link_text)


class Table:
    """Rows under a frozen header with filters. What does not fit on a sheet goes on to the next one."""

    def __init__(self, book, name, columns, link_text=""):
        self._book, self._name, self._columns, self._link_text = book, name, columns, link_text
        self._next_sheet()

    def _next_sheet(self):
        self._sheet = sheet = self._book.add_sheet(self._name)
        self._links = 0
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            sheet.set_column(number, number, column.width)
        for number, column in enumerate(self._columns):
            sheet.write_string(0, number, column.title, self._book.header)
        writers = {
            "text": self._write_text, "number": sheet.write_number, "datetime": self._write_datetime,
            "money": self._write_money, "link": self._write_link,
        }  # fmt: skip
        self._writers = [writers[column.kind] for column in self._columns]
        self._write_string = sheet.write_string
        self._row = 1

    def add(self, values):
        """Write one row.

        :param values: one for each column; ``None``, ``False`` and empty text leave the cell empty. For ``money`` it is
            ``(amount, Currency)``, for ``datetime`` a naive one as it is to be shown.
        """
        if self._row == ROWS_MAX:
            self.close()
            self._next_sheet()
        row = self._row
        for column, (write, value) in enumerate(zip(self._writers, values, strict=True)):
            if value or value == 0 and value is not False:
                write(row, column, value)
        self._row += 1

    def close(self, totals=()):
        """Complete the sheet: filters for its rows, and totals below them, after an empty row.

        :param totals: ``(label, amount, Currency)`` of each, the amount in the first ``money`` column
        """
        self._sheet.autofilter(0, 0, max(self._row - 1, 1), len(self._columns) - 1)
        money = next((number for number, column in enumerate(self._columns) if column.kind == "money"), None)
        if totals and self._row + 1 + len(totals) > ROWS_MAX:
            self._next_sheet()
        for label, amount, currency in totals:
            self._row += 1
            self._sheet.write_string(self._row, 0, label, self._book.bold)
            self._sheet.write_number(self._row, money, amount, self._book.money(currency, bold=True))

    def _write_text(self, row, column, text):
        if len(text) > TEXT_MAX or text[0] == "<":  # one check for the many that need nothing
            text = plain(text)
        self._write_string(row, column, text)

    def _write_datetime(self, row, column, value):
        self._sheet.write_datetime(row, column, value, self._book.date)

    def _write_money(self, row, column, value):
        amount, currency = value
        self._sheet.write_number(row, column, amount, self._book.money(currency))

    def _write_link(self, row, column, url):
        self._links += 1
        if self._links <= LINKS_MAX:
            self._sheet.write_url(row, column, url, self._book.link, self._link_text)
            return
        # no limit for these; both texts are ours, and quotes are doubled
        target, shown = (text.replace('"', '""') for text in (url, self._link_text))
        self._sheet.write_formula(row, column, f'=HYPERLINK("{target}","{shown}")', self._book.link, self._link_text)


def write_cover(book, sheet, title, facts, totals):
    """Write the first page: what the workbook is, and sums.

    :param sheet: of :meth:`Workbook.add_sheet`
    :param list facts: ``(label, text or datetime)``
    :param list totals: first the titles, then rows of texts, whole numbers and ``(amount, Currency)``
    """
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 4, 18)
    sheet.write_string(0, 0, plain(title), book.title)
    row = 2
    for label, value in facts:
        sheet.write_string(row, 0, label, book.bold)
        if isinstance(value, datetime):
            sheet.write_datetime(row, 1, value, book.date)
        else:
            sheet.write_string(row, 1, plain(value), book.wrapped)
        row += 1
    for number, values in enumerate(totals):
        row += 1
        for column, value in enumerate(values):
            if isinstance(value, tuple):
                sheet.write_number(row, column, value[0], book.money(value[1]))
            elif isinstance(value, int):
                sheet.write_number(row, column, value)
            elif value:
                sheet.write_string(row, column, plain(value), None if number else book.header)


def plain(text):
    """Return text as a cell can hold it, and as nothing but text.

    ``xlsxwriter`` takes ``<r>…</r>`` for markup of its own; longer text than Excel can hold is cut with a mark.
    """
    if len(text) > TEXT_MAX:
        text = text[: TEXT_MAX - 1] + "…"
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def file_size(file):
    """Return the size of an open file in bytes, and go to its beginning."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size
