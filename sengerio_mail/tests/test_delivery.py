"""What becomes of each recipient: refusals, failures, retries, the queue."""

import asyncio
import socket
from contextlib import closing
from unittest.mock import patch

from aiosmtpd.smtp import AuthResult

from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .common import DocumentMailCase, SmtpServer

AZURE, BUYING = "azure@azure.example", "buying@azure.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestDelivery(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)
        cls.add_copy(cls, cls.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=cls.anna.partner_id.id)

    def states(self, document):
        """Return ``{address: state}``."""
        return {delivery.email: delivery.state for delivery in document.delivery_ids}

    def retry(self):
        """Send what failed or waits again, by Odoo's own means."""
        mails = self.env["mail.mail"].search([("state", "in", ("exception", "outgoing"))])
        mails.filtered(lambda mail: mail.state == "exception").action_retry()
        mails.scheduled_date = False
        self.env["mail.mail"].process_email_queue(mails.ids)
        self.env.flush_all()
        return self.smtp.take()

    def test_one_of_two_refused(self):
        """A refused recipient is recorded with the server's words; the others get their mail."""
        self.smtp.refuse[BUYING] = "550 5.1.1 No such user"
        order = self.make_order()
        mails = self.send(self.compose(order))
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE], [ANNA, MARC]])
        document = self.document_of(order)
        self.assertEqual(self.states(document), {AZURE: "sent", BUYING: "refused", ANNA: "sent", MARC: "sent"})
        self.assertEqual(document.state, "refused")
        self.assertFalse(document.copy_failed)
        refused = document.delivery_ids.filtered(lambda delivery: delivery.email == BUYING)
        self.assertEqual(refused.smtp_reply, "550 5.1.1 No such user")
        self.assertEqual([(e.kind, e.detail) for e in refused.event_ids], [("refused", "550 5.1.1 No such user")])
        self.assertFalse((document.delivery_ids - refused).event_ids)
        self.assertTrue(document.date_sent)

    def test_all_refused(self):
        """Nobody took it: no copy leaves either; the retry by hand sends both, once."""
        self.smtp.refuse.update({AZURE: "550 no", BUYING: "550 5.2.1 disabled"})
        order = self.make_order()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.send(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(
            self.states(document), {AZURE: "refused", BUYING: "refused", ANNA: "cancelled", MARC: "cancelled"}
        )
        self.assertEqual(document.state, "refused")
        self.assertFalse(document.date_sent)
        self.smtp.refuse.clear()
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertEqual(set(self.states(document).values()), {"sent"})
        self.assertEqual(document.state, "sent")

    def test_failing_copies(self):
        """Copies that fail do not fail the customer's mail; the document is marked."""
        order = self.make_order()
        self.smtp.fail_data = lambda envelope: "554 5.7.1 spam" if MARC in envelope.rcpt_tos else None
        self.assertEqual([mail.rcpt for mail in self.send(self.compose(order))], [[AZURE, BUYING]])
        document = self.document_of(order)
        self.assertEqual(self.states(document), {AZURE: "sent", BUYING: "sent", ANNA: "failed", MARC: "failed"})
        self.assertEqual(document.state, "sent")
        self.assertTrue(document.copy_failed)
        self.assertEqual(document.delivery_ids[-1].smtp_reply, "554 5.7.1 spam")

    def test_one_copy_refused(self):
        """One refused copy keeps nobody else's."""
        self.smtp.refuse[ANNA] = "550 5.1.1 gone"
        order = self.make_order()
        self.assertEqual([mail.rcpt for mail in self.send(self.compose(order))], [[AZURE, BUYING], [MARC]])
        document = self.document_of(order)
        self.assertEqual(self.states(document)[ANNA], "refused")
        self.assertEqual(document.state, "sent")
        self.assertTrue(document.copy_failed)

    def test_message_rejected(self):
        """A message that the server does not take is failed, with the server's words, and can be sent again."""
        self.smtp.fail_data = lambda envelope: "552 5.3.4 Message too big"
        order = self.make_order()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.send(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(document.state, "failed")
        self.assertEqual(document.delivery_ids[0].smtp_reply, "552 5.3.4 Message too big")
        self.smtp.fail_data = None
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertEqual(document.state, "sent")
        self.assertFalse(document.delivery_ids[0].smtp_reply)

    def test_no_server(self):
        """Without a mail server the document failed, and says why."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.mail_server.smtp_port = closed.getsockname()[1]
        order = self.make_order()
        self.assertEqual(self.send(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(document.state, "failed")
        self.assertIn("refused", document.delivery_ids[0].smtp_reply)
        self.mail_server.smtp_port = self.smtp.port
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertEqual(document.state, "sent")

    def test_connection_closed_in_data(self):
        """A server that goes away in the middle has taken nothing: failed, said so, and sent by the retry."""

        async def close(server):
            server.transport.close()

        self.smtp.before_data = close
        order = self.make_order()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.send(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(document.state, "failed")
        self.assertIn("closed", document.delivery_ids[0].smtp_reply)
        [mail] = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        self.assertEqual(mail.state, "exception")  # it may have arrived: a person decides
        self.smtp.before_data = None
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertEqual(document.state, "sent")

    def test_timeout(self):
        """A server that does not answer in time: failed, said so, and sent by the retry."""

        async def sleep(server):
            await asyncio.sleep(1.5)

        self.smtp.before_data = sleep
        order = self.make_order()
        with (
            mute_logger("odoo.addons.mail.models.mail_mail"),
            patch("odoo.addons.base.models.ir_mail_server.SMTP_TIMEOUT", 0.5),
        ):
            self.send(self.compose(order))
        document = self.document_of(order)
        self.assertEqual(document.state, "failed")
        self.assertIn("timed out", document.delivery_ids[0].smtp_reply)
        self.smtp.before_data = None
        self.retry()
        self.assertEqual(document.state, "sent")

    def test_wrong_password(self):
        """A server that does not let us in: failed, with its words."""

        def refuse(server, session, envelope, mechanism, auth_data):
            return AuthResult(success=False, handled=False)

        with SmtpServer(authenticator=refuse, auth_required=True, auth_require_tls=False) as closed:
            self.mail_server.write({"smtp_port": closed.port, "smtp_user": "us@firm.example", "smtp_pass": "wrong"})
            order = self.make_order()
            self.assertEqual(self.send(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(document.state, "failed")
        self.assertIn("535", document.delivery_ids[0].smtp_reply)
        self.mail_server.write({"smtp_port": self.smtp.port, "smtp_user": False, "smtp_pass": False})
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])

    def test_retry_mails_nobody_twice(self):
        """After a partial success, a retry mails those alone who have not got it, and shows the whole To."""
        order = self.make_order()
        composer = self.compose(order)
        composer.template_id.sudo().auto_delete = False
        composer.partner_ids.add(self.john)
        self.smtp.fail_data = lambda envelope: "451 4.3.0 busy" if AZURE in envelope.rcpt_tos else None
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual([mail.rcpt for mail in self.send(composer)], [["john@azure.example"]])
        document = self.document_of(order)
        self.assertEqual(
            self.states(document),
            {AZURE: "failed", BUYING: "failed", "john@azure.example": "sent", ANNA: "cancelled", MARC: "cancelled"},
        )
        self.smtp.fail_data = None
        mails = self.retry()
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertEqual(mails[0].addresses("To"), [AZURE, BUYING, "john@azure.example"])
        self.assertEqual(document.state, "sent")

    def test_queue(self):
        """In the queue it is queued; Odoo deletes its mail after sending, the document stays."""
        order = self.make_order()
        wizard = self.compose(order).save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        self.assertEqual(document.state, "queued")
        self.assertFalse(document.date_sent)
        self.assertEqual(set(self.states(document).values()), {"queued"})
        self.assertEqual(self.smtp.take(), [])
        mail = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        self.assertTrue(mail)
        self.assertEqual([mail.rcpt for mail in self.retry()], [[AZURE, BUYING], [ANNA, MARC]])
        self.assertFalse(mail.exists())
        self.assertEqual(document.state, "sent")
        self.assertEqual(self.retry(), [])

    def test_short_statement(self):
        """Where everybody got a document at once, a shorter statement records the same."""
        order = self.make_order()
        self.compose(order).save().with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        deliveries = document.delivery_ids
        everybody = {delivery: ("sent", None) for delivery in deliveries}
        one, *others = deliveries

        def after(statement):
            with closing(self.env.cr.savepoint()):
                self.env.cr.execute(statement)
                self.env.invalidate_all()
                return [
                    {key: bool(value) if key in ("write_date", "date_sent") else value for key, value in row.items()}
                    for row in (*document.read(), *deliveries.read())
                ]

        self.env.flush_all()
        before = after("SELECT")
        for email_from in ("left@firm.example", None):
            whole, short = (
                after(method(everybody, email_from)) for method in (document._statement, document._statement_for_all)
            )
            self.assertEqual(short, whole)
            self.assertNotEqual(short, before)
        self.assertTrue(others)
        for changes in ({one: ("sent", None)}, {**everybody, one: ("refused", "550 no")}):
            self.assertIsNone(document._statement_for_all(changes, None))
        one.state = "hard_bounce"
        self.assertIsNone(document._statement_for_all(everybody, None))

    def test_neutralized(self):
        """In a copy of the database for tests nothing that waits is sent, and no copies go to real people."""
        order = self.make_order()
        wizard = self.compose(order).save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        self.env.flush_all()
        with file_open("sengerio_mail/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.document_of(order).state, "cancelled")
        self.assertEqual(self.retry(), [])
        self.assertEqual(self.document_of(order).state, "cancelled")
        self.assertFalse(self.marc.partner_id.sengerio_copy_ids)

    def test_survives_its_record(self):
        """The list outlives the message and the record."""
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        self.env["mail.message"].browse(document.mail_message_id).unlink()
        self.assertEqual(document.attachment_ids.exists().mapped("res_model"), ["sale.order"])
        order.action_cancel()
        name = order.name
        order.unlink()
        self.assertEqual((document.exists().reference, document.state), (name, "sent"))

    def test_sent_again(self):
        """Sending again makes a second document."""
        order = self.make_order()
        self.send(self.compose(order))
        self.send(self.compose(order))
        self.assertEqual(order.sengerio_document_count, 2)

    def test_what_really_left(self):
        """The From of the document is what the mail server made of it."""
        outside = self.make_order()
        self.marc.email = "marc@gmail.example"
        [customer, _copies] = self.send(self.compose(outside))
        self.assertEqual(str(customer.message["From"]), "Marc Junior <notifications@firm.example>")
        self.assertEqual(self.document_of(outside).email_from, "Marc Junior <notifications@firm.example>")

    def test_international_domain(self):
        """A domain with any letters is mailed, in ASCII; a name with commas, quotes and any letters arrives whole."""
        partner = self.env["res.partner"].create({"name": 'Müller, "Jörg" & Söhne', "email": "info@bücher.example"})
        order = self.make_order(partner=partner)
        customer, copies = self.send(self.compose(order))
        self.assertEqual(customer.rcpt, ["info@xn--bcher-kva.example"])
        [to] = customer.message["To"].addresses
        self.assertEqual((to.display_name, to.addr_spec), (partner.name, "info@xn--bcher-kva.example"))
        self.assertEqual(str(copies.message["To"]), str(customer.message["To"]))
        self.assertEqual(self.document_of(order).delivery_ids[0].email, "info@bücher.example")
        self.assertEqual(self.document_of(order).state, "sent")

    def test_reports_asked_for(self):
        """Where the server offers them, reports are asked for, for each recipient and by the message's own token."""
        self.smtp.offers_dsn = self.smtp.takes_dsn = True
        order = self.make_order()
        for mail in self.send(self.compose(order)):
            token = mail.message["X-Sengerio-Document"]
            self.assertIn(f"ENVID={token}".upper(), mail.mail_options)  # aiosmtpd has made them upper-case
            self.assertIn("RET=HDRS", mail.mail_options)
            self.assertEqual(mail.rcpt_options, [["NOTIFY=SUCCESS,DELAY,FAILURE"]] * len(mail.rcpt))
        self.assertEqual(self.document_of(order).state, "sent")
        plan = self.compose_free(order, self.john, "plan.pdf")
        order.message_post(body="Hello", partner_ids=self.john.ids)
        for mail in self.smtp.take() + self.send(plan):
            self.assertFalse([option for option in mail.mail_options if option.startswith(("ENVID", "RET"))])
            self.assertEqual(mail.rcpt_options, [[]])

    def test_reports_not_offered(self):
        """A server without DSN is not asked; one that announces it and does not take it gets the mail without."""
        for self.smtp.offers_dsn in (False, True):
            order = self.make_order()
            mails = self.send(self.compose(order))
            self.assertEqual([mail.rcpt for mail in mails], [[AZURE, BUYING], [ANNA, MARC]])
            self.assertEqual(set(self.states(self.document_of(order)).values()), {"sent"})

    def test_tokens(self):
        """The header that names the document is signed, and differs for the copies."""
        order = self.make_order()
        customer, copies = self.send(self.compose(order))
        document = self.document_of(order)
        header = "X-Sengerio-Document"
        read = self.env["sengerio.mail.document"]._read_token
        self.assertEqual(read(customer.message[header]), (document, "to"))
        self.assertEqual(read(copies.message[header]), (document, "copies"))
        name, _dash, signature = copies.message[header].rpartition("-")
        forged = f"{name.replace('copies', 'to')}-{signature}"
        for token in (forged, "", None, "1-to", "x-to-abc", f"{document.id}-to-{'0' * 32}"):
            self.assertEqual(read(token), (document.browse(), None))
