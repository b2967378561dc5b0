"""The list of documents, its form, and what became of a document on the record and in the chatter."""

from base64 import b64decode
from html import unescape

from lxml import etree

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.mail.tools.discuss import Store
from odoo.addons.sengerio_mail.models.sengerio_mail_event import KINDS

from .common import DocumentMailCase

AZURE, MARC = "azure@azure.example", "marc@firm.example"
ACTION = "sengerio_mail.sengerio_mail_document_action"


@tagged("post_install", "-at_install")
class TestList(DocumentMailCase):
    def sent(self):
        """Return the document of a quotation that Marc has sent."""
        order = self.make_order()
        self.send(self.compose(order))
        return self.document_of(order)

    def bounce(self, document, state="hard_bounce", detail="5.1.1 no such user"):
        """Let the customer's address of a document fail, as a report says it."""
        delivery = document.delivery_ids[0]
        report = self.env["ir.attachment"].create(
            {"name": "report.eml", "raw": b"Subject: x", "res_model": document._name, "res_id": document.id}
        )
        self.env["sengerio.mail.event"].create(
            {"delivery_id": delivery.id, "kind": state, "source": "report", "detail": detail,
             "attachment_id": report.id}
        )  # fmt: skip
        delivery.state = state
        document._follow(delivery, report)
        return report

    def filtered_by(self, name, documents, user=None):
        """Return those of some documents that a filter of the list shows, to a user where it depends on it."""
        arch = etree.fromstring(self.env["sengerio.mail.document"].get_view(view_type="search")["arch"])
        [found] = arch.xpath(f"//filter[@name='{name}']")
        domain = safe_eval(found.get("domain"), {"uid": user.id if user else 0})
        return self.env["sengerio.mail.document"].search([("id", "in", documents.ids), *domain])

    def test_filters(self):
        """Needs attention, bounced, not delivered after 24 hours."""
        fresh, bounced, late, delayed, copy = (self.sent() for _number in range(5))
        self.bounce(bounced)
        self.env.flush_all()
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), hours=25)
        (late | delayed).date_sent = long_ago
        delayed.state = "delayed"
        copy.copy_failed = True
        copy.delivery_ids.filtered(lambda delivery: delivery.header == "bcc").state = "soft_bounce"
        everything = fresh | bounced | late | delayed | copy
        self.assertEqual(self.filtered_by("bounced", everything), bounced)
        self.assertEqual(self.filtered_by("attention", everything), copy | delayed | bounced)
        self.assertEqual(self.filtered_by("late", everything), delayed | late)
        bounced.action_resend()
        wizard = self.env["sengerio.mail.resend"].browse(bounced.with_user(self.marc).action_resend()["res_id"])
        wizard.with_user(self.marc).action_send()
        self.assertNotIn(bounced, self.filtered_by("attention", everything))

    def test_half_mended_needs_attention(self):
        """While one of two has not got it, the document needs attention."""
        self.add_address(self.azure, "commercial", "second@azure.example")
        document = self.sent()
        to = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")
        self.assertEqual(len(to), 2)
        to.state = "hard_bounce"
        document.state = "hard_bounce"
        marc = self.env["sengerio.mail.document"].with_user(self.marc)
        for left in (True, False):
            self.assertEqual(self.filtered_by("attention", document), document)
            self.assertEqual(marc.search([("may_resend", "=", True), ("id", "=", document.id)]).ids, document.ids)
            wizard = self.env["sengerio.mail.resend"].browse(document.with_user(self.marc).action_resend()["res_id"])
            wizard = wizard.with_user(self.marc)
            if left:
                wizard.line_ids[1:].send = False
            wizard.action_send()
        self.assertFalse(self.filtered_by("attention", document))
        self.assertFalse(marc.search([("may_resend", "=", True), ("id", "=", document.id)]))
        self.assertEqual(marc.search([("may_resend", "=", False), ("id", "=", document.id)]).ids, document.ids)

    def test_mine(self):
        """What one has sent, and what one is responsible for; not what others sent for themselves."""
        own = self.sent()
        others = self.sent()
        others.sender_id = self.anna
        others.responsible_id = self.anna
        for_marc = self.sent()
        for_marc.sender_id = self.anna
        self.assertEqual(for_marc.responsible_id, self.marc)
        mine = self.filtered_by("mine", own | others | for_marc, user=self.marc)
        self.assertEqual(mine, own | for_marc)

    def test_queries(self):
        """Fifty documents cost as many queries as five, in the list, on the records and in their chatter."""
        documents = self.env["sengerio.mail.document"]
        for _number in range(8):
            documents |= self.sent()
        messages = self.env["mail.message"].browse(documents.mapped("mail_message_id"))
        orders = self.env["sale.order"].browse(documents.mapped("res_id"))
        arch = self.env["sengerio.mail.document"].get_view(view_type="list")
        names = {name for name in arch["models"]["sengerio.mail.document"] if name in documents._fields}
        shown = {
            name: {} for name in names & {"state", "reference", "to_addresses", "copy_addresses", "may_resend",
                                          "attachment_count", "partner_id", "type_id", "copy_failed"}
        }  # fmt: skip
        for records, specification in (
            *((documents, {name: {}}) for name in sorted(shown)),
            (documents, shown),
            (messages, {"sengerio_document": {}}),
            (orders, {"sengerio_document_count": {}, "sengerio_document_state": {}}),
        ):
            with self.subTest(records=records._name, fields=list(specification)):
                counts = []
                for some in (records[:2], records):
                    self.env.invalidate_all()
                    some = some.with_user(self.marc)
                    some.has_access("read")
                    self.env.invalidate_all()
                    before = self.env.cr.sql_log_count
                    some.web_read(specification)
                    counts.append(self.env.cr.sql_log_count - before)
                self.assertEqual(*counts)

    def test_timeline(self):
        """What became of a recipient is told in order and in plain words, the report can be had."""
        document = self.sent()
        report = self.bounce(document)
        timeline = str(document.with_user(self.marc).timeline)
        story = [
            AZURE, "e-mail of Azure Interior", "handed over", f"left for {AZURE}", "came back: The address",
            "Ask for the right",
        ]  # fmt: skip
        places = [timeline.index(words) for words in story]
        self.assertEqual(places, sorted(places))
        self.assertIn(f"/web/content/{report.id}?download=true", timeline)
        self.assertIn(f"left for {MARC}", timeline)
        self.assertTrue(report.with_user(self.marc).raw)
        wizard = self.env["sengerio.mail.resend"].browse(document.with_user(self.marc).action_resend()["res_id"])
        wizard.with_user(self.marc).action_send()
        document.invalidate_recordset()
        self.assertIn(f"sent again, to {AZURE}", str(document.timeline))

    def test_timeline_of_all_kinds(self):
        """Whatever was reported has its words, with and without those of the server."""
        document = self.sent()
        delivery = document.delivery_ids[0]
        for kind, label in KINDS:
            for detail in (False, "4.7.1 because"):
                with self.subTest(kind=label, detail=detail):
                    event = self.env["sengerio.mail.event"].create(
                        {"delivery_id": delivery.id, "kind": kind, "source": "report", "detail": detail}
                    )
                    words = delivery._happened(event)
                    self.assertTrue(words)
                    self.assertFalse(words.endswith((":", " ", "%s", "False")), words)
                    self.assertIn(words.partition("\n")[0][:20], unescape(str(document.timeline)))
                    event.unlink()

    def test_timeline_escapes(self):
        """A server's words are no HTML."""
        document = self.sent()
        self.bounce(document, "delayed", "<script>alert(1)</script>")
        self.assertNotIn("<script>", str(document.timeline))

    def test_preview(self):
        """The PDF that was sent, for who may see it."""
        document = self.sent()
        document.attachment_ids[0].write({"raw": b"%PDF-1.4", "mimetype": "application/pdf"})
        self.assertTrue(document.with_user(self.marc).has_preview)
        self.assertEqual(b64decode(document.with_user(self.marc).preview), b"%PDF-1.4")
        stranger = new_test_user(self.env, "stranger", "base.group_user", email="stranger@firm.example")
        stranger.group_ids += self.env.ref("sengerio_mail.sengerio_mail_group_all_documents")
        self.assertFalse(document.with_user(stranger).has_preview)

    # ------------------------------------------------------------
    # To do
    # ------------------------------------------------------------

    def test_activity(self):
        """The sender has it to do, once, without another mail, until it is sent again."""
        document = self.sent()
        order = self.env["sale.order"].browse(document.res_id)
        followers = order.message_partner_ids
        waiting = self.env["mail.mail"].search_count([])
        self.bounce(document)
        self.bounce(document, "soft_bounce", "4.2.2 full")
        [activity] = order.activity_ids
        self.assertEqual((activity.user_id, activity.activity_type_id.name), (self.marc, "Document Not Delivered"))
        self.assertIn(AZURE, activity.note)
        self.assertIn(f"/{document.id}", activity.note)
        self.assertLessEqual(self.env["mail.mail"].search_count([]) - waiting, 2)  # the document itself came back
        self.assertEqual(order.message_partner_ids, followers)
        wizard = self.env["sengerio.mail.resend"].browse(document.with_user(self.marc).action_resend()["res_id"])
        wizard.with_user(self.marc).action_send()
        self.assertFalse(order.activity_ids)

    def test_activity_of_blind_copy(self):
        """Who may read the order is not told by it who got a blind copy."""
        self.add_copy(self.azure, header="bcc", email="secret@x.example", mandatory=True)
        self.smtp.refuse["secret@x.example"] = "550 5.1.1 <secret@x.example> no such user"
        document = self.sent()
        self.assertTrue(document.copy_failed)
        order = self.env["sale.order"].browse(document.res_id)
        self.assertIn(f"/{document.id}", order.activity_ids.note)
        self.assertIn("A blind copy", order.activity_ids.note)
        self.assertNotIn("secret", str(order.activity_ids.read()))
        order.activity_ids.action_feedback("Called them")
        self.assertNotIn("secret", str(order.message_ids.mapped("body")))

    def test_activity_ends(self):
        """Nothing is to do any more when the document has arrived after all, or while it is tried again."""
        document = self.sent()
        order = self.env["sale.order"].browse(document.res_id)
        self.bounce(document, "soft_bounce", "4.2.2 full")
        self.assertTrue(order.activity_ids)
        delivery = document.delivery_ids[0]
        self.env["sengerio.mail.receipt"].sudo()._confirm(delivery)
        self.assertEqual(delivery.state, "opened")
        self.assertFalse(order.activity_ids)
        self.smtp.refuse[AZURE] = "550 no such user"
        document = self.sent()
        order = self.env["sale.order"].browse(document.res_id)
        self.assertTrue(order.activity_ids)
        mail = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        mail.action_retry()
        self.assertFalse(order.activity_ids)
        self.env["mail.mail"].process_email_queue()
        self.assertTrue(order.activity_ids, "refused again")
        self.smtp.refuse.clear()
        mail.action_retry()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(document.state, "sent")
        self.assertFalse(order.activity_ids)

    def test_activity_of_refused(self):
        """What the mail server refuses is to do as well; what it will be asked again is not yet."""
        self.smtp.refuse[AZURE] = "550 no such user"
        order = self.env["sale.order"].browse(self.sent().res_id)
        self.assertEqual(order.activity_ids.user_id, self.marc)
        self.smtp.refuse[AZURE] = "450 later"
        order = self.env["sale.order"].browse(self.sent().res_id)
        self.assertFalse(order.activity_ids)

    def test_activity_storm(self):
        """No more than twenty within an hour."""
        document = self.sent()
        values = {
            "activity_type_id": self.env.ref("sengerio_mail.sengerio_mail_activity_attention").id,
            "res_model_id": self.env["ir.model"]._get_id("sale.order"), "res_id": document.res_id,
            "user_id": self.marc.id, "sengerio_document_id": document.id + 1000,
        }  # fmt: skip
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create([values] * 20)
        self.bounce(document)
        self.assertFalse(document._activities())

    # ------------------------------------------------------------
    # On the record and in the chatter
    # ------------------------------------------------------------

    def test_chip(self):
        """The state of the last document on the record, and of each one on its message; nothing for portal visitors."""
        document = self.sent()
        order = self.env["sale.order"].browse(document.res_id)
        self.bounce(document)
        message = self.env["mail.message"].browse(document.mail_message_id)
        self.env.invalidate_all()
        self.assertEqual(order.with_user(self.marc).sengerio_document_state, "hard_bounce")
        [shown] = Store().add(message.with_user(self.marc)).get_result()["mail.message"]
        self.assertEqual(shown["sengerio_document"]["word"], "Bad address")
        self.assertTrue(shown["sengerio_document"]["url"].endswith(f"/{document.id}"))
        portal = new_test_user(self.env, "portal", "base.group_portal", email=AZURE)
        portal.partner_id.parent_id = self.azure
        order.message_subscribe(portal.partner_id.ids)
        [shown] = Store().add(message.with_user(portal).sudo(False)).get_result()["mail.message"]
        self.assertNotIn("sengerio_document", shown)
