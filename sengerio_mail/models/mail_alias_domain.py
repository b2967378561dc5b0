from odoo import api, fields, models


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

        Each is asked about by itself where Odoo's answer about one depends on the others, see
        :meth:`_sengerio_judges_together`.
        """
        emails = list(dict.fromkeys(emails))
        found = self._find_aliases(emails) if emails else []
        if len(emails) > 1 and self._sengerio_judges_together():
            found = [email for email in found if self._find_aliases([email])]
        return set(found)

    @api.model
    def _sengerio_judges_together(self):
        """Tell whether one address may be taken for Odoo's own because another one, asked about with it, is.

        Where domains are named for catch-all, ``_find_aliases()`` looks for aliases by the local parts of addresses
        there, and then takes any address with such a local part.
        """
        return bool(self.env["ir.config_parameter"].sudo().get_param("mail.catchall.domain.allowed"))
