from functools import lru_cache
from operator import itemgetter

from psycopg2 import Error as DatabaseError
from psycopg2.errors import SerializationFailure

from odoo import Command, api, fields, models
from odoo.tools.mail import append_content_to_html, html2plaintext

from ..tools import addresses, links
from ..tools.smtp_session import TOKEN_HEADER, DocumentSession
from ..tools.states import UNSENT
from .sengerio_mail_document import AT_ONCE, COPIES, RECORD_KEY, TO, WITH_MAIL


class MailMail(models.Model):
    _inherit = "mail.mail"

    sengerio_delivery_ids = fields.Many2many(
        "sengerio.mail.delivery", compute="_compute_sengerio_deliveries", compute_sudo=True
    )

    def _compute_sengerio_deliveries(self):
        """Find the deliveries of the document that a mail is; the document is locked from then on."""
        deliveries_sudo = self.env["sengerio.mail.delivery"].sudo()
        for mail in self:
            mail.sengerio_delivery_ids = (
                deliveries_sudo._of_message(mail.mail_message_id.id) if mail._sengerio_documents() else deliveries_sudo
            )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS mail: list the documents that leave without a notification, from templates and in mass mode
        mails = super().create(vals_list)
        documents = {}
        for mail, vals in zip(mails, vals_list, strict=True):
            if vals.get("sengerio_send") and (values := mail._sengerio_document_values()):
                documents[mail] = values
        if documents:
            listed_sudo = self.env["sengerio.mail.document"].sudo()._insert(list(documents.values()))
            for mail, document in zip(documents, listed_sudo, strict=True):
                self._fields["sengerio_delivery_ids"]._update_cache(mail, document.delivery_ids._ids)
        return mails

    def write(self, vals):
        # EXTENDS mail: a template's reports are attached after its mail was made
        result = super().write(vals)
        if "attachment_ids" in vals:
            for mail in self._sengerio_documents():
                mail.sudo().sengerio_delivery_ids.document_id.write(
                    {"attachment_ids": mail.attachment_ids, "attachment_count": len(mail.attachment_ids)}
                )
        return result

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS mail: role addresses in To, and one more message for all copies
        entries = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        deliveries = self.sudo().sengerio_delivery_ids
        return self._sengerio_outgoing(entries, deliveries) if deliveries else entries

    def _send(self, auto_commit=False, raise_exception=False, smtp_session=None, alias_domain_id=False,
              mail_server=False, post_send_callback=None):  # fmt: skip
        # EXTENDS mail: note what the server says of each recipient, and let no two workers send the same document
        there = self.exists() if auto_commit else self  # what another worker has sent, it may have deleted
        if not there:
            return True
        if smtp_session:
            smtp_session = self._sengerio_session(smtp_session, mail_server)
        arguments = {
            "auto_commit": auto_commit, "raise_exception": raise_exception, "alias_domain_id": alias_domain_id,
            "smtp_session": smtp_session, "mail_server": mail_server, "post_send_callback": post_send_callback,
        }  # fmt: skip
        documents = there._sengerio_documents()
        if auto_commit and documents:
            # Odoo commits after each mail here; what is recorded by other transactions must see the documents
            self.env.cr.commit()  # pylint: disable=invalid-commit
        try:
            for mails in there._sengerio_batches(documents, auto_commit):
                if smtp_session:
                    # nobody may write the list by hand
                    smtp_session.note = mails.env["sengerio.mail.document"].sudo()._record_outcome
                try:
                    super(MailMail, mails)._send(**arguments)
                except DatabaseError:
                    self.env["sengerio.mail.document"]._save_outcomes()
                    raise
        finally:
            if smtp_session:
                smtp_session.leave()
        return True

    def cancel(self):
        # EXTENDS mail
        self._sengerio_cancel()
        return super().cancel()

    def unlink(self):
        # EXTENDS mail: what waits in a mail that is deleted will never leave
        self.filtered(lambda mail: mail.state != "sent")._sengerio_cancel()
        return super().unlink()

    @api.model
    def _sengerio_make_plain(self, partners):
        """Let the documents that wait for partners be mailed to their addresses: they are about to be deleted."""
        waiting = self.search([("recipient_ids", "in", partners.ids), ("state", "in", ("outgoing", "exception"))])
        for mail in waiting._sengerio_documents():
            leaving = mail.recipient_ids & partners
            to = mail.sengerio_delivery_ids.filtered(
                lambda delivery, leaving=leaving: delivery.header == "to" and delivery.partner_id in leaving
            )
            if to:
                plain = [delivery._header_address() for delivery in to]
                mail.email_to = ", ".join([*([mail.email_to] if mail.email_to else []), *plain])

    def _sengerio_documents(self):
        """Return those of these mails that are documents.

        By way of their messages, which Odoo reads anyway: the inherited field would cost one more query.
        """
        return self.filtered(lambda mail: mail.sudo().mail_message_id.sengerio_send)

    # ------------------------------------------------------------
    # The SMTP session
    # ------------------------------------------------------------

    def _sengerio_session(self, smtp_session, mail_server):
        """Return the session that notes what becomes of documents.

        :param smtp_session: Odoo's
        :param mail_server: ``ir.mail_server`` that it is connected to, may be empty
        """
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # nobody may write the list by hand
        read = lru_cache(1)(documents_sudo._read_token)

        def is_copy(token):
            return read(token)[1] == COPIES

        def is_due(token):
            document, part = read(token)
            return part != COPIES or any(
                delivery.header == "to" and delivery.state not in UNSENT for delivery in document.delivery_ids
            )

        def wants_reports(token):
            document, _part = read(token)
            policy = self.env["sengerio.mail.document.type"]._policy(document.type_id.id)
            return bool(policy and policy.is_tracked)

        def reconnect():
            return self.env["ir.mail_server"]._connect__(
                mail_server_id=mail_server.id if mail_server else None,
                smtp_from=getattr(smtp_session, "smtp_from", None),
            )

        return DocumentSession(
            smtp_session,
            is_due=is_due,
            is_copy=is_copy,
            wants_reports=wants_reports,
            note=documents_sudo._record_outcome,
            reconnect=reconnect,
        )

    def _sengerio_batches(self, documents, auto_commit):
        """Yield these mails in their order, each document's by itself where Odoo commits after each.

        Their documents are locked before Odoo touches anything. Where it commits once, at the end, all are locked
        before the first mail leaves: failing later would undo the record of those that have left.

        :param documents: those of these mails that are documents
        :param bool auto_commit: Odoo commits after each mail
        """
        if not documents or not auto_commit:
            deliveries_sudo = documents.sudo().mapped("sengerio_delivery_ids")  # finding them locks their documents
            for names in ("email", "document_id.type_id"):  # read together: Odoo takes one mail after the other
                deliveries_sudo.mapped(names)
            yield self.with_context(**{RECORD_KEY: None}) if RECORD_KEY in self.env.context else self
            return
        document_ids = set(documents.ids)
        for mail_id in self.ids:  # each read by itself: Odoo deletes those that were sent
            mail = self.browse(mail_id)
            if mail_id not in document_ids:
                if mail.exists():
                    yield mail
            elif mail._sengerio_take():
                yield mail.with_context(**{RECORD_KEY: WITH_MAIL if mail._sengerio_is_one_message() else AT_ONCE})
            else:  # nothing was done since Odoo's last commit; the next one is taken as other workers have left it
                self.env.cr.rollback()

    def _sengerio_is_one_message(self):
        """Tell whether a document's mail leaves as a single message: to one contact, without copies."""
        addressed = len(self.recipient_ids) + bool(self.email_to) + bool(self.email_cc)
        copies = self.sudo().sengerio_delivery_ids.filtered(lambda delivery: delivery.header != "to")
        return addressed == 1 and not copies

    def _sengerio_take(self):
        """Take the document of a mail in a queue for this worker.

        :return: whether the mail is to be sent: no other worker has it, or had it since the queue was read; if not, the
            transaction may have failed
        """
        self.ensure_one()
        try:
            deliveries_sudo = self.env["sengerio.mail.delivery"].sudo()._of_queued_mail(self)
        except SerializationFailure:  # another worker has just sent it
            return False
        if not deliveries_sudo:
            documents_sudo = self.env["sengerio.mail.document"].sudo()
            mail_sudo = self.sudo().search([("id", "=", self.id), ("state", "=", "outgoing")])
            return bool(mail_sudo) and not documents_sudo.search_count(
                [("mail_message_id", "=", mail_sudo.mail_message_id.id)], limit=1
            )
        self._fields["sengerio_delivery_ids"]._update_cache(self, deliveries_sudo._ids)
        return True

    def _sengerio_cancel(self):
        for mail in self._sengerio_documents():
            own = mail._sengerio_own_deliveries()
            own.document_id._cancel(own)

    def _sengerio_document_values(self):
        """Return the values of the document that a mail is which has no notification, ``None`` if it is none.

        Nobody gets a second mail of it.
        """
        self.ensure_one()
        send = self.sudo().sengerio_send
        policy = self.env["sengerio.mail.document.type"]._policy(send.get("type_id"))
        if not policy or self.state != "outgoing" or not self.res_id:
            return None
        record = self.env[self.model].browse(self.res_id)
        sender = self.env["res.users"].browse(send.get("sender_id") or ())
        mailed = [{"id": partner.id, "notif": "email"} for partner in self.recipient_ids]
        send = {
            **send, "addressed": self.recipient_ids.ids, "email_to": [self.email_to], "email_cc": [self.email_cc],
        }  # fmt: skip
        answer = self.env["sengerio.mail.resolver"]._resolve(policy, record, sender, mailed, send)
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # nobody may write the list by hand
        if "changes" in send:
            self.mail_message_id._sengerio_forget()
        if not documents_sudo._leaves_company(answer):  # a sample that somebody sends to the own address
            return None
        if answer.dropped and not policy.is_other:
            self.recipient_ids = [Command.unlink(partner_id) for partner_id in answer.dropped]
        return documents_sudo._prepare_document_values(policy, record, self.mail_message_id.sudo(), sender, answer)

    def _sengerio_own_deliveries(self):
        """Return those of the document's deliveries that this mail carries."""
        deliveries = self.sudo().sengerio_delivery_ids
        to = deliveries.filtered(lambda delivery: delivery.header == "to")
        own = self._sengerio_own_to(to)
        return own | (deliveries - to) if own and deliveries._carrier(own) in own else own

    def _sengerio_own_to(self, to):
        """Return those of a document's To that this mail carries."""
        return to.filtered(
            lambda delivery: delivery.partner_id in self.recipient_ids if delivery.partner_id else self.email_to
        )

    def _sengerio_outgoing(self, entries, deliveries):
        """Return the messages of a document instead of Odoo's.

        :param list entries: of ``_prepare_outgoing_list``
        :param deliveries: all of the document
        """
        document = deliveries.document_id
        send = self.sudo().mail_message_id.sengerio_send
        policy = self.env["sengerio.mail.document.type"]._policy(send["type_id"])
        to = deliveries.filtered(lambda delivery: delivery.header == "to")
        copies = deliveries - to
        if policy and policy.is_other and not send.get("resend"):
            return self._sengerio_other_entries(entries, to, document)
        visible = {"email_cc": [delivery._header_address() for delivery in copies if delivery.header == "cc"]}
        if len(to) < self.env["mail.thread"]._CUSTOMER_HEADERS_LIMIT_COUNT:  # Odoo's own limit for showing recipients
            visible["email_to"] = [delivery._header_address() for delivery in to]
        carrier = to._carrier(self._sengerio_own_to(to))
        outgoing, followers, customers = [], [], None
        for entry in entries:
            partner = entry["partner_id"] or self.env["res.partner"]
            own = to.filtered(lambda delivery, partner=partner: delivery.partner_id == partner)
            if not own:
                # a follower, for those of its addresses that do not get the document itself; an empty list would mean
                # no filter to Odoo; without a partner these are copies, which go together
                emails = [email for email in entry["email_to_normalized"] if email not in to.mapped("email")]
                if partner and (emails or not entry["email_to_normalized"]):
                    followers.append({**entry, "email_to_normalized": emails})
                continue
            if carrier and carrier in own:
                customers = entry
            if waiting := own._due():
                own_to = {"email_to": [delivery._header_address() for delivery in own]}
                entry = {**self._sengerio_to_entry(entry, own, waiting, document), **own_to, **visible}
                outgoing.append((own.ids[0], entry))
        outgoing = [entry for _id, entry in sorted(outgoing, key=itemgetter(0))]  # as they stand in To, not at random
        waiting = copies._due()
        if customers and waiting:
            outgoing.append({**self._sengerio_copies_entry(customers, waiting, document), **visible})
        return outgoing + followers  # last: one who is refused ends Odoo's loop

    def _sengerio_other_entries(self, entries, to, document):
        """Return Odoo's own messages of an other document, marked; a retry leaves out who has got it."""
        outgoing = []
        for entry in entries:
            partner = entry["partner_id"] or self.env["res.partner"]
            own = to.filtered(lambda delivery, partner=partner: delivery.partner_id == partner)
            if own:
                done = (own - own._due()).mapped("email")
                emails = [email for email in entry["email_to_normalized"] if email not in done]
                entry = {**entry, "headers": self._sengerio_headers(entry, document._token(TO))}
                entry["email_to_normalized"] = emails
            if not own or own._due():
                outgoing.append(entry)
        return outgoing

    def _sengerio_to_entry(self, entry, own, waiting, document):
        """Return the message for one contact's addresses."""
        body = entry["body"]
        partner = entry["partner_id"]
        if not partner and self.sudo().mail_message_id.sengerio_send.get("resend"):  # it may have been a copy
            body = self._sengerio_free(body, document)
        elif not partner or own.mapped("email") != [partner.email_normalized]:
            body = links.free(body, links.is_sign_up)  # signing up is for the partner, not for each of its addresses
        policy = self.env["sengerio.mail.document.type"]._policy(document.type_id.id)
        if policy and policy.has_confirm_link:
            link = self.env["sengerio.mail.receipt"]._link(own)
            body = append_content_to_html(body, link, plaintext=False)
        customers = self._sengerio_entry(entry, body, waiting, document._token(TO))
        if policy and policy.asks_read_receipt and customers["headers"].get("Return-Path"):
            # RFC 8098 §2.1; to where bounces go, so that Odoo reads the answer
            customers["headers"]["Disposition-Notification-To"] = customers["headers"]["Return-Path"]
        return customers

    def _sengerio_copies_entry(self, entry, waiting, document):
        """Return the one message for all copies: the customer's, without what lets one act as the customer."""
        body = self._sengerio_free(entry["body"], document)
        copies = self._sengerio_entry(entry, body, waiting, document._token(COPIES))
        blind = [delivery._envelope_address() for delivery in waiting if delivery.header == "bcc"]
        if blind:
            copies["headers"]["Bcc"] = ", ".join(blind)  # for the envelope; Odoo takes it off the message
        return {**copies, "partner_id": False}

    def _sengerio_free(self, body, document):
        """Return a body without what lets one act as the customer."""
        record_url = f"{document.get_base_url()}{links.RECORD_VIEW}?model={self.model}&res_id={self.res_id}"
        return links.free(body, links.is_secret, record_url)

    def _sengerio_entry(self, entry, body, waiting, token):
        if body != entry["body"]:
            entry = {**entry, "body": body, "body_alternative": html2plaintext(body)}
        return {
            **entry,
            "headers": self._sengerio_headers(entry, token),
            "email_to_normalized": [delivery._envelope_address() for delivery in waiting],
        }

    def _sengerio_headers(self, entry, token):
        """Return the headers of a message with the token that names it, also in its envelope sender if that is set."""
        headers = {**entry["headers"], TOKEN_HEADER: token}
        alias_domain_sudo = (self.record_alias_domain_id or self.env.company.alias_domain_id).sudo()  # of any sender
        if headers.get("Return-Path") and alias_domain_sudo.sengerio_envelope_token:
            headers["Return-Path"] = addresses.tagged(headers["Return-Path"], token)
        return headers
