"""What the composer shows before sending, and the sender's choices."""

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools.mail import email_split

from .common import DocumentMailCase

AZURE, MARC, ANNA = "azure@azure.example", "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestComposer(DocumentMailCase):
    def shown(self, composer):
        """Return what is shown: for each header its addresses."""
        preview = composer.sengerio_recipients
        return {header: [tag["email"] for tag in preview[header]] for header in ("to", "cc", "bcc", "followers")}

    def test_preview(self):
        """The composer shows who gets it, who replies reach, and each address has its reason."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.add_copy(self.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=self.anna.partner_id.id)
        lea = self.env["res.partner"].create({"name": "Lea & Co", "email": "lea@ext.example"})
        order = self.make_order()
        order.message_subscribe(lea.ids)
        composer = self.compose(order)
        self.assertEqual(
            self.shown(composer),
            {"to": [AZURE, "buying@azure.example"], "cc": [ANNA], "bcc": [MARC], "followers": ["lea@ext.example"]},
        )
        preview = composer.sengerio_recipients
        reasons = {tag["email"]: tag["reason"] for header in ("to", "cc", "bcc") for tag in preview[header]}
        self.assertEqual(
            reasons,
            {
                AZURE: "e-mail of Azure Interior",
                "buying@azure.example": "commercial address of Azure Interior",
                ANNA: "in copy of what Marc Junior sends",
                MARC: "blind copy to the sender",
            },
        )
        self.assertEqual(preview["from"]["text"], f"Marc Junior <{MARC}>")
        self.assertEqual(email_split(preview["reply_to"]["text"]), [MARC, "catchall@firm.example"])
        mails = self.send(composer)
        self.assertEqual({str(mail.message["From"]) for mail in mails}, {f"Marc Junior <{MARC}>"})
        self.assertEqual(mails[0].addresses("Reply-To"), [MARC, "catchall@firm.example"])

    def test_preview_follows_changes(self):
        """It changes with the recipients, and is absent where nothing is listed."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.assertEqual(self.shown(composer)["to"], [AZURE, "john@azure.example"])
        composer.sengerio_bcc_sender = False
        self.assertEqual(self.shown(composer)["bcc"], [])
        self.assertFalse(self.compose_free(order, self.azure).sengerio_recipients)

    def test_preview_says_who_has_no_address(self):
        """A customer who cannot be mailed is named with where to add an address, and Send stays off as in Odoo."""
        self.azure.email = False
        composer = self.compose(self.make_order())
        [tag] = composer.sengerio_recipients["to"]
        self.assertEqual((tag["name"], tag["kind"], tag["partner_id"]), ("Azure Interior", "missing", self.azure.id))
        warnings = composer.sengerio_recipients["warnings"]
        self.assertIn(
            ("Azure Interior has no e-mail address", self.azure.id, "Add an address"),
            [(warning["text"], warning["partner_id"], warning["action"]) for warning in warnings],
        )
        self.assertFalse(composer.partner_ids_all_have_email)

    def test_preview_shows_everybody_addressed(self):
        """Whoever is addressed can be seen and taken off: notified in Odoo, or reached by another's address."""
        self.anna.notification_type = "inbox"
        twin = self.env["res.partner"].create({"name": "Twin", "email": AZURE})
        composer = self.compose(self.make_order())
        composer.partner_ids.add(self.anna.partner_id)
        composer.partner_ids.add(twin)
        tags = {tag["partner_id"]: (tag["email"], tag["kind"]) for tag in composer.sengerio_recipients["to"]}
        self.assertEqual(
            tags,
            {self.azure.id: (AZURE, "contact"), self.anna.partner_id.id: ("", "inbox"), twin.id: ("", "contact")},
        )

    def test_switch(self):
        """The sender can switch the blind copy for one send, off and on, against the own opt-out too."""
        order = self.make_order()
        composer = self.compose(order)
        self.assertTrue(composer.sengerio_bcc_sender)
        composer.sengerio_bcc_sender = False
        self.assertEqual([mail.rcpt for mail in self.send(composer)], [[AZURE]])
        self.marc.sengerio_bcc_opt_out = True
        composer = self.compose(order)
        self.assertFalse(composer.sengerio_bcc_sender)
        self.assertEqual([mail.rcpt for mail in self.send(composer)], [[AZURE]])
        composer = self.compose(order)
        composer.sengerio_bcc_sender = True
        self.assertEqual([mail.rcpt for mail in self.send(composer)], [[AZURE], [MARC]])
        with self.policy("quotation", bcc_sender=False):
            self.marc.sengerio_bcc_opt_out = False
            self.assertEqual([mail.rcpt for mail in self.send(self.compose(order))], [[AZURE]])

    def test_opt_out_is_the_users_own(self):
        """A user changes the own opt-out without rights on users."""
        self.marc.with_user(self.marc).write({"sengerio_bcc_opt_out": True})
        self.assertTrue(self.marc.with_user(self.marc).read(["sengerio_bcc_opt_out"])[0]["sengerio_bcc_opt_out"])

    def test_no_switch_elsewhere(self):
        """A type without blind copy has no switch, and asking for one changes nothing."""
        order = self.make_order()
        order.action_cancel()
        composer = self.compose_free(order, self.azure)
        composer.template_id = self.env.ref("sengerio_mail.mail_template_order_cancellation")
        self.assertFalse(composer.sengerio_may_copy_sender)
        wizard = composer.save()
        wizard.sengerio_bcc_sender = True
        wizard._action_send_mail()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE]])

    def test_senders_own_address(self):
        """The blind copy goes to the user's own row for the type's role, else to the user's e-mail."""
        self.add_address(self.marc.partner_id, "accounting", "marc.books@firm.example")
        self.assertEqual([m.rcpt for m in self.send(self.compose(self.make_order()))], [[AZURE], [MARC]])
        self.add_address(self.marc.partner_id, "commercial", "marc.sales@firm.example")
        mails = self.send(self.compose(self.make_order()))
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE], ["marc.sales@firm.example"]])

    def test_generic_sender(self):
        """The generic From address gets no blind copy, and the copy goes to who sends, not to the responsible."""
        mails = self.send(self.compose(self.make_order(), user=self.anna))
        self.assertIn([ANNA], [mail.rcpt for mail in mails])
        document = self.env["sengerio.mail.document"].search([], limit=1)
        self.assertEqual((document.sender_id, document.responsible_id), (self.anna, self.marc))
        with self.policy("quotation", from_policy="site", from_email="marc@firm.example"):
            self.assertEqual([m.rcpt for m in self.send(self.compose(self.make_order()))], [[AZURE]])

    def test_scheduled(self):
        """A message sent later is still the document, with the choices made when it was written."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        order = self.make_order()
        for wanted, expected in ((False, []), (True, [[MARC]])):
            composer = self.compose(order)
            composer.sengerio_bcc_sender = wanted
            wizard = composer.save()
            wizard.scheduled_date = fields.Datetime.add(fields.Datetime.now(), days=1)
            scheduled = wizard._action_schedule_message()
            self.assertEqual(self.smtp.take(), [])
            scheduled._post_message()
            self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE, "buying@azure.example"], *expected])
            document = self.document_of(order)
            self.assertEqual((document.type_id.code, document.sender_id), ("quotation", self.marc))

    def test_forged_send(self):
        """What a caller claims of the sender does not count, nor an unknown type; no address becomes a header."""
        order = self.make_order()
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        send = {"type_id": quotation.id, "sender_id": self.anna.id, "email_to": ["x@y.example\nBcc: z@z.example"]}
        post = {"body": "Hi", "partner_ids": self.azure.ids, "subtype_xmlid": "mail.mt_comment"}
        order.with_user(self.marc).message_post(**post, sengerio_send=send)
        document = self.document_of(order)
        self.assertEqual(document.sender_id, self.marc)
        mails = self.smtp.take()
        self.assertEqual(sorted(mail.rcpt for mail in mails), [[AZURE], [MARC], ["x@y.example"]])
        self.assertNotIn("z@z.example", "".join(mail.message.as_string() for mail in mails))
        order.with_user(self.marc).message_post(**post, sengerio_send={"type_id": 0})
        self.assertEqual(self.document_of(order), document)

    def test_confirmation_without_dialog(self):
        """An order confirmed with its mail is a booking confirmation with the copies of who confirms."""
        order = self.make_order()
        order.with_user(self.anna).with_context(send_email=True).action_confirm()
        self.env.flush_all()
        document = self.document_of(order)
        self.assertEqual((document.type_id.code, document.sender_id), ("booking_confirmation", self.anna))
        self.assertIn([ANNA], [mail.rcpt for mail in self.smtp.take()])

    def test_addresses_of_the_form(self):
        """Addresses and copies can be typed on the partner's and the user's form."""
        with Form(self.azure) as form, form.sengerio_address_ids.new() as row:
            row.role = "accounting"
            row.email = "Books@Azure.example"
        self.assertEqual(self.azure.sengerio_address_ids.email, "books@azure.example")
        with self.assertRaises(ValidationError), Form(self.azure) as form, form.sengerio_address_ids.new() as row:
            row.email = "nonsense"
        with Form(self.azure) as form, form.sengerio_copy_ids.new() as copy:
            copy.copy_partner_id = self.anna.partner_id
        self.assertEqual(self.azure.sengerio_copy_ids.header, "cc")
        with Form(self.marc, view="base.view_users_form") as form, form.sengerio_copy_ids.new() as copy:
            copy.copy_partner_id = self.anna.partner_id
        self.assertEqual(self.marc.partner_id.sengerio_copy_ids.direction, "sent_by")
