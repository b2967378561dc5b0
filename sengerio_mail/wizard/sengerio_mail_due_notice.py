from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_amount

from ..models.res_partner import DUE_ATTACH, DUE_COMPANY, DUE_MOVES, OPEN_MOVES

DUE_NOTICE = "due_notice"
DUE_INVOICES = "_sengerio_due"  # in an expression: it asks for the invoices of a notice


class SengerioMailDueNotice(models.TransientModel):
    """Notices that are about to be sent: one for each customer with overdue invoices, and each company of ours."""

    _name = "sengerio.mail.due.notice"
    _description = "Due Notices"

    line_ids = fields.One2many("sengerio.mail.due.notice.line", "notice_id", string="Customers")
    attach_invoices = fields.Boolean(default=True, help="Attach the PDFs of the invoices.")
    left_out = fields.Char(readonly=True, help="Chosen, but not overdue.")

    @api.model
    def _prepare(self, invoices, left_out=()):
        """Prepare the notices for some overdue invoices; open credit notes of their customers are shown, too.

        :param invoices: ``account.move`` that are overdue
        :param left_out: ``account.move`` that were chosen, and are not
        :return: the wizard
        :raise AccessError: the user does no invoicing, or may not write in the customers' chatter
        """
        self.check_access("create")
        invoices.commercial_partner_id.check_access("write")
        refunds = self.env["account.move"].search(
            OPEN_MOVES
            & Domain("move_type", "=", "out_refund")
            & Domain("commercial_partner_id", "in", invoices.commercial_partner_id.ids)
            & Domain("company_id", "in", invoices.company_id.ids)
        )
        by_customer = invoices.grouped(lambda move: (move.commercial_partner_id, move.company_id))
        refunds_by_customer = refunds.grouped(lambda move: (move.commercial_partner_id, move.company_id))
        return self.create(
            {
                "left_out": ", ".join(move.display_name for move in left_out),
                "line_ids": [
                    Command.create(
                        {
                            "partner_id": partner.id,
                            "company_id": company.id,
                            "move_ids": [Command.set((moves | refunds_by_customer.get((partner, company), moves)).ids)],
                        }
                    )
                    for (partner, company), moves in by_customer.items()
                ],
            }
        )

    def _open(self):
        """Return the action that shows the notices: the message itself if there is but one and nothing else to tell."""
        self.ensure_one()
        if len(self.line_ids) == 1 and not self.line_ids.warning and not self.left_out:
            return self.line_ids._open_composer()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Due Notices"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_send(self):
        """Send all notices: several by the mail queue, so that nobody has to wait for them.

        :raise UserError: a customer cannot be mailed, or has nothing to pay; no notice is sent then
        """
        self.ensure_one()
        warned = self.line_ids.filtered("warning")
        if warned:
            raise UserError("\n".join(f"{line.partner_id.display_name}: {line.warning}" for line in warned))
        several = len(self.line_ids) > 1
        for line in self.line_ids:
            line._send(queue=several)
        if several:
            # the queue's job is not the user's
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Due notices on their way: %s", len(self.line_ids)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class SengerioMailDueNoticeLine(models.TransientModel):
    """One notice: a customer and what it owes to one company of ours."""

    _name = "sengerio.mail.due.notice.line"
    _description = "Due Notice"
    _rec_name = "partner_id"

    notice_id = fields.Many2one("sengerio.mail.due.notice", required=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    move_ids = fields.Many2many(
        "account.move",
        relation="sengerio_mail_due_notice_move_rel",
        column1="line_id",
        column2="move_id",
        string="Invoices",
        domain="[('commercial_partner_id', '=', partner_id), ('company_id', '=', company_id), "
        "('state', '=', 'posted'), ('payment_state', 'in', ('not_paid', 'partial')), "
        "('move_type', 'in', ('out_invoice', 'out_receipt', 'out_refund'))]",
    )
    invoice_count = fields.Integer("Count", compute="_compute_due")
    amounts = fields.Char("Amount Due", compute="_compute_due")
    days_overdue = fields.Integer(compute="_compute_due", help="Of the oldest invoice.")
    warning = fields.Char(compute="_compute_due")
    date_last = fields.Datetime("Last Notice", compute="_compute_date_last")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    recipients = fields.Json(compute="_compute_recipients")

    @api.depends("move_ids", "partner_id", "company_id")
    def _compute_due(self):
        due = self._due_invoices()
        with self.env["sengerio.mail.resolver"]._together(self.partner_id):
            for line in self:
                partner = line._in_context().partner_id
                rows = partner._sengerio_due_lines(due[line])
                totals = partner._sengerio_due_totals(rows)
                amounts = [format_amount(self.env, amount, currency) for currency, amount in totals.items()]
                line.invoice_count, line.amounts = len(rows), ", ".join(amounts)
                line.days_overdue = max((row["days_overdue"] for row in rows), default=0)
                line.warning = line._find_trouble(totals)

    def _due_invoices(self):
        """Return ``{line: what ResPartner._sengerio_due_invoices() says of it}``, asked for all at once."""
        companies = self.env.companies | self.company_id
        moves = self.env["account.move"].with_context(allowed_company_ids=companies.ids)
        chosen = Domain("id", "in", self.move_ids._origin.ids)
        found = moves.search(OPEN_MOVES & chosen, order="invoice_date_due, id")
        due = {}
        for line in self:
            partner = line._in_context().partner_id
            company, customers, of_line = (
                partner._sengerio_due_company(), partner._sengerio_due_customers(), line.move_ids._origin,
            )  # fmt: skip
            due[line] = found.filtered(
                lambda move, company=company, customers=customers, of_line=of_line: move in of_line
                and move.company_id == company
                and move.commercial_partner_id in customers
            )
        return due

    def _find_trouble(self, totals):
        """Return why a notice cannot be sent, ``False`` if it can."""
        if not any(currency.compare_amounts(amount, 0) > 0 for currency, amount in totals.items()):
            return self.env._("Nothing is open, credit notes considered.")
        if not self.partner_id.active:  # Odoo mails nobody then
            return self.env._("The customer is archived.")
        policy, _template = self._policy_and_template()
        line = self._in_context()
        if self.env["sengerio.mail.resolver"]._unreachable(policy, line.partner_id, line.partner_id):
            return self.env._("No e-mail address.")
        return False

    @api.depends("partner_id", "company_id")
    def _compute_date_last(self):
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # the date of what colleagues sent, nothing else
        last = {
            (partner, company): date
            for partner, company, date in documents_sudo._read_group(
                [("type_id.code", "=", DUE_NOTICE), ("partner_id", "in", self.partner_id.ids)],
                ["partner_id", "company_id"], ["date_sent:max"],
            )
        }  # fmt: skip
        for line in self:
            line.date_last = last.get((line.partner_id, line.company_id))

    @api.depends("move_ids")
    def _compute_preview(self):
        for line in self:
            _policy, template = line._policy_and_template()
            own = line._in_context()
            template = template.with_env(own.env)
            partner = own.partner_id
            line.preview = template._render_field("body_html", partner.ids, compute_lang=True)[partner.id]

    @api.depends("partner_id", "company_id", "move_ids", "notice_id.attach_invoices")
    @api.depends_context("uid", "lang")
    def _compute_recipients(self):
        """Tell who will get the notice, as the resolver answers when it is sent; of the lines on the page alone."""
        with self.env["sengerio.mail.resolver"]._together(self.partner_id):
            for line in self:
                line.recipients = line._in_context_of_recipients()._foreseen_recipients()

    def _in_context_of_recipients(self):
        """Return the line with that of the notice's context on which it depends who gets it.

        Those are its invoices only if the template says so: without them, it is asked about several customers at once.
        """
        _policy, template = self._policy_and_template()
        fields = ("email_from", "reply_to", "partner_to", "email_to", "email_cc")
        if any(DUE_INVOICES in (template[field] or "") for field in fields):
            return self._in_context()
        return self.with_company(self.company_id).with_context(**{DUE_COMPANY: self.company_id.id})

    def _foreseen_recipients(self):
        policy, _template = self._policy_and_template()
        foresight, preview = self.env["sengerio.mail.foresight"], self.env["sengerio.mail.preview"]
        try:
            outlook = foresight._foresee(policy, self.partner_id, self.env.user, self.company_id)
        except UserError as error:  # a template that cannot be rendered is not sent either
            return preview._nobody(str(error))
        return preview._recipients(self.partner_id, outlook.answer, {}, outlook.addressed, outlook.mailed)

    def _policy_and_template(self):
        """Return the policy of notices of the company, and its e-mail template.

        :raise UserError: the document type was archived or has no template
        """
        self.ensure_one()
        policy = self.env["sengerio.mail.document.type"]._policy_of_code(DUE_NOTICE, self.company_id)
        if not policy or not policy.template_ids:
            raise UserError(self.env._("The document type of due notices is archived or has no e-mail template."))
        return policy, self.env["mail.template"].browse(min(policy.template_ids))

    def _in_context(self):
        """Return the line with the context that its notice is written in."""
        self.ensure_one()
        return self.with_company(self.company_id).with_context(**self._notice_context())

    def _notice_context(self):
        return {
            DUE_MOVES: self.move_ids._origin.ids or self.move_ids.ids,
            DUE_COMPANY: self.company_id.id,
            DUE_ATTACH: self.notice_id.attach_invoices,
        }

    def _composer_context(self):
        _policy, template = self._policy_and_template()
        return {
            **self._notice_context(),
            "default_model": "res.partner",
            "default_res_ids": self.partner_id.ids,
            "default_composition_mode": "comment",
            "default_template_id": template.id,
        }

    def _open_composer(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Due Notice"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": self._composer_context(),
        }

    def _send(self, queue):
        """Send the notice as the composer does.

        :param bool queue: leave it to the mail queue
        """
        composer = self._in_context().env["mail.compose.message"].with_context(**self._composer_context())
        if queue:
            composer = composer.with_context(mail_notify_force_send=False)
        composer.create({})._action_send_mail()
