from odoo import api, fields, models


class AccountMoveSendWizard(models.TransientModel):
    _inherit = "account.move.send.wizard"

    sengerio_type_id = fields.Many2one(
        "sengerio.mail.document.type", string="Document Type", compute="_compute_sengerio_type"
    )
    sengerio_may_copy_sender = fields.Boolean(compute="_compute_sengerio_type")
    sengerio_bcc_sender = fields.Boolean(
        "Blind copy to me", compute="_compute_sengerio_bcc_sender", store=True, readonly=False
    )
    sengerio_changes = fields.Json("Changes for this message", default=dict)  # see tools/changes.py
    sengerio_recipients = fields.Json("Who gets it", compute="_compute_sengerio_recipients")
    sengerio_has_to = fields.Boolean(compute="_compute_sengerio_recipients")

    @api.depends("template_id", "move_id", "sending_methods")
    def _compute_sengerio_type(self):
        for wizard in self:
            by_email = "email" in (wizard.sending_methods or ())
            policy = by_email and self._sengerio_policy(wizard.move_id, wizard.template_id) or None
            wizard.sengerio_type_id = policy.id if policy else False
            wizard.sengerio_may_copy_sender = bool(policy and policy.may_copy_sender)

    @api.depends("template_id", "move_id")
    def _compute_sengerio_bcc_sender(self):
        for wizard in self:
            wizard.sengerio_bcc_sender = wizard._sengerio_wants_copy()

    @api.depends(
        "sengerio_type_id", "sengerio_bcc_sender", "sengerio_changes", "mail_partner_ids", "template_id", "lang"
    )
    def _compute_sengerio_recipients(self):
        for wizard in self:
            policy = wizard._sengerio_shown_policy()
            wizard.sengerio_recipients = (
                self._sengerio_preview(wizard.move_id, policy, wizard._sengerio_settings()) if policy else False
            )
            wizard.sengerio_has_to = bool(policy) and any(
                tag["email"] and tag["kind"] != "error" for tag in wizard.sengerio_recipients["to"]
            )

    @api.depends("sengerio_changes")
    def _compute_alerts(self):
        # EXTENDS account: what was added for this send can be mailed, whoever the customer is
        result = super()._compute_alerts()
        for wizard in self.filtered(lambda wizard: wizard.alerts and not wizard.mail_partner_ids):
            if wizard._sengerio_added_to():
                wizard.alerts = {key: alert for key, alert in wizard.alerts.items() if key != "account_missing_email"}
        return result

    def action_send_and_print(self, allow_fallback_pdf=False):
        # EXTENDS account: refuse changes that cannot be done, or after which nobody is in To, before anything is made
        policy = self._sengerio_shown_policy()
        if policy and self.sengerio_changes:
            self._sengerio_check_changes(self.move_id, policy, self._sengerio_settings())
        return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)

    def _get_sending_settings(self):
        # EXTENDS account: what differs for this send
        return {**super()._get_sending_settings(), **self._sengerio_choices()}

    def _sengerio_choices(self):
        """Return what differs for this send."""
        choices = {}
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self._sengerio_wants_copy():
            choices["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        if self.sengerio_changes:
            choices["sengerio_changes"] = self.sengerio_changes
        return choices

    def _sengerio_settings(self):
        """Return what of the sending settings decides who gets it."""
        return {
            "mail_template": self.template_id,
            "mail_lang": self.lang,
            "mail_partner_ids": self.mail_partner_ids.ids,
            **self._sengerio_choices(),
        }

    def _sengerio_wants_copy(self):
        """Tell whether the sender gets a blind copy unless switched for this send."""
        policy = self._sengerio_policy(self.move_id, self.template_id)
        resolver = self.env["sengerio.mail.resolver"]
        return bool(policy) and resolver._wants_copy(policy, resolver._sender(self.move_id))

    def _sengerio_shown_policy(self):
        return self.env["sengerio.mail.document.type"]._policy(self.sengerio_type_id.id)

    def _sengerio_added_to(self):
        return self.env["sengerio.mail.changes"]._read(self.sengerio_changes).added("to")
