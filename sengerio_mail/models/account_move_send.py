import logging
from dataclasses import replace

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import consteq, mail

from ..tools import addresses
from ..tools import changes as changing

# what a batch that is worked off at once carries by invoice's id, as sending_data of one that waits
SENDING_KEY = "sengerio_sending"
CARRIED = ("sengerio_bcc_sender", "sengerio_changes", "sengerio_contacts")

_logger = logging.getLogger(__name__)


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS account: what the sender changed for this send
        settings = super()._get_default_sending_settings(move, from_cron=from_cron, **custom_settings)
        carried = custom_settings
        if from_cron:
            carried = self._sengerio_queued(move)
        elif SENDING_KEY in self.env.context:
            carried = self._sengerio_carried(self.env.context[SENDING_KEY].get(move.id) or {})
        return self._sengerio_with_carried(settings, carried)

    @api.model
    def _sengerio_with_carried(self, settings, carried):
        """Return the settings of an invoice with what was changed for this send; contacts added are addressed, too.

        :param dict carried: of :meth:`_sengerio_carried`
        """
        settings = {**settings, **{key: carried[key] for key in CARRIED if key in carried}}
        if carried.get("sengerio_contacts") and "mail_partner_ids" in settings:
            known = settings["mail_partner_ids"]
            contacts = self.env["res.partner"].browse(carried["sengerio_contacts"]).exists()
            settings["sengerio_contacts"] = [contact for contact in contacts.ids if contact not in known]
            settings["mail_partner_ids"] = [*known, *settings["sengerio_contacts"]]
        return settings

    @api.model
    def _sengerio_carried(self, data, changes=None):
        """Return what a batch carries for an invoice: the switch of the blind copy, changes, contacts added to To.

        :param dict data: of ``account.move.sending_data``, or what the batch wizard would write there
        :param changes: the :class:`..tools.changes.Changes` that count instead of those in ``data``
        """
        carried = {}
        if isinstance(data.get("sengerio_bcc_sender"), bool):
            carried["sengerio_bcc_sender"] = data["sengerio_bcc_sender"]
        changes = self._sengerio_carried_changes(data) if changes is None else changes
        if changes.contacts:
            carried["sengerio_contacts"] = list(changes.contacts)
        if changes := replace(changes, contacts=()):
            carried["sengerio_changes"] = changing.write(changes)
        return carried

    @api.model
    def _sengerio_carried_changes(self, data):
        """Return the :class:`..tools.changes.Changes` in ``sending_data``; what cannot be understood is none."""
        # of invoices that wait since before an update
        old = {"added": {"cc": data.get("sengerio_added_cc")}, "removed": data.get("sengerio_removed")}
        try:
            return changing.read(data.get("sengerio_changes") or old)
        except changing.UnreadableChanges:
            return changing.Changes()

    @api.model
    def _sengerio_queued(self, move):
        """Return what a waiting invoice carries, see :meth:`_sengerio_carried`.

        Whoever may write invoices can write ``sending_data``, in anybody's name, and the job that reads it may do
        everything: without the signature of the wizard, which has checked them, no blind copies and no contacts are
        added, and From and Reply-To stay.
        """
        data = move.sending_data or {}
        changes = self._sengerio_carried_changes(data)
        if changes.entrusted and not self._sengerio_is_signed(move, data):
            _logger.warning(
                "Left out of %s, as nobody who may has asked for it: %s",
                move.display_name, ", ".join(changes.entrusted),
            )  # fmt: skip
            changes = changes.without_entrusted()
        return self._sengerio_carried(data, changes)

    @api.model
    def _sengerio_signed(self, move, choices):
        """Return choices of the user for an invoice, as its ``sending_data`` carries them."""
        if "sengerio_changes" not in choices:
            return choices
        signature = self.env["sengerio.mail.changes"]._signature(move, self.env.uid, choices["sengerio_changes"])
        return {**choices, "sengerio_signature": signature}

    @api.model
    def _sengerio_is_signed(self, move, data):
        """Tell whether the changes in an invoice's ``sending_data`` are what its author chose in the wizard."""
        expected = self.env["sengerio.mail.changes"]._signature(
            move, data.get("author_user_id"), data["sengerio_changes"]
        )
        return consteq(str(data.get("sengerio_signature")).encode(), expected.encode())

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        # EXTENDS account: plain addresses are enough
        applicable = super()._is_applicable_to_move(method, move, **move_data)
        if applicable or method != "email" or not move_data.get("mail_template"):
            return applicable
        return self._sengerio_plain_only(move, move_data)

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        # EXTENDS account: a partner without e-mail but with a fitting address can be mailed, and a template's plain
        # addresses make no partners
        policy = self._sengerio_policy(move, mail_template)
        if not policy or not policy.role:
            return super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        known_only = move.with_context(sengerio_known_partners_only=True)
        partners = super(
            AccountMoveSend, self.with_context(allow_partners_without_mail=True)
        )._get_default_mail_partner_ids(known_only, mail_template, mail_lang)
        partners -= self._sengerio_only_in_copy(move, mail_template, mail_lang, partners)
        return (partners - self._sengerio_unreachable(policy, move, partners)).with_env(self.env)

    @api.model
    def _get_alerts(self, moves, moves_data):
        # EXTENDS account: who has a fitting address is not missing one, and who has none is named
        alerts = super()._get_alerts(moves, moves_data)
        alert = alerts.pop("account_missing_email", None)
        missing = self._sengerio_missing(moves, moves_data)
        if missing:
            is_batch = len(moves) > 1
            alerts["account_missing_email"] = {
                "level": alert["level"] if alert else "warning",
                "message": self.env._("No e-mail address: %s.", ", ".join(missing.mapped("display_name"))),
                "action_text": is_batch and self.env._("View Partner(s)"),
                "action": is_batch and missing._get_records_action(name=self.env._("Check Partner(s) Email(s)")),
            }
        return alerts

    @api.model
    def _get_mail_params(self, move, move_data):
        # EXTENDS account: what the message is travels with it
        params = super()._get_mail_params(move, move_data)
        policy = params and self._sengerio_policy(move, move_data["mail_template"])
        if policy:
            template, lang = move_data["mail_template"], move_data["mail_lang"]
            params["sengerio_send"] = {
                **self._sengerio_plain(move, template, lang),
                "type_id": policy.id,
                "sender_id": move_data["author_user_id"],
                "bcc_sender": move_data.get("sengerio_bcc_sender"),
                "changes": move_data.get("sengerio_changes"),
            }
            if move_data.get("sengerio_nobody"):
                params["partner_ids"] = []
            if template.reply_to:
                reply_to = self._get_mail_default_field_value_from_template(template, lang, move, "reply_to")
                params["reply_to"] = reply_to or False
        return params

    @api.model
    def _send_mails(self, moves_data):
        # EXTENDS account: which leaves out customers without e-mail, though plain addresses are mailed
        for move, move_data in moves_data.items():
            if not move.partner_id.email and self._sengerio_plain_only(move, move_data):
                move_data.update(mail_partner_ids=move.partner_id.ids, sengerio_nobody=True)
        return super()._send_mails(moves_data)

    @api.model
    def _sengerio_added_to_only(self, move_data):
        """Tell whether no contact is addressed but addresses that were added to To for this send."""
        if mail_partner_ids(move_data) or not move_data.get("sengerio_changes"):
            return False
        return bool(self.env["sengerio.mail.changes"]._read(move_data["sengerio_changes"]).added("to"))

    @api.model
    def _sengerio_plain_only(self, move, move_data):
        """Tell whether no contact is addressed but plain addresses: added to To for this send, or the template's."""
        return self._sengerio_added_to_only(move_data) or (
            not mail_partner_ids(move_data) and self._sengerio_names_plain(move, move_data)
        )

    @api.model
    def _sengerio_names_plain(self, move, move_data):
        """Tell whether the template names plain addresses, and its document follows our rules."""
        template = move_data.get("mail_template") or move._get_mail_template()
        policy = self._sengerio_policy(move, template)
        if not policy or not policy.role:
            return False
        lang = move_data.get("mail_lang") or self._get_default_mail_lang(move, template)
        return any(self._sengerio_plain(move, template, lang).values())

    @api.model
    def _sengerio_policy(self, move, mail_template):
        """Return the policy of the document that a move is, ``None`` if it is none."""
        return self.env["sengerio.mail.document.type"]._recognise(move, mail_template, own_action=True)

    @api.model
    def _sengerio_plain(self, move, mail_template, mail_lang):
        """Return a template's addresses that are no known contact (To), and all of its Cc."""
        if mail_template.use_default_to:
            return {"email_to": [], "email_cc": []}
        rendered = {
            name: addresses.tolerant(
                self._get_mail_default_field_value_from_template(mail_template, mail_lang, move, name)
                if mail_template[name]
                else ""
            )
            for name in ("email_to", "email_cc")
        }
        emails = [address.email for address in rendered["email_to"]]
        known = move._partner_find_from_emails_single(emails, no_create=True).mapped("email_normalized")
        rendered["email_to"] = [address for address in rendered["email_to"] if address.email not in known]
        return {
            name: [addresses.header(address.email, address.name) for address in found]
            for name, found in rendered.items()
        }

    @api.model
    def _sengerio_only_in_copy(self, move, mail_template, mail_lang, partners):
        """Return the partners that Odoo would address only because the template names them in Cc."""
        if mail_template.use_default_to or not mail_template.email_cc:
            return partners.browse()
        render = self._get_mail_default_field_value_from_template
        cc = set(mail.email_normalize_all(render(mail_template, mail_lang, move, "email_cc")))
        to = mail_template.email_to and render(mail_template, mail_lang, move, "email_to") or ""
        partner_to = mail_template.partner_to and render(mail_template, mail_lang, move, "partner_to") or ""
        named = mail_template._parse_partner_to(partner_to)
        cc.difference_update(mail.email_normalize_all(to))
        # sudo: whom the template names is mailed, whoever sends
        in_copy_sudo = partners.sudo().filtered(lambda partner: partner.email_normalized in cc)
        return in_copy_sudo.sudo(False).filtered(lambda partner: partner.id not in named)

    @api.model
    def _sengerio_missing(self, moves, moves_data):
        """Return the partners who are to get a document by e-mail and have no address for it."""
        missing = self.env["res.partner"]
        for move in moves.filtered(lambda move: "email" in moves_data[move]["sending_methods"]):
            if self._sengerio_added_to_only(moves_data[move]):
                continue
            addressed = missing.browse(moves_data[move].get("sengerio_contacts"))  # they do instead of the customer
            if not addressed:
                addressed = missing.browse(mail_partner_ids(moves_data[move])) if len(moves) == 1 else move.partner_id
            policy = self._sengerio_policy(move, moves_data[move].get("mail_template") or move._get_mail_template())
            unreachable = self._sengerio_unreachable(policy, move, addressed or move.partner_id)
            chosen = len(moves) == 1 and addressed
            if unreachable and (chosen or not self._sengerio_names_plain(move, moves_data[move])):
                missing |= unreachable
        return missing

    @api.model
    def _sengerio_unreachable(self, policy, move, partners):
        """Return those partners who have no address for a move's document."""
        without_email = partners.sudo().filtered(lambda partner: not partner.email).sudo(False)  # as they are mailed
        if not without_email or not policy or not policy.role:
            return without_email
        return self.env["sengerio.mail.resolver"]._unreachable(policy, move, without_email)

    @api.model
    def _sengerio_send_values(self, move, move_data):
        """Return what the message about a move would carry, see ``mail.message``."""
        plain = self._sengerio_plain(move, move_data["mail_template"], move_data["mail_lang"])
        if not plain["email_to"] and not mail_partner_ids(move_data) and not self._sengerio_added_to_only(move_data):
            plain = {"email_to": plain["email_cc"], "email_cc": []}  # as MailThread._sengerio_add_plain()
        return {
            **plain,
            "bcc_sender": move_data.get("sengerio_bcc_sender"),
            "changes": move_data.get("sengerio_changes"),
            "customer_unknown": bool(move_data.get("sengerio_shown")),
        }

    @api.model
    def _sengerio_recipients_data(self, move, partner_ids, author=None):
        """Return whom Odoo will notify.

        :param author: ``res.partner``, of the message that OdooBot's job will post, empty if nobody has the address in
            From; ``None``: the user posts it now
        """
        by_job = author is not None
        return (move.with_user(SUPERUSER_ID) if by_job else move)._notify_get_recipients(
            self.env["mail.message"],
            msg_vals={
                "author_id": (author if by_job else self.env.user.partner_id).id,
                "incoming_email_cc": False, "incoming_email_to": False, "outgoing_email_to": False,
                "message_type": "comment", "partner_ids": partner_ids,
                "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            },
            notify_author_mention=True,
        )  # fmt: skip

    @api.model
    def _sengerio_answer(self, move, policy, move_data, recipients_data=None):
        """Tell who will get a move's document, as :mod:`..tools.resolver` answers when it is sent.

        :param dict move_data: its settings, see ``_get_default_sending_settings``
        :param list recipients_data: whom Odoo will notify, if it is known already
        """
        resolver = self.env["sengerio.mail.resolver"]
        partner_ids = list(mail_partner_ids(move_data))
        if recipients_data is None:
            recipients_data = self._sengerio_recipients_data(move, partner_ids)
        send = {**self._sengerio_send_values(move, move_data), "addressed": partner_ids}
        return resolver._resolve(policy, move, resolver._sender(move), recipients_data, send)

    @api.model
    def _sengerio_check_changes(self, move, policy, move_data):
        """Refuse changes that cannot be done, or after which nobody is in To.

        :raise UserError: the message names what is wrong
        """
        send = {"changes": move_data.get("sengerio_changes")}
        sender = self.env["sengerio.mail.resolver"]._sender(move)
        changes = self.env["sengerio.mail.changes"]._checked(policy, send, sender)
        if changes and not self._sengerio_answer(move, policy, move_data).by_header("to"):
            raise UserError(self.env._("Nobody is in To: add an address there."))

    @api.model
    def _sengerio_preview(self, move, policy, move_data):
        """Return what the widget shows: who will get a move's document and why, From and Reply-To."""
        checking, preview = self.env["sengerio.mail.changes"], self.env["sengerio.mail.preview"]
        sender = self.env["sengerio.mail.resolver"]._sender(move)
        changes = checking._read(move_data.get("sengerio_changes"))
        problems = checking._problems(changes, sender)
        changes = changes.without(problems)
        # the copies are shown while nobody is in To, too
        move_data = {**move_data, "sengerio_changes": changing.write(changes), "sengerio_shown": True}
        partners = self.env["res.partner"].browse(mail_partner_ids(move_data))
        recipients_data = self._sengerio_recipients_data(move, partners.ids)
        answer = self._sengerio_answer(move, policy, move_data, recipients_data)
        author, email_from, reply_to = self._sengerio_headers(move, move_data["mail_template"], move_data["mail_lang"])
        return {
            **preview._recipients(move, answer, problems, partners, recipients_data),
            **preview._headers(policy, move, sender, author, email_from, reply_to, changes),
            "may_copy_sender": policy.may_copy_sender,
        }

    @api.model
    def _sengerio_headers(self, move, mail_template, mail_lang):
        """Return author, From and Reply-To as the template and Odoo say."""
        render = self._get_mail_default_field_value_from_template
        email_from = mail_template.email_from and render(mail_template, mail_lang, move, "email_from") or None
        author_id, email_from = self.env["sengerio.mail.foresight"]._author_of(move, email_from)
        reply_to = mail_template.reply_to and render(mail_template, mail_lang, move, "reply_to") or None
        return self.env["res.partner"].browse(author_id), email_from, reply_to


def mail_partner_ids(move_data):
    """Return the ids of the partners addressed: Odoo's wizard has records there, a batch has ids."""
    partners = move_data["mail_partner_ids"]
    return partners.ids if isinstance(partners, models.BaseModel) else partners
