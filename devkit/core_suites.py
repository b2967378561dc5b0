"""Odoo's own test suites: their databases, and a run of one with pytest."""

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cache import ADDON, digest
from .databases import PREFIX, clone, copy_database, discard, ensure_template, list_databases
from .ui import DevError, note, step, tail
from .workbench import run_odoo_script

# The runs, by what their databases' names end with.
WITHOUT, OFF, DEFAULTS = "without", "off", "defaults"
SWITCH_OFF = Path(__file__).parent / "odoo_side" / "policies_off.py"
PLUGIN = "devkit.odoo_side.core_results"
# Odoo's modules with nothing but tests of modules that the template has.
TEST_MODULES = ("test_mail",)
# pytest's exit codes for "all passed" and "some failed"
RAN = (0, 1)


@dataclass(frozen=True)
class Suite:
    """Some of Odoo's tests.

    :param str module: the module that has them
    :param tuple only: of its folder ``tests``, these alone; in pytest's way: ``file::Class``
    """

    module: str
    only: tuple = ()


SUITES = {
    "test_mail": Suite("test_mail"),
    "mail": Suite("mail"),
    "sale": Suite("sale"),
    "purchase": Suite("purchase"),
    "account": Suite(
        "account",
        tuple(
            f"test_account_move_send.py::{name}"
            for name in ("TestAccountMoveSend", "TestAccountComposerPerformance")
        ),
    ),
}


def ensure_core_template(bench):
    """Return the name of a database with the template's modules and :data:`TEST_MODULES`; make it when missing.

    :param Workbench bench: where it is
    :raises DevError: when Odoo cannot make it
    """
    template = f"{PREFIX}core_" + digest(ensure_template(bench), *TEST_MODULES)
    with bench.cache.lock("core_template"):
        if template not in list_databases(bench.server):
            new = f"{template}_new"
            clone(bench, new)
            what = f"Installing {', '.join(TEST_MODULES)} in a template database (once)"
            bench.install(new, what, init=TEST_MODULES, with_addon=False)
            copy_database(bench, new, template)
            discard(bench, new)
    return template


def tests_folder(bench, suite):
    """Return the folder with a suite's tests.

    :raises DevError: when this Odoo does not have it
    """
    for addons in (bench.odoo.path / "odoo" / "addons", *bench.odoo.addons):
        folder = addons / suite.module / "tests"
        if folder.is_dir():
            return folder
    raise DevError(f"This Odoo ({bench.odoo.origin}) has no tests of {suite.module}.")


def run_suite(bench, name, database, what, with_addon=True, tests=()):
    """Run a suite in a database.

    :param Workbench bench: where it runs
    :param str name: of the suite
    :param str database: where to
    :param str what: text for the progress line
    :param bool with_addon: put this checkout on the addons path
    :param tests: run these tests alone, as the results name them
    :return: the results, see ``devkit/odoo_side/core_results.py``
    :raises DevError: when pytest does not come to its end; its log is then kept
    """
    folder = tests_folder(bench, SUITES[name])
    log = bench.cache.logs / f"{database}-{name}.log"
    results = log.with_suffix(".json")
    results.unlink(missing_ok=True)
    chosen = [folder / part for part in SUITES[name].only] or [folder]
    if tests:
        chosen = [folder.parent / test for test in tests]
    command = [
        bench.python, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder.parent}", "-p", "no:cacheprovider",
        "-p", PLUGIN, f"--results={results}", "--tb=short", "-q", "-ra", "-W", "ignore",
        f"--odoo-config={bench.config(database, with_addon)}", f"--odoo-database={database}", "--odoo-http",
        *chosen,
    ]  # fmt: skip
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(what), open(log, "wb") as output:
        code = bench.call(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    if code not in RAN or not results.exists():
        raise DevError(f"{what} did not come to its end (exit code {code}):\n{tail(log)}\nThe whole log: {log}")
    found = json.loads(results.read_text())
    results.unlink()
    return found


@contextmanager
def core_databases(bench, name, keep=False):
    """Give ``{run: database}`` for the three runs while the block runs.

    :param Workbench bench: where they are
    :param str name: what their names begin with
    :param bool keep: do not remove them afterwards
    :raises DevError: when one cannot be made
    """
    databases = {run: f"{name}_{run}" for run in (WITHOUT, OFF, DEFAULTS)}
    try:
        copy_database(bench, ensure_core_template(bench), databases[WITHOUT])
        copy_database(bench, databases[WITHOUT], databases[DEFAULTS])
        bench.install(databases[DEFAULTS], f"Installing {ADDON} in {databases[DEFAULTS]}", init=[ADDON])
        copy_database(bench, databases[DEFAULTS], databases[OFF])
        config = bench.config(databases[OFF], log_handler=":WARNING")
        if run_odoo_script(bench, databases[OFF], SWITCH_OFF, config=config):
            raise DevError(f"The policies could not be switched off in {databases[OFF]}.")
        yield databases
    finally:
        for database in databases.values():
            if keep:
                note(f"Kept: {database}")
            else:
                discard(bench, database)
