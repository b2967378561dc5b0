"""What a mail server did not take: kept for a retry that mails nobody twice, and said in the chatter."""

from datetime import timedelta

from odoo import Command, fields, models

from ..tools.states import FAILED, UNSENT
from .sengerio_mail_delivery import ATTEMPTED

RETRY_AFTER = timedelta(minutes=15)  # RFC 5321 §4.5.4.1 asks for 30, greylisting for less


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: what the mail server did not take is kept for a retry
        kept = self.browse()
        for mail in self._sengerio_documents():
            own = mail._sengerio_own_deliveries()
            if failure_type:
                reason = failure_reason or mail.failure_reason or failure_type
                own.document_id._fail(own, reason)
                if own._may_pass():  # though somebody else in the mail has no address at all
                    mail._sengerio_keep(own, success_pids, "outgoing", reason)
                    kept |= mail
                else:
                    mail._sengerio_leave_out_reached(own, success_pids)
                    own.document_id._call_attention()
            elif outcome := mail._sengerio_not_taken(own):
                kept = mail._sengerio_keep(own, success_pids, *outcome)
                if outcome[0] == "exception":
                    own.document_id._call_attention()
                return kept
            else:
                mail._sengerio_tell_refused(own)
                if any(delivery.state in FAILED for delivery in own):
                    own.document_id._call_attention()
        if kept and kept == self:
            return True
        return super(MailMail, self - kept)._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def mark_outgoing(self):
        # EXTENDS mail: what is tried again waits again
        for mail in self._sengerio_documents():
            waiting = mail._sengerio_own_deliveries()._to_send()
            for document in waiting.document_id:
                document._write_states({delivery: ("queued", None) for delivery in waiting})
            waiting.document_id._end_attention()  # until it fails again
        return super().mark_outgoing()

    def _sengerio_not_taken(self, own):
        """Return ``(state of the mail, reason)`` if it must be kept for a retry, else ``None``.

        :param own: the deliveries that it carries
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        later = own._may_pass()
        told = (to | later).filtered(lambda delivery: delivery.smtp_reply and delivery.header != "bcc")
        reason = "; ".join(f"{delivery.email}: {delivery.smtp_reply}" for delivery in told)
        if later:
            return "outgoing", reason
        if to and all(delivery.state in UNSENT for delivery in to):
            return "exception", reason
        if to and not to._to_send() and self.state == "exception":
            self.write({"state": "sent", "failure_type": False, "failure_reason": False})  # nothing was left to send
        return None

    def _sengerio_keep(self, own, success_pids, state, reason):
        """Keep a mail that was not taken for all: Odoo would delete it.

        Its notifications say which contacts have not got it.

        :param own: the deliveries that it carries
        :param success_pids: partners for whose messages nothing was raised
        :param str state: of the mail
        :param str reason: the server's words
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        reached = to.filtered(lambda delivery: delivery.state not in UNSENT)
        followers = [partner for partner in success_pids if partner not in to.partner_id]
        own.document_id._fail(own, reason)
        self._sengerio_leave_out_reached(own, success_pids)
        self.write({"state": state, "failure_reason": reason, "failure_type": "mail_smtp"})
        if state == "outgoing":
            self._sengerio_try_later()
        return super()._postprocess_sent_message(
            [*followers, *reached.partner_id], reached.mapped("email"), failure_reason=reason, failure_type="mail_smtp"
        )

    def _sengerio_try_later(self):
        """Let the queue send a mail again in a while."""
        later = fields.Datetime.now() + RETRY_AFTER
        self.write({"state": "outgoing", "scheduled_date": later})
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger(later)

    def _sengerio_leave_out_reached(self, own, success_pids):
        """Take those off a mail who have got it, followers too, so that a retry mails them no second one.

        :param own: the deliveries that it carries
        :param success_pids: partners for whose messages nothing was raised
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        waiting = to._to_send()
        if (own - to)._to_send():
            waiting |= own._carrier(to)  # with whose message the copies go
        waiting = waiting.partner_id
        done = [partner.id for partner in success_pids if partner not in waiting]
        if done:
            self.recipient_ids = [Command.unlink(partner_id) for partner_id in done]

    def _sengerio_tell_refused(self, own):
        """Say in the chatter, and to the web client, which contacts were refused; Odoo would take them for reached.

        :param own: the deliveries that the mail carries
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        refused = to.filtered(lambda delivery: delivery.state in ATTEMPTED)
        people = refused.partner_id - (to - refused).partner_id
        if not people:
            return
        notifications_sudo = self.env["mail.notification"].sudo().search(  # of other people
            [("mail_mail_id", "in", self.ids), ("res_partner_id", "in", people.ids)]
        )
        for notification in notifications_sudo:
            replies = refused.filtered(lambda d, n=notification: d.partner_id == n.res_partner_id).mapped("smtp_reply")
            notification.write(
                {"notification_status": "exception", "failure_type": "mail_email_invalid",
                 "failure_reason": "; ".join(replies), "mail_mail_id": False}
            )  # fmt: skip
        messages = notifications_sudo.mail_message_id.sudo(False)
        messages.filtered(lambda message: message._is_thread_message())._notify_message_notification_update()
