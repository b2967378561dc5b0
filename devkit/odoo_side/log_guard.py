"""A pytest plugin: a test during which Odoo logs a WARNING or ERROR is a failed one.

Records that a test expects, under ``assertLogs`` or ``mute_logger``, do not get here.
"""

import logging
import re

import pytest

# Complaints about the machine rather than the code: (logger, whole message).
# Debian's wkhtmltopdf has no switches for headers and footers, and tests without
# HTTP server print without style sheets.
ALLOWED = [
    (
        r"odoo\.addons\.base\.models\.ir_actions_report",
        r"wkhtmltopdf: (The switch --[\w-]+, is not support using unpatched qt, and will be ignored\.)*\s*"
        r"(Exit with code 1 due to network error: ConnectionRefusedError\s*)?",
    ),
]
TITLE = "Odoo logged warnings or errors"


class Guard(logging.Handler):
    """Collects the records of ``odoo`` loggers from WARNING up."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        """Keep a record, unless it is of another library or allowed."""
        if record.name.split(".")[0] != "odoo":
            return
        text = record.getMessage()
        if any(re.fullmatch(name, record.name) and re.fullmatch(message, text) for name, message in ALLOWED):
            return
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        self.found.append(f"{record.levelname} {record.name}: {text}")

    def take(self):
        """Return what was collected since the last call, as one text."""
        found, self.found = self.found, []
        return "\n".join(found)


GUARD = Guard()


def pytest_configure(config):
    """Start to listen."""
    logging.getLogger().addHandler(GUARD)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a test, or its setup or teardown, for what was logged meanwhile."""
    report = yield
    complaints = GUARD.take()
    if complaints and report.passed:
        report.outcome = "failed"
        report.longrepr = f"{TITLE}:\n{complaints}"
    elif complaints:
        report.sections.append((TITLE, complaints))
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Fail the run for what was logged outside of tests."""
    logging.getLogger().removeHandler(GUARD)
    if GUARD.found and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """List what was logged outside of tests."""
    if GUARD.found:
        terminalreporter.section(f"{TITLE} outside of tests", red=True, bold=True)
        terminalreporter.line(GUARD.take())
