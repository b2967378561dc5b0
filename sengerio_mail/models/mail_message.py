from odoo import fields, models


class MailMessage(models.Model):
    _inherit = "mail.message"

    # {type_id, sender_id, bcc_sender (None: by policy), email_to, email_cc: [address], addressed: [partner id]}
    sengerio_send = fields.Json(
        "Document Sending",
        groups="base.group_user",
        copy=False,
        help="What this message carries if it is a document: its type, its sender, changes made for this send.",
    )
