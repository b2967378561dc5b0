from odoo import fields, models


class SengerioMailEvent(models.Model):
    """Something that happened to a delivery, as it was reported."""

    _name = "sengerio.mail.event"
    _description = "E-mail Delivery Event"
    _order = "date, id"
    _rec_name = "kind"

    delivery_id = fields.Many2one(
        "sengerio.mail.delivery", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection([("refused", "Refused"), ("failed", "Failed")], required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection([("smtp", "Mail server")], required=True)
    detail = fields.Text()
    attachment_id = fields.Many2one("ir.attachment", string="Report", ondelete="set null")
