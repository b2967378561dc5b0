"""Cases in which somebody would be missed, mailed twice, or mailed who should not be."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

AZURE, JOHN, LAW = "azure@azure.example", "john@azure.example", "law@law.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestCornerCases(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lawyer = cls.env["res.partner"].create({"name": "Lawyer", "email": LAW})

    def envelopes(self, composer):
        """Send and return the envelopes, sorted."""
        return sorted(mail.rcpt for mail in self.send(composer))

    def test_customer_removed(self):
        """Copies of what a customer gets are not due when it does not get the message."""
        self.add_copy(self.azure, header="cc", email="broker@x.example")
        composer = self.compose(self.make_order())
        composer.partner_ids.remove(self.azure.id)
        composer.partner_ids.add(self.lawyer)
        self.assertEqual(self.envelopes(composer), [[LAW], [MARC]])

    def test_senders_row_of_another_role(self):
        """Without a row of the type's role the blind copy goes to the user's e-mail, not to the commercial row."""
        self.add_address(self.marc.partner_id, "commercial", "marc.sales@firm.example")
        with self.policy("quotation", role="accounting"):
            self.assertEqual(self.envelopes(self.compose(self.make_order())), [[AZURE], [MARC]])

    def test_odd_addresses(self):
        """What Odoo mails although no standard knows it is mailed, listed and copied."""
        for text, expected in (
            ("good@x.example, a..b@phone.example", ["a..b@phone.example", "good@x.example"]),
            ("info@my_host.example", ["info@my_host.example"]),
            ("jo@intranet", ["jo@intranet"]),
        ):
            with self.subTest(text=text):
                partner = self.env["res.partner"].create({"name": "Odd", "email": text})
                self.assertEqual(self.envelopes(self.compose(self.make_order(partner))), sorted([expected, [MARC]]))

    def test_only_cc(self):
        """A template that names nobody but a Cc is mailed to that one."""
        template = self.env.ref("sale.email_template_edi_sale").copy(
            {"use_default_to": False, "partner_to": False, "email_cc": "cc@x.example"}
        )
        order = self.make_order()
        with self.policy("quotation", template_ids=[Command.link(template.id)]):
            order.with_user(self.marc).message_post_with_source(template, subtype_xmlid="mail.mt_comment")
            self.env.flush_all()
        self.assertEqual(sorted(mail.rcpt for mail in self.smtp.take()), [["cc@x.example"], [MARC]])
        self.assertLedger(self.document_of(order), [("to", "cc@x.example", "sent"), ("bcc", MARC, "sent")])

    def test_one_person_two_addresses(self):
        """A person is mailed once: as follower, as Cc and as Bcc by different addresses."""
        self.add_address(self.anna.partner_id, "commercial", "anna.sales@firm.example")
        for header in ("bcc", "cc"):
            self.add_copy(self.azure, header=header, copy_partner_id=self.anna.partner_id.id)
        order = self.make_order()
        self.assertEqual(self.envelopes(self.compose(order)), [["anna.sales@firm.example", ANNA, MARC], [AZURE]])
        order.message_subscribe(self.anna.partner_id.ids)
        self.assertEqual(self.envelopes(self.compose(order)), [[ANNA], [AZURE], [MARC]])

    def test_plain_and_person(self):
        """A plain Cc that is somebody's e-mail keeps that person's blind copy back."""
        self.add_address(self.anna.partner_id, "commercial", "anna.sales@firm.example")
        self.add_copy(self.azure, header="bcc", copy_partner_id=self.anna.partner_id.id)
        composer = self.compose(self.make_order())
        composer.template_id = composer.template_id.sudo().copy(
            {"use_default_to": False, "partner_to": str(self.azure.id), "email_cc": ANNA}
        )
        with self.policy("quotation", template_ids=[Command.link(composer.template_id.id)]):
            composer = self.compose_free(self.make_order(), self.azure)
            composer.template_id = self.env["mail.template"].search([("email_cc", "=", ANNA)], limit=1)
            self.assertEqual(composer.sengerio_email_cc, f"{ANNA}")
            self.assertEqual(self.envelopes(composer), [[ANNA, MARC], [AZURE]])

    def test_template_addresses_can_be_changed(self):
        """The sender sees a template's plain addresses and can change them for this send."""
        template = self.env.ref("sale.email_template_edi_sale")
        template.write({"use_default_to": False, "partner_to": str(self.azure.id), "email_cc": "cc@x.example"})
        composer = self.compose(self.make_order())
        self.assertEqual([tag["email"] for tag in composer.sengerio_recipients["cc"]], ["cc@x.example"])
        composer.sengerio_email_cc = "other@x.example"
        self.assertEqual(self.envelopes(composer), [[AZURE], [MARC, "other@x.example"]])

    def test_archived_users(self):
        """A user who has left gets no copies and no replies, though the contact is active."""
        self.add_copy(self.azure, header="cc", copy_partner_id=self.anna.partner_id.id)
        self.add_copy(self.azure, header="bcc", copy_field="partner_id.user_id")
        self.azure.user_id = self.anna
        self.anna.active = False
        self.assertTrue(self.anna.partner_id.active)
        composer = self.compose(self.make_order())
        self.assertIn("Anna Senior is archived", composer.sengerio_recipients["warnings"][0]["text"])
        self.assertEqual(self.envelopes(composer), [[AZURE], [MARC]])
        with self.policy("quotation", reply_to_policy="field", reply_to_field="partner_id.user_id"):
            [customer, _copy] = self.send(self.compose(self.make_order()))
        self.assertEqual(customer.addresses("Reply-To"), ["catchall@firm.example"])

    def test_archived_responsible(self):
        """Replies go to the record when its responsible has left."""
        order = self.make_order(user=self.anna)
        self.anna.active = False
        mails = self.send(self.compose(order))
        self.assertEqual(mails[0].addresses("Reply-To"), ["catchall@firm.example"])

    def test_copy_person_with_company(self):
        """A copy person without addresses of its own is reached by its company's."""
        agent = self.env["res.partner"].create({"name": "Agent", "parent_id": self.lawyer.id})
        self.lawyer.is_company = True
        self.add_copy(self.azure, header="cc", copy_partner_id=agent.id)
        self.assertEqual(self.envelopes(self.compose(self.make_order())), [[AZURE], [LAW, MARC]])

    def test_own_aliases(self):
        """Odoo's own addresses are refused as addresses, and left out where a template names them."""
        for address in ("catchall@firm.example", "bounce@firm.example"):
            with self.assertRaises(ValidationError) as caught:
                self.add_address(self.azure, "commercial", address)
            self.assertIn(address, str(caught.exception))
            with self.assertRaises(ValidationError):
                self.add_copy(self.azure, header="cc", email=address)
        template = self.env.ref("sale.email_template_edi_sale")
        template.write(
            {"use_default_to": False, "partner_to": str(self.azure.id), "email_to": "bounce@firm.example",
             "email_cc": "catchall@firm.example"}
        )  # fmt: skip
        self.assertEqual(self.envelopes(self.compose(self.make_order())), [[AZURE], [MARC]])

    def test_outgoing_email_to(self):
        """A caller's own plain addresses are mailed and listed."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        order = self.make_order()
        order.with_user(self.marc).message_post(
            body="Hi", partner_ids=self.azure.ids, outgoing_email_to="extra@x.example",
            subtype_xmlid="mail.mt_comment", sengerio_send={"type_id": quotation.id},
        )  # fmt: skip
        self.assertEqual(sorted(mail.rcpt for mail in self.smtp.take()), [[AZURE], ["extra@x.example"], [MARC]])
        self.assertIn("extra@x.example", self.document_of(order).delivery_ids.mapped("email"))

    def test_follower_with_two_addresses(self):
        """A follower's own mail goes to those of its addresses alone that do not get the document."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        lea = self.env["res.partner"].create({"name": "Lea", "email": "buying@azure.example, lea@x.example"})
        order = self.make_order()
        order.message_subscribe(lea.ids)
        self.assertEqual(
            self.envelopes(self.compose(order)), [[AZURE, "buying@azure.example"], ["lea@x.example"], [MARC]]
        )

    def test_international_domain_has_one_spelling(self):
        """The same domain in both spellings, or with a dot at its end, is one address."""
        partner = self.env["res.partner"].create({"name": "B", "email": "info@bücher.example"})
        row = self.add_address(partner, "commercial", "info@XN--bcher-kva.example.")
        self.assertEqual(row.email, "info@bücher.example")
        mails = self.envelopes(self.compose(self.make_order(partner)))
        self.assertEqual(mails, [["info@xn--bcher-kva.example"], [MARC]])

    def test_notification_is_no_document(self):
        """What a caller claims in a mere notification does not count."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        order = self.make_order()
        order.with_user(self.marc).message_notify(
            body="Hi", subject="Hi", partner_ids=self.azure.ids,
            sengerio_send={"type_id": quotation.id, "sender_id": self.anna.id},
        )  # fmt: skip
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[AZURE]])
        self.assertFalse(self.document_of(order))

    def test_queued_message_cannot_be_changed(self):
        """Nobody takes the copies off a document that waits in the queue."""
        order = self.make_order()
        wizard = self.compose(order).save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        message = self.env["mail.message"].browse(self.document_of(order).mail_message_id)
        with self.assertRaises(AccessError), self.cr.savepoint():
            message.with_user(self.marc).write({"sengerio_send": False})

    def test_cancelled_and_deleted_mails(self):
        """A document whose mail is cancelled or deleted does not wait for ever."""
        for act in (lambda mail: mail.cancel(), lambda mail: mail.unlink()):
            order = self.make_order()
            wizard = self.compose(order).save()
            wizard.force_send = False
            wizard.with_context(mail_notify_force_send=False)._action_send_mail()
            document = self.document_of(order)
            act(self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)]))
            self.assertEqual(document.state, "cancelled")
            self.assertEqual(set(document.delivery_ids.mapped("state")), {"cancelled"})

    def test_persons_of_copies_stay(self):
        """Who is named by a copy cannot be deleted; a type with copies neither; a company takes its rows with it."""
        self.add_copy(self.azure, header="bcc", copy_partner_id=self.lawyer.id, mandatory=True)
        custom = self.env["sengerio.mail.document.type"].create({"name": "Contract", "code": "contract"})
        self.add_copy(self.azure, header="bcc", email="x@x.example", document_type_ids=[Command.set(custom.ids)])
        for record in (self.lawyer, custom):
            with self.assertRaises(Exception), mute_logger("odoo.sql_db"), self.cr.savepoint():  # noqa: B017
                record.unlink()
        self.assertTrue(self.lawyer.exists())
        self.assertTrue(custom.exists())

    def test_addresses_of_colleagues(self):
        """Role addresses of users are the administrator's: a copy to a colleague would leave the company by them."""
        row = {"partner_id": self.anna.partner_id.id, "email": "anna@mail.example"}
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.env["sengerio.mail.address"].with_user(self.marc).create(row)
        mine = self.env["sengerio.mail.address"].create(row)
        mine = mine.with_user(self.marc)
        for change in (lambda: mine.write({"role": "accounting"}), mine.unlink):
            with self.assertRaises(AccessError), self.cr.savepoint():
                change()

    def test_from_changed_for_one_send(self):
        """A From that was changed for this send is stronger than the policy."""
        with self.policy("quotation", from_policy="company"):
            wizard = self.compose(self.make_order()).save()
            wizard.email_from = '"Special" <special@firm.example>'
            wizard._action_send_mail()
            self.assertEqual({str(m.message["From"]) for m in self.smtp.take()}, {"Special <special@firm.example>"})

    def test_policies_are_cached_without_archived_types(self):
        """The cache does not depend on who fills it."""
        types = self.env["sengerio.mail.document.type"]
        with self.policy("quotation", active=False):
            self.env.registry.clear_cache()
            codes = [policy.code for policy in types.with_context(active_test=False)._policies()]
        self.assertNotIn("quotation", codes)

    def test_global_copies_are_logged(self):
        """A copy of everybody's mail is logged with the company; moving a rule is logged at both partners."""
        copy = self.add_copy(None, header="bcc", email="archive@firm.example")
        self.assertIn("archive@firm.example", " ".join(self.company.partner_id.message_ids.mapped("body")))
        copy.partner_id = self.azure
        copy.write({"partner_id": self.lawyer.id, "mandatory": True})
        for partner in (self.azure, self.lawyer):
            self.assertIn("mandatory", partner.message_ids[0].body)

    def test_many_addresses_of_one(self):
        """Above Odoo's limit the To of a partner's message shows its addresses, and none that gets nothing."""
        gemini = self.env["res.partner"].create({"name": "Gemini", "email": "gemini@x.example"})
        rows = [
            {"partner_id": gemini.id, "role": "accounting", "email": f"p{number}@x.example"} for number in range(55)
        ]
        self.env["sengerio.mail.address"].create(rows)
        order = self.make_order(partner=gemini)
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        with self.policy("quotation", role="accounting"):
            mails = self.send(composer)
        [to_gemini] = [mail for mail in mails if len(mail.rcpt) > 2]
        self.assertEqual(sorted(to_gemini.addresses("To")), to_gemini.rcpt)
        [to_john] = [mail for mail in mails if mail.rcpt == ["john@azure.example"]]
        self.assertEqual(to_john.addresses("To"), to_john.rcpt)

    def test_many_recipients(self):
        """Above Odoo's limit the addressed do not see each other."""
        crowd = self.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@x.example"} for n in range(60)]
        )
        order = self.make_order()
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        order.with_user(self.marc).message_post(
            body="Hi", partner_ids=crowd.ids, subtype_xmlid="mail.mt_comment", sengerio_send={"type_id": quotation.id}
        )
        self.env["mail.mail"].process_email_queue()
        to_crowd = [mail for mail in self.smtp.take() if mail.rcpt != [MARC]]
        self.assertEqual(len(to_crowd), 60)
        for mail in to_crowd:
            self.assertEqual(mail.addresses("To"), mail.rcpt)
