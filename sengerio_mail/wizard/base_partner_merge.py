from odoo import models

ADDRESS_KEY = ("role", "email", "company_id")
COPY_KEY = (
    "direction", "role", "document_type_ids", "header", "copy_partner_id", "copy_field", "email", "mandatory",
    "company_id",
)  # fmt: skip


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base: which deletes all rows of a source partner when one of them exists at the destination already
        self._sengerio_move("sengerio.mail.address", ADDRESS_KEY, src_partners, dst_partner)
        self._sengerio_move("sengerio.mail.copy", COPY_KEY, src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _sengerio_move(self, model, key, src_partners, dst_partner):
        """Give the destination the rows that it does not have.

        :param str model: model of the rows, which have ``partner_id`` and ``active``
        :param key: names of the fields in which two rows of one partner differ
        """
        rows_sudo = self.env[model].sudo().with_context(active_test=False)  # for whoever may merge
        rows = rows_sudo.search([("partner_id", "in", (src_partners | dst_partner).ids)])
        kept = {self._sengerio_key(row, key): row for row in rows if row.partner_id == dst_partner}
        for row in rows.filtered(lambda row: row.partner_id != dst_partner):
            twin = kept.setdefault(self._sengerio_key(row, key), row)
            if twin == row:
                row.partner_id = dst_partner
                continue
            if row.active and not twin.active:
                twin.active = True
            row.unlink()

    def _sengerio_key(self, row, key):
        return tuple(tuple(row[name].ids) if row._fields[name].relational else row[name] for name in key)
