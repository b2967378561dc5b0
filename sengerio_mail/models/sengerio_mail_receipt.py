from odoo import api, models
from odoo.tools.misc import consteq, format_date, hmac

from ..tools import states

CONFIRM_PATH = "/sengerio_mail/confirm/"


class SengerioMailReceipt(models.AbstractModel):
    """The link with which a reader confirms the receipt of a document, and what follows from pressing it."""

    _name = "sengerio.mail.receipt"
    _description = "Confirmation of Receipt"

    @api.model
    def _link(self, deliveries):
        """Return the end of the message to some recipients, with the link to confirm its receipt, as HTML.

        :param deliveries: those of one contact: they share one message, and so one link
        """
        first = deliveries[0]
        document = first.document_id
        lang = self._language(first)
        return self.env["ir.qweb"].with_context(lang=lang)._render(
            "sengerio_mail.receipt_link",
            {
                "url": f"{document.get_base_url()}{CONFIRM_PATH}{first.id}-{self._signature(first.id)}",
                "company": document.company_id or self.env.company,
                "reference": document.reference,
            },
        )

    @api.model
    def _language(self, delivery):
        """Return the language in which somebody who got a document is addressed, empty for the default."""
        return (delivery.partner_id or delivery.document_id.partner_id).lang

    @api.model
    def _signature(self, delivery_id):
        return hmac(self.env(su=True), "sengerio_mail.receipt", str(delivery_id))[:32]

    @api.model
    def _read_token(self, token):
        """Return the deliveries that a link confirms: those in To of the contact whose message it stands in.

        :return: none if the link is not ours, or the document is no longer listed
        """
        deliveries = self.env["sengerio.mail.delivery"]
        delivery_id, _dash, signature = token.partition("-")
        if not consteq(signature.encode(), self._signature(delivery_id).encode()):  # nothing but an id was ever signed
            return deliveries
        named = deliveries.browse(int(delivery_id)).exists()
        return named.document_id.delivery_ids.filtered(
            lambda delivery: delivery.header == "to" and delivery.partner_id == named.partner_id
        )

    @api.model
    def _confirmed_on(self, deliveries):
        """Return the day on which the receipt was confirmed by the link, in the reader's language, else empty."""
        confirmed = deliveries.event_ids.filtered(lambda event: event.source == "link")[:1]
        return format_date(self.env, confirmed.date) if confirmed else ""

    @api.model
    def _confirm(self, deliveries):
        """Record that a reader confirmed the receipt, once.

        :param deliveries: of :meth:`_read_token`, as sudo: readers have no rights
        """
        document = self.env["sengerio.mail.gateway"].sudo()._locked(deliveries.document_id.ids)
        if deliveries.event_ids.filtered(lambda event: event.source == "link"):
            return
        self.env["sengerio.mail.event"].sudo().create(
            [
                {"delivery_id": delivery.id, "kind": "opened", "source": "link", "fingerprint": f"link {delivery.id}"}
                for delivery in deliveries
            ]
        )
        # one link for all addresses of a contact: whoever pressed it, it was not read where it came back from
        arrived = deliveries.filtered(lambda delivery: delivery.state not in states.FAILED) or deliveries
        changed = arrived.filtered(lambda delivery: states.may_become(delivery.state, "opened"))
        changed.write({"state": "opened"})
        document._follow(changed, self.env["ir.attachment"])
