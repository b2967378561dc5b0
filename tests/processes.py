"""Real processes of Odoo, to be killed in the middle."""

import subprocess
import time

SECONDS = 240


def wait_for(condition, process=None):
    """Poll until a condition holds, or fail when the time is up or the process has ended."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        assert process is None or process.poll() is None, "ended too early"
        time.sleep(0.02)


def start(bench, config, database, script, *args, **options):
    """Start a process of Odoo that runs a script of ``devkit/odoo_side``.

    :param options: further ones of :class:`subprocess.Popen`
    """
    command = [bench.python, "-m", "devkit.odoo_side.runner", config, database, script, *args]
    return subprocess.Popen([str(part) for part in command], env=bench.environ, **options)
