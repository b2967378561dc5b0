"""Which message is which document, and its From and Reply-To."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DocumentMailCase

MARC, ANNA, THREAD = "marc@firm.example", "anna@firm.example", "catchall@firm.example"


@tagged("post_install", "-at_install")
class TestRecognition(DocumentMailCase):
    def code_of(self, composer):
        """Return the type that a composer shows."""
        return composer.sengerio_type_id.code

    def test_template_decides(self):
        """A template of a type decides, whatever the record's state."""
        order = self.make_order()
        composer = self.compose(order)
        for template, code in (
            ("sale.email_template_edi_sale", "quotation"),
            ("sale.email_template_proforma", "quotation"),
            ("sale.mail_template_sale_confirmation", "booking_confirmation"),
            ("sale.mail_template_sale_payment_executed", "payment_receipt"),
            ("sengerio_mail.mail_template_order_cancellation", "order_cancellation"),
        ):
            composer.template_id = self.env.ref(template)
            self.assertEqual(self.code_of(composer), code)

    def test_own_button(self):
        """The record's own Send button makes a document by its state, with no template too."""
        order = self.make_order()
        composer = self.compose(order)
        composer.template_id = self.env["mail.template"]
        self.assertEqual(self.code_of(composer), "quotation")
        order.action_confirm()
        composer = self.compose(order)
        composer.template_id = self.env["mail.template"]
        self.assertEqual(self.code_of(composer), "booking_confirmation")
        composer = self.compose(self.make_purchase())
        composer.template_id = self.env["mail.template"]
        self.assertEqual(self.code_of(composer), "supplier_document")

    def test_own_template(self):
        """A template of the company's own is a document if it carries a report of the record."""
        order = self.make_order()
        template = self.env["mail.template"].create(
            {"name": "Ours", "model_id": self.env.ref("sale.model_sale_order").id, "subject": "Hi", "body_html": "Hi",
             "use_default_to": True}
        )  # fmt: skip
        composer = self.compose_free(order, self.azure)
        composer.template_id = template
        self.assertFalse(composer.sengerio_type_id)
        template.report_template_ids = self.env.ref("sale.action_report_saleorder")
        composer = self.compose_free(order, self.azure)
        composer.template_id = template
        self.assertEqual(self.code_of(composer), "quotation")

    def test_reminder(self):
        """The purchase reminder is no supplier document: it goes to the management, without a blind copy."""
        self.add_address(self.azure, "management", "boss@azure.example")
        purchase = self.make_purchase()
        purchase.button_confirm()
        action = purchase.with_user(self.marc)._send_reminder_open_composer(
            self.env.ref("purchase.email_template_edi_purchase_reminder").id
        )
        composer = self.env["mail.compose.message"].with_user(self.marc).with_context(**action["context"]).create({})
        composer._action_send_mail()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [["boss@azure.example"]])
        self.assertEqual(self.document_of(purchase).type_id.code, "supplier_reminder")

    def test_cancellation(self):
        """The cancellation goes to the management in the customer's language, without a blind copy."""
        self.add_address(self.azure, "management", "boss@azure.example")
        order = self.make_order(client_order_ref="X-42")
        order.action_cancel()
        composer = self.compose_free(order, self.azure)
        composer.template_id = self.env.ref("sengerio_mail.mail_template_order_cancellation")
        [mail] = self.send(composer)
        self.assertEqual(mail.rcpt, ["boss@azure.example"])
        self.assertIn("has been cancelled", mail.part("plain"))
        self.assertIn("X-42", mail.part("plain"))

    def test_never(self):
        """A note, a message without attachment, a message to colleagues: no document."""
        order = self.make_order()
        self.assertFalse(self.compose_free(order, self.azure).sengerio_type_id)
        self.send(self.compose_free(order, self.azure))
        composer = self.compose_free(order, self.anna.partner_id, "plan.pdf")
        composer.save()._action_send_mail()
        order.with_user(self.marc).message_post(
            body="Hello", partner_ids=self.azure.ids, subtype_xmlid="mail.mt_comment",
            attachments=[("plan.pdf", b"plan")],
        )  # fmt: skip
        note = self.compose_free(order, self.azure, "plan.pdf").save()
        note.subtype_id = self.env.ref("mail.mt_note")
        note._action_send_mail()
        self.assertFalse(self.document_of(order))

    def test_vendor_bill(self):
        """A message about a vendor bill is never a document."""
        bill = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": self.azure.id})
        marc = self.marc
        marc.group_ids += self.env.ref("account.group_account_invoice")
        composer = self.compose_free(bill, self.azure, "bill.pdf", user=marc)
        self.assertFalse(composer.sengerio_type_id)
        composer.save()._action_send_mail()
        self.assertFalse(self.document_of(bill))

    def test_archived_type(self):
        """An archived type is not recognised; its messages are other documents."""
        with self.policy("quotation", active=False):
            order = self.make_order()
            self.send(self.compose(order))
            self.assertEqual(self.document_of(order).type_id.code, "other")

    def test_company_type(self):
        """A company's own type replaces the shared one for its documents alone."""
        shared = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        own = shared.copy({"company_id": self.second_company.id, "bcc_sender": False, "role": "accounting"})
        self.add_address(self.azure, "accounting", "books@azure.example")
        first = self.make_order()
        self.assertEqual(self.compose(first).sengerio_type_id, shared)
        second = self.make_order(company_id=self.second_company.id).with_context(
            allowed_company_ids=[self.second_company.id, self.company.id]
        )
        self.assertEqual(self.compose(second).sengerio_type_id, own)
        self.assertEqual([mail.rcpt for mail in self.send(self.compose(second))], [["books@azure.example"]])

    def test_constraints(self):
        """Bad policies are refused, and named."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        reminder = self.env.ref("sengerio_mail.sengerio_mail_document_type_supplier_reminder")
        for document_type, values, words in (
            (reminder, {"bcc_sender": True}, "Supplier Reminder"),
            (quotation, {"from_policy": "site"}, "''"),
            (quotation, {"from_policy": "site", "from_email": "nonsense"}, "'nonsense'"),
            (quotation, {"reply_to_policy": "fixed", "reply_to_email": "a@x.example\nBcc: b@x.example"}, "Bcc"),
            (quotation, {"reply_to_policy": "field", "reply_to_field": "amount_total"}, "'amount_total'"),
            (quotation, {"reply_to_policy": "field"}, "''"),
            (quotation, {"domain": "[('no_such_field', '=', 1)]"}, "no_such_field"),
            (quotation, {"domain": "import os"}, "import os"),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                document_type.write(values)
            self.assertIn(words, str(caught.exception))
        with self.assertRaises(UserError) as caught, self.cr.savepoint():
            quotation.unlink()
        self.assertIn("Quotation", str(caught.exception))

    def test_alias_warning(self):
        """Replies to another model's alias would make new records: the form says so."""
        self.env["mail.alias"].create(
            {"alias_name": "contacts", "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
             "alias_domain_id": self.alias_domain.id}
        )  # fmt: skip
        with self.policy("quotation", reply_to_policy="fixed", reply_to_email="contacts@firm.example") as quotation:
            self.assertIn("contacts@firm.example", quotation.reply_to_warning)
            quotation.reply_to_email = "people@firm.example"
            self.assertFalse(quotation.reply_to_warning)


@tagged("post_install", "-at_install")
class TestFromAndReplyTo(DocumentMailCase):
    def sent(self, order, user=None):
        """Send and return ``(From, Reply-To addresses, MAIL FROM)`` of the customer's mail."""
        mails = self.send(self.compose(order, user=user))
        [customer] = [mail for mail in mails if mail.rcpt == ["azure@azure.example"]]
        self.assertEqual({str(mail.message["From"]) for mail in mails}, {str(customer.message["From"])})
        return str(customer.message["From"]), customer.addresses("Reply-To"), customer.mail_from

    def test_shipped(self):
        """From as the template says (the responsible); replies to the responsible and the record."""
        self.assertEqual(
            self.sent(self.make_order(), user=self.anna),
            ("Marc Junior <marc@firm.example>", [MARC, THREAD], "bounce@firm.example"),
        )

    def test_from(self):
        """From the sender, a fixed address with and without the sender's name, the company."""
        for policy, email, expected in (
            ("sender", False, "Anna Senior <anna@firm.example>"),
            ("site", '"The Firm, Sales" <Sales@firm.example>', '"The Firm, Sales" <sales@firm.example>'),
            ("site", "sales@firm.example", "Firm <sales@firm.example>"),
            ("site_sender_name", "sales@firm.example", "Anna Senior <sales@firm.example>"),
            ("company", False, "Firm <info@firm.example>"),
        ):
            with self.subTest(policy=policy), self.policy("quotation", from_policy=policy, from_email=email):
                order = self.make_order()
                self.assertEqual(self.sent(order, user=self.anna)[0], expected)
                document = self.document_of(order)
                self.assertEqual(document.email_from, expected)
                message = self.env["mail.message"].browse(document.mail_message_id)
                author = self.anna if policy == "sender" else self.marc
                self.assertEqual(message.author_id, author.partner_id)

    def test_reply_to(self):
        """The sender, the responsible, the record alone, a field of the record, a fixed address."""
        referrer = self.env["res.partner"].create({"name": "Referrer", "email": "Ref@X.example"})
        for policy, values, expected in (
            ("responsible_thread", {}, [MARC, THREAD]),
            ("sender", {}, [ANNA]),
            ("responsible", {}, [MARC]),
            ("thread", {}, [THREAD]),
            ("field", {"reply_to_field": "partner_shipping_id"}, ["ref@x.example"]),
            ("field", {"reply_to_field": "partner_id.user_id"}, [ANNA]),
            ("fixed", {"reply_to_email": "sales@firm.example"}, ["sales@firm.example"]),
        ):
            with self.subTest(policy=policy, **values), self.policy("quotation", reply_to_policy=policy, **values):
                self.azure.user_id = self.anna
                order = self.make_order(partner_shipping_id=referrer.id)
                self.assertEqual(self.sent(order, user=self.anna)[1], expected)
                message = self.env["mail.message"].browse(self.document_of(order).mail_message_id)
                self.assertFalse(message.reply_to_force_new)

    def test_nobody_to_reply_to(self):
        """No responsible: the sender; somebody archived or without address: the record; no alias domain: no thread."""
        order = self.make_order()
        order.user_id = False
        self.assertEqual(self.sent(order, user=self.anna)[1], [ANNA, THREAD])
        self.marc.active = False
        with self.policy("quotation", reply_to_policy="responsible"):
            self.assertEqual(self.sent(self.make_order(), user=self.anna)[1], [THREAD])
        self.marc.active = True
        self.company.alias_domain_id = False
        self.assertEqual(self.sent(self.make_order(), user=self.anna)[1], [MARC])

    def test_template_wins(self):
        """An explicit Reply-To of the template is stronger than the policy."""
        self.env.ref("sale.email_template_edi_sale").reply_to = "template@firm.example"
        self.assertEqual(self.sent(self.make_order())[1], ["template@firm.example"])

    def test_long_names(self):
        """A Reply-To whose name would make it too long is written bare; it is whole either way."""
        self.marc.name = "Marc-Antoine " * 6
        _from, reply_to, _mail_from = self.sent(self.make_order())
        self.assertEqual(reply_to, [MARC, THREAD])
        self.marc.name = 'Marc "The, Man" Ünior'
        _from, reply_to, _mail_from = self.sent(self.make_order())
        self.assertEqual(reply_to, [MARC, THREAD])

    def test_reply_reaches_the_record(self):
        """A reply to the record's address, with the document's Message-Id, is filed with the order."""
        order = self.make_order()
        customer, _copies = self.send(self.compose(order))
        self.env["mail.thread"].message_process(
            "sale.order",
            f"From: john@azure.example\r\nTo: {THREAD}\r\nSubject: Re\r\nMessage-Id: <reply@azure.example>\r\n"
            f"In-Reply-To: {customer.message['Message-Id']}\r\n\r\nFine.",
        )
        self.assertIn("Fine.", order.message_ids[0].body)
