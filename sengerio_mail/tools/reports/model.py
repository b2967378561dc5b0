"""What a reader of reports returns: values, without behaviour that needs Odoo."""

from dataclasses import dataclass, field

# worst first: a report that mixes several has the first of them
KINDS = ("failed", "complaint", "delayed", "delivered", "relayed", "expanded", "read", "auto_reply", "none")


@dataclass(frozen=True)
class RecipientReport:
    """What a report says of one recipient.

    ``kind`` is of :data:`KINDS`; ``original`` the address that was mailed, ``final`` the one that it led to (each may
    be empty), ``action`` the report's own word, ``status`` an enhanced status code (RFC 3463) or empty,
    ``diagnostic`` the server's words, ``remote_mta`` the server that said them. ``address`` is the one to look up
    among those mailed.
    """

    kind: str
    original: str = ""
    final: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    remote_mta: str = ""
    address: str = ""


@dataclass(frozen=True)
class Original:
    """Every hint at the message that a report is about.

    ``message_ids``: of the returned message, or what a receipt calls the original one; ``references``: of the report
    itself; ``envelope_id``: ENVID of RFC 3461; ``tokens``: values of ``X-Sengerio-Document`` in the returned headers;
    ``recipients``: addresses that the returned message names as its own.
    """

    message_ids: tuple = ()
    references: tuple = ()
    envelope_id: str = ""
    tokens: tuple = ()
    recipients: tuple = ()


@dataclass(frozen=True)
class Report:
    """A message as a report: ``kind`` is the worst of its recipients', or ``none``."""

    kind: str = "none"
    recipients: tuple = ()
    original: Original = field(default_factory=Original)
    reporting_mta: str = ""
    arrival_date: str = ""


def worst(kinds):
    """Return the worst of some kinds, ``none`` without any."""
    return min(kinds, key=KINDS.index, default="none")
