from odoo import api, fields, models

from ..tools import addresses


class ResPartner(models.Model):
    _inherit = "res.partner"

    sengerio_address_ids = fields.One2many(
        "sengerio.mail.address", "partner_id", string="Role Addresses", copy=True, groups="base.group_user"
    )
    sengerio_copy_ids = fields.One2many(
        "sengerio.mail.copy", "partner_id", string="Copies", copy=False, groups="base.group_user"
    )
    sengerio_bounced_email = fields.Char(
        "Bad Address",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Mail to this address came back: it does not exist.",
    )
    sengerio_is_bounced = fields.Boolean(compute="_compute_sengerio_is_bounced", groups="base.group_user")
    sengerio_document_count = fields.Integer(
        "Generated Documents", compute="_compute_sengerio_document_count", groups="base.group_user"
    )

    @api.depends("email", "sengerio_bounced_email")
    def _compute_sengerio_is_bounced(self):
        """Tell whether the address that is bad still is the partner's: correcting it ends the warning."""
        for partner in self:
            emails = {address.email for address in addresses.tolerant(partner.email)}
            partner.sengerio_is_bounced = partner.sengerio_bounced_email in emails

    def action_sengerio_use_again(self):
        """Take the mark off the e-mail address: whoever knows better sends there again."""
        self.check_access("write")
        self.sengerio_bounced_email = False

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
