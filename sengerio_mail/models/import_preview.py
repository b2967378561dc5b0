"""The first things that an import would do, in words, for those who look before it does them."""

from itertools import chain, islice

from .import_rows import ADDRESS, value_of

SHOWN = 40
ADDED, CHANGED, REMOVED, UNCHANGED = "added", "changed", "removed", "unchanged"
PEOPLE = ("partner_id", "copy_partner_id")
IN_COLUMNS = frozenset({*PEOPLE, "role", "header", "email", "copy_field"})  # not told again beside


def outcome(entry):
    """Return what becomes of an :class:`~.import_rows.Entry`; who is archived counts as removed."""
    if not entry.record:
        return ADDED
    if not entry.changes:
        return UNCHANGED
    return REMOVED if entry.changes.get("active") is False else CHANGED


class Preview:
    """The rows of a preview: what is to be done in the order of the file, then what stays as it is.

    It costs the same for a long file as for a short one: names are read of what is shown alone.

    :param plan: :class:`~.import_plan.Plan`
    """

    def __init__(self, plan):
        self.env, self._ = plan.env, plan.env._
        sheets = self.env["sengerio.mail.address.sheets"]
        self._columns, self._yes_no = sheets._columns(), sheets._yes_no()
        self._types = {document_type.id: word for document_type, word in sheets._type_words().items()}
        refused = {(problem.sheet, problem.row) for problem in plan.problems}
        fitting = [entry for entry in plan.entries if (entry.row.sheet, entry.row.number) not in refused]
        entries = chain(
            (entry for entry in fitting if outcome(entry) != UNCHANGED),
            (entry for entry in fitting if outcome(entry) == UNCHANGED),
        )
        self._entries = list(islice(entries, SHOWN))
        self.more = len(fitting) - len(self._entries)
        self._names = self._read_names()

    def _read_names(self):
        """Return ``{partner id: name}`` of all partners in the rows; the plan has none that its user may not see."""
        ids = {entry.value(name) for entry in self._entries for name in PEOPLE}
        ids |= {entry.record[name].id for entry in self._entries if entry.record for name in PEOPLE
                if name in entry.record}  # fmt: skip
        partners = self.env["res.partner"].with_context(active_test=False).search_fetch(
            [("id", "in", list(ids - {None, False}))], ["complete_name"]
        )  # fmt: skip
        return {partner.id: partner.complete_name for partner in partners}

    def rows(self):
        """Return the values of each row, see ``sengerio.mail.import.change``."""
        return [
            {
                "sheet": entry.row.sheet,
                "row": entry.row.number,
                "partner": self._partner(entry),
                "role": self._role(entry),
                "target": self._target(entry),
                "kind": outcome(entry),
                "detail": self._detail(entry),
            }
            for entry in self._entries
        ]

    def _partner(self, entry):
        partner_id = entry.value("partner_id")
        return self._names.get(partner_id, "") if partner_id else self._("Everybody")

    def _role(self, entry):
        """Return the role of an address; of a copy Cc or Bcc, and its role if it has one."""
        if entry.row.model == ADDRESS:
            return self._word(entry, "role", entry.value("role") or "commercial")
        words = [self._word(entry, "header", entry.value("header") or "cc")]
        if role := entry.value("role"):
            words.append(self._word(entry, "role", role))
        return ", ".join(words)

    def _target(self, entry):
        """Return the address, or the person or field that a copy goes to."""
        names = ("email",) if entry.row.model == ADDRESS else ("copy_partner_id", "copy_field", "email")
        return next((self._word(entry, name, value) for name in names if (value := entry.value(name))), "")

    def _detail(self, entry):
        """Return what is changed of an existing record, from what to what; of a new one what it has besides."""
        titles = {key: column.title for key, column in self._columns[entry.row.model].items()}
        if not entry.record:
            told = {name for name, value in entry.vals.items() if name not in IN_COLUMNS and self._is_told(name, value)}
            return "; ".join(
                f"{title}: {self._word(entry, name, entry.vals[name])}"
                for name, title in titles.items() if name in told
            )  # fmt: skip
        return "; ".join(
            self._(
                "%(column)s: from %(before)s to %(after)s",
                column=title,
                before=self._word(entry, name, value_of(entry.record, name)),
                after=self._word(entry, name, entry.vals[name]),
            )
            for name, title in titles.items() if name in entry.changes
        )  # fmt: skip

    def _is_told(self, name, value):
        """Tell whether a value of a new record is another than Odoo gives it."""
        return value is False if name == "active" else bool(value)

    def _word(self, entry, name, value):
        """Return a value as it stands in a sheet."""
        field = self.env[entry.row.model]._fields[name]
        if field.type == "boolean":
            return self._yes_no[bool(value)]
        if not value:
            return self._("nothing")
        if field.type == "selection":
            return dict(field._description_selection(self.env))[value]
        if name == "document_type_ids":
            return ", ".join(self._types[type_id] for type_id in value if type_id in self._types)
        if name in PEOPLE:
            return self._names.get(value, "")
        if name == "company_id":
            return self.env["res.company"].sudo().browse(value).name  # no secret: the company of what the row shows
        return value
