import re

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import addresses
from .sengerio_mail_address import ROLES

# context of a due notice: ids of its invoices, the company that claims them, whether they are attached
DUE_MOVES, DUE_COMPANY, DUE_ATTACH = "sengerio_due_move_ids", "sengerio_due_company_id", "sengerio_due_attach"
OPEN_MOVES = (
    Domain("move_type", "in", ("out_invoice", "out_receipt", "out_refund"))
    & Domain("state", "=", "posted")
    & Domain("payment_state", "in", ("not_paid", "partial"))
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    sengerio_address_ids = fields.One2many(
        "sengerio.mail.address", "partner_id", string="Role Addresses", copy=True, groups="base.group_user"
    )
    sengerio_copy_ids = fields.One2many(
        "sengerio.mail.copy", "partner_id", string="Copies", copy=False, groups="base.group_user"
    )
    sengerio_bounced_email = fields.Char(
        "Bad Address",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Mail to this address came back: it does not exist.",
    )
    sengerio_is_bounced = fields.Boolean(compute="_compute_sengerio_is_bounced", groups="base.group_user")
    sengerio_last_bounce = fields.Char(
        "Last Bounce", compute="_compute_sengerio_last_bounce", groups="base.group_user"
    )
    sengerio_document_count = fields.Integer(
        "Generated Documents", compute="_compute_sengerio_document_count", groups="base.group_user"
    )

    sengerio_paste_role = fields.Selection(
        ROLES, string="Role of Pasted Addresses", compute="_compute_sengerio_paste", readonly=False,
        groups="base.group_user",
    )  # fmt: skip
    sengerio_paste = fields.Text(
        "Paste Addresses",
        compute="_compute_sengerio_paste",
        inverse="_inverse_sengerio_paste",
        groups="base.group_user",
        help="Several role addresses at once, separated by comma, semicolon or line.",
    )
    sengerio_inherited = fields.Html(
        "Inherited from the Company", compute="_compute_sengerio_inherited", sanitize=False, groups="base.group_user"
    )

    def _compute_sengerio_paste(self):
        self.sengerio_paste_role = ROLES[0][0]
        self.sengerio_paste = False

    def _inverse_sengerio_paste(self):
        for partner in self.filtered("sengerio_paste"):
            self.env["sengerio.mail.address"]._create_pasted(
                partner, partner.sengerio_paste_role, partner.sengerio_paste
            )

    @api.onchange("sengerio_paste")
    def _onchange_sengerio_paste(self):
        return self.env["sengerio.mail.address"]._take_pasted(self)

    @api.depends(
        "parent_id", "is_company", "type", "email", "sengerio_address_ids.role", "sengerio_address_ids.email",
        "sengerio_address_ids.company_id", "sengerio_address_ids.active",
    )  # fmt: skip
    @api.depends_context("company", "lang")
    def _compute_sengerio_inherited(self):
        """Show what a contact's documents use of its company, greyed beside its own addresses."""
        foresight = self.env["sengerio.mail.foresight"]
        roles = dict(self.env["sengerio.mail.address"]._fields["role"]._description_selection(self.env))
        for partner in self:
            parents = self.env["sengerio.mail.resolver"]._chain(partner)[1:].sudo(False)
            values = {
                "addresses": [(roles[role], row, reason) for role, row, reason in foresight._inherited(partner, roles)],
                "copies": parents.sengerio_copy_ids.filtered(lambda copy: copy.direction == "sent_to"),
            }
            shown = any(values.values())
            partner.sengerio_inherited = shown and self.env["ir.qweb"]._render("sengerio_mail.inherited", values)

    @api.model
    def _search_display_name(self, operator, value):
        # EXTENDS base: people are found by their role addresses too
        domain = super()._search_display_name(operator, value)
        if value and operator in ("ilike", "like", "=ilike", "=like") and self.env.user._is_internal():
            return Domain(domain) | Domain("sengerio_address_ids.email", operator, value)
        return domain

    @api.depends("email", "sengerio_bounced_email")
    def _compute_sengerio_is_bounced(self):
        """Tell whether the address that is bad still is the partner's: correcting it ends the warning."""
        for partner in self:
            emails = {address.email for address in addresses.tolerant(partner.email)}
            partner.sengerio_is_bounced = partner.sengerio_bounced_email in emails

    @api.depends("sengerio_bounced_email")
    @api.depends_context("lang", "tz")
    def _compute_sengerio_last_bounce(self):
        told = self.env["sengerio.mail.delivery"]._last_bounces(set(self.mapped("sengerio_bounced_email")))
        for partner in self:
            partner.sengerio_last_bounce = told.get(partner.sengerio_bounced_email, False)

    def unlink(self):
        # EXTENDS base: a document that waits for them leaves all the same
        self.env["mail.mail"].sudo()._sengerio_make_plain(self)  # of whoever sent it
        return super().unlink()

    def _sengerio_replace_email(self, old, new):
        """Replace one of the addresses in the e-mail field, and leave the others as they were written.

        :param str old: normalised
        :param str new: normalised
        """
        self.ensure_one()
        whole = re.compile(rf"(?<![\w.+-]){re.escape(old)}(?![\w-]|\.\w)", re.IGNORECASE)
        text = whole.sub(lambda _match: new, self.email or "")
        if self.sengerio_bounced_email == old:
            self.sengerio_bounced_email = False
        self.email = text if text != self.email else new

    def action_sengerio_use_again(self):
        """Take the mark off the e-mail address: whoever knows better sends there again."""
        self.check_access("write")
        self.sengerio_bounced_email = False

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sengerio_document_count(self):
        family = self.env["res.partner"].search_fetch([("id", "child_of", self.ids)], ["parent_id"])
        counts = self.env["sengerio.mail.document"]._read_group(
            [("partner_id", "in", family.ids)], ["partner_id"], ["__count"]
        )
        self.sengerio_document_count = 0
        for partner, count in counts:
            while partner:
                if partner in self:
                    partner.sengerio_document_count += count
                partner = partner.parent_id

    def action_sengerio_documents(self):
        """Open the documents sent to this partner and its contacts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sengerio_mail.sengerio_mail_document_action")
        return {**action, "domain": [("partner_id", "child_of", self.id)], "context": {}}

    def action_sengerio_matrix(self):
        """Show who would get what is sent to this partner."""
        self.ensure_one()
        return self.env["sengerio.mail.matrix"]._open(self.env._("Who gets what"), default_partner_id=self.id)

    # ------------------------------------------------------------
    # Due notices
    # ------------------------------------------------------------

    def _mail_get_companies(self, default=False):
        # EXTENDS mail: a due notice is of the company that claims the money
        companies = super()._mail_get_companies(default=default)
        company_id = self.env.context.get(DUE_COMPANY)
        if company_id in self.env.companies.ids:
            company = self.env["res.company"].browse(company_id)
            companies = {partner_id: found or company for partner_id, found in companies.items()}
            # what a branch sells, it sells to customers of its main company, too
            ours = self.filtered(lambda one: not one.company_id or one.company_id in company.parent_ids)
            companies.update(dict.fromkeys(ours.ids, company))
        return companies

    def _notify_by_email_prepare_rendering_context(self, message, msg_vals=False, model_description=False,
                                                   force_email_company=False, force_email_lang=False,
                                                   force_record_name=False):  # fmt: skip
        # EXTENDS mail: a document has the letterhead of the company that its message is of
        message_sudo = message.sudo()
        if not force_email_company and message_sudo.sengerio_send:
            force_email_company = message_sudo.record_company_id
        return super()._notify_by_email_prepare_rendering_context(
            message, msg_vals=msg_vals, model_description=model_description, force_email_company=force_email_company,
            force_email_lang=force_email_lang, force_record_name=force_record_name,
        )  # fmt: skip

    def _sengerio_due_company(self):
        """Return the company whose invoices are due."""
        self.ensure_one()
        return self._mail_get_companies(default=self.env.company)[self.id]

    def _sengerio_due_invoices(self):
        """Return the open invoices for a notice to this customer, the oldest first.

        :return: ``account.move``: those that were chosen, else all that are overdue, and open credit notes
        """
        self.ensure_one()
        domain = OPEN_MOVES & Domain("company_id", "=", self._sengerio_due_company().id)
        domain &= Domain("commercial_partner_id", "in", self._sengerio_due_customers().ids)
        chosen = self.env.context.get(DUE_MOVES)
        if chosen is None:
            domain &= self.env["account.move"]._sengerio_due_domain() | Domain("move_type", "=", "out_refund")
        else:
            domain &= Domain("id", "in", chosen)
        return self.env["account.move"].search(domain, order="invoice_date_due, id")

    def _sengerio_due_customers(self):
        """Return whose invoices a notice to this customer is about: an invoice keeps the entity that it was made for,
        also when the customer becomes part of another one."""
        return self | self.commercial_partner_id

    def _sengerio_due_lines(self, invoices=None):
        """Return the rows of a notice as ``[{number, date, date_due, days_overdue, total, open, currency, move}]``.

        What a credit note gives back is negative.

        :param invoices: of :meth:`_sengerio_due_invoices`, if they are known
        """
        today = fields.Date.context_today(self)
        lines = []
        for move in self._sengerio_due_invoices() if invoices is None else invoices:
            sign = -1 if move.move_type == "out_refund" else 1
            late = (today - (move.invoice_date_due or today)).days
            lines.append(
                {
                    "number": move.name, "date": move.invoice_date, "date_due": move.invoice_date_due,
                    "days_overdue": max(late, 0) if sign > 0 else 0, "total": sign * move.amount_total,
                    "open": sign * move.amount_residual, "currency": move.currency_id, "move": move,
                }
            )  # fmt: skip
        return lines

    def _sengerio_due_totals(self, lines=None):
        """Return what is open, as ``{currency: amount}``.

        :param lines: of :meth:`_sengerio_due_lines`, if they are known
        """
        totals = {}
        for line in self._sengerio_due_lines() if lines is None else lines:
            totals[line["currency"]] = totals.get(line["currency"], 0) + line["open"]
        return totals

    def _sengerio_total(self):
        # EXTENDS: of a notice about one currency
        totals = self._sengerio_due_totals() if DUE_MOVES in self.env.context else {}
        if len(totals) != 1:
            return super()._sengerio_total()
        [(currency, amount)] = totals.items()
        return amount, currency

    def _sengerio_due_attachments(self):
        """Return the PDFs of the invoices of a notice; those never printed are printed for it.

        :return: ``(ir.attachment, [(file name, content)])``
        """
        invoices = self._sengerio_due_invoices()
        new = invoices.filtered(lambda move: not move.invoice_pdf_report_id)
        return invoices.invoice_pdf_report_id, [move._sengerio_print() for move in new]
