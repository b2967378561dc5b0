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

    def _compute_alerts(self):
        # EXTENDS account: nobody reads the messages' texts here, which take as long as all the rest
        return super(AccountMoveSendBatchWizard, self.with_context(**{ALONE: True}))._compute_alerts()

    def _compute_summary_data(self):
        # EXTENDS account: see _compute_alerts
        return super(AccountMoveSendBatchWizard, self.with_context(**{ALONE: True}))._compute_summary_data()

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        # EXTENDS account: see _compute_alerts
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_body(move, mail_template, mail_lang)

    @api.model
    def _get_default_mail_subject(self, move, mail_template, mail_lang):
        # EXTENDS account: see _compute_alerts
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_subject(move, mail_template, mail_lang)

    @api.depends("move_ids", "sengerio_bcc_sender", "sengerio_changes")
    def _compute_sengerio_lines(self):
        checking = self.env["sengerio.mail.changes"]
        for wizard in self:
            moves = wizard.move_ids._origin
            changes = checking._read_batch(wizard.sengerio_changes)
            problems = checking._problems(changes, self.env.user)
            usable = changes.without(problems)
            wizard.sengerio_lines = {
                "lines": [
                    wizard._sengerio_line(move, wizard._sengerio_choices(move, usable)) for move in moves[:SHOWN]
                ],
                "more": self.env._("and %s more", len(moves) - SHOWN) if len(moves) > SHOWN else "",
                "cc": [
                    {
                        "key": f"cc:{entry.text}", "entry": entry.text, "locked": False, "partner_id": False,
                        "email": entry.address.email if entry.address else entry.text,
                        "name": entry.address.name if entry.address else "",
                        "kind": "error" if entry in problems else "added",
                        "reason": problems.get(entry) or self.env._("in copy of all these invoices"),
                    }
                    for entry in changes.entries
                ],
            }  # fmt: skip

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS account: what was changed for these invoices goes with them
        choices = self._sengerio_checked_choices()
        wizard = self.with_context(**{SENDING_KEY: choices}) if choices else self
        result = super(AccountMoveSendBatchWizard, wizard).action_send_and_print(
            force_synchronous=force_synchronous, allow_fallback_pdf=allow_fallback_pdf
        )
        if choices and not force_synchronous:
            for move in self.move_ids.filtered(lambda move: move.id in choices):
                move.sending_data = {**move.sending_data, **choices[move.id]}
        return result

    def _sengerio_checked_choices(self):
        """Return what differs, by invoice's id, for those for which something does.

        :raise UserError: an address cannot be used, or nobody is left in To; the message names the address, the invoice
        """
        checking = self.env["sengerio.mail.changes"]
        changes = checking._read_batch(self.sengerio_changes)
        for message in checking._problems(changes, self.env.user).values():
            raise UserError(message)
        choices = {move.id: found for move in self.move_ids if (found := self._sengerio_choices(move, changes))}
        to_nobody = self.move_ids.filtered(lambda move: self._sengerio_leaves_nobody(move, choices.get(move.id, {})))
        if to_nobody:
            numbers = ", ".join(to_nobody.mapped("display_name"))
            raise UserError(self.env._("Nobody is left in To of %s: put an address back.", numbers))
        return choices

    def _sengerio_choices(self, move, changes):
        """Return what differs for an invoice, as ``sending_data`` carries it.

        :param changes: for all invoices, those that can be used
        """
        choices = {}
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self.sengerio_wants_copy:
            choices["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        if changes.entries:
            choices["sengerio_added_cc"] = [entry.text for entry in changes.entries]
        if removed := self.env["sengerio.mail.changes"]._read_batch(self.sengerio_changes, move.id).removed:
            choices["sengerio_removed"] = sorted(removed)
        return choices

    def _sengerio_foreseen(self, move, choices):
        """Return ``(policy, settings, who gets an invoice)``; the last is ``None`` if it is no document by e-mail.

        :param dict choices: of :meth:`_sengerio_choices`
        """
        wizard = self.with_context(**{ALONE: True})
        settings = {**wizard._get_default_sending_settings(move), **self._sengerio_carried(choices)}
        policy = self._sengerio_policy(move, settings.get("mail_template"))
        if "email" not in settings["sending_methods"] or not policy:
            return policy, settings, None
        return policy, settings, self._sengerio_answer(move, policy, settings)

    def _sengerio_leaves_nobody(self, move, choices):
        """Tell whether all to whom an invoice would go are left out."""
        if "sengerio_removed" not in choices:
            return False
        _policy, _settings, answer = self._sengerio_foreseen(move, choices)
        return bool(answer and answer.left_out and not answer.by_header("to"))

    def _sengerio_line(self, move, choices):
        """Return who will get an invoice: ``{id, number, partner, from, reply_to, to, …, left_out, note, warnings}``.

        :param dict choices: of :meth:`_sengerio_choices`
        """
        policy, settings, answer = self._sengerio_foreseen(move, choices)
        line = {
            "id": move.id, "number": move.display_name, "partner": move.partner_id.display_name, "note": "",
            "left_out": [],
        }  # fmt: skip
        if answer is None:
            return {**line, "note": self.env._("not by e-mail")}
        resolver, preview = self.env["sengerio.mail.resolver"], self.env["sengerio.mail.preview"]
        line["left_out"] = preview._left_out(answer)
        if not answer.by_header("to"):
            if line["left_out"]:
                line["note"] = self.env._("nobody: everybody is left out")
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
            **{header: [preview._tag(found) for found in answer.by_header(header)] for header in ("to", "cc", "bcc")},
            "followers": [person.name for person in answer.followers],
            "warnings": [resolver._word(warning) for warning in answer.warnings if answer.by_header("to")],
        }
