from odoo import fields, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    _inherit = "mail.message"

    # {type_id, sender_id, bcc_sender (None: by policy), email_to, email_cc: [address], addressed: [partner id],
    # changes: see tools/changes.py}
    sengerio_send = fields.Json(
        "Document Sending",
        groups="base.group_user",
        copy=False,
        help="What this message carries if it is a document: its type, its sender, changes made for this send.",
    )

    def write(self, vals):
        # EXTENDS mail: what a message carries is decided when it is posted
        if "sengerio_send" in vals and not self.env.su:
            raise AccessError(self.env._("What a document's message carries cannot be changed."))
        return super().write(vals)

    def unlink(self):
        # EXTENDS mail: which deletes its attachments; those of a document stay with the record that was sent
        messages_sudo = self.sudo().filtered("sengerio_send")
        mails_sudo = self.env["mail.mail"].sudo()  # those that wait go with their message
        mails_sudo.search([("mail_message_id", "in", messages_sudo.ids), ("state", "!=", "sent")])._sengerio_cancel()
        for message in messages_sudo:
            own = message.attachment_ids.filtered(lambda attachment: attachment.res_model == "mail.message")
            if own and message.model and message.res_id:
                own.write({"res_model": message.model, "res_id": message.res_id})
        return super().unlink()
