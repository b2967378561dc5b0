from odoo import api, models
from odoo.fields import Domain

from ..tools import addresses

SUGGESTIONS = 8  # as many as Odoo's own fields list
ROWS_EACH = 4


class SengerioMailSuggestion(models.AbstractModel):
    """Finds whom somebody may mean who types into To, Cc or Bcc."""

    _name = "sengerio.mail.suggestion"
    _description = "Address Suggestion"

    @api.model
    def find(self, text):
        """Return the contacts that fit, each followed by its role addresses, as far as the user may read them.

        :param str text: a part of a name or of an address
        :return: list of ``{partner_id, name, email, entry, detail, bounced, whole}``; ``whole`` marks a contact,
            ``entry`` is the mailbox as it is typed
        """
        if not (text or "").strip():
            return []
        rows_model = self.env["sengerio.mail.address"]
        rows = rows_model.search(
            Domain("email", "ilike", text) | Domain("name", "ilike", text), limit=SUGGESTIONS
        )
        by_name = Domain("complete_name", "ilike", text) | Domain("email", "ilike", text)
        named = self.env["res.partner"].search(by_name, limit=SUGGESTIONS)
        owners = rows.partner_id._filtered_access("read")
        partners = (named[: SUGGESTIONS // 2] | owners | named)[:SUGGESTIONS]  # neither crowds the other out
        rows |= rows_model.search(Domain("partner_id", "in", partners.ids), limit=SUGGESTIONS * ROWS_EACH)
        roles = dict(rows_model._fields["role"]._description_selection(self.env))
        found = []
        for partner in partners:
            found.append(self._of_partner(partner))
            own = rows.filtered(lambda row, partner=partner: row.partner_id == partner)
            found += [self._of_row(partner, row, roles) for row in own]
        return found

    @api.model
    def _of_partner(self, partner):
        known = addresses.tolerant(partner.email)
        detail = known[0].email if known else self.env._("no e-mail address")
        bounced = partner.sengerio_is_bounced
        return {
            "partner_id": partner.id,
            "name": partner.display_name,
            "email": known[0].email if known else "",
            "entry": addresses.header(known[0].email, partner.name) if known else "",
            "detail": self.env._("%s: mail to it came back", detail) if bounced else detail,
            "bounced": bounced,
            "whole": True,
        }

    @api.model
    def _of_row(self, partner, row, roles):
        detail = roles[row.role]
        return {
            "partner_id": partner.id,
            "name": row.email,
            "email": row.email,
            "entry": addresses.header(row.email, row.name or partner.name),
            "detail": self.env._("%s: mail to it came back", detail) if row.bounce_state != "none" else detail,
            "bounced": row.bounce_state != "none",
            "whole": False,
        }
