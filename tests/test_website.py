"""Beside Odoo's Website, whose layout every public page has then: a receipt can be confirmed."""

import os
from xml.etree import ElementTree

from devkit.commands.test import run_pytest
from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.workbench import workbench


def test_website(tmp_path):
    database = f"{PREFIX}website_{os.getpid()}"
    with workbench() as bench:
        try:
            clone_with_addon(bench, database)
            bench.install(database, f"Installing website in {database}", init=["website"])
            report = tmp_path / "report.xml"
            suite = "sengerio_mail/tests/test_receipts.py"
            assert run_pytest(bench, database, ["-q", f"--junitxml={report}", suite]) == 0
            assert ElementTree.parse(report).find("testsuite").get("skipped") == "0"
        finally:
            discard(bench, database)
