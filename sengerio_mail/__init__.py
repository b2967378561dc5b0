from odoo.tools import SQL

from . import controllers, models, wizard


def uninstall_hook(env):
    """Remove the list, which may be long, before the types that it refers to, and the reports about it."""
    env["ir.attachment"].search([("res_model", "in", ("sengerio.mail.document", "sengerio.mail.event"))]).unlink()
    for table in ("sengerio_mail_event", "sengerio_mail_delivery", "sengerio_mail_document"):
        env.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
    env.invalidate_all(flush=False)
    env["sengerio.mail.copy"].with_context(active_test=False).search([]).unlink()
