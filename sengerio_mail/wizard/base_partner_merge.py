from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS base: which deletes all rows of a source partner when one of them exists at the destination already
        self._sengerio_move_addresses(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _sengerio_move_addresses(self, src_partners, dst_partner):
        """Give the destination the role addresses that it does not have; the others go with the source."""
        addresses_sudo = self.env["sengerio.mail.address"].sudo().with_context(active_test=False)  # whoever may merge
        rows = addresses_sudo.search([("partner_id", "in", (src_partners | dst_partner).ids)])
        of_destination = {
            (row.role, row.email, row.company_id): row for row in rows if row.partner_id == dst_partner
        }
        for row in rows:
            if row.partner_id == dst_partner:
                continue
            twin = of_destination.setdefault((row.role, row.email, row.company_id), row)
            if twin == row:
                row.partner_id = dst_partner
                continue
            if row.active and not twin.active:
                twin.active = True
            row.unlink()
