"""Correct an address and send again, from the list, in a browser."""

from .common_browser import BrowserCase


class TestResendTour(BrowserCase):
    def test_from_the_list(self):
        """Four clicks at most."""
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        bounced = document.delivery_ids[0]
        bounced.write({"state": "hard_bounce", "status_code": "5.1.1"})
        document._follow(bounced, self.env["ir.attachment"])
        self.env.flush_all()
        action = "/odoo/action-sengerio_mail.sengerio_mail_document_action"
        self.start_tour(action, "sengerio_mail_resend", login="marc", timeout=120)
        self.env.invalidate_all()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [["new@azure.example"]])
        self.assertEqual(self.azure.email, "new@azure.example")
        self.assertEqual(document.resend_ids.state, "sent")
