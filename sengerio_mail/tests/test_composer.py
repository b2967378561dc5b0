"""What the composer shows before sending, and the sender's choices."""

import re

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import DocumentMailCase

AZURE, MARC, ANNA = "azure@azure.example", "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestComposer(DocumentMailCase):
    def line(self, composer):
        """Return the line as text."""
        return re.sub(r"<[^>]+>", "", str(composer.sengerio_summary or ""))

    def test_line(self):
        """One line says who gets it, who replies reach, and each address has its reason."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.add_copy(self.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=self.anna.partner_id.id)
        lea = self.env["res.partner"].create({"name": "Lea & Co", "email": "lea@ext.example"})
        order = self.make_order()
        order.message_subscribe(lea.ids)
        composer = self.compose(order)
        self.assertEqual(
            self.line(composer),
            f"To {AZURE}, buying@azure.example · Cc {ANNA} · Bcc {MARC} · Followers Lea &amp; Co · "
            f"Replies to {MARC}, catchall@firm.example · From &#34;Marc Junior&#34; &lt;{MARC}&gt;",
        )
        for reason in (
            "e-mail of Azure Interior", "commercial address of Azure Interior", "in copy of what Marc Junior sends",
            "blind copy to the sender",
        ):  # fmt: skip
            self.assertIn(f'title="{reason}"', composer.sengerio_summary)

    def test_line_follows_changes(self):
        """The line changes with the recipients, and is absent where nothing is listed."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.assertIn("To azure@azure.example, john@azure.example", self.line(composer))
        composer.sengerio_bcc_sender = False
        self.assertNotIn("Bcc", self.line(composer))
        self.assertFalse(self.compose_free(order, self.azure).sengerio_summary)

    def test_line_says_who_has_no_address(self):
        """A customer who cannot be mailed is named, and Send stays off as in Odoo."""
        self.azure.email = False
        composer = self.compose(self.make_order())
        self.assertIn("Azure Interior has no e-mail address", composer.sengerio_summary)
        self.assertFalse(composer.partner_ids_all_have_email)

    def test_line_shows_no_markup_of_others(self):
        """Names are shown as text."""
        self.azure.name = "<script>alert(1)</script>"
        self.assertNotIn("<script>", self.compose(self.make_order()).sengerio_summary)

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
