"""Old documents lose their addresses or are deleted, by Odoo's own cleaning."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.sengerio_mail.models import sengerio_mail_retention

from .common import DocumentMailCase

AZURE, MARC = "azure@azure.example", "marc@firm.example"


@tagged("post_install", "-at_install")
class TestRetention(DocumentMailCase):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.company.sengerio_retention, "keep")
        self.env["sengerio.mail.document"].search([]).unlink()

    def make_document(self, days=400, **values):
        """Return a document that was sent some days ago."""
        order = self.make_order(**values)
        self.send(self.compose(order))
        document = self.document_of(order)
        self.date_back(document, days)
        return document

    def date_back(self, document, days):
        """Make a document and its events old."""
        self.env.flush_all()
        date = fields.Datetime.now() - timedelta(days=days)
        self.env.cr.execute(
            "UPDATE sengerio_mail_document SET create_date = %s, date_sent = CASE WHEN date_sent IS NOT NULL THEN %s"
            " END WHERE id = %s", [date, date, document.id],
        )  # fmt: skip
        document.invalidate_recordset()
        document.delivery_ids.event_ids.date = date

    def add_report(self, document, **values):
        """Add a report about the first recipient, as it came."""
        event = self.env["sengerio.mail.event"].create(
            {"delivery_id": document.delivery_ids[0].id, "kind": "refused", "source": "smtp",
             "detail": f"<{AZURE}> unknown", "date": document.create_date}
        )  # fmt: skip
        event.attachment_id = self.env["ir.attachment"].create(
            {"name": "report.eml", "raw": b"report", "res_model": "sengerio.mail.document", "res_id": document.id,
             **values}
        )
        return event

    def clean(self):
        """Run Odoo's daily cleaning."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("base.autovacuum_job").method_direct_trigger()
        self.env.invalidate_all()

    def test_for_ever(self):
        """By default nothing is touched, however old."""
        document = self.make_document(5000)
        self.clean()
        self.assertEqual((document.state, document.delivery_ids[0].email), ("sent", AZURE))

    def test_anonymise(self):
        """Nobody's address or name is left in document, recipients and events; it still counts."""
        self.company.write({"sengerio_retention": "anonymise", "sengerio_retention_months": 12})
        old, young = self.make_document(400), self.make_document(300)
        event = self.add_report(old)
        report = event.attachment_id
        attachment = old.attachment_ids
        old.delivery_ids[0].state = "hard_bounce"
        old.state = "hard_bounce"
        old._call_attention()
        activity = old._activities()
        self.assertIn(AZURE, activity.note)
        self.assertTrue(attachment)
        self.clean()
        self.assertTrue(old.anonymised)
        self.assertEqual((old.state, old.partner_id), ("hard_bounce", self.azure))
        self.assertEqual(old.reference, self.env["sale.order"].browse(old.res_id).name)
        self.assertEqual(old.delivery_ids.mapped("state"), ["hard_bounce", "sent"])
        self.assertFalse(activity.exists())
        self.assertEqual(old.delivery_ids.mapped("header"), ["to", "bcc"])
        everything = str((old | old).read() + old.delivery_ids.read() + event.read())
        for secret in ("azure@", "marc@", "unknown", "e-mail of"):
            self.assertNotIn(secret, everything)
        self.assertFalse(old.delivery_ids.partner_id)
        self.assertFalse(old.attachment_ids)
        self.assertTrue(attachment.exists())  # it is the order's
        self.assertFalse(report.exists())
        self.assertTrue(event.exists())
        self.assertEqual((young.anonymised, young.delivery_ids[0].email), (False, AZURE))

    def test_delete(self):
        """A type's own setting is stronger than the company's; the record and its messages stay."""
        self.company.write({"sengerio_retention": "anonymise", "sengerio_retention_months": 1})
        document = self.make_document(100)
        report = self.add_report(document).attachment_id
        order = self.env[document.res_model].browse(document.res_id)
        document.delivery_ids[0].state = "hard_bounce"
        document._call_attention()
        activity = document._activities()
        self.assertTrue(activity)
        message = self.env["mail.message"].browse(document.mail_message_id)
        message.sengerio_send = {**message.sengerio_send, "email_cc": ["boss@x.example"]}
        with self.policy("quotation", retention="delete", retention_months=3):
            self.clean()
        self.assertFalse(document.exists())
        self.assertNotIn("boss@x.example", str(message.sengerio_send))
        self.assertFalse(activity.exists(), "nothing is left to be done about it")
        self.assertFalse(report.exists())
        self.assertTrue(order.exists())
        self.assertTrue(order.message_ids.attachment_ids)
        document = self.make_document(100)
        with self.policy("quotation", retention="keep"):
            self.clean()
        self.assertFalse(document.anonymised)
        document.anonymised = True  # by an earlier setting
        with self.policy("quotation", retention="delete", retention_months=3):
            self.clean()
        self.assertFalse(document.exists())

    def test_message(self):
        """What was changed for one send is not kept with the record's message, not for those sent by earlier versions
        either; a message about a person does not keep the name."""
        document = self.make_document(400)
        message = self.env["mail.message"].browse(document.mail_message_id)
        quotation = message.sengerio_send["type_id"]
        message.sengerio_send = {"type_id": quotation, "changes": {"added": {"cc": ["secret@x.example"]}}}
        other = self.make_document(400)
        other.type_id = self.env.ref("sengerio_mail.sengerio_mail_document_type_other")
        self.company.write({"sengerio_retention": "anonymise", "sengerio_retention_months": 12})
        self.clean()
        self.assertTrue(document.anonymised)
        self.assertEqual(message.sengerio_send, {"type_id": quotation})
        self.assertEqual((bool(document.reference), bool(other.reference)), (True, False))

    def test_plain_addresses_in_the_chatter(self):
        """Addresses that are no contact's go from the record's message, too, whether documents are kept or not."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        for action in ("anonymise", "delete"):
            with self.subTest(action=action):
                order = self.make_order()
                order.with_user(self.marc).message_post(
                    body="Quotation", partner_ids=self.azure.ids, subtype_xmlid="mail.mt_comment",
                    sengerio_send={"type_id": quotation.id, "email_to": ["plain@x.example"]},
                )  # fmt: skip
                document = self.document_of(order)
                self.assertIn("plain@x.example", document.delivery_ids.mapped("email"))
                message = self.env["mail.message"].browse(document.mail_message_id)
                self.assertIn("plain@x.example", str(message.notification_ids.read()))
                self.env["mail.mail"].process_email_queue()
                self.date_back(document, 400)
                self.company.write({"sengerio_retention": action, "sengerio_retention_months": 12})
                self.clean()
                self.assertEqual(message.notification_ids.res_partner_id, self.azure)
                self.assertNotIn("plain@x.example", str([message.read(), message.notification_ids.read()]))

    def test_very_long(self):
        """More months than there were years ends no cleaning, of this company or of another."""
        self.company.write(
            {"sengerio_retention": "delete", "sengerio_retention_months": 99999, "sengerio_report_months": 99999}
        )
        self.second_company.write({"sengerio_retention": "delete", "sengerio_retention_months": 3})
        kept = self.make_document(5000)
        second = self.make_document(100, company_id=self.second_company.id, partner_id=self.john.id)
        self.clean()
        self.assertEqual((kept | second).exists(), kept)

    def test_company(self):
        """Each company has its own terms, by its own setting or its own type."""
        second = self.make_document(
            100, company_id=self.second_company.id, partner_id=self.john.id
        )
        own = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation").copy(
            {"company_id": self.company.id, "retention": "delete", "retention_months": 2}
        )
        first = self.make_document(100)
        self.assertEqual(first.type_id, own)
        self.clean()
        self.assertFalse(first.exists())
        self.assertTrue(second.exists())
        self.second_company.write({"sengerio_retention": "delete", "sengerio_retention_months": 3})
        third = self.make_document(70)
        own.active = False  # its documents follow the shared type
        self.clean()
        self.assertFalse(second.exists())
        self.assertTrue(third.exists())

    def test_what_waits(self):
        """What waits, or whose mail may be tried again, is never touched, however old."""
        self.company.write({"sengerio_retention": "delete", "sengerio_retention_months": 1})
        waiting = self.make_document(1000)
        waiting.delivery_ids[0].state = "queued"
        self.smtp.refuse[AZURE] = "451 4.3.0 Try later"
        order = self.make_order()
        with mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server"):
            self.send(self.compose(order))
        retried = self.document_of(order)
        self.date_back(retried, 1000)
        self.smtp.refuse.clear()
        mail = self.env["mail.mail"].search([("mail_message_id", "=", retried.mail_message_id)])
        self.assertIn(mail.state, ("outgoing", "exception"))
        done = self.make_document(1000)
        self.clean()
        self.assertEqual((waiting | retried | done).exists(), waiting | retried)
        self.assertTrue(mail.exists())
        mail.cancel()
        self.clean()
        self.assertEqual((waiting | retried).exists(), waiting)

    def test_batches(self):
        """Odoo's cleaning works off batch by batch, and commits in between."""
        self.company.write({"sengerio_retention": "anonymise", "sengerio_retention_months": 1})
        documents = self.env["sengerio.mail.document"].concat(*(self.make_document(100) for _number in range(5)))
        retention = self.env["sengerio.mail.retention"]
        with patch.object(sengerio_mail_retention, "BATCH", 2):
            self.env.flush_all()
            self.assertEqual(retention._gc_documents(), (2, 1))
            self.assertEqual(documents.mapped("anonymised"), [True, True, False, False, False])
            self.clean()
            self.assertTrue(all(documents.mapped("anonymised")))
            self.assertEqual(retention._gc_documents(), (0, 0))

    def test_reports(self):
        """Reports are deleted sooner than the document; what they said stays, and what is another record's."""
        document = self.make_document(200)
        old = self.add_report(document)
        report = old.attachment_id
        order = self.env[document.res_model].browse(document.res_id)
        foreign = self.add_report(document, res_model="sale.order", res_id=order.id)
        young = self.add_report(document)
        young.date = fields.Datetime.now()
        kept = foreign.attachment_id
        self.clean()
        self.assertFalse(report.exists())
        self.assertTrue(old.exists().detail)
        self.assertFalse(foreign.attachment_id)
        self.assertTrue(kept.exists())
        self.assertTrue(young.attachment_id)
        self.company.sengerio_report_months = 1
        young.date = fields.Datetime.now() - timedelta(days=2000)
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET active = false WHERE id = %s", [self.company.id])
        self.env.invalidate_all()
        report = young.attachment_id
        self.clean()
        self.assertFalse(report.exists(), "an archived company")
        young = self.add_report(document)
        self.company.sengerio_report_months = 0
        young.date = fields.Datetime.now() - timedelta(days=2000)
        self.clean()
        self.assertTrue(young.attachment_id)

    def test_settings(self):
        """Nobody but administrators of documents sets the terms; none are shorter than a month."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        with self.assertRaises(AccessError):
            quotation.with_user(self.marc).retention = "delete"
        for record, name in ((quotation, "retention"), (self.company, "sengerio_retention")):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
                record.write({name: "delete", f"{name}_months": 0})
                record.flush_recordset()
        for name in ("sengerio_retention", "sengerio_report_months"):
            with self.assertRaises(AccessError):
                self.company.with_user(self.marc)[name] = self.company[name]
        with self.assertRaises(AccessError):
            self.make_document().with_user(self.marc).unlink()
