from odoo import api, fields, models


class SengerioMailDocumented(models.AbstractModel):
    """A record that is sent as a document: its smart button."""

    _name = "sengerio.mail.documented"
    _description = "Record Sent by E-mail"

    sengerio_document_count = fields.Integer(
        "Generated Documents", compute="_compute_sengerio_document_count", groups="base.group_user"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sengerio_document_count(self):
        counts = dict(
            self.env["sengerio.mail.document"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)], ["res_id"], ["__count"]
            )
        )
        for record in self:
            record.sengerio_document_count = counts.get(record.id, 0)

    def action_sengerio_documents(self):
        """Open the documents that were sent of this record."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_action")
        return {**action, "domain": [("res_model", "=", self._name), ("res_id", "=", self.id)], "context": {}}
