from odoo import fields, models
from odoo.tools import SQL

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

    def _of_message(self, message_id):
        """Return the deliveries of the document that a message is; the document is locked.

        Whoever changes the document meanwhile waits, or makes this fail before anything was sent: failing afterwards
        would undo the record of what has left. The document is locked before anything else of its mail, in all ways of
        sending, so that two of them cannot wait for each other.

        :param int message_id: id of the ``mail.message``
        :raise psycopg2.errors.SerializationFailure: it was changed since this transaction began
        """
        return self._locked(SQL("document.mail_message_id = %s", message_id), SQL("document, delivery"))

    def _of_queued_mail(self, mail_id):
        """Return the deliveries of the document that a mail in the queue is; the document is locked.

        :param int mail_id: id of the ``mail.mail``
        :return: nothing if the mail is no document, has left the queue, or another transaction has its document

        The deliveries are not locked: they are written by transactions of their own.
        """
        condition = SQL(
            "document.mail_message_id = (SELECT mail_message_id FROM mail_mail WHERE id = %s AND state = 'outgoing')",
            mail_id,
        )
        return self._locked(condition, SQL("document SKIP LOCKED"))

    def _locked(self, condition, locked):
        """Fetch the deliveries of a document and lock it, in one query.

        :param condition: SQL on ``document``
        :param locked: SQL that says what to lock, and what to do when another transaction has it
        """
        names = ("document_id", "email", "name", "header", "partner_id", "state", "smtp_reply")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT delivery.id, %s
                  FROM sengerio_mail_delivery delivery
                  JOIN sengerio_mail_document document ON document.id = delivery.document_id
                 WHERE %s
                 ORDER BY delivery.id
                   FOR UPDATE OF %s
                """,
                SQL(", ").join(SQL.identifier("delivery", name) for name in names),
                condition,
                locked,
            )
        )
        deliveries = self.browse([row[0] for row in rows])
        for name, values in zip(names, list(zip(*rows, strict=True))[1:], strict=True) if rows else ():
            self._fields[name]._insert_cache(deliveries, values)
        if rows:
            document = deliveries[0].document_id
            document._fields["delivery_ids"]._insert_cache(document, [deliveries._ids])
        return deliveries

    def _cache_state(self, state, smtp_reply):
        """Keep a state in the cache that was written to the table by another way."""
        for name, value in (("state", state), ("smtp_reply", smtp_reply)):
            self._fields[name]._update_cache(self, value, dirty=False)
