"""From a message to a report: standard fields first, then headers and words, then the addresses that we mailed."""

import logging
from dataclasses import replace
from weakref import WeakKeyDictionary

from . import phrases
from .anatomy import dissect
from .fields import address_key, find_message_ids, find_status, unique
from .model import Original, RecipientReport, Report, worst
from .standard import DeliveryStatus, envelope_id, looks_like_status, read_disposition, read_feedback
from .words import ECHOED, MAX_DIAGNOSTIC, STATED, Words, page_text

_logger = logging.getLogger(__name__)

TOKEN_HEADER = "x-sengerio-document"
MAX_RETURNED = 4  # returned messages that are asked for hints
_readings = WeakKeyDictionary()


class Reading:
    """One message being read; what several questions need is worked out once.

    :param email.message.Message message: as the mail gateway parsed it
    :param bool outermost: whether it came by itself, and not in another one
    """

    def __init__(self, message, outermost=True):
        self.anatomy = dissect(message)
        self.header = self.anatomy.header
        self.subject = self.header.text("subject")
        self._plain_subject = phrases.plain(self.subject)
        text = "\n".join(self.anatomy.texts)
        if not text.strip():
            text = "\n".join(page_text(page) for page in self.anatomy.pages)
        self.words = Words(text, self.subject)
        self.returned = [fields for fields in self.anatomy.returned if fields][:MAX_RETURNED]
        if self.words.returned:
            self.returned.append(self.words.returned)
        self.statuses = [DeliveryStatus(status) for status in self._status_texts()]
        self.dispositions = [] if self._is_forward else [read_disposition(text) for text in self.anatomy.dispositions]
        self.original = self._read_original()
        self._inner = self._read_wrapped() if outermost else None
        if self._inner:
            self.original = self._inner.original

    @property
    def _is_forward(self):
        """Whether a person passes on or answers a report, with its parts as attachments."""
        return self.is_reply and self.anatomy.content_type != "multipart/report"

    def _status_texts(self):
        if self._is_forward:
            return []
        own = "\n" + "\n".join(self.words.lines)
        if not self.anatomy.statuses and self.is_daemon and looks_like_status(own):
            return [own]
        return self.anatomy.statuses

    def _read_wrapped(self):
        """Return the reading of the report that a gateway has wrapped into its own, which names nobody.

        The only case in which what is returned is read: it is no message of ours, as we send no reports.
        """
        wrapped = self.anatomy.wrapped
        if wrapped is None or self.statuses or self.dispositions or not self.is_daemon or self.words.failed():
            return None
        return Reading(wrapped, outermost=False)

    # ------------------------------------------------------------
    # The original message
    # ------------------------------------------------------------

    def _read_original(self):
        named = [value for _report, values in self.dispositions for value in values]
        for fields in self.returned:
            named += fields.all("message-id", "x-microsoft-original-message-id", "original-message-id")
        own = self.header.all("in-reply-to", "references", "x-original-message-id")
        return Original(
            message_ids=_message_ids(named),
            references=_message_ids(own),
            envelope_id=next((found for status in self.statuses if (found := envelope_id(status.fields))), ""),
            tokens=unique(value.strip() for fields in self.returned for value in fields.all(TOKEN_HEADER)),
            recipients=unique(
                address
                for fields in self.returned
                for address in fields.addresses("to", "cc", "x-envelope-to", "x-hmxmroriginalrecipient")
            ),
        )

    def _senders(self):
        """Return the keys of the addresses that sent: the report's receiver, the returned message's author."""
        names = ("from", "return-path", "sender", "reply-to", "errors-to", "x-envelope-from")
        found = [address for fields in self.returned for address in fields.addresses(*names)]
        found += self.header.addresses("to", "delivered-to", "x-original-to", "from", "return-path")
        return {address_key(address) for address in found}

    # ------------------------------------------------------------
    # Who writes
    # ------------------------------------------------------------

    @property
    def is_reply(self):
        """Whether a person answers or forwards; servers that fill in References write no such subject."""
        return bool(phrases.REPLY_SUBJECT.match(self._plain_subject))

    @property
    def is_daemon(self):
        """Whether a mail system is the author."""
        author = phrases.plain(self.header.text("from"))
        if "delivery-status" in self.header.get("content-type").lower():  # RFC 6522 §3
            return not self.is_reply
        nobody = not author and self.header.get("return-path") in ("", "<>") or author.endswith("<>")
        return not self.is_reply and bool(nobody or phrases.DAEMON.search(author))

    @property
    def is_automatic(self):
        """Whether a program wrote it (RFC 3834 §5)."""
        value = self.header.get("auto-submitted").lower()
        return value.startswith("auto-") or any(
            name in self.header for name in ("x-autoreply", "x-autorespond", "x-auto-response", "x-vacation")
        )

    @property
    def is_auto_reply(self):
        """Whether it is a reply of a program in a person's name: a vacation notice and the like."""
        precedence = self.header.get("precedence").lower()
        return (
            self.is_automatic
            or precedence == "auto_reply"
            or bool(phrases.AUTO_REPLY_SUBJECT.search(self._plain_subject))
        )

    @property
    def _is_robot(self):
        """Whether a program that has no usual name may have written it: null sender, marked as automatic, no-reply."""
        author = phrases.plain(self.header.text("from"))
        return self.is_automatic or self.header.get("return-path") == "<>" or bool(phrases.ROBOT.search(author))

    @property
    def _is_conversation(self):
        """Whether it answers, belongs to a mailing list or a newsletter, or is an absence notice."""
        return (
            self.is_reply
            or any(name in self.header for name in ("in-reply-to", "list-id", "list-unsubscribe", "list-post"))
            or bool(phrases.AUTO_REPLY_SUBJECT.search(self._plain_subject))
        )

    def is_report_in_words(self):
        """Tell whether this is the report of a failure or a delay, in words alone.

        A mail system's words count. Under another name, only those of a robot or of somebody who returns a message, and
        only about an address: people write of undeliverable mail too.
        """
        if "x-failed-recipients" in self.header and not self.is_reply:
            return True
        about = bool(phrases.SUBJECT.search(self._plain_subject))
        said = self.words.says_failure or self.words.says_delay
        if self.is_daemon:
            return bool(said or about and (self.returned or phrases.FAILURE.search(self._plain_subject)))
        if self._is_conversation or not said:
            return False
        if self.anatomy.returned:
            return bool(about or self.words.failed())
        return about and self._is_robot and bool(self.words.failed())

    # ------------------------------------------------------------
    # The report
    # ------------------------------------------------------------

    def report(self, known):
        """Return the :class:`Report`; see :func:`read_report`."""
        known = {address_key(address): address for address in known}
        if self._inner:
            return self._inner.report(known.values())
        recipients = (
            self._complaints() or self._delivery_status(known) or self._receipts(known) or self._in_words(known)
        )
        recipients = tuple(_addressed(recipient, known) for recipient in recipients)
        kind = worst(recipient.kind for recipient in recipients)
        if kind == "none" and not recipients:
            kind = self._kind_without_recipients()
        message = next((status.fields for status in self.statuses), None)
        return Report(
            kind=kind,
            recipients=tuple(recipient for recipient in recipients if recipient.address),
            original=self.original,
            reporting_mta=_typed(message, "reporting-mta"),
            arrival_date=message.get("arrival-date") if message else "",
        )

    def _kind_without_recipients(self):
        if not self.anatomy.dispositions and self.is_report_in_words():
            return "delayed" if self.words.says_delay else "failed"
        return "auto_reply" if self.is_auto_reply else "none"

    def _complaints(self):
        """RFC 5965; Outlook.com returns the message alone, with the reader's address in its header."""
        found = [report for text in self.anatomy.feedback for report in read_feedback(text)]
        for fields in self.returned:
            readers = fields.addresses("x-hmxmroriginalrecipient")
            found += [RecipientReport(kind="complaint", original=reader, action="abuse") for reader in readers]
        if any(report.original for report in found):
            return [report for report in found if report.original]
        if found and len(self.original.recipients) == 1:
            return [replace(found[0], original=self.original.recipients[0])]
        return found[:1]

    def _delivery_status(self, known):
        """RFC 3464; where the fields leave open what became of a recipient, the words tell."""
        found = [report for status in self.statuses for report in status.recipients()]
        if not found:
            return []
        if any(not report.kind for report in found):
            guess = "delayed" if self.words.says_delay else "failed" if self.words.says_failure else "none"
            found = [report if report.kind else replace(report, kind=guess) for report in found]
        found = [self._completed(report) for report in found]
        if not known or any(_match(report, known) for report in found):
            return found
        return self._forwarded(found, known) or found

    def _completed(self, report):
        """Return a report with the code and the words of the text, where its own fields are generic or empty."""
        if report.kind not in ("failed", "delayed") or report.status and not report.status.endswith(".0.0"):
            return report
        mention = self.words.best_mention({address_key(report.final), address_key(report.original)})
        if not mention:
            return report
        status = self.words.status(mention) or report.status
        return replace(report, status=status, diagnostic=report.diagnostic or self.words.diagnostic(mention))

    def _forwarded(self, found, known):
        """Return the reports of addresses that we mailed and the text names, when the fields name others."""
        mentions = [mention for mention in self._mentions(known) if mention.strength != ECHOED]
        worst_kind = worst(report.kind for report in found)
        reports = [report for report in found if report.kind == worst_kind]
        if len(mentions) > len(reports):  # a list of all, or some of them got it
            return []
        return [
            replace(report, original=mention.address, final=report.final or report.original)
            for mention, report in zip(mentions, reports, strict=False)
        ]

    def _receipts(self, known):
        """RFC 8098; a program that deletes a message and says that it rejected it has failed to deliver."""
        found = []
        for report, _ids in self.dispositions:
            rejected = not report.kind and "automatic-action" in report.action.lower() and self.words.says_failure
            found.append(replace(report, kind="failed" if rejected else report.kind or "none"))
        return found

    def _in_words(self, known):
        """The words of servers, ``X-Failed-Recipients``, at last the addresses that we mailed."""
        if self.dispositions or not self.is_report_in_words():
            return []
        kind = "delayed" if self.words.says_delay else "failed"
        return [self._from_mention(kind, mention) for mention in self._named(known)] or [
            RecipientReport(
                kind=kind,
                original=address,
                status=find_status(self.words.said),
                diagnostic=self.words.said[:MAX_DIAGNOSTIC],
            )
            for address in self._by_header(known)
        ]

    def _named(self, known):
        """Return the mentions that count: those called failed, else any of an address that we mailed."""
        failed = self._failed_in_words()
        if known:
            matching = [m for m in failed if m.key in known or address_key(m.original) in known]
            matching = matching or self._mentions(known)
            if matching or self._by_header(known):
                return matching
        return failed

    def _failed_in_words(self):
        """Return the mentions called failed; those that ``X-Failed-Recipients`` names too, if there are such."""
        senders = self._senders()
        failed = self.words.failed(senders)
        named = {address_key(address) for address in self.header.addresses("x-failed-recipients")}
        if not named:
            return failed
        confirmed = [mention for mention in failed if mention.key in named]
        return confirmed or [mention for mention in failed if mention.key not in senders]

    def _mentions(self, known):
        """Return the mentions of addresses that we mailed, the strongest kind of mention alone.

        What is not called failed may be a list of all recipients: then it is one address, or it tells nothing.
        """
        reached = self.words.reached()
        mentions = [m for m in self.words.mentions() if m.key in known and m.key not in reached]
        strongest = min((mention.strength for mention in mentions), default=None)
        first = {}
        for mention in mentions:
            if mention.strength == strongest:
                first.setdefault(mention.key, mention)
        return list(first.values()) if len(first) == 1 or mentions and strongest <= STATED else []

    def _from_mention(self, kind, mention):
        return RecipientReport(
            kind="delayed" if mention.late else kind,
            original=mention.original or mention.address,
            final=mention.address,
            status=self.words.status(mention) or self._lone_status(mention),
            diagnostic=self.words.diagnostic(mention),
        )

    def _lone_status(self, mention):
        """Return the only code of a text that is about one address alone."""
        others = {other.key for other in self.words.failed()} - {mention.key}
        return "" if others else find_status(self.words.said)

    def _by_header(self, known):
        """Return addresses that stand in headers alone, each source asked in turn."""
        named = self.header.addresses("x-failed-recipients")
        returned = self.original.recipients
        if known:
            named = [address for address in named if address_key(address) in known] or named
            returned = [address for address in returned if address_key(address) in known]
        reached = self.words.reached()
        returned = [address for address in returned if address_key(address) not in reached]
        if named:
            return named
        others = [mention.address for mention in self.words.mentioned(self._senders())]
        if len(others) == 1:
            return others
        return returned if len(returned) == 1 else ()


def _message_ids(values):
    return unique(found for value in values for found in find_message_ids(value))


def _typed(fields, name):
    return fields.get(name).partition(";")[2].strip() or fields.get(name) if fields else ""


def _match(report, known):
    """Return which address of a report we mailed, as we wrote it."""
    return known.get(address_key(report.original)) or known.get(address_key(report.final)) or ""


def _addressed(report, known):
    """Set a report's ``address``: the one that we mailed; unless known, the final one, which the original led to."""
    named = next((address for address in (report.original, report.final) if "@" in address), "")
    return replace(report, address=_match(report, known) or named or report.final or report.original)


def _reading(message):
    reading = _readings.get(message)
    if reading is None:
        reading = _readings[message] = Reading(message)
    return reading


def read_original(message):
    """Read the hints at the message that a report is about; whether it is a report at all is not asked.

    What is worked out here serves :func:`read_report` on the same message object afterwards.

    :param email.message.Message message: of any policy
    :return: the :class:`Original`; empty for what cannot be read
    """
    try:
        return _reading(message).original
    except Exception:  # noqa: BLE001  a message that breaks the reader must not break the mail gateway
        _logger.info("A message could not be read as a report", exc_info=True)
        return Original()


def read_report(message, known=()):
    """Read a message as a report on delivery.

    :param email.message.Message message: of any policy
    :param known: the normalised addresses that the original message was sent to. With them, a report that names a
        recipient by an address of its own (a forwarder's, an alias) or in words that are not understood is matched to
        the one that was mailed.
    :return: the :class:`Report`, of kind ``none`` for anything else; never raises
    """
    try:
        return _reading(message).report(known)
    except Exception:  # noqa: BLE001  a message that breaks the reader must not break the mail gateway
        _logger.info("A message could not be read as a report", exc_info=True)
        return Report()
