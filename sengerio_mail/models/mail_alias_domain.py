from odoo import api, fields, models
from odoo.tools import SQL, groupby

KEPT = "sengerio_mail.alias_local_parts"  # key of the transaction's cache
MANY = 500  # aliases; with more of them, reading all takes longer than asking for some


def forget_local_parts(env):
    """Let the local parts of aliases be read again, as they have changed in this transaction."""
    env.cr.cache.pop(KEPT, None)


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    sengerio_envelope_token = fields.Boolean(
        "Bounce Address per Document",
        help="Documents leave with an envelope sender of their own, bounce+…@domain: a bounce that says nothing else "
        "is still matched. The mail server must deliver bounce+anything to Odoo as it does bounce "
        "(Postfix: recipient_delimiter = +).",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS mail
        domains = super().create(vals_list)
        forget_local_parts(self.env)
        return domains

    def write(self, vals):
        # EXTENDS mail
        result = super().write(vals)
        forget_local_parts(self.env)
        return result

    @api.model
    def _find_aliases(self, email_list):
        # EXTENDS mail: only addresses that may be aliases are asked about, as Odoo asks several times for each message
        local_parts = self._sengerio_local_parts()
        if local_parts is None:
            return super()._find_aliases(email_list)
        likely = [email for email in email_list if email and email.partition("@")[0] in local_parts]
        return super()._find_aliases(likely) if likely else likely

    @api.model
    def _sengerio_local_parts(self):
        """Return the local parts of all of Odoo's own addresses, read once in a transaction.

        :return: set of text, ``None`` if there are too many
        """
        kept = self.env.cr.cache
        if KEPT not in kept:
            self.env["mail.alias"].flush_model(["alias_name"])
            self.flush_model(["bounce_alias", "catchall_alias", "default_from"])
            found = self.env.execute_query(
                SQL(
                    """
                    SELECT split_part(name, '@', 1)
                      FROM (SELECT alias_name FROM mail_alias
                             UNION ALL
                            SELECT unnest(ARRAY[bounce_alias, catchall_alias, default_from]) FROM mail_alias_domain
                           ) AS own(name)
                     WHERE name > ''
                     LIMIT %s
                    """,
                    MANY + 1,
                )
            )
            kept[KEPT] = {local_part for (local_part,) in found} if len(found) <= MANY else None
        return kept[KEPT]

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
