from odoo import fields, models

# what a mail server said when the document left, then what came back
KINDS = [
    ("refused", "Refused"),
    ("failed", "Failed"),
    ("delayed", "Delayed"),
    ("delivered", "Delivered"),
    ("relayed", "Passed on"),
    ("expanded", "Passed on to a list"),
    ("opened", "Opened"),
    ("soft_bounce", "Not delivered"),
    ("hard_bounce", "Bad address"),
    ("complaint", "Reported as spam"),
    ("auto_reply", "Automatic reply"),
    ("other", "Other report"),
]


class SengerioMailEvent(models.Model):
    """Something that happened to a delivery, as it was reported."""

    _name = "sengerio.mail.event"
    _description = "E-mail Delivery Event"
    _order = "date, id"
    _rec_name = "kind"

    delivery_id = fields.Many2one(
        "sengerio.mail.delivery", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(KINDS, required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection(
        [("smtp", "Mail server"), ("report", "Report by mail"), ("link", "Confirmed by the reader")], required=True
    )
    fingerprint = fields.Char(help="What makes a report the same one when it comes again.")
    detail = fields.Text()
    # indexed for PostgreSQL, which looks here for each attachment that is deleted in Odoo
    attachment_id = fields.Many2one("ir.attachment", string="Report", index="btree_not_null", ondelete="set null")

    _unique_report = models.UniqueIndex("(delivery_id, fingerprint) WHERE fingerprint IS NOT NULL")
