"""A pytest plugin for tests in a browser: assets made once, and a loud last line when they were skipped.

A browser test that is skipped although ``./dev`` brought a browser is a failed one.
"""

import pytest

import odoo.init  # noqa: F401  Odoo's core asks to be set up first
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import common

# Reasons that Odoo's ChromeBrowser skips tests for.
REASONS = ("Chrome", "chrome", "websocket-client")
# What the web client loads: (bundle, with scripts, with styles).
BUNDLES = (
    ("web.assets_web", True, True),
    ("web.assets_web_print", False, True),
    ("web.assets_backend_lazy", True, True),
    ("web.assets_tests", True, True),
    ("web_tour.automatic", True, False),
)
# Odoo gives a browser ten seconds to start; a machine that compiles meanwhile needs more.
common.CHECK_BROWSER_ITERATIONS = 600
SKIPPED = pytest.StashKey[list]()


def pytest_addoption(parser):
    """Add what ./dev tells."""
    parser.addoption("--browser-expected", action="store_true", help="browser tests must not be skipped")


def pytest_configure(config):
    """Start to count."""
    config.stash[SKIPPED] = []


def _in_browser(item):
    return issubclass(getattr(item, "cls", None) or object, common.HttpCase)


@pytest.fixture(scope="session", autouse=True)
def _assets(request, load_registry):
    """Make the bundles of scripts and styles before the first browser test, whose own would be rolled back."""
    if any(map(_in_browser, request.session.items)):
        with Registry(common.get_db_name()).cursor() as cr:
            engine = api.Environment(cr, SUPERUSER_ID, {})["ir.qweb"]
            for name, js, css in BUNDLES:
                bundle = engine._get_asset_bundle(name, js=js, css=css)
                _made = js and bundle.js(), css and bundle.css()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note a browser test that was skipped for want of a browser."""
    report = yield
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if _in_browser(item) and any(text in reason for text in REASONS):
        item.config.stash[SKIPPED].append(item.nodeid)
        if item.config.getoption("--browser-expected"):
            report.outcome, report.longrepr = "failed", f"The browser did not start: {reason}"
    return report


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Say it again where it is seen: in the last line."""
    number = len(config.stash[SKIPPED])
    if number:
        what = "FAILED: the browser did not start" if config.getoption("--browser-expected") else "SKIPPED: no Chromium"
        print(f"\n!!! {number} browser tests {what} !!!", flush=True)
