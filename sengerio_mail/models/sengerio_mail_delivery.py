from odoo import fields, models

from ..tools import addresses, states
from .sengerio_mail_address import ROLES

STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("delayed", "Delayed"),
    ("delivered", "Delivered"),
    ("opened", "Opened"),
    ("refused", "Refused"),
    ("soft_bounce", "Not delivered"),
    ("hard_bounce", "Bad address"),
    ("complaint", "Reported as spam"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]


class SengerioMailDelivery(models.Model):
    """What became of one address of a document."""

    _name = "sengerio.mail.delivery"
    _description = "Document Recipient"
    _order = "id"
    _rec_name = "email"

    document_id = fields.Many2one(
        "sengerio.mail.document", required=True, index=True, ondelete="cascade"
    )
    email = fields.Char("E-mail", required=True, index=True)
    name = fields.Char()
    header = fields.Selection([("to", "To"), ("cc", "Cc"), ("bcc", "Bcc")], string="As", required=True)
    partner_id = fields.Many2one(
        "res.partner", string="Contact", index="btree_not_null", ondelete="set null", help="In whose name it is mailed."
    )
    role = fields.Selection(ROLES)
    reason = fields.Char("Why")
    state = fields.Selection(STATES, required=True, default="queued", readonly=True)
    smtp_reply = fields.Char("Server's Answer", readonly=True)
    status_code = fields.Char(readonly=True, help="Enhanced status code of RFC 3463.")
    diagnostic = fields.Text(readonly=True)
    event_ids = fields.One2many("sengerio.mail.event", "delivery_id", string="Events")

    def _header_address(self):
        """Return the address as it stands in a header."""
        self.ensure_one()
        return addresses.header(self.email, self.name)

    def _envelope_address(self):
        """Return the address as it stands in the envelope."""
        self.ensure_one()
        return addresses.envelope(self.email)

    def _to_send(self):
        """Return those that have not left Odoo yet: a retry mails nobody twice."""
        return self.filtered(lambda delivery: delivery.state in states.UNSENT)

    def _of_mail(self, mail):
        """Fetch the deliveries of the document that a ``mail.mail`` belongs to, in one query."""
        return self.search_fetch(
            [("document_id.mail_message_id", "=", mail.mail_message_id_int)],
            ["document_id", "email", "name", "header", "partner_id", "state"],
        )
