"""The addon can be removed: Odoo goes on sending, and nothing of the addon is left."""

import os

from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.odoo_side import queue_mails
from devkit.smtp import smtp_server
from devkit.workbench import complaints, run_odoo_script, workbench

UNINSTALL = """
def main(env, args):
    env["ir.module.module"].search([("name", "=", "sengerio_mail")]).button_immediate_uninstall()
"""


def test_uninstall_and_install_again(tmp_path):
    database = f"{PREFIX}uninstall_{os.getpid()}"
    script = tmp_path / "uninstall.py"
    script.write_text(UNINSTALL)
    log = tmp_path / "odoo.log"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path / "mails") as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port)
            fill = queue_mails.__file__
            assert run_odoo_script(bench, database, fill, "fill", "3", config=config) == 0
            assert run_odoo_script(bench, database, fill, "run", config=config) == 0
            assert bench.server.query("SELECT count(*) FROM sengerio_mail_document", database) == ["3"]
            with open(log, "w") as output:
                assert run_odoo_script(bench, database, script, config=config, stderr=output) == 0
            left = bench.server.query(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_name LIKE 'sengerio%' OR column_name LIKE 'sengerio%'"
                " UNION SELECT name FROM ir_model_data WHERE module = 'sengerio_mail'",
                database,
            )
            bench.install(database, "Installing it again", init=["sengerio_mail"])
        finally:
            discard(bench, database)
    assert left == []
    assert complaints(log) == []
