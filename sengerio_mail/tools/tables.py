"""Read tables that people made: XLSX workbooks, and CSV in whatever encoding and with whatever separator."""

import codecs
import csv
import io
import re
import zlib
from datetime import datetime
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ";,\t"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# MS-OFFCRYPTO §2.3.4.4: the container of Excel 97-2003 holds a workbook with a password, too
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
# a damaged container, a damaged part of it (the parsers' errors are SyntaxErrors), one that is missing, encrypted
# (RuntimeError), or has other elements than openpyxl builds its objects from (TypeError)
_BROKEN = (
    BadZipFile, InvalidFileException, zlib.error, SyntaxError, LookupError, ValueError, OSError, EOFError, RuntimeError,
    TypeError,
)  # fmt: skip
# ECMA-376 Part 1 §22.9.2.19: control characters, and the underscore of what only looks like one
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_")


class Unreadable(ValueError):
    """A file that is no table.

    ``code`` is one of ``old_excel``, ``protected`` (by a password), ``broken``, ``encoding`` and ``empty``.
    """

    def __init__(self, code, detail=""):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def read(content):
    """Read all tables of a file.

    :param bytes content: of an XLSX or CSV file
    :return: ``[(sheet name, rows)]``; the rows are an iterator of ``(row number from 1, [text of each cell])``, without
        those that are empty
    :raise Unreadable: also while the rows are read
    """
    if content.startswith(_OLD_EXCEL):
        raise Unreadable("protected" if _PROTECTED in content else "old_excel")
    if content.startswith(b"PK\x03\x04"):
        return _read_xlsx(content)
    return [("", _read_csv(content))]


def _read_xlsx(content):
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except _BROKEN as error:
        raise Unreadable("broken", str(error)) from error
    return [(sheet.title, _xlsx_rows(sheet)) for sheet in book.worksheets]


def _xlsx_rows(sheet):
    sheet.reset_dimensions()  # some programs write wrong ones
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [_text(value) for value in row]
            if any(cells):
                yield number, cells
    except _BROKEN as error:
        raise Unreadable("broken", str(error)) from error


def _text(value):
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():  # a reference such as 10042
        value = int(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))
    return text.replace("\x00", "").strip()


def _read_csv(content):
    text = _decode(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise Unreadable("empty")
    try:
        separator = max(_SEPARATORS, key=lambda mark: len(next(csv.reader([first], delimiter=mark))))
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1):
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise Unreadable("broken", str(error)) from error


def _decode(content):
    encodings = [name for mark, name in _ENCODINGS if content.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("encoding")
