from dataclasses import replace

from odoo import SUPERUSER_ID, api, models
from odoo.tools.mail import email_normalize

from ..tools import addresses
from ..tools.addresses import Address
from ..tools.resolver import Contact, Copy, Person, Question, Reason, own_addresses, resolve, role_addresses
from ..tools.together import asked_together


class SengerioMailResolver(models.AbstractModel):
    """Gathers the facts about a message for :mod:`..tools.resolver`, and words its answer.

    The same code runs for the line in the composer and for what is sent.
    """

    _name = "sengerio.mail.resolver"
    _description = "Document Addressing"

    # ------------------------------------------------------------
    # Who sends
    # ------------------------------------------------------------

    @api.model
    def _sender(self, record, asked_by=None):
        """Return the internal user who sends: who acts, else the record's responsible, else nobody.

        :param asked_by: ``res.users`` for whom OdooBot acts: who started the batch that a cron works off
        """
        acting = self.env.user
        if acting.id == SUPERUSER_ID and asked_by:
            acting = asked_by
        if self._is_person(acting):
            return acting
        return record._sengerio_responsible()

    @api.model
    def _is_person(self, user):
        return bool(user) and user.id != SUPERUSER_ID and user.active and not user.share

    # ------------------------------------------------------------
    # From and Reply-To
    # ------------------------------------------------------------

    @api.model
    def _author(self, policy, record, sender, author, email_from):
        """Return ``(author, From)`` by policy.

        :param author: ``res.partner`` that Odoo would show as author
        :param str email_from: From as Odoo would have it
        """
        company = self._company(record)
        site = addresses.split(policy.from_email)[0][:1]
        if policy.from_policy == "sender" and sender.email:
            return sender.partner_id, sender.email_formatted
        if policy.from_policy == "company" and company.email:
            return author, company.email_formatted
        if policy.from_policy == "site" and site:
            return author, addresses.header(site[0].email, site[0].name or company.name)
        if policy.from_policy == "site_sender_name" and site:
            return author, addresses.header(site[0].email, sender.name or site[0].name)
        return author, email_from

    @api.model
    def _reply_to(self, policy, record, sender, author):
        """Return the Reply-To header by policy, ``None`` to leave it to Odoo."""
        if policy.reply_to_policy == "thread" or policy.is_other:
            return None
        if policy.reply_to_policy == "fixed":
            site = addresses.split(policy.reply_to_email)[0][:1]
            return addresses.short_header(site[0].email, site[0].name) if site else None
        person = self._reply_to_person(policy, record, sender)
        email = person and email_normalize(person.email, strict=False)
        if not email:
            return None
        found = [addresses.short_header(email, person.name)]
        if policy.reply_to_policy == "responsible_thread":
            thread = self._thread_address(record, author)
            if thread and email_normalize(thread) != email:
                found.append(thread)
        return ", ".join(found)

    @api.model
    def _thread_address(self, record, author, default=False):
        """Return the address that brings replies into the record, saved or not, as Odoo has it."""
        reply_to = record._notify_get_reply_to(default=default, author_id=author.id)
        return reply_to[record.id or False]

    @api.model
    def _reply_to_person(self, policy, record, sender):
        """Return the partner who gets the replies; empty if it is archived or there is none."""
        if policy.reply_to_policy == "sender":
            return sender.partner_id
        if policy.reply_to_policy in ("responsible", "responsible_thread"):
            named = record._sengerio_responsible_user()
            if not named and policy.reply_to_policy == "responsible_thread":
                named = sender
            return named.filtered(self._is_person).partner_id  # an archived user: the record
        return self._people_at(record, policy.reply_to_field).filtered("active")[:1]

    # ------------------------------------------------------------
    # Recipients
    # ------------------------------------------------------------

    @api.model
    def _resolve(self, policy, record, sender, recipients_data, send):
        """Tell who gets a message that is a document.

        :param policy: its :class:`~..sengerio_mail_document_type.Policy`
        :param record: the record
        :param sender: ``res.users``, may be empty
        :param list recipients_data: whom Odoo notifies, see ``MailThread._notify_get_recipients()``
        :param dict send: what this send carries, see ``mail.message``; ``addressed`` lists the partners in To;
            ``customer_unknown``: see :class:`~odoo.addons.sengerio_mail.tools.resolver.Question`
        :rtype: odoo.addons.sengerio_mail.tools.resolver.Answer
        """
        customer = record._mail_get_customer() if policy.role else self.env["res.partner"]
        mailed = {data["id"]: data for data in recipients_data if data["notif"] == "email" and data["id"]}
        addressed = set(send.get("addressed") or ()) & set(mailed)
        company = self._company(record)
        chain = self._chain(customer)
        asked_for = chain | self.env["res.partner"].browse(addressed) | sender.sudo().partner_id
        rows, copy_values = self._load(policy, asked_for, chain, sender, company) if policy.role else ({}, [])
        changes = self.env["sengerio.mail.changes"]._of_send(policy, send)
        contacts = [
            Contact(self._person(partner, rows), partner.id in addressed)
            for partner in self.env["res.partner"].sudo().browse(sorted(mailed))
        ]
        return resolve(
            Question(
                role=policy.role,
                company_id=company.id,
                customer=tuple(self._person(partner, rows) for partner in chain),
                contacts=tuple(contacts),
                plain_to=self._plain(send.get("email_to")),
                plain_cc=self._plain(send.get("email_cc")),
                notified=frozenset(record._sengerio_notified_addresses()),
                customer_unknown=bool(send.get("customer_unknown")),
                changes=changes,
                bounced=self.env["sengerio.mail.changes"]._bounced(changes.emails),
                copies=tuple(
                    [
                        *self._copies(policy, record, sender, copy_values, rows),
                        *self._sender_copy(policy, sender, send, rows, company),
                    ]
                ),
            )
        )

    @api.model
    def _unreachable(self, policy, record, partners):
        """Return those partners who have no address for a document.

        :param policy: its :class:`~..sengerio_mail_document_type.Policy`
        :param record: the record; its default partner is reached by its company's addresses too
        :param partners: ``res.partner`` to whom it is to go
        """
        customer = record._mail_get_customer()
        chain = self._chain(customer)
        company = self._company(record)
        rows = self._load_addresses(chain | partners, company)
        family = tuple(self._person(partner, rows) for partner in chain)
        return partners.filtered(
            lambda partner: not (
                role_addresses(family, policy.role, company.id)
                if partner == customer
                else own_addresses(self._person(partner, rows), policy.role, company.id)
            )
        )

    @api.model
    def _copies(self, policy, record, sender, copy_values, rows):
        """Yield a :class:`Copy` for each person that the rules name.

        :param list copy_values: of :meth:`_load`
        :param dict rows: of :meth:`_load`, those of the persons named included
        """
        for values in copy_values:
            reason = self._copy_reason(record, values)
            settings = {
                "header": values["header"], "reason": reason, "mandatory": values["mandatory"],
                "of_customer": bool(values["partner_id"]) and values["direction"] == "sent_to",
            }  # fmt: skip
            if values["email"]:
                yield Copy(email=values["email"], bounced=values["bounce_state"] == "bad_address", **settings)
            elif values["copy_field"]:
                self._expect_people_at(values["copy_field"])
                for person in self._people_at(record, values["copy_field"]):
                    yield Copy(chain=self._persons(record, person), **settings)
            elif values["person_has_company"]:
                person = self.env["res.partner"].sudo().browse(values["copy_partner_id"])
                yield Copy(chain=self._persons(record, person, values["person_active"]), **settings)
            else:
                person_id, name = values["copy_partner_id"], values["person_name"] or ""
                emails = tuple(addresses.tolerant(values["person_email"]))
                own = tuple(rows.get(person_id, ()))
                person = Person(
                    person_id, name, emails, own, active=values["person_active"], bounced=values["person_bounced"] or ""
                )
                yield Copy(chain=(person,), **settings)

    @api.model
    def _persons(self, record, partner, active=True):
        """Return a partner and its parents as facts, fetched for it alone.

        :param bool active: whether a user of it, if it has any, is active
        """
        chain = self._chain(partner)
        rows = self._load_addresses(chain, self._company(record))
        persons = [self._person(someone, rows) for someone in chain]
        return (replace(persons[0], active=active and persons[0].active), *persons[1:])

    @api.model
    def _copy_reason(self, record, values):
        if values["copy_field"]:
            label = self._field_label(record, values["copy_field"])
            return Reason("copy_field", label)
        if not values["partner_id"]:
            return Reason("copy_all")
        whose = self.env["res.partner"].sudo().browse(values["partner_id"]).name
        return Reason(f"copy_{values['direction']}", whose)

    @api.model
    def _sender_copy(self, policy, sender, send, rows, company):
        """Yield the blind copy to the sender, if there is one: the user's own row for the role, else the e-mail."""
        wanted = send.get("bcc_sender")
        if not policy.may_copy_sender or not sender:
            return
        if not (self._wants_copy(policy, sender) if wanted is None else wanted):
            return
        person = self._person(sender.sudo().partner_id, rows)
        own = own_addresses(person, policy.role, company.id)
        email = own and own[0][0].email
        generic = policy.from_policy in ("site", "site_sender_name", "company")
        if email and not (generic and email in self._generic_addresses(policy, company)):
            chain = (Person(person.id, person.name, (Address(email, person.name),)),)
            yield Copy("bcc", Reason("sender"), chain=chain)

    @api.model
    def _wants_copy(self, policy, sender):
        """Tell whether the sender gets a blind copy unless switched for this send."""
        return bool(policy.bcc_sender and sender and not sender.sudo().sengerio_bcc_opt_out)

    @api.model
    def _generic_addresses(self, policy, company):
        return {address.email for address in addresses.tolerant(f"{policy.from_email}, {company.email or ''}")}

    # ------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------

    @api.model
    def _company(self, record):
        return record._mail_get_companies(default=self.env.company)[record.id]

    @api.model
    def _chain(self, partner):
        """Return a partner and its parents up to the commercial entity, nearest first."""
        chain = current = partner.sudo()
        while current and current != current.commercial_partner_id and current.parent_id not in chain:
            current = current.parent_id
            chain |= current
        return chain

    @api.model
    def _person(self, partner, rows):
        partner = partner.sudo()
        return Person(
            id=partner.id,
            name=partner.name or partner.display_name or "",
            emails=tuple(addresses.tolerant(partner.email)),
            rows=tuple(rows.get(partner.id, ())),
            is_invoice_address=partner.type == "invoice",
            active=partner.active,
            bounced=partner.sengerio_bounced_email or "",
        )

    @api.model
    def _people_at(self, record, path):
        """Return the partners that a field of the record leads to, empty if the record has no such field."""
        if not self.env["sengerio.mail.copy"]._is_person_field(record._name, path or ""):
            return self.env["res.partner"]
        people = record.sudo().mapped(path)
        if people._name == "res.users":
            return people.filtered("active").partner_id
        users = people.with_context(active_test=False).user_ids
        return people - (users.partner_id - users.filtered("active").partner_id)

    @api.model
    def _expect_people_at(self, path):
        """Let those whom a field of the other records leads to be asked about at once, too."""
        if asked := asked_together(self.env):
            people = asked.answer(("people", path), lambda: self._people_at(asked.records, path))
            for person in people:
                asked.partner_ids.update(self._chain(person).ids)

    @api.model
    def _field_label(self, record, path):
        field = self.env[record._name]._fields.get(path.split(".")[0])
        return field._description_string(self.env) if field else path

    @api.model
    def _plain(self, texts):
        """Return the addresses in some texts, those of templates too: whom Odoo would mail is not lost.

        A text of several lines is no header, and what stands on its lines need be addresses.
        """
        found = []
        for text in filter(None, texts or ()):
            found += addresses.split(text)[0] if "\n" in text or "\r" in text else addresses.tolerant(text)
        return tuple(found)
