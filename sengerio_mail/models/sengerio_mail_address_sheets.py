from collections import Counter

from odoo import api, models
from odoo.fields import Domain

from ..tools import spreadsheet
from ..tools.spreadsheet import Column

BATCH = 1000


class SengerioMailAddressSheets(models.AbstractModel):
    """Role addresses and copies as two sheets, which can be edited and imported again.

    A column's key is a field, or ``field/what`` for that by which its record is found.
    """

    _name = "sengerio.mail.address.sheets"
    _description = "Sheets of Addresses and Copies"

    @api.model
    def _columns(self):
        """Return ``{model: {key: Column}}``."""
        _ = self.env._
        partner = {
            "id": Column(_("External ID"), width=30),
            "partner_id/id": Column(_("Partner External ID"), width=24),
            "partner_id/ref": Column(_("Partner Reference"), width=18),
            "partner_id/vat": Column(_("Tax ID"), width=18),
            "partner_id": Column(_("Partner"), width=34),
        }
        shared = {"company_id": Column(_("Company"), width=22), "active": Column(_("Active"), width=10)}
        return {
            "sengerio.mail.address": {
                **partner,
                "role": Column(_("Role"), width=16),
                "email": Column(_("E-mail"), width=36),
                "name": Column(_("Name"), width=26),
                **shared,
            },
            "sengerio.mail.copy": {
                **partner,
                "direction": Column(_("Direction"), width=24),
                "header": Column(_("As"), width=18),
                "role": Column(_("Role"), width=16),
                "document_type_ids": Column(_("Document Types"), width=34),
                "copy_partner_id/id": Column(_("Copy To External ID"), width=24),
                "copy_partner_id/ref": Column(_("Copy To Reference"), width=18),
                "copy_partner_id": Column(_("Copy To"), width=34),
                "copy_field": Column(_("Copy To Field"), width=20),
                "email": Column(_("Copy To Address"), width=36),
                "mandatory": Column(_("Mandatory"), width=12),
                **shared,
            },
        }

    @api.model
    def _headers(self):
        """Return ``{model: {title as it is compared: key}}`` in the user's language, in English and technical."""
        found = {}
        for lang in ("en_US", self.env.lang):
            for model, columns in self.with_context(lang=lang)._columns().items():
                titles = found.setdefault(model, {key: key for key in columns})
                titles.update({self._compared(column.title): key for key, column in columns.items()})
        return found

    @api.model
    def _compared(self, text):
        """Return a title or word as it is compared: without case, hyphens and the mark of what is required."""
        return " ".join(text.casefold().replace("-", "").rstrip("* ").split())

    @api.model
    def _yes_no(self):
        """Return the words for true and false."""
        return {True: self.env._("Yes"), False: self.env._("No")}

    @api.model
    def _type_words(self):
        """Return ``{document type: its name}``, with the company of a company's own, with the code if two would be
        alike."""
        document_types = self.env["sengerio.mail.document.type"].with_context(active_test=False).search([])
        names = {
            document_type: f"{document_type.name} ({document_type.company_id.name})"
            if document_type.company_id else document_type.name
            for document_type in document_types
        }  # fmt: skip
        alike = Counter(map(self._compared, names.values()))
        return {
            document_type: name if alike[self._compared(name)] == 1 else f"{name} [{document_type.code}]"
            for document_type, name in names.items()
        }

    @api.model
    def _records(self, model):
        return self.env[model].with_context(active_test=False)

    @api.model
    def _domain(self, model):
        """Return which rows are exported: those of partners that the user may see."""
        partners = self._records("res.partner")
        domain = Domain.TRUE
        for name in {"partner_id", "copy_partner_id"} & self.env[model]._fields.keys():
            domain &= Domain(name, "=", False) | Domain(name, "in", partners._search([]))
        return domain

    @api.model
    def _count(self):
        """Return how many addresses and copies there are, archived ones too."""
        return sum(self._records(model).search_count(self._domain(model)) for model in self._columns())

    @api.model
    def _write_workbook(self, file, progress=None):
        """Write all addresses and copies that the user may see.

        :param file: path or binary file
        :param progress: called with the number of rows written, after each batch
        :return: the number of rows
        """
        written = 0
        names = {
            "sengerio.mail.address": self.env._("Role Addresses"), "sengerio.mail.copy": self.env._("Copies"),
        }  # fmt: skip
        with spreadsheet.Workbook(file) as book:
            for model, columns in self._columns().items():
                table = book.add_table(names[model], list(columns.values()))
                records = self._records(model).search(self._domain(model), order="id")
                for number in range(0, len(records), BATCH):
                    batch = records[number : number + BATCH].with_prefetch()
                    for row in self._rows(batch, columns):
                        table.add(row)
                    written += len(batch)
                    self.env.invalidate_all()  # in memory there is one batch
                    if progress:
                        progress(written)
                table.close()
        return written

    @api.model
    def _rows(self, records, columns):
        """Return the cells of some records, as texts."""
        external_ids = dict(zip(records.ids, (row[0] for row in records.export_data(["id"])["datas"]), strict=True))
        partners = records.partner_id
        if "copy_partner_id" in records:
            partners |= records.copy_partner_id
        partner_ids = partners.sudo().get_external_id()  # no secret: those of what the row shows
        readable = partners._filtered_access("read")
        words = {
            name: dict(records._fields[name]._description_selection(self.env))
            for name in ("role", "direction", "header") if name in records
        }  # fmt: skip
        yes_no, types = self._yes_no(), self._type_words()

        def cell(record, key):
            name, _slash, what = key.partition("/")
            if key == "id":
                return external_ids[record.id]
            value = record[name]
            if what == "id":
                return partner_ids.get(value.id)
            if what:
                return value[what] if value in readable else None
            if name in words:
                return words[name].get(value)
            if name == "document_type_ids":
                return ", ".join(types.get(document_type, document_type.name) for document_type in value)
            if name in ("partner_id", "copy_partner_id", "company_id"):
                return value.sudo()[value._rec_name if name == "company_id" else "complete_name"]
            return yes_no[value] if name in ("active", "mandatory") else value

        return [[cell(record, key) for key in columns] for record in records]
