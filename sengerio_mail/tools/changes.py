"""What the person sending changes for one send: addresses added and left out, another From, another Reply-To.

It travels as JSON through browsers, scheduled messages and jobs, so nothing in it is taken on trust: ``read`` accepts
the shape, the addresses are checked one by one, and :mod:`.resolver` keeps what is mandatory.
"""

from dataclasses import dataclass, field, replace

from . import addresses
from .addresses import Address, InvalidAddress

HEADERS = ("to", "cc", "bcc")
FROM_CHOICES = ("sender", "company", "site")
REPLY_TO_CHOICES = ("responsible_thread", "sender", "responsible", "thread")


class UnreadableChanges(ValueError):
    """Not what this program writes: no dictionary, an unknown header or choice."""


@dataclass(frozen=True)
class Entry:
    """One address that was added.

    :ivar str header: ``to``, ``cc`` or ``bcc``
    :ivar str text: as it was typed
    :ivar address: the :class:`~.addresses.Address`, ``None`` if it cannot be used
    :ivar error: the :class:`~.addresses.InvalidAddress` then
    """

    header: str
    text: str
    address: Address | None = None
    error: InvalidAddress | None = None


@dataclass(frozen=True)
class Changes:
    """The changes for one send.

    :ivar tuple entries: each :class:`Entry` added
    :ivar frozenset removed: addresses, normalised, that are not to get it
    :ivar str email_from: a From policy of ``sengerio.mail.document.type``, empty for the type's own
    :ivar str reply_to: a Reply-To policy, empty for the type's own
    :ivar tuple contacts: ids of the partners added to To, where no field of Odoo's own has them: one of several records
    """

    entries: tuple = ()
    removed: frozenset = field(default_factory=frozenset)
    email_from: str = ""
    reply_to: str = ""
    contacts: tuple = ()

    def __bool__(self):
        return bool(self.entries or self.removed or self.email_from or self.reply_to or self.contacts)

    def added(self, header):
        """Return the usable addresses added to a header."""
        return tuple(entry.address for entry in self.entries if entry.header == header and entry.address)

    @property
    def emails(self):
        """All usable addresses added."""
        return frozenset(entry.address.email for entry in self.entries if entry.address)

    def without(self, entries):
        """Return the same without some of the entries."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry not in entries))

    @property
    def entrusted(self):
        """What of it counts on the user's word alone, as texts: blind copies, contacts, another From or Reply-To."""
        blind = (entry.text for entry in self.entries if entry.header == "bcc")
        contacts = (f"res.partner {contact}" for contact in self.contacts)
        return tuple(text for text in (*blind, *contacts, self.email_from, self.reply_to) if text)

    def without_entrusted(self):
        """Return the same without what is :attr:`entrusted`."""
        seen = tuple(entry for entry in self.entries if entry.header != "bcc")
        return replace(self, entries=seen, email_from="", reply_to="", contacts=())


@dataclass(frozen=True)
class BatchChanges:
    """The changes for several records that are sent at once.

    :ivar Changes common: the copies of all of them, and their From and Reply-To
    :ivar dict own: the :class:`Changes` of single ones, by their id as text
    """

    common: Changes
    own: dict

    def own_of(self, record_id):
        """Return what is changed for one record alone."""
        return self.own.get(str(record_id)) or Changes()

    def of(self, record_id):
        """Return the changes for one record: its own, and those for all, but for copies left out or moved there."""
        own = self.own_of(record_id)
        changed = own.removed | own.emails
        kept = (entry for entry in self.common.entries if not entry.address or entry.address.email not in changed)
        return replace(
            own, entries=(*kept, *own.entries), email_from=self.common.email_from, reply_to=self.common.reply_to
        )

    @property
    def contacts(self):
        """The ids of all partners added to To of single ones."""
        return tuple(sorted({contact for own in self.own.values() for contact in own.contacts}))


def read(values):
    """Read what :func:`write`, or the browser, wrote.

    :param values: ``{"added": {"to": [text], "cc": …, "bcc": …}, "removed": [address], "from": …, "reply_to": …,
        "contacts": [id]}``, every part of which may be missing
    :rtype: Changes
    :raise UnreadableChanges: the shape is another
    """
    values = _dictionary(values)
    added = _dictionary(values.get("added"))
    if not set(added) <= set(HEADERS):
        raise UnreadableChanges(repr(added))
    removed = (addresses.tolerant(text) for text in _texts(values.get("removed")))
    return Changes(
        entries=tuple(_entry(header, text) for header in HEADERS for text in _texts(added.get(header))),
        removed=frozenset(address.email for found in removed for address in found),
        email_from=_choice(values.get("from"), FROM_CHOICES),
        reply_to=_choice(values.get("reply_to"), REPLY_TO_CHOICES),
        contacts=_ids(values.get("contacts")),
    )


def read_batch(values):
    """Read what is changed for several records that are sent at once.

    :param values: ``{"added": {"cc": [text]}, "from": …, "reply_to": …,
        "moves": {"<id>": {"added": {"to": [text], …}, "removed": [address], "contacts": [id]}}}``, every part of which
        may be missing; From and Reply-To are changed for all alone
    :rtype: BatchChanges
    :raise UnreadableChanges: the shape is another
    """
    values = _dictionary(values)
    common = {key: values.get(key) for key in ("from", "reply_to")}
    return BatchChanges(
        common=read({**common, "added": {"cc": _dictionary(values.get("added")).get("cc")}}),
        own={
            str(record_id): replace(read(own), email_from="", reply_to="")
            for record_id, own in _dictionary(values.get("moves")).items()
        },
    )


def write(changes):
    """Return the changes as JSON, their addresses normalised; unusable ones are left out."""
    return {
        "added": {
            header: [addresses.header(address.email, address.name) for address in changes.added(header)]
            for header in HEADERS
            if changes.added(header)
        },
        "removed": sorted(changes.removed),
        "from": changes.email_from,
        "reply_to": changes.reply_to,
        **({"contacts": list(changes.contacts)} if changes.contacts else {}),
    }


def _entry(header, text):
    try:
        return Entry(header, text, addresses.parse(text))
    except InvalidAddress as error:
        return Entry(header, text, error=error)


def _dictionary(values):
    values = values or {}
    if not isinstance(values, dict):
        raise UnreadableChanges(repr(values))
    return values


def _texts(values):
    values = values or []
    if not isinstance(values, (list, tuple)) or not all(isinstance(text, str) for text in values):
        raise UnreadableChanges(repr(values))
    return values


def _ids(values):
    values = values or []
    if not isinstance(values, (list, tuple)) or not all(type(found) is int and found > 0 for found in values):
        raise UnreadableChanges(repr(values))
    return tuple(dict.fromkeys(values))


def _choice(value, choices):
    if value and value not in choices:
        raise UnreadableChanges(repr(value))
    return value or ""
