from markupsafe import Markup

from odoo import fields, models

from ..tools import states

ACTIVITY = "sengerio_mail.sengerio_mail_activity_attention"
STORM = 20  # activities that a user gets within an hour; the list tells the rest
HOUR_IN_SECONDS = 3600


class SengerioMailAttention(models.AbstractModel):
    """A document that did not reach somebody is put on its sender's list of things to do, until it is sent again."""

    _name = "sengerio.mail.document.attention"
    _description = "Document That Needs Attention"

    def _call_attention(self):
        """Schedule an activity on the record for whoever sent it: one per document, and not in a storm."""
        for document in self.sudo():  # the gateway, or a job, acts for the sender
            failed = document.delivery_ids.filtered(lambda delivery: delivery.state in states.FAILED)
            person = document._returned_to()
            failed = failed.filtered(lambda delivery, person=person: delivery.email != person.email_normalized)
            record = document._record() if failed and person else None
            if not hasattr(record, "activity_schedule") or document._activities():
                continue
            # of any of the person's companies, whichever are active for who acts
            theirs = record.with_context(allowed_company_ids=None).with_user(person)
            if theirs.has_access("read") and not document._is_storm(person):
                document._schedule(record, person, failed)

    def _activities(self):
        """Return the activities about these documents, those that are done included."""
        activities_sudo = self.env["mail.activity"].sudo().with_context(active_test=False)  # of their senders
        return activities_sudo.search([("sengerio_document_id", "in", self.ids)])

    def _schedule(self, record, person, failed):
        """Put it on a user's list.

        :param person: ``res.users``
        :param failed: the recipients who did not get it
        """
        translated = self.with_context(lang=person.lang)
        failed = failed.with_env(translated.env)
        note = Markup("<p>%s</p><ul>%s</ul><p><a href='%s'>%s</a></p>") % (
            self.subject or self.reference or "",
            Markup().join(map(translated._told_to_all, failed)),
            self._form_url(),
            translated.env._("Correct the address and send again"),
        )
        partner, is_follower = person.partner_id, person.partner_id in record.sudo().message_partner_ids
        # without a mail about it: the document itself came back by mail
        record.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY,
            sengerio_document_id=self.id,
            summary=translated.env._("Not delivered: %s", self.reference or self.subject or ""),
            note=note,
            user_id=person.id,
        )  # fmt: skip
        if not is_follower:  # nobody gets more of the record's mail by this
            record.sudo().message_unsubscribe(partner.ids)

    def _told_to_all(self, delivery):
        """Return what an activity says of a recipient, to all who may read the record: a blind copy is not named."""
        if delivery._is_blind():
            return Markup("<li>%s</li>") % self.env._("A blind copy: see the document.")
        return Markup("<li><b>%s</b>: %s</li>") % (delivery.email, delivery.explanation)

    def _is_storm(self, person):
        """Tell whether a user has got many such activities within an hour."""
        since = fields.Datetime.subtract(fields.Datetime.now(), seconds=HOUR_IN_SECONDS)
        found = self.env["mail.activity"].sudo().with_context(active_test=False).search_count(
            [("sengerio_document_id", "!=", False), ("user_id", "=", person.id), ("create_date", ">", since)],
            limit=STORM,
        )  # fmt: skip
        return found >= STORM

    def _end_attention(self):
        """Take the activities off again, once nobody is left who did not get the document."""
        done = self.filtered(lambda document: not document.may_resend)
        done._activities().filtered("active").unlink()
