"""What a mail server did not take: kept for a retry that mails nobody twice, and said in the chatter."""

from datetime import timedelta

from odoo import Command, fields, models

from ..tools.states import FAILED, UNSENT
from .sengerio_mail_delivery import ATTEMPTED

RETRY_AFTER = timedelta(minutes=15)  # RFC 5321 §4.5.4.1 asks for 30, greylisting for less
# what Odoo says of one recipient's address, when all others have had their turn; it deletes such a mail
UNADDRESSED = frozenset({"mail_email_invalid", "mail_email_missing"})


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        # EXTENDS mail: what the mail server did not take is kept for a retry
        kept = self.browse()
        for mail in self._sengerio_documents():
            if mail._sengerio_settle(success_pids, failure_reason, failure_type):
                kept |= mail
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

    def _sengerio_settle(self, success_pids, failure_reason, failure_type):
        """Record what became of a document's mail, see ``_postprocess_sent_message()``.

        :return: whether it is kept, and Odoo told
        """
        own = self._sengerio_own_deliveries()
        if failure_type:
            own.document_id._fail(own, failure_reason or self.failure_reason or failure_type)
        kept = self._sengerio_not_taken(own, failure_reason, failure_type)
        if kept:
            self._sengerio_keep(own, success_pids, *kept)
        else:
            if failure_type:
                self._sengerio_leave_out_reached(own, success_pids)
            self._sengerio_tell_refused(own, mail_mail_id=False)
        if not (kept and kept[0] == "outgoing") and any(delivery.state in FAILED for delivery in own):
            own.document_id._call_attention()
        return bool(kept)

    def _sengerio_not_taken(self, own, failure_reason, failure_type):
        """Return ``(state of the mail, reason, type of failure)`` if it must be kept for a retry, else ``None``.

        :param own: the deliveries that it carries
        :param str failure_reason: Odoo's words, about whichever of its recipients
        :param str failure_type: Odoo's, ``None`` if nothing was raised
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        later = own._may_pass()
        told = (to | later).filtered(lambda delivery: delivery.smtp_reply and not delivery._is_blind())
        reason = failure_reason or "; ".join(f"{delivery.email}: {delivery.smtp_reply}" for delivery in told)
        if later:
            return "outgoing", reason, "mail_smtp"
        if failure_type and failure_type not in UNADDRESSED:  # Odoo keeps it, but takes who was refused for reached
            return "exception", failure_reason or self.failure_reason, failure_type
        if to and all(delivery.state in UNSENT for delivery in to):
            return "exception", reason, "mail_smtp"
        if to and not to._to_send() and self.state == "exception":
            self.write({"state": "sent", "failure_type": False, "failure_reason": False})  # nothing was left to send
        return None

    def _sengerio_keep(self, own, success_pids, state, reason, failure_type):
        """Keep a mail that was not taken for all: Odoo would delete it.

        Its notifications say which contacts have not got it.

        :param own: the deliveries that it carries
        :param success_pids: partners for whose messages nothing was raised
        :param str state: of the mail
        :param str reason: the server's words, or Odoo's
        :param str failure_type: one with which Odoo keeps it
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        reached = to.filtered(lambda delivery: delivery.state not in UNSENT)
        followers = [partner for partner in success_pids if partner not in to.partner_id]
        own.document_id._fail(own, reason)
        self._sengerio_leave_out_reached(own, success_pids)
        self.write({"state": state, "failure_reason": reason, "failure_type": failure_type})
        if state == "outgoing":
            self._sengerio_try_later()
        result = super()._postprocess_sent_message(
            [*followers, *reached.partner_id], reached.mapped("email"), failure_reason=reason, failure_type=failure_type
        )
        self._sengerio_tell_refused(own, failure_type=failure_type)
        return result

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

    def _sengerio_tell_refused(self, own, **values):
        """Say in the chatter, and to the web client, which contacts were refused; Odoo would take them for reached.

        :param own: the deliveries that the mail carries
        :param values: more of their notifications
        """
        to = own.filtered(lambda delivery: delivery.header == "to")
        refused = to.filtered(lambda delivery: delivery.state in ATTEMPTED)
        people = refused.partner_id - (to - refused).partner_id
        if not people:
            return
        notifications_sudo = self.env["mail.notification"].sudo().search(  # of other people
            [("mail_mail_id", "in", self.ids), ("res_partner_id", "in", people.ids),
             ("notification_status", "!=", "canceled")]
        )
        for notification in notifications_sudo:
            replies = refused.filtered(lambda d, n=notification: d.partner_id == n.res_partner_id).mapped("smtp_reply")
            notification.write(
                {"notification_status": "exception", "failure_type": "mail_email_invalid",
                 "failure_reason": "; ".join(replies), **values}
            )  # fmt: skip
        messages = notifications_sudo.mail_message_id.sudo(False)
        messages.filtered(lambda message: message._is_thread_message())._notify_message_notification_update()
