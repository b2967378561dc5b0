"""Open Odoo's Python shell (``env`` is there) on the development database.

Further arguments go to Odoo. The shell commits nothing unless you call env.cr.commit().
"""

from ..databases import DEV_DATABASE, ensure_with_addon
from ..workbench import workbench


def add_arguments(parser):
    """Describe the options of ``./dev shell``."""
    parser.add_argument("--db", metavar="NAME", help=f"another database than {DEV_DATABASE}")


def main(options):
    """Open the shell.

    :return: its exit code
    """
    with workbench() as bench:
        database = options.db or ensure_with_addon(bench, DEV_DATABASE)
        config = bench.config(database)
        return bench.call(bench.odoo_command("shell", "-c", config, "--no-http", "--log-level=warn", *options.rest))
