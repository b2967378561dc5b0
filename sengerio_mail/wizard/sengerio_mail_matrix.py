from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.mail import email_split_tuples

HEADERS = ("to", "cc", "bcc")


class SengerioMailMatrix(models.TransientModel):
    """Who would get each type of document today, and why: of a partner, or of what a user sends."""

    _name = "sengerio.mail.matrix"
    _description = "Who Gets What"

    partner_id = fields.Many2one("res.partner", string="Customer or Supplier", readonly=True)
    sender_id = fields.Many2one(
        "res.users", string="Sent By", required=True, readonly=True, default=lambda self: self.env.user
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company,
        domain=lambda self: [("id", "in", self.env.companies.ids)],
    )  # fmt: skip
    table = fields.Html("Who Gets What", compute="_compute_table", sanitize=False)

    @api.depends("partner_id", "sender_id", "company_id")
    @api.depends_context("uid", "lang")
    def _compute_table(self):
        for matrix in self:
            matrix._check_may_ask()
            rows = matrix._rows()
            headers = next((row["cells"] for row in rows if row["cells"]), [])
            values = {"intro": matrix._intro(), "rows": rows, "headers": headers}
            matrix.table = self.env["ir.qweb"]._render("sengerio_mail.matrix_table", values)

    @api.depends("partner_id", "sender_id")
    def _compute_display_name(self):
        for matrix in self:
            matrix.display_name = matrix.partner_id.display_name or matrix.sender_id.name

    @api.model
    def _open(self, title, **context):
        """Return the action that shows the table in a dialog; it is made when that opens, and not before."""
        return {
            "type": "ir.actions.act_window", "name": title, "res_model": self._name, "view_mode": "form",
            "views": [(False, "form")], "target": "new", "context": {**context, "dialog_size": "extra-large"},
        }  # fmt: skip

    def _check_may_ask(self):
        """Refuse to tell what others send: blind copies are for those who see the document.

        :raise AccessError: the sender is somebody else, and the user no administrator of document mailing
        """
        self.partner_id.check_access("read")
        mine = self.sender_id == self.env.user
        if not mine and not self.env.user.has_group("sengerio_mail.sengerio_mail_group_administrator"):
            raise AccessError(
                self.env._(
                    "Only an administrator of document mailing sees who gets what %s sends.", self.sender_id.name
                )
            )
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You have no access to %s.", self.company_id.sudo().name))

    def _intro(self):
        if self.partner_id:
            return self.env._(
                "What %(sender)s would send to %(partner)s now. Whoever follows a record gets mails of their own.",
                sender=self.sender_id.name, partner=self.partner_id.display_name,
            )  # fmt: skip
        return self.env._(
            "What %s would send now. What depends on the customer is left out.", self.sender_id.name
        )

    def _rows(self):
        """Return the rows of the table: one per document type that has rules, as values for its template."""
        self.ensure_one()
        document_types = self.env["sengerio.mail.document.type"]
        policies = [
            policy
            for policy in document_types._policies()
            if policy.role and policy.model and policy == document_types._policy_of_code(policy.code, self.company_id)
        ]
        names = {each.id: each.name for each in document_types.browse(policy.id for policy in policies)}
        return [{"code": policy.code, "name": names[policy.id], **self._row(policy)} for policy in policies]

    def _row(self, policy):
        try:
            outlook = self.env["sengerio.mail.foresight"]._foresee(
                policy, self.partner_id, self.sender_id, self.company_id
            )
        except UserError as error:  # a template that cannot be rendered would not be sent either
            return {"cells": [], "warnings": [{"text": str(error)}]}
        answer = outlook.answer
        cells = [
            self._header_cell("from", self.env._("From"), outlook.email_from, policy.from_policy, "from_policy"),
            self._header_cell(
                "reply_to", self.env._("Reply-To"), outlook.reply_to, policy.reply_to_policy, "reply_to_policy"
            ),
            *self._recipient_cells(answer, policy),
        ]
        return {"cells": cells, "warnings": [self._warning(warning) for warning in answer.warnings]}

    def _header_cell(self, name, label, value, policy, fname):
        """Return the cell of a header that says where mail comes from or where replies go."""
        field = self.env["sengerio.mail.document.type"]._fields[fname]
        reason = dict(field._description_selection(self.env))[policy]
        pairs = email_split_tuples(value or "")
        names = [name for name, _email in pairs]
        lines = [
            {"email": email, "name": name if name not in names[:index] else ""}
            for index, (name, email) in enumerate(pairs)
        ]
        return {"name": name, "label": label, "lines": lines, "reason": reason}

    def _recipient_cells(self, answer, policy):
        labels = {"to": self.env._("To"), "cc": self.env._("Cc"), "bcc": self.env._("Bcc")}
        word = self.env["sengerio.mail.resolver"]._word
        cells = [
            {
                "name": header,
                "label": labels[header],
                "lines": [
                    {
                        "email": recipient.email,
                        "reason": word(recipient.reason),
                        "mandatory": recipient.mandatory,
                        "bounced": recipient.bounced,
                    }
                    for recipient in answer.by_header(header)
                ],
            }
            for header in HEADERS
        ]
        if not self.partner_id:
            cells[0]["reason"] = self._role_of_customer(policy.role)
        return cells

    def _role_of_customer(self, role):
        """Return the words that stand for the addresses of a customer not known yet."""
        return {
            "commercial": self.env._("the customer's commercial addresses"),
            "management": self.env._("the customer's management addresses"),
            "accounting": self.env._("the customer's accounting addresses"),
        }[role]

    def _warning(self, warning):
        """Return a warning with the link to where it can be helped."""
        helps = {
            "no_address": self.env._("Add an address"),
            "copy_no_address": self.env._("Add an address"),
            "bounced": self.env._("Correct the address"),
        }
        return {
            "text": self.env["sengerio.mail.resolver"]._word(warning),
            "link": warning.partner_id and f"/odoo/res.partner/{warning.partner_id}",
            "help": helps.get(warning.code) or self.env._("Open the contact"),
        }
