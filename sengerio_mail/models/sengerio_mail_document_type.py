from ast import literal_eval
from dataclasses import dataclass

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools import addresses
from .res_company import RETENTION_ACTIONS
from .sengerio_mail_address import ROLES

# the types that may carry a blind copy to the sender, and whose opening may be reported with the reader's knowledge
SENDER_COPY_CODES = frozenset({"quotation", "booking_confirmation", "invoice", "credit_note", "supplier_document"})
OTHER = "other"
# addressed by themselves: a journal's own "Send Copy To"
NEVER_TEMPLATES = ("account.mail_template_invoice_subscriber",)
VENDOR_BILLS = frozenset({"in_invoice", "in_refund", "in_receipt"})


@dataclass(frozen=True)
class Policy:
    """A document type as plain values, cached for all transactions."""

    id: int
    code: str
    company_id: int
    model: str
    domain: tuple
    template_ids: frozenset
    role: str
    bcc_sender: bool
    from_policy: str
    from_email: str
    reply_to_policy: str
    reply_to_email: str
    reply_to_field: str
    receipt_policy: str = "none"

    @property
    def may_copy_sender(self):
        """Whether a blind copy to the sender is possible at all."""
        return self.code in SENDER_COPY_CODES

    @property
    def is_tracked(self):
        """Whether mail servers are asked to report on its delivery."""
        return self.code in SENDER_COPY_CODES

    @property
    def asks_read_receipt(self):
        """Whether the reader's mail program is asked to report that the document was displayed (RFC 8098)."""
        return self.is_tracked and self.receipt_policy in ("read_receipt", "both")

    @property
    def has_confirm_link(self):
        """Whether the customer's message ends with a link to confirm its receipt."""
        return self.is_tracked and self.receipt_policy in ("confirm_link", "both")

    @property
    def is_other(self):
        """Whether the document is listed and nothing else."""
        return self.code == OTHER


class SengerioMailDocumentType(models.Model):
    """A kind of document with its mail policy: which records it is, who gets it, From and Reply-To.

    A type of a company stands beside the shared type of the same code, and replaces it for that company's documents.
    """

    _name = "sengerio.mail.document.type"
    _description = "Document Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Technical name; a company's own type has that of the shared one.")
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", ondelete="cascade", index=True, help="Empty: all companies.")
    model_id = fields.Many2one("ir.model", string="Record", ondelete="cascade", help="Empty: any record.")
    model = fields.Char(related="model_id.model", store=True, string="Record Model")
    domain = fields.Char(
        default="[]",
        help="Which records of the model. A message about one of them is of this type if it carries the record's "
        "report or was opened by the record's own Send button.",
    )
    template_ids = fields.Many2many(
        "mail.template",
        relation="sengerio_mail_document_type_template_rel",
        column1="type_id",
        column2="template_id",
        string="E-mail Templates",
        help="A message made from one of these is of this type, whatever the record.",
    )
    role = fields.Selection(ROLES, help="Whose addresses get it. Empty: recipients are never changed.")
    bcc_sender = fields.Boolean("Blind Copy to the Sender")
    from_policy = fields.Selection(
        [
            ("template", "As the e-mail template says"),
            ("sender", "The sender"),
            ("site", "A fixed address"),
            ("site_sender_name", "A fixed address with the sender's name"),
            ("company", "The company's address"),
        ],
        string="From",
        required=True,
        default="template",
    )
    from_email = fields.Char("From Address", help="With or without a name: “Sales” <sales@example.com>.")
    reply_to_policy = fields.Selection(
        [
            ("responsible_thread", "The responsible and the record"),
            ("sender", "The sender"),
            ("responsible", "The responsible"),
            ("thread", "The record alone (Odoo's way)"),
            ("field", "A contact or user of the record"),
            ("fixed", "A fixed address"),
        ],
        string="Reply-To",
        required=True,
        default="responsible_thread",
        help="“The record” is the address that brings the reply into the record's messages.",
    )
    reply_to_email = fields.Char("Reply-To Address")
    reply_to_field = fields.Char("Reply-To Field", help="For example user_id or partner_id.user_id.")
    retention = fields.Selection(
        [("company", "As set for the company"), *RETENTION_ACTIONS],
        string="Old Documents",
        required=True,
        default="company",
        help="What becomes of listed documents after some months. Documents that still wait are never touched.",
    )
    retention_months = fields.Integer("Months", default=36)
    receipt_policy = fields.Selection(
        [
            ("none", "Nothing"),
            ("read_receipt", "Ask for a read receipt"),
            ("confirm_link", "Link “Confirm receipt”"),
            ("both", "Read receipt and link"),
        ],
        string="Opening",
        required=True,
        default="none",
        help="With the reader's knowledge alone. Read receipt: the reader's mail program asks the reader whether to "
        "send one. Link: at the end of the customer's message; the reader confirms on a page.",
    )
    reply_to_warning = fields.Char(compute="_compute_reply_to_warning")

    _unique_code = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "There is a document type with this code for this company already."
    )

    _retention_months = models.Constraint(
        "CHECK (retention IN ('company', 'keep') OR retention_months > 0)",
        "Documents are kept for a month at least.",
    )

    @api.depends("reply_to_policy", "reply_to_email", "model")
    def _compute_reply_to_warning(self):
        """Replies to another model's alias make new records there."""
        aliases_sudo = self.env["mail.alias"].sudo()  # administrators of documents need not be those of aliases
        for document_type in self:
            document_type.reply_to_warning = False
            email = document_type.reply_to_policy == "fixed" and document_type._parsed("reply_to_email")
            alias = aliases_sudo.search([("alias_full_name", "=", email)], limit=1) if email else aliases_sudo
            if alias and alias.alias_model_id.model != document_type.model:
                document_type.reply_to_warning = self.env._(
                    "Replies to %(address)s make a new %(model)s in Odoo.",
                    address=email, model=alias.alias_model_id.name,
                )  # fmt: skip

    @api.constrains("code", "bcc_sender")
    def _check_bcc_sender(self):
        for document_type in self:
            if document_type.bcc_sender and document_type.code not in SENDER_COPY_CODES:
                raise ValidationError(
                    self.env._("Documents of the type “%s” carry no blind copy.", document_type.display_name)
                )

    @api.constrains("code", "receipt_policy")
    def _check_receipt_policy(self):
        for document_type in self:
            if document_type.receipt_policy != "none" and document_type.code not in SENDER_COPY_CODES:
                raise ValidationError(
                    self.env._("The type “%s” can neither ask for read receipts nor link.", document_type.display_name)
                )

    @api.constrains("code", "role")
    def _check_role(self):
        for document_type in self:
            if document_type.code == OTHER and document_type.role:
                raise ValidationError(
                    self.env._("The recipients of “%s” are never changed: it has no role.", document_type.display_name)
                )

    @api.constrains("model_id", "domain")
    def _check_domain(self):
        for document_type in self:
            try:
                domain = Domain(literal_eval(document_type.domain or "[]"))
                if document_type.model:
                    domain.validate(self.env[document_type.model])
            except (ValueError, SyntaxError, TypeError, KeyError) as error:
                raise ValidationError(
                    self.env._(
                        "%(domain)s is no condition on %(model)s: %(error)s",
                        domain=document_type.domain, model=document_type.model_id.name, error=error,
                    )  # fmt: skip
                ) from error

    @api.constrains("from_policy", "from_email", "reply_to_policy", "reply_to_email", "reply_to_field", "model_id")
    def _check_policies(self):
        Address = self.env["sengerio.mail.address"]
        Copy = self.env["sengerio.mail.copy"]
        for document_type in self:
            if document_type.from_policy in ("site", "site_sender_name") or document_type.from_email:
                Address._parse_sender(document_type.from_email)
            if document_type.reply_to_policy == "fixed" or document_type.reply_to_email:
                Address._parse_sender(document_type.reply_to_email)
            path = document_type.reply_to_field
            if (document_type.reply_to_policy == "field" or path) and not (
                path and document_type.model and Copy._is_person_field(document_type.model, path)
            ):
                raise ValidationError(
                    self.env._(
                        "%(field)s is no contact or user field of %(model)s.",
                        field=repr(path or ""), model=document_type.model_id.name or self.env._("any record"),
                    )  # fmt: skip
                )

    @api.model_create_multi
    def create(self, vals_list):
        document_types = super().create(vals_list)
        self.env.registry.clear_cache()
        return document_types

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        shipped = self.filtered(lambda document_type: document_type.get_external_id()[document_type.id])
        if shipped:
            raise UserError(
                self.env._("Archive “%s” instead: Odoo's own documents need it.", shipped[0].display_name)
            )

    def copy_data(self, default=None):
        """A copy is meant for the current company: the same code, its own policy."""
        default = {"company_id": self.env.company.id, **(default or {})}
        return super().copy_data(default)

    def _parsed(self, fname):
        """Return the bare address in a field, empty if there is no usable one."""
        found, _invalid = addresses.split(self[fname])
        return found[0].email if found else ""

    @api.model
    @tools.ormcache()
    def _policies(self):
        """Return all active types as :class:`Policy`, in their order."""
        return tuple(
            Policy(
                id=document_type.id,
                code=document_type.code,
                company_id=document_type.company_id.id,
                model=document_type.model or "",
                domain=tuple(literal_eval(document_type.domain or "[]")),
                template_ids=frozenset(document_type.template_ids.ids),
                role=document_type.role or "",
                bcc_sender=document_type.bcc_sender,
                from_policy=document_type.from_policy,
                from_email=document_type.from_email or "",
                reply_to_policy=document_type.reply_to_policy,
                reply_to_email=document_type.reply_to_email or "",
                reply_to_field=document_type.reply_to_field or "",
                receipt_policy=document_type.receipt_policy or "none",
            )
            for document_type in self.sudo().with_context(active_test=True).search([])
        )

    @api.model
    @tools.ormcache()
    def _other_ids(self):
        """Return the ids of the types "other", active or not."""
        return tuple(self.sudo().with_context(active_test=False).search([("code", "=", OTHER)]).ids)

    @api.model
    def _policy(self, type_id):
        """Return the :class:`Policy` of a type, ``None`` if there is no such active type."""
        return next((policy for policy in self._policies() if policy.id == type_id), None)

    @api.model
    def _policy_of_code(self, code, company):
        """Return the :class:`Policy` of a code: a company's own before the shared one, else ``None``."""
        fitting = [policy for policy in self._policies() if policy.code == code]
        of_company = [policy for policy in fitting if policy.company_id == company.id]
        return next(iter(of_company or [policy for policy in fitting if not policy.company_id]), None)

    @api.model
    def _policy_for(self, code, record):
        """Return the :class:`Policy` of a code for a record, whose company is read only if it matters."""
        fitting = [policy for policy in self._policies() if policy.code == code]
        if not any(policy.company_id for policy in fitting):
            return next(iter(fitting), None)
        return self._policy_of_code(code, record._mail_get_companies(default=self.env.company)[record.id])

    @api.model
    def _recognise(self, record, template=None, own_action=False):
        """Tell which type of document a message about a record is.

        :param record: the record
        :param template: the ``mail.template`` that the message was made from, if any
        :param bool own_action: the record's own Send button opened the message
        :return: the :class:`Policy`, ``None`` if none but ``other`` can be
        """
        code = self._code_of_template(template) if template else None
        by_record = any(policy.model == record._name for policy in self._policies()) and (
            own_action or (template and record._name in template.report_template_ids.mapped("model"))
        )
        if not code and not by_record:
            return None
        company = record._mail_get_companies(default=self.env.company)[record.id]
        return self._policy_of_code(code or self._code_of_record(record, company), company)

    @api.model
    def _code_of_record(self, record, company):
        return next(
            (
                policy.code
                for policy in self._policies()
                if policy.model == record._name
                and policy.company_id in (False, company.id)
                and record.filtered_domain(list(policy.domain))
            ),
            None,
        )

    @api.model
    def _code_of_template(self, template):
        return next((policy.code for policy in self._policies() if template.id in policy.template_ids), None)

    @api.model
    def _other(self, record, template=None):
        """Return the :class:`Policy` for a message with attachment that is of no other type.

        :return: ``None`` if it is never a document: vendor bills, mails with addresses of their own
        """
        never = {self.env["ir.model.data"]._xmlid_to_res_id(xmlid) for xmlid in NEVER_TEMPLATES}
        if template and template.id in never:
            return None
        if record._name == "account.move" and record.move_type in VENDOR_BILLS:
            return None
        return self._policy_for(OTHER, record)
