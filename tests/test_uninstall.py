"""The addon can be removed: Odoo goes on sending, and nothing of the addon is left."""

import json
import os
from collections import Counter

from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.odoo_side import queue_mails
from devkit.smtp import smtp_server
from devkit.workbench import complaints, run_odoo_script, workbench

TROUBLE = """
def main(env, args):
    for document in env["sengerio.mail.document"].search([], limit=2):
        report = env["ir.attachment"].create({"name": "report.eml", "raw": b"Subject: x", "res_model": document._name})
        delivery = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")[0]
        env["sengerio.mail.event"].create({"delivery_id": delivery.id, "kind": "hard_bounce", "source": "report"})
        delivery.state = "hard_bounce"
        document._follow(delivery, report)
    activities = env["mail.activity"].search([("sengerio_document_id", "!=", False)])
    assert len(activities) == 2
    activities[0].action_feedback("Called them")
    export = env["sengerio.mail.export"].with_user(env.ref("base.user_admin")).create({})
    export.action_export()
    env.cr.commit()
    env["mail.mail"].process_email_queue()
    order = env["sale.order"].search([], limit=1)
    env["sengerio.mail.address"].create({"partner_id": order.partner_id.id, "email": "role@customer.example"})
    quotation = env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
    order.with_context(mail_notify_force_send=False).message_post(
        body="Waiting", partner_ids=order.partner_id.ids, subtype_xmlid="mail.mt_comment",
        sengerio_send={"type_id": quotation.id},
    )
    other = env.ref("sengerio_mail.sengerio_mail_document_type_other")
    order.with_context(mail_notify_force_send=False).message_post(
        body="Plan", partner_ids=order.partner_id.ids, subtype_xmlid="mail.mt_comment",
        sengerio_send={"type_id": other.id},
    )
    assert env["sengerio.mail.document"].search_count([("state", "=", "queued")]) == 2
    env.cr.commit()
"""
AFTERWARDS = """
def main(env, args):
    order = env["sale.order"].search([], limit=1)
    customer = env["res.partner"].create({"name": "Later", "email": "later@customer.example"})
    order.message_post(body="Hello", partner_ids=customer.ids, subtype_xmlid="mail.mt_comment")
    env.cr.commit()
    env["mail.mail"].process_email_queue()
"""
UNINSTALL = """
def main(env, args):
    env["ir.module.module"].search([("name", "=", "sengerio_mail")]).button_immediate_uninstall()
"""


def recipients(folder):
    """Return how often each address stands in an envelope."""
    envelopes = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return Counter(address for envelope in envelopes for address in envelope.get("rcpt_tos", ()))


def test_uninstall_and_install_again(tmp_path):
    database = f"{PREFIX}uninstall_{os.getpid()}"
    trouble, script, afterwards = (tmp_path / f"{name}.py" for name in ("trouble", "uninstall", "afterwards"))
    for path, text in ((trouble, TROUBLE), (script, UNINSTALL), (afterwards, AFTERWARDS)):
        path.write_text(text)
    log = tmp_path / "odoo.log"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path / "mails") as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port)
            fill = queue_mails.__file__
            assert run_odoo_script(bench, database, fill, "fill", "3", config=config) == 0
            assert run_odoo_script(bench, database, fill, "run", config=config) == 0
            assert bench.server.query("SELECT count(*) FROM sengerio_mail_document", database) == ["3"]
            assert run_odoo_script(bench, database, trouble, config=config) == 0
            with open(log, "w") as output:
                assert run_odoo_script(bench, database, script, config=config, stderr=output) == 0
            left = bench.server.query(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_name LIKE 'sengerio%' OR column_name LIKE 'sengerio%'"
                " UNION SELECT name FROM ir_model_data WHERE module = 'sengerio_mail'"
                " UNION SELECT name FROM ir_attachment WHERE res_model LIKE 'sengerio%'"
                " UNION SELECT model FROM mail_message WHERE model LIKE 'sengerio%'"
                " UNION SELECT key FROM ir_config_parameter WHERE key LIKE 'sengerio%'"
                " UNION SELECT model FROM ir_model WHERE model LIKE 'sengerio%'",
                database,
            )
            states = {
                word: set(bench.server.query(f"SELECT state FROM mail_mail WHERE body_html LIKE '%{word}%'", database))
                for word in ("Waiting", "Plan")
            }
            before = recipients(tmp_path / "mails")
            assert run_odoo_script(bench, database, afterwards, config=config) == 0
            after = recipients(tmp_path / "mails") - before
            assert after["later@customer.example"] == 1
            # a quotation would leave to the contact instead of its role address; other documents go to the contact
            assert states == {"Waiting": {"cancel"}, "Plan": {"outgoing"}}
            [contact] = {address for address in after if address.startswith(("c0@", "c1@", "c2@", "role@"))}
            assert after[contact] == 1
            assert contact != "role@customer.example"
            bench.install(database, "Installing it again", init=["sengerio_mail"])
        finally:
            discard(bench, database)
    assert left == []
    assert complaints(log) == []
