from odoo import api, models

from .mail_alias_domain import forget_local_parts


class MailAlias(models.Model):
    _inherit = "mail.alias"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS mail
        aliases = super().create(vals_list)
        forget_local_parts(self.env)
        return aliases

    def write(self, vals):
        # EXTENDS mail
        result = super().write(vals)
        forget_local_parts(self.env)
        return result
