"""The rows of an import as they were read, and the records that they ask for."""

from dataclasses import dataclass, field

from .import_partners import full_id

ADDRESS, COPY = "sengerio.mail.address", "sengerio.mail.copy"
TARGETS = ("copy_partner_id", "copy_field", "email")


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be imported."""

    sheet: str
    row: int
    reason: str


@dataclass
class Row:
    """One row as it was read."""

    model: str
    sheet: str
    number: int
    cells: dict  # {key: text}
    beyond: str = ""  # texts behind the last title


@dataclass(eq=False)
class Entry:
    """One record that a row asks for; a row with several addresses asks for several."""

    row: Row
    vals: dict
    record: object = None  # the one that exists already, or None
    like: object = None  # the record of the row whose further address this is, or None
    changes: dict = field(default_factory=dict)  # of an existing one

    @property
    def xml_id(self):
        """The external ID that a new record gets."""
        return full_id(self.row.cells.get("id"))

    def value(self, name):
        """Return a field's value as it will be; ``None`` if Odoo gives it, or there is no such field."""
        value = self.vals.get(name)
        if value is None and self.record and name in self.record:
            return value_of(self.record, name)
        return value

    def complete(self, names):
        """Take what the row does not say of a new record from the one that it is beside; not its name and target."""
        if self.like and not self.record:
            shared = {name: value_of(self.like, name) for name in names if name not in ("name", *TARGETS)}
            self.vals = {**shared, **self.vals}

    def sets(self, *names):
        """Tell whether one of these fields gets a value that it does not have yet."""
        return not self.record or not self.changes.keys().isdisjoint(names)


def value_of(record, name):
    """Return a field's value as it stands in an entry's."""
    value = record[name]
    if name == "document_type_ids":
        return sorted(value.ids)
    if name.endswith("_id"):
        return value.id
    return value.strip() if isinstance(value, str) else value


def entries_of(row, vals, emails, record):
    """Return an entry for each address of a row; the one that its record has already stays with it, else the first one.

    :param dict vals: what the row says, but for the addresses
    :param list emails: ``None`` if there is no such column
    :param record: that the row names, ``None`` for a new one
    :return: list of :class:`Entry`
    """
    if not emails:
        return [Entry(row, vals if emails is None else {**vals, "email": False}, record)]
    kept = next((address for address in emails if record and address.email == record.email), emails[0])
    entries = []
    for address in emails:
        own = {**vals, "email": address.email}
        if row.model == ADDRESS and address.name and not own.get("name"):
            own["name"] = address.name
        if address is kept:
            entries.append(Entry(row, own, record))
        else:
            entries.append(Entry(Row(row.model, row.sheet, row.number, {}), own, like=record))
    return entries
