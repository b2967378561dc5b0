"""Mail that nobody writes in a dialog: confirmations, jobs, templates, server actions, mass mode."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from .common import DocumentMailCase

AZURE, BUYING, BOOKS, BOSS = (f"{name}@azure.example" for name in ("azure", "buying", "books", "boss"))
MARC, ANNA = "marc@firm.example", "anna@firm.example"
SALE = ["access_token", "hash", "pid"]


@tagged("post_install", "-at_install")
class TestAutomatic(DocumentMailCase):
    """Marc is the responsible; Anna acts, or nobody does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role, address in (("commercial", BUYING), ("accounting", BOOKS), ("management", BOSS)):
            cls.add_address(cls, cls.azure, role, address)
        cls.root = cls.env.ref("base.user_root")
        cls.public = cls.env.ref("base.public_user")

    def arrived(self):
        """Return the envelopes of what arrived, those of Odoo's own mails to followers left out."""
        self.env.flush_all()
        mails = self.smtp.take()
        return sorted(mail.rcpt for mail in mails if mail.message["X-Sengerio-Document"])

    def assertDocument(self, record, code, sender):
        """Check the type and the sender of a record's newest document, and its states."""
        document = self.document_of(record)
        self.assertEqual((document.type_id.code, document.sender_id.login), (code, sender.login))
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"sent"})

    def run_cron(self, xmlid):
        """Run a job as Odoo does, then the queue that it leaves its mails to."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()
        self.env["mail.mail"].process_email_queue()

    def test_confirmed_by_signature_or_payment(self):
        """A customer who signs or pays in the portal: the blind copy goes to the responsible."""
        order = self.make_order()
        order.with_user(self.public).sudo()._validate_order()
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [MARC]]))
        self.assertDocument(order, "booking_confirmation", self.marc)

    def test_deferred(self):
        """A confirmation left to a job: the blind copy goes to who confirmed, not to the responsible or OdooBot."""
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        order = self.make_order()
        order.with_user(self.anna)._validate_order()
        self.assertEqual(self.arrived(), [])
        self.run_cron("sale.send_pending_emails_cron")
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [ANNA]]))
        self.assertDocument(order, "booking_confirmation", self.anna)
        by_customer = self.make_order()
        by_customer.with_user(self.public).sudo()._validate_order()
        self.run_cron("sale.send_pending_emails_cron")
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [MARC]]))

    def test_deferred_preferences(self):
        """Left to a job, whether there is a blind copy is up to who confirmed, whoever is responsible."""
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        for responsible, opted_out, copies in (
            (self.env["res.users"], self.env["res.users"], [[ANNA]]),
            (self.marc, self.marc, [[ANNA]]),
            (self.marc, self.anna, []),
        ):
            with self.subTest(responsible=responsible.login, opted_out=opted_out.login):
                (self.anna | self.marc).sengerio_bcc_opt_out = False
                opted_out.sengerio_bcc_opt_out = True
                order = self.make_order()
                order.user_id = responsible
                order.with_user(self.anna)._validate_order()
                self.run_cron("sale.send_pending_emails_cron")
                self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], *copies]))

    def test_payment_received(self):
        """The payment-executed mail is a payment receipt: to the accounting addresses, without a blind copy."""
        order = self.make_order()
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": self.env["payment.provider"].search([], limit=1).id,
                "payment_method_id": self.env["payment.method"].with_context(active_test=False).search([], limit=1).id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id, "partner_id": self.azure.id, "reference": "paid-1",
                "sale_order_ids": [Command.set(order.ids)], "state": "pending",
            }
        )  # fmt: skip
        self.assertTrue(transaction)
        order.with_user(self.public).sudo()._send_payment_succeeded_for_order_mail()
        self.assertEqual(self.arrived(), [[BOOKS]])
        self.assertDocument(order, "payment_receipt", self.marc)

    def test_purchase_reminder(self):
        """The reminder job writes to the supplier's management, without a blind copy."""
        purchase = self.make_purchase()
        purchase.button_confirm()
        purchase.write(
            {"receipt_reminder_email": True, "reminder_date_before_receipt": 1,
             "date_planned": fields.Datetime.add(fields.Datetime.now(), days=1)}
        )  # fmt: skip
        self.run_cron("purchase.purchase_send_reminder_mail")
        self.assertEqual(self.arrived(), [[BOSS]])
        self.assertDocument(purchase, "supplier_reminder", self.marc)

    def test_template_send_mail(self):
        """A template sent in code is a document like from the composer; also by a server action."""
        order = self.make_order()
        template = self.env.ref("sale.email_template_edi_sale")
        action = self.env["ir.actions.server"].create(
            {"name": "Mail", "model_id": self.env["ir.model"]._get_id("sale.order"), "state": "mail_post",
             "template_id": template.id, "mail_post_method": "email"}
        )  # fmt: skip
        for act in (
            lambda: template.with_user(self.anna).send_mail(order.id, force_send=True),
            lambda: action.with_user(self.anna).with_context(active_model="sale.order", active_id=order.id).run(),
        ):
            act()
            self.env["mail.mail"].process_email_queue()
            self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [ANNA]]))
            self.assertDocument(order, "quotation", self.anna)
            document = self.document_of(order)
            self.assertEqual(len(document.attachment_ids.exists()), 1)
            self.assertIn(MARC, document.reply_to)
        self.assertEqual(order.sengerio_document_count, 2)

    def test_template_with_odd_addresses(self):
        """Whom Odoo would mail by a template gets the document, however the template writes the address."""
        template = self.env.ref("sale.email_template_edi_sale").copy(
            {"use_default_to": False, "partner_to": f"{self.azure.id}",
             "email_to": "Sales Team sales@x.example, a@x.example b@x.example", "email_cc": "mailto:cc@x_y.example"}
        )  # fmt: skip
        template.with_user(self.anna).send_mail(self.make_order().id, force_send=True)
        to = sorted(["sales@x.example", "a@x.example", "b@x.example"])
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], to, sorted([ANNA, "cc@x_y.example"])]))

    def test_template_to_the_address(self):
        """Where a template names the customer's address instead of the customer, copies of its mail leave as ever."""
        self.add_copy(self.azure, header="cc", email="audit@x.example", mandatory=True)
        template = self.env.ref("sale.email_template_edi_sale").copy(
            {"use_default_to": False, "partner_to": False, "email_to": "{{ object.partner_id.email }}"}
        )
        template.with_user(self.anna).send_mail(self.make_order().id, force_send=True)
        self.assertEqual(self.arrived(), sorted([[AZURE], sorted([ANNA, "audit@x.example"])]))
        template.email_to = "stranger@x.example"
        template.with_user(self.anna).send_mail(self.make_order().id, force_send=True)
        self.assertEqual(self.arrived(), sorted([["stranger@x.example"], [ANNA]]))

    def test_template_with_addresses(self):
        """Addresses of a template sent in code stay plain, To and Cc; nobody is mailed twice."""
        template = self.env.ref("sale.email_template_edi_sale").copy(
            {"use_default_to": False, "partner_to": f"{self.azure.id},{self.john.id}", "email_to": "Plain@x.example",
             "email_cc": f"cc@x.example, {AZURE}"}
        )  # fmt: skip
        self.john.email = AZURE
        with self.policy("quotation", template_ids=[Command.link(template.id)]):
            template.with_user(self.anna).send_mail(self.make_order().id, force_send=True)
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], ["plain@x.example"], [ANNA, "cc@x.example"]]))

    def test_other_templates(self):
        """A template with an attachment and no type is an other document; without attachment it is none."""
        partner_model = self.env["ir.model"]._get_id("res.partner")
        template = self.env["mail.template"].create(
            {"name": "Hello", "model_id": partner_model, "subject": "Hello", "body_html": "<p>Hi</p>",
             "email_to": "{{ object.email }}", "use_default_to": False}
        )  # fmt: skip
        template.send_mail(self.azure.id, force_send=True)
        self.assertFalse(self.document_of(self.azure))
        template.attachment_ids = self.env["ir.attachment"].create({"name": "plan.txt", "raw": b"plan"})
        template.send_mail(self.azure.id, force_send=True)
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE], [AZURE]])
        self.assertEqual(self.document_of(self.azure).type_id.code, "other")
        self.assertLedger(self.document_of(self.azure), [("to", AZURE, "sent")])

    def test_preview_to_oneself(self):
        """A sample of the purchase reminder that a buyer sends to the own address is no document."""
        purchase = self.make_purchase()
        purchase.button_confirm()
        purchase.with_user(self.marc).send_reminder_preview()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[MARC]])
        self.assertFalse(self.document_of(purchase))

    def test_mass_mode(self):
        """Several orders at once: each is a document of its own with one blind copy; a role address suffices."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        self.add_address(mute, "commercial", "voice@mute.example")
        silent = self.env["res.partner"].create({"name": "Silent"})
        orders = self.make_order() | self.make_order(partner=mute) | self.make_order(partner=silent)
        action = orders.with_user(self.anna).action_quotation_send()
        composer = (
            self.env["mail.compose.message"].with_user(self.anna).with_context(**action["context"])
            .create({"template_id": self.env.ref("sale.email_template_edi_sale").id})
        )  # fmt: skip
        self.assertEqual(composer.composition_mode, "mass_mail")
        composer._action_send_mail()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(
            self.arrived(), sorted([[AZURE, BUYING], ["voice@mute.example"], [ANNA], [ANNA]])
        )
        for order, addressed in ((orders[0], [AZURE, BUYING]), (orders[1], ["voice@mute.example"])):
            self.assertDocument(order, "quotation", self.anna)
            document = self.document_of(order)
            self.assertEqual(document.delivery_ids.mapped("email"), [*addressed, ANNA])
            self.assertEqual(document.to_addresses, ", ".join(addressed))
            message = self.env["mail.message"].browse(document.mail_message_id)
            self.assertTrue(document.attachment_ids)
            self.assertEqual(document.attachment_ids, message.attachment_ids)
            self.assertEqual(set(document.attachment_ids.mapped("res_id")), {order.id})
        self.assertFalse(self.document_of(orders[2]))

    def test_with_source(self):
        """message_post_with_source and message_mail_with_source with a template are documents."""
        template = "sale.email_template_edi_sale"
        order = self.make_order()
        order.with_user(self.anna).message_post_with_source(template, subtype_xmlid="mail.mt_comment")
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [ANNA]]))
        order.with_user(self.anna).message_mail_with_source(template)
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.arrived(), sorted([[AZURE, BUYING], [ANNA]]))
        self.assertEqual(order.sengerio_document_count, 2)

    def test_send_later(self):
        """A message posted for later is mailed by a job for who posted it."""
        order = self.make_order()
        composer = self.compose(order, user=self.anna).save()
        [values] = composer._prepare_mail_values(order.ids).values()
        values.pop("scheduled_date")
        later = fields.Datetime.add(fields.Datetime.now(), hours=1)
        order.with_user(self.anna).message_post(**values, scheduled_date=later)
        self.assertEqual(self.arrived(), [])
        with patch.object(type(self.env.cr), "now", lambda cr: fields.Datetime.add(later, hours=1)):
            self.env["mail.message.schedule"].search([]).force_send()
        self.env["mail.mail"].process_email_queue()
        # who posted it is a follower now, and the job mails followers: so no blind copy besides
        self.assertEqual(sorted(mail.rcpt for mail in self.smtp.take()), sorted([[AZURE, BUYING], [ANNA]]))
        self.assertDocument(order, "quotation", self.anna)

    def test_language(self):
        """Each customer gets its own language, whoever acts."""
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("sale.email_template_edi_sale")
        template.lang = "{{ object.partner_id.lang }}"
        template.with_context(lang="fr_FR").subject = "Votre devis {{ object.name }}"
        self.azure.lang = "fr_FR"
        order = self.make_order()
        template.with_user(self.anna).send_mail(order.id, force_send=True)
        self.assertEqual(self.document_of(order).subject, f"Votre devis {order.name}")
