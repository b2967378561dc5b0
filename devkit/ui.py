"""What the developer sees: steps with progress, notices, and errors without a traceback.

Everything here is written to stderr; stdout is left to a command's result.
"""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

SILENT_SECONDS = 1.0
PULSE_SECONDS = 15.0
TAIL_LINES = 25


class DevError(Exception):
    """An expected failure. Its text says what failed and what to do."""


def note(text):
    """Write one line to stderr.

    :param str text: the line
    """
    print(text, file=sys.stderr, flush=True)


class _Pulse(threading.Thread):
    """Tells, while a step runs, that it still does."""

    def __init__(self, text):
        super().__init__(daemon=True)
        self.text = text
        self.done = threading.Event()
        self.start_time = time.monotonic()
        self.told = False

    def elapsed(self):
        return time.monotonic() - self.start_time

    def run(self):
        if self.done.wait(SILENT_SECONDS):
            return
        self.told = True
        tty = sys.stderr.isatty()
        if not tty:
            note(f"› {self.text} ...")
        while not self.done.wait(0.5 if tty else PULSE_SECONDS):
            if tty:
                print(f"\r› {self.text} ... {self.elapsed():.0f} s", end="", file=sys.stderr, flush=True)
            else:
                note(f"  ... {self.elapsed():.0f} s")

    def finish(self, outcome):
        self.done.set()
        self.join()
        if self.told:
            start = "\r" if sys.stderr.isatty() else ""
            note(f"{start}› {self.text}: {outcome} ({self.elapsed():.1f} s)")


@contextmanager
def step(text):
    """Show ``text`` and the seconds gone while the block runs (if longer than one second).

    :param str text: what is being done, e.g. ``"Installing the Python packages"``
    """
    pulse = _Pulse(text)
    pulse.start()
    try:
        yield
    except BaseException:
        pulse.finish("failed")
        raise
    pulse.finish("done")


def tail(path, lines=TAIL_LINES):
    """Return the last lines of a text file.

    :param Path path: the file; a missing one counts as empty
    :param int lines: how many lines at most
    :rtype: str
    """
    path = Path(path)
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def run_logged(command, log, what, hint="", **options):
    """Run a command with its output in a log file, as a step with progress.

    :param list command: program and arguments
    :param Path log: file that takes stdout and stderr (overwritten)
    :param str what: what the command does, for the progress line
    :param str hint: what to do when it fails
    :param options: further options of ``subprocess.run`` (``env``, ``cwd`` ...)
    :raises DevError: when the command is missing or ends with another code than 0
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(what), open(log, "wb") as output:
        try:
            code = subprocess.run(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                check=False, **options
            ).returncode
        except OSError as error:
            raise DevError(f"{what}: cannot run {command[0]}: {error}. {hint}".strip()) from error
        if code:
            raise DevError(f"{what} failed (exit code {code}). {hint}\n{tail(log)}\nThe whole log: {log}")
