"""The Python interpreter and the virtual environment that Odoo runs in."""

import shutil
import subprocess
import sys
from pathlib import Path

from .cache import digest
from .ui import DevError, run_logged

OLDEST, NEWEST = (3, 10), (3, 13)
REQUIREMENTS = [Path(__file__).parent / f"requirements-{name}.txt" for name in ("odoo", "dev")]
VERSION_SCRIPT = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


def _version_of(executable):
    """Return the ``(major, minor)`` of an interpreter that really runs, else None."""
    try:
        done = subprocess.run(
            [executable, "-c", VERSION_SCRIPT], capture_output=True, text=True, timeout=30, check=True
        )
        major, minor = done.stdout.strip().split(".")
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return int(major), int(minor)


def find_python():
    """Find a Python that Odoo 19 supports: the one running this, else the newest on PATH.

    :return: path of the interpreter and its version, e.g. ``("/usr/bin/python3.11", (3, 11))``
    :raises DevError: when there is none
    """
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for executable in [sys.executable, *filter(None, map(shutil.which, names))]:
        version = _version_of(executable)
        if version and OLDEST <= version <= NEWEST:
            return executable, version
    raise DevError(
        "No Python from 3.10 to 3.13 (with venv) was found. Install one, "
        "e.g. Debian's packages python3 and python3-venv, and have it on PATH."
    )


def ensure_venv(cache):
    """Make the virtual environment with all requirements, unless it is there and current.

    :param Cache cache: the cache it lives in
    :return: path of its Python
    :raises DevError: when no Python fits or the packages cannot be installed
    """
    executable, version = find_python()
    name = f"venv-{version[0]}.{version[1]}"
    folder = cache.root / name
    python = folder / "bin" / "python"
    wanted = digest(*(path.read_text() for path in REQUIREMENTS))
    if cache.read_stamp(name) == wanted and python.exists():
        return python
    with cache.lock(name):
        if cache.read_stamp(name) == wanted and python.exists():
            return python
        cache.drop_stamp(name)
        if not (python.exists() and _version_of(str(python)) == version):
            shutil.rmtree(folder, ignore_errors=True)
            run_logged(
                [executable, "-m", "venv", folder],
                cache.logs / "venv.log",
                "Creating the virtual environment",
                "On Debian, the package python3-venv is needed.",
            )
        sources = [part for path in REQUIREMENTS for part in ("-r", path)]
        run_logged(
            [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *sources],
            cache.logs / "pip.log",
            "Installing the Python packages (about a minute)",
            "Check that pip reaches its package index, then run the command again.",
        )
        cache.write_stamp(name, wanted)
    return python
