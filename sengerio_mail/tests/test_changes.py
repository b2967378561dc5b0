"""What is changed for one send is what is sent, and nothing else: over a real SMTP socket, by every way of sending."""

import json

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase, change

AZURE, BUYING, NEW = "azure@azure.example", "buying@azure.example", "new@ext.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"
SALE = ["access_token", "hash", "pid"]
SIGN_UP = ["access_token", "auth_signup_token", "hash", "pid"]


@tagged("post_install", "-at_install")
class TestChanges(DocumentMailCase):
    """Azure has one commercial row; Anna is in copy (Cc, not mandatory) of what Marc sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)
        cls.add_copy(cls, cls.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=cls.anna.partner_id.id)

    def wizard(self, order, user=None, **changes):
        """Return the composer of an order, with changes."""
        wizard = self.compose(order, user=user).save()
        wizard.sengerio_changes = change(**changes)
        return wizard

    def test_added_and_removed(self):
        """All at once: envelopes, headers and list are what was shown."""
        order = self.make_order()
        partners = self.env["res.partner"].search_count([])
        wizard = self.wizard(
            order, removed=[BUYING, ANNA], to=["second@ext.example"], cc=['"Guy, Ñew" <NEW@ext.example>'], bcc=[ANNA]
        )
        mails = self.send_wizard(wizard)
        to = [AZURE, "second@ext.example"]
        self.assertMails(
            mails,
            [
                {"rcpt": [AZURE], "to": to, "cc": [NEW], "secrets": SIGN_UP},
                {"rcpt": ["second@ext.example"], "to": to, "cc": [NEW]},
                {"rcpt": [NEW, ANNA, MARC], "to": to, "cc": [NEW]},
            ],
        )
        self.assertIn('"Guy, Ñew" <new@ext.example>', str(mails[0].message["Cc"]))
        self.assertLedger(
            self.document_of(order),
            [("to", AZURE, "sent"), ("to", "second@ext.example", "sent"), ("cc", NEW, "sent"), ("bcc", MARC, "sent"),
             ("bcc", ANNA, "sent")],
        )  # fmt: skip
        reasons = {delivery.email: delivery.reason for delivery in self.document_of(order).delivery_ids}
        self.assertEqual(reasons[NEW], "added for this message")
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_customer_replaced(self):
        """Without any contact the document goes to the addresses typed in."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.clear()
        wizard = composer.save()
        wizard.sengerio_changes = change(to=[NEW])
        self.assertMails(
            self.send_wizard(wizard),
            [{"rcpt": [NEW], "to": [NEW], "cc": [ANNA]}, {"rcpt": [ANNA, MARC], "to": [NEW], "cc": [ANNA]}],
        )

    def test_all_addresses_of_the_customer_removed(self):
        """A contact who is left with no address is not mailed by Odoo."""
        wizard = self.wizard(self.make_order(), removed=[AZURE, BUYING], to=[NEW])
        self.assertMails(
            self.send_wizard(wizard),
            [{"rcpt": [NEW], "to": [NEW], "cc": [ANNA]}, {"rcpt": [ANNA, MARC], "to": [NEW], "cc": [ANNA]}],
        )

    def test_nobody_in_to(self):
        """Nothing is posted when nobody is left in To."""
        order = self.make_order()
        before = order.message_ids
        wizard = self.wizard(order, removed=[AZURE, BUYING], cc=[NEW])
        self.assertIn("Nobody is in To", wizard.sengerio_recipients["warnings"][0]["text"])
        with self.assertRaisesRegex(UserError, "Nobody is in To"):
            wizard._action_send_mail()
        self.assertEqual((order.message_ids, self.smtp.take()), (before, []))

    def test_from_and_reply_to(self):
        """Chosen for one send, stronger than the template and the type; replies still find the record."""
        template = self.env.ref("sale.email_template_edi_sale")
        template.write({"reply_to": "ask@firm.example"})
        order = self.make_order(user=self.anna)
        for email_from, reply_to, expected_from, expected_reply in (
            ("", "", ANNA, ["ask@firm.example"]),
            ("sender", "", MARC, ["ask@firm.example"]),
            ("company", "", "info@firm.example", ["ask@firm.example"]),
            ("", "sender", ANNA, [MARC]),
            ("", "responsible_thread", ANNA, [ANNA, "catchall@firm.example"]),
            ("sender", "thread", MARC, ["catchall@firm.example"]),
        ):
            with self.subTest(email_from=email_from, reply_to=reply_to):
                wizard = self.wizard(order, email_from=email_from, reply_to=reply_to)
                shown = wizard.sengerio_recipients
                mails = self.send_wizard(wizard)
                self.assertEqual({tuple(mail.addresses("From")) for mail in mails}, {(expected_from,)})
                self.assertEqual({tuple(mail.addresses("Reply-To")) for mail in mails}, {tuple(expected_reply)})
                self.assertIn(expected_from, shown["from"]["text"])
                self.assertTrue(all(email in shown["reply_to"]["text"] for email in expected_reply))
                message = self.env["mail.message"].browse(self.document_of(order).mail_message_id)
                self.assertEqual(message.reply_to_force_new, not reply_to)

    def test_scheduled(self):
        """What was changed is sent when its time has come, though the rules have changed meanwhile."""
        order = self.make_order()
        wizard = self.wizard(order, removed=[ANNA], cc=[NEW], reply_to="sender")
        wizard.scheduled_date = fields.Datetime.add(fields.Datetime.now(), days=1)
        scheduled = wizard._action_schedule_message()
        self.assertEqual(self.smtp.take(), [])
        scheduled.scheduled_date = fields.Datetime.add(fields.Datetime.now(), days=2)
        scheduled._post_message()
        mails = self.smtp.take()
        to = [AZURE, BUYING]
        self.assertMails(
            mails, [{"rcpt": to, "to": to, "cc": [NEW], "secrets": SALE}, {"rcpt": [NEW, MARC], "to": to, "cc": [NEW]}]
        )
        self.assertEqual(mails[0].addresses("Reply-To"), [MARC])

    def test_scheduled_wrongly(self):
        """What cannot be sent is refused when it is scheduled, not when its time has come."""
        wizard = self.wizard(self.make_order(), cc=["nonsense"])
        wizard.scheduled_date = fields.Datetime.add(fields.Datetime.now(), days=1)
        with self.assertRaisesRegex(ValidationError, "nonsense"):
            wizard._action_schedule_message()

    def test_scheduled_message_is_its_authors(self):
        """Nobody else changes what a scheduled document carries: it is posted with its author's rights."""
        order = self.make_order()
        wizard = self.wizard(order, user=self.env.ref("base.user_admin"), cc=[NEW])
        wizard.scheduled_date = fields.Datetime.add(fields.Datetime.now(), days=1)
        scheduled = wizard._action_schedule_message()
        carried = json.loads(scheduled.notification_parameters)
        carried["sengerio_send"]["changes"] = change(bcc=["spy@ext.example"])
        with self.assertRaises(AccessError):
            scheduled.with_user(self.marc).notification_parameters = json.dumps(carried)
        scheduled._post_message()
        self.assertNotIn("spy@ext.example", [rcpt for mail in self.smtp.take() for rcpt in mail.rcpt])

    def test_delayed_and_queued(self):
        """A message whose notification waits, and a mail that waits in the queue, go where was decided."""
        order = self.make_order()
        wizard = self.wizard(order, removed=[ANNA], to=["second@ext.example"], cc=[NEW])
        values = wizard._prepare_mail_values(order.ids)[order.id]
        values["scheduled_date"] = fields.Datetime.add(fields.Datetime.now(), hours=1)
        order.with_user(self.marc).message_post(**values)
        self.assertEqual(self.smtp.take(), [])
        self.add_copy(self.azure, header="cc", email="later@x.example")  # rules of the time when it is mailed
        self.env["mail.message.schedule"].search([], limit=1, order="id desc").force_send()
        self.env.flush_all()
        to = [AZURE, BUYING, "second@ext.example"]
        cc = ["later@x.example", NEW]
        expected = [
            {"rcpt": [AZURE, BUYING], "to": to, "cc": cc, "secrets": SALE},
            {"rcpt": ["second@ext.example"], "to": to, "cc": cc},
            {"rcpt": [NEW, "later@x.example", MARC], "to": to, "cc": cc},
        ]
        self.assertMails(self.smtp.take(), expected)
        wizard = self.wizard(order, removed=[ANNA], to=["second@ext.example"], cc=[NEW])
        values = wizard._prepare_mail_values(order.ids)[order.id]
        order.with_user(self.marc).message_post(**{**values, "force_send": False})
        self.assertEqual(self.smtp.take(), [])
        self.env["mail.mail"].process_email_queue()
        self.assertMails(self.smtp.take(), expected)

    def test_retried(self):
        """Who was added and is refused for now gets it later, once; who has got it does not."""
        order = self.make_order()
        self.smtp.refuse = {"second@ext.example": "451 later", NEW: "451 later"}
        wizard = self.wizard(order, removed=[BUYING, ANNA], to=["second@ext.example"], cc=[NEW])
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            mails = self.send_wizard(wizard)
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE], [MARC]])
        self.smtp.refuse.clear()
        waiting = self.env["mail.mail"].search([("mail_message_id", "=", self.document_of(order).mail_message_id)])
        waiting.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        to = [AZURE, "second@ext.example"]
        self.assertMails(
            self.smtp.take(),
            [{"rcpt": ["second@ext.example"], "to": to, "cc": [NEW]}, {"rcpt": [NEW], "to": to, "cc": [NEW]}],
        )

    def test_mandatory_copies_stay(self):
        """Neither the composer nor a forged call takes off what an administrator has set as mandatory."""
        self.add_copy(self.azure, header="bcc", email="audit@firm.example", mandatory=True)
        self.add_copy(None, direction="sent_by", header="cc", email="archive@firm.example", mandatory=True)
        gone = ["audit@firm.example", "archive@firm.example"]
        order = self.make_order()
        wizard = self.wizard(order, removed=gone)
        locked = {t["email"]: t["locked"] for header in ("cc", "bcc") for t in wizard.sengerio_recipients[header]}
        self.assertEqual(locked, {ANNA: False, "archive@firm.example": True, "audit@firm.example": True, MARC: False})
        copies = [mail for mail in self.send_wizard(wizard) if AZURE not in mail.rcpt]
        self.assertEqual([mail.rcpt for mail in copies], [sorted([ANNA, MARC, *gone])])
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        send = {"type_id": quotation.id, "changes": change(removed=gone), "bcc_sender": False}
        order.with_user(self.marc).message_post(
            body="Hi", partner_ids=self.azure.ids, subtype_xmlid="mail.mt_comment", sengerio_send=send
        )
        copies = [mail for mail in self.smtp.take() if AZURE not in mail.rcpt]
        self.assertEqual([mail.rcpt for mail in copies], [sorted([ANNA, *gone])])

    def test_blind_copies_to_people_outside(self):
        """A user sends blind copies to colleagues, an administrator to anybody; what is refused is shown before."""
        order = self.make_order()
        wizard = self.wizard(order, bcc=[NEW])
        [tag] = [tag for tag in wizard.sengerio_recipients["bcc"] if tag["kind"] == "error"]
        self.assertEqual(tag["entry"], NEW)
        self.assertIn("administrator", tag["reason"])
        with self.assertRaisesRegex(AccessError, NEW):
            wizard._action_send_mail()
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        with self.assertRaisesRegex(AccessError, NEW):
            order.with_user(self.marc).message_post(
                body="Hi", partner_ids=self.azure.ids, subtype_xmlid="mail.mt_comment",
                sengerio_send={"type_id": quotation.id, "changes": change(bcc=[NEW])},
            )  # fmt: skip
        self.assertEqual(self.smtp.take(), [])
        self.marc.group_ids += self.env.ref("sengerio_mail.sengerio_mail_group_administrator")
        mails = self.send_wizard(self.wizard(order, bcc=[NEW]))
        self.assertIn([ANNA, MARC, NEW], [mail.rcpt for mail in mails])

    def test_unusable(self):
        """What cannot be mailed is named, and nothing leaves."""
        order = self.make_order()
        for changes, message in (
            ({"to": ["a@b@c.example"]}, "a@b@c.example"),
            ({"cc": ["catchall@firm.example"]}, "address of Odoo itself"),
            ({"cc": ["x@y.example\nBcc: z@z.example"]}, "line break"),
            ({"cc": ["a@x.example, b@x.example"]}, "more than one"),
        ):
            with self.subTest(changes=changes):
                wizard = self.wizard(order, **changes)
                [tag] = [t for h in ("to", "cc") for t in wizard.sengerio_recipients[h] if t["kind"] == "error"]
                self.assertIn(message, tag["reason"])
                with self.assertRaisesRegex(ValidationError, message):
                    wizard._action_send_mail()
        wizard = self.compose(order).save()
        wizard.sengerio_changes = {"added": "everybody"}
        with self.assertRaisesRegex(UserError, "cannot be understood"):
            wizard._action_send_mail()
        self.assertEqual(self.smtp.take(), [])

    def test_bounced(self):
        """An address whose mail came back is warned about when it is added."""
        self.add_address(self.john, "accounting", "gone@azure.example").sudo().bounce_state = "bad_address"
        wizard = self.wizard(self.make_order(), cc=["gone@azure.example"])
        [tag] = [tag for tag in wizard.sengerio_recipients["cc"] if tag["email"] == "gone@azure.example"]
        self.assertTrue(tag["bounced"])
        self.assertIn("gone@azure.example came back", wizard.sengerio_recipients["warnings"][0]["text"])

    def test_other_documents(self):
        """Where nobody is rerouted, nothing can be changed."""
        order = self.make_order()
        wizard = self.compose_free(order, self.azure, "plan.pdf").save()
        wizard.sengerio_changes = change(cc=[NEW], removed=[AZURE])
        wizard._action_send_mail()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE]])

    def test_suggestions(self):
        """Contacts, their role addresses and who has them, as far as the user may read; others get nothing."""
        self.add_address(self.john, "accounting", "gone@azure.example").sudo().bounce_state = "bad_address"
        suggestions = self.env["sengerio.mail.suggestion"].with_user(self.marc)
        found = suggestions.find("azure")
        self.assertEqual(
            [(s["partner_id"], s["email"], s["whole"], s["bounced"]) for s in found],
            [
                (self.azure.id, AZURE, True, False), (self.azure.id, BUYING, False, False),
                (self.john.id, "john@azure.example", True, False), (self.john.id, "gone@azure.example", False, True),
            ],
        )  # fmt: skip
        self.assertEqual([s["email"] for s in suggestions.find("buying@")], [AZURE, BUYING])
        self.john.sengerio_bounced_email = self.john.email_normalized
        [whole] = [s for s in suggestions.find("azure") if s["partner_id"] == self.john.id and s["whole"]]
        self.assertTrue(whole["bounced"])
        self.assertIn("came back", whole["detail"])
        self.assertEqual(suggestions.find(" "), [])
        portal = new_test_user(self.env, "portal_guest", "base.group_portal")
        with self.assertRaises(AccessError):
            suggestions.with_user(portal).find("azure")

    def test_suggestions_of_role_addresses_among_many_contacts(self):
        """Who has the address as a role address is found among many contacts whose own begins alike."""
        self.env["res.partner"].create(
            [{"name": f"Crowd {number:02}", "email": f"info@crowd{number}.example"} for number in range(20)]
        )
        self.add_address(self.azure, "accounting", "info@azure-books.example")
        found = self.env["sengerio.mail.suggestion"].with_user(self.marc).find("info@")
        self.assertIn("info@azure-books.example", [s["email"] for s in found])
        self.assertEqual(len([s for s in found if s["whole"]]), 8)

    def test_suggestions_by_a_few_queries(self):
        """As many queries for many contacts as for few."""
        suggestions = self.env["sengerio.mail.suggestion"].with_user(self.marc)
        counts = []
        suggestions.find("warm up")
        for number in (1, 2, 6):
            people = self.env["res.partner"].create(
                [{"name": f"Crowd{number} {n}", "email": f"c{n}@crowd.example"} for n in range(number)]
            )
            for person in people:
                self.add_address(person, "accounting", f"books{person.id}@crowd.example")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(suggestions.find(f"Crowd{number}")), 2 * number)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
