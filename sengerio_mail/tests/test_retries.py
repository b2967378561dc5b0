"""What a mail server did not take: who is mailed again, who is not, and what Odoo says of it."""

import json
import socket

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

AZURE, JOHN, LAW = "azure@azure.example", "john@azure.example", "law@law.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


class RetryCase(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lawyer = cls.env["res.partner"].create({"name": "Lawyer", "email": LAW})

    def envelopes(self, composer):
        """Send and return the envelopes, sorted."""
        return sorted(mail.rcpt for mail in self.send(composer))

    def retried(self, document):
        """Let the queue try a document again as if its time had come, and return the envelopes."""
        self.env["mail.mail"].search(
            [("mail_message_id", "=", document.mail_message_id)]
        ).scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        return [mail.rcpt for mail in self.smtp.take()]

    def waiting(self, document):
        """Return the mails of a document that are still there."""
        return self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])

    def pass_time(self, document, **ago):
        """Let a document have been tried some time ago."""
        document.delivery_ids.event_ids.date = fields.Datetime.subtract(fields.Datetime.now(), **ago)


@tagged("post_install", "-at_install")
class TestRetries(RetryCase):
    def test_connection_lost_at_the_copies(self):
        """The next contact gets its mail over a new connection; the copies are tried again alone, of the same mail."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        closing = {"fail_data": lambda envelope: "421 4.3.2 closing" if MARC in envelope.rcpt_tos else None}
        for name, break_off in (
            ("closing", lambda: setattr(self.smtp, "fail_data", closing["fail_data"])),
            ("closed", lambda: self.smtp.close_at(MARC)),
        ):
            with self.subTest(name):
                order = self.make_order()
                composer = self.compose(order)
                composer.partner_ids.add(self.john)
                break_off()
                self.assertEqual(self.envelopes(composer), [[AZURE], [JOHN]])
                self.smtp.fail_data = self.smtp.before_data = None
                document = self.document_of(order)
                self.assertEqual((document.state, document.copy_failed), ("sent", True))
                self.assertEqual(self.waiting(document).state, "outgoing")
                self.assertTrue(self.waiting(document).scheduled_date)
                notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
                self.assertEqual(notifications.mapped("notification_status"), ["sent", "sent"])
                self.assertEqual(self.retried(document), [[MARC]])
                self.assertEqual((document.state, document.copy_failed), ("sent", False))
                self.assertFalse(self.waiting(document))

    def test_copies_lost_for_ever(self):
        """Copies over a connection that is lost again and again are given up after an hour: they may have arrived."""
        self.smtp.close_at(MARC)
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [[AZURE]])
        document = self.document_of(order)
        self.assertEqual(self.retried(document), [])
        self.assertTrue(self.waiting(document))
        self.assertFalse(order.activity_ids)
        self.pass_time(document, hours=2)
        self.assertEqual(self.retried(document), [])
        self.assertFalse(self.waiting(document))
        self.assertEqual((document.state, document.copy_failed), ("sent", True))

    def test_copies_refused_for_good(self):
        """Copies that are refused for good are not tried again, with nobody's mail."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        offered = []
        self.smtp.fail_data = lambda envelope: (
            offered.append(envelope.rcpt_tos) or "554 5.7.1 spam" if MARC in envelope.rcpt_tos else None
        )
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.assertEqual(self.envelopes(composer), [[AZURE], [JOHN]])
        document = self.document_of(order)
        self.assertEqual(offered, [[MARC]])
        self.assertFalse(self.waiting(document))
        self.assertEqual((document.state, document.copy_failed), ("sent", True))

    def test_copies_leave_with_whoever_gets_it(self):
        """Where the customer is refused for good, the copies leave with the next contact's mail; once."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        self.smtp.refuse[AZURE] = "550 5.1.1 no"
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.assertEqual(self.envelopes(composer), [[JOHN], [MARC]])
        document = self.document_of(order)
        self.smtp.refuse.clear()
        self.waiting(document).action_retry()
        self.assertEqual(self.retried(document), [[AZURE]])
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})

    def test_refused_by_all_mails(self):
        """No mail of a document was taken: its copies are cancelled, and leave with the first that is."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        self.smtp.refuse.update({AZURE: "550 5.1.1 no", JOHN: "550 5.1.1 no"})
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.assertEqual(self.envelopes(composer), [])
        document = self.document_of(order)
        self.assertEqual(document.delivery_ids.mapped("state"), ["refused", "refused", "cancelled"])
        self.smtp.refuse.clear()
        self.waiting(document).action_retry()
        self.assertEqual(self.retried(document), [[AZURE], [MARC], [JOHN]])
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})

    def test_message_refused_for_now(self):
        """A message that the server does not take now (4xx at DATA) is tried again by itself, for a day, nobody twice.

        It keeps no one else from getting theirs.
        """
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(self.lawyer)
        self.smtp.fail_data = lambda envelope: "451 4.3.0 busy" if JOHN in envelope.rcpt_tos else None
        self.assertEqual(self.envelopes(composer), [[AZURE], [LAW], [MARC]])
        document = self.document_of(order)
        [refused] = document.delivery_ids.filtered(lambda delivery: delivery.email == JOHN)
        self.assertEqual((refused.state, refused.smtp_reply), ("failed", "451 4.3.0 busy"))
        self.assertEqual(self.waiting(document).state, "outgoing")
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.smtp.take(), [])  # not before its time
        self.assertEqual(self.retried(document), [])
        self.assertEqual(self.waiting(document).state, "outgoing")
        self.smtp.fail_data = None
        self.assertEqual(self.retried(document), [[JOHN]])
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})
        self.assertFalse(self.waiting(document))

    def test_message_refused_for_ever(self):
        """A message that is not taken for a day is given up, and says so."""
        self.smtp.fail_data = lambda envelope: "451 4.3.0 busy"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        document = self.document_of(order)
        self.assertFalse(order.activity_ids)
        self.pass_time(document, days=2)
        self.assertEqual(self.retried(document), [])
        self.assertEqual((self.waiting(document).state, document.state), ("exception", "failed"))
        self.assertIn("451 4.3.0 busy", self.waiting(document).failure_reason)
        self.assertEqual(order.activity_ids.mapped("sengerio_document_id"), [document.id])

    def test_message_refused_blocks_nobody(self):
        """A message that the server refuses for one contact for good is told, and the others get theirs."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(self.lawyer)
        self.smtp.fail_data = lambda envelope: "554 5.7.1 spam" if JOHN in envelope.rcpt_tos else None
        self.assertEqual(self.envelopes(composer), [[AZURE], [LAW], [MARC]])
        document = self.document_of(order)
        notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        status = {n.res_partner_id: (n.notification_status, n.failure_reason) for n in notifications}
        self.assertEqual(status[self.john], ("exception", "554 5.7.1 spam"))
        self.assertEqual(status[self.lawyer][0], "sent")
        self.assertEqual(document.state, "failed")
        self.assertTrue(document.may_resend)

    def test_server_away_at_the_retry(self):
        """A mail server that is away when a document is tried again does not end its being tried again."""
        self.smtp.refuse[AZURE] = "451 4.7.1 greylisted"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        document = self.document_of(order)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.mail_server.smtp_port = closed.getsockname()[1]
        self.assertEqual(self.retried(document), [])
        self.assertEqual(self.waiting(document).state, "outgoing")
        self.assertTrue(self.waiting(document).scheduled_date)
        self.mail_server.smtp_port = self.smtp.port
        self.smtp.refuse.clear()
        self.assertEqual(self.retried(document), [[AZURE], [MARC]])
        self.assertEqual(document.state, "sent")

    def test_refused_for_good_is_not_asked_again(self):
        """A retry for who was refused for now leaves alone who was refused for good; a retry by hand does not."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.smtp.refuse.update({AZURE: "550 5.1.1 no", "buying@azure.example": "451 4.2.1 later"})
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        document = self.document_of(order)
        self.smtp.refuse.clear()
        self.assertEqual(self.retried(document), [["buying@azure.example"], [MARC]])
        self.assertEqual(document.delivery_ids.mapped("state"), ["refused", "sent", "sent"])

    def test_new_session_is_quit(self):
        """A session that is opened because the first one was lost is quit, like Odoo's own."""
        self.smtp.close_at(MARC)
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        composer = self.compose(self.make_order())
        composer.partner_ids.add(self.john)
        self.assertEqual(self.envelopes(composer), [[AZURE], [JOHN]])
        # the first one is lost
        self.assertEqual((self.smtp.opened, self.smtp.quits), (2, 1))

    def test_refused_is_told_to_the_browser(self):
        """The envelope icon of a message of which somebody was refused becomes red without reloading."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(self.lawyer)  # by the same mail, which Odoo takes for sent
        wizard = composer.save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        self.env.cr.precommit.run()
        self.env["bus.bus"].search([]).unlink()
        self.smtp.refuse[JOHN] = "550 5.1.1 no"
        document = self.document_of(order)
        self.assertEqual(self.retried(document), [[AZURE], [MARC], [LAW]])
        self.env.cr.precommit.run()
        [refused] = self.env["mail.notification"].search(
            [("mail_message_id", "=", document.mail_message_id), ("res_partner_id", "=", self.john.id)]
        )
        told = {
            notification["id"]: notification["notification_status"]
            for sent in self.env["bus.bus"].search([])
            for notification in json.loads(sent.message)["payload"].get("mail.notification", [])
        }
        self.assertEqual(told[refused.id], "exception")

    def test_refused_for_now(self):
        """A temporary refusal of one address is tried again later, for that address alone."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.smtp.refuse["buying@azure.example"] = "451 4.7.1 greylisted"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [[AZURE], [MARC]])
        document = self.document_of(order)
        self.assertEqual(document.state, "refused")
        mail = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        self.assertEqual(mail.state, "outgoing")
        self.assertTrue(mail.scheduled_date)
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.smtp.take(), [])  # not before its time
        self.smtp.refuse.clear()
        mail.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [["buying@azure.example"]])
        self.assertEqual(document.state, "sent")
        self.assertFalse(mail.exists())

    def test_closing_at_a_recipient(self):
        """A server that closes at one recipient has not got the message for the ones before and after it."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.smtp.refuse["buying@azure.example"] = "421 4.7.0 too many"
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.lawyer)
        self.assertEqual(self.envelopes(composer), [[LAW]])  # copies go with the customer's mail
        document = self.document_of(order)
        states = {delivery.email: delivery.state for delivery in document.delivery_ids}
        self.assertEqual((states[AZURE], states["buying@azure.example"], states[LAW]), ("refused", "refused", "sent"))
        self.smtp.refuse.clear()
        mails = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        mails.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE, "buying@azure.example"], [MARC]])
        self.assertEqual(document.state, "sent")

    def test_other_document_refused_for_now(self):
        """A retry of an other document mails those alone who have not got it."""
        self.smtp.refuse[JOHN] = "451 4.7.1 greylisted"
        order = self.make_order()
        composer = self.compose_free(order, self.lawyer | self.john, "plan.pdf")
        self.assertEqual(self.envelopes(composer), [[LAW]])
        document = self.document_of(order)
        self.smtp.refuse.clear()
        self.assertEqual(self.retried(document), [[JOHN]])
        self.assertEqual(document.state, "sent")

    def test_refused_follower_blocks_nobody(self):
        """A follower who is refused keeps neither the document nor its copies back."""
        lea = self.env["res.partner"].create({"name": "Lea", "email": "lea@x.example"})
        order = self.make_order()
        order.message_subscribe(lea.ids)
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.smtp.refuse["lea@x.example"] = "550 5.1.1 no"
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.envelopes(composer), [[AZURE], [JOHN], [MARC]])
        self.assertEqual(self.document_of(order).state, "sent")

    def test_copies_of_a_retry(self):
        """Copies that could not leave after the message of the first contact leave when the next one's is retried."""
        kate = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.remove(self.azure.id)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(kate)
        self.smtp.close_at("kate@x.example")
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.envelopes(composer), [[JOHN]])
        self.smtp.before_data = None
        document = self.document_of(order)
        self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)]).action_retry()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(sorted(mail.rcpt for mail in self.smtp.take()), [["kate@x.example"], [MARC]])
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})

    def test_tried_again(self):
        """What is tried again waits again."""
        self.smtp.refuse[AZURE] = "550 5.1.1 no"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        document = self.document_of(order)
        self.assertEqual(document.state, "refused")
        self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)]).action_retry()
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"queued"})
        self.assertEqual(document.state, "queued")

    def test_followers_get_no_second_mail_by_a_retry(self):
        """A retry for a contact who was refused mails the followers in the same mail no second time."""
        lea = self.env["res.partner"].create({"name": "Lea", "email": "lea@x.example"})
        order = self.make_order()
        order.message_subscribe(lea.ids)
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.smtp.refuse[JOHN] = "451 4.7.1 greylisted"
        self.assertEqual(self.envelopes(composer), [[AZURE], ["lea@x.example"], [MARC]])
        document = self.document_of(order)
        notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        status = {n.res_partner_id: n.notification_status for n in notifications}
        self.assertEqual((status[lea], status[self.john]), ("sent", "exception"))
        self.smtp.refuse.clear()
        self.assertEqual(self.retried(document), [[JOHN]])
        self.assertEqual(set(notifications.mapped("notification_status")), {"sent"})

    def test_deleted_while_it_waits(self):
        """A document whose message or record is deleted while it waits in the queue will never leave."""
        for act in (lambda order, message: message.unlink(), lambda order, message: order.unlink()):
            order = self.make_order()
            wizard = self.compose(order).save()
            wizard.force_send = False
            wizard.with_context(mail_notify_force_send=False)._action_send_mail()
            document = self.document_of(order)
            order.action_cancel()
            act(order, self.env["mail.message"].browse(document.mail_message_id))
            self.assertEqual(document.state, "cancelled")

    def test_refused_for_ever(self):
        """What is refused for a day is given up, and says so in the chatter."""
        self.smtp.refuse[AZURE] = "451 4.7.1 greylisted"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        document = self.document_of(order)
        mail = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        self.assertEqual(mail.state, "outgoing")
        document.delivery_ids.event_ids.date = fields.Datetime.subtract(fields.Datetime.now(), days=2)
        mail.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(mail.state, "exception")
        self.assertEqual(document.state, "refused")
        notification = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        self.assertEqual(notification.notification_status, "exception")
        self.assertIn("451 4.7.1 greylisted", notification.failure_reason)

    def test_refused_contact_blocks_nobody(self):
        """A contact who is refused keeps nobody after it from getting the mail, and its notification says so."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(self.lawyer)
        self.smtp.refuse[JOHN] = "550 5.1.1 no"
        self.assertEqual(self.envelopes(composer), [[AZURE], [LAW], [MARC]])
        document = self.document_of(order)
        self.assertEqual({d.email: d.state for d in document.delivery_ids}[JOHN], "refused")
        notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        self.assertEqual(notifications.filtered(lambda n: n.res_partner_id == self.lawyer).notification_status, "sent")
        refused = notifications.filtered(lambda n: n.res_partner_id == self.john)
        self.assertEqual(refused.notification_status, "exception")
        self.assertIn("550 5.1.1 no", refused.failure_reason)
