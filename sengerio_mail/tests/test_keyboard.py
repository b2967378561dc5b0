"""Without a mouse, on the keyboard of a real browser; composer and batch wizard are in test_recipients_tours."""

from odoo.tests import new_test_user

from .common_browser import BrowserCase


class TestKeyboard(BrowserCase):
    def test_resend(self):
        """A document that came back: the address corrected and the document sent again, from the list."""
        self.resend_by("sengerio_mail_keyboard_resend")

    def test_settings(self):
        """An administrator sends a test."""
        new_test_user(
            self.env, "ada", "sales_team.group_sale_salesman,sengerio_mail.sengerio_mail_group_administrator",
            email="ada@firm.example", company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )  # fmt: skip
        self.env.flush_all()
        action = "/odoo/action-sengerio_mail.sengerio_mail_settings_action"
        self.start_tour(action, "sengerio_mail_keyboard_settings", login="ada", timeout=120)
        rcpt = [mail.rcpt for mail in self.smtp.take()]
        self.assertEqual(rcpt, [["ada@firm.example"], ["bounce@firm.example"], ["catchall@firm.example"]])

    def test_paste(self):
        """Five addresses pasted into a partner's tab are saved."""
        self.tour("sengerio_mail_keyboard_paste", self.azure)
        self.assertEqual(
            sorted(self.azure.sengerio_address_ids.mapped("email")), [f"{letter}@azure.example" for letter in "abcde"]
        )
