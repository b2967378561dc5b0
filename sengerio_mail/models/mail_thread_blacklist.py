from odoo import models


class MailThreadBlacklist(models.AbstractModel):
    _inherit = "mail.thread.blacklist"

    def _message_receive_bounce(self, email, partner):
        # EXTENDS mail: what came back of a document counts for the address it is of, not for the record it is about
        blamed = self
        if self.env.context.get("sengerio_bounce_of_address"):
            blamed = self.filtered(lambda record: record.email_normalized == email)
        return super(MailThreadBlacklist, blamed)._message_receive_bounce(email, partner)
