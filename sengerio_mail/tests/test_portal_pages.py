"""Documents that leave because a customer does something on the portal's pages, over HTTP."""

import base64
import io

from PIL import Image

from odoo import http
from odoo.tests import HttpCase, tagged

from .common import DocumentMailCase

AZURE, BUYING, JOHN, MARC = "azure@azure.example", "buying@azure.example", "john@azure.example", "marc@firm.example"
CATCHALL = "catchall@firm.example"


@tagged("post_install", "-at_install")
class TestPortalPages(HttpCase, DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)

        drawn = io.BytesIO()
        Image.new("L", (2, 2)).save(drawn, "PNG")
        cls.signature = base64.b64encode(drawn.getvalue()).decode()

    def quotation(self):
        """Return a quotation that was sent, waits for a signature, and has a contact who follows it."""
        order = self.make_order(require_signature=True, require_payment=False)
        self.send(self.compose(order))
        order.message_subscribe(self.john.ids)
        return order

    def press(self, order, page, **params):
        """Do on the order's page what its button does.

        :return: ``(answer, messages that arrived)``
        """
        answer = self.make_jsonrpc_request(
            f"/my/orders/{order.id}/{page}", {"access_token": order.access_token, **params}
        )
        self.env.invalidate_all()
        return answer, self.smtp.take()

    def test_signed(self):
        """Signed by a visitor: one confirmation, its blind copy to the responsible; the note of it is no document."""
        order = self.quotation()
        quotation = self.document_of(order)
        answer, mails = self.press(order, "accept", name="Joel", signature=self.signature)
        self.assertIn("sign_ok", answer["redirect_url"])
        documents = [mail for mail in mails if mail.message["X-Sengerio-Document"]]
        self.assertEqual([mail.rcpt for mail in documents], [[AZURE, BUYING], [MARC]])
        for mail in documents:
            self.assertEqual((mail.addresses("From"), mail.addresses("Reply-To")), ([MARC], [MARC, CATCHALL]))
        # Odoo's own to followers, as without the addon: the confirmation, and that it was signed
        others = [(mail.rcpt, str(mail.message["Subject"])) for mail in mails if mail not in documents]
        confirmation = str(documents[0].message["Subject"])
        self.assertEqual(others, [([JOHN], confirmation), ([MARC], order.name), ([JOHN], order.name)])
        document = self.document_of(order)
        self.assertNotEqual(document, quotation)
        self.assertEqual((document.type_id.code, document.sender_id), ("booking_confirmation", self.marc))
        self.assertLedger(document, [("to", AZURE, "sent"), ("to", BUYING, "sent"), ("bcc", MARC, "sent")])
        self.assertEqual(order.sengerio_document_count, 2)

    def test_signed_twice(self):
        """Pressed again, or by somebody who has not got the link: nothing leaves."""
        order = self.quotation()
        for token in ("wrong", ""):
            answer, mails = self.press(order, "accept", name="Eve", signature=self.signature, access_token=token)
            self.assertEqual((answer["error"], mails), ("Invalid order.", []))
        self.press(order, "accept", name="Joel", signature=self.signature)
        answer, mails = self.press(order, "accept", name="Joel", signature=self.signature)
        self.assertIn("error", answer)
        self.assertEqual(mails, [])
        self.assertEqual(order.sengerio_document_count, 2)

    def test_declined(self):
        """A visitor declines: the reason is a message, no document."""
        order = self.quotation()
        self.authenticate(None, None)
        self.url_open(
            f"/my/orders/{order.id}/decline?access_token={order.access_token}",
            data={"decline_message": "Too dear", "csrf_token": http.Request.csrf_token(self)},
        )
        mails = self.smtp.take()
        self.assertEqual(order.state, "cancel")
        self.assertTrue(mails)
        self.assertFalse([mail for mail in mails if mail.message["X-Sengerio-Document"]])
        self.assertEqual(order.sengerio_document_count, 1)
