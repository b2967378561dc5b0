"""Take the pictures of the READMEs and the app's page, from the demonstration in a real browser.

    ./dev screenshots                    all, into sengerio_mail/static/description
    ./dev screenshots composer list      these alone
    ./dev screenshots --out DIR
    ./dev screenshots --keep             keep the database; --again uses it without another demonstration

The screens are listed in devkit/odoo_side/screens.py. One that does not come up,
or during which the browser complains, is a failure.
"""

import subprocess
import tempfile
from pathlib import Path

from ..cache import ADDON, CHECKOUT
from ..databases import PREFIX, discard, list_databases
from ..odoo_side.screens import SCREENS
from ..serving import running
from ..smtp import smtp_server
from ..ui import DevError, note, tail
from ..workbench import workbench
from .demo import REFUSED, play

DATABASE = f"{PREFIX}screenshots"
FOLDER = CHECKOUT / ADDON / "static" / "description"
NAMES = [screen.name for screen in SCREENS]


def add_arguments(parser):
    """Describe the options of ``./dev screenshots``."""
    parser.add_argument("screens", nargs="*", metavar="SCREEN", help=f"one of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="the folder for the pictures")
    parser.add_argument("--keep", action="store_true", help="keep the database afterwards")
    parser.add_argument("--again", action="store_true", help="use the database that --keep left")
    parser.set_defaults(check=lambda options: _check(parser, options))


def _check(parser, options):
    unknown = [name for name in options.screens if name not in NAMES]
    if unknown:
        parser.error(f"unknown screens: {', '.join(unknown)}; there are {', '.join(NAMES)}")


def _play(bench, mail_port, mails):
    """Make the database that the pictures show.

    :raises DevError: when the demonstration fails
    """
    log = bench.cache.logs / f"{DATABASE}.log"
    with open(log, "wb") as output:
        code = play(bench, DATABASE, mail_port, mails, stdout=output, stderr=subprocess.STDOUT)
    if code:
        raise DevError(f"The demonstration failed:\n{tail(log)}\nThe whole log: {log}")


def main(options):
    """Take the pictures.

    :return: 0 when all came out, else 1
    """
    options.check(options)
    options.out.mkdir(parents=True, exist_ok=True)
    with workbench(browser=True) as bench, tempfile.TemporaryDirectory(prefix="sengerio-mails-") as mails:
        if not bench.browser:
            raise DevError("Pictures need a browser.")
        if options.again and DATABASE not in list_databases(bench.server):
            raise DevError(f"There is no {DATABASE}; leave --again out.")
        try:
            with smtp_server(bench, Path(mails), refuse=REFUSED) as mail_port:
                if not options.again:
                    _play(bench, mail_port, Path(mails))
                with running(bench, DATABASE, mail_port) as address:
                    command = [bench.python, "-m", "devkit.odoo_side.screenshots", address, DATABASE]
                    return bench.call([*command, options.out.absolute(), *options.screens])
        finally:
            if options.keep or options.again:
                note(f"Kept: ./dev screenshots --again ({DATABASE})")
            else:
                discard(bench, DATABASE)
