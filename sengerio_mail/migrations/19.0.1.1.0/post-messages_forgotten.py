"""Messages of documents keep no addresses that retention removed, and name no blind copy that was sent again."""

from odoo import SUPERUSER_ID, api
from odoo.tools import split_every

BATCH = 1000


def migrate(cr, version):
    """Do for the documents of earlier versions what is done for new ones."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    documents = env["sengerio.mail.document"]
    for ids in split_every(BATCH, documents.search([("anonymised", "=", True)]).ids):
        env["sengerio.mail.retention"]._forget_messages(documents.browse(ids))
        env.invalidate_all()
    for ids in split_every(BATCH, documents.search([("resend_of_id", "!=", False)]).ids):
        blind = documents.browse(ids).filtered(
            lambda document: all(delivery._is_blind() for delivery in document.delivery_ids)
        )
        blind._messages_sudo()._sengerio_hide_plain()
        env.invalidate_all()
