"""A pytest plugin for Odoo's own suites: what became of each test, as JSON.

Tests outside of Odoo's standard set are left out, and a test ends as skipped where it would start a browser; both the
same way with and without the addon. Of a failed test (or subtest) the line that says why is kept.
"""

import json
import re
import unittest

import pytest

BROWSER = "needs a browser"
WORST = ("passed", "skipped", "failed")
# What differs from run to run: ids, times, ports, addresses in memory. Numbers of queries and mails must stay.
VOLATILE = [
    (re.compile(r"0x[0-9a-f]+"), "0x…"),
    (re.compile(r"\((\d+, ?)+\d*\)"), "(…)"),
    (re.compile(r"\b[Kk]ey \(\w+\)=\(\d+\)"), "Key"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"), "…"),
    (re.compile(r"\b\d{5,}\b"), "…"),
]


def pytest_addoption(parser):
    """Add the option that names the file for the results."""
    parser.addoption("--results", required=True, help="JSON file for what became of each test")


def _no_browser(*args, **kwargs):
    raise unittest.SkipTest(BROWSER)


@pytest.fixture(scope="session", autouse=True)
def no_browser(load_registry):
    """End a test as skipped where it would start a browser."""
    from odoo.tests.common import HttpCase

    HttpCase.browser_js = _no_browser


def reason_of(report):
    """Return the line that says why a test failed, without what differs from run to run.

    :param report: pytest's report
    """
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr).strip().splitlines()[-1]
    text = text.strip().splitlines()[0] if text.strip() else "no reason given"
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    return text


def skip_reason(report):
    """Return why a test was skipped."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


class Results:
    """Collects what became of each test and writes it at the end."""

    def __init__(self, path):
        self.path = path
        self.tests = {}
        self.left_out = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        """Leave out what Odoo's own runner would not run unasked."""
        kept, others = [], []
        for item in items:
            tags = getattr(getattr(item, "cls", None), "test_tags", {"standard"})
            (kept if "standard" in tags else others).append(item)
        self.left_out = len(others)
        config.hook.pytest_deselected(items=others)
        items[:] = kept

    def pytest_collectreport(self, report):
        """A file that cannot be imported is a failure."""
        if report.failed:
            self.tests[report.nodeid] = {"outcome": "failed", "reasons": [reason_of(report)]}

    def pytest_runtest_logreport(self, report):
        """Keep the worst of a test's phases and subtests."""
        test = self.tests.setdefault(report.nodeid, {"outcome": "passed", "reasons": []})
        test["outcome"] = max(test["outcome"], report.outcome, key=WORST.index)
        if report.failed:
            test["reasons"].append(reason_of(report))
        elif report.skipped:
            test["skipped"] = skip_reason(report)

    def pytest_sessionfinish(self):
        """Write the file."""
        with open(self.path, "w") as file:
            json.dump({"left_out": self.left_out, "tests": self.tests}, file, indent=1)


def pytest_configure(config):
    """Start to collect."""
    config.pluginmanager.register(Results(config.getoption("--results")))
