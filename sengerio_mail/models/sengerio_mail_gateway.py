import contextlib
import email
import email.policy
import hashlib
import re
import xmlrpc.client

from markupsafe import escape
from psycopg2.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL
from odoo.tools.mail import email_normalize

from ..tools import states
from ..tools.reports import read_original, read_report, verdict
from ..tools.reports.model import KINDS
from .sengerio_mail_document import COPIES, TO
from .sengerio_mail_return import RETURN_HEADER

ATTEMPTS = 10
# the last one: the same report came twice at once, and another transaction has recorded it
CONFLICTS = (SerializationFailure, DeadlockDetected, UniqueViolation)
CANDIDATES = 50  # documents that one message may be about: those of one Message-Id
# Odoo would take these for bounces: where they are about a document of ours, they end here
ASKED_FOR = frozenset({"delayed", "delivered", "relayed", "expanded", "read"})
# a report's kind as an event; a failure is the state that follows from its reason
EVENT_OF = {"read": "opened", "none": "other"}
_TAG = re.compile(r"\+(\d+-(?:to|copies)-[0-9a-f]{32})@", re.IGNORECASE)
# whom a message was delivered to, as mail servers say of it: its envelope is gone by now
DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
HEADERS_OF = {TO: ("to",), COPIES: ("cc", "bcc"), None: ("to", "cc", "bcc")}


class SengerioMailGateway(models.AbstractModel):
    """Incoming reports about documents: matched, recorded, and kept from what Odoo would make of them.

    A report counts only if it names a message of ours and an address that we mailed. Anything else is Odoo's.
    """

    _name = "sengerio.mail.gateway"
    _description = "Incoming Reports on Delivery"

    @api.model
    def _receive(self, raw):
        """Record what an incoming message reports about a document.

        Where somebody else changes the same document, by a transaction of its own, repeated: no report may be lost
        because two came at once.

        :param raw: the message as the gateway got it: bytes, str or :class:`xmlrpc.client.Binary`
        :return: whether the message is done with; if not, it is Odoo's
        """
        raw = as_bytes(raw)
        message = parsed(raw)
        if message is None or RETURN_HEADER in message:  # our own words about a report, in a mailbox that Odoo fetches
            return False
        candidates = self._match(message)
        if not candidates:
            return False
        self.env.flush_all()
        try:
            with self.env.cr.savepoint(flush=False):
                done = self._as_gateway(self.env.cr)._record(message, raw, candidates)
                self.env.flush_all()
                return done
        except CONFLICTS:
            self.env.invalidate_all(flush=False)
        for _attempt in range(ATTEMPTS):
            with contextlib.suppress(*CONFLICTS):
                with self.pool.cursor() as cr:
                    done = self._as_gateway(cr)._record(message, raw, candidates)
                self.env.invalidate_all()
                return done
        raise SerializationFailure(f"The report {message.get('Message-Id')} could not be recorded: try again")

    @api.model
    def _as_gateway(self, cr):
        """Return this model for nobody in particular: who brings the mail may be any user, with any defaults."""
        return api.Environment(cr, SUPERUSER_ID, {})[self._name]

    # ------------------------------------------------------------
    # Which document
    # ------------------------------------------------------------

    @api.model
    def _match(self, message):
        """Return ``{document id: part}`` of what a message may be about; the part is ``None`` where it does not say.

        By the original's Message-Id, then by what we signed (ENVID, header, envelope sender), then by References.
        """
        original = read_original(message)
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # the gateway acts for nobody
        signed = map(documents_sudo._read_token, [original.envelope_id, *original.tokens, *tags(message)])
        parts = {document.id: part for document, part in signed if document}
        found = (
            self._of_messages(original.message_ids)
            or documents_sudo.browse(parts).exists()
            or self._of_references(original)
        )
        return {document.id: parts.get(document.id) for document in found}

    @api.model
    def _of_references(self, original):
        """Return the documents in a report's References, none if it is about another message of Odoo's.

        That one may follow a document in the chatter, and some servers give the report its References. A Message-Id
        that Odoo does not know tells nothing: relays rewrite them.

        :param original: of :func:`~..tools.reports.read_original`
        """
        found = self._of_messages(original.references)
        if not found or not original.message_ids:
            return found
        messages_sudo = self.env["mail.message"].sudo()  # the gateway acts for nobody
        is_other = messages_sudo.search_count(_among(original.message_ids), limit=1)
        return found.browse() if is_other else found

    @api.model
    def _of_messages(self, message_ids):
        documents_sudo = self.env["sengerio.mail.document"].sudo()
        if not message_ids:
            return documents_sudo
        return documents_sudo.search(_among(message_ids), limit=CANDIDATES)

    # ------------------------------------------------------------
    # What it says
    # ------------------------------------------------------------

    def _record(self, message, raw, candidates):
        """Record what a message reports about one of some documents.

        :param dict candidates: of :meth:`_match`
        :return: whether the message is done with
        """
        documents = self._locked(candidates)
        mailed = [
            delivery
            for delivery in documents.delivery_ids
            if delivery.header in HEADERS_OF[candidates[delivery.document_id.id]]
        ]
        report = read_report(message, known=[delivery.email for delivery in mailed])
        if report.kind == "none" and not report.recipients:
            return False
        # a receipt that says something else than "read" is of kind none, and no bounce either
        ends_here = report.kind in ASKED_FOR or report.kind in ("auto_reply", "none") and self._is_misfiled(message)
        reported = self._reported(report, message, mailed)
        if not reported:
            return ends_here
        document = max((delivery.document_id for delivery in reported), key=lambda document: document.id)
        reported = {delivery: said for delivery, said in reported.items() if delivery.document_id == document}
        self._apply(document, reported, message, raw)
        return ends_here or report.kind in ("failed", "complaint")

    @api.model
    def _locked(self, document_ids):
        """Return documents, locked until what is reported of them is recorded."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM sengerio_mail_document WHERE id IN %s ORDER BY id DESC FOR UPDATE",
                tuple(document_ids),
            )
        )
        return self.env["sengerio.mail.document"].browse(row[0] for row in rows)

    @api.model
    def _is_misfiled(self, message):
        """Tell whether Odoo would take a message for a bounce, or know nobody to give it to."""
        to = ", ".join(header_values(message, ("Delivered-To", "To")))
        email_from = ", ".join(header_values(message, ("From",)))
        return bool(tags(message)) or self.env["mail.thread"]._detect_is_bounce(
            message, {"to": to, "email_from": email_from}
        )

    @api.model
    def _reported(self, report, message, mailed):
        """Return ``{delivery: what is said of it}`` for those of the addresses mailed that a report names."""
        by_email = {}
        for delivery in sorted(mailed, key=lambda delivery: delivery.document_id.id):  # the newest document wins
            by_email[delivery.email.lower()] = delivery
        worst_last = sorted(report.recipients, key=lambda said: KINDS.index(said.kind), reverse=True)
        found = {by_email[said.address.lower()]: said for said in worst_last if said.address.lower() in by_email}
        if not found and report.kind == "auto_reply":
            author = email_normalize(", ".join(header_values(message, ("From",))))
            return {by_email[author]: report} if author in by_email else {}
        return found

    def _apply(self, document, reported, message, raw):
        """Record what a report says of a document's recipients, once, and let follow what follows from it.

        :param dict reported: of :meth:`_reported`
        :param message: the report
        :param bytes raw: the same as it came
        """
        identity = report_identity(message, raw)
        marks = {delivery: fingerprint(identity, said) for delivery, said in reported.items()}
        events = self.env["sengerio.mail.event"].search(
            [("delivery_id", "in", [delivery.id for delivery in marks]), ("fingerprint", "in", [*marks.values()])]
        )
        known = {(event.delivery_id, event.fingerprint) for event in events}
        reported = {delivery: said for delivery, said in reported.items() if (delivery, marks[delivery]) not in known}
        if not reported:
            return
        attachment = self.env["ir.attachment"].create(
            {"name": "report.eml", "raw": raw, "mimetype": "message/rfc822", "res_model": document._name,
             "res_id": document.id}
        )  # fmt: skip
        changed = self.env["sengerio.mail.delivery"]
        for delivery, said in reported.items():
            status, words = storable(getattr(said, "status", "")), storable(getattr(said, "diagnostic", ""))
            kind = event_kind(said.kind, status, words)
            self.env["sengerio.mail.event"].create(
                {"delivery_id": delivery.id, "kind": kind, "source": "report", "fingerprint": marks[delivery],
                 "detail": " ".join(filter(None, (status, words))) or False, "attachment_id": attachment.id}
            )  # fmt: skip
            if said.kind == "failed" and delivery.state != "opened":  # it did arrive
                self._tell_odoo(message, delivery, words or status)
            if kind in states.SEVERITY and states.may_become(delivery.state, kind):
                delivery.write({"state": kind, "status_code": status or False, "diagnostic": words or False})
                changed |= delivery
        document._follow(changed, attachment)

    # ------------------------------------------------------------
    # What Odoo makes of it
    # ------------------------------------------------------------

    @api.model
    def _without_guess(self, email_message, values):
        """Return what Odoo read in a bounce, without what it would count for people who are not in it.

        A bounce of a document that comes here names no address that the document was mailed to: those are recorded
        by now. Odoo would blame the customer all the same: as the one person notified, or the record itself. What
        it may know better is a follower, who got a mail of Odoo's own, or another person altogether.

        :param email_message: the bounce
        :param dict values: of ``mail.thread._message_parse_extract_bounce``
        """
        message_sudo = values.get("bounced_message")
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # the gateway acts for nobody
        if message_sudo:
            documents_sudo = documents_sudo.search([("mail_message_id", "in", message_sudo.ids)])
        if not documents_sudo:
            return values
        named = {said.address.lower() for said in read_report(email_message).recipients}
        named -= {delivery.email.lower() for delivery in documents_sudo.delivery_ids}
        people_sudo = values["bounced_partner"].filtered(lambda partner: partner.email_normalized in named)
        notified_sudo = people_sudo & message_sudo.notification_ids.res_partner_id
        return {
            **values,
            "bounced_partner": people_sudo,
            "bounced_email": values["bounced_email"] if values["bounced_email"] in named else False,
            "bounced_message": message_sudo if notified_sudo else message_sudo.browse(),
        }

    @api.model
    def _tell_odoo(self, message, delivery, words):
        """Let Odoo count a bounce and mark the one notification that it concerns."""
        document = delivery.document_id
        message_sent = self.env["mail.message"].search_fetch(
            [("id", "=", document.mail_message_id)], ["model", "res_id"], limit=1
        )
        bounced = delivery.partner_id if delivery.header == "to" else self.env["res.partner"]
        self.env["mail.thread"].with_context(sengerio_bounce_of_address=True)._routing_handle_bounce(
            message,
            {
                "bounced_email": delivery.email,
                "bounced_partner": bounced,
                "bounced_msg_ids": [document.message_id],
                "bounced_message": message_sent,
                "body": escape(words),
                "email_from": ", ".join(header_values(message, ("From",))),
                "to": ", ".join(header_values(message, ("To",))),
                "message_id": ", ".join(header_values(message, ("Message-Id",))),
            },
        )


def as_bytes(raw):
    """Return a message as the gateway may get it as bytes."""
    if isinstance(raw, xmlrpc.client.Binary):
        return bytes(raw.data)
    return raw.encode() if isinstance(raw, str) else raw


def parsed(raw):
    """Return a parsed message; ``None`` if Python cannot read it: Odoo will say so.

    By the policy that leaves headers as they came: Odoo's takes six times as long, and raises on malformed ones.

    :param bytes raw: the message
    """
    try:
        return email.message_from_bytes(raw, policy=email.policy.compat32)
    # mistakes in Python's own parser; RecursionError: a thousand parts, each in the one before
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None


def message_id(raw):
    """Return the Message-Id of a message whose parts Python may not be able to read; empty if there is none.

    :param bytes raw: the message
    """
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    return "".join(header_values(email.message_from_bytes(head, policy=email.policy.compat32), ("Message-Id",))).strip()


def _among(message_ids):
    """Return the domain of what has one of some Message-Ids, as they came."""
    return [("message_id", "in", [*map(storable, message_ids)])]


def header_values(message, names):
    """Return the values of some headers; one that Python cannot parse is left as it came."""
    names = {name.lower() for name in names}
    return [str(value) for name, value in message.raw_items() if name.lower() in names]


def tags(message):
    """Return the tokens in the addresses that a message was delivered to: they were our envelope senders."""
    return [token.lower() for value in header_values(message, DELIVERED_TO) for token in _TAG.findall(value)]


def event_kind(kind, status, words):
    """Return what a report's word for a recipient is as an event: a failure is a bad address, or something else."""
    if kind == "failed":
        return "hard_bounce" if verdict(status, words).bad_address else "soft_bounce"
    return EVENT_OF.get(kind, kind)


def report_identity(message, raw):
    """Return what a report is known by, whichever way and however often it comes: its Message-Id, or its body."""
    own_id = "".join(header_values(message, ("Message-Id",))).strip()
    body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2]
    return own_id.encode(errors="backslashreplace") or body


def fingerprint(identity, said):
    """Return what makes a report's word for a recipient the same one: some servers use one Message-Id for several.

    :param bytes identity: of :func:`report_identity`
    :param said: the report or its :class:`~..tools.reports.model.RecipientReport`
    """
    word = f"{said.kind} {getattr(said, 'status', '')}".encode(errors="backslashreplace")
    return hashlib.sha256(word + b"\0" + identity).hexdigest()


def storable(text):
    """Return a text without what the database does not take: null characters, bytes of no charset."""
    return text.replace("\0", "").encode(errors="replace").decode()
