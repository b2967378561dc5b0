from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    sengerio_bcc_opt_out = fields.Boolean(
        "No Blind Copies", help="Do not send me a blind copy of the documents that I send."
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "sengerio_bcc_opt_out"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "sengerio_bcc_opt_out"]
