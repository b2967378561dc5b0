"""Machine-readable reports: delivery status (RFC 3464), disposition (RFC 8098) and feedback (RFC 5965)."""

from .fields import Fields, decode_xtext, find_status, find_statuses, read_lines, typed_addresses, typed_value, unique
from .model import RecipientReport

_RECIPIENT = frozenset({"final-recipient", "original-recipient", "x-actual-recipient", "final-log-recipient"})
_OUTCOME = frozenset({"action", "status"})
_OF_RECIPIENT = _RECIPIENT | _OUTCOME | {"diagnostic-code", "remote-mta", "last-attempt-date", "will-retry-until"}
# RFC 3464 §2.3.3, and what servers write instead
_ACTIONS = {
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "error": "failed",
    "expired": "failed",
    "undeliverable": "failed",
    "delayed": "delayed",
    "delay": "delayed",
    "deferred": "delayed",
    "delivered": "delivered",
    "deliverable": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
# RFC 5965 §3.1, §7.3: "not-spam" takes a complaint back; RFC 6591 "auth-failure" tells domain owners of forgeries
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "dkim", "dmarc"})
MAX_RECIPIENTS = 500


class DeliveryStatus:
    """A delivery status: fields about the message, and groups of fields about recipients.

    The standard parts the groups by blank lines; servers leave them out and put them where they like. So a group ends
    where a field starts over, or at a blank line when it has a recipient and an outcome.
    """

    def __init__(self, text):
        self.message = []
        self.groups = []
        group = []
        for item in read_lines(text):
            names = {name for name, _value in group}
            if item is None:
                if names & _RECIPIENT and names & _OUTCOME:
                    group = self._close(group)
                continue
            if item[0] in names and item[0] in _RECIPIENT | _OUTCOME:
                # what is said of the original recipient after an outcome is said of the next final one
                late = group[-1:] if group[-1][0] == "original-recipient" and names & _OUTCOME else []
                self._close(group[: len(group) - len(late)])
                group = late
            if group or item[0] in _OF_RECIPIENT:
                group.append(item)
            else:
                self.message.append(item)
        self._close(group)
        self.fields = Fields(self.message)

    def _close(self, group):
        if group and len(self.groups) < MAX_RECIPIENTS:
            self.groups.append(Fields(group))
        return []

    def recipients(self):
        """Return the :class:`RecipientReport` of all recipients; ``kind`` is empty where the group tells no outcome."""
        return [report for group in self.groups for report in _recipients(group)]


def looks_like_status(text):
    """Tell whether a text has the fields of a delivery status, in a part that does not say so."""
    lowered = text.lower()
    return ("\nfinal-recipient:" in lowered or "\noriginal-recipient:" in lowered) and (
        "\naction:" in lowered or "\nstatus:" in lowered
    )


def _recipients(group):
    finals = _addresses(group, "final-recipient", "x-actual-recipient", "final-log-recipient")
    originals = _addresses(group, "original-recipient")
    action = group.get("action")
    diagnostic = "; ".join(unique(typed_value(value) for value in group.all("diagnostic-code")))
    status = _status(group.get("status"), diagnostic)
    for index in range(max(len(finals), len(originals), 0)):
        original = originals[index] if index < len(originals) else ""
        final = finals[index] if index < len(finals) else ""
        yield RecipientReport(
            kind=_kind(action, status),
            original=original,
            final=final,
            action=action,
            status=status,
            diagnostic=diagnostic[:1000],
            remote_mta=typed_value(group.get("remote-mta")),
        )


def _addresses(group, *names):
    """Return the addresses of the first of the fields that has some; else what stands there instead."""
    found = [value for name in names for raw in group.all(name) for value in typed_addresses(raw)]
    real = [value for value in found if "@" in value]
    if names[0] == "final-recipient" and len(group.all("final-recipient")) < 2:
        # the actual recipient comes second: it is the same one under another name
        return (real or found)[:1] if len(real) < 2 else _same_recipient(group, real)
    return real or found


def _same_recipient(group, real):
    first = [value for value in typed_addresses(group.get("final-recipient")) if "@" in value]
    return first or real[:1]


def _kind(action, status):
    """Return the kind of an action; without one, a permanent status alone tells (RFC 3464 §2.3.3)."""
    word = action.lower().strip().split(None, 1)[0].strip("();,.\"'") if action.strip() else ""
    if word in _ACTIONS:
        return _ACTIONS[word]
    return {"5": "failed", "2": "delivered"}.get(status[:1], "")


def _status(value, diagnostic):
    """Return the code (RFC 3463 §2) that the remote server gave, else the one that the reporting server made of it."""
    said = [found for found in find_statuses(diagnostic) if found[0] != "2" and not found.endswith(".0.0")]
    # "expired in our queue" tells less than the reason for which it stayed there
    said.sort(key=lambda found: found == "4.4.7")
    return next(iter(said), "") or find_status(value)


def read_disposition(text):
    """Read a disposition notification (RFC 8098 §3).

    :return: ``(recipient report, original message ids as written)``; its kind is ``read`` for "displayed" alone, empty
        for "deleted", "dispatched", "processed" and errors, which say that nobody read it
    """
    fields = Fields(item for item in read_lines(text) if item)
    disposition = fields.get("disposition")
    kind = disposition.rpartition(";")[2].strip().lower().partition("/")[0].strip()
    finals, originals = (_addresses(fields, name) for name in ("final-recipient", "original-recipient"))
    report = RecipientReport(
        kind="read" if kind in ("displayed", "read") else "",
        original=next(iter(originals), ""),
        final=next(iter(finals), ""),
        action=disposition,
        diagnostic="; ".join(fields.all("error", "failure", "warning"))[:1000],
    )
    return report, fields.all("original-message-id")


def read_feedback(text):
    """Read a feedback report (RFC 5965 §3).

    :return: its recipient reports, empty addresses where it names none; nothing when it is no complaint
    """
    fields = Fields(item for item in read_lines(text) if item)
    feedback_type = fields.get("feedback-type").lower()
    if not feedback_type or feedback_type in _NO_COMPLAINTS:
        return []
    addresses = fields.addresses("original-rcpt-to", "removal-recipient", "redacted-address") or ("",)
    return [RecipientReport(kind="complaint", original=address, action=feedback_type) for address in addresses]


def envelope_id(fields):
    """Return the ENVID (RFC 3464 §2.2.1, xtext of RFC 3461 §4.4 where a server left it encoded)."""
    return decode_xtext(fields.get("original-envelope-id", "x-original-envelope-id"))
