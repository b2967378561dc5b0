"""Open psql on the development database; further arguments go to psql, e.g. ./dev psql -c "SELECT 1"."""

import os

from ..databases import DEV_DATABASE, ensure_with_addon
from ..workbench import workbench


def add_arguments(parser):
    """Describe the options of ``./dev psql``."""
    parser.add_argument("--db", metavar="NAME", help=f"another database than {DEV_DATABASE}")


def main(options):
    """Open psql.

    :return: its exit code
    """
    with workbench(printer=False) as bench:
        database = options.db or ensure_with_addon(bench, DEV_DATABASE)
        return bench.call([os.path.join(bench.server.bin, "psql"), "-d", database, *options.rest])
