"""Write the addon's .pot and merge its terms into the .po files: ``main(env, [FOLDER, LANG ...])``."""

import io
from pathlib import Path

import polib

from odoo.tools.translate import trans_export

ADDON = "sengerio_mail"
# Odoo stamps each export with the time, which would change the files each time.
TIMES = ("POT-Creation-Date", "PO-Revision-Date")


def exported_terms(env):
    """Return the addon's terms as Odoo exports them, without the time of the export.

    :rtype: polib.POFile
    """
    buffer = io.BytesIO()
    trans_export(False, [ADDON], buffer, "po", env)
    terms = polib.pofile(buffer.getvalue().decode(), wrapwidth=78)
    for name in TIMES:
        terms.metadata.pop(name, None)
    return terms


def merge(terms, path):
    """Write a language's file: exactly these terms, with the translations and the heading that it has.

    :param POFile terms: what Odoo exported
    :param Path path: the language's file, which may not exist yet
    :return: the number of terms without translation
    """
    before = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {entry.msgid: entry for entry in before}
    merged = polib.POFile(wrapwidth=78)
    merged.header = before.header or terms.header
    merged.metadata = before.metadata or {**terms.metadata, "Language": path.stem}
    for term in terms:
        old = known.get(term.msgid)
        merged.append(
            polib.POEntry(
                msgid=term.msgid, msgstr=old.msgstr if old else "", flags=old.flags if old else [],
                comment=term.comment, occurrences=term.occurrences,
            )
        )  # fmt: skip
    merged.save(str(path))
    return len(merged) - len(merged.translated_entries())


def main(env, args):
    """Write the files and print what is left to translate."""
    folder = Path(args[0])
    folder.mkdir(exist_ok=True)
    terms = exported_terms(env)
    terms.save(str(folder / f"{ADDON}.pot"))
    print(f"{len(terms)} terms")
    for path in sorted({*folder.glob("*.po"), *(folder / f"{language}.po" for language in args[1:])}):
        print(f"{path.name}: {merge(terms, path)} to translate")
