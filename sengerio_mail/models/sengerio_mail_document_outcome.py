import logging
from functools import partial

from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import consteq, hmac

from ..tools import states
from ..tools.smtp_session import reply_text
from .sengerio_mail_document import AT_ONCE_KEY, COPIES, TO

LOCK_TIMEOUT = "3s"
ATTEMPTS = 5

_logger = logging.getLogger(__name__)


class SengerioMailDocumentOutcome(models.Model):
    """What became of a document when it left: its messages are named by signed tokens, and each address has a state."""

    _inherit = "sengerio.mail.document"

    def _token(self, part):
        """Return the value of the header that names this document and one of its messages, signed.

        The customer's message and the copies' one differ, so that a reader of a copy cannot forge reports about the
        customer.
        """
        self.ensure_one()
        name = f"{self.id}-{part}"
        return f"{name}-{self._signature(name)}"

    @api.model
    def _read_token(self, token):
        """Return ``(document, part)`` of a header's value, ``(empty, None)`` if it is not ours."""
        token = (token or "").strip()
        if not token.isascii():
            return self.browse(), None
        name, _dash, signature = token.rpartition("-")
        document_id, _dash, part = name.partition("-")
        if part not in (TO, COPIES) or not document_id.isdigit() or not consteq(signature, self._signature(name)):
            return self.browse(), None
        return self.browse(int(document_id)), part

    @api.model
    def _signature(self, name):
        return hmac(self.env(su=True), "sengerio_mail.document", name)[:32]

    @api.model
    def _record_outcome(self, outcome, at_once=False):
        """Record what the mail server said to a message.

        :param outcome: :class:`~..tools.smtp_session.Outcome`
        :param bool at_once: by a transaction of its own, so that a crash does not undo it
        """
        document, part = self._read_token(outcome.token)
        if not document:
            return
        headers = ("to",) if part == TO else ("cc", "bcc")
        changes = {}
        for delivery in document.delivery_ids.filtered(lambda delivery: delivery.header in headers):
            address = delivery._envelope_address()
            if address in outcome.refused:
                changes[delivery] = "refused", reply_text(*outcome.refused[address])
            elif address in outcome.recipients:
                changes[delivery] = ("failed", outcome.error) if outcome.error else ("sent", None)
        accepted = any(state == "sent" for state, _reply in changes.values())
        document._write_states(changes, outcome.email_from if accepted and part == TO else None, at_once)

    def _fail(self, deliveries, reason):
        """Record that a mail could not be sent at all: its addresses failed, their copies wait for a retry.

        :param deliveries: those that the mail carries
        :param str reason: why, as Odoo says it
        """
        for document in self:
            document._write_states(
                {
                    delivery: ("failed", reason) if delivery.header == "to" else ("cancelled", None)
                    for delivery in deliveries
                    if delivery.document_id == document and delivery.state == "queued"
                },
                at_once=self.env.context.get(AT_ONCE_KEY),
            )

    def _cancel(self, deliveries):
        """Record that what waits will never be sent: its mail was cancelled or deleted."""
        for document in self:
            document._write_states(
                {
                    delivery: ("cancelled", None)
                    for delivery in deliveries
                    if delivery.document_id == document and delivery.state == "queued"
                },
                at_once=self.env.context.get(AT_ONCE_KEY),
            )

    def _write_states(self, changes, email_from=None, at_once=False):
        """Write states of deliveries and what follows for the document, in one statement: each mail pays for it.

        :param dict changes: ``{delivery: (state, the server's words or None)}``
        :param str email_from: From as it left, if it did
        :param bool at_once: by a transaction of its own, so that a crash does not undo it
        """
        self.ensure_one()
        if not changes:
            return
        self.env["sengerio.mail.delivery"].flush_model(["state", "smtp_reply"])
        self.flush_recordset()
        for delivery, (state, smtp_reply) in changes.items():
            delivery._cache_state(state, smtp_reply)
        statement = self._statement(changes, email_from)
        if not at_once:
            self.env.cr.execute(statement)
        elif not self._execute_at_once(statement):
            # another transaction has the rows, and may wait for what this one has
            self.env.cr.postcommit.add(partial(self._execute_late, statement))
        self.invalidate_recordset(["state", "copy_failed", "email_from", "date_sent"], flush=False)
        self.delivery_ids.invalidate_recordset(["event_ids"], flush=False)

    def _statement(self, changes, email_from):
        """Return the SQL that writes states of deliveries, notes what failed, and lets the document follow.

        :param dict changes: ``{delivery: (state, the server's words or None)}``
        :param str email_from: From as it left, if it did
        """
        noted = SQL(
            """, noted AS (
                INSERT INTO sengerio_mail_event (delivery_id, kind, date, source, detail)
                SELECT id, change, now() AT TIME ZONE 'UTC', 'smtp', smtp_reply
                  FROM recipient
                 WHERE change IN ('refused', 'failed')
            )"""
        )
        return SQL(
            """
            WITH recipient AS (
                SELECT delivery.id, delivery.header = 'to' AS is_to, delivery.state, given.smtp_reply,
                       -- what came back may be recorded before what the server said when it left
                       CASE WHEN given.state != 'sent' OR delivery.state = ANY(%(unsent)s)
                            THEN given.state END AS change
                  FROM sengerio_mail_delivery delivery
                  LEFT JOIN unnest(%(ids)s, %(states)s, %(replies)s::text[]) AS given(id, state, smtp_reply)
                    ON given.id = delivery.id
                 WHERE delivery.document_id = %(id)s
            ), changed AS (
                UPDATE sengerio_mail_delivery delivery
                   SET state = change, smtp_reply = recipient.smtp_reply, write_date = now() AT TIME ZONE 'UTC'
                  FROM recipient
                 WHERE delivery.id = recipient.id AND change IS NOT NULL
                   AND delivery.document_id = %(id)s  -- by its index, however few PostgreSQL takes the table for
            )%(noted)s, after AS (
                SELECT is_to, COALESCE(change, state) AS state FROM recipient
            )
            UPDATE sengerio_mail_document
               SET state = COALESCE((SELECT state FROM after WHERE is_to
                                      ORDER BY array_position(%(severity)s, state) LIMIT 1), state),
                   copy_failed = EXISTS (SELECT FROM after WHERE NOT is_to AND state = ANY(%(failed)s)),
                   email_from = COALESCE(%(email_from)s, email_from),
                   date_sent = CASE WHEN EXISTS (SELECT FROM after WHERE is_to AND state != ALL(%(unsent)s))
                                    THEN COALESCE(date_sent, now() AT TIME ZONE 'UTC')
                                    ELSE date_sent END,
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE id = %(id)s
            """,
            ids=[delivery.id for delivery in changes],
            states=[state for state, _reply in changes.values()],
            replies=[reply for _state, reply in changes.values()],
            noted=noted if any(state != "sent" for state, _reply in changes.values()) else SQL(),
            id=self.id,
            severity=list(states.SEVERITY),
            failed=list(states.FAILED),
            unsent=list(states.UNSENT),
            email_from=email_from,
        )

    @api.model
    def _execute_at_once(self, statement):
        """Execute SQL by a transaction of its own.

        :return: whether it could: no other transaction kept the rows
        """
        for _attempt in range(ATTEMPTS):
            try:
                with self.pool.cursor() as cr:
                    cr.execute(SQL("SET LOCAL lock_timeout = %s; %s", LOCK_TIMEOUT, statement), log_exceptions=False)
                return True
            except (SerializationFailure, DeadlockDetected):  # who had the rows has changed them
                continue
            except LockNotAvailable:
                break
        return False

    @api.model
    def _execute_late(self, statement):
        """Execute, once this transaction is committed, what could not be executed at once."""
        for _attempt in range(ATTEMPTS):
            try:
                with self.pool.cursor() as cr:
                    cr.execute(statement, log_exceptions=False)
                return
            except (SerializationFailure, DeadlockDetected):
                continue
        _logger.error("What became of a document's recipients could not be recorded: %s", statement)
