"""A database with an earlier version of the addon can be updated: nothing that was sent is lost."""

import os

from devkit.databases import PREFIX, clone_with_addon, discard, update_addon
from devkit.odoo_side import queue_mails
from devkit.smtp import smtp_server
from devkit.workbench import run_odoo_script, workbench

LISTED = """
    SELECT id, to_addresses, copy_addresses, state, date_sent, write_date FROM sengerio_mail_document ORDER BY id
"""


def test_addresses_listed(tmp_path):
    """Documents sent before their addresses were kept with them list the same."""
    database = f"{PREFIX}update_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path / "mails") as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port)
            for args in (("fill", "3"), ("run",)):
                assert run_odoo_script(bench, database, queue_mails.__file__, *args, config=config) == 0
            before = bench.server.query(LISTED, database)
            bench.server.query(
                "ALTER TABLE sengerio_mail_document DROP COLUMN to_addresses, DROP COLUMN copy_addresses", database
            )
            bench.server.query(
                "UPDATE ir_module_module SET latest_version = '19.0.1.0.0' WHERE name = 'sengerio_mail'", database
            )
            update_addon(bench, database)
            after = bench.server.query(LISTED, database)
        finally:
            discard(bench, database)
    assert len(before) == 3
    assert all("@" in row for row in before)
    assert after == before
