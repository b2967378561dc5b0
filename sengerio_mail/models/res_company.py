from odoo import fields, models

RETENTION_ACTIONS = [("keep", "Keep for ever"), ("anonymise", "Remove addresses"), ("delete", "Delete")]


class ResCompany(models.Model):
    _inherit = "res.company"

    sengerio_retention = fields.Selection(
        RETENTION_ACTIONS, string="Old Documents", required=True, default="keep",
        help="What becomes of listed documents after some months, unless their type says otherwise.",
    )  # fmt: skip
    sengerio_retention_months = fields.Integer("Keep Documents for Months", default=36)
    sengerio_report_months = fields.Integer(
        "Keep Reports for Months", default=6, help="Bounces and other reports as they came. 0: as long as the document."
    )

    _sengerio_retention_months = models.Constraint(
        "CHECK (sengerio_retention = 'keep' OR sengerio_retention_months > 0)",
        "Documents are kept for a month at least.",
    )
