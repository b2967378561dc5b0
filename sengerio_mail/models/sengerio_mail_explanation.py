from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..tools.reports import verdict

CAME_BACK = ("refused", "soft_bounce", "hard_bounce")


class SengerioMailDelivery(models.Model):
    """Why an address did not get its document, in plain words, and what one can do about it."""

    _inherit = "sengerio.mail.delivery"

    explanation = fields.Char("What Happened", compute="_compute_explanation")
    advice = fields.Char("What to Do", compute="_compute_explanation")

    @api.depends("state", "status_code", "diagnostic", "smtp_reply")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for delivery in self:
            delivery.explanation, delivery.advice = delivery._explain()

    def _explain(self):
        """Return ``(what happened, what one can do)``, both empty where nothing is wrong."""
        self.ensure_one()
        email = self.email
        if self.state == "complaint":
            return (
                self.env._("The reader of %s, or the provider, has reported the message as spam.", email),
                self.env._("Ask before you send there again, and by another way than e-mail."),
            )
        if self.state == "delayed":
            return (
                self.env._("The mail server of %s could not be reached yet; it is tried again for some days.", email),
                self.env._("Nothing yet. If it is urgent, call."),
            )
        if self.state == "cancelled":
            return self.env._("It was never sent to %s.", email), self.env._("Send it again if it is still needed.")
        if self.state not in ("refused", "failed", "soft_bounce", "hard_bounce"):
            return "", ""
        words = self.diagnostic or self.smtp_reply or ""
        reason = verdict(self.status_code or "", words).reason
        if reason == "unknown" and self.state == "hard_bounce":
            reason = "no_such_address"
        return self._explanations(reason, email)

    @api.model
    def _explanations(self, reason, email):
        """Return what a reason of :func:`..tools.reports.verdict` means and what to do, for an address."""
        check = self.env._("Ask for the right address, correct it, and send the document again.")
        later = self.env._("Send it again later, or call.")
        administrator = self.env._("Show this to your administrator: it is about your own mail server or domain.")
        words = {
            "no_such_address": (self.env._("The address %s does not exist.", email), check),
            "domain_gone": (self.env._("What follows the @ in %s receives no mail.", email), check),
            "moved": (self.env._("%s has moved to another address.", email), check),
            "not_accepting": (self.env._("The mailbox %s is closed or switched off.", email), check),
            "mailbox_full": (self.env._("The mailbox %s is full.", email), later),
            "unreachable": (self.env._("The mail server of %s could not be reached.", email), later),
            "spam": (
                self.env._("The mail server of %s took the message for spam.", email),
                self.env._("Ask the reader to allow your mail; if it happens often, tell your administrator."),
            ),
            "policy": (
                self.env._("The mail server of %s does not take this message by its own rules.", email),
                self.env._("Its answer below may say which rule. The reader's company can allow you."),
            ),
            "too_big": (
                self.env._("The message is too big for the mail server of %s.", email),
                self.env._("Send it again with smaller or fewer attachments."),
            ),
            "auth": (
                self.env._("The mail server of %s could not verify that the message is yours.", email),
                administrator,
            ),
            "relay": (self.env._("A mail server refused to pass the message on to %s.", email), administrator),
            "loop": (
                self.env._("The message to %s went in circles between mail servers.", email),
                self.env._("Use another address of the reader; theirs is forwarded to itself."),
            ),
            "content": (
                self.env._("The mail server of %s could not handle the message as it was written.", email),
                self.env._("Send it again without unusual attachments."),
            ),
        }
        nobody_knows = self.env._("The mail server of %s did not take the message.", email), self.env._(
            "Its answer is below. Check the address, or call."
        )
        return words.get(reason, nobody_knows)

    @api.model
    def _last_bounces(self, emails):
        """Tell when a document last did not reach some addresses, and why; nothing of the document itself.

        :param emails: normalised addresses; empty ones are passed over
        :return: ``{address: text}`` of those from which something came back
        """
        emails = [email for email in emails if email]
        if not emails:
            return {}
        self.flush_model(["email", "state", "document_id"])
        self.env["sengerio.mail.event"].flush_model(["delivery_id", "kind", "date"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT last.id, COALESCE(MAX(event.date), last.write_date)
                  FROM unnest(%(emails)s) AS address (email)
                  JOIN LATERAL (
                       SELECT id, write_date FROM sengerio_mail_delivery
                        WHERE email = address.email AND state IN %(came_back)s
                        ORDER BY document_id DESC, id DESC LIMIT 1
                       ) AS last ON TRUE
             LEFT JOIN sengerio_mail_event event ON event.delivery_id = last.id AND event.kind IN %(came_back)s
                 GROUP BY last.id, last.write_date
                """,
                emails=emails,
                came_back=CAME_BACK,
            )
        )
        deliveries_sudo = self.sudo().browse([row[0] for row in rows])  # date and reason alone are told
        told = {}
        for delivery_sudo, (_id, date) in zip(deliveries_sudo, rows, strict=True):
            day = format_date(self.env, fields.Datetime.context_timestamp(self, date).date())
            told[delivery_sudo.email] = f"{day}: {delivery_sudo.explanation}"
        return told
