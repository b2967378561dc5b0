from odoo import api, fields, models
from odoo.tools.misc import format_date

from ..tools import states
from ..tools.reports import verdict

CAME_BACK = ("soft_bounce", "hard_bounce")


class SengerioMailTimelineDocument(models.AbstractModel):
    """What became of each recipient of a document, as a story in plain words; and its PDF to look at."""

    _name = "sengerio.mail.document.timeline"
    _description = "Story of a Document"

    timeline = fields.Html("What Happened", compute="_compute_timeline", sanitize=False)
    preview = fields.Binary(compute="_compute_preview")
    has_preview = fields.Boolean(compute="_compute_has_preview")

    @api.depends("delivery_ids.state", "delivery_ids.event_ids", "delivery_ids.resent_in_id")
    @api.depends_context("lang", "tz", "uid")
    def _compute_timeline(self):
        for document in self:
            stories = [(delivery, delivery._story()) for delivery in document.delivery_ids]
            document.timeline = self.env["ir.qweb"]._render("sengerio_mail.document_timeline", {"stories": stories})

    def _pdf(self):
        """Return the first PDF that was sent, if the user may see it."""
        self.ensure_one()
        return self.readable_attachment_ids.filtered(lambda file: file.mimetype == "application/pdf")[:1]

    @api.depends("attachment_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_has_preview(self):
        for document in self:
            document.has_preview = bool(document._pdf())

    @api.depends("attachment_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_preview(self):
        for document in self:
            document.preview = document._pdf().datas


class SengerioMailTimelineDelivery(models.AbstractModel):
    """What became of one recipient."""

    _name = "sengerio.mail.delivery.timeline"
    _description = "Story of a Recipient"

    def _story(self):
        """Return what became of this recipient, in the order in which it happened.

        :return: list of ``{"date", "time", "text", "report"}``; the report is an ``ir.attachment``
        """
        self.ensure_one()
        document = self.document_id
        moments = [(document.create_date, self.env._("handed over to be sent"), None)]
        if self.state not in states.UNSENT and document.date_sent:
            moments.append((document.date_sent, self.env._("left for %s", self.email), None))
        for event in self.event_ids:
            moments.append((event.date, self._happened(event), event.sudo().attachment_id))  # of this very document
        if self.resent_in_id:
            moments.append((self.resent_in_id.create_date, self._sent_again(), None))
        # within a second, as they are here: some dates have fractions, some have none
        moments.sort(key=lambda moment: moment[0].replace(microsecond=0))
        return [self._prepare_moment(*moment) for moment in moments]

    def _prepare_moment(self, date, text, report):
        local = fields.Datetime.context_timestamp(self, date)
        return {
            "date": format_date(self.env, local.date()), "time": local.strftime("%H:%M"), "text": text,
            "report": report,
        }  # fmt: skip

    def _sent_again(self):
        to = ", ".join(self.resent_in_id.sudo().delivery_ids.mapped("email"))  # who sees this one sees its successor
        return self.env._("sent again, to %s", to)

    def _happened(self, event):
        """Return what an event says, in plain words."""
        detail = event.detail or ""
        reason = verdict("", detail).reason
        if reason == "unknown" and event.kind == "hard_bounce":
            reason = "no_such_address"
        why = self._explanations(reason, self.email)[0]
        words = {
            "refused": self.env._("the mail server said no: %s", detail),
            "failed": self.env._("could not be sent: %s", detail),
            "delayed": self.env._("a mail server still tries: %s", detail),
            "delivered": self.env._("delivered to the mail server of the mailbox"),
            "relayed": self.env._("passed on to a mail server that does not report"),
            "expanded": self.env._("passed on to the readers of a list"),
            "opened": self.env._("opened"),
            "complaint": self.env._("reported as spam"),
            "auto_reply": self.env._("answered by an automatic reply"),
            "other": self.env._("a report came that says neither that it arrived nor that it did not: %s", detail),
        }
        if event.kind in CAME_BACK:
            return self.env._("came back: %s", why)
        return words[event.kind].strip(": ")
