"""Bring the addon's translation files up to date with its code.

Odoo exports the terms from a fresh database with the addon; the .pot is written
anew, and each .po of i18n/ keeps its translations, gets new terms without one and
loses those that are gone. What is left to translate is counted.
"""

import os

from ..cache import ADDON, CHECKOUT
from ..databases import PREFIX, clone_with_addon, discard, update_addon
from ..workbench import run_odoo_script, workbench

SCRIPT = CHECKOUT / "devkit" / "odoo_side" / "i18n.py"


def add_arguments(parser):
    """Describe the options of ``./dev i18n``."""
    parser.add_argument("--db", metavar="NAME", help="use this kept database and update the addon in it")
    parser.add_argument("--new", metavar="LANG", action="append", default=[], help="begin a language, e.g. de")


def main(options):
    """Write the files.

    :return: the script's exit code
    """
    database = options.db or f"{PREFIX}i18n_{os.getpid()}"
    with workbench(printer=False) as bench:
        try:
            (update_addon if options.db else clone_with_addon)(bench, database)
            return run_odoo_script(bench, database, SCRIPT, str(CHECKOUT / ADDON / "i18n"), *options.new)
        finally:
            if not options.db:
                discard(bench, database)
