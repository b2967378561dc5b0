"""A mail that is one of several people's: what happens to one of them loses nothing of the others."""

import socket

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_retries import AZURE, JOHN, LAW, MARC, RetryCase


@tagged("post_install", "-at_install")
class TestRetriesMixed(RetryCase):
    def left_to_the_queue(self, order):
        """Send, and let the mail wait."""
        wizard = self.compose(order).save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        self.assertEqual(self.smtp.take(), [])
        return self.document_of(order)

    def test_by_somebody_of_other_companies(self):
        """A mail of a company's salesperson may be sent by whoever has further companies active."""
        self.marc.company_ids = self.marc.company_id
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        wizard = composer.save()
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        self.smtp.refuse[JOHN] = "550 5.1.1 No such user"
        admin, both = self.env.ref("base.user_admin"), self.second_company | self.company
        admin.company_ids |= both
        self.waiting(document).with_user(admin).with_context(allowed_company_ids=both.ids).send()
        self.assertEqual(order.activity_ids.user_id, self.marc)
        states = {delivery.email: delivery.state for delivery in document.delivery_ids}
        self.assertEqual(states, {AZURE: "sent", JOHN: "refused", MARC: "sent"})
        self.smtp.take()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.smtp.take(), [])

    def test_beside_nobodys_address(self):
        """Who is refused for now is tried again though a follower in the same mail has no address."""
        order = self.make_order()
        order.message_subscribe(self.env["res.partner"].create({"name": "Nobody"}).ids)
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.smtp.refuse[JOHN] = "451 4.7.1 greylisted"
        self.assertEqual(self.envelopes(composer), [[AZURE], [MARC]])
        document = self.document_of(order)
        self.assertEqual(self.waiting(document).mapped("state"), ["outgoing"])
        notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        johns = notifications.filtered(lambda notification: notification.res_partner_id == self.john)
        self.assertEqual(johns.notification_status, "exception")
        self.smtp.refuse.clear()
        self.assertEqual(self.retried(document), [[JOHN]])
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})
        self.assertEqual(johns.notification_status, "sent")
        self.assertFalse(self.waiting(document))

    def test_each_is_told(self):
        """Whoever was refused is not told to have got it though Odoo names another, and each by its own words."""
        nobody, lea = self.env["res.partner"].create([{"name": "Nobody"}, {"name": "Lea", "email": "lea@x.example"}])
        said = {"lea@x.example": "5.1.1 Lea", LAW: "closed"}
        for name, other, follows, johns in (
            ("no address", nobody, True, "550 5.1.1 John"),
            ("no address, and a retry", nobody, True, "451 4.2.1 John"),
            ("a follower refused", lea, True, "550 5.1.1 John"),
            ("a follower refused, and a retry", lea, True, "451 4.2.1 John"),
            ("the connection lost", self.lawyer, False, "550 5.1.1 John"),
        ):
            with self.subTest(name):
                order = self.make_order()
                composer = self.compose(order)
                composer.partner_ids.add(self.john)
                if follows:
                    order.message_subscribe(other.ids)
                else:
                    composer.partner_ids.add(other)
                    self.smtp.close_at(other.email)
                self.smtp.refuse.update({JOHN: johns, "lea@x.example": "550 5.1.1 Lea"})
                with mute_logger("odoo.addons.mail.models.mail_mail"):
                    self.assertEqual(self.envelopes(composer), [[AZURE], [MARC]])
                document = self.document_of(order)
                notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
                told = {notification.res_partner_id: notification for notification in notifications}
                self.assertEqual(told[self.azure].notification_status, "sent")
                self.assertEqual((told[self.john].notification_status, told[self.john].failure_reason),
                                 ("exception", johns))  # fmt: skip
                self.assertEqual(told[other].notification_status, "exception")
                self.assertIn(said.get(other.email, "valid recipient"), told[other].failure_reason)
                self.assertNotIn("John", told[other].failure_reason)
                self.assertEqual(self.waiting(document).state, "outgoing" if johns.startswith("4") else "exception")
                self.assertEqual(bool(order.activity_ids), johns.startswith("5"))

    def test_no_connection_for_several(self):
        """Without a connection, what was refused for now goes on waiting, and the others in the queue fail."""
        self.smtp.refuse[AZURE] = "451 4.7.1 greylisted"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [])
        refused, queued = self.document_of(order), self.left_to_the_queue(self.make_order())
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.mail_server.smtp_port = closed.getsockname()[1]
        self.assertEqual(self.retried(refused), [])
        self.assertEqual((self.waiting(refused).state, self.waiting(queued).state), ("outgoing", "exception"))
        for document, words in ((refused, "greylisted"), (queued, "refused")):
            [notification] = self.env["mail.message"].browse(document.mail_message_id).notification_ids
            self.assertEqual(notification.notification_status, "exception")
            self.assertIn(words, notification.failure_reason)

    def test_document_deleted_while_it_waits(self):
        """What waits leaves no more when an administrator deletes its document: Odoo's own mail would go to others."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        chief = new_test_user(self.env, "chief", "sengerio_mail.sengerio_mail_group_administrator")
        queued = self.left_to_the_queue(self.make_order())
        self.smtp.refuse[AZURE] = "451 4.7.1 greylisted"
        order = self.make_order()
        self.envelopes(self.compose(order))
        refused = self.document_of(order)
        self.smtp.refuse.clear()
        mails = self.waiting(queued) | self.waiting(refused)
        self.assertEqual(mails.mapped("state"), ["outgoing", "outgoing"])
        (queued | refused).with_user(chief).unlink()
        mails.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.smtp.take(), [])
        self.assertEqual(set(mails.exists().mapped("state")), {"cancel"})

    def test_without_the_activity_type(self):
        """What left is recorded, and so is what came back, though nobody can have it to do any more."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.env.ref("sengerio_mail.sengerio_mail_activity_attention").unlink()
        self.smtp.refuse["buying@azure.example"] = "550 5.1.1 No such user"
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [[AZURE], [MARC]])
        document = self.document_of(order)
        self.assertEqual(document.delivery_ids.mapped("state"), ["sent", "refused", "sent"])
        document.delivery_ids[0].state = "soft_bounce"
        document._follow(document.delivery_ids[0], self.env["ir.attachment"])
        self.assertEqual(document.state, "refused")

    def test_blind_copy_in_a_reason(self):
        """What the mail server said of a blind copy is told to nobody by another contact's notification."""
        self.add_copy(self.azure, header="bcc", email="secret@x.example", mandatory=True)
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        composer.partner_ids.add(self.lawyer)
        self.smtp.refuse.update(dict.fromkeys(("secret@x.example", LAW), "451 4.7.1 greylisted"))
        self.smtp.refuse[AZURE] = "550 5.1.1 No such user"  # so that the copies go with the others' mail
        self.assertEqual(self.envelopes(composer), [[JOHN], [MARC]])
        document = self.document_of(order)
        notifications = self.env["mail.message"].browse(document.mail_message_id).notification_ids
        told = str(notifications.mapped("failure_reason") + self.waiting(document).mapped("failure_reason"))
        self.assertIn(LAW, told)
        self.assertNotIn("secret", told)
