"""Measure the addon's speed beside Odoo without it, in fresh databases that are removed afterwards."""

import os
import tempfile
from pathlib import Path

from ..databases import PREFIX, clone, clone_with_addon, discard
from ..smtp import smtp_server
from ..workbench import run_odoo_script, workbench

SCRIPT = Path(__file__).parent.parent / "odoo_side" / "bench.py"


def add_arguments(parser):
    """Describe the options of ``./dev bench``."""
    parser.add_argument("what", choices=["send"], help="what to measure: sending mails")
    parser.add_argument("--documents", type=int, default=30, metavar="N", help="how many of each way (default: 30)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def main(options):
    """Measure.

    :return: the script's exit code
    """
    database = f"{PREFIX}bench_{os.getpid()}"
    core = f"{database}_core"
    with workbench() as bench, tempfile.TemporaryDirectory() as folder, smtp_server(bench, Path(folder)) as mail_port:
        try:
            clone(bench, core)
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=mail_port, log_handler=":WARNING")
            arguments = [options.what, "--core", core, "--documents", str(options.documents)]
            arguments += ["--json"] if options.json else []
            return run_odoo_script(bench, database, SCRIPT, *arguments, config=config)
        finally:
            discard(bench, database)
            discard(bench, core)
