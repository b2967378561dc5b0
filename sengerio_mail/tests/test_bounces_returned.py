"""A document that came back is returned to its sender: once, in plain words, without loops or storms."""

import email.policy
from email.message import EmailMessage

from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_bounces import AZURE, BOUNCE, BUYING, FULL, MARC, NO_SUCH, BounceCase, report


def complaint(address, original):
    """Return a complaint as a provider writes it for a reader who pressed "spam" (RFC 5965)."""
    text = f"""\
From: feedback@provider.example
To: {BOUNCE}
Subject: FW: {original["Subject"]}
Message-Id: <{address}-complains@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"

--=_b
Content-Type: text/plain

This is an e-mail abuse report.
--=_b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <{address}>

--=_b
Content-Type: text/rfc822-headers

Message-Id: {original["Message-Id"]}

--=_b--
"""
    return text.replace("\n", "\r\n").encode()


@tagged("post_install", "-at_install")
class TestBouncesReturned(BounceCase):
    def test_returned(self):
        """The sender gets it back once, in plain words, with the report, and no program answers it."""
        document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH)], customer))
        [mail] = self.returned()
        self.assertEqual(mail.rcpt, [MARC])
        message = mail.message
        self.assertEqual((message["Auto-Submitted"], message["X-Auto-Response-Suppress"]), ("auto-generated", "All"))
        text = mail.part("plain")
        self.assertIn(BUYING, text)
        self.assertIn("does not exist", text)
        self.assertIn(document.reference, text)
        self.assertIn(f"/{document.id}", mail.part("html"))
        [attached] = message.iter_attachments()
        self.assertIn("Undelivered Mail", attached.as_string())
        self.process(report([(AZURE, *NO_SUCH)], customer))  # the same state: no second mail
        self.assertFalse(self.returned())
        self.process(report([(AZURE, *FULL), (BUYING, *FULL)], customer))
        self.assertFalse(self.returned())
        self.assertEqual(self.states(document)[AZURE], "hard_bounce")

    def test_once_for_each_state(self):
        """Each state that is new to a document returns it once more, however many addresses come to have it."""
        others = [f"{name}@azure.example" for name in ("third", "fourth", "fifth", "sixth")]
        for other in others:
            self.add_address(self.azure, "commercial", other)
        third, fourth, fifth, sixth = others
        _document, first, _copies = self.sent()
        _document, second, _copies = self.sent()
        for came, count, words in (
            (report([(AZURE, *FULL)], first), 1, AZURE),
            (report([(BUYING, *NO_SUCH)], first), 1, BUYING),
            (complaint(third, first), 1, third),
            (report([(fourth, *FULL)], first), 0, ""),
            (report([(fifth, *NO_SUCH)], first), 0, ""),
            (complaint(sixth, first), 0, ""),
            (report([(fourth, *FULL)], second), 1, fourth),  # another document
        ):
            with self.subTest(came=came[-300:]):
                self.process(came)
                mails = self.returned()
                self.assertEqual([mail.rcpt for mail in mails], [[MARC]] * count)
                for mail in mails:
                    self.assertIn(words, mail.part("plain"))
        states = self.states(self.env["sengerio.mail.document"].search([("message_id", "=", first["Message-Id"])]))
        self.assertEqual(
            [states[email] for email in (AZURE, BUYING, *others)],
            ["soft_bounce", "hard_bounce", "complaint", "soft_bounce", "hard_bounce", "complaint"],
        )

    def test_no_loop(self):
        """Our own mail about a report is never read as one, and what answers it is ignored."""
        document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH)], customer))
        [mail] = self.returned()
        order = self.env["sale.order"].browse(document.res_id)
        before = (self.states(document), len(order.message_ids), len(document.delivery_ids.event_ids))
        fetched = mail.message.as_bytes(policy=email.policy.SMTP)
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.process(fetched)
        answer = EmailMessage(policy=email.policy.SMTP)
        answer["From"], answer["To"], answer["Subject"] = MARC, "catchall@firm.example", "Out of office"
        answer["Message-Id"], answer["In-Reply-To"] = "<a@firm.example>", mail.message["Message-Id"]
        answer["References"] = f"{mail.message['References']} {mail.message['Message-Id']}"
        answer["Auto-Submitted"] = "auto-replied"
        answer.set_content("I am away.")
        self.process(answer.as_bytes())
        self.env.invalidate_all()
        self.assertEqual(before, (self.states(document), len(order.message_ids), len(document.delivery_ids.event_ids)))
        self.assertFalse(self.returned())

    def test_senders_own_address(self):
        """When the sender's own address is the bad one, nothing is mailed there."""
        document, _customer, copies = self.sent()
        self.process(report([(MARC, *NO_SUCH)], copies))
        self.assertEqual(self.states(document)[MARC], "hard_bounce")
        self.assertFalse(self.returned())

    def test_storm(self):
        """Twenty come back one by one, then one word about the rest."""
        order = self.make_order()
        count = 0
        for _number in range(23):
            document, customer, _copies = self.sent(order)
            self.process(report([(AZURE, *FULL)], customer))
            self.assertEqual(document.state, "soft_bounce")
            count += len(self.returned())
        self.assertEqual(count, 21)

    def test_report_that_python_cannot_write(self):
        """Where a report breaks Odoo's sending of it as a message, the sender gets it all the same, as a file."""
        _document, customer, _copies = self.sent()
        raw = report([(BUYING, *NO_SUCH)], customer).replace(
            b"Subject: Undelivered Mail Returned to Sender",  # mail.ru: two encoded words that split one letter
            b"Subject: =?utf-8?b?0JLQsNGI0LUg0YHQvtC+0LHRidC10L3QuNC1INC90LUg0LTQvtGB0YLQsNCy0LvQ?=\r\n"
            b"\t=?utf-8?b?tdC90L4uIE1haWwgZmFpbHVyZS4=?=",
        )
        self.process(raw)
        [mail] = self.returned()
        self.assertEqual(mail.rcpt, [MARC])
        self.assertIn(BUYING, mail.part("plain"))
        [attached] = mail.message.iter_attachments()
        self.assertEqual(attached.get_content_type(), "application/octet-stream")
        self.assertEqual((attached.get_filename(), attached.get_content()), ("report.eml", raw))

    def test_language(self):
        """It comes back in the sender's language, not in the gateway's."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.marc.lang = "fr_FR"
        view = self.env.ref("sengerio_mail.returned_document")
        words = {"did not reach everybody:": "n'a pas été reçu par tous :"}
        view.update_field_translations("arch_db", {"fr_FR": words})
        _document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH)], customer))
        [mail] = self.returned()
        self.assertIn("n'a pas été reçu par tous", mail.part("plain"))
