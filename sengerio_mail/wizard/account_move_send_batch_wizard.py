from markupsafe import Markup

from odoo import api, fields, models

SHOWN = 20  # invoices named in the summary


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    sengerio_summary = fields.Html("Who gets what", compute="_compute_sengerio_summary", sanitize=False)

    @api.depends("move_ids")
    def _compute_sengerio_summary(self):
        for wizard in self:
            moves = wizard.move_ids._origin
            lines = [wizard._sengerio_line(move) for move in moves[:SHOWN]]
            if len(moves) > SHOWN:
                lines.append(self.env._("and %s more", len(moves) - SHOWN))
            items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
            wizard.sengerio_summary = Markup("<ul>%s</ul>") % items

    def _sengerio_line(self, move):
        """Return an invoice's number and who will get it."""
        settings = self._get_default_sending_settings(move)
        policy = self._sengerio_policy(move, settings.get("mail_template"))
        if "email" not in settings["sending_methods"] or not policy:
            return Markup("<b>%s</b> %s") % (move.display_name, self.env._("not by e-mail"))
        resolver = self.env["sengerio.mail.resolver"]
        partners = self.env["res.partner"].browse(settings["mail_partner_ids"])
        template, lang = settings["mail_template"], settings["mail_lang"]
        answer = self._sengerio_answer(move, policy, partners, self._sengerio_plain(move, template, lang))
        recipients = Markup(" · ").join(resolver._summary_recipients(answer)) or self.env._("nobody: no e-mail address")
        return Markup("<b>%s</b> %s") % (move.display_name, recipients)
