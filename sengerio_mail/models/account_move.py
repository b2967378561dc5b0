from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import addresses
from .res_partner import OPEN_MOVES


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

    @api.model
    def _sengerio_due_domain(self):
        """Return the condition of open customer invoices past their due date."""
        return (
            OPEN_MOVES
            & Domain("move_type", "in", ("out_invoice", "out_receipt"))
            & Domain("invoice_date_due", "<", fields.Date.context_today(self))
        )

    def _sengerio_print(self):
        """Return ``(file name, PDF)`` of a posted invoice as Odoo's own Print gives it; nothing is stored.

        Odoo's fallback for one that was never sent is a pro-forma: no invoice to be reminded of.
        """
        self.ensure_one()
        report = self.env["account.move.send"]._get_default_pdf_report_id(self)
        reports = self.env["ir.actions.report"].with_company(self.company_id)
        pages, kind = reports._pre_render_qweb_pdf(report.report_name, self.ids)
        pdf = reports._get_splitted_report(report.report_name, pages, kind)[self.id]
        return self._get_invoice_report_filename(report=report), pdf

    def action_sengerio_due_notice(self):
        """Write to the customers of the overdue ones of these invoices, one notice each.

        :return: the action that opens the message to one customer, or the list of customers
        :raise UserError: none of them is overdue
        """
        overdue = self.filtered_domain(self._sengerio_due_domain())
        notice = self.env["sengerio.mail.due.notice"]._prepare(overdue, self - overdue)  # asks for access first
        if not overdue:
            raise UserError(self.env._("None of the chosen entries is an open customer invoice past its due date."))
        return notice._open()
