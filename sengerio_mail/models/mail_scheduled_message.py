from odoo import models


class MailScheduledMessage(models.Model):
    _inherit = "mail.scheduled.message"

    def _notification_parameters_whitelist(self):
        # EXTENDS mail: a scheduled document stays one
        return super()._notification_parameters_whitelist() | {"sengerio_send"}
