from odoo import api, fields, models


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
        return [*super().SELF_WRITEABLE_FIELDS, "sengerio_bcc_opt_out", "sengerio_copy_ids"]

    def write(self, vals):
        # EXTENDS base: which writes one's own preferences as superuser; the rules of copies hold all the same
        if "sengerio_copy_ids" in vals and not self.env.su:
            self = self.with_context(sengerio_keep_rules=True)  # noqa: PLW0642
        return super().write(vals)

    @api.onchange("sengerio_paste")
    def _onchange_sengerio_paste(self):
        return self.env["sengerio.mail.address"]._take_pasted(self)

    def action_sengerio_matrix(self):
        """Show who would get what this user sends."""
        self.ensure_one()
        return self.env["sengerio.mail.matrix"]._open(self.env._("Who gets what"), default_sender_id=self.id)
