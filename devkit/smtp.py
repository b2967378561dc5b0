"""The local SMTP server: started beside Odoo, it keeps what it receives in ``mails/``."""

import subprocess
from contextlib import contextmanager

from .ui import DevError


@contextmanager
def smtp_server(bench, folder=None, refuse=()):
    """Run the SMTP server while the block runs, and give its TCP port.

    :param Workbench bench: where it runs
    :param Path folder: where the mails go; ``mails/`` in the cache by default
    :param refuse: addresses that get a 550 answer at RCPT
    :raises DevError: when it does not start
    """
    folder = folder or bench.cache.mails
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(bench.python), "-m", "devkit.odoo_side.smtp_server", "--until-eof", "--folder", str(folder)]
    for address in refuse:
        command += ["--refuse", address]
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
