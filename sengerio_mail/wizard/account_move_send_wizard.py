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
    sengerio_summary = fields.Html("Who gets it", compute="_compute_sengerio_summary", sanitize=False)

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

    @api.depends("sengerio_type_id", "sengerio_bcc_sender", "mail_partner_ids", "template_id", "lang")
    def _compute_sengerio_summary(self):
        for wizard in self:
            policy = self.env["sengerio.mail.document.type"]._policy(wizard.sengerio_type_id.id)
            wizard.sengerio_summary = policy and wizard._sengerio_summary_of(policy)

    def _get_sending_settings(self):
        # EXTENDS account: a choice that differs from the policy
        settings = super()._get_sending_settings()
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self._sengerio_wants_copy():
            settings["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        return settings

    def _sengerio_wants_copy(self):
        """Tell whether the sender gets a blind copy unless switched for this send."""
        policy = self._sengerio_policy(self.move_id, self.template_id)
        resolver = self.env["sengerio.mail.resolver"]
        return bool(policy) and resolver._wants_copy(policy, resolver._sender(self.move_id))

    def _sengerio_summary_of(self, policy):
        """Return the line that says who will get the invoice and why."""
        move, template, lang = self.move_id, self.template_id, self.lang
        send = {**self._sengerio_plain(move, template, lang), "bcc_sender": self.sengerio_bcc_sender}
        return self._sengerio_summary_of_move(move, policy, template, lang, self.mail_partner_ids, send)
