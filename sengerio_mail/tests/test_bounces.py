"""What comes back: read, matched, recorded, kept from Odoo's own mistakes, and returned to the sender."""

import email.policy
import email.utils
from email.message import EmailMessage

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

AZURE, BUYING = "azure@azure.example", "buying@azure.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"
BOUNCE = "bounce@firm.example"


def report(recipients, original=None, to=BOUNCE, message_id=None, headers_only=True, **fields_of_message):
    """Return a report as a mail server writes it (RFC 3464).

    :param list recipients: ``(address, action, status, diagnostic)``
    :param original: the message it is about, as :class:`email.message.Message`
    """
    words = "\n".join(f"<{address}>: {diagnostic}" for address, _action, _status, diagnostic in recipients)
    blocks = ["Reporting-MTA: dns; mx.azure.example", *(f"{k}: {v}" for k, v in fields_of_message.items()), ""]
    for address, action, status, diagnostic in recipients:
        blocks += [
            f"Final-Recipient: rfc822; {address}", f"Action: {action}", f"Status: {status}",
            f"Diagnostic-Code: smtp; {diagnostic}", "",
        ]  # fmt: skip
    returned = ""
    if original is not None:
        returned = "".join(f"{name}: {value}\n" for name, value in original.items())
    text = f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.azure.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-Id: {message_id or email.utils.make_msgid(domain="mx.azure.example")}
Date: {email.utils.formatdate()}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

This is the mail system at host mx.azure.example.

{words}

--=_b
Content-Type: message/delivery-status

{chr(10).join(blocks)}
--=_b
Content-Type: text/rfc822-headers

{returned}
--=_b--
"""
    return text.replace("\n", "\r\n").encode()


NO_SUCH = ("failed", "5.1.1", "550 5.1.1 No such user here")
FULL = ("failed", "5.2.2", "552 5.2.2 Mailbox full")


class BounceCase(DocumentMailCase):
    """A customer with two addresses, a sender with a visible copy, and a mail gateway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.row = cls.add_address(cls, cls.azure, "commercial", BUYING)
        cls.add_copy(cls, cls.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=cls.anna.partner_id.id)
        cls.env["mail.mail"].search([]).unlink()

    def sent(self, record=None, **values):
        """Send a quotation; return ``(document, the customer's message, the copies' one)``."""
        record = record or self.make_order(**values)
        customer, *copies = self.send(self.compose(record))
        return self.document_of(record), customer.message, copies[0].message if copies else None

    def process(self, raw):
        """Give a message to the mail gateway, as its script, a mailbox that is fetched or the API does."""
        result = self.env["mail.thread"].message_process(False, raw)
        self.env.invalidate_all()
        return result

    def states(self, document):
        """Return ``{address: state}``."""
        return {delivery.email: delivery.state for delivery in document.delivery_ids}

    def returned(self):
        """Send what waits and return the mails that came back to senders."""
        self.env["mail.mail"].process_email_queue()
        return [mail for mail in self.smtp.take() if mail.message["X-Sengerio-Return"]]

    def notification(self, document):
        """Return Odoo's notification of the customer."""
        return self.env["mail.notification"].search(
            [("mail_message_id", "=", document.mail_message_id), ("res_partner_id", "=", self.azure.id)]
        )


@tagged("post_install", "-at_install")
class TestBounces(BounceCase):
    # ------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------

    def test_one_of_two(self):
        """One of two addresses does not exist: it alone is marked, with code and words; Odoo's notice is right."""
        document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH)], customer))
        self.assertEqual(
            self.states(document), {AZURE: "sent", BUYING: "hard_bounce", ANNA: "sent", MARC: "sent"}
        )
        self.assertEqual(document.state, "hard_bounce")
        self.assertFalse(document.copy_failed)
        bounced = document.delivery_ids.filtered(lambda delivery: delivery.email == BUYING)
        self.assertEqual((bounced.status_code, bounced.diagnostic), ("5.1.1", "550 5.1.1 No such user here"))
        self.assertEqual([(e.kind, e.source) for e in bounced.event_ids], [("hard_bounce", "report")])
        self.assertIn(b"Undelivered Mail", bounced.event_ids.attachment_id.raw)
        self.assertEqual(self.notification(document).notification_status, "bounce")
        self.assertFalse(self.azure.message_bounce)  # its own address is fine
        self.assertEqual(self.row.bounce_state, "bad_address")
        self.assertFalse(self.azure.sengerio_is_bounced)

    def test_both(self):
        """All failed recipients of a report are recorded, each with its own reason."""
        document, customer, _copies = self.sent()
        self.process(report([(BUYING, *FULL), (AZURE, *NO_SUCH)], customer))
        self.assertEqual(
            self.states(document), {AZURE: "hard_bounce", BUYING: "soft_bounce", ANNA: "sent", MARC: "sent"}
        )
        self.assertEqual(self.azure.message_bounce, 1)
        self.assertTrue(self.azure.sengerio_is_bounced)
        self.assertEqual(self.row.bounce_state, "none")

    def test_copy(self):
        """A copy that comes back marks the document, not the customer."""
        document, _customer, copies = self.sent()
        self.process(report([(ANNA, *NO_SUCH)], copies))
        self.assertEqual(self.states(document), {AZURE: "sent", BUYING: "sent", ANNA: "hard_bounce", MARC: "sent"})
        self.assertEqual((document.state, document.copy_failed), ("sent", True))
        self.assertEqual(self.notification(document).notification_status, "sent")

    def test_not_failed(self):
        """Delayed, delivered and relayed are no bounces, neither for us nor for Odoo."""
        document, customer, _copies = self.sent()
        delayed = (BUYING, "delayed", "4.4.1", "connect: timed out")
        self.process(report([delayed], customer))
        self.assertEqual(document.state, "delayed")
        self.process(report([(BUYING, "relayed", "2.0.0", "250 ok")], customer))
        self.assertEqual(document.state, "delayed")
        self.process(report([(BUYING, "delivered", "2.0.0", "250 ok"), (AZURE, "delivered", "2.0.0", "ok")], customer))
        self.assertEqual(document.state, "delivered")
        self.process(report([delayed], customer))  # a late word
        self.assertEqual(document.state, "delivered")
        buying = document.delivery_ids.filtered(lambda delivery: delivery.email == BUYING)
        self.assertEqual(buying.event_ids.mapped("kind"), ["delayed", "relayed", "delivered", "delayed"])
        self.assertEqual(self.notification(document).notification_status, "sent")
        self.assertFalse(self.azure.message_bounce)
        self.assertFalse(self.returned())

    def test_twice(self):
        """The same report twice, by two ways: one event, counted once, returned once."""
        document, customer, _copies = self.sent()
        raw = report([(AZURE, *NO_SUCH)], customer, message_id="<once@mx.azure.example>")
        self.process(raw)
        self.process(b"Received: by another.example\r\nDelivered-To: catchall@firm.example\r\n" + raw)
        self.assertEqual(len(document.delivery_ids.event_ids), 1)
        self.assertEqual(self.azure.message_bounce, 1)
        self.assertEqual(len(self.returned()), 1)

    def test_read_receipt(self):
        """A read receipt opens the document, even after it was said to be lost; a complaint comes last."""
        document, customer, _copies = self.sent()
        self.process(report([(AZURE, *FULL)], customer))
        self.assertEqual(self.states(document)[AZURE], "soft_bounce")
        receipt = f"""\
From: Azure <{AZURE}>
To: {BOUNCE}
Subject: Read: {customer["Subject"]}
Message-Id: <read@azure.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="=_b"

--=_b
Content-Type: text/plain

Your message was read.

--=_b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; {AZURE}
Original-Message-ID: {customer["Message-Id"]}
Disposition: manual-action/MDN-sent-manually; displayed

--=_b--
"""
        self.process(receipt.replace("\n", "\r\n").encode())
        self.assertEqual(self.states(document)[AZURE], "opened")
        self.process(report([(AZURE, *NO_SUCH)], customer))  # cannot be
        self.assertEqual(self.states(document)[AZURE], "opened")
        deleted = receipt.replace("displayed", "deleted").replace(AZURE, BUYING).replace("<read@", "<deleted@")
        self.process(deleted.replace("\n", "\r\n").encode())
        self.assertEqual(self.states(document)[BUYING], "sent")
        buying = document.delivery_ids.filtered(lambda delivery: delivery.email == BUYING)
        self.assertEqual(buying.event_ids.mapped("kind"), ["other"])
        self.assertEqual(self.azure.message_bounce, 1)  # the one that did fail, by Odoo's counting

    # ------------------------------------------------------------
    # Matching
    # ------------------------------------------------------------

    def test_by_envelope_id_or_token(self):
        """Without the original's Message-Id, ENVID or our header tell which document it was."""
        document, customer, _copies = self.sent()
        token = customer["X-Sengerio-Document"]
        self.process(report([(BUYING, *NO_SUCH)], **{"Original-Envelope-Id": token}))
        self.assertEqual(self.states(document)[BUYING], "hard_bounce")
        header = EmailMessage()
        header["X-Sengerio-Document"] = token
        self.process(report([(AZURE, *FULL)], header))
        self.assertEqual(self.states(document)[AZURE], "soft_bounce")
        third, customer, _copies = self.sent()
        self.process(report([(AZURE, *FULL)], to=f"bounce+{customer['X-Sengerio-Document']}@firm.example"))
        self.assertEqual(self.states(third)[AZURE], "soft_bounce")

    def test_reader_of_a_copy_cannot_forge(self):
        """The token of the copies' message says nothing about the customer."""
        document, _customer, copies = self.sent()
        self.process(report([(AZURE, *NO_SUCH)], copies))
        self.assertEqual(set(self.states(document).values()), {"sent"})

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_not_ours(self):
        """What names no message of ours, or an address that we did not mail, changes nothing and is Odoo's."""
        document, customer, _copies = self.sent()
        before = self.azure.message_bounce
        header = EmailMessage()
        header["Message-Id"] = "<someone@else.example>"
        self.process(report([(AZURE, *NO_SUCH)], header))
        self.assertEqual(self.azure.message_bounce, before + 1)  # Odoo's own counting
        before = self.azure.message_bounce
        orders = self.env["sale.order"].search_count([])
        self.process(report([("stranger@azure.example", *NO_SUCH)], customer))
        self.assertEqual(set(self.states(document).values()), {"sent"})
        self.assertFalse(document.delivery_ids.event_ids)
        self.assertEqual(self.notification(document).notification_status, "sent")  # Odoo would blame the customer
        self.assertEqual(self.azure.message_bounce, before)
        self.assertEqual(self.env["sale.order"].search_count([]), orders)
        self.assertFalse(self.returned())

    def test_auto_reply(self):
        """A vacation notice is no bounce, even at the bounce address; in the thread it is a reply."""
        document, customer, _copies = self.sent()
        order = self.env["sale.order"].browse(document.res_id)
        notice = EmailMessage(policy=email.policy.SMTP)
        notice["From"], notice["To"], notice["Subject"] = AZURE, BOUNCE, "Out of office: your quotation"
        notice["Message-Id"], notice["In-Reply-To"] = "<away@azure.example>", customer["Message-Id"]
        notice["Auto-Submitted"] = "auto-replied"
        notice.set_content("I am away until Monday. My mailbox is not full.")
        self.process(notice.as_bytes())
        self.assertEqual(set(self.states(document).values()), {"sent"})
        self.assertEqual(document.delivery_ids.event_ids.mapped("kind"), ["auto_reply"])
        self.assertEqual(self.notification(document).notification_status, "sent")
        self.assertFalse(self.azure.message_bounce)
        before = len(order.message_ids)
        notice.replace_header("To", "catchall@firm.example")
        notice.replace_header("Message-Id", "<away2@azure.example>")
        self.process(notice.as_bytes())
        self.assertEqual(len(order.message_ids), before + 1)
        self.assertFalse(self.returned())

    def test_hostile(self):
        """What cannot be read is Odoo's, and breaks nothing of ours."""
        for raw in (
            b"", b"\x00\xff", b"Content-Type: multipart/report\r\n\r\n", "From: ü@ü\r\n\r\nx".encode(),
            b"In-Reply-To: <\x00\xff@x.example>\r\nX-Sengerio-Document: 1-to-\xe9\x00\r\n\r\nx",
            report([(AZURE, *NO_SUCH)], **{"Original-Envelope-Id": "9" * 30 + "-to-é"}),
        ):  # fmt: skip
            self.assertFalse(self.env["sengerio.mail.gateway"]._receive(raw))

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_unreadable(self):
        """Messages on which Odoo's own reading breaks get through its gateway: bounces, and others."""
        broken = (  # its boundary is missing
            b"From: MAILER-DAEMON@x.example\r\nTo: bounce@firm.example\r\nMessage-Id: <1@x.example>\r\n"
            b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nThis is a MIME message.\r\n"
        )
        self.assertFalse(self.process(broken))
        order = self.make_order()
        _document, customer, _copies = self.sent(order)
        answer = (
            f"From: {AZURE}\r\nTo: catchall@firm.example\r\nMessage-Id: <2@x.example>\r\n"
            f"In-Reply-To: {customer['Message-Id']}\r\n"
            "Content-Type: text/plain; charset=ansi_x3.110-1983\r\n\r\nYes, please\r\n"
        )
        self.process(answer.encode())
        self.assertIn("Yes, please", order.message_ids[0].body)

    # ------------------------------------------------------------
    # The bad address
    # ------------------------------------------------------------

    def test_flag(self):
        """A bad address is warned about until it is corrected, used again on purpose, or receives after all."""
        document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH), (AZURE, *NO_SUCH)], customer))
        preview = self.compose(self.make_order()).save().sengerio_recipients
        self.assertEqual({tag["email"] for tag in preview["to"] if tag["bounced"]}, {AZURE, BUYING})
        self.assertEqual({warning["partner_id"] for warning in preview["warnings"]}, {self.azure.id})
        self.row.email = "right@azure.example"
        self.azure.email = "new@azure.example"
        self.assertEqual(self.compose(self.make_order()).save().sengerio_recipients["warnings"], [])
        _document, customer, _copies = self.sent()
        self.process(report([("new@azure.example", *NO_SUCH)], customer))
        self.assertTrue(self.azure.sengerio_is_bounced)
        self.azure.with_user(self.marc).action_sengerio_use_again()
        self.assertFalse(self.azure.sengerio_is_bounced)
        _document, customer, _copies = self.sent()
        self.process(report([("new@azure.example", *NO_SUCH)], customer))
        self.assertTrue(self.azure.sengerio_is_bounced)
        _document, customer, _copies = self.sent()
        self.process(report([("new@azure.example", "delivered", "2.0.0", "ok")], customer))
        self.assertFalse(self.azure.sengerio_is_bounced)

    def test_no_forging_by_hand(self):
        """Nobody writes deliveries or events by hand."""
        document, _customer, _copies = self.sent()
        for record, values in (
            (document, {"state": "delivered"}), (document.delivery_ids[0], {"state": "opened"}),
        ):  # fmt: skip
            with self.assertRaisesRegex(Exception, "not allowed"):
                record.with_user(self.marc).write(values)
        self.assertEqual(document.delivery_ids[0].state, "sent")
