"""What a mail server did not take: who is mailed again, who is not, and what Odoo says of it."""

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

AZURE, JOHN, LAW = "azure@azure.example", "john@azure.example", "law@law.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestRetries(DocumentMailCase):
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

    def test_connection_lost_at_the_copies(self):
        """The customer is not mailed again, and the next contact gets its mail over a new connection."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.john.lang = "fr_FR"
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.smtp.fail_data = lambda envelope: "421 4.3.2 closing" if MARC in envelope.rcpt_tos else None
        self.assertEqual(self.envelopes(composer), [[AZURE], [JOHN]])
        document = self.document_of(order)
        self.assertEqual((document.state, document.copy_failed), ("sent", True))
        self.assertFalse(self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)]))

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
        """Copies that did not leave with the first contact's message leave with the next one's."""
        kate = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.remove(self.azure.id)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(kate)
        self.smtp.fail_data = lambda envelope: "451 4.3.0 busy" if "kate@x.example" in envelope.rcpt_tos else None
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.assertEqual(self.envelopes(composer), [[JOHN]])
        self.smtp.fail_data = None
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
