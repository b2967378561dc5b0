"""Run the addon's tests.

A fresh database is cloned from the cached template, the addon is installed in
it, and pytest runs the tests there; what ./dev does not know goes to pytest:

    ./dev test
    ./dev test -k invoice -x
    ./dev test sengerio_mail/tests/test_send.py
    ./dev test --keep          keep the database; its name is shown
    ./dev test --db NAME       use a kept one again (quicker)

A WARNING or ERROR in Odoo's log is a failure, at installation and in tests.
Browser tests run in a headless Chromium: $CHROME, else one on PATH, else Debian's,
brought into the cache; where none can be had they are skipped, and the last line says so.
"""

import os

from ..cache import ADDON, CHECKOUT
from ..databases import PREFIX, clone_with_addon, discard, update_addon
from ..ui import DevError, note
from ..workbench import workbench


def add_arguments(parser):
    """Describe the options of ``./dev test``."""
    parser.add_argument("--keep", action="store_true", help="keep the database afterwards")
    parser.add_argument("--db", metavar="NAME", help="use this kept database and update the addon in it")
    parser.usage = "./dev test [-h] [--keep] [--db NAME] [arguments for pytest ...]"


def run_pytest(bench, database, arguments):
    """Run pytest on a database that has the addon.

    :param Workbench bench: where it runs
    :param str database: its name
    :param arguments: for pytest
    :return: pytest's exit code
    """
    config = bench.config(database)
    command = [
        bench.python, "-m", "pytest", "-p", "devkit.odoo_side.log_guard", "-p", "devkit.odoo_side.browser_tests",
        "-p", "no:cacheprovider",
        f"--odoo-config={config}", f"--odoo-database={database}", "--odoo-log-level=info", "--odoo-http",
    ]
    command += ["--browser-expected"] if bench.browser else []
    return bench.call([*command, *arguments])


def main(options):
    """Run the tests.

    :return: pytest's exit code
    """
    if not (CHECKOUT / ADDON / "__manifest__.py").exists():
        raise DevError(f"There is no {ADDON}/__manifest__.py in {CHECKOUT}.")
    database = options.db or f"{PREFIX}test_{os.getpid()}"
    with workbench(browser=True) as bench:
        if options.db:
            update_addon(bench, database)
            return run_pytest(bench, database, options.rest)
        try:
            clone_with_addon(bench, database)
            return run_pytest(bench, database, options.rest)
        finally:
            if options.keep:
                note(f"Kept: ./dev test --db {database}")
            else:
                discard(bench, database)
