from dataclasses import dataclass

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.mail import email_normalize

from ..tools import addresses
from ..tools.resolver import Answer, Row, role_addresses
from ..tools.together import asked_together


@dataclass(frozen=True)
class Outlook:
    """Who would get a document of a type today.

    :ivar policy: the :class:`~.sengerio_mail_document_type.Policy` of the type
    :ivar str email_from, reply_to: the headers
    :ivar addressed: the ``res.partner`` in To
    :ivar list mailed: whom Odoo notifies
    """

    policy: object
    answer: Answer
    email_from: str
    reply_to: str
    addressed: object
    mailed: list


class SengerioMailForesight(models.AbstractModel):
    """Asks the resolver before there is anything to send, by a record that is never saved."""

    _name = "sengerio.mail.foresight"
    _description = "Document Addressing Foreseen"

    @api.model
    def _foresee(self, policy, partner, sender, company):
        """Tell who would get a document, if one were made for a partner and sent now.

        :param policy: its :class:`~.sengerio_mail_document_type.Policy`
        :param partner: ``res.partner``; empty: the customer is left out
        :param sender: ``res.users`` who makes and sends it
        :param company: ``res.company`` of the document
        :rtype: Outlook
        :raise UserError: the e-mail template cannot be rendered
        """
        # the sender may not be allowed to read such records; addresses alone are told
        asking_sudo = self.with_user(sender).with_company(company).sudo()
        return asking_sudo._outlook(policy, partner.with_env(asking_sudo.env), sender.with_env(asking_sudo.env))

    @api.model
    def _outlook(self, policy, partner, sender):
        resolver = self.env["sengerio.mail.resolver"]
        record = self._specimen(policy, partner)
        template = self.env["mail.template"].browse(policy.template_ids)
        template = template.filtered(lambda template: template.model == policy.model).sorted("id")[:1]
        rendered = {
            name: template._render_field(name, [record.id])[record.id] if template[name] else ""
            for name in ("email_from", "reply_to")
        }
        author_id, email_from = self._author_of(self.env["mail.thread"], rendered["email_from"] or None)
        author = self.env["res.partner"].browse(author_id) or sender.partner_id
        author, email_from = resolver._author(policy, record, sender, author, email_from)
        reply_to = rendered["reply_to"] or resolver._reply_to(policy, record, sender, author)
        addressed, plain = self._named_by_template(template, record)
        mailed = self._would_be_mailed(record, addressed, author)
        answer = resolver._resolve(
            policy, record, sender, mailed, {**plain, "addressed": addressed.ids, "customer_unknown": not partner}
        )
        reply_to = reply_to or resolver._thread_address(record, author, default=email_from)
        return Outlook(policy, answer, email_from, reply_to, addressed, mailed)

    @api.model
    def _author_of(self, record, email_from):
        """Return author and From as Odoo would have them, see ``MailThread._message_compute_author()``.

        :param record: whose followers Odoo takes first, if several people have the address
        """
        asked = email_from and asked_together(self.env)
        if not asked or asked.answer(("shared", email_from), lambda: self._is_shared(email_from)):
            return record._message_compute_author(None, email_from)
        return asked.answer(
            ("author", record.env, email_from), lambda: record._message_compute_author(None, email_from)
        )

    @api.model
    def _is_shared(self, email):
        """Tell whether several people have an address."""
        people_sudo = self.env["res.partner"].sudo()
        return people_sudo.search_count([("email_normalized", "=", email_normalize(email))], limit=2) > 1

    @api.model
    def _specimen(self, policy, partner):
        """Return an unsaved record of a type, as its form would start for the partner."""
        model = self.env[policy.model]
        if policy.model == "res.partner":
            return partner or model.new()
        record = model.new(self._values_of_domain(model, policy.domain))
        if company_fname := record._mail_get_company_field():
            record[company_fname] = self.env.company
        if partner and (partner_fnames := record._mail_get_partner_fields()):
            record[partner_fnames[0]] = partner
            record._apply_onchange_methods(partner_fnames[0], {"warnings": set()})  # a purchase's buyer
        elif responsible_fname := record._sengerio_responsible_field():
            record[responsible_fname] = self.env.user  # some records ask the customer first
        return record

    @api.model
    def _values_of_domain(self, model, domain):
        """Return values with which a record fits the domain of a type, as far as it is made of plain comparisons."""
        values = {}
        for condition in Domain(list(domain)).iter_conditions():
            if condition.field_expr in model._fields and condition.operator in ("=", "in"):
                wanted = condition.value if condition.operator == "in" else [condition.value]
                values[condition.field_expr] = next(iter(wanted), False)
        return values

    @api.model
    def _named_by_template(self, template, record):
        """Return ``(partners in To, {email_to, email_cc: [address]})``; without further word the customer is in To."""
        plain = {"email_to": [], "email_cc": []}
        customer = record._mail_get_customer()
        if not template or template.use_default_to or not customer:
            return customer, plain
        named = self._generated_recipients(template, record)
        to = addresses.tolerant(named.get("email_to"))
        known = self.env["mail.thread"]._partner_find_from_emails_single([a.email for a in to], no_create=True)
        known_emails = known.mapped("email_normalized")
        plain["email_to"] = [addresses.header(a.email, a.name) for a in to if a.email not in known_emails]
        plain["email_cc"] = [named.get("email_cc") or ""]
        return self.env["res.partner"].browse(named.get("partner_ids") or ()) | known, plain

    @api.model
    def _generated_recipients(self, template, record):
        """Return whom a template names, see ``MailTemplate._generate_template_recipients()``."""
        asked, names = asked_together(self.env), ("email_cc", "email_to", "partner_to")

        def ask_for_all():
            for name in names:
                template._sengerio_named_together(asked, name)
            try:
                return template._generate_template_recipients(asked.records.ids, names)
            except UserError:  # one record is enough for that
                return {}

        found = asked and record in asked and asked.answer(("generated", self.env, template.id), ask_for_all) or {}
        if record.id not in found:
            found = template._generate_template_recipients([record.id], names)
        return found[record.id]

    @api.model
    def _would_be_mailed(self, record, addressed, author):
        """Return whom Odoo would notify: who is in To, and followers; a new record's is the responsible."""
        field = record._fields.get("user_id")
        new = {"user_id": record.user_id.id} if field and field.store and not record.id else {}
        subscribed = record._message_auto_subscribe_followers(new, [])
        followers = self.env["res.partner"].browse(partner_id for partner_id, *_rest in subscribed)
        followers -= self.env.user.partner_id  # who sends is not notified
        thread = record if record.id else record.browse()  # what is not saved has no followers yet
        return thread._notify_get_recipients(
            self.env["mail.message"],
            msg_vals={
                "author_id": author.id, "incoming_email_cc": False, "incoming_email_to": False,
                "message_type": "comment", "outgoing_email_to": False, "partner_ids": (addressed | followers).ids,
                "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            },
            notify_author_mention=True,
        )  # fmt: skip

    @api.model
    def _inherited(self, partner, roles):
        """Return what a contact's documents use of its company's addresses, as its form shows them now.

        :param partner: ``res.partner``, changed and not saved perhaps
        :param roles: the codes of the roles
        :return: list of ``(role, row, reason)``, see :func:`..tools.resolver.role_addresses`
        """
        resolver = self.env["sengerio.mail.resolver"]
        chain = resolver._chain(partner)
        if len(chain) < 2:
            return []
        rows = {
            someone.id: [
                Row(row.role, row.email or "", row.name or "", row.company_id.id or None, row.bounce_state != "none")
                for row in someone.sengerio_address_ids.filtered("active")
            ]
            for someone in chain
        }
        family = tuple(resolver._person(someone, rows) for someone in chain)
        own = (partner.id, partner._origin.id)
        return [
            (role, row, reason)
            for role in roles
            for row, reason in role_addresses(family, role, self.env.company.id)
            if reason.partner_id not in own
        ]
