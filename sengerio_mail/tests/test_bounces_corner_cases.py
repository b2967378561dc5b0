"""Reports that are hard to get right: what a critical reader of the mail gateway found."""

import contextlib
from email.message import EmailMessage
from unittest.mock import patch
from xmlrpc.client import Binary

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.sengerio_mail_document_outcome import SengerioMailDocumentOutcome
from .test_bounces import ANNA, AZURE, BOUNCE, BUYING, FULL, MARC, NO_SUCH, BounceCase, report


@tagged("post_install", "-at_install")
class TestBouncesCornerCases(BounceCase):
    def test_ways(self):
        """A report marks the document by whichever address and in whichever form it arrives, and makes nothing else."""
        order = self.make_order()
        alias = {"alias_domain_id": self.alias_domain.id, "alias_model_id": self.env["ir.model"]._get_id("res.partner")}
        own = {"alias_model_id": self.env["ir.model"]._get_id("sale.order"), "alias_force_thread_id": order.id}
        self.env["mail.alias"].create([{**alias, "alias_name": "new"}, {**alias, **own, "alias_name": "own"}])
        for to in (BOUNCE, "catchall@firm.example", "own@firm.example", "new@firm.example", None):
            for form in (bytes, bytes.decode, Binary):
                with self.subTest(to=to, form=form):
                    document, customer, _copies = self.sent(order)
                    raw = report([(BUYING, *NO_SUCH)], customer, to=to or BOUNCE)
                    if not to:
                        raw = raw.replace(b"\r\nTo: ", b"\r\nDelivered-To: ", 1)
                    before = self.made()
                    self.assertFalse(self.process(form(raw)))
                    self.assertEqual(self.states(document)[BUYING], "hard_bounce")
                    self.assertEqual(document.delivery_ids.event_ids.mapped("kind"), ["hard_bounce"])
                    self.assertEqual(self.made(), before)
                    self.assertEqual(len(self.returned()), 1)

    def made(self):
        """Return how many records there are of what incoming mail may make, and how many messages are incoming."""
        counts = {model: self.env[model].search_count([]) for model in ("sale.order", "res.partner", "res.users")}
        return {**counts, "email": self.env["mail.message"].search_count([("message_type", "=", "email")])}

    def test_expanded_twice(self):
        """An address that leads to two members, one of whom failed, has failed."""
        document, customer, _copies = self.sent()
        members = [("one@members.example", *NO_SUCH), ("two@members.example", "delivered", "2.0.0", "250 ok")]
        original = f"Original-Recipient: rfc822; {BUYING}\r\nFinal-Recipient: rfc822; ".encode()
        self.process(report(members, customer).replace(b"Final-Recipient: rfc822; ", original))
        self.assertEqual(self.states(document)[BUYING], "hard_bounce")

    def test_one_message_id_for_several(self):
        """A server that reports delay and failure under one Message-Id has reported both, and each once."""
        document, customer, _copies = self.sent()
        same = "<same@mx.azure.example>"
        delayed = report([(BUYING, "delayed", "4.4.1", "connect: timed out")], customer, message_id=same)
        failed = report([(BUYING, *NO_SUCH)], customer, message_id=same)
        for raw in (delayed, failed, delayed, failed):
            self.process(raw)
        self.assertEqual(self.states(document)[BUYING], "hard_bounce")
        self.assertEqual(document.delivery_ids.event_ids.mapped("kind"), ["delayed", "hard_bounce"])
        self.assertEqual(len(self.returned()), 1)

    def test_nested_too_deeply(self):
        """A message of a thousand parts in one another is refused by name, as what cannot be read, and noted."""
        head = "From: a@b.example\r\nTo: catchall@firm.example\r\nMessage-Id: <deep@b.example>\r\nMIME-Version: 1.0\r\n"
        parts = (f'Content-Type: multipart/mixed; boundary="b{depth}"\r\n\r\n--b{depth}\r\n' for depth in range(2000))
        raw = (head + "".join(parts) + "Content-Type: text/plain\r\n\r\nDeep down\r\n").encode()
        logger = "odoo.addons.sengerio_mail.models.mail_thread"
        for message in (raw, raw.decode(), Binary(raw)):
            with self.assertLogs(logger, "WARNING") as log, self.assertRaisesRegex(ValueError, "nested too deeply"):
                self.process(message)
            [line] = log.output
            self.assertIn("<deep@b.example>", line)
            self.assertIn(f"{len(raw)} bytes", line)
        document, customer, _copies = self.sent()  # what comes next is read
        self.process(report([(BUYING, *NO_SUCH)], customer))
        self.assertEqual(self.states(document)[BUYING], "hard_bounce")

    def test_flag_of_one_of_several(self):
        """A delivery to one of a partner's addresses says nothing about the bad one."""
        self.azure.email = f"{AZURE}, second@azure.example"
        _document, customer, _copies = self.sent()
        self.process(report([(AZURE, *NO_SUCH)], customer))
        self.process(report([("second@azure.example", "delivered", "2.0.0", "250 ok")], customer))
        self.assertEqual(self.azure.sengerio_bounced_email, AZURE)

    def test_sent_again_then_retried(self):
        """Who got the document as a new one is not mailed by a retry of the old one."""
        self.smtp.refuse.update({AZURE: "450 later", BUYING: "450 later"})
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        self.smtp.refuse.clear()
        action = document.with_user(self.marc).action_resend()
        wizard = self.env[action["res_model"]].with_user(self.marc).browse(action["res_id"])
        for line in wizard.line_ids:
            line.send = line.old_email == AZURE
        wizard.action_send()
        self.env.flush_all()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE]])
        waiting = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        waiting.scheduled_date = False
        waiting.send()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[BUYING], [ANNA, MARC]])

    def test_odd_bytes(self):
        """Null characters and bytes of no charset lose no report."""
        for words, raw_words, message_id in (
            (b"No such user here", b"No such\x00 user", b"<one@"), (b"No such user here", b"No \xe9\xff", b"<t\xe9wo@"),
        ):  # fmt: skip
            document, customer, _copies = self.sent()
            raw = report([(BUYING, *NO_SUCH)], customer, message_id="<id@mx.azure.example>")
            self.process(raw.replace(words, raw_words).replace(b"<id@", message_id))
            self.assertEqual(self.states(document)[BUYING], "hard_bounce")

    def test_nothing_left(self):
        """A report about a document whose record and customer are gone is recorded and returned."""
        partner = self.env["res.partner"].create({"name": "Gone", "email": "gone@gone.example"})
        document, customer, _copies = self.sent(partner=partner)
        order = self.env["sale.order"].browse(document.res_id)
        order._action_cancel()
        order.unlink()
        partner.unlink()
        self.process(report([("gone@gone.example", *NO_SUCH)], customer))
        self.assertEqual(self.states(document)["gone@gone.example"], "hard_bounce")
        self.assertEqual(len(self.returned()), 1)

    def test_before_it_was_listed_as_sent(self):
        """A bounce that is faster than Odoo's own record of sending stays one."""
        case, original, came = self, SengerioMailDocumentOutcome._record_outcome, []

        def late(self, outcome):
            mails = [mail for mail in case.smtp.received if BUYING in mail.rcpt]
            if mails and not came:
                came.append(mails[0])
                case.env["mail.thread"].message_process(False, report([(BUYING, *NO_SUCH)], mails[0].message))
            return original(self, outcome)

        order = self.make_order()
        with patch.object(SengerioMailDocumentOutcome, "_record_outcome", late):
            self.compose(order).save()._action_send_mail()
            self.env.flush_all()
        self.assertTrue(came)
        self.env.invalidate_all()
        self.assertEqual(self.states(self.document_of(order))[BUYING], "hard_bounce")

    def test_international_domains(self):
        """Domains with any letters are found by their ASCII form, in any case."""
        for email in ("info@straße.example", "Info@Müller.example"):
            partner = self.env["res.partner"].create({"name": "Anybody", "email": email})
            document, customer, _copies = self.sent(partner=partner)
            [ascii_address] = [str(address.addr_spec) for address in customer["To"].addresses]
            self.process(report([(ascii_address.upper(), *NO_SUCH)], customer))
            self.assertEqual(self.states(document)[email.lower()], "hard_bounce")

    def test_confirmed_by_one_of_two(self):
        """A contact who confirms has not read it where it came back from."""
        with self.policy("quotation", receipt_policy="confirm_link"):
            document, customer, _copies = self.sent()
        self.process(report([(BUYING, *NO_SUCH)], customer))
        to = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        self.env["sengerio.mail.receipt"].sudo()._confirm(to)
        self.env.invalidate_all()
        self.assertEqual(self.states(document), {AZURE: "opened", BUYING: "hard_bounce", ANNA: "sent", MARC: "sent"})
        self.assertEqual(self.row.bounce_state, "bad_address")

    def test_lines_of_others(self):
        """A line made by hand tells nothing of a document that its maker may not see."""
        order = self.make_order()
        self.send(self.compose_free(order, self.john, "plan.pdf"))
        document = self.document_of(order)
        groups = "base.group_user,sales_team.group_sale_salesman"
        spy = new_test_user(self.env, "spy", groups, email="spy@firm.example")
        self.assertFalse(document.with_user(spy).has_access("read"))
        told = []
        with contextlib.suppress(AccessError):
            wizard = self.env["sengerio.mail.resend"].with_user(spy).create(
                {"line_ids": [(0, 0, {"delivery_id": document.delivery_ids[0].id, "email": "x@x.example"})]}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            told = wizard.line_ids.read(["old_email", "reference", "where"])
        self.assertNotIn("john@azure.example", str(told))

    def test_text_of_a_test_mail(self):
        """Mail that quotes the test of the mail's way is mail, whoever writes it."""
        check = self.env["sengerio.mail.check"].sudo().create(
            {"kind": "own", "user_id": self.marc.id, "company_id": self.company.id, "email": MARC}
        )
        quoted = f"X-Sengerio-Check: {check._token()}"
        gone = f"X-Sengerio-Check: {check._token()}"
        for text in ("X-Sengerio-Check: ", quoted, gone):
            raw = f"From: a@b.example\r\nTo: x@y.example\r\nMessage-Id: <{len(text)}@b>\r\n\r\nWhat is this?\r\n{text}"
            self.assertFalse(self.env["sengerio.mail.check"]._receive(raw.encode()))
            self.assertFalse(check.date_back)
        check.unlink()
        self.env["sengerio.mail.check"]._receive(f"{gone}\r\n\r\n".encode())

    def test_odoos_mark(self):
        """Odoo's mark in the chatter follows: opened after all, and opened for good."""
        document, customer, _copies = self.sent()
        to = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        self.process(report([(AZURE, *FULL), (BUYING, *FULL)], customer))
        self.assertEqual(self.notification(document).notification_status, "bounce")
        self.env["sengerio.mail.receipt"].sudo()._confirm(to)
        self.env.invalidate_all()
        self.assertEqual((document.state, self.notification(document).notification_status), ("opened", "sent"))
        self.process(report([(AZURE, *NO_SUCH)], customer))
        self.assertEqual((document.state, self.notification(document).notification_status), ("opened", "sent"))

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_people_not_mailed(self):
        """A stranger's or follower's bounce is Odoo's to count, for that person, and never for the customer."""
        follower, stranger = self.env["res.partner"].create(
            [{"name": name, "email": f"{name}@else.example"} for name in ("follower", "stranger")]
        )
        order = self.make_order()
        order.message_subscribe(follower.ids)
        _mails = self.send(self.compose(order))
        document = self.document_of(order)
        notices = self.env["mail.notification"].search([("mail_message_id", "=", document.mail_message_id)])
        self.assertEqual(notices.res_partner_id, self.azure | follower)
        customer = EmailMessage()
        customer["Message-Id"] = document.message_id

        def marked():
            bounced = notices.filtered(lambda notice: notice.notification_status == "bounce")
            return bounced.res_partner_id, [person.message_bounce for person in (self.azure, follower, stranger)]

        self.process(report([(stranger.email, *NO_SUCH)], customer))
        self.assertEqual(marked(), (self.env["res.partner"], [0, 0, 1]))
        self.process(report([("nobody@else.example", *NO_SUCH)], customer))
        self.assertEqual(marked(), (self.env["res.partner"], [0, 0, 1]))
        self.process(report([(follower.email, *NO_SUCH)], customer))
        self.assertEqual(marked(), (follower, [0, 1, 1]))
        self.assertFalse(document.delivery_ids.event_ids)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_about_a_partner(self):
        """Of a document about a partner, what comes back from other addresses does not count for that partner."""
        self.send(self.compose_free(self.azure, self.azure | self.john, "plan.pdf"))
        document = self.document_of(self.azure)
        self.assertEqual({delivery.email for delivery in document.delivery_ids}, {AZURE, self.john.email})
        original = EmailMessage()
        original["Message-Id"] = document.message_id
        self.process(report([("stranger@else.example", *NO_SUCH)], original))
        self.assertEqual((self.azure.message_bounce, self.john.message_bounce), (0, 0))
        self.process(report([(self.john.email, *NO_SUCH)], original))
        self.assertEqual((self.azure.message_bounce, self.john.message_bounce), (0, 1))
        notices = self.env["mail.notification"].search([("mail_message_id", "=", document.mail_message_id)])
        bounced = notices.filtered(lambda notice: notice.notification_status == "bounce")
        self.assertEqual(bounced.res_partner_id, self.john)
        self.process(report([(AZURE, *NO_SUCH)], original))
        self.assertEqual((self.azure.message_bounce, self.john.message_bounce), (1, 1))

    def test_message_after_a_document(self):
        """A report about a chatter message is Odoo's: the quotation before it, in its References, did arrive.

        Exim copies the References of what it returns. A Message-Id that Odoo does not know, a relay may have given it.
        """
        order = self.make_order(self.john)
        document, _customer, _copies = self.sent(order)
        before = (self.states(document), document.state)
        message = order.with_user(self.marc).message_post(
            body="When may we come?", partner_ids=self.john.ids, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        [mail] = self.smtp.take()
        self.assertEqual((mail.rcpt, mail.message["Message-Id"]), ([self.john.email], message.message_id))
        self.assertIn(document.message_id, mail.message["References"])
        references = f"References: {mail.message['References']}\r\n {message.message_id}\r\n"

        def arrive():
            self.process(references.encode() + report([(self.john.email, *FULL)], mail.message))

        arrive()
        self.assertEqual((self.states(document), document.state), before)
        self.assertFalse(document.delivery_ids.event_ids)
        self.assertFalse(self.returned())
        notice = self.env["mail.notification"].search([("mail_message_id", "in", message.ids)])
        self.assertEqual((notice.res_partner_id, notice.notification_status), (self.john, "bounce"))
        mail.message.replace_header("Message-Id", "<rewritten@relay.example>")
        arrive()
        self.assertEqual((self.states(document)[self.john.email], document.state), ("soft_bounce", "soft_bounce"))
