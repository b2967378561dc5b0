"""Show the addon at work: a fresh database with demonstration data, mails to a local SMTP server.

With --once it ends after the demonstration; else Odoo is served until Ctrl-C.
"""

from pathlib import Path

from ..databases import PREFIX, clone_with_addon
from ..serving import choose_port, serve
from ..smtp import gateway_command, smtp_server
from ..workbench import run_odoo_script, workbench

SCRIPT = Path(__file__).parent.parent / "odoo_side" / "demo.py"
DATABASE = f"{PREFIX}demo"
# Debian's wkhtmltopdf complains about each page: it has no headers and footers, and no server to ask for style sheets
LOGGED = ":WARNING,odoo.addons.base.models.ir_actions_report:ERROR"
REFUSED = ["closed@closedbooks.example"]  # see odoo_side/demo_data.py


def add_arguments(parser):
    """Describe the options of ``./dev demo``."""
    parser.add_argument("--once", action="store_true", help="end after the demonstration instead of serving Odoo")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--port", type=int, help="TCP port (default: 8069, or a free one when it is taken)")


def play(bench, database, mail_port, mails, *arguments, **options):
    """Make a fresh database and play the demonstration in it.

    :param Workbench bench: where it runs
    :param str database: its name
    :param int mail_port: TCP port of the SMTP server; it refuses :data:`REFUSED`
    :param Path mails: the folder in which that server keeps what it gets
    :param arguments: of the script, e.g. ``--json``
    :param options: further options of ``subprocess.Popen``
    :return: the script's exit code
    """
    clone_with_addon(bench, database)
    config = bench.config(database, smtp_server="127.0.0.1", smtp_port=mail_port, log_handler=LOGGED)
    return run_odoo_script(bench, database, SCRIPT, "--mails", str(mails), *arguments, config=config, **options)


def main(options):
    """Run the demonstration.

    :return: the exit code of the script or of Odoo
    """
    port = None if options.once else choose_port(options.port)
    with (
        workbench() as bench,
        smtp_server(bench, refuse=REFUSED, gateway=port and gateway_command(bench, DATABASE, port)) as mail_port,
    ):
        code = play(bench, DATABASE, mail_port, bench.cache.mails, *(["--json"] if options.json else []))
        if code or options.once:
            return code
        return serve(bench, DATABASE, port, mail_port)
