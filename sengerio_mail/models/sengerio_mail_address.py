from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from ..tools import addresses

ROLES = [("commercial", "Commercial"), ("management", "Management"), ("accounting", "Accounting")]
BOUNCE_STATES = [("none", "None"), ("bad_address", "Address does not exist")]
KEY = ("partner_id", "role", "email", "company_id")


class SengerioMailAddress(models.Model):
    """One role address of a partner: where documents of that role go."""

    _name = "sengerio.mail.address"
    _inherit = ["sengerio.mail.last.bounce"]
    _description = "Role E-mail Address"
    _order = "partner_id, role, id"
    _rec_name = "email"

    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="cascade")
    role = fields.Selection(ROLES, required=True, default="commercial")
    # indexed for those who look for a partner by a part of a role address, and for each report that names one
    email = fields.Char("E-mail", required=True, index="trigram")
    name = fields.Char(help="Shown in front of the address. Empty: the partner's name.")
    company_id = fields.Many2one(
        "res.company", ondelete="cascade",
        index=True,
        help="For documents of this company only, where it replaces the shared addresses of the role.",
    )
    active = fields.Boolean(default=True)
    bounce_state = fields.Selection(
        BOUNCE_STATES,
        string="Bounce",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )

    _unique_address = models.UniqueIndex(
        "(partner_id, role, email, COALESCE(company_id, 0))",
        "This partner has the same address for the same role already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._normalised(vals_list)
        defaults = self.default_get(KEY)
        self._check_duplicates([self._key({**defaults, **vals}) for vals in vals_list])
        rows = super().create(vals_list)
        rows._check_may_change()
        return rows

    def write(self, vals):
        self._check_may_change()
        [vals] = self._normalised([vals])
        if "email" in vals and "bounce_state" not in vals:
            vals["bounce_state"] = "none"
        if not vals.keys().isdisjoint(KEY):
            self._check_duplicates(
                [self._key({**row._convert_to_write({name: row[name] for name in KEY}), **vals}) for row in self]
            )
        result = super().write(vals)
        self._check_may_change()
        return result

    def unlink(self):
        self._check_may_change()
        return super().unlink()

    @api.model
    def _take_pasted(self, record):
        """Turn the pasted addresses of a form into rows of it; what cannot be used stays in the field.

        :param record: ``res.partner`` or ``res.users``, as an onchange has it
        :return: a warning that names what stayed, as an onchange returns it; ``None`` if nothing did
        """
        partner = record if record._name == "res.partner" else record.partner_id
        rows = record.sengerio_address_ids
        archived = self.search([("partner_id", "=", partner._origin.id), ("active", "=", False)]) - rows._origin
        wanted, refused = self._read_pasted(
            record.sengerio_paste, record.sengerio_paste_role, archived | rows, record.display_name
        )
        record.sengerio_address_ids = [Command.create({**values, "active": True}) for values in wanted]
        record.sengerio_paste = "\n".join(text for text, _message in refused)
        if not refused:
            return None
        messages = "\n".join(message for _text, message in refused)
        return {"warning": {"title": self.env._("Not all addresses can be used"), "message": messages}}

    @api.model
    def _create_pasted(self, partner, role, text):
        """Add the addresses in a text to a partner; those that it has stay as they are.

        :raise ValidationError: one of them cannot be used; the message names all such, and none is added
        """
        there = self.with_context(active_test=False).search([("partner_id", "=", partner.id)])
        wanted, refused = self._read_pasted(text, role, there, partner.display_name)
        if refused:
            raise ValidationError("\n".join(message for _text, message in refused))
        self.create([{**values, "partner_id": partner.id} for values in wanted])

    @api.model
    def _read_pasted(self, text, role, there, partner_name):
        """Read a list of addresses separated by comma, semicolon or line end.

        :param str role: of all of them; empty: the first one
        :param there: the rows that the partner has, archived ones too; what is there is not wanted again
        :return: ``([values of a row], [(text, message)])``: what is wanted, and what cannot be used with the reason
        """
        role = role or ROLES[0][0]
        there = {row.email: row.active for row in there if row.role == role and not row.company_id}
        found, invalid = addresses.split(text)
        refused = [(error.text, self._invalid_message(error)) for error in invalid]
        aliases = self._odoo_addresses(address.email for address in found)
        wanted = []
        for address in found:
            if address.email in aliases:
                refused.append((address.email, self._alias_message(address.email)))
            elif address.email not in there:
                wanted.append({"role": role, "email": address.email, "name": address.name})
            elif not there[address.email]:
                message = self._duplicate_message(partner_name, role, address.email, archived=True)
                refused.append((address.email, message))
        return wanted, refused

    def _check_may_change(self):
        """Refuse addresses of whom the user may not see, another company's contacts, and of colleagues: a copy to a
        colleague would leave the company by them.

        :raise AccessError: the user may not see the partner, or is no administrator of document mailing
        """
        self.sudo().partner_id.sudo(self.env.su).check_access("read")
        if self.env.su or self.env.user.has_group("sengerio_mail.sengerio_mail_group_administrator"):
            return
        for row in self.sudo():
            if row.partner_id.user_ids and not row.partner_id.partner_share:
                raise AccessError(
                    self.env._(
                        "Only an administrator of document mailing sets the role addresses of users: %s.",
                        row.partner_id.display_name,
                    )
                )

    @api.depends("email", "name", "role")
    def _compute_display_name(self):
        for row in self:
            row.display_name = addresses.header(row.email, row.name) if row.email and "@" in row.email else row.email

    @api.model
    def _normalised(self, vals_list):
        """Return values with the addresses normalised; a display name written with one goes to ``name``.

        :raise ValidationError: an address cannot be used; the message quotes it
        """
        given = [number for number, vals in enumerate(vals_list) if "email" in vals]
        vals_list = [dict(vals) for vals in vals_list]
        for number, address in zip(given, self._parse_all([vals_list[n]["email"] for n in given]), strict=True):
            vals_list[number].update({"email": address.email, **({"name": address.name} if address.name else {})})
        return vals_list

    @api.model
    def _parse_sender(self, text):
        """Read one mailbox that mail comes from; Odoo's own aliases are fine there.

        :raise ValidationError: no usable address; the message quotes it and says why
        """
        try:
            return addresses.parse(text)
        except addresses.InvalidAddress as error:
            raise ValidationError(self._invalid_message(error)) from error

    @api.model
    def _parse(self, text):
        """Read one mailbox that mail goes to, see :meth:`_parse_all`."""
        return self._parse_all([text])[0]

    @api.model
    def _parse_all(self, texts):
        """Read mailboxes that mail goes to.

        :raise ValidationError: one is no usable address, or one of Odoo's aliases; the message quotes it and says why
        """
        parsed = [self._parse_sender(text) for text in texts]
        for email in self._odoo_addresses([address.email for address in parsed]):
            raise ValidationError(self._alias_message(email))
        return parsed

    @api.model
    def _odoo_addresses(self, emails):
        """Return those addresses that are aliases of Odoo's, in their order."""
        emails = list(dict.fromkeys(emails))
        own = self.env["mail.alias.domain"].sudo()._sengerio_own(emails)  # no secret to who types one
        return [email for email in emails if email in own]

    @api.model
    def _alias_message(self, email):
        return self.env._("%s is an address of Odoo itself: what is sent there comes back in.", email)

    @api.model
    def _invalid_message(self, error):
        reasons = {
            "control": self.env._("it contains a line break or another control character"),
            "several": self.env._("it is more than one address; enter each on a line of its own"),
            "non_ascii": self.env._("many mail servers do not take letters like these before the @"),
            "domain": self.env._("what follows the @ is no domain name"),
            "length": self.env._("it is too long"),
        }
        return self.env._(
            "%(address)s is no usable e-mail address: %(reason)s.",
            address=repr(error.text),
            reason=reasons.get(error.code) or self.env._("it does not look like name@example.com"),
        )

    @api.model
    def _set_bounce(self, email, partner, state):
        """Mark an address wherever it is kept: role rows, partners, copies.

        :param str email: normalised
        :param partner: ``res.partner`` in whose name it was mailed, whose e-mail may hold several addresses
        :param str state: of ``bounce_state``
        """
        # in one statement: a report must not cost more than Odoo's own reading of it
        models = [self.env[name] for name in ("sengerio.mail.address", "sengerio.mail.copy", "res.partner")]
        for model in models:
            model.flush_model()
        people = partner.filtered(lambda person: email in {one.email for one in addresses.tolerant(person.email)})
        self.env.cr.execute(
            SQL(
                """
                WITH address AS (
                    UPDATE sengerio_mail_address SET bounce_state = %(state)s
                     WHERE email = %(email)s AND bounce_state IS DISTINCT FROM %(state)s
                ), copy AS (
                    UPDATE sengerio_mail_copy SET bounce_state = %(state)s
                     WHERE email = %(email)s AND bounce_state IS DISTINCT FROM %(state)s
                )
                UPDATE res_partner SET sengerio_bounced_email = %(bounced)s
                 WHERE (email_normalized = %(email)s OR id IN %(partner_ids)s)
                   AND sengerio_bounced_email IS DISTINCT FROM %(bounced)s
                   AND (%(bounced)s::varchar IS NOT NULL OR sengerio_bounced_email = %(email)s)
                """,
                state=state,
                email=email,
                bounced=email if state == "bad_address" else None,
                partner_ids=tuple(people.ids) or (0,),
            )
        )
        for model, name in zip(models, ("bounce_state", "bounce_state", "sengerio_bounced_email"), strict=True):
            model.invalidate_model([name], flush=False)

    def _twin(self, email):
        """Return this partner's row of the same role and company with another address."""
        self.ensure_one()
        return self.search(
            [("partner_id", "=", self.partner_id.id), ("role", "=", self.role), ("email", "=", email),
             ("company_id", "=", self.company_id.id)], limit=1,
        )  # fmt: skip

    def action_use_again(self):
        """Take the mark off a bad address: whoever knows better sends there again."""
        self.write({"bounce_state": "none"})

    @api.model
    def _key(self, vals):
        """Return what makes an address unique."""
        return vals.get("partner_id"), vals.get("role"), vals.get("email"), vals.get("company_id") or False

    def _check_duplicates(self, keys):
        """Refuse addresses that exist already; the unique index alone would not name them.

        :param list keys: of :meth:`_key`, as they will be in the end
        :raise ValidationError: for the first one that exists, archived or not, or is given twice
        """
        others = self.with_context(active_test=False).search(
            [
                ("partner_id", "in", [partner_id for partner_id, *_rest in keys]),
                ("email", "in", [email for _partner, _role, email, _company in keys]),
                ("id", "not in", self.ids),
            ]
        )
        taken = {(row.partner_id.id, row.role, row.email, row.company_id.id): row.active for row in others}
        for key in keys:
            if key in taken:
                partner_id, role, email, _company = key
                name = self.env["res.partner"].browse(partner_id).display_name
                raise ValidationError(self._duplicate_message(name, role, email, archived=not taken[key]))
            taken[key] = True

    @api.model
    def _duplicate_message(self, partner_name, role, email, archived):
        values = {
            "partner": partner_name,
            "address": email,
            "role": dict(self._fields["role"]._description_selection(self.env))[role],
        }
        if archived:
            return self.env._(
                "%(partner)s has the %(role)s address %(address)s already, but archived: restore it instead.", **values
            )
        return self.env._("%(partner)s has the %(role)s address %(address)s already.", **values)
