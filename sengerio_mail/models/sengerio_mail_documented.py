from odoo import api, fields, models

from .sengerio_mail_delivery import STATES


class SengerioMailDocumented(models.AbstractModel):
    """A record that is sent as a document: its smart button, which says what became of the last one."""

    _name = "sengerio.mail.documented"
    _description = "Record Sent by E-mail"

    sengerio_document_count = fields.Integer(
        "Generated Documents", compute="_compute_sengerio_documents", groups="base.group_user"
    )
    sengerio_document_state = fields.Selection(
        STATES, string="Last Document Sent", compute="_compute_sengerio_documents", groups="base.group_user"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sengerio_documents(self):
        documents = self.env["sengerio.mail.document"]
        groups = documents._read_group(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)], ["res_id"], ["__count", "id:max"]
        )
        found = {res_id: (count, documents.browse(last)) for res_id, count, last in groups}
        documents.browse([last.id for _count, last in found.values()]).fetch(["state"])
        for record in self:
            count, last = found.get(record.id, (0, documents))
            record.sengerio_document_count = count
            record.sengerio_document_state = last.state

    def action_sengerio_documents(self):
        """Open the documents that were sent of this record."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_action")
        return {**action, "domain": [("res_model", "=", self._name), ("res_id", "=", self.id)], "context": {}}
