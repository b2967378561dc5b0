from odoo import fields, models


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    sengerio_envelope_token = fields.Boolean(
        "Bounce Address per Document",
        help="Documents leave with an envelope sender of their own, bounce+…@domain: a bounce that says nothing else "
        "is still matched. The mail server must deliver bounce+anything to Odoo as it does bounce "
        "(Postfix: recipient_delimiter = +).",
    )
