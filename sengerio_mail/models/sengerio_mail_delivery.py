from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..tools import addresses, states
from ..tools.smtp_session import is_for_good, is_for_now
from .sengerio_mail_address import ROLES

SENDING_LOCK = 0x534D  # first key of the advisory locks on documents that are being sent; the second is their id

ATTEMPTED = frozenset({"refused", "failed"})  # a mail server was asked, and has not taken it
# columns that are read when a document is taken
TAKEN = ("id", "document_id", "email", "name", "header", "partner_id", "state", "smtp_reply", "resent_in_id")
GIVE_UP_AFTER = timedelta(days=1)
GIVE_UP_LOST_AFTER = timedelta(hours=1)

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
    _inherit = ["sengerio.mail.delivery.resend", "sengerio.mail.delivery.timeline"]
    _description = "Document Recipient"
    _order = "id"
    _rec_name = "email"

    document_id = fields.Many2one(
        "sengerio.mail.document", required=True, index=True, ondelete="cascade"
    )
    email = fields.Char("E-mail", required=True)
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

    # an address is found by its beginning, its end, or as a whole, without a look into the table
    _email_idx = models.Index("(email text_pattern_ops, document_id)")
    _email_end_idx = models.Index("(reverse(email) text_pattern_ops, document_id)")

    def _header_address(self):
        """Return the address as it stands in a header."""
        self.ensure_one()
        return addresses.header(self.email, self.name)

    def _envelope_address(self):
        """Return the address as it stands in the envelope."""
        self.ensure_one()
        return addresses.envelope(self.email)

    def _to_send(self):
        """Return those that have not left Odoo yet, here or as another document: a retry mails nobody twice."""
        return self.filtered(lambda delivery: delivery.state in states.UNSENT and not delivery.resent_in_id)

    def _due(self):
        """Return those of :meth:`_to_send` that are mailed next: not who was refused for good, unless asked to."""
        return self._to_send().filtered(
            lambda delivery: delivery.state not in ATTEMPTED or not is_for_good(delivery.smtp_reply)
        )

    def _may_pass(self):
        """Return those that Odoo tries again by itself: a mail server may take them later.

        It said so (RFC 5321 §4.2.1), or was lost, which is worth another copy, but not another document: it may have
        got it.
        """
        now = fields.Datetime.now()

        def is_tried_again(delivery):
            if is_for_now(delivery.smtp_reply):
                patience = GIVE_UP_AFTER
            elif delivery.header != "to" and not is_for_good(delivery.smtp_reply):
                patience = GIVE_UP_LOST_AFTER
            else:
                return False
            return min(delivery.event_ids.mapped("date"), default=now) + patience > now

        return self._to_send().filtered(lambda delivery: delivery.state in ATTEMPTED and is_tried_again(delivery))

    def _carrier(self, own):
        """Return the one of a document's To with whose message the copies go: the first that gets it.

        That is the customer, but where it is refused for good and others are not.

        :param own: those that the mail in question carries; the first of them where nobody gets it
        """
        to = self.filtered(lambda delivery: delivery.header == "to")
        lost = to.filtered(lambda delivery: delivery.state in states.UNSENT and delivery.state != "queued")
        return (to - (lost - lost._may_pass()) or own)[:1]

    def _of_message(self, message_id):
        """Return the deliveries of the document that a message is; this transaction takes the document.

        Whoever sends the document meanwhile is waited for. Who changes it meanwhile waits, or makes this fail before
        anything was sent: failing afterwards would undo the record of what has left.

        :param int message_id: id of the ``mail.message``
        :raise psycopg2.errors.SerializationFailure: it was changed since this transaction began
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH taken AS MATERIALIZED (
                    SELECT document.id, document.type_id, pg_advisory_xact_lock(%s, document.id)
                      FROM sengerio_mail_document document
                     WHERE document.mail_message_id = %s
                       FOR UPDATE
                )
                SELECT taken.type_id, %s
                  FROM sengerio_mail_delivery delivery
                  JOIN taken ON taken.id = delivery.document_id
                 ORDER BY delivery.id
                   FOR UPDATE OF delivery
                """,
                SENDING_LOCK,
                message_id,
                columns("delivery", TAKEN),
            )
        )
        return self._cache_taken(rows[0][0], [row[1:] for row in rows]) if rows else self.browse()

    def _of_queued_mail(self, mail):
        """Return the deliveries of the document that a mail in the queue is; this transaction takes the document.

        Neither it nor its deliveries are locked: they may be written by transactions of their own. The mail, its
        message with all of its mails, recipients and attachments, which Odoo would read next by five questions
        more, are read with them.

        :param mail: ``mail.mail``
        :return: nothing if the mail is no document, has left the queue, waits there for later, since another worker has
            tried it, or another transaction sends it
        :raise psycopg2.errors.SerializationFailure: another transaction has sent the mail since this one began
        """
        fetched, selected = self._fetched_with_mail()
        rows = self.env.execute_query(
            SQL(
                """
                WITH queued AS MATERIALIZED (
                    SELECT document.id, document.type_id, document.mail_message_id
                      FROM mail_mail mail
                      JOIN sengerio_mail_document document ON document.mail_message_id = mail.mail_message_id
                     WHERE mail.id = %(id)s AND mail.state = 'outgoing'
                       AND (mail.scheduled_date IS NULL OR mail.scheduled_date <= now() AT TIME ZONE 'UTC')
                       FOR UPDATE OF mail SKIP LOCKED
                ), taken AS MATERIALIZED (
                    SELECT * FROM queued WHERE pg_try_advisory_xact_lock(%(lock)s, id)
                )
                SELECT taken.mail_message_id, taken.type_id, (
                           SELECT json_agg(json_build_array(%(deliveries)s) ORDER BY id)
                             FROM sengerio_mail_delivery delivery
                            WHERE document_id = taken.id
                       ), ARRAY(
                           SELECT res_partner_id FROM mail_mail_res_partner_rel WHERE mail_mail_id = %(id)s
                       ), ARRAY(
                           SELECT attachment_id FROM message_attachment_rel
                            WHERE message_id = taken.mail_message_id ORDER BY 1 DESC
                       ), ARRAY(
                           SELECT id FROM mail_mail WHERE mail_message_id = taken.mail_message_id ORDER BY 1 DESC
                       ), %(fetched)s
                  FROM taken
                  JOIN mail_mail mail ON mail.id = %(id)s
                  JOIN mail_message message ON message.id = taken.mail_message_id
                 ORDER BY taken.id
                 LIMIT 1
                """,
                id=mail.id,
                lock=SENDING_LOCK,
                deliveries=columns("delivery", TAKEN),
                fetched=selected,
            )
        )
        if not rows or not rows[0][2]:
            return self.browse()
        message_id, type_id, deliveries, partner_ids, attachment_ids, mail_ids, *values = rows[0]
        if mail.env.su:  # else Odoo asks what may be read
            message = self.env["mail.message"].browse(message_id)
            for field, value in zip(fetched, values, strict=True):
                field._insert_cache(mail if field.model_name == mail._name else message, [value])
            for name, ids in (("attachment_ids", attachment_ids), ("mail_ids", mail_ids)):
                message._fields[name]._insert_cache(message, [tuple(ids)])
            if len(partner_ids) < 2:  # several stand in the order of their names
                mail._fields["recipient_ids"]._insert_cache(mail, [tuple(partner_ids)])
        return self._cache_taken(type_id, deliveries)

    @api.model
    @tools.ormcache()
    def _fetched_with_mail(self):
        """Return what is read of a mail and its message when its document is taken: ``(fields, SQL of their columns)``.

        Those that Odoo fetches together and that stand in their tables as they are.
        """
        fetched, selected = [], []
        for alias, name in (("mail", "mail.mail"), ("message", "mail.message")):
            for field in self.env[name]._fields.values():
                as_it_is = not field.translate and not field.company_dependent
                if field.store and field.column_type and field.prefetch is True and field.name != "id" and as_it_is:
                    fetched.append(field)
                    selected.append(SQL.identifier(alias, field.name))
        return tuple(fetched), SQL(", ").join(selected)

    def _cache_taken(self, type_id, rows):
        """Put the deliveries of a document into the cache, and what leads from it to them.

        :param int type_id: of the document
        :param rows: the values of :data:`TAKEN` of each
        """
        deliveries = self.browse([row[0] for row in rows])
        for name, values in zip(TAKEN[1:], list(zip(*rows, strict=True))[1:], strict=True):
            self._fields[name]._insert_cache(deliveries, values)
        document = deliveries[0].document_id
        document._fields["delivery_ids"]._insert_cache(document, [deliveries._ids])
        document._fields["type_id"]._insert_cache(document, [type_id])
        return deliveries

    def _cache_state(self, state, smtp_reply):
        """Keep a state in the cache that was written to the table by another way."""
        for name, value in (("state", state), ("smtp_reply", smtp_reply)):
            self._fields[name]._update_cache(self, value, dirty=False)


def columns(alias, names):
    """Return the columns of a table as SQL.

    :param str alias: of the table
    :param names: of the columns
    """
    return SQL(", ").join(SQL.identifier(alias, name) for name in names)
