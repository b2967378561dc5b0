"""Serve Odoo with the addon at http://127.0.0.1:PORT.

The database sengerio_dev lasts; the addon in it is updated when its files have
changed. Mails go to a local SMTP server: see ./dev mails. Ctrl-C ends it.
"""

from ..databases import DEV_DATABASE, ensure_with_addon
from ..serving import choose_port, serve
from ..smtp import smtp_server
from ..workbench import workbench


def add_arguments(parser):
    """Describe the options of ``./dev serve``."""
    parser.add_argument("--port", type=int, help="TCP port (default: 8069, or a free one when it is taken)")


def main(options):
    """Serve until interrupted.

    :return: Odoo's exit code
    """
    port = choose_port(options.port)
    with workbench() as bench, smtp_server(bench) as mail_port:
        ensure_with_addon(bench, DEV_DATABASE)
        return serve(bench, DEV_DATABASE, port, mail_port)
