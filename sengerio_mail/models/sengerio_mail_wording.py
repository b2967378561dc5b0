from odoo import api, models


class SengerioMailWording(models.AbstractModel):
    """Words what the resolver decided: why an address is there, and what could not be done."""

    _inherit = "sengerio.mail.resolver"

    @api.model
    def _word(self, reason):
        """Return a reason or a warning in the user's language."""
        roles = dict(self.env["sengerio.mail.address"]._fields["role"]._description_selection(self.env))
        about = reason.about
        role = roles.get(reason.role, "").lower()
        wordings = {
            "row": lambda: self.env._("%(role)s address of %(partner)s", role=role, partner=about),
            "email": lambda: self.env._("e-mail of %s", about),
            "as_before": lambda: about,
            "added": lambda: self.env._("added address"),
            "added_now": lambda: self.env._("added for this message"),
            "mailed_anyway": lambda: self.env._("%s gets a mail of Odoo's own about it, so no copy", about),
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
