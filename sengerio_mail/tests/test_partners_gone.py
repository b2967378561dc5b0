"""Partners that are merged or deleted while a document to them waits in the queue, or after it was refused."""

from odoo import Command
from odoo.tests import tagged

from .common import DocumentMailCase

AZURE, BUYING, JOHN = "azure@azure.example", "buying@azure.example", "john@azure.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestPartnersGone(DocumentMailCase):
    """A quotation to Azure, which has a row, and John, with a copy to Anna, waits in the queue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)
        cls.add_copy(cls, cls.azure, header="cc", copy_partner_id=cls.anna.partner_id.id)
        cls.twin = cls.env["res.partner"].create({"name": "Azure Interior", "email": "twin@azure.example"})
        cls.john.parent_id = False

    def put_in_queue(self, *partners, partner=None):
        """Return the document of a quotation that waits in the queue."""
        order = self.make_order(partner=partner)
        composer = self.compose(order)
        for contact in partners:
            composer.partner_ids.add(contact)
        wizard = composer.save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        self.env.flush_all()
        self.assertEqual(self.smtp.take(), [])
        return self.document_of(order)

    def work_off(self, document):
        """Work off the queue and return the envelopes."""
        self.env.flush_all()
        self.env.invalidate_all()
        mails = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        mails.scheduled_date = False
        self.env["mail.mail"].process_email_queue()
        return [mail.rcpt for mail in self.smtp.take()]

    def merge(self, source, destination):
        """Merge a partner into another one."""
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((source | destination).ids, destination)
        self.assertFalse(source.exists())

    def assertAllSent(self, document, emails):
        """Everybody is listed as sent, and nothing waits."""
        self.assertEqual({d.email: d.state for d in document.delivery_ids}, dict.fromkeys(emails, "sent"))
        self.assertEqual(document.state, "sent")
        self.assertFalse(self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)]))
        self.assertEqual(self.work_off(document), [])

    def test_customer_merged(self):
        """The customer is merged into another partner: its document goes where it was to go."""
        document = self.put_in_queue()
        self.merge(self.azure, self.twin)
        self.assertEqual(self.work_off(document), [[AZURE, BUYING], [ANNA, MARC]])
        self.assertAllSent(document, [AZURE, BUYING, ANNA, MARC])
        self.assertEqual(document.partner_id, self.twin)

    def test_two_addressed_merged(self):
        """Two who are both addressed become one: each address gets it, once."""
        for source, destination in ((self.john, self.azure), (self.azure, self.twin)):
            with self.subTest(source=source.name):
                document = self.put_in_queue(self.twin if source == self.azure else self.john)
                emails = document.delivery_ids.mapped("email")
                self.merge(source, destination)
                mailed = [address for rcpt in self.work_off(document) for address in rcpt]
                self.assertEqual(sorted(mailed), sorted(emails))
                self.assertAllSent(document, emails)

    def test_copy_person_merged(self):
        """A person in copy is merged: the copy goes where it was to go."""
        agent = self.env["res.partner"].create({"name": "Agent", "email": "agent@x.example"})
        self.add_copy(self.azure, header="bcc", copy_partner_id=agent.id)
        document = self.put_in_queue()
        self.merge(agent, self.twin)
        self.assertEqual(self.work_off(document), [[AZURE, BUYING], ["agent@x.example", ANNA, MARC]])

    def test_merged_after_a_refusal(self):
        """The customer is merged while one of its addresses is tried again."""
        document = self.put_in_queue()
        self.smtp.refuse[BUYING] = "451 4.7.1 greylisted"
        self.assertEqual(self.work_off(document), [[AZURE], [ANNA, MARC]])
        self.merge(self.azure, self.twin)
        self.smtp.refuse.clear()
        self.assertEqual(self.work_off(document), [[BUYING]])
        self.assertAllSent(document, [AZURE, BUYING, ANNA, MARC])

    def test_contact_deleted(self):
        """A contact is deleted after Send was pressed: the document goes to its address all the same, once."""
        for others in ((), (self.twin,)):
            with self.subTest(others=others):
                contact = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
                document = self.put_in_queue(contact, *others)
                emails = document.delivery_ids.mapped("email")
                contact.unlink()
                mailed = [address for rcpt in self.work_off(document) for address in rcpt]
                self.assertEqual(sorted(mailed), sorted(emails))
                self.assertAllSent(document, emails)

    def test_contact_deleted_who_is_alone(self):
        """The only contact addressed is deleted: it gets the document all the same, and so do the copies."""
        composer_contact = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.remove(self.azure.id)
        composer.partner_ids.add(composer_contact)
        wizard = composer.save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        composer_contact.unlink()
        self.assertEqual(self.work_off(document), [["kate@x.example"], [MARC]])
        self.assertAllSent(document, ["kate@x.example", MARC])

    def test_customer_deleted(self):
        """The record and its customer are deleted while the document waits: it never leaves, and says so."""
        partner = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        document = self.put_in_queue(partner=partner)
        order = self.env["sale.order"].browse(document.res_id)
        order.action_cancel()
        order.unlink()
        partner.unlink()
        self.assertEqual(self.work_off(document), [])
        self.assertEqual((document.state, document.partner_id.id), ("cancelled", False))
        self.assertEqual(set(document.delivery_ids.mapped("state")), {"cancelled"})

    def test_deleted_after_a_refusal(self):
        """A contact is deleted while its address is tried again: it gets the document, nobody else a second one."""
        contact = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        document = self.put_in_queue(contact)
        self.smtp.refuse["kate@x.example"] = "451 4.7.1 greylisted"
        self.assertEqual(self.work_off(document), [[AZURE, BUYING], [ANNA, MARC]])
        contact.unlink()
        self.smtp.refuse.clear()
        self.assertEqual(self.work_off(document), [["kate@x.example"]])
        self.assertAllSent(document, [AZURE, BUYING, "kate@x.example", ANNA, MARC])

    def test_other_document(self):
        """What is only listed leaves too when its contact was deleted."""
        contact = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        order = self.make_order()
        wizard = self.compose_free(order, contact | self.john, "plan.pdf").save()
        wizard.force_send = False
        wizard.with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        self.assertEqual(document.type_id.code, "other")
        contact.unlink()
        self.assertEqual(sorted(self.work_off(document)), [[JOHN], ["kate@x.example"]])
        self.assertAllSent(document, [JOHN, "kate@x.example"])

    def test_mass_mode(self):
        """The mail of a template sent in code has no notification; its contact is deleted all the same."""
        contact = self.env["res.partner"].create({"name": "Kate", "email": "kate@x.example"})
        template = self.env.ref("sale.email_template_edi_sale").copy(
            {"use_default_to": False, "partner_to": f"{self.azure.id},{contact.id}"}
        )
        order = self.make_order()
        with self.policy("quotation", template_ids=[Command.link(template.id)]):
            template.with_user(self.marc).send_mail(order.id)
            document = self.document_of(order)
            contact.unlink()
            self.assertEqual(self.work_off(document), [[AZURE, BUYING], ["kate@x.example"], [ANNA, MARC]])
        self.assertAllSent(document, [AZURE, BUYING, "kate@x.example", ANNA, MARC])
