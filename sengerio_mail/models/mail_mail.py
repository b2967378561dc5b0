import smtplib

from odoo import Command, api, models
from odoo.tools.mail import html2plaintext

from ..tools import links
from ..tools.smtp_session import TOKEN_HEADER, DocumentSession
from .sengerio_mail_document import COPIES, TO

OUTCOMES_KEY = "sengerio_mail.outcomes"


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS mail: list the documents that leave without a notification, from templates and in mass mode
        mails = super().create(vals_list)
        for mail, vals in zip(mails, vals_list, strict=True):
            if vals.get("sengerio_send"):
                mail._sengerio_list()
        return mails

    def write(self, vals):
        # EXTENDS mail: a template's reports are attached after its mail was made
        result = super().write(vals)
        if "attachment_ids" in vals:
            for mail in self.filtered(lambda mail: mail.sudo().sengerio_send):
                mail._sengerio_deliveries().document_id.attachment_ids = mail.attachment_ids
        return result

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS mail: role addresses in To, and one more message for all copies
        entries = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        deliveries = self._sengerio_deliveries()
        return self._sengerio_outgoing(entries, deliveries) if deliveries else entries

    def _send(self, auto_commit=False, raise_exception=False, smtp_session=None, alias_domain_id=False,
              mail_server=False, post_send_callback=None):  # fmt: skip
        # EXTENDS mail: note what the server says of each recipient
        if smtp_session:
            smtp_session = DocumentSession(smtp_session, self._sengerio_is_copy, self._sengerio_outcomes().append)
        try:
            return super()._send(
                auto_commit=auto_commit, raise_exception=raise_exception, smtp_session=smtp_session,
                alias_domain_id=alias_domain_id, mail_server=mail_server, post_send_callback=post_send_callback,
            )  # fmt: skip
        except smtplib.SMTPServerDisconnected:  # Odoo leaves its loop at once
            self._sengerio_record_outcomes()
            raise

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: record what became of each recipient, in the transaction that records the mail
        self._sengerio_record_outcomes()
        if failure_type:
            for mail in self.filtered(lambda mail: mail.sudo().sengerio_send):
                own = mail._sengerio_own_deliveries()
                own.document_id._fail(own, failure_reason or mail.failure_reason or failure_type)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def _sengerio_is_copy(self, token):
        return self.env["sengerio.mail.document"].sudo()._read_token(token)[1] == COPIES

    def _sengerio_outcomes(self):
        """Return the outcomes of this transaction that are not recorded yet; a rollback forgets them."""
        return self.env.cr.precommit.data.setdefault(OUTCOMES_KEY, [])

    def _sengerio_record_outcomes(self):
        outcomes = self._sengerio_outcomes()
        if outcomes:
            self.env["sengerio.mail.document"].sudo()._record_outcomes(outcomes)
            outcomes.clear()

    def _sengerio_list(self):
        """List the document that a mail is which has no notification; nobody gets a second mail of it."""
        self.ensure_one()
        send = self.sudo().sengerio_send
        policy = self.env["sengerio.mail.document.type"]._policy(send.get("type_id"))
        if not policy or self.state != "outgoing" or not self.res_id:
            return
        record = self.env[self.model].browse(self.res_id)
        sender = self.env["res.users"].browse(send.get("sender_id") or ())
        mailed = [{"id": partner.id, "notif": "email"} for partner in self.recipient_ids]
        send = {
            **send, "addressed": self.recipient_ids.ids, "email_to": [self.email_to], "email_cc": [self.email_cc],
        }  # fmt: skip
        answer = self.env["sengerio.mail.resolver"]._resolve(policy, record, sender, mailed, send)
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # nobody may write the list by hand
        if not documents_sudo._leaves_company(answer):  # a sample that somebody sends to the own address
            return
        documents_sudo._list(policy, record, self.mail_message_id, sender, answer)
        if answer.dropped and not policy.is_other:
            self.recipient_ids = [Command.unlink(partner_id) for partner_id in answer.dropped]

    def _sengerio_deliveries(self):
        """Return the deliveries of this mail's document, empty if it is none."""
        self.ensure_one()
        deliveries_sudo = self.env["sengerio.mail.delivery"].sudo()
        if not self.sudo().sengerio_send:
            return deliveries_sudo
        deliveries_sudo = deliveries_sudo._of_mail(self)
        for document in deliveries_sudo.document_id:
            of_document = deliveries_sudo.filtered(lambda delivery, document=document: delivery.document_id == document)
            document._fields["delivery_ids"]._insert_cache(document, [of_document._ids])
        return deliveries_sudo

    def _sengerio_own_deliveries(self):
        """Return those of the document's deliveries that this mail carries."""
        deliveries = self._sengerio_deliveries()
        to = deliveries.filtered(lambda delivery: delivery.header == "to")
        own = to.filtered(
            lambda delivery: delivery.partner_id in self.recipient_ids if delivery.partner_id else self.email_to
        )
        return own | (deliveries - to) if to[:1] in own else own

    def _sengerio_outgoing(self, entries, deliveries):
        """Return the messages of a document instead of Odoo's.

        :param list entries: of ``_prepare_outgoing_list``
        :param deliveries: all of the document
        """
        document = deliveries.document_id
        policy = self.env["sengerio.mail.document.type"]._policy(self.sudo().sengerio_send["type_id"])
        to = deliveries.filtered(lambda delivery: delivery.header == "to")
        copies = deliveries - to
        if policy and policy.is_other:
            token = {TOKEN_HEADER: document._token(TO)}
            listed = {delivery.partner_id.id for delivery in to}
            return [
                {**entry, "headers": {**entry["headers"], **token}}
                if (entry["partner_id"].id if entry["partner_id"] else False) in listed
                else entry
                for entry in entries
            ]
        visible = {
            "email_to": [delivery._header_address() for delivery in to],
            "email_cc": [delivery._header_address() for delivery in copies if delivery.header == "cc"],
        }
        outgoing, customers = [], None
        for entry in entries:
            partner = entry["partner_id"] or self.env["res.partner"]
            own = to.filtered(lambda delivery, partner=partner: delivery.partner_id == partner)
            if not own:
                if partner:  # a follower; without a partner these are copies, which go together
                    outgoing.append(entry)
                continue
            if to[0] in own:
                customers = entry
            if waiting := own._to_send():
                outgoing.append({**self._sengerio_to_entry(entry, own, waiting, document), **visible})
        waiting = copies._to_send()
        if customers and waiting:
            outgoing.append({**self._sengerio_copies_entry(customers, waiting, document), **visible})
        return outgoing

    def _sengerio_to_entry(self, entry, own, waiting, document):
        """Return the message for one contact's addresses."""
        body = entry["body"]
        partner = entry["partner_id"]
        if not partner or own.mapped("email") != [partner.email_normalized]:
            body = links.free(body, links.is_sign_up)  # signing up is for the partner, not for each of its addresses
        return self._sengerio_entry(entry, body, waiting, document._token(TO))

    def _sengerio_copies_entry(self, entry, waiting, document):
        """Return the one message for all copies: the customer's, without what lets one act as the customer."""
        record_url = (
            f"{document.get_base_url()}{links.RECORD_VIEW}?model={self.model}&res_id={self.res_id}"
        )
        body = links.free(entry["body"], links.is_secret, record_url)
        copies = self._sengerio_entry(entry, body, waiting, document._token(COPIES))
        blind = [delivery._envelope_address() for delivery in waiting if delivery.header == "bcc"]
        if blind:
            copies["headers"]["Bcc"] = ", ".join(blind)  # for the envelope; Odoo takes it off the message
        return {**copies, "partner_id": False}

    def _sengerio_entry(self, entry, body, waiting, token):
        if body != entry["body"]:
            entry = {**entry, "body": body, "body_alternative": html2plaintext(body)}
        return {
            **entry,
            "headers": {**entry["headers"], TOKEN_HEADER: token},
            "email_to_normalized": [delivery._envelope_address() for delivery in waiting],
        }
