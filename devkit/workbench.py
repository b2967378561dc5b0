"""All that is needed to run Odoo here, put together."""

import os
import re
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .browser import browser_or_notice
from .cache import ADDON, CHECKOUT, Cache
from .odoo_source import OdooSource, ensure_odoo
from .postgres import Server, postgres
from .python_env import ensure_venv
from .ui import DevError, run_logged, tail
from .wkhtmltopdf import ensure_wkhtmltopdf

ODOO_MAIN = "import odoo.cli; odoo.cli.main()"
DATABASE_OPTIONS = {"db_host": "PGHOST", "db_port": "PGPORT", "db_user": "PGUSER", "db_password": "PGPASSWORD"}
# They would change Odoo's settings, or make every start compile Odoo anew.
IGNORED_VARIABLES = ("ODOO_RC", "OPENERP_SERVER", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME")
COMPLAINT = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (WARNING|ERROR|CRITICAL) ")
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ [A-Z]+ ")


def free_port():
    """Return a TCP port on 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def complaints(log):
    """Return the WARNING and ERROR entries of an Odoo log file, each with its continuation lines.

    Python's own warnings count when they point to a file of the addon.

    :param Path log: the log file
    :rtype: list
    """
    found, inside = [], False
    for line in log.read_text(errors="replace").splitlines():
        if LOG_LINE.match(line):
            inside = bool(COMPLAINT.match(line)) and (" py.warnings: " not in line or f"/{ADDON}/" in line)
            found += [line] if inside else []
        elif inside:
            found[-1] += "\n" + line
    return found


def _wait(process):
    """Wait for a process through any number of Ctrl-C, and return its exit code."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


@dataclass
class Workbench:
    """Odoo's Python, sources, database server, PDF printer and browser.

    :param Cache cache: the cache folder
    :param Path python: the virtual environment's Python
    :param OdooSource odoo: Odoo's sources
    :param Server server: the PostgreSQL server
    :param Path printer: folder of wkhtmltopdf, or None
    :param Path browser: folder of a Chromium, or None
    """

    cache: Cache
    python: Path
    odoo: OdooSource
    server: Server
    printer: Path
    browser: Path | None = None

    @property
    def environ(self):
        """The environment for Odoo's Python."""
        values = {key: value for key, value in self.server.environ.items() if key not in IGNORED_VARIABLES}
        values["PYTHONPATH"] = os.pathsep.join([str(self.odoo.path), str(CHECKOUT)])
        values["PYTHONPYCACHEPREFIX"] = str(self.cache.root / "pycache")
        folders = [str(folder) for folder in (self.browser, self.printer) if folder]
        values["PATH"] = os.pathsep.join([str(self.python.parent), *folders, self.server.bin, values.get("PATH", "")])
        return values

    @property
    def data(self):
        """Odoo's data folder for this database server."""
        return self.cache.servers / self.server.name / "data"

    def filestore(self, database):
        """Return the folder with the attachments of a database."""
        return self.data / "filestore" / database

    def config_file(self, database):
        """Return the path of a database's configuration file."""
        return self.cache.servers / self.server.name / "conf" / f"{database}.conf"

    def config(self, database, with_addon=True, **options):
        """Write an Odoo configuration file for a database.

        :param str database: its name
        :param bool with_addon: put this checkout on the addons path
        :param options: further options of the file, e.g. ``http_port=8069``
        :return: path of the file
        """
        addons = [*self.odoo.addons, self.odoo.path / "odoo" / "addons"]
        if with_addon and (CHECKOUT / ADDON / "__manifest__.py").exists():
            addons.append(CHECKOUT)
        variables = self.server.variables
        values = {
            "addons_path": ",".join(map(str, addons)),
            "data_dir": self.data,
            "db_name": database,
            "dbfilter": f"^{re.escape(database)}$",
            **{option: variables[name] for option, name in DATABASE_OPTIONS.items() if name in variables},
            "http_interface": "127.0.0.1",
            "http_port": free_port(),
            "gevent_port": free_port(),
            "list_db": False,
            "max_cron_threads": 0,
            **options,
        }
        path = self.config_file(database)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{key} = {value}\n" for key, value in values.items())
        path.touch(mode=0o600)
        path.write_text(f"[options]\n{text}")
        return path

    def odoo_command(self, *arguments):
        """Return the command line that starts Odoo with these arguments."""
        return [str(self.python), "-c", ODOO_MAIN, *map(str, arguments)]

    def call(self, command, **options):
        """Run a command in Odoo's environment on this terminal until it ends.

        Ctrl-C is the command's: it gets it from the terminal and decides what it means.

        :return: its exit code; 128 + n when signal n ended it
        """
        process = subprocess.Popen([str(part) for part in command], env=self.environ, cwd=CHECKOUT, **options)
        try:
            code = _wait(process)
            return code if code >= 0 else 128 - code
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def install(self, database, what, init=(), update=(), with_addon=True):
        """Install or update modules in a database.

        :param str database: its name
        :param str what: text for the progress line
        :param init: names of modules to install
        :param update: names of modules to update
        :raises DevError: when it fails, or when the log has a WARNING or an ERROR; the log is then kept
        """
        log = self.cache.logs / f"{database}.log"
        arguments = ["-c", self.config(database, with_addon), "--stop-after-init", "--no-http"]
        arguments += ["-i", ",".join(init)] if init else []
        arguments += ["-u", ",".join(update)] if update else []
        run_logged(self.odoo_command(*arguments), log, what, env=self.environ, cwd=self.cache.root)
        found = complaints(log)
        if found:
            raise DevError(f"{what}: the log has warnings or errors:\n" + "\n".join(found) + f"\nThe whole log: {log}")
        if "Modules loaded." not in log.read_text(errors="replace"):
            raise DevError(f"{what} did not come to its end:\n{tail(log)}\nThe whole log: {log}")
        log.unlink()


@contextmanager
def workbench(printer=True, browser=False):
    """Prepare everything and give a :class:`Workbench` while the block runs.

    :param bool printer: also bring wkhtmltopdf
    :param bool browser: also bring a Chromium, or give a notice that there is none
    :raises DevError: when a part cannot be had
    """
    cache = Cache()
    python = ensure_venv(cache)
    odoo = ensure_odoo(cache)
    folder = ensure_wkhtmltopdf(cache) if printer else None
    chromium = browser_or_notice(cache) if browser else None
    with postgres(cache, python) as server:
        yield Workbench(cache, python, odoo, server, folder, chromium)


def run_odoo_script(bench, database, script, *arguments, config=None, **options):
    """Run a script of ``devkit/odoo_side`` with an Odoo environment.

    The script has a function ``main(env, args)``; what it did is committed when
    it returns, and its return value (``None`` or a number) is the exit code.

    :param Workbench bench: where it runs
    :param str database: the database that ``env`` is of
    :param Path script: the script's file
    :param arguments: texts that ``main`` gets as the list ``args``
    :param Path config: Odoo configuration; without it, one is written
    :param options: further options of ``subprocess.Popen``, e.g. ``stdout``
    :return: the exit code
    """
    config = config or bench.config(database)
    command = [bench.python, "-m", "devkit.odoo_side.runner", config, database, script, *arguments]
    return bench.call(command, **options)
