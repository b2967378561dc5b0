from odoo import api, models

from .mail_alias_domain import local_parts_changing


class MailAlias(models.Model):
    _inherit = "mail.alias"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS mail
        with local_parts_changing(self.env):
            return super().create(vals_list)

    def write(self, vals):
        # EXTENDS mail
        with local_parts_changing(self.env):
            return super().write(vals)
