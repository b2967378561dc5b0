import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools.mail import generate_tracking_message_id

from ..tools import states

_logger = logging.getLogger(__name__)

RETURN_HEADER = "X-Sengerio-Return"  # on our own words about a report, so that they are never read as one
RETURNED = ("hard_bounce", "soft_bounce", "complaint")
STORM = 20  # returned documents a sender gets one by one within an hour; then one word about the rest
BOUNCE_OF = {"hard_bounce": "bad_address", "delivered": "none", "opened": "none"}  # what an address is then known for
HOUR = timedelta(hours=1)
# Odoo ignores what answers a message with such a reference
LOOP_TAG = "loop-detection-bounce-email"


class SengerioMailDocument(models.Model):
    """What follows when a document comes back: its state, the mark on the address, and a mail to its sender."""

    _inherit = "sengerio.mail.document"

    returned_states = fields.Char(readonly=True, help="States with which the document came back to its sender.")
    # indexed for each bounce, which asks how many came back to the same user lately
    returned_to_id = fields.Many2one("res.users", index="btree_not_null", ondelete="set null", readonly=True)
    date_returned = fields.Datetime("Returned On", readonly=True)

    def _follow(self, changed, attachment):
        """Let follow what follows from the states of some recipients that a report has changed.

        :param changed: deliveries of this document
        :param attachment: ``ir.attachment`` with the report
        """
        self.ensure_one()
        if not changed:
            return
        to = self.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        self.write(
            {
                "state": states.worst(to.mapped("state")) or self.state,
                "copy_failed": any(delivery.state in states.FAILED for delivery in self.delivery_ids - to),
            }
        )
        for delivery in changed.filtered(lambda delivery: delivery.state in BOUNCE_OF):
            self.env["sengerio.mail.address"]._set_bounce(
                delivery.email, delivery.partner_id, BOUNCE_OF[delivery.state]
            )
        self._tell_odoo_arrived(changed.filtered(lambda delivery: delivery.state == "opened"))
        self._return(changed, attachment)
        self._call_attention()
        if any(delivery.state in states.ARRIVED for delivery in changed):
            self._end_attention()

    def _tell_odoo_arrived(self, opened):
        """Take Odoo's mark of a bounce off the contacts who have read the document after all.

        :param opened: deliveries
        """
        to = self.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        still = to.filtered(lambda delivery: delivery.state in states.FAILED).partner_id
        people = (opened & to).partner_id - still
        if people:
            notifications_sudo = self.env["mail.notification"].sudo()  # of other people
            notifications_sudo.search(
                [("mail_message_id", "=", self.mail_message_id), ("res_partner_id", "in", people.ids),
                 ("notification_status", "=", "bounce")]
            ).write({"notification_status": "sent", "failure_type": False, "failure_reason": False})  # fmt: skip

    def _return(self, changed, attachment):
        """Return the document to its sender, once for each state.

        Not when the sender's own address is the one that fails; and in a storm one word for all.
        """
        person = self._returned_to()
        came_back = changed.filtered(lambda delivery: delivery.email != person.email_normalized)
        done = (self.returned_states or "").split(",")
        new = [state for state in RETURNED if state in came_back.mapped("state") and state not in done]
        if not person or not new:
            return
        since = fields.Datetime.now() - HOUR
        lately = self.search_count([("returned_to_id", "=", person.id), ("date_returned", ">", since)], limit=STORM + 1)
        self.write(
            {
                "returned_states": ",".join(filter(None, [*done, *new])),
                "returned_to_id": person.id,
                "date_returned": fields.Datetime.now(),
            }
        )
        if lately < STORM:
            self._mail_return(person, came_back.filtered(lambda delivery: delivery.state in new), attachment)
        elif lately == STORM:
            self._mail_storm(person)

    def _returned_to(self):
        """Return the user to whom this document comes back: who sent it, else the record's responsible."""
        is_person = self.env["sengerio.mail.resolver"]._is_person
        return (self.sender_id.filtered(is_person) or self.responsible_id.filtered(is_person)).filtered("email")

    def _mail_return(self, person, deliveries, attachment):
        """Mail one document that came back to its sender, the report attached.

        :param person: ``res.users``
        :param deliveries: the recipients who did not get it
        :param attachment: ``ir.attachment`` with the report
        """
        document = self.with_context(lang=person.lang)
        self._mail_person(
            person,
            "sengerio_mail.returned_document",
            document.env._("Not delivered: %(number)s %(subject)s", number=self.reference, subject=self.subject or ""),
            {"document": document, "deliveries": deliveries.with_env(document.env), "url": self._form_url()},
            attachment,
        )

    def _mail_storm(self, person):
        """Say once that many documents came back."""
        env = self.with_context(lang=person.lang).env
        url = f"{self.get_base_url()}/odoo/action-sengerio_mail.sengerio_mail_document_action"
        self._mail_person(
            person, "sengerio_mail.returned_storm", env._("Many documents come back"), {"url": url, "count": STORM}
        )

    def _mail_person(self, person, template, subject, values, attachment=None):
        """Queue a mail that no program answers and that is never read as a report (RFC 3834 §5)."""
        company = self.company_id or self.env.company
        values = {**values, "person": person, "company": company}
        if attachment and not self._is_sendable(attachment):
            attachment.mimetype = "application/octet-stream"  # a file, of which nothing is read
        mail_sudo = self.env["mail.mail"].sudo().create(  # the gateway, or who sends, mails the sender
            {
                "subject": subject,
                "body_html": self.env["ir.qweb"].with_context(lang=person.lang)._render(template, values),
                "email_from": company.email_formatted or self.env.user.email_formatted,
                "email_to": person.email_formatted,
                "reply_to": company.email_formatted or False,
                "references": generate_tracking_message_id(LOOP_TAG),
                "headers": repr(
                    {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", RETURN_HEADER: str(self.id)}
                ),
                "attachment_ids": [Command.set(attachment.ids if attachment else [])],
                "record_company_id": company.id,
                "record_alias_domain_id": company.alias_domain_id.id,
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return mail_sudo

    @api.model
    def _is_sendable(self, attachment):
        """Tell whether Odoo can send an attachment: it parses a message, and Python cannot write all that it parses.

        For example a header in two encoded words that split one letter.
        """
        try:
            self.env["ir.mail_server"]._build_email__(
                email_from="x@x.example", email_to=["x@x.example"], subject="", body="",
                attachments=[(attachment.name, attachment.raw, attachment.mimetype)],
            ).as_bytes()  # fmt: skip
        except Exception:  # noqa: BLE001  with whatever it is, sending would fail too
            _logger.info("The report %s cannot be sent as a message", attachment.id, exc_info=True)
            return False
        return True

    def _form_url(self):
        """Return the link to this document in the list."""
        return f"{self.get_base_url()}/odoo/action-sengerio_mail.sengerio_mail_document_action/{self.id}"
