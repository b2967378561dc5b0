import contextlib
import logging
from functools import partial

from psycopg2 import Error as DatabaseError
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, models
from odoo.sql_db import PoolError
from odoo.tools import SQL
from odoo.tools.misc import consteq, hmac

from ..tools import states
from ..tools.smtp_session import reply_text
from .sengerio_mail_document import COPIES, RECORD_KEY, TO, WITH_MAIL

KEPT = "sengerio_outcomes"
LOCK_TIMEOUT, LATE_LOCK_TIMEOUT = "3s", "60s"
ATTEMPTS = 5

# The transaction may have begun before the mail server was asked. Whole seconds, as Odoo counts: what comes back within
# the same second comes after it.
NOW = SQL("date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')")

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
    def _record_outcome(self, outcome):
        """Record what the mail server said to a message.

        :param outcome: :class:`~..tools.smtp_session.Outcome`
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
        document._write_states(changes, outcome.email_from if accepted and part == TO else None)

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
                }
            )

    def _cancel(self, deliveries):
        """Record that what waits will never be sent: its mail was cancelled or deleted."""
        for document in self:
            document._write_states(
                {
                    delivery: ("cancelled", None)
                    for delivery in deliveries
                    if delivery.document_id == document and delivery.state == "queued"
                }
            )

    def _write_states(self, changes, email_from=None):
        """Write states of deliveries and what follows for the document, in one statement: each mail pays for it.

        The context says by which transaction, see :data:`~.sengerio_mail_document.RECORD_KEY`.

        :param dict changes: ``{delivery: (state, the server's words or None)}``
        :param str email_from: From as it left, if it did
        """
        self.ensure_one()
        if not changes:
            return
        self.env["sengerio.mail.delivery"].flush_model(["state", "smtp_reply"])
        self.flush_recordset()
        statement, short = self._statement(changes, email_from), self._statement_for_all(changes, email_from)
        for delivery, (state, smtp_reply) in changes.items():
            delivery._cache_state(state, smtp_reply)
        self._execute_outcome(statement, short)
        self.invalidate_recordset(["state", "copy_failed", "email_from", "date_sent"], flush=False)
        self.delivery_ids.invalidate_recordset(["event_ids"], flush=False)

    def _execute_outcome(self, statement, short=None):
        """Execute SQL that records what became of a document, by the transaction that the context names.

        :param statement: for whatever other transactions have made of the document meanwhile
        :param short: the same where they have not touched it
        """
        how = self.env.context.get(RECORD_KEY)
        if not how:
            self.env.cr.execute(statement)
        elif how == WITH_MAIL and self._execute_with_mail(short or statement):
            self._keep(statement)
        elif not self._execute_at_once(statement):
            # another transaction has the rows, and may wait for what this one has
            self._keep(statement)
            self.env.cr.postcommit.add(partial(self._execute_late, statement))

    def _execute_with_mail(self, statement):
        """Execute SQL by the transaction that sends the mail, which goes on if that fails.

        :return: whether it could: no other transaction has, or has had, the rows
        """
        cr = self.env.cr
        savepoint = self._savepoint(len(cr.postrollback.data.get(KEPT, ())))
        try:
            cr.execute(
                SQL(
                    "SAVEPOINT %s; SET LOCAL lock_timeout = %s; %s; SET LOCAL lock_timeout TO DEFAULT",
                    savepoint, LOCK_TIMEOUT, statement,
                ),
                log_exceptions=False,
            )  # fmt: skip
        except DatabaseError:
            self._undo(savepoint)
            return False
        return True

    @api.model
    def _savepoint(self, number):
        """Return the name of the savepoint before an outcome that the transaction records."""
        return SQL.identifier(f"sengerio_outcome_{number}")

    @api.model
    def _undo(self, savepoint):
        """Undo what the transaction that sends the mail has done since; the mail stays locked for other workers."""
        with contextlib.suppress(DatabaseError):  # the connection was lost
            self.env.cr.execute(SQL("ROLLBACK TO SAVEPOINT %s", savepoint), log_exceptions=False)

    @api.model
    def _keep(self, statement):
        """Keep SQL until the transaction that sends the mail is committed: should it be undone, it is not lost."""
        cr = self.env.cr
        if KEPT not in cr.postrollback.data:
            cr.postrollback.add(self._execute_kept)
        cr.postrollback.data.setdefault(KEPT, []).append(statement)

    @api.model
    def _pop_kept(self):
        return self.env.cr.postrollback.data.pop(KEPT, ())

    @api.model
    def _execute_kept(self):
        """Execute, once the transaction that sends the mail is undone, what it recorded."""
        for statement in self._pop_kept():
            self._execute_late(statement)

    @api.model
    def _save_outcomes(self):
        """Record what the mail server said although the transaction that sends the mail has failed, and undo that.

        Before anybody takes its failure for success: PostgreSQL answers its commit without an error. As long as nobody
        keeps the rows, before another worker can take the mail.
        """
        if kept := self._pop_kept():
            self._undo(self._savepoint(0))
            left = [statement for statement in kept if not self._execute_at_once(statement)]
            with contextlib.suppress(DatabaseError):  # the connection was lost
                self.env.cr.rollback()
            for statement in left:
                self._execute_late(statement)

    def _statement(self, changes, email_from):
        """Return the SQL that writes states of deliveries, notes what failed, and lets the document follow.

        :param dict changes: ``{delivery: (state, the server's words or None)}``
        :param str email_from: From as it left, if it did
        """
        noted = SQL(
            """, noted AS (
                INSERT INTO sengerio_mail_event (delivery_id, kind, date, source, detail)
                SELECT id, change, %s, 'smtp', smtp_reply
                  FROM recipient
                 WHERE change IN ('refused', 'failed')
            )""",
            NOW,
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
                   SET state = change, smtp_reply = recipient.smtp_reply, write_date = %(now)s
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
                                    THEN COALESCE(date_sent, %(now)s)
                                    ELSE date_sent END,
                   write_date = %(now)s
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
            now=NOW,
        )

    def _statement_for_all(self, changes, email_from):
        """Return shorter SQL with the effect of :meth:`_statement` where all deliveries were queued and are sent now.

        :return: ``None`` where they were not, or are not
        """
        if changes.keys() != set(self.delivery_ids) or any(
            state != "sent" or delivery.state != "queued" for delivery, (state, _reply) in changes.items()
        ):
            return None
        return SQL(
            """
            UPDATE sengerio_mail_document
               SET state = 'sent', email_from = COALESCE(%(email_from)s, email_from),
                   date_sent = COALESCE(date_sent, %(now)s), write_date = %(now)s
             WHERE id = %(id)s;
            UPDATE sengerio_mail_delivery
               SET state = 'sent', write_date = %(now)s
             WHERE id IN %(ids)s
            """,
            ids=tuple(delivery.id for delivery in changes),
            id=self.id,
            email_from=email_from,
            now=NOW,
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
            except (DatabaseError, PoolError) as error:
                _logger.info("No second transaction: %s", error)
                break
        return False

    @api.model
    def _execute_late(self, statement):
        """Execute, once this transaction has ended, what could not be executed before, or was undone."""
        for _attempt in range(ATTEMPTS):
            try:
                with self.pool.cursor() as cr:
                    limited = SQL("SET LOCAL lock_timeout = %s; %s", LATE_LOCK_TIMEOUT, statement)
                    cr.execute(limited, log_exceptions=False)
                return
            except (SerializationFailure, DeadlockDetected):
                continue
            except Exception as error:  # noqa: BLE001  Odoo has to end its own transaction whatever happens here
                _logger.info("%s", error)
                break
        _logger.error("What became of a document's recipients could not be recorded: %s", statement)
