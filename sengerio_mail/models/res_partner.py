from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    sengerio_address_ids = fields.One2many(
        "sengerio.mail.address", "partner_id", string="Role Addresses", copy=True, groups="base.group_user"
    )
    sengerio_copy_ids = fields.One2many(
        "sengerio.mail.copy", "partner_id", string="Copies", copy=False, groups="base.group_user"
    )
    sengerio_document_count = fields.Integer(
        "Generated Documents", compute="_compute_sengerio_document_count", groups="base.group_user"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sengerio_document_count(self):
        family = self.env["res.partner"].search_fetch([("id", "child_of", self.ids)], ["parent_id"])
        counts = self.env["sengerio.mail.document"]._read_group(
            [("partner_id", "in", family.ids)], ["partner_id"], ["__count"]
        )
        self.sengerio_document_count = 0
        for partner, count in counts:
            while partner:
                if partner in self:
                    partner.sengerio_document_count += count
                partner = partner.parent_id

    def action_sengerio_documents(self):
        """Open the documents sent to this partner and its contacts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_action")
        return {**action, "domain": [("partner_id", "child_of", self.id)], "context": {}}
