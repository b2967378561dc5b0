"""Run a script with an Odoo environment: ``runner.py CONFIG DATABASE SCRIPT [ARGUMENTS]``."""

import importlib.util
import sys

import odoo.init  # noqa: F401  Odoo's core asks to be set up first
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def load(path):
    """Import a script by its path and return the module.

    :param str path: the file
    """
    spec = importlib.util.spec_from_file_location("odoo_side_script", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(config_file, database, script, *arguments):
    """Call the script's ``main(env, args)`` and commit when it returns.

    :param str config_file: Odoo configuration file
    :param str database: name of the database
    :param str script: the script's path
    :param arguments: what the script gets as ``args``
    :return: what the script returned, 0 for nothing
    """
    config.parse_config(["-c", config_file, "-d", database], setup_logging=True)
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        return load(script).main(env, list(arguments)) or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
