from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.account_move_send import SENDING_KEY
from ..tools import changes as changing

SHOWN = 20  # invoices named in the summary
ALONE = "sengerio_addresses_alone"  # context: no texts are wanted


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    sengerio_may_copy_sender = fields.Boolean(compute="_compute_sengerio_copy_sender")
    sengerio_wants_copy = fields.Boolean(compute="_compute_sengerio_copy_sender")  # unless switched for this send
    sengerio_bcc_sender = fields.Boolean(
        "Blind copy to me", compute="_compute_sengerio_bcc_sender", store=True, readonly=False
    )
    sengerio_changes = fields.Json("Changes for these invoices", default=dict)  # see tools/changes.py
    # counted by the widget when somebody who had no address may have one: summary and alerts ask about all the invoices
    sengerio_asked = fields.Integer("Times asked")
    sengerio_lines = fields.Json("Who gets what", compute="_compute_sengerio_lines")

    @api.depends("move_ids")
    def _compute_sengerio_copy_sender(self):
        resolver = self.env["sengerio.mail.resolver"]
        for wizard in self:
            found = {move: self._sengerio_policy(move, move._get_mail_template()) for move in wizard.move_ids._origin}
            policies = {move: policy for move, policy in found.items() if policy}
            wizard.sengerio_may_copy_sender = any(policy.may_copy_sender for policy in policies.values())
            wizard.sengerio_wants_copy = any(
                resolver._wants_copy(policy, resolver._sender(move)) for move, policy in policies.items()
            )

    @api.depends("sengerio_wants_copy")
    def _compute_sengerio_bcc_sender(self):
        for wizard in self:
            wizard.sengerio_bcc_sender = wizard.sengerio_wants_copy

    @api.depends("sengerio_asked")
    def _compute_alerts(self):  # pylint: disable=missing-return
        # EXTENDS account: an address added to To of an invoice is enough; nobody reads the messages' texts here, which
        # take as long as all the rest
        for wizard in self:
            super(AccountMoveSendBatchWizard, wizard._sengerio_with_choices())._compute_alerts()

    @api.depends("sengerio_asked")
    def _compute_summary_data(self):  # pylint: disable=missing-return
        # EXTENDS account: see _compute_alerts
        for wizard in self:
            super(AccountMoveSendBatchWizard, wizard._sengerio_with_choices())._compute_summary_data()

    def _sengerio_with_choices(self):
        """Return the wizard in whose settings of an invoice are the changes that can be used, and no texts."""
        changes, problems = self._sengerio_read()
        choices = {move.id: self._sengerio_choices(move, changes, problems) for move in self.move_ids._origin}
        return self.with_context(**{ALONE: True, SENDING_KEY: choices})

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        # EXTENDS account: see _compute_alerts
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_body(move, mail_template, mail_lang)

    @api.model
    def _get_default_mail_subject(self, move, mail_template, mail_lang):
        # EXTENDS account: see _compute_alerts
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_subject(move, mail_template, mail_lang)

    @api.depends("move_ids", "sengerio_bcc_sender", "sengerio_changes", "sengerio_asked")
    def _compute_sengerio_lines(self):
        preview = self.env["sengerio.mail.preview"]
        for wizard in self:
            moves = wizard.move_ids._origin
            changes, problems = wizard._sengerio_read()
            wizard.sengerio_lines = {
                "lines": [wizard._sengerio_line(move, changes, problems) for move in moves[:SHOWN]],
                "more": self.env._("and %s more", len(moves) - SHOWN) if len(moves) > SHOWN else "",
                "cc": [
                    preview._problem_tag(entry, problems[entry]) if entry in problems else preview._common_tag(entry)
                    for entry in changes.common.entries
                ],
            }

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS account: what was changed for these invoices goes with them
        choices = self._sengerio_checked_choices()
        wizard = self.with_context(**{SENDING_KEY: choices}) if choices else self
        result = super(AccountMoveSendBatchWizard, wizard).action_send_and_print(
            force_synchronous=force_synchronous, allow_fallback_pdf=allow_fallback_pdf
        )
        if choices and not force_synchronous:
            for move in self.move_ids.filtered(lambda move: move.id in choices):
                move.sending_data = {**move.sending_data, **self._sengerio_signed(move, choices[move.id])}
        return result

    def _sengerio_read(self):
        """Return ``(changes, problems)``.

        :rtype: tuple[odoo.addons.sengerio_mail.tools.changes.BatchChanges, dict]
        """
        checking = self.env["sengerio.mail.changes"]
        changes = checking._read_batch(self.sengerio_changes)
        entries = [*changes.common.entries]
        for move in self.move_ids._origin:
            entries += changes.own_of(move.id).entries
        return changes, checking._problems(changing.Changes(tuple(entries)), self.env.user)

    def _sengerio_checked_choices(self):
        """Return what differs, by invoice's id, for those for which something does.

        :raise UserError: an address cannot be used, or nobody is left in To; the message names the address, the invoice
        """
        changes, problems = self._sengerio_read()
        self._sengerio_refuse(changes, problems)
        choices = {move.id: found for move in self.move_ids if (found := self._sengerio_choices(move, changes))}
        to_nobody = self.move_ids.filtered(
            lambda move: changes.own_of(move.id) and self._sengerio_leaves_nobody(move, choices[move.id])
        )
        if to_nobody:
            numbers = ", ".join(to_nobody.mapped("display_name"))
            raise UserError(self.env._("Nobody is in To of %s: add an address there, or put one back.", numbers))
        return choices

    def _sengerio_refuse(self, changes, problems):
        """Refuse addresses that cannot be used.

        :raise UserError: the first of them, with the invoice to which it was added
        """
        for entry in changes.common.entries:
            if entry in problems:
                raise UserError(problems[entry])
        for move in self.move_ids:
            for entry in changes.own_of(move.id).entries:
                if entry in problems:
                    raise UserError(
                        self.env._("%(number)s: %(problem)s", number=move.display_name, problem=problems[entry])
                    )

    def _sengerio_choices(self, move, changes, problems=()):
        """Return what differs for an invoice, as ``sending_data`` carries it.

        :param changes: :class:`..tools.changes.BatchChanges`
        :param problems: those of their entries that cannot be used
        """
        choices = {}
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self.sengerio_wants_copy:
            choices["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        if found := changes.of(move.id).without(problems):
            choices["sengerio_changes"] = changing.write(found)
        return choices

    def _sengerio_foreseen(self, move, choices, shown=False):
        """Return ``(policy, settings, who gets an invoice)``; the last is ``None`` if it is no document by e-mail.

        :param dict choices: of :meth:`_sengerio_choices`
        :param bool shown: tell the copies although nobody is in To
        """
        wizard = self.with_context(**{ALONE: True})
        settings = {**wizard._get_default_sending_settings(move), **self._sengerio_carried(choices)}
        policy = self._sengerio_policy(move, settings.get("mail_template"))
        if "email" not in settings["sending_methods"] or not policy:
            return policy, settings, None
        return policy, settings, self._sengerio_answer(move, policy, {**settings, "sengerio_shown": shown})

    def _sengerio_leaves_nobody(self, move, choices):
        """Tell whether an invoice would go to nobody.

        :param dict choices: of :meth:`_sengerio_choices`
        """
        _policy, _settings, answer = self._sengerio_foreseen(move, choices)
        return answer is not None and not answer.by_header("to")

    def _sengerio_line(self, move, changes, problems):
        """Return who will get an invoice: ``{id, number, partner, from, reply_to, to, …, left_out, note, warnings}``.

        :param changes: :class:`..tools.changes.BatchChanges`
        :param problems: ``{entry: message}`` of those that cannot be used
        """
        own = changes.own_of(move.id)
        choices = self._sengerio_choices(move, changes, problems)
        policy, settings, answer = self._sengerio_foreseen(move, choices, shown=bool(own))
        line = {
            "id": move.id, "number": move.display_name, "partner": move.partner_id.display_name, "note": "",
            "by_email": answer is not None, "addressed": bool(settings.get("mail_partner_ids")),
        }  # fmt: skip
        if answer is None:
            return {**line, "note": self.env._("not by e-mail"), "left_out": []}
        resolver, preview = self.env["sengerio.mail.resolver"], self.env["sengerio.mail.preview"]
        line |= self._sengerio_tags(answer, changes.common, own, problems)
        if not answer.by_header("to"):
            if any(recipient.header == "to" for recipient in answer.left_out):
                line["note"] = self.env._("nobody: everybody is left out")
            elif line["addressed"]:
                line["note"] = self.env._("nobody: everybody is moved to Cc or Bcc")
            else:
                line["note"] = self.env._("nobody: no e-mail address")
                line["partner_id"] = move.partner_id.id
        headers = preview._headers(
            policy, move, resolver._sender(move),
            *self._sengerio_headers(move, settings["mail_template"], settings["mail_lang"]),
            changing.Changes(), choices=False,
        )  # fmt: skip
        return {
            **line,
            "from": headers["from"]["text"],
            "reply_to": headers["reply_to"]["text"],
            "followers": [person.name for person in answer.followers],
            "warnings": [resolver._word(warning) for warning in answer.warnings if answer.by_header("to")],
        }

    def _sengerio_tags(self, answer, common, own, problems):
        """Return the tags of an invoice: ``{to: [tag], cc: [tag], bcc: [tag], left_out: [tag]}``.

        :param answer: :class:`..tools.resolver.Answer`
        :param common: the :class:`..tools.changes.Changes` for all invoices
        :param own: those for this one
        :param problems: ``{entry: message}`` of those that cannot be used
        """
        preview = self.env["sengerio.mail.preview"]
        tags = {header: [preview._tag(found) for found in answer.by_header(header)] for header in changing.HEADERS}
        of_all = {entry.address.email: preview._common_tag(entry) for entry in common.entries if entry not in problems}
        for tag in tags["cc"]:
            if tag["kind"] == "added" and tag["email"] not in own.emails:
                tag.update(kind="common", reason=of_all[tag["email"]]["reason"])
        for entry in own.entries:
            if entry in problems:
                tags[entry.header].append(preview._problem_tag(entry, problems[entry]))
        tags["left_out"] = preview._left_out(answer)
        known = {tag["email"] for shown in tags.values() for tag in shown}
        tags["left_out"] += [tag for email, tag in of_all.items() if email in own.removed - known]
        return tags
