"""What an import of addresses and copies would do: worked out for all rows with a handful of queries."""

import re
from collections import defaultdict
from functools import cache

from odoo.fields import Command, Domain

from ..tools import addresses
from .import_partners import Partners, Unclear, full_id
from .import_rows import ADDRESS, COPY, TARGETS, Problem, entries_of, value_of
from .sengerio_mail_address import KEY

SEPARATOR = re.compile(r"\s*[,;\n]\s*")
EXTERNAL_ID = re.compile(r"[\w-]+\.[\w.-]+")
TRUE, FALSE = ("true", "1", "x", "yes"), ("false", "0", "no")


def _listed(text):
    """Return a list of words with the same mark between them, however they were separated."""
    return ", ".join(SEPARATOR.split(text.strip()))


class Plan:
    """Entries of all rows (a list of :class:`~.import_rows.Row`), and all problems.

    :param env: of the user who imports; what that user may not see is unknown
    """

    def __init__(self, env, rows):
        self.env = env
        self._ = env._
        self._sheets = env["sengerio.mail.address.sheets"]
        self.problems, self.entries = [], []
        self._named = {}  # the first row of each external ID, or of the record that it means
        self._columns = self._sheets._columns()
        self._words = self._read_words()
        self._external = self._read_external_ids(rows)
        self._partners = Partners(env, rows, self._external)
        self._existing = self._read_existing(rows)
        for row in rows:
            self._add(row)
        self._match_addresses()
        self._match_copies()
        for entry in self.entries:
            entry.complete(self._fields_of(entry.row.model))
        self._compare()
        self._check_odoo_addresses()
        self._check_copy_fields()
        self.problems.sort(key=lambda problem: (problem.sheet, problem.row))

    # ------------------------------------------------------------
    # What the database knows
    # ------------------------------------------------------------

    def _read_words(self):
        """Return ``{field: {word as it is compared: value}}`` in the user's language, in English and technical."""
        words = defaultdict(dict)
        for lang in ("en_US", self.env.lang):
            env = self.env(context={**self.env.context, "lang": lang})
            compared = env["sengerio.mail.address.sheets"]._compared
            for model, names in ((ADDRESS, ("role",)), (COPY, ("direction", "header"))):
                for name in names:
                    for value, word in env[model]._fields[name]._description_selection(env):
                        words[name].update({compared(word): value, value: value})
            for value, word in env["sengerio.mail.address.sheets"]._yes_no().items():
                words["active"][compared(word)] = value
            types = env["sengerio.mail.address.sheets"]._type_words()
            for document_type in types:
                if not document_type.company_id:
                    words["document_type_ids"].setdefault(document_type.code, document_type.id)
            words["document_type_ids"].update(self._by_word((_listed(word), one.id) for one, word in types.items()))
        words["header"].update(cc="cc", bcc="bcc")
        words["active"].update({**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)})
        words["mandatory"] = words["active"]
        companies = self.env["res.company"].search([("id", "in", self.env.companies.ids)])
        words["company_id"] = self._by_word((company.name.strip(), company.id) for company in companies)
        return words

    def _by_word(self, pairs):
        """Return ``{word: value}`` by words as they are written, and as compared where that means one value alone."""
        written, compared = {}, {}
        for word, value in pairs:
            written[word] = value
            key = self._sheets._compared(word)
            compared[key] = value if compared.get(key, value) == value else None
        return {**compared, **written}

    def _find_word(self, key, text):
        """Return what a word means in a column, ``None`` if nothing or several things."""
        return self._words[key].get(text, self._words[key].get(self._sheets._compared(text)))

    def _read_external_ids(self, rows):
        """Return ``{external id: record}`` of those in the rows that exist; ``None`` for what the user may not see."""
        keys = ("id", "partner_id/id", "copy_partner_id/id")
        given = {full_id(text) for row in rows for key in keys if (text := row.cells.get(key))}
        data_sudo = self.env["ir.model.data"].sudo().search_fetch(  # where a name leads to; who may see it comes next
            [("name", "in", [text.partition(".")[2] for text in given])], ["module", "name", "model", "res_id"]
        )
        found = {item.complete_name: (item.model, item.res_id) for item in data_sudo}
        found = {text: found[text] for text in given & found.keys()}
        visible = {}
        for model in (ADDRESS, COPY, "res.partner"):
            exported = Domain.TRUE if model == "res.partner" else self._sheets._domain(model)
            ids = [res_id for found_model, res_id in found.values() if found_model == model]
            visible[model] = set(self._all(model).search(exported & Domain("id", "in", ids)).ids)
        return {
            text: self._all(model).browse(res_id) if res_id in visible.get(model, ()) else None
            for text, (model, res_id) in found.items()
        }

    def _fields_of(self, model):
        return [name for name in self._columns[model] if "/" not in name and name != "id"]

    def _all(self, model):
        return self.env[model].with_context(active_test=False, prefetch_fields=False)

    def _read_existing(self, rows):
        """Return ``{model: {id: record}}`` of those that rows may mean: named ones, and all of their partners."""
        known = [record for record in self._external.values() if record is not None]
        named, existing = self._partners.ids, {}
        for model in {row.model for row in rows}:
            ids = [record.id for record in known if record._name == model]
            partner_ids = named.union(self._all(model).browse(ids).partner_id.ids)
            domain = ["|", ("id", "in", ids), ("partner_id", "in", list(partner_ids))]
            if model == COPY:
                domain = ["|", ("partner_id", "=", False), *domain]
            records = self.env[model].with_context(active_test=False).search_fetch(domain, self._fields_of(model))
            existing[model] = {record.id: record for record in records}
            for name in {"partner_id", "copy_partner_id"} & records._fields.keys():
                self._partners.add_known(records[name])
        return existing

    # ------------------------------------------------------------
    # One row
    # ------------------------------------------------------------

    def _refuse(self, row, reason):
        self.problems.append(Problem(row.sheet, row.number, reason))

    def _add(self, row):
        """Read a row; what is wrong with it is noted, all of it."""
        before = len(self.problems)
        record = self._record(row)
        self._check_named_once(row, record)
        self._check_titles(row)
        vals = {}
        for key, text in row.cells.items():
            if key in ("role", "direction", "header", "active", "mandatory", "company_id"):
                self._read_word(row, vals, key, text)
            elif key == "document_type_ids":
                self._read_types(row, vals, text)
            elif key in ("name", "copy_field"):
                vals[key] = text or False
        for name in ("partner_id", "copy_partner_id"):
            if self._partners.is_given(row, name):
                try:
                    vals[name] = self._partners.find(row, name, record)
                except Unclear as error:
                    vals[name] = None
                    self._refuse(row, str(error))
        emails = self._read_emails(row, vals)
        self._check_required(row, vals, record)
        if len(self.problems) == before:
            for entry in entries_of(row, vals, emails, record):
                self._add_entry(entry)

    def _record(self, row):
        """Return the record that the row's external ID names, ``None`` for a new one."""
        text = full_id(row.cells.get("id"))
        if not text or (text not in self._external and EXTERNAL_ID.fullmatch(text)):
            return None
        record = self._external.get(text)
        if record is not None and record._name == row.model:
            return self._existing[row.model][record.id]
        self._refuse(row, self._("%s is no external ID of a row of this sheet.", repr(row.cells["id"])))
        return None

    def _check_named_once(self, row, record):
        mark = record or full_id(row.cells.get("id"))
        first = self._named.setdefault(mark, row) if mark else row
        if first is not row:
            self._refuse(
                row,
                self._("The same external ID as row %(row)s: %(id)s.", row=first.number, id=repr(row.cells["id"])),
            )

    def _check_titles(self, row):
        if not row.beyond:
            return
        self._refuse(
            row,
            self._(
                "More cells than titles: %s. In a CSV file, text that contains the separator needs quotation marks.",
                repr(row.beyond),
            ),
        )

    def _read_word(self, row, vals, key, text):
        if not text:
            if key in ("active", "direction", "header") or (key == "role" and row.model == ADDRESS):
                return  # as it is, or as Odoo gives it
            vals[key] = False
            return
        value = self._find_word(key, text)
        if value is None:
            title = self._columns[row.model][key].title
            self._refuse(row, self._("Unknown value of %(column)s: %(value)s.", column=title, value=repr(text)))
        vals[key] = value

    def _read_types(self, row, vals, text):
        """Read names of document types separated by comma, semicolon or line end; a name may have commas itself."""
        parts, ids = [part for part in _listed(text).split(", ") if part], []
        while parts:
            for size in range(len(parts), 0, -1):
                type_id = self._find_word("document_type_ids", ", ".join(parts[:size]))
                if type_id:
                    ids.append(type_id)
                    break
            else:
                self._refuse(row, self._("Unknown document type: %s.", repr(parts[0])))
            del parts[:size]
        vals["document_type_ids"] = ids

    def _read_emails(self, row, vals):
        """Return the addresses in the row's cell; ``None`` if there is no such column."""
        if "email" not in row.cells:
            return None
        found, invalid = addresses.split(row.cells["email"])
        for error in invalid:
            self._refuse(row, self.env[ADDRESS]._invalid_message(error))
        if row.model == ADDRESS and not found and not invalid:
            self._refuse(row, self._("The e-mail address is missing."))
        return found

    def _check_required(self, row, vals, record):
        if row.model == COPY:
            if not record and "partner_id" not in vals:  # everybody's mail is not copied by chance
                self._refuse(row, self._("Whose mail is copied? For everybody's, leave the column Partner empty."))
            return
        if vals.get("partner_id", record and record.partner_id.id or False) is False:
            self._refuse(row, self._("The partner is missing."))
        if not record and "email" not in row.cells:
            self._refuse(row, self._("The e-mail address is missing."))

    def _add_entry(self, entry):
        if entry.row.model == COPY and sum(bool(entry.value(name)) for name in TARGETS) != 1:
            self._refuse(entry.row, self._("A copy goes to one of: a contact, a field of the document, an address."))
        else:
            self.entries.append(entry)

    # ------------------------------------------------------------
    # All rows
    # ------------------------------------------------------------

    def _match_addresses(self):
        """Find the records of addresses that exist already; refuse those given twice."""
        entries = [entry for entry in self.entries if entry.row.model == ADDRESS]
        if not entries:
            return
        by_key = {
            (row.partner_id.id, row.role, row.email, row.company_id.id): row for row in self._existing[ADDRESS].values()
        }
        moved = {entry.record.id for entry in entries if entry.record}
        seen = {}
        for entry in entries:
            key = self._key(entry)
            there = by_key.get(key)
            if key in seen:
                self._refuse(entry.row, self._("The same as row %s.", seen[key]))
            elif there and entry.record and there != entry.record:
                self._refuse(entry.row, self._duplicate(key, there))
            elif there and not entry.record:
                if there.id in moved:
                    self._refuse(entry.row, self._duplicate(key, there))
                elif not there.active and entry.vals.get("active") is None:
                    self._refuse(entry.row, self._duplicate(key, there))
                entry.record = there
            seen.setdefault(key, entry.row.number)

    def _key(self, entry):
        vals, record = entry.vals, entry.record or entry.like
        if record:
            before = {"partner_id": record.partner_id.id, "role": record.role, "email": record.email,
                      "company_id": record.company_id.id}  # fmt: skip
        else:
            before = {"role": "commercial"}
        return tuple({**dict.fromkeys(KEY, False), **before, **vals}[name] for name in KEY)

    def _duplicate(self, key, there):
        _partner_id, role, email, _company_id = key
        return self.env[ADDRESS]._duplicate_message(
            there.partner_id.display_name, role, email, archived=not there.active
        )

    def _match_copies(self):
        """Take copies that exist with the very same values as they are; refuse those given twice."""
        entries = [entry for entry in self.entries if entry.row.model == COPY]
        changed = {
            entry.record for entry in entries
            if entry.record and self._copy_key(entry.record, entry.vals) != self._copy_key(entry.record, {})
        }  # fmt: skip
        same = {
            self._copy_key(copy, {}): copy for copy in reversed(self._existing.get(COPY, {}).values())
            if copy not in changed
        }  # fmt: skip
        seen = {}
        for entry in entries:
            key = self._copy_key(entry.record or entry.like, entry.vals)
            if key in seen and not entry.row.cells.get("id"):
                self._refuse(entry.row, self._("The same as row %s.", seen[key]))
            seen.setdefault(key, entry.row.number)
            entry.record = entry.record or same.get(key)

    def _copy_key(self, copy, vals):
        names = self._fields_of(COPY)
        values = dict.fromkeys(names, False)
        values.update(active=True, direction="sent_to", header="cc", document_type_ids=())
        if copy:
            values.update({name: value_of(copy, name) for name in names})
        values.update({name: sorted(value) if isinstance(value, list) else value for name, value in vals.items()})
        values["document_type_ids"] = tuple(values["document_type_ids"])
        return tuple(values[name] for name in names)

    def _compare(self):
        """Find what the entries change of their records; refuse what they do for archived partners."""
        for entry in self.entries:
            for name, value in entry.vals.items() if entry.record else ():
                given = sorted(value) if isinstance(value, list) else value
                if (given or False) != (value_of(entry.record, name) or False):
                    entry.changes[name] = [Command.set(given)] if isinstance(value, list) else value
        to_do = {
            entry: entry.vals.get("partner_id") or (entry.record.partner_id.id if entry.record else False)
            for entry in self.entries if entry.changes or not entry.record
        }  # fmt: skip
        archived = self._all("res.partner").search_fetch(
            [("id", "in", list(set(to_do.values()))), ("active", "=", False)], ["complete_name"]
        )
        names = {partner.id: partner.complete_name for partner in archived}
        for entry, partner_id in to_do.items():
            if partner_id in names:
                self._refuse(entry.row, self._("%s is archived.", repr(names[partner_id])))

    def _check_odoo_addresses(self):
        """Refuse new addresses at which Odoo itself receives mail."""
        new = [entry for entry in self.entries if entry.vals.get("email") and entry.sets("email")]
        own = set(self.env[ADDRESS]._odoo_addresses([entry.vals["email"] for entry in new]))
        self._drop(
            {
                entry: self.env[ADDRESS]._alias_message(entry.vals["email"])
                for entry in new if entry.vals["email"] in own
            }
        )  # fmt: skip

    def _check_copy_fields(self):
        """Refuse fields that lead to nobody from the documents that a copy is for; what stays may be so."""
        document_types = self.env["sengerio.mail.document.type"]

        @cache
        def fits(path, *type_ids):
            return self.env[COPY]._fits_copy_field(path, document_types.browse(type_ids))

        copies = [
            entry for entry in self.entries
            if entry.row.model == COPY and entry.value("copy_field") and entry.sets("copy_field", "document_type_ids")
        ]  # fmt: skip
        self._drop(
            {
                entry: self.env[COPY]._copy_field_message(entry.value("copy_field"))
                for entry in copies if not fits(entry.value("copy_field"), *entry.value("document_type_ids") or ())
            }
        )  # fmt: skip

    def _drop(self, reasons):
        """Refuse some entries: ``{entry: reason}``."""
        for entry, reason in reasons.items():
            self._refuse(entry.row, reason)
        self.entries = [entry for entry in self.entries if entry not in reasons]
