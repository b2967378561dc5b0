from odoo import api, fields, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    _inherit = "mail.message"

    # {type_id, sender_id, bcc_sender (None: by policy), email_to, email_cc: [address], addressed: [partner id],
    # explicit: those of email_from and reply_to that are not the policy's, changes: see tools/changes.py}
    sengerio_send = fields.Json(
        "Document Sending",
        groups="base.group_user",
        copy=False,
        help="What this message carries if it is a document: its type, its sender, changes made for this send.",
    )

    sengerio_document = fields.Json(compute="_compute_sengerio_document", groups="base.group_user")

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_sengerio_document(self):
        """Tell what became of the document that a message was, for all messages of a page in one query, if any is."""
        documents = self.env["sengerio.mail.document"]
        if sent := self._sengerio_sent():
            documents = documents.search_fetch([("mail_message_id", "in", sent.ids)], ["mail_message_id", "state"])
        words = dict(documents._fields["state"]._description_selection(self.env))
        found = {
            document.mail_message_id: {
                "state": document.state,
                "word": words[document.state],
                "url": f"/odoo/action-sengerio_mail.sengerio_mail_document_action/{document.id}",
            }
            for document in documents
        }
        for message in self:
            message.sengerio_document = found.get(message.id, False)

    def _to_store_defaults(self, target):
        # EXTENDS mail: a chip in the chatter, for nobody outside
        shown = self._sengerio_sent() and target.is_internal(self.env) and self.env.user._is_internal()
        return [*super()._to_store_defaults(target), *(["sengerio_document"] if shown else [])]

    def _sengerio_sent(self):
        """Return those that were sent as documents."""
        return self.filtered(lambda message: message.sudo().sengerio_send)  # it is read with the message

    def _sengerio_forget(self):
        """Keep what is asked of a document's message once it is listed, and no address: who may read the message need
        not be who may read the document, with its blind copies."""
        for message_sudo in self._sengerio_sent().sudo():
            send = message_sudo.sengerio_send
            kept = {key: send[key] for key in ("type_id", "sender_id", "explicit") if key in send}
            if resend := send.get("resend"):
                kept["resend"] = {"document_id": resend.get("document_id")}
            if kept != send:
                message_sudo.sengerio_send = kept

    def _sengerio_hide_plain(self):
        """Take the addresses that are no contact's off messages, and out of what the chatter shows of them."""
        messages_sudo = self.sudo()
        messages_sudo.outgoing_email_to = False
        messages_sudo.notification_ids.filtered(lambda one: one.mail_email_address and not one.res_partner_id).unlink()

    def write(self, vals):
        # EXTENDS mail: what a message carries is decided when it is posted
        if "sengerio_send" in vals and not self.env.su:
            raise AccessError(self.env._("What a document's message carries cannot be changed."))
        return super().write(vals)

    def unlink(self):
        # EXTENDS mail: which deletes its attachments; those of a document stay with the record that was sent
        messages_sudo = self.sudo().filtered("sengerio_send")
        mails_sudo = self.env["mail.mail"].sudo()  # those that wait go with their message
        mails_sudo.search([("mail_message_id", "in", messages_sudo.ids), ("state", "!=", "sent")])._sengerio_cancel()
        for message in messages_sudo:
            own = message.attachment_ids.filtered(lambda attachment: attachment.res_model == "mail.message")
            if own and message.model and message.res_id:
                own.write({"res_model": message.model, "res_id": message.res_id})
        return super().unlink()
