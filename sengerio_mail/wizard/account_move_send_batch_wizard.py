from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.account_move_send import SENDING_KEY
from ..tools import changes as changing

SHOWN = 20  # invoices named in the summary
ALONE = "sengerio_addresses_alone"  # context: no texts are wanted


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    sengerio_may_copy_sender = fields.Boolean(compute="_compute_sengerio_may_copy_sender")
    sengerio_bcc_sender = fields.Boolean(
        "Blind copy to me", compute="_compute_sengerio_bcc_sender", store=True, readonly=False
    )
    sengerio_changes = fields.Json("Changes for these invoices", default=dict)  # of tools/changes.py: Cc alone
    sengerio_lines = fields.Json("Who gets what", compute="_compute_sengerio_lines")

    @api.depends("move_ids")
    def _compute_sengerio_may_copy_sender(self):
        for wizard in self:
            wizard.sengerio_may_copy_sender = any(
                policy.may_copy_sender for policy in wizard._sengerio_policies().values()
            )

    @api.depends("move_ids")
    def _compute_sengerio_bcc_sender(self):
        for wizard in self:
            wizard.sengerio_bcc_sender = wizard._sengerio_wants_copy()

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
            changes = wizard._sengerio_cc_alone()
            problems = checking._problems(changes, self.env.user)
            carried = self._sengerio_carried(wizard._sengerio_choices(changes.without(problems)))
            lines = [wizard.with_context(**{ALONE: True})._sengerio_line(move, carried) for move in moves[:SHOWN]]
            wizard.sengerio_lines = {
                "lines": lines,
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
        choices = {}
        if self.sengerio_changes or self.sengerio_may_copy_sender:
            changes = self._sengerio_cc_alone()
            for message in self.env["sengerio.mail.changes"]._problems(changes, self.env.user).values():
                raise UserError(message)
            choices = self._sengerio_choices(changes)
        wizard = self.with_context(**{SENDING_KEY: choices}) if choices else self
        result = super(AccountMoveSendBatchWizard, wizard).action_send_and_print(
            force_synchronous=force_synchronous, allow_fallback_pdf=allow_fallback_pdf
        )
        if choices and not force_synchronous:
            for move in self.move_ids:
                move.sending_data = {**move.sending_data, **choices}
        return result

    def _sengerio_cc_alone(self):
        """Return the addresses added for all invoices; nothing else can be changed here."""
        added = (self.sengerio_changes or {}).get("added") or {}
        return self.env["sengerio.mail.changes"]._read({"added": {"cc": added.get("cc")}})

    def _sengerio_choices(self, changes):
        """Return what differs for these invoices, as ``sending_data`` carries it.

        :param changes: of :meth:`_sengerio_cc_alone`
        """
        choices = {}
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self._sengerio_wants_copy():
            choices["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        if changes:
            choices["sengerio_added_cc"] = [entry.text for entry in changes.entries]
        return choices

    def _sengerio_policies(self):
        """Return the policies of those invoices that are documents, by invoice."""
        policies = {move: self._sengerio_policy(move, move._get_mail_template()) for move in self.move_ids._origin}
        return {move: policy for move, policy in policies.items() if policy}

    def _sengerio_wants_copy(self):
        """Tell whether the sender gets a blind copy of any of the invoices unless switched for this send."""
        resolver = self.env["sengerio.mail.resolver"]
        policies = self._sengerio_policies()
        return any(resolver._wants_copy(policy, resolver._sender(move)) for move, policy in policies.items())

    def _sengerio_line(self, move, carried):
        """Return who will get an invoice: ``{id, number, partner, from, reply_to, to, …, note, warnings}``.

        :param dict carried: of ``_sengerio_carried``
        """
        settings = {**self._get_default_sending_settings(move), **carried}
        policy = self._sengerio_policy(move, settings.get("mail_template"))
        line = {"id": move.id, "number": move.display_name, "partner": move.partner_id.display_name, "note": ""}
        if "email" not in settings["sending_methods"] or not policy:
            return {**line, "note": self.env._("not by e-mail")}
        answer = self._sengerio_answer(move, policy, settings)
        resolver, preview = self.env["sengerio.mail.resolver"], self.env["sengerio.mail.preview"]
        if not answer.by_header("to"):
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
