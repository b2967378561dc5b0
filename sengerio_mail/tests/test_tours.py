"""What people do with the addon, done in a browser."""

from .common_browser import BrowserCase


class TestTours(BrowserCase):
    def test_send_quotation(self):
        """A salesperson sends a quotation and looks what became of it."""
        order = self.make_order()
        self.tour("sengerio_mail_send_quotation", order)
        self.assertLedger(
            self.document_of(order),
            [("to", "azure@azure.example", "sent"), ("bcc", "marc@firm.example", "sent")],
        )
        customer = {"rcpt": ["azure@azure.example"], "to": ["azure@azure.example"]}
        customer["secrets"] = ["access_token", "auth_signup_token", "hash", "pid"]
        copy = {"rcpt": ["marc@firm.example"], "to": ["azure@azure.example"]}
        self.assertMails(self.smtp.take(), [customer, copy])
