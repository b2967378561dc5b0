"""The command line of ./dev."""

import argparse
import importlib
import os
import signal
import sys

from .ui import DevError, note

# Each command's module has ``add_arguments(parser)`` and ``main(options)``, which returns the exit code.
COMMANDS = {
    "demo": "show the addon at work on demonstration data",
    "test": "run the addon's tests in a fresh database",
    "test-core": "run Odoo's own tests with the addon, beside the same without it",
    "screenshots": "take the pictures of the READMEs and the app's page",
    "serve": "serve Odoo with the addon, on a lasting development database",
    "shell": "open Odoo's Python shell on the development database",
    "psql": "open psql on the development database",
    "mails": "list or show the mails that the local SMTP server received",
    "i18n": "bring the translation files up to date",
    "lint": "check the style of the code",
    "clean": "remove the databases, file stores and mails; or the whole cache",
    "bench": "measure the addon's speed",
}
PASSES_ARGUMENTS_ON = ("test", "shell", "psql")
INTERRUPTED = 130


def _module(name):
    return importlib.import_module(f"devkit.commands.{name.replace('-', '_')}")


def _parser():
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="Develop and try the addon: Odoo, PostgreSQL and all else is brought into a cache folder.",
        epilog="Cache: $SENGERIO_CACHE, else $XDG_CACHE_HOME/sengerio_mail, else ~/.cache/sengerio_mail. "
        "Odoo: $ODOO_HOME, else Debian's package, else a git clone of $ODOO_GIT_URL. "
        "PostgreSQL: the PG* variables or $DATABASE_URL, else an embedded one.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        module = _module(name)
        command = commands.add_parser(
            name, help=text, description=module.__doc__, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    return parser


def main(arguments=None):
    """Run ./dev.

    :param list arguments: the command line, without the program's name
    :return: the exit code
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in PASSES_ARGUMENTS_ON:
        parser.error(f"unknown arguments for {options.command}: {' '.join(rest)}")
    options.rest = [part for part in rest if part != "--"]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        return _module(options.command).main(options)
    except DevError as error:
        note(f"./dev {options.command}: {error}")
        return 1
    except PermissionError as error:
        note(f"./dev {options.command}: {error}. Another cache folder can be chosen with SENGERIO_CACHE.")
        return 1
    except KeyboardInterrupt:
        note("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
