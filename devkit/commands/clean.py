"""Remove the databases (the template too), file stores and mails; with --all the whole cache.

Only databases whose names start with sengerio_ are touched.
"""

import fcntl
import shutil

from ..cache import Cache
from ..databases import drop_all
from ..postgres import named_variables
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
        with step(f"Removing {cache.root}"):
            shutil.rmtree(cache.root)


def main(options):
    """Clean up.

    :return: 0
    """
    cache = Cache()
    made_databases = cache.postgres.exists() or named_variables() is not None
    if made_databases and not (options.all and named_variables() is None):
        with workbench(printer=False) as bench:
            drop_all(bench)
    if options.all:
        _remove_cache(cache)
        return 0
    for folder in (cache.data, cache.mails, cache.logs, cache.root / "conf"):
        if folder.exists():
            note(f"Removing {folder}")
            shutil.rmtree(folder)
    return 0
