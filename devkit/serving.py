"""Serving Odoo over HTTP until the developer ends it."""

import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from .cache import CHECKOUT
from .ui import DevError
from .workbench import free_port

DEFAULT_PORT = 8069
READY_SECONDS = 120


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(wanted=None):
    """Return the TCP port to serve on.

    :param int wanted: the one asked for; without it 8069, or a free one when that is taken
    :raises DevError: when the wanted one is taken or no port
    """
    if wanted:
        if not 0 < wanted < 65536:
            raise DevError(f"{wanted} is no TCP port; those go from 1 to 65535.")
        if not _is_free(wanted):
            raise DevError(f"Port {wanted} is taken; choose another with --port, or leave --port out.")
        return wanted
    return DEFAULT_PORT if _is_free(DEFAULT_PORT) else free_port()


def _wait_until_ready(address, ended):
    """Wait until Odoo answers, and tell whether it does.

    :param ended: function that says, within a second, whether Odoo has ended
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not ended():
        try:
            urllib.request.urlopen(f"{address}/web/login", timeout=60).close()
        except (urllib.error.URLError, OSError):
            continue
        return True
    return False


def _announce(address, database, ended):
    """Print address and login as soon as Odoo answers."""
    if _wait_until_ready(address, lambda: ended.wait(0.3)):
        print(f"Odoo: {address} (database {database}, login admin, password admin; Ctrl-C ends it)", flush=True)


def _config(bench, database, port, mail_port, **options):
    options = {"max_cron_threads": 1, "log_handler": ":WARNING,odoo.addons.sengerio_mail:INFO", **options}
    return bench.config(database, http_port=port, smtp_server="127.0.0.1", smtp_port=mail_port, **options)


@contextmanager
def running(bench, database, mail_port):
    """Serve a database on a free port while the block runs, without jobs, and give the address.

    :param Workbench bench: where it runs
    :param str database: its name
    :param int mail_port: TCP port of the SMTP server that Odoo sends to
    :raises DevError: when Odoo does not answer
    """
    port = free_port()
    quiet = {"max_cron_threads": 0, "log_handler": ":ERROR,werkzeug:CRITICAL"}
    command = bench.odoo_command("-c", _config(bench, database, port, mail_port, **quiet))
    process = subprocess.Popen(command, env=bench.environ, cwd=CHECKOUT, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        if not _wait_until_ready(address, lambda: time.sleep(0.3) or process.poll() is not None):
            raise DevError("Odoo did not start; see its messages above.")
        yield address
    finally:
        process.terminate()
        process.wait()


def serve(bench, database, port, mail_port):
    """Serve a database until interrupted.

    :param Workbench bench: where it runs
    :param str database: its name
    :param int port: TCP port for HTTP
    :param int mail_port: TCP port of the SMTP server that Odoo sends to
    :return: Odoo's exit code
    """
    config = _config(bench, database, port, mail_port)
    ended = threading.Event()
    threading.Thread(target=_announce, args=(f"http://127.0.0.1:{port}", database, ended), daemon=True).start()
    try:
        return bench.call(bench.odoo_command("-c", config))
    finally:
        ended.set()
