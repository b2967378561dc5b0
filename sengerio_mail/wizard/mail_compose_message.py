from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import addresses
from ..tools.changes import write as write_changes
from ..tools.together import asked_together

# the Send buttons of orders open the composer with this key
OWN_ACTION_KEY = "hide_mail_template_management_options"
# with one of these, orders mail an author who is addressed
MARK_AS_SENT_KEYS = ("mark_so_as_sent", "mark_rfq_as_sent")


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    sengerio_type_id = fields.Many2one(
        "sengerio.mail.document.type", string="Document Type", compute="_compute_sengerio_type"
    )
    sengerio_may_copy_sender = fields.Boolean(compute="_compute_sengerio_type")
    sengerio_bcc_sender = fields.Boolean(
        "Blind copy to me", compute="_compute_sengerio_bcc_sender", store=True, readonly=False
    )
    # addresses of the template that are no contacts: they stay plain
    sengerio_email_to = fields.Char("Further To", compute="_compute_partner_ids", store=True, readonly=False)
    sengerio_email_cc = fields.Char("Further Cc", compute="_compute_partner_ids", store=True, readonly=False)
    sengerio_changes = fields.Json("Changes for this message", default=dict)  # see tools/changes.py
    sengerio_recipients = fields.Json("Who gets it", compute="_compute_sengerio_recipients")

    @api.depends("template_id", "model", "res_ids", "composition_mode", "subtype_is_log")
    def _compute_sengerio_type(self):
        """Tell which type the composer shows; its attachments make a message an other document when it is sent."""
        for composer in self:
            record = composer._sengerio_single_record()
            policy = composer._sengerio_policy(record, {}) if record else None
            composer.sengerio_type_id = policy.id if policy else False
            composer.sengerio_may_copy_sender = bool(policy and policy.may_copy_sender)

    @api.depends("template_id", "model", "res_ids", "composition_mode")  # not the attachments: the choice would be lost
    def _compute_sengerio_bcc_sender(self):
        for composer in self:
            policy = composer._sengerio_shown_policy()
            composer.sengerio_bcc_sender = bool(policy) and self.env["sengerio.mail.resolver"]._wants_copy(
                policy, composer._sengerio_sender(composer._sengerio_single_record())
            )

    def _compute_partner_ids(self):
        # EXTENDS mail: _generate_template_for_composer fills the plain addresses
        self.sengerio_email_to = False
        self.sengerio_email_cc = False
        return super()._compute_partner_ids()

    @api.depends("sengerio_type_id", "sengerio_changes")
    def _compute_partner_ids_all_have_email(self):
        # EXTENDS mail: a contact with a fitting role address can be mailed
        result = super()._compute_partner_ids_all_have_email()
        for composer in self.filtered(lambda composer: not composer.partner_ids_all_have_email):
            policy = composer._sengerio_shown_policy()
            if policy and policy.role:
                answer = composer._sengerio_answer(composer._sengerio_single_record(), policy)
                composer.partner_ids_all_have_email = not any(
                    warning.code == "no_address" for warning in answer.warnings
                )
        return result

    @api.depends(
        "sengerio_type_id", "sengerio_bcc_sender", "sengerio_email_to", "sengerio_email_cc", "sengerio_changes",
        "partner_ids", "email_from", "author_id", "reply_to", "notify_skip_followers",
    )  # fmt: skip
    def _compute_sengerio_recipients(self):
        for composer in self:
            policy = composer._sengerio_shown_policy()
            record = composer._sengerio_single_record()
            # where there is no role, nobody is rerouted
            rerouted = policy and policy.role
            composer.sengerio_recipients = composer._sengerio_preview(record, policy) if rerouted else False

    def _prepare_mail_values(self, res_ids):
        # EXTENDS mail: what the message is travels with it
        values_all = super()._prepare_mail_values(res_ids)
        if self._sengerio_may_be_document():
            for record in self.env[self.model].browse(res_ids):
                values = values_all[record.id]
                plain = {key: values.pop(f"sengerio_{key}", None) for key in ("email_to", "email_cc")}
                policy = self._sengerio_policy(record, values)
                if policy and self.composition_mode == "comment":
                    if self.composition_batch and not self.reply_to_force_new and not policy.is_other:
                        values.pop("reply_to", None)  # Odoo's own for many records: nobody asked for it
                    self._sengerio_check_changes(record, policy)
                    values["sengerio_send"] = self._sengerio_send_values(policy, plain)
                elif policy:
                    self._sengerio_complete_mail(policy, record, values, plain)
        return values_all

    def _get_recipients_data(self, mail_values_dict):
        # EXTENDS mail: in mass mode, a contact with a fitting role address can be mailed
        recipients_info = super()._get_recipients_data(mail_values_dict)
        if self._sengerio_may_be_document():
            for record in self.env[self.model].browse(mail_values_dict):
                info = recipients_info[record.id]
                if not any(info["mail_to_normalized"]):
                    reached = self._sengerio_reached(record, mail_values_dict[record.id])
                    if reached:
                        info["mail_to"] = info["mail_to_normalized"] = reached
        return recipients_info

    def _generate_template_for_composer(self, res_ids, render_fields, allow_suggested=False,
                                        find_or_create_partners=True):  # fmt: skip
        # EXTENDS mail: a document creates no partners from its template's addresses
        rerouted = find_or_create_partners and "partner_ids" in render_fields and self._sengerio_reroutes(res_ids)
        results = super()._generate_template_for_composer(
            res_ids, render_fields, allow_suggested=allow_suggested,
            find_or_create_partners=find_or_create_partners and not rerouted,
        )  # fmt: skip
        if rerouted:
            if asked := asked_together(self.env):
                for name in ("email_to", "email_cc"):
                    asked.expect_emails(values.get(name) for values in results.values())
            for record in self.env[self.model].browse(res_ids):
                self._sengerio_keep_plain(record, results[record.id])
        return results

    # ------------------------------------------------------------
    # Which document
    # ------------------------------------------------------------

    def _sengerio_may_be_document(self):
        """Tell whether records are written about to others: no log note, no mailing."""
        mailing = "mass_mailing_id" in self._fields and self.mass_mailing_id
        is_note = self.subtype_is_log and self.composition_mode == "comment"  # in mass mode, it says nothing
        return self._sengerio_has_thread() and not is_note and not mailing

    def _sengerio_has_thread(self):
        return bool(self.model) and hasattr(self.env[self.model], "message_post")

    def _sengerio_single_record(self):
        """Return the one record that is written about, else an empty value."""
        self.ensure_one()
        res_ids = self._evaluate_res_ids() if self.composition_mode == "comment" and self._sengerio_has_thread() else []
        return self.env[self.model].browse(res_ids) if len(res_ids) == 1 and not self.subtype_is_log else None

    def _sengerio_policy(self, record, values=None):
        """Return the policy of the document that is being written, ``None`` for a mere message.

        :param record: the record written about
        :param dict values: what is posted, to know the attachments of this record; else those of the composer
        """
        document_types = self.env["sengerio.mail.document.type"]
        context = self.env.context
        own_action = bool(context.get(OWN_ACTION_KEY)) and context.get("default_model") == record._name
        policy = document_types._recognise(record, self.template_id, own_action)
        if policy and not policy.is_other:
            return policy
        if values is None:
            attached = self.attachment_ids
        else:
            attached = values.get("attachment_ids") or values.get("attachments")
        return document_types._other(record, self.template_id) if attached else None

    def _sengerio_shown_policy(self):
        return self.env["sengerio.mail.document.type"]._policy(self.sengerio_type_id.id)

    def _sengerio_reroutes(self, res_ids):
        """Tell whether recipients follow the rules of a document type."""
        if not self._sengerio_may_be_document():
            return False
        records = self.env[self.model].browse([res_id for res_id in res_ids if res_id])
        policies = [self._sengerio_policy(record) for record in records]
        return bool(policies) and all(policy and policy.role for policy in policies)

    def _sengerio_keep_plain(self, record, values):
        """Turn a template's addresses into known contacts (To) or leave them plain (To and Cc).

        :param dict values: of the template for this record; changed in place
        """
        to = addresses.tolerant(values.pop("email_to", ""))
        cc = addresses.tolerant(values.pop("email_cc", ""))
        emails = [address.email for address in to]
        known = record._partner_find_from_emails_single(emails, no_create=True) if to else self.env["res.partner"]
        known_emails = set(known.mapped("email_normalized"))
        if known:
            values["partner_ids"] = list(dict.fromkeys([*values.get("partner_ids", []), *known.ids]))
        left_out = set(known.mapped("email_normalized")) | self._sengerio_aliases(to + cc)
        plain = {
            "sengerio_email_to": self._sengerio_write_plain(a for a in to if a.email not in left_out),
            "sengerio_email_cc": self._sengerio_write_plain(a for a in cc if a.email not in left_out - known_emails),
        }
        if self.composition_batch or self.composition_mode == "mass_mail":
            values.update(plain)
        else:
            self.update(plain)

    def _sengerio_aliases(self, plain):
        """Return those of some addresses that are Odoo's own: what is sent there comes back in."""
        return self.env["mail.alias.domain"].sudo()._sengerio_own(address.email for address in plain)

    def _sengerio_write_plain(self, plain):
        return ", ".join(addresses.header(address.email, address.name) for address in plain)

    # ------------------------------------------------------------
    # Who gets it
    # ------------------------------------------------------------

    def _sengerio_sender(self, record):
        asked_by = record._sengerio_asked_by() if record and hasattr(record, "_sengerio_asked_by") else None
        return self.env["sengerio.mail.resolver"]._sender(record, asked_by)

    def _sengerio_send_values(self, policy, plain=None):
        """Return what the message carries, see ``mail.message``.

        :param dict plain: addresses of this record's template where each record has its own
        """
        plain = plain or {}
        batch = self.composition_batch
        return {
            "type_id": policy.id,
            "keep_from": self._sengerio_from_changed(policy),
            "bcc_sender": None if batch or not policy.may_copy_sender else self.sengerio_bcc_sender,
            "email_to": [plain.get("email_to") or self.sengerio_email_to] if policy.role else [],
            "email_cc": [plain.get("email_cc") or self.sengerio_email_cc] if policy.role else [],
            **({"changes": self.sengerio_changes} if self.sengerio_changes and policy.role and not batch else {}),
        }

    def _sengerio_complete_mail(self, policy, record, values, plain):
        """Add to a mail's values in mass mode what document it is, with author, From and Reply-To by its policy.

        :param dict values: of ``mail.mail``; changed in place
        :param dict plain: addresses of this record's template
        """
        if policy.role:
            values.update({key: address for key, address in plain.items() if address})
        asked_for = values.get("reply_to") if self.reply_to_force_new else None
        values.update(
            record._sengerio_message_values(
                policy, {"keep_from": self._sengerio_from_changed(policy)}, values.get("author_id"),
                values.get("email_from"), asked_for,
            )
        )

    def _sengerio_reached(self, record, values):
        """Return the addresses of a mail's contacts in mass mode, none of whom has an e-mail."""
        policy = self._sengerio_policy(record, values)
        if not policy or not policy.role:
            return []
        partner_ids = [command[1] for command in values.get("recipient_ids") or ()]
        mailed = [{"id": partner_id, "notif": "email"} for partner_id in partner_ids]
        answer = self.env["sengerio.mail.resolver"]._resolve(
            policy, record, self._sengerio_sender(record), mailed, {"addressed": partner_ids}
        )
        return [recipient.email for recipient in answer.by_header("to")]

    def _sengerio_from_changed(self, policy):
        """Tell whether From was changed for this send, which is stronger than the policy."""
        if policy.from_policy == "template":
            return False
        template = self.template_id
        if self.composition_mode == "mass_mail" or self.composition_batch:
            return bool(self.email_from) and self.email_from != (template.email_from or self.env.user.email_formatted)
        record = self._sengerio_single_record()
        expected = template.email_from and template._render_field("email_from", record.ids)[record.id]
        return bool(self.email_from) and self.email_from != (expected or self.env.user.email_formatted)

    def _sengerio_check_changes(self, record, policy):
        """Refuse changes that cannot be done, or after which nobody is in To, before anything is posted or scheduled.

        :raise UserError: the message names what is wrong
        """
        if not self.sengerio_changes or self.composition_batch:
            return
        send = self._sengerio_send_values(policy)
        changes = self.env["sengerio.mail.changes"]._checked(policy, send, self._sengerio_sender(record))
        if changes and not self._sengerio_answer(record, policy).by_header("to"):
            raise UserError(self.env._("Nobody is in To: add an address there."))

    def _sengerio_answer(self, record, policy):
        """Tell who will get the document, as :mod:`..tools.resolver` answers when it is sent."""
        recipients_data = self._sengerio_recipients_data(record)
        return self._sengerio_answer_to(record, policy, recipients_data, self._sengerio_send_values(policy))

    def _sengerio_answer_to(self, record, policy, recipients_data, send):
        send = {**send, "addressed": self.partner_ids._origin.ids}
        sender = self._sengerio_sender(record)
        return self.env["sengerio.mail.resolver"]._resolve(policy, record, sender, recipients_data, send)

    def _sengerio_recipients_data(self, record):
        """Return whom Odoo will notify."""
        return record._notify_get_recipients(
            self.env["mail.message"],
            msg_vals={
                "author_id": self.author_id.id, "incoming_email_cc": False, "incoming_email_to": False,
                "message_type": self.message_type, "outgoing_email_to": False,
                "partner_ids": self.partner_ids._origin.ids, "subtype_id": self.subtype_id.id,
            },
            notify_author=self.notify_author,
            notify_author_mention=self.notify_author_mention or any(map(self.env.context.get, MARK_AS_SENT_KEYS)),
            notify_skip_followers=self.notify_skip_followers,
        )  # fmt: skip

    def _sengerio_preview(self, record, policy):
        """Return what the widget shows: who will get the document and why, From and Reply-To."""
        checking, preview = self.env["sengerio.mail.changes"], self.env["sengerio.mail.preview"]
        sender = self._sengerio_sender(record)
        changes = checking._read(self.sengerio_changes)
        problems = checking._problems(changes, sender)
        changes = changes.without(problems)
        # the copies are shown while nobody is in To, too
        send = {
            **self._sengerio_send_values(policy), "changes": write_changes(changes), "customer_unknown": True,
        }  # fmt: skip
        recipients_data = self._sengerio_recipients_data(record)
        answer = self._sengerio_answer_to(record, policy, recipients_data, send)
        return {
            **preview._recipients(record, answer, problems, self.partner_ids._origin, recipients_data),
            **preview._headers(
                policy, record, sender, self.author_id, self.email_from, self.reply_to, changes, send["keep_from"]
            ),
            "may_copy_sender": self.sengerio_may_copy_sender,
        }
