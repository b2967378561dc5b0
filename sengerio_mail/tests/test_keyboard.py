"""Without a mouse, on the keyboard of a real browser; more in test_recipients_tours and test_due_notice_recipients."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import new_test_user

from .common_browser import BrowserCase
from .common_keyboard import KeyboardBrowser
from .test_register import read


class TestKeyboard(BrowserCase):
    def test_resend(self):
        """A document that came back: the address corrected and the document sent again, from the list."""
        self.resend_by("sengerio_mail_keyboard_resend")

    def test_settings(self):
        """An administrator sends a test."""
        self._make_administrator()
        action = "/odoo/action-sengerio_mail.sengerio_mail_settings_action"
        self.start_tour(action, "sengerio_mail_keyboard_settings", login="ada", timeout=120)
        rcpt = [mail.rcpt for mail in self.smtp.take()]
        self.assertEqual(rcpt, [["ada@firm.example"], ["bounce@firm.example"], ["catchall@firm.example"]])

    def _make_administrator(self):
        new_test_user(
            self.env, "ada", "sales_team.group_sale_salesman,sengerio_mail.sengerio_mail_group_administrator",
            email="ada@firm.example", company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )  # fmt: skip
        self.env.flush_all()

    def test_paste(self):
        """Five addresses pasted into a partner's tab are saved."""
        self.tour("sengerio_mail_keyboard_paste", self.azure)
        self.assertEqual(
            sorted(self.azure.sengerio_address_ids.mapped("email")), [f"{letter}@azure.example" for letter in "abcde"]
        )

    def test_types(self):
        """An administrator changes the From of a type in the list of settings."""
        self._make_administrator()
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        self.assertEqual(quotation.from_policy, "template")
        action = "/odoo/action-sengerio_mail.sengerio_mail_settings_action"
        self.start_tour(action, "sengerio_mail_keyboard_types", login="ada", timeout=120)
        self.env.invalidate_all()
        self.assertEqual(quotation.from_policy, "sender")

    def test_row(self):
        """A role address is typed into a new row of a partner's tab."""
        self.tour("sengerio_mail_keyboard_row", self.azure)
        [address] = self.azure.sengerio_address_ids
        self.assertEqual((address.role, address.email), ("accounting", "books@azure.example"))

    def test_menu(self):
        """Enter in a menu that has just opened changes nothing: nobody went to an item of it."""
        address = self.add_address(self.azure, "accounting", "books@azure.example")
        self.tour("sengerio_mail_keyboard_menu", self.azure)
        self.assertEqual(address.role, "accounting")

    def test_who_gets_what(self):
        """The table of a partner is opened, read to its end and closed."""
        self.add_address(self.azure, "accounting", "books@azure.example")
        self.tour("sengerio_mail_matrix_keyboard", self.azure)

    def test_import(self):
        """A file of addresses is chosen, checked and imported."""
        self._make_administrator()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "addresses.csv")
            file.write_text("Partner,Role,E-mail\nAzure Interior,Accounting,books@azure.example\n")
            with patch.object(KeyboardBrowser, "file", str(file)):
                action = "/odoo/action-sengerio_mail.sengerio_mail_import_action"
                self.start_tour(action, "sengerio_mail_import_keyboard", login="ada", timeout=120)
        self.env.invalidate_all()
        [address] = self.azure.sengerio_address_ids
        self.assertEqual((address.role, address.email), ("accounting", "books@azure.example"))

    def test_export(self):
        """The register of what was sent is downloaded, from the list."""
        self.marc.group_ids += self.env.ref("base.group_allow_export")
        order = self.make_order()
        self.send(self.compose(order))
        self.env.flush_all()
        action = "/odoo/action-sengerio_mail.sengerio_mail_document_action"
        with tempfile.TemporaryDirectory() as folder:
            with patch.object(KeyboardBrowser, "folder", folder):
                self.start_tour(action, "sengerio_mail_export_keyboard", login="marc", timeout=120)
            [file] = Path(folder).glob("*.xlsx")
            book = read(file.read_bytes())
        self.assertIn(order.name, [cell.value for row in book.worksheets[1].iter_rows() for cell in row])
