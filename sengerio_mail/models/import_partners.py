"""The partners that the rows of an import name, found with a handful of queries."""

from collections import defaultdict

PARTNER_KEYS = ("id", "ref", "vat", "")  # of a column "partner_id/…"; the last one is the name


class Unclear(ValueError):
    """What a row says of a partner means none, or several; the message says which."""


def full_id(external_id):
    """Return an external ID with its module; without one it gets Odoo's own for that."""
    return external_id if not external_id or "." in external_id else f"__import__.{external_id}"


class Partners:
    """Partners by external ID, reference, VAT number or name.

    :param env: of the user who imports; what that user may not see is unknown
    :param list rows: :class:`~.import_rows.Row`
    :param dict external: ``{full external id: record}``
    """

    def __init__(self, env, rows, external):
        self._ = env._
        self._all = env["res.partner"].with_context(active_test=False, prefetch_fields=False)
        self._external = external
        self._found = self._read(rows)

    @property
    def ids(self):
        """The ids of all partners that rows may mean."""
        records = (record for record in self._external.values() if record is not None)
        named = {record.id for record in records if record._name == "res.partner"}
        return named.union(*(ids for texts in self._found.values() for ids in texts.values()))

    def _read(self, rows):
        """Return ``{key: {text: {partner ids}}}`` for references, VAT numbers and names."""
        given = defaultdict(set)
        for row in rows:
            for name in ("partner_id", "copy_partner_id"):
                for key in PARTNER_KEYS[1:]:
                    if text := row.cells.get(f"{name}/{key}" if key else name):
                        given[key].update((text, text.replace(" ", "").upper()) if key == "vat" else (text,))
        found = {key: defaultdict(set) for key in PARTNER_KEYS[1:]}
        for key, fields in (("ref", ["ref"]), ("vat", ["vat"]), ("", ["name", "complete_name"])):
            for fname in fields if given[key] else ():
                partners = self._all.search_fetch(
                    [(fname, "in", list(given[key]))], [fname, "active", "commercial_partner_id"]
                )
                for partner in partners:
                    found[key][partner[fname]].add(partner.id)
        return found

    def add_known(self, partners):
        """Take in ``res.partner`` whose rows may have been exported: cells have no spaces around a text."""
        fields = {"ref": "ref", "vat": "vat", "": "complete_name"}
        names = [*fields.values(), "active", "commercial_partner_id"]
        for partner in self._all.search_fetch([("id", "in", partners.ids)], names):
            for key, fname in fields.items():
                if text := (partner[fname] or "").strip():
                    self._found[key][text].add(partner.id)

    def is_given(self, row, name):
        """Tell whether a row says what a field is to be: many partners have no reference, so that an empty one says
        nothing; an empty name says that there is no partner.
        """
        return name in row.cells or bool(self._keys(row, name))

    def _keys(self, row, name):
        """Return ``{key: text}`` of the cells that are filled in."""
        return {key: text for key in PARTNER_KEYS if (text := row.cells.get(f"{name}/{key}" if key else name))}

    def find(self, row, name, record):
        """Return the id of the partner that all given keys mean; ``False`` if none is given.

        :param row: :class:`~.import_rows.Row`
        :param str name: the field
        :param record: that the row is about, or ``None``; of several that fit, it keeps its partner
        :raise Unclear: none fits, or several
        """
        given = self._keys(row, name)
        if not given:
            return False
        fitting = None
        for key, text in given.items():
            ids = self._ids_of(key, text)
            if not ids:
                raise Unclear(self._("Unknown partner: %s.", repr(text)))
            fitting = ids if fitting is None else fitting & ids
        told = ", ".join(map(repr, given.values()))
        if not fitting:
            raise Unclear(self._("These mean different partners: %s.", told))
        if record and record[name].id in fitting:
            return record[name].id
        fitting = self._narrowed(fitting, by_vat="vat" in given)
        if len(fitting) > 1:
            raise Unclear(self._("%(count)s partners fit: %(given)s.", count=len(fitting), given=told))
        return next(iter(fitting))

    def _narrowed(self, ids, by_vat):
        """Return whom of several partners is meant: of contacts, which share the VAT number of their company, the
        company; of archived ones and others the others.
        """
        if len(ids) == 1:
            return ids
        partners = self._all.browse(ids)
        if by_vat:
            partners = partners.filtered(lambda partner: partner.commercial_partner_id == partner) or partners
        return (partners.filtered("active") or partners).ids

    def _ids_of(self, key, text):
        if key == "id":
            record = self._external.get(full_id(text))
            return {record.id} if record is not None and record._name == "res.partner" else set()
        found = self._found[key]
        return found.get(text) or (key == "vat" and found.get(text.replace(" ", "").upper())) or set()
