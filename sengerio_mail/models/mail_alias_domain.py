from contextlib import contextmanager

from odoo import api, fields, models
from odoo.tools import SQL, groupby

# key of the transaction's cache, which Odoo clears when a transaction ends or goes back to a savepoint
KEPT = "sengerio_mail.alias_local_parts"
MANY = 500  # aliases; more are not read for the few addresses of a transaction


@contextmanager
def local_parts_changing(env):
    """Within this block, aliases are changed: what was read before is forgotten, and afterwards what was meanwhile."""
    env.cr.cache.pop(KEPT, None)
    try:
        yield
    finally:
        env.cr.cache.pop(KEPT, None)


def is_odoo_own(method):
    """Tell whether a method is Odoo's own: how another module's judges an address is not known."""
    return method.__func__.__module__ == "odoo.addons.mail.models.mail_alias_domain"


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
        with local_parts_changing(self.env):
            return super().create(vals_list)

    def write(self, vals):
        # EXTENDS mail
        with local_parts_changing(self.env):
            return super().write(vals)

    @api.model
    def _find_aliases(self, email_list):
        # EXTENDS mail: only addresses that may be aliases are asked about, as Odoo asks several times for each message
        ask = super()._find_aliases
        local_parts = self._sengerio_local_parts() if is_odoo_own(ask) and any(email_list) else None
        if local_parts is None:
            return ask(email_list)
        likely = [email for email in email_list if email and email.partition("@")[0] in local_parts]
        return ask(likely) if likely else likely

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
