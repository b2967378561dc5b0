from odoo.tools import SQL

from . import controllers, models, wizard


def uninstall_hook(env):
    """Remove the list, which may be long, before the types that it refers to, and the reports about it.

    What waits is cancelled, for an administrator to look at: without its document it would leave to others. Other
    documents wait on: they leave to whom Odoo would mail them.
    """
    waiting = env["mail.mail"].search([("state", "in", ("outgoing", "exception"))])._sengerio_documents()
    other = env["sengerio.mail.document.type"].with_context(active_test=False).search([("code", "=", "other")])
    waiting.filtered(
        lambda mail: mail.sengerio_send.get("type_id") not in other.ids or mail.sengerio_send.get("resend")
    ).state = "cancel"
    env.flush_all()
    for table in ("sengerio_mail_event", "sengerio_mail_delivery", "sengerio_mail_document"):
        env.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
    env.invalidate_all(flush=False)
    env["ir.attachment"].search([("res_model", "in", ("sengerio.mail.document", "sengerio.mail.event"))]).unlink()
    # what is to do about documents, done or not: Odoo would keep those that are done, and the type with them
    activity_type = env.ref("sengerio_mail.sengerio_mail_activity_attention", raise_if_not_found=False)
    if activity_type:
        activities = env["mail.activity"].with_context(active_test=False)
        activities.search([("activity_type_id", "=", activity_type.id)]).unlink()
    env["sengerio.mail.copy"].with_context(active_test=False).search([]).unlink()
