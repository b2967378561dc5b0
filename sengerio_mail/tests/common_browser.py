"""Fixtures of the tests in a browser."""

from unittest.mock import patch

from odoo.tests import HttpCase, common, tagged

from .common import DocumentMailCase
from .common_keyboard import KeyboardBrowser


@tagged("post_install", "-at_install")
class BrowserCase(HttpCase, DocumentMailCase):
    """A web client in headless Chromium, on the fixtures of all tests; mail leaves to ``self.smtp``.

    Skipped where there is no Chromium. Tours are in ``static/tests/tours``; ``countClicks`` there limits their clicks.
    """

    browser_size = "1280x800"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # else the first Send asks for the layout of printed documents
        cls.company.external_report_layout_id = cls.env.ref("web.external_layout_standard")
        cls.startClassPatcher(patch.object(common, "ChromeBrowser", KeyboardBrowser))

    def tour(self, name, record, user=None, timeout=120):
        """Run a tour that begins on a record's form.

        :param str name: of the tour
        :param record: the record
        :param user: who uses the browser; without it Marc
        :param int timeout: seconds; generous, because a browser and Odoo share the machine
        """
        self.env.flush_all()
        login = (user or self.marc).login
        self.start_tour(f"/odoo/{record._name}/{record.id}", name, login=login, timeout=timeout)
        self.env.invalidate_all()

    def resend_by(self, tour):
        """Let a tour correct the address of a quotation that came back, and send it again, from the list.

        :return: the document that came back
        """
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        bounced = document.delivery_ids[0]
        bounced.write({"state": "hard_bounce", "status_code": "5.1.1"})
        document._follow(bounced, self.env["ir.attachment"])
        self.env.flush_all()
        action = "/odoo/action-sengerio_mail.sengerio_mail_document_action"
        self.start_tour(action, tour, login="marc", timeout=120)
        self.env.invalidate_all()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [["new@azure.example"]])
        self.assertEqual(self.azure.email, "new@azure.example")
        return document
