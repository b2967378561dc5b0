from markupsafe import Markup

from odoo import api, models
from odoo.tools.mail import email_split


class SengerioMailWording(models.AbstractModel):
    """Words what the resolver decided: why an address is there, and the line that is shown before sending."""

    _inherit = "sengerio.mail.resolver"

    @api.model
    def _summary(self, answer, email_from, reply_to):
        """Return the line that says who will get a document and why.

        :param answer: :class:`..tools.resolver.Answer`
        :param str email_from: the From header
        :param str reply_to: the Reply-To header
        :return: HTML
        """
        parts = self._summary_recipients(answer)
        reply_to_emails = ", ".join(email_split(reply_to or ""))
        parts.append(
            Markup('<span title="%s"><b>%s</b> %s</span>') % (reply_to or "", self.env._("Replies to"), reply_to_emails)
        )
        parts.append(Markup("<b>%s</b> %s") % (self.env._("From"), email_from or ""))
        return Markup(" · ").join(parts) + self._summary_warnings(answer)

    @api.model
    def _summary_recipients(self, answer):
        """Return the parts of the line about To, Cc, Bcc and followers, as a list of HTML."""
        labels = {"to": self.env._("To"), "cc": self.env._("Cc"), "bcc": self.env._("Bcc")}
        parts = []
        for header, label in labels.items():
            recipients = [
                Markup('<span title="%s">%s</span>') % (self._word(recipient.reason), recipient.email)
                for recipient in answer.by_header(header)
            ]
            if recipients:
                parts.append(Markup("<b>%s</b> %s") % (label, Markup(", ").join(recipients)))
        if answer.followers:
            names = ", ".join(person.name for person in answer.followers)
            parts.append(Markup("<b>%s</b> %s") % (self.env._("Followers"), names))
        return parts

    @api.model
    def _summary_warnings(self, answer):
        """Return the warnings as HTML, one a line."""
        return Markup().join(
            Markup('<div class="text-warning"><i class="fa fa-warning"/> %s</div>') % self._word(warning)
            for warning in answer.warnings
        )

    @api.model
    def _word(self, reason):
        """Return a reason or a warning in the user's language."""
        roles = dict(self.env["sengerio.mail.address"]._fields["role"]._description_selection(self.env))
        about = reason.about
        role = roles.get(reason.role, "").lower()
        wordings = {
            "row": lambda: self.env._("%(role)s address of %(partner)s", role=role, partner=about),
            "email": lambda: self.env._("e-mail of %s", about),
            "added": lambda: self.env._("added address"),
            "template": lambda: self.env._("named by the e-mail template"),
            "sender": lambda: self.env._("blind copy to the sender"),
            "copy_sent_by": lambda: self.env._("in copy of what %s sends", about),
            "copy_sent_to": lambda: self.env._("in copy of what %s gets", about),
            "copy_all": lambda: self.env._("in copy of all documents"),
            "copy_field": lambda: self.env._("%s of the document", about),
            "copy_archived": lambda: self.env._("%s is archived and gets no copy", about),
            "copy_no_address": lambda: self.env._("%s has no e-mail address and gets no copy", about),
            "no_address": lambda: self.env._("%(partner)s has no e-mail address", partner=about),
            "bounced": lambda: self.env._("mail to %s came back: the address does not exist", about),
        }
        return wordings[reason.code]()
