"""An SMTP session that notes what became of each recipient (RFC 5321 §4.5.3.1.10, §3.3), and asks for reports.

``smtplib`` returns the refused recipients of a message that was accepted for others, and Odoo ignores them. This
session stands in for the one that Odoo opened, sends through it, and keeps the outcome of the messages of documents:
those that carry :data:`TOKEN_HEADER`.
"""

import contextlib
import logging
import re
import smtplib
from dataclasses import dataclass, field

# Names the document and the part of it (customer's message or copies) that a message is. It stays on the message: a
# report about it that returns the header can be matched.
TOKEN_HEADER = "X-Sengerio-Document"
SERVICE_CLOSING = 421  # RFC 5321 §3.8: the server closes the connection
NOTIFY = "NOTIFY=SUCCESS,DELAY,FAILURE"  # RFC 3461 §4.1
# RFC 5321 §4.1.1.11, §4.2.2: a parameter of MAIL or RCPT that the server announced and does not take after all
PARAMETER_REFUSED = frozenset({501, 504, 555})

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one message of a document.

    :ivar str token: value of its :data:`TOKEN_HEADER`
    :ivar str email_from: its From header as it left
    :ivar tuple recipients: addresses of RCPT TO
    :ivar dict refused: ``{address: (code, reply)}`` of those the server refused
    :ivar str error: why the message was taken for nobody although no recipient was refused, else empty
    """

    token: str
    email_from: str
    recipients: tuple
    refused: dict = field(default_factory=dict)
    error: str = ""


class DocumentSession:
    """Wraps an SMTP session (:class:`smtplib.SMTP` or what stands for it) and notes outcomes.

    Refused recipients and lost connections are noted rather than raised where raising would make Odoo forget, and so
    repeat, what the server has taken already.

    :param session: the opened session; everything but :meth:`send_message` is passed on to it
    :param is_due: predicate on a token: whether its message is to be sent at all; copies are not when nobody got the
        document
    :param is_copy: predicate on a token: whether its message is the one for the copies
    :param wants_reports: predicate on a token: whether to ask for reports on delivery (RFC 3461) about its message
    :param note: called with the :class:`Outcome` of each message of a document; may be set anew for each mail
    :param reconnect: returns a new session when the connection was lost
    """

    def __init__(self, session, is_due, is_copy, wants_reports, note, reconnect):
        self._session = self._first = session
        self._is_due = is_due
        self._is_copy = is_copy
        self._wants_reports = wants_reports
        self.note = note
        self._reconnect = reconnect

    def __getattr__(self, name):
        return getattr(self._session, name)

    def send_message(self, message, from_addr, to_addrs, *args, **kwargs):
        """Send a message; see :meth:`smtplib.SMTP.send_message`.

        :return: ``{address: (code, reply)}`` of the refused recipients, also when all were
        :raise smtplib.SMTPException: the connection was lost, and a document's message taken for nobody; never for
            the copies, whose failure must not repeat the customer's message, and not where the server has answered,
            which keeps no one else from getting theirs
        """
        token = message[TOKEN_HEADER]
        if not token:
            return self._session.send_message(message, from_addr, to_addrs, *args, **kwargs)
        if not self._is_due(token):
            return {}
        try:
            refused = self._transmit(message, from_addr, to_addrs, *args, **kwargs) or {}
        except smtplib.SMTPRecipientsRefused as error:
            # a server that closes at one recipient (421) was not asked about the ones after it
            last = list(error.recipients.values())[-1]
            refused = {address: error.recipients.get(address, last) for address in to_addrs}
            if last[0] == SERVICE_CLOSING:
                self._renew()
        except (smtplib.SMTPException, OSError) as error:
            self._note(message, to_addrs, {}, describe(error))
            self._mend(error)
            if self._is_copy(token) or isinstance(error, smtplib.SMTPResponseException):
                return {}
            raise smtplib.SMTPException(describe(error)) from error
        self._note(message, to_addrs, refused)
        return refused

    def _transmit(self, message, from_addr, to_addrs, *args, **kwargs):
        """Send a document's message and ask for reports about it, where the server offers them."""
        token = message[TOKEN_HEADER]
        if not args and not kwargs and self._wants_reports(token) and self._offers_reports():
            # the token needs no xtext encoding (RFC 3461 §4.4); the header is enough to know which message it was
            options = {"mail_options": ("RET=HDRS", f"ENVID={token}"), "rcpt_options": (NOTIFY,)}
            try:
                return self._session.send_message(message, from_addr, to_addrs, **options)
            except smtplib.SMTPSenderRefused as error:
                if error.smtp_code not in PARAMETER_REFUSED:
                    raise
            except smtplib.SMTPRecipientsRefused as error:
                if not {code for code, _reply in error.recipients.values()} <= PARAMETER_REFUSED:
                    raise
        return self._session.send_message(message, from_addr, to_addrs, *args, **kwargs)

    def _offers_reports(self):
        """Tell whether the server announces DSN; what stands in for an SMTP session may know no extensions."""
        has_extn = getattr(self._session, "has_extn", None)
        return callable(has_extn) and has_extn("dsn") is True

    def leave(self):
        """Quit the session that was opened instead of the first one; that one is quit by whoever opened it."""
        if self._session is not self._first:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._session.quit()
            self._session = self._first

    def _mend(self, error):
        """Open a new session if an error says that the connection was lost."""
        answered = isinstance(error, smtplib.SMTPResponseException)
        if error.smtp_code == SERVICE_CLOSING if answered else True:
            self._renew()

    def _renew(self):
        """Open a new session; if that fails, the next message will say so."""
        try:
            new = self._reconnect()
        except Exception as failure:  # noqa: BLE001  the reason of the first failure is the one that is told
            _logger.info("No new connection to the mail server: %s", failure)
            return
        self._session.close()  # what still comes over it answers nothing that is asked from now on
        self._session = new

    def _note(self, message, recipients, refused, error=""):
        self.note(
            Outcome(message[TOKEN_HEADER], str(message["From"]), tuple(recipients), dict(refused), error)
        )


def reply_text(code, reply):
    """Return a server's reply as one line: ``550 5.1.1 No such user``."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return f"{code} {' '.join(text.split())}"


def is_for_now(reply):
    """Tell whether a server's reply, as :func:`reply_text` returns it, asks to try later (RFC 5321 §4.2.1)."""
    return bool(re.match(r"4\d\d ", reply or ""))


def is_for_good(reply):
    """Tell whether a server's reply, as :func:`reply_text` returns it, says that trying again is of no use."""
    return bool(re.match(r"5\d\d ", reply or ""))


def describe(error):
    """Return an SMTP or connection error as one line, with the server's own words where it gave any."""
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_text(error.smtp_code, error.smtp_error)
    return " ".join(str(error).split()) or type(error).__name__
