from odoo import api, fields, models
from odoo.tools import groupby


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    sengerio_envelope_token = fields.Boolean(
        "Bounce Address per Document",
        help="Documents leave with an envelope sender of their own, bounce+…@domain: a bounce that says nothing else "
        "is still matched. The mail server must deliver bounce+anything to Odoo as it does bounce "
        "(Postfix: recipient_delimiter = +).",
    )

    @api.model
    def _sengerio_own(self, emails):
        """Return those of some addresses that are Odoo's own: what is sent there comes back in.

        Each is judged by itself: those of which Odoo's answer depends on others are not asked about with these.
        """
        own = set()
        for _inside, asked in groupby(dict.fromkeys(emails), self._sengerio_judges_by_local_part()):
            own.update(self._find_aliases(asked))
        return own

    @api.model
    def _sengerio_judges_by_local_part(self):
        """Return a function that tells whether ``_find_aliases()`` judges an address by its local part.

        Where domains are named for catch-all, it does so in these and in the alias domains. It then takes addresses
        elsewhere for Odoo's own, too, if they are asked about with one there that has the same local part.
        """
        named = self.env["ir.config_parameter"].sudo().get_param("mail.catchall.domain.allowed")
        domains = {*named.split(","), *self.sudo().search([]).mapped("name")} - {""} if named else None
        return lambda email: domains is None or email.partition("@")[2] in domains
