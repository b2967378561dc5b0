"""Beside Odoo's Peppol, which European companies have: invoices by e-mail are as always, and Peppol works as ever."""

import os
from xml.etree import ElementTree

from devkit.commands.test import run_pytest
from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.workbench import workbench

OURS = "sengerio_mail/tests"
# a customer without any address is named in the wizard, where Odoo is silent
NAMED = "test_send_peppol_alerts_not_valid_partner"


def test_peppol(tmp_path):
    database = f"{PREFIX}peppol_{os.getpid()}"
    with workbench() as bench:
        theirs = bench.odoo.path / "odoo" / "addons" / "account_peppol" / "tests"
        try:
            clone_with_addon(bench, database)
            bench.install(database, f"Installing account_peppol in {database}", init=["account_peppol"])
            report = tmp_path / "report.xml"
            suites = [f"{OURS}/test_{name}.py" for name in ("peppol", "invoices", "changes_invoices")]
            assert run_pytest(bench, database, ["-q", f"--junitxml={report}", *suites]) == 0
            assert ElementTree.parse(report).find("testsuite").get("skipped") == "0"
            messages = [str(theirs / "test_peppol_messages.py"), "-k", f"not {NAMED}"]
            assert run_pytest(bench, database, ["-q", *messages]) == 0
        finally:
            discard(bench, database)
