"""Opened, with the reader's knowledge: read receipts, the link to confirm, and envelope senders per document."""

import re
from html import unescape

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

AZURE, BUYING, MARC = "azure@azure.example", "buying@azure.example", "marc@firm.example"
LINK = re.compile(r'href="https?://[^/"]+(/sengerio_mail/confirm/[^"]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@tagged("post_install", "-at_install")
class TestReceipts(HttpCase, DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)

    def send_order(self, partners=(), **values):
        """Return ``(messages, document)`` of a quotation sent with a type changed so."""
        order = self.make_order()
        with self.policy("quotation", **values):
            composer = self.compose(order)
            for partner in partners:
                composer.partner_ids.add(partner)
            mails = self.send(composer)
        return mails, self.document_of(order)

    def mail_to(self, mails, *addresses):
        """Return the one message whose envelope names exactly these."""
        (found,) = [mail for mail in mails if mail.rcpt == sorted(addresses)]
        return found

    def link_in(self, mail):
        """Return the path of the link to confirm."""
        (path,) = LINK.findall(mail.part("html"))
        return unescape(path)

    def arrive(self, text):
        """Let a message arrive by the gateway."""
        message = "\r\n".join(line.strip() for line in text.strip().splitlines()).encode()
        result = self.env["mail.thread"].message_process(None, message)
        self.env.invalidate_all()
        return result

    # ------------------------------------------------------------
    # What is sent
    # ------------------------------------------------------------

    def test_off_by_default(self):
        """No type asks for anything unless it is set."""
        types = self.env["sengerio.mail.document.type"].with_context(active_test=False).search([])
        self.assertEqual(set(types.mapped("receipt_policy")), {"none"})
        mails, _document = self.send_order()
        self.assertEqual(len(mails), 2)
        for mail in mails:
            self.assertNotIn("Disposition-Notification-To", mail.message)
            self.assertNotIn("Return-Receipt-To", mail.message)
            self.assertFalse(LINK.search(mail.part("html")))

    def test_five_types_alone(self):
        """No other type can ask, and the message says which."""
        for code in ("order_cancellation", "supplier_reminder", "payment_receipt", "other"):
            document_type = self.env.ref(f"sengerio_mail.sengerio_mail_document_type_{code}")
            for policy in ("read_receipt", "confirm_link", "both"):
                refused = self.assertRaisesRegex(ValidationError, document_type.name)
                with self.subTest(code=code, policy=policy), refused:
                    document_type.receipt_policy = policy
        document_type = self.env.ref("sengerio_mail.sengerio_mail_document_type_order_cancellation")
        self.env.cr.execute(
            "UPDATE sengerio_mail_document_type SET receipt_policy = 'both' WHERE id = %s", [document_type.id]
        )
        document_type.invalidate_recordset()
        self.env.registry.clear_cache()
        policy = document_type._policy(document_type.id)
        self.assertFalse(policy.asks_read_receipt or policy.has_confirm_link, "whatever the table says")
        document_type.receipt_policy = "none"

    def test_read_receipt(self):
        """The customer's message asks for it, to the bounce address; the copies' does not."""
        mails, document = self.send_order(receipt_policy="read_receipt")
        customers = self.mail_to(mails, AZURE, BUYING)
        self.assertEqual(customers.addresses("Disposition-Notification-To"), ["bounce@firm.example"])
        self.assertNotIn("Disposition-Notification-To", self.mail_to(mails, MARC).message)
        self.assertFalse(any(LINK.search(mail.part("html")) for mail in mails))
        self.arrive(self.read_receipt(document, BUYING, "bounce@firm.example"))
        self.assertEqual({d.email: d.state for d in document.delivery_ids if d.header == "to"},
                         {AZURE: "sent", BUYING: "opened"})  # fmt: skip

    def read_receipt(self, document, address, to):
        """Return a message disposition notification (RFC 8098 §3)."""
        return f"""From: {address}
            To: {to}
            Subject: Read: your message
            Message-ID: <receipt-{document.id}@azure.example>
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

            --b
            Content-Type: text/plain

            Displayed.
            --b
            Content-Type: message/disposition-notification

            Final-Recipient: rfc822;{address}
            Original-Message-ID: {document.message_id}
            Disposition: manual-action/MDN-sent-manually; displayed

            --b--
            """

    def test_link(self):
        """Each contact's message ends with its own link and says what it reports, as HTML and text; copies do not."""
        mails, _document = self.send_order(partners=self.john, receipt_policy="confirm_link")
        customers, johns = self.mail_to(mails, AZURE, BUYING), self.mail_to(mails, "john@azure.example")
        self.assertNotEqual(self.link_in(customers), self.link_in(johns))
        for mail in (customers, johns):
            words = " ".join(mail.part("html").split())
            self.assertIn("Only if you confirm there, Firm is told that you received", words)
            self.assertIn("Confirm receipt", mail.part("plain"))
            self.assertIn(self.link_in(mail), mail.part("plain"))
            self.assertLess(mail.part("html").index("Confirm receipt"), mail.part("html").index("</body>"))
            self.assertNotIn("Disposition-Notification-To", mail.message)
        copies = self.mail_to(mails, MARC)
        self.assertNotIn("/sengerio_mail/confirm/", copies.part("html") + copies.part("plain"))

    def test_both(self):
        mails, _document = self.send_order(receipt_policy="both")
        customers = self.mail_to(mails, AZURE, BUYING)
        self.assertTrue(self.link_in(customers))
        self.assertIn("Disposition-Notification-To", customers.message)

    # ------------------------------------------------------------
    # The page
    # ------------------------------------------------------------

    def test_scanner(self):
        """Fetching the link, however often, reports nothing; it says what would be reported."""
        mails, document = self.send_order(receipt_policy="confirm_link")
        path = self.link_in(self.mail_to(mails, AZURE, BUYING))
        for _time in range(2):
            self.assertEqual(self.url_open(path, method="HEAD").status_code, 200)
            page = self.url_open(path)
            self.assertIn("is told that you received this document", " ".join(page.text.split()))
            self.assertIn(document.reference, page.text)
            self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.env.invalidate_all()
        self.assertEqual(document.state, "sent")
        self.assertFalse(document.delivery_ids.event_ids)

    def test_without_csrf(self):
        """A form that another site, or a program, sends changes nothing."""
        mails, document = self.send_order(receipt_policy="confirm_link")
        path = self.link_in(self.mail_to(mails, AZURE, BUYING))
        for data in ({"x": "y"}, {"csrf_token": "wrong"}):
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_http"):
                self.assertEqual(self.url_open(path, data=data).status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(document.state, "sent")

    def press(self, path):
        """Open the page and press its button; return the page that follows."""
        token = TOKEN.search(self.url_open(path).text)[1]
        page = self.url_open(path, data={"csrf_token": token})
        self.env.invalidate_all()
        return page

    def test_confirm(self):
        """A press reports it for all To addresses of that contact, once; the second time the page says so."""
        mails, document = self.send_order(partners=self.john, receipt_policy="confirm_link")
        path = self.link_in(self.mail_to(mails, AZURE, BUYING))
        self.assertIn("Thank you", self.press(path).text)
        states = {delivery.email: delivery.state for delivery in document.delivery_ids}
        self.assertEqual(
            states, {AZURE: "opened", BUYING: "opened", "john@azure.example": "sent", MARC: "sent"}
        )
        self.assertEqual(document.state, "sent", "John has not confirmed")
        events = document.delivery_ids.event_ids
        self.assertEqual([(event.kind, event.source) for event in events], [("opened", "link")] * 2)
        page = self.url_open(path)
        self.assertIn("already confirmed", page.text)
        self.assertNotIn("csrf_token\" value", page.text)
        token = TOKEN.search(self.url_open(self.link_in(self.mail_to(mails, "john@azure.example"))).text)[1]
        self.assertIn("already confirmed", self.url_open(path, data={"csrf_token": token}).text)
        self.env.invalidate_all()
        self.assertEqual(document.delivery_ids.event_ids, events)
        self.press(self.link_in(self.mail_to(mails, "john@azure.example")))
        self.assertEqual(document.state, "opened")

    def test_confirm_after_bounce(self):
        """It arrived after all: the mark on the address goes; after a complaint the state stays."""
        mails, document = self.send_order(receipt_policy="confirm_link")
        azure, buying = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        azure.state, buying.state = "hard_bounce", "complaint"
        self.env["sengerio.mail.address"]._set_bounce(AZURE, self.azure, "bad_address")
        self.assertTrue(self.azure.sengerio_bounced_email)
        self.press(self.link_in(self.mail_to(mails, AZURE, BUYING)))
        self.assertEqual((azure.state, buying.state, document.state), ("opened", "complaint", "complaint"))
        self.assertFalse(self.azure.sengerio_bounced_email)

    @mute_logger("odoo.http")
    def test_forged(self):
        """Nobody can make up a link: neither from another one nor from a document's token in the headers."""
        mails, document = self.send_order(receipt_policy="confirm_link")
        customers = self.mail_to(mails, AZURE, BUYING)
        path = self.link_in(customers)
        number, _dash, signature = path.rpartition("/")[2].partition("-")
        other = document.delivery_ids.filtered(lambda delivery: delivery.header == "bcc")
        forged = [
            f"{other.id}-{signature}", f"{number}-{'0' * 32}", f"{number}-", number, f"-{signature}", "x-y",
            f"{'9' * 5000}-{signature}", f"0{number}-{signature}",
            f"{number}-é", f"²-{signature}", f"{number}-{signature}0", customers.message["X-Sengerio-Document"],
            f"{number}-{customers.message['X-Sengerio-Document'].rpartition('-')[2]}",
        ]  # fmt: skip
        for token in forged:
            with self.subTest(token=token):
                self.assertEqual(self.url_open(f"/sengerio_mail/confirm/{token}").status_code, 404)
        document.sudo().unlink()
        self.assertEqual(self.url_open(path).status_code, 404, "no longer listed")

    def test_language(self):
        """The reader's language, in the message and on the page."""
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("sengerio_mail.receipt_link")
        template.update_field_translations("arch_db", {"fr_FR": {"Confirm receipt": "Confirmer la réception"}})
        page = self.env.ref("sengerio_mail.receipt_page")
        page.update_field_translations("arch_db", {"fr_FR": {"Confirm receipt": "Confirmer la réception"}})
        self.azure.lang = "fr_FR"
        mails, _document = self.send_order(receipt_policy="confirm_link")
        customers = self.mail_to(mails, AZURE, BUYING)
        self.assertIn("Confirmer la réception", customers.part("html"))
        self.assertIn("Confirmer la réception", self.url_open(self.link_in(customers)).text)

    # ------------------------------------------------------------
    # Envelope senders
    # ------------------------------------------------------------

    def test_envelope_sender(self):
        """With the option, a report that names nothing but the address it came to finds its document."""
        mails, _document = self.send_order(receipt_policy="read_receipt")
        self.assertEqual({mail.mail_from for mail in mails}, {"bounce@firm.example"})
        self.alias_domain.sengerio_envelope_token = True
        mails, document = self.send_order(receipt_policy="read_receipt")
        customers, copies = self.mail_to(mails, AZURE, BUYING), self.mail_to(mails, MARC)
        self.assertEqual(customers.mail_from, f"bounce+{document._token('to')}@firm.example")
        self.assertEqual(copies.mail_from, f"bounce+{document._token('copies')}@firm.example")
        self.assertLessEqual(len(customers.mail_from.partition("@")[0]), 64)
        self.assertEqual(customers.addresses("Disposition-Notification-To"), [customers.mail_from])
        self.arrive(
            f"""Return-Path: <>
            From: MAILER-DAEMON@mx.azure.example
            To: {customers.mail_from}
            Subject: failure notice
            Message-ID: <dsn-{document.id}@mx.azure.example>
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary="b"

            --b
            Content-Type: text/plain

            Sorry.
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.azure.example

            Final-Recipient: rfc822; {AZURE}
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: smtp; 550 5.1.1 User unknown

            --b--
            """
        )
        self.assertEqual({d.email: d.state for d in document.delivery_ids},
                         {AZURE: "hard_bounce", BUYING: "sent", MARC: "sent"})  # fmt: skip

    def test_envelope_sender_too_long(self):
        """An address that would become too long for RFC 5321 §4.5.3.1.1 stays as it is."""
        self.alias_domain.write({"bounce_alias": "returned-business-documents", "sengerio_envelope_token": True})
        mails, _document = self.send_order()
        self.assertEqual({mail.mail_from for mail in mails}, {"returned-business-documents@firm.example"})
