from odoo import models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    def action_sengerio_document_types(self):
        """Open the mail policy per document type."""
        return self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_type_action")
