"""Remove the databases (the template too), file stores and mails; with --all the whole cache.

Only databases whose names start with sengerio_ are touched.
"""

import fcntl
import shutil

from ..cache import Cache
from ..databases import drop_all
from ..postgres import named_variables, stop_embedded
from ..python_env import ensure_venv
from ..ui import DevError, note, step
from ..workbench import workbench


def add_arguments(parser):
    """Describe the options of ``./dev clean``."""
    parser.add_argument("--all", action="store_true", help="remove the whole cache folder: Odoo, Python packages, all")


def _remove_cache(cache):
    """Remove the cache folder, unless another ./dev works in it."""
    cache.locks.mkdir(parents=True, exist_ok=True)
    with open(cache.locks / "postgres-users", "a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevError("Another ./dev is running; end it first.") from None
        if cache.postgres.exists():
            stop_embedded(cache, ensure_venv(cache))
        with step(f"Removing {cache.root}"):
            shutil.rmtree(cache.root)


def _remove_databases(cache):
    """Remove the databases of the server in use, and what belongs to them."""
    with workbench(printer=False) as bench:
        drop_all(bench)
        for folder in (cache.servers / bench.server.name, cache.mails, cache.logs):
            if folder.exists():
                note(f"Removing {folder}")
                shutil.rmtree(folder)


def main(options):
    """Clean up.

    :return: 0
    """
    cache = Cache()
    external = named_variables() is not None
    if external or (cache.postgres.exists() and not options.all):
        _remove_databases(cache)
    if options.all:
        _remove_cache(cache)
    return 0
