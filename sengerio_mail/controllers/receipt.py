from odoo import http
from odoo.http import request

from ..models.sengerio_mail_receipt import CONFIRM_PATH

# what Odoo's Website, where it is installed, wants of a page with its layout
PAGE = {"type": "http", "auth": "public", "website": True, "multilang": False, "sitemap": False}


class Receipt(http.Controller):
    """The page on which a reader confirms the receipt of a document.

    Programs that fetch the links of a message (scanners, previews) change nothing: a person presses the button.
    """

    @http.route(f"{CONFIRM_PATH}<string:token>", methods=["GET"], readonly=True, **PAGE)
    def ask(self, token):
        """Say what confirming reports, or that it was confirmed."""
        return self._page(self._deliveries(token))

    @http.route(f"{CONFIRM_PATH}<string:token>", methods=["POST"], **PAGE)
    def confirm(self, token, **_form):
        """Record the confirmation; the form's CSRF token was checked by Odoo."""
        deliveries_sudo = self._deliveries(token)
        is_new = not self._receipts_sudo()._confirmed_on(deliveries_sudo)
        self._receipts_sudo()._confirm(deliveries_sudo)
        return self._page(deliveries_sudo, is_new=is_new)

    def _receipts_sudo(self):
        return request.env["sengerio.mail.receipt"].sudo()  # who holds the signed link may confirm

    def _deliveries(self, token):
        """Return the deliveries that a link confirms, in the reader's language.

        :raise werkzeug.exceptions.NotFound: the link is not ours
        """
        deliveries_sudo = self._receipts_sudo()._read_token(token)
        if not deliveries_sudo:
            raise request.not_found()
        lang = self._receipts_sudo()._language(deliveries_sudo[0])
        if lang:
            request.update_context(lang=lang)
        return deliveries_sudo.with_context(lang=request.env.context.get("lang"))

    def _page(self, deliveries_sudo, is_new=False):
        document_sudo = deliveries_sudo.document_id
        response = request.render(
            "sengerio_mail.receipt_page",
            {
                "company": document_sudo.company_id or request.env.company.sudo(),
                "reference": document_sudo.reference,
                "document_type": document_sudo.type_id.name,
                "confirmed_on": self._receipts_sudo()._confirmed_on(deliveries_sudo),
                "is_new": is_new,
            },
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
