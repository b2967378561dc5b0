from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    sengerio_retention = fields.Selection(related="company_id.sengerio_retention", readonly=False)
    sengerio_retention_months = fields.Integer(related="company_id.sengerio_retention_months", readonly=False)
    sengerio_report_months = fields.Integer(related="company_id.sengerio_report_months", readonly=False)

    def action_sengerio_document_types(self):
        """Open the mail policy per document type."""
        return self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_type_action")

    def action_sengerio_settings(self):
        """Open the page of document mailing."""
        return self.env["sengerio.mail.settings"].action_open_page()
