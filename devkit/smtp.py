"""The local SMTP server: started beside Odoo, it keeps what it receives in ``mails/``."""

import shlex
import subprocess
from contextlib import contextmanager

from .ui import DevError


@contextmanager
def smtp_server(bench, folder=None, refuse=(), gateway=(), troubles=None):
    """Run the SMTP server while the block runs, and give its TCP port.

    :param Workbench bench: where it runs
    :param Path folder: where the mails go; ``mails/`` in the cache by default
    :param refuse: addresses that get a 550 answer at RCPT
    :param gateway: command that gets what comes back; see :func:`gateway_command`
    :param dict troubles: ``{address: what goes wrong with it once}``: "rcpt", "data" or "close"
    :raises DevError: when it does not start
    """
    folder = folder or bench.cache.mails
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(bench.python), "-m", "devkit.odoo_side.smtp_server", "--until-eof", "--folder", str(folder)]
    for address in refuse:
        command += ["--refuse", address]
    for address, trouble in (troubles or {}).items():
        command += ["--once", f"{address}={trouble}"]
    if gateway:
        command += ["--gateway", shlex.join(map(str, gateway))]
    process = subprocess.Popen(
        command, env=bench.environ, text=True, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        first = process.stdout.readline().strip()
        if not first.isdigit():
            raise DevError("The local SMTP server did not start; see its message above.")
        yield int(first)
    finally:
        process.terminate()
        process.wait()


def gateway_command(bench, database, port):
    """Return the command by which a mail server gives incoming mail to Odoo: Odoo's own script.

    :param Workbench bench: where it runs
    :param str database: its name; its administrator has the password ``admin``
    :param int port: TCP port of Odoo's HTTP
    """
    script = bench.odoo.path / "odoo/addons/mail/static/scripts/odoo-mailgate.py"
    return [bench.python, script, "-d", database, "-u", "2", "-p", "admin", "--host", "127.0.0.1", "--port", str(port)]
