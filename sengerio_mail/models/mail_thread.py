import codecs
import logging
from ast import literal_eval

from odoo import api, models

from ..tools import addresses
from ..tools.changes import write as write_changes
from .sengerio_mail_gateway import as_bytes, message_id

_logger = logging.getLogger(__name__)
VISIBLE_TO = "X-Msg-To-Add"  # Odoo adds these addresses to the To of each message


def is_charset(name):
    """Tell whether Python can decode a charset."""
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a name with a null character
        return False
    return True


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_process(self, model, message, custom_values=None, save_original=False, strip_attachments=False,
                        thread_id=None):  # fmt: skip
        # EXTENDS mail: a report about a document is read before Odoo takes it for something else
        if self.env["sengerio.mail.check"]._receive(message) or self.env["sengerio.mail.gateway"]._receive(message):
            return False
        try:
            return super().message_process(
                model, message, custom_values=custom_values, save_original=save_original,
                strip_attachments=strip_attachments, thread_id=thread_id,
            )  # fmt: skip
        except RecursionError as error:
            # raised, so that the mail server returns it to who wrote it; fetching goes on with the next message, but
            # says little about this one
            raw = as_bytes(message)
            words = f"Message {message_id(raw)} of {len(raw)} bytes was not read: its parts are nested too deeply"
            _logger.warning("%s", words)
            raise ValueError(words) from error

    @api.model
    def _message_parse_extract_bounce(self, email_message, message_dict):
        # EXTENDS mail: what Odoo cannot read in a bounce does not lose it, and what it guesses harms no customer
        try:
            values = super()._message_parse_extract_bounce(email_message, message_dict)
        except (AttributeError, LookupError, TypeError, ValueError):
            _logger.info("Odoo could not read the bounce %s", message_dict.get("message_id"), exc_info=True)
            return {
                "is_bounce": True, "bounced_email": False, "bounced_partner": self.env["res.partner"],
                "bounced_msg_ids": False, "bounced_message": self.env["mail.message"],
            }  # fmt: skip
        return self.env["sengerio.mail.gateway"]._without_guess(email_message, values)

    def _message_parse_extract_payload(self, message, message_dict, save_original=False):
        # EXTENDS mail: a charset that Python does not know does not lose a message
        for part in message.walk():
            charset = part.get_content_charset()
            if charset and not is_charset(charset):
                part.set_param("charset", "utf-8")
        return super()._message_parse_extract_payload(message, message_dict, save_original=save_original)

    def message_post(self, **kwargs):
        # EXTENDS mail: From, Reply-To and plain addresses of a document
        if kwargs.get("sengerio_send"):
            kwargs = self._sengerio_prepare_post(kwargs)
        return super().message_post(**kwargs)

    def message_notify(self, **kwargs):
        # EXTENDS mail: a notification is no document, whatever a caller says
        kwargs.pop("sengerio_send", None)
        return super().message_notify(**kwargs)

    def _notify_thread_by_email(self, message, recipients_data, *, msg_vals=False, **kwargs):
        # EXTENDS mail: list the document, and mail nobody twice
        send = message.sudo().sengerio_send
        if send:
            recipients_data, visible_to = self._sengerio_list(message, recipients_data, send, msg_vals or {})
            if visible_to is not None:
                kwargs["mail_headers"] = {**(kwargs.get("mail_headers") or {}), VISIBLE_TO: visible_to}
        return super()._notify_thread_by_email(message, recipients_data, msg_vals=msg_vals, **kwargs)

    def _notify_by_email_get_base_mail_values(self, message, recipients_data, additional_values=None):
        # EXTENDS mail: the visible To of a document is exact
        visible_to = ((additional_values or {}).get("headers") or {}).get(VISIBLE_TO)
        values = super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values
        )
        if visible_to is not None:
            headers = {**literal_eval(values["headers"]), VISIBLE_TO: visible_to}
            values["headers"] = repr({name: value for name, value in headers.items() if value or name != VISIBLE_TO})
        return values

    def _get_message_create_valid_field_names(self):
        # EXTENDS mail
        return super()._get_message_create_valid_field_names() | {"sengerio_send"}

    def _sengerio_responsible(self):
        """Return the record's salesperson, buyer or accountant: an active internal user, or nobody."""
        is_person = self.env["sengerio.mail.resolver"]._is_person
        return self._sengerio_responsible_user().filtered(is_person).with_env(self.env)

    def _sengerio_responsible_user(self):
        """Return the user whom the record names as responsible, archived or not, as sudo."""
        self.ensure_one()
        fname = self._sengerio_responsible_field()
        return self.sudo()[fname] if fname else self.env["res.users"].sudo()

    @api.model
    def _sengerio_responsible_field(self):
        """Return the name of the field for the responsible, ``None`` if such records have none."""
        for fname in ("invoice_user_id", "user_id"):
            field = self._fields.get(fname)
            if field and field.comodel_name == "res.users":
                return fname
        return None

    def _sengerio_total(self):
        """Return ``(amount, currency)`` that the list shows of this record; both empty if it has none."""
        record_sudo = self.sudo()
        if "amount_total" in record_sudo and "currency_id" in record_sudo:
            return record_sudo.amount_total, record_sudo.currency_id
        return False, self.env["res.currency"]

    def _sengerio_asked_by(self):
        """Return the user for whom OdooBot is acting on this record, if the record knows."""
        return self.env["res.users"]

    def _sengerio_notified_addresses(self):
        """Return addresses that get a mail of their own about the record's document, so that no copy is due."""
        return []

    def _sengerio_prepare_post(self, kwargs):
        """Return the arguments of ``message_post`` for a document, or without it if it is none after all."""
        self.ensure_one()
        kwargs = dict(kwargs)
        send = kwargs.pop("sengerio_send")
        policy = self.env["sengerio.mail.document.type"]._policy(send.get("type_id"))
        if not policy:
            return kwargs
        author_id, email_from = self._message_compute_author(kwargs.get("author_id"), kwargs.get("email_from"))
        reply_to = kwargs.pop("reply_to", None)
        kwargs.update(self._sengerio_message_values(policy, send, author_id, email_from, reply_to))
        self._sengerio_add_plain(kwargs)
        return kwargs

    def _sengerio_add_plain(self, kwargs):
        """Make Odoo mail a document's plain To addresses, and its Cc ones where nobody else is addressed.

        :param dict kwargs: of ``message_post``; changed in place
        """
        resolver = self.env["sengerio.mail.resolver"]
        send = kwargs["sengerio_send"]
        to = list(resolver._plain([*send["email_to"], kwargs.get("outgoing_email_to")]))
        cc = list(resolver._plain(send["email_cc"]))
        added = self.env["sengerio.mail.changes"]._read(send.get("changes")).added("to")
        if not to and not added and not kwargs.get("partner_ids"):
            to, cc = cc, []
        send["email_to"], send["email_cc"] = (
            [addresses.header(address.email, address.name) for address in found] for found in (to, cc)
        )
        if mailed := dict.fromkeys(address.email for address in (*to, *added)):
            kwargs["outgoing_email_to"] = ",".join(mailed)

    def _sengerio_message_values(self, policy, send, author_id, email_from, reply_to):
        """Return author, From, Reply-To and what a document's message carries, by policy and changes for this send.

        :param policy: its :class:`~.sengerio_mail_document_type.Policy`
        :param dict send: what was asked for; nothing of it is taken on trust
        :param author_id: id of the author that Odoo would take
        :param str email_from: From that Odoo would take
        :param reply_to: a Reply-To that was asked for; it is stronger than the policy
        :raise UserError: a change for this send is not possible; the message names it
        """
        resolver = self.env["sengerio.mail.resolver"]
        asked_by = self.env["res.users"].browse(send.get("sender_id") or ()) or self._sengerio_asked_by()
        sender = resolver._sender(self, asked_by)
        author = self.env["res.partner"].browse(author_id or ())
        changes = self.env["sengerio.mail.changes"]._checked(policy, send, sender)
        policy = self.env["sengerio.mail.changes"]._applied(policy, changes)
        again = self._sengerio_resend_values(send, sender)
        explicit = [name for name, given in (("email_from", changes.email_from or send.get("keep_from")),
                                             ("reply_to", changes.reply_to or reply_to)) if given]  # fmt: skip
        if changes.email_from or not send.get("keep_from"):
            author, email_from = resolver._author(policy, self, sender, author, email_from)
        if changes.reply_to or not reply_to:
            reply_to = resolver._reply_to(policy, self, sender, author)
        return {
            "author_id": author.id,
            "email_from": email_from,
            **({"reply_to": reply_to} if reply_to else {}),
            **({"reply_to_force_new": False} if changes.reply_to else {}),  # it was for the template's Reply-To
            "sengerio_send": {
                "type_id": policy.id,
                "sender_id": sender.id or False,
                "bcc_sender": send.get("bcc_sender"),
                "email_to": send.get("email_to") or [],
                "email_cc": send.get("email_cc") or [],
                **again,
                **({"explicit": explicit} if explicit else {}),
                **({"changes": write_changes(changes)} if changes else {}),
            },
        }

    def _sengerio_resend_values(self, send, sender):
        """Return what a message carries that sends a document again, nothing if it is another one.

        :raise UserError: it may not be sent again so, see ``sengerio.mail.document``
        """
        if not send.get("resend"):
            return {}
        documents = self.env["sengerio.mail.document"]
        resend = documents._checked_resend(send["resend"], self, sender)
        to = documents._resend_answer(resend["emails"]).by_header("to")
        plain = [addresses.header(recipient.email, recipient.name) for recipient in to if not recipient.partner_id]
        return {"resend": resend, "email_to": plain, "email_cc": []}

    def _sengerio_list(self, message, recipients_data, send, msg_vals):
        """List the document that a message is.

        :return: ``(whom Odoo is to mail, visible To header)``; the header is ``None`` to leave it to Odoo
        """
        policy = self.env["sengerio.mail.document.type"]._policy(send.get("type_id"))
        if not self or not policy:
            return recipients_data, None
        sender = self.env["res.users"].browse(send.get("sender_id") or ())
        addressed = msg_vals["partner_ids"] if "partner_ids" in msg_vals else message.sudo().partner_ids.ids
        send = {**send, "addressed": addressed}
        answer = self._sengerio_answer(policy, sender, recipients_data, send)
        documents_sudo = self.env["sengerio.mail.document"].sudo()  # nobody may write the list by hand
        documents_sudo._list(policy, self, message, sender, answer)
        if "changes" in send or "resend" in send:
            message._sengerio_forget()
        if policy.is_other and not send.get("resend"):
            return recipients_data, None
        plain_to = {recipient.email for recipient in answer.by_header("to") if not recipient.partner_id}
        kept = [
            data
            for data in recipients_data
            if (data["id"] not in answer.dropped if data["id"] else data["email_normalized"] in plain_to)
        ]
        return kept, self._sengerio_visible_to(answer, kept)

    def _sengerio_answer(self, policy, sender, recipients_data, send):
        """Return who gets a document: by the rules, or those to whom it is sent again.

        :rtype: odoo.addons.sengerio_mail.tools.resolver.Answer
        """
        if resend := send.get("resend"):
            return self.env["sengerio.mail.document"]._resend_answer(resend["emails"])
        return self.env["sengerio.mail.resolver"]._resolve(policy, self, sender, recipients_data, send)

    def _sengerio_visible_to(self, answer, recipients_data):
        """Return the To of a document: its own recipients, then the followers outside of the company, as Odoo shows;
        empty where these are too many for that."""
        shown = [addresses.header(recipient.email, recipient.name) for recipient in answer.by_header("to")]
        followers = {person.id for person in answer.followers}
        shown += [
            addresses.header(data["email_normalized"], data["name"])
            for data in recipients_data
            if data["id"] in followers and data["share"] and data["email_normalized"]
        ]
        return ",".join(shown) if len(shown) < self._CUSTOMER_HEADERS_LIMIT_COUNT else ""
