from collections import defaultdict

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .sengerio_mail_address import BOUNCE_STATES, ROLES

# commands that change which records are linked, and not the records
LINKING = frozenset({Command.LINK, Command.UNLINK, Command.CLEAR, Command.SET})


class SengerioMailCopy(models.Model):
    """One rule of copying: whose documents, which way, and who gets them too."""

    _name = "sengerio.mail.copy"
    _inherit = ["sengerio.mail.last.bounce"]
    _description = "E-mail Copy"
    _order = "partner_id, direction, id"

    partner_id = fields.Many2one(
        "res.partner", string="Whose Mail", index=True, ondelete="cascade", help="Empty: everybody's."
    )
    direction = fields.Selection(
        [("sent_by", "Sent by this person"), ("sent_to", "Sent to this partner")], required=True, default="sent_to"
    )
    role = fields.Selection(ROLES, help="Only documents of this role. Empty: all.")
    document_type_ids = fields.Many2many(
        "sengerio.mail.document.type",
        relation="sengerio_mail_copy_document_type_rel",
        column1="copy_id",
        column2="type_id",
        ondelete="restrict",
        string="Document Types",
        help="Only these documents. Empty: all but other documents.",
    )
    header = fields.Selection(
        [("cc", "Cc (visible)"), ("bcc", "Bcc (not visible)")], string="As", required=True, default="cc"
    )
    copy_partner_id = fields.Many2one("res.partner", string="Copy To", index="btree_not_null", ondelete="restrict")
    copy_field = fields.Char(
        "Copy To Field",
        help="A contact or user field of the document, for example user_id or partner_id.user_id.",
    )
    email = fields.Char("Copy To Address")
    mandatory = fields.Boolean(help="Neither the person concerned nor the sender can remove it.")
    bounce_state = fields.Selection(BOUNCE_STATES, string="Bounce", default="none", readonly=True, copy=False)
    company_id = fields.Many2one("res.company", ondelete="cascade", index=True)
    active = fields.Boolean(default=True)
    lock_state = fields.Selection(
        [("free", "May be changed"), ("mandatory", "Mandatory"), ("administrator", "Administrator's")],
        string="Lock",
        compute="_compute_lock_state",
    )

    _one_target = models.Constraint(
        "CHECK (num_nonnulls(copy_partner_id, copy_field, email) = 1)",
        "A copy goes to one of: a contact, a field of the document, an address.",
    )

    @api.depends("partner_id", "header", "copy_partner_id", "mandatory")
    @api.depends_context("uid")
    def _compute_lock_state(self):
        """Tell what the user may change, as it is saved: a row that is being typed is not locked."""
        saved = self._origin
        locked = saved.browse() if self._is_administrator() else saved - saved._changeable()
        for copy in self:
            is_locked = copy._origin in locked
            copy.lock_state = "free" if not is_locked else "mandatory" if copy._origin.mandatory else "administrator"

    @api.constrains("copy_field", "document_type_ids")
    def _check_copy_field(self):
        for copy in self.filtered("copy_field"):
            if not self._fits_copy_field(copy.copy_field, copy.document_type_ids):
                raise ValidationError(self._copy_field_message(copy.copy_field))

    @api.model
    def _fits_copy_field(self, path, document_types):
        """Tell whether a path leads to people from the records of all given types; of any type, if none is given."""
        if document_types:
            return all(self._is_person_field(model, path) for model in set(document_types.mapped("model")))
        all_types_sudo = self.env["sengerio.mail.document.type"].sudo().search([("code", "!=", "other")])
        return any(self._is_person_field(model, path) for model in set(all_types_sudo.mapped("model")))

    @api.model
    def _copy_field_message(self, path):
        return self.env._("%(field)s is no contact or user field of the documents.", field=repr(path))

    @api.model_create_multi
    def create(self, vals_list):
        self._check_links(vals_list)
        copies = super().create(self._normalised(vals_list))
        copies._check_may_change()
        copies._log({copy: self.env._("Copy added: %s", copy.display_name) for copy in copies})
        return copies

    def write(self, vals):
        self._check_may_change()
        self._check_links([vals])
        if vals.keys() <= {"bounce_state"}:
            return super().write(vals)
        before = {copy: (copy.partner_id, copy._described()) for copy in self}
        result = super().write(self._normalised([vals])[0])
        self._check_may_change()
        changed = {
            copy: self.env._("Copy changed: %(before)s → %(after)s", before=described, after=copy._described())
            for copy, (_partner, described) in before.items()
        }
        self._log(changed, also={copy: partner for copy, (partner, _described) in before.items()})
        return result

    def unlink(self):
        self._check_may_change()
        self._log({copy: self.env._("Copy removed: %s", copy.display_name) for copy in self})
        return super().unlink()

    @api.depends("direction", "header", "copy_partner_id", "copy_field", "email")
    def _compute_display_name(self):
        directions = dict(self._fields["direction"]._description_selection(self.env))
        for copy in self:
            target = copy.copy_partner_id.display_name or copy.email or copy.copy_field or ""
            copy.display_name = f"{directions.get(copy.direction, '')}: {(copy.header or '').capitalize()} {target}"

    @api.depends("email", "copy_partner_id.email_normalized")
    @api.depends_context("lang", "tz")
    def _compute_last_bounce(self):
        return super()._compute_last_bounce()

    def _last_bounce_email(self):
        # EXTENDS: a copy to a contact goes to the contact's address
        return super()._last_bounce_email() or self.copy_partner_id.email_normalized

    @api.model
    def _normalised(self, vals_list):
        """Return values with the plain addresses normalised and empty targets as NULL.

        :raise ValidationError: an address cannot be used; the message quotes it
        """
        vals_list = [{**({"bounce_state": "none"} if "email" in vals else {}), **vals} for vals in vals_list]
        for vals in vals_list:
            for name in vals.keys() & {"copy_field", "email"}:
                vals[name] = (vals[name] or "").strip() or False
        given = [vals for vals in vals_list if vals.get("email")]
        parsed = self.env["sengerio.mail.address"]._parse_all([vals["email"] for vals in given])
        for vals, address in zip(given, parsed, strict=True):
            vals["email"] = address.email
        return vals_list

    @api.model
    def _is_person_field(self, model, path):
        """Tell whether a dotted path leads from a model to contacts or users."""
        for name in path.split("."):
            field = self.env[model]._fields.get(name) if model in self.env else None
            if field is None or not field.comodel_name:
                return False
            model = field.comodel_name
        return model in ("res.partner", "res.users")

    def _check_may_change(self):
        """Refuse what only an administrator may set: mandatory copies, Bcc, and copies to people outside.

        :raise AccessError: the user is no administrator of document mailing
        """
        by_code = self.env.su and not self._is_own_preference()
        if others := self.sudo().partner_id - self.env.user.partner_id:
            others.sudo(by_code).check_access("read")  # not another company's
        if self._is_trusted():
            return
        for copy in self.sudo() - self._changeable():
            raise AccessError(
                self.env._(
                    "“%(copy)s”: only an administrator of document mailing sets copies that are mandatory, "
                    "not visible (Bcc), for another user, or for people outside of the company.",
                    copy=copy.display_name,
                )
            )

    @api.model
    def _check_links(self, vals_list):
        """Refuse to change document types by way of copies: one's own are written as superuser, in the preferences.

        :param list vals_list: values of copies
        :raise AccessError: something else is asked for than which types are linked
        """
        if self.env.su and not self._is_own_preference():
            return
        for vals in vals_list:
            for name in vals.keys() & self._fields.keys():
                commands = vals[name] if self._fields[name].type in ("many2many", "one2many") else ()
                if any(not isinstance(command, int) and command[0] not in LINKING for command in commands or ()):
                    raise AccessError(self.env._("Document types cannot be changed here."))

    @api.model
    def _is_own_preference(self):
        """Tell whether one's own preferences are written: Odoo does that as superuser, for whom they belong to."""
        return self.env.su and bool(self.env.context.get("sengerio_keep_rules"))

    @api.model
    def _is_trusted(self):
        """Tell whether all copies may be set: by code, or by an administrator of document mailing."""
        return (self.env.su and not self._is_own_preference()) or self._is_administrator()

    @api.model
    def _is_administrator(self):
        return self.env.user.has_group("sengerio_mail.sengerio_mail_group_administrator")

    def _changeable(self):
        """Return those copies that a user who is no administrator may set: visible ones to colleagues, of the own mail
        or, for contact managers and not by way of their preferences, of a contact's."""
        own = self.env.user.partner_id
        contact_manager = self.env.user.has_group("base.group_partner_manager") and not self._is_own_preference()

        def changeable(copy):
            person = copy.partner_id
            mine = (person == own and not own.partner_share) or (contact_manager and person and not person.user_ids)
            inside = copy.copy_partner_id and not copy.copy_partner_id.partner_share
            return mine and inside and copy.header == "cc" and not copy.mandatory

        return self.sudo().filtered(changeable)

    def _described(self):
        """Return the rule in words, as it is logged."""
        self.ensure_one()
        marks = [
            *self.document_type_ids.mapped("name"),
            *([self.env._("mandatory")] if self.mandatory else []),
            *([] if self.active else [self.env._("archived")]),
        ]
        return f"{self.display_name} ({', '.join(marks)})" if marks else self.display_name

    def _log(self, what, also=None):
        """Write to the chatter of the partner whose mail is copied; of the company, if it is everybody's.

        :param dict what: what happened to each copy
        :param dict also: for each copy a further ``res.partner``, whose mail it was before
        """
        lines = defaultdict(list)
        for copy, text in what.items():
            whose = copy.partner_id or (copy.company_id or self.env.company).partner_id
            for partner in whose | ((also or {}).get(copy) or whose):
                lines[partner].append(text)
        partners_sudo = self.env["res.partner"].union(*lines).sudo()  # who may set the copy may say so
        partners_sudo._message_log_batch(
            {partner.id: Markup("<br/>").join(texts) for partner, texts in lines.items()}
        )
