from odoo import api, models

from ..tools import addresses


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "sengerio.mail.documented"]

    def _sengerio_notified_addresses(self):
        # OVERRIDE: the journal's "Send Copy To" gets a mail of its own
        notified = super()._sengerio_notified_addresses()
        found = addresses.tolerant(self.sudo().journal_id.incoming_einvoice_notification_email)
        return [*notified, *(address.email for address in found)]

    @api.model
    def _partner_find_from_emails(self, records_emails, avoid_alias=True, ban_emails=None,
                                  filter_found=None, additional_values=None, no_create=False):  # fmt: skip
        # EXTENDS mail: a template's plain addresses make no partners, see account.move.send
        return super()._partner_find_from_emails(
            records_emails, avoid_alias=avoid_alias, ban_emails=ban_emails, filter_found=filter_found,
            additional_values=additional_values,
            no_create=no_create or bool(self.env.context.get("sengerio_known_partners_only")),
        )  # fmt: skip
