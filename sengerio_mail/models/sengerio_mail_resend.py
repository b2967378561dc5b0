from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import addresses
from ..tools import changes as changing
from ..tools.resolver import Answer, Reason, Recipient
from .res_partner import DUE_COMPANY

# did not arrive, or never left: these may be sent again
RESENDABLE = frozenset({"hard_bounce", "soft_bounce", "refused", "failed", "complaint", "cancelled"})
MISSED = Domain("state", "in", list(RESENDABLE)) & Domain("resent_in_id", "=", False)
# the record's own Send button, where there is more to be done than to send a message again
OWN_ACTIONS = ("action_quotation_send", "action_rfq_send", "action_invoice_sent")


class SengerioMailResendDocument(models.AbstractModel):
    """Sending a document again, as a new one, to those alone who did not get it.

    The new document carries the message as it was. Who was in To stays in To, a copy stays a copy; where nobody in To
    is among them, the copies stand in To instead, without what lets one act as the customer, and a blind copy in a
    document of its own, so that no one learns of it.
    """

    _name = "sengerio.mail.document.resend"
    _description = "Document That May Be Sent Again"

    # indexed for the document's form, and for PostgreSQL, which looks here for each document that is deleted
    resend_of_id = fields.Many2one(
        "sengerio.mail.document", string="Sent Again From", index="btree_not_null", ondelete="set null", readonly=True
    )
    resend_ids = fields.One2many("sengerio.mail.document", "resend_of_id", string="Sent Again As", readonly=True)
    may_resend = fields.Boolean(compute="_compute_may_resend", search="_search_may_resend")

    @api.depends("delivery_ids.state", "delivery_ids.resent_in_id", "anonymised")
    def _compute_may_resend(self):
        deliveries_sudo = self.env["sengerio.mail.delivery"].sudo()  # who sees a document sees its recipients
        found = deliveries_sudo._read_group(MISSED & Domain("document_id", "in", self.ids), ["document_id"])
        ids = {document.id for (document,) in found}
        for document in self:
            document.may_resend = document._origin.id in ids and not document.anonymised

    @api.model
    def _search_may_resend(self, operator, value):
        if operator != "in":
            return NotImplemented
        deliveries_sudo = self.env["sengerio.mail.delivery"].sudo()  # who sees a document sees its recipients

        def to_sql(model, alias, query):
            """As a scalar: PostgreSQL would look through all deliveries for ``IN`` or ``EXISTS`` beside an ``OR``."""
            missed = deliveries_sudo._search(MISSED, limit=1)
            document = deliveries_sudo._field_to_sql(missed.table, "document_id", missed)
            missed.add_where(SQL("%s = %s", document, SQL.identifier(alias, "id")))
            return SQL("%s IS TRUE", missed.subselect(SQL("TRUE")))

        found = Domain("anonymised", "=", False) & Domain.custom(to_sql=to_sql)
        return Domain.OR(found if wanted else ~found for wanted in value)

    def action_resend(self):
        """Open the wizard that corrects addresses and sends these documents again.

        :raise UserError: everybody got them
        """
        deliveries = self.delivery_ids._resendable()
        if not deliveries:
            raise UserError(self.env._("Nobody is left who did not get it: there is nothing to send again."))
        wizard = self.env["sengerio.mail.resend"].create({"line_ids": deliveries._prepare_resend_lines()})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct and Send Again"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    # ------------------------------------------------------------
    # Whether it can be sent as it was
    # ------------------------------------------------------------

    def _resend_obstacle(self):
        """Return why this document cannot be sent again as it was, in words; empty if it can."""
        self.ensure_one()
        return self._resend_obstacles()[self]

    def _resend_obstacles(self):
        """Return the same of several, ``{document: words}``."""
        messages = self._messages()
        return {
            document: document._find_obstacle(record, messages[document])
            for document, record in self._records().items()
        }

    def _find_obstacle(self, record, message):
        if self.anonymised:
            return self.env._("Its addresses were removed, as is set for old documents.")
        if not record:
            return self.env._("%s does not exist any more.", self.reference or self.subject)
        if not record.has_access(record._mail_post_access):
            return self.env._("You may not write to %s.", self.reference)
        if not self.env["sengerio.mail.document.type"]._policy(self.type_id.id):
            return self.env._("The document type %s is archived.", self.type_id.display_name)
        if not message or not message.body:
            return self.env._("The message as it was sent is not kept any more.")
        if len(self.sudo().attachment_ids) < self.attachment_count:  # counted, not read
            return self.env._("An attachment that was sent is not there any more.")
        if self.hidden_attachment_count:
            return self.env._("You may not see an attachment that was sent.")
        return ""

    def _record(self):
        """Return the record that was sent, if it is still there."""
        self.ensure_one()
        return self._records()[self]

    def _records(self):
        """Return the records that were sent, by document; in one query for each model.

        :return: ``{document: record}``: an empty one if it is gone, ``None`` if its model is
        """
        found = dict.fromkeys(self)
        for model, documents in self.grouped("res_model").items():
            if model in self.env:
                records = self.env[model].browse(documents.mapped("res_id")).exists()
                by_id = records.grouped("id")
                found |= {document: by_id.get(document.res_id, records.browse()) for document in documents}
        return found

    def _message(self):
        """Return the message that was sent, if it is still there and the user may read it."""
        self.ensure_one()
        return self._messages()[self]

    def _messages(self):
        """Return the messages of several, ``{document: message}``; in one query."""
        messages = self.env["mail.message"].browse(self.mapped("mail_message_id")).exists()._filtered_access("read")
        by_id = messages.grouped("id")
        return {document: by_id.get(document.mail_message_id, messages.browse()) for document in self}

    def _own_send_action(self):
        """Return the action of the record's own Send button, or of its form where it has none."""
        self.ensure_one()
        record = self._record()
        name = next((name for name in OWN_ACTIONS if hasattr(record, name)), None)
        return getattr(record, name)() if name else self.action_open_record()

    # ------------------------------------------------------------
    # Sending again
    # ------------------------------------------------------------

    def _resend(self, emails):
        """Send this document again.

        :param dict emails: ``{delivery: address, as it was typed}`` for those who get it
        :return: the new documents
        :raise UserError: it cannot be sent as it was, or somebody did so meanwhile
        :raise ValidationError: an address cannot be used; the message names it
        """
        self.ensure_one()
        if obstacle := self._resend_obstacle():
            raise UserError(obstacle)
        self._drop_waiting_mails(emails)
        new = self.browse()
        for group in self._resend_groups(list(emails)):
            new |= self._resend_group({delivery: emails[delivery] for delivery in group})
        return new

    @api.model
    def _resend_groups(self, deliveries):
        """Return who gets one message together: readers of a blind copy only with somebody else in To."""
        if any(delivery.header != "bcc" for delivery in deliveries):
            return [deliveries]
        return [[delivery] for delivery in deliveries]

    def _resend_group(self, emails):
        record, message_sudo = self._record(), self._message().sudo()  # read access was asked for
        resend = {"document_id": self.id, "emails": [[delivery.id, email] for delivery, email in emails.items()]}
        answer = self._resend_answer(resend["emails"])
        explicit, reply_to = (message_sudo.sengerio_send or {}).get("explicit") or (), {}
        if "reply_to" in explicit and not self._has_left(message_sudo.reply_to):
            reply_to = {name: message_sudo[name] for name in ("reply_to", "reply_to_force_new")}
        record = record.with_company(self.company_id).with_context(
            **{DUE_COMPANY: self.company_id.id}, mail_post_autofollow=False, mail_notify_author=True
        )
        message = record.message_post(
            subject=message_sudo.subject,
            body=message_sudo.body,
            message_type="comment",
            subtype_id=message_sudo.subtype_id.id,
            author_id=message_sudo.author_id.id,
            email_from=message_sudo.email_from,
            attachment_ids=message_sudo.attachment_ids.ids or self.readable_attachment_ids.ids,
            partner_ids=list({recipient.partner_id for recipient in answer.by_header("to")} - {None}),
            email_layout_xmlid=message_sudo.email_layout_xmlid,
            email_add_signature=message_sudo.email_add_signature,
            mail_server_id=message_sudo.mail_server_id.id,
            force_email_lang=self.partner_id.lang or False,
            notify_skip_followers=True,
            sengerio_send={
                "type_id": self.type_id.id, "resend": resend,
                "bcc_sender": False, "keep_from": "email_from" in explicit,
            },
            **reply_to,
        )  # fmt: skip
        new = self.search([("mail_message_id", "=", message.id)])
        for delivery_sudo in self.env["sengerio.mail.delivery"].union(*emails).sudo():  # nobody writes the list by hand
            delivery_sudo.resent_in_id = new
        if all(delivery._is_blind() for delivery in new.delivery_ids):
            message._sengerio_hide_plain()
        self._end_attention()
        return new

    @api.model
    def _has_left(self, header):
        """Tell whether an address in a header is of a user who is archived."""
        emails = [address.email for address in addresses.tolerant(header)]
        users_sudo = self.env["res.users"].sudo().with_context(active_test=False)  # who has left is not to be seen
        users_sudo = users_sudo.search([("email_normalized", "in", emails), ("share", "=", False)])
        here = set(users_sudo.filtered("active").mapped("email_normalized"))
        return not here.issuperset(users_sudo.mapped("email_normalized"))

    def _drop_waiting_mails(self, deliveries):
        """Cancel the mails that Odoo would try again, if nobody else waits for them."""
        waiting = self.delivery_ids._to_send()
        if all(delivery in deliveries for delivery in waiting):
            self._waiting_mails().cancel()

    # ------------------------------------------------------------
    # Who gets it
    # ------------------------------------------------------------

    @api.model
    def _checked_resend(self, resend, record, sender):
        """Check what a send says that it repeats, and for whom: nothing of it is taken on trust.

        :param dict resend: ``{"document_id": id, "emails": [[delivery id, address]]}``
        :param record: the record that is written to
        :param sender: ``res.users``
        :return: the same, its addresses normalised
        :raise ValidationError: an address cannot be used, or has got it; the message names it
        :raise UserError: these are not recipients who did not get this record's document
        """
        document = self.browse(resend["document_id"]).exists()
        given = {self.env["sengerio.mail.delivery"].browse(key): email for key, email in resend["emails"]}
        document.check_access("read")
        if (document.res_model, document.res_id) != (record._name, record.id):
            raise UserError(self.env._("This is not a document of %s.", record.display_name))
        again = [d for d in given if d not in document.delivery_ids._resendable()]
        if again or not given:
            raise UserError(
                self.env._("Somebody has sent it again meanwhile, or it arrived: reload the list and look at %s.",
                           document.reference)
            )  # fmt: skip
        reached = set((document.delivery_ids - document.delivery_ids._resendable()).mapped("email"))
        emails = []
        for delivery, text in given.items():
            email = delivery._checked_address(text, sender)
            if email in reached:
                raise ValidationError(self.env._("%s gets this document already: enter another address.", email))
            reached.add(email)
            emails.append([delivery.id, email])
        return {"document_id": document.id, "emails": emails}

    @api.model
    def _resend_answer(self, emails):
        """Return who gets a document again.

        :param list emails: ``[[delivery id, address]]``
        :rtype: odoo.addons.sengerio_mail.tools.resolver.Answer
        """
        new = {self.env["sengerio.mail.delivery"].browse(key): email for key, email in emails}
        headers = [header for header in ("to", "cc", "bcc") if header in {delivery.header for delivery in new}]
        order = sorted(new, key=lambda delivery: (headers.index(delivery.header), delivery.id))
        return Answer([delivery._resend_recipient(new[delivery], headers[0]) for delivery in order])


class SengerioMailResendDelivery(models.AbstractModel):
    """A recipient who did not get a document: where the address came from, and to whom it is sent again."""

    _name = "sengerio.mail.delivery.resend"
    _description = "Recipient to Whom a Document May Be Sent Again"

    resent_in_id = fields.Many2one(
        "sengerio.mail.document", string="Sent Again As", index="btree_not_null", ondelete="set null", readonly=True
    )

    def _resendable(self):
        """Return those who did not get it, and to whom it was not sent again."""
        return self.filtered(lambda delivery: delivery.state in RESENDABLE and not delivery.resent_in_id)

    def _prepare_resend_lines(self):
        return [fields.Command.create({"delivery_id": delivery.id, "email": delivery.email}) for delivery in self]

    def _checked_address(self, text, sender):
        """Return the address to which it is sent again, normalised.

        :param str text: as it was typed
        :param sender: ``res.users``
        :raise ValidationError: it cannot be used; the message names it
        :raise AccessError: a blind copy would go where the user may not send one
        """
        self.ensure_one()
        if text == self.email:
            return text
        header = "bcc" if self.header == "bcc" else "to"
        changes = changing.read({"added": {header: [text or ""]}})
        for entry, problem in self.env["sengerio.mail.changes"]._problems(changes, sender).items():
            raise (AccessError if entry.address and header == "bcc" else ValidationError)(problem)
        return changes.entries[0].address.email

    def _resend_recipient(self, email, first):
        """Return this recipient as one of a document that is sent again.

        :param str email: where it goes now
        :param str first: the header that stands for To; a copy in To is nobody's own message
        """
        self.ensure_one()
        header = "to" if self.header == first else self.header
        partner = self.partner_id if self.header == header else self.partner_id.browse()
        if header == "to" and not self._is_mailed(partner):
            partner = partner.browse()
        return Recipient(email, self.name or "", header, Reason("as_before", self.reason or ""), partner.id or None,
                         self.role or "")  # fmt: skip

    @api.model
    def _is_mailed(self, partner):
        """Tell whether Odoo mails a partner what is addressed to it."""
        users = partner.sudo().user_ids.filtered(lambda user: not user.share)
        return partner.active and "inbox" not in users.mapped("notification_type")

    # ------------------------------------------------------------
    # Where the address came from
    # ------------------------------------------------------------

    def _first_sent(self):
        """Return this recipient as it was first addressed, before it was sent again to the same address."""
        self.ensure_one()
        found = self
        while before := found.document_id.resend_of_id.delivery_ids.filtered(
            lambda delivery, found=found: delivery.resent_in_id == found.document_id and delivery.email == found.email
        )[:1]:
            found = before
        return found

    def _is_blind(self):
        """Tell whether this is a blind copy, or one that was sent again by itself: who may read the record, and not
        the document, must not learn of it."""
        self.ensure_one()
        if self.header == "bcc":
            return True
        before = self.document_id.resend_of_id.delivery_ids.filtered(
            lambda delivery: delivery.resent_in_id == self.document_id
        )
        return bool(before) and all(delivery._is_blind() for delivery in before)

    def _source(self):
        """Return the role address, the partner or the copy rule that the address came from.

        Empty if it was added for that send, named by a template, or is not there any more. As the user: nothing is
        changed that the user may not change.
        """
        first = self._first_sent()
        people = self.env["sengerio.mail.resolver"]._chain(first.partner_id)
        rows_sudo = self.env["sengerio.mail.address"].sudo()  # found for everybody, changed by those who may
        own = rows_sudo.search(
            [("partner_id", "in", people.ids), ("email", "=", first.email), ("role", "in", (first.role, "commercial")),
             ("company_id", "in", (first.document_id.company_id.id, False))],
        ).sorted(lambda row: row.role != first.role)  # fmt: skip
        person = people.filtered(
            lambda someone: first.email in {address.email for address in addresses.tolerant(someone.email)}
        )
        if first.role == "commercial" or not own or own[0].role != first.role:
            found = person[:1] or own[:1]
        else:
            found = own[:1]
        if not found and not first.partner_id and first.header != "to":
            found = first._copy_rule()
        return found.sudo(False)

    def _copy_rule(self):
        """Return the rule that names this copy's plain address."""
        document = self.document_id
        people = self.env["sengerio.mail.resolver"]._chain(document.partner_id) | document.sender_id.sudo().partner_id
        return self.env["sengerio.mail.copy"].sudo().search(
            [("email", "=", self.email), ("header", "=", self.header), ("partner_id", "in", [*people.ids, False]),
             ("company_id", "in", (document.company_id.id, False))], limit=1,
        )  # fmt: skip

    def _may_correct(self):
        """Tell whether the user may change the address where it came from."""
        source = self._source()
        if not source or not source.has_access("write"):
            return False
        try:
            if source._name != "res.partner":
                source._check_may_change()
        except AccessError:
            return False
        return True

    def _correct(self, email):
        """Change the address where it came from, by the user's own rights.

        :param str email: normalised
        :return: whether it could be changed
        """
        self.ensure_one()
        if not self._may_correct():
            return False
        source = self._source()
        if source._name == "res.partner":
            source._sengerio_replace_email(self.email, email)
        elif source._name == "sengerio.mail.address" and source._twin(email):
            source.active = False  # the right one is there already
        else:
            source.email = email
        return True
