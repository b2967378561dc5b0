from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

MARC, ANNA = "marc@firm.example", "anna@firm.example"


@tagged("post_install", "-at_install")
class TestCopies(DocumentMailCase):
    """Who is in copy of an order to John at Azure, that Marc sends."""

    def copies_of(self, order, user=None):
        """Send an order and return ``{address: header}`` of its copies, the sender's own left out."""
        self.send(self.compose(order, user=user))
        deliveries = self.document_of(order).delivery_ids
        return {d.email: d.header for d in deliveries if d.header != "to" and d.reason != "blind copy to the sender"}

    def test_direction(self):
        """Copies of what somebody sends, of what a partner or its company gets, and of everything."""
        self.add_copy(self.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=self.anna.partner_id.id)
        self.add_copy(self.azure, direction="sent_to", header="cc", email="broker@x.example")
        self.add_copy(self.john, direction="sent_to", header="bcc", email="assistant@x.example")
        self.add_copy(None, header="bcc", email="archive@firm.example")
        self.add_copy(self.john, direction="sent_by", header="bcc", email="never@x.example")
        self.add_copy(self.anna.partner_id, direction="sent_to", header="bcc", email="never@x.example")
        azure = {"broker@x.example": "cc", "archive@firm.example": "bcc"}
        self.assertEqual(
            self.copies_of(self.make_order(partner=self.john)), {ANNA: "cc", "assistant@x.example": "bcc", **azure}
        )
        self.assertEqual(self.copies_of(self.make_order()), {ANNA: "cc", **azure})
        other = self.env["res.partner"].create({"name": "Other", "email": "other@x.example"})
        order = self.make_order(partner=other, user=self.anna)
        self.assertEqual(self.copies_of(order, user=self.anna), {"archive@firm.example": "bcc"})

    def test_role_and_types(self):
        """With a role and types set, both must fit; with nothing set all documents do, but other ones."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        invoice = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        for address, role, types in (
            ("all@x.example", False, ()),
            ("role@x.example", "commercial", ()),
            ("type@x.example", False, quotation),
            ("both@x.example", "commercial", quotation | invoice),
            ("no.role@x.example", "accounting", ()),
            ("no.type@x.example", False, invoice),
            ("no.both@x.example", "accounting", quotation),
        ):
            self.add_copy(
                self.azure, header="bcc", email=address, role=role, document_type_ids=[(6, 0, [t.id for t in types])]
            )
        self.assertEqual(
            set(self.copies_of(self.make_order())),
            {"all@x.example", "role@x.example", "type@x.example", "both@x.example"},
        )

    def test_types_of_a_company(self):
        """A copy for a type counts for the company's own type of the same code too."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        quotation.copy({"company_id": self.company.id})
        self.add_copy(self.azure, header="bcc", email="type@x.example", document_type_ids=[(6, 0, quotation.ids)])
        self.assertEqual(self.copies_of(self.make_order()), {"type@x.example": "bcc"})

    def test_other_documents_have_no_copies(self):
        """What is only listed gets no copies, and its recipients stay."""
        self.add_copy(None, header="bcc", email="archive@firm.example")
        self.add_address(self.azure, "commercial", "buying@azure.example")
        order = self.make_order()
        mails = self.send(self.compose_free(order, self.azure, "plan.pdf"))
        self.assertMails(
            mails,
            [{"rcpt": ["azure@azure.example"], "to": ["azure@azure.example"],
              "secrets": ["access_token", "auth_signup_token", "hash", "pid"]}],
        )  # fmt: skip
        document = self.document_of(order)
        self.assertEqual(document.type_id.code, "other")
        self.assertLedger(document, [("to", "azure@azure.example", "sent")])

    def test_targets(self):
        """A partner by its role addresses, a field of the record, a user of it."""
        broker = self.env["res.partner"].create({"name": "Broker"})
        self.add_address(broker, "commercial", "deals@broker.example")
        self.add_copy(self.azure, header="cc", copy_partner_id=broker.id)
        self.add_copy(self.azure, header="bcc", copy_field="partner_id.user_id")
        self.add_copy(self.azure, header="cc", copy_field="partner_shipping_id")
        self.azure.user_id = self.anna
        shipping = self.env["res.partner"].create({"name": "Depot", "email": "depot@azure.example"})
        order = self.make_order(partner_shipping_id=shipping.id)
        self.assertEqual(
            self.copies_of(order), {"deals@broker.example": "cc", ANNA: "bcc", "depot@azure.example": "cc"}
        )
        reasons = dict.fromkeys(self.document_of(order).delivery_ids.mapped("reason"))
        self.assertIn("in copy of what Azure Interior gets", reasons)
        self.assertIn("Delivery Address of the document", reasons)

    def test_copies_do_not_chain(self):
        """A copy person's own copies are not asked."""
        self.add_copy(self.azure, header="cc", copy_partner_id=self.john.id)
        self.add_copy(self.john, header="bcc", email="assistant@x.example")
        self.assertEqual(self.copies_of(self.make_order()), {"john@azure.example": "cc"})

    def test_archived_person(self):
        """An archived or address-less copy person is skipped, and the composer says so."""
        gone = self.env["res.partner"].create({"name": "Gone", "email": "gone@x.example", "active": False})
        mute = self.env["res.partner"].create({"name": "Mute"})
        for someone in (gone, mute):
            self.add_copy(self.azure, header="cc", copy_partner_id=someone.id)
        order = self.make_order()
        warnings = [warning["text"] for warning in self.compose(order).sengerio_recipients["warnings"]]
        self.assertEqual(
            warnings, ["Gone is archived and gets no copy", "Mute has no e-mail address and gets no copy"]
        )
        self.assertEqual(self.copies_of(order), {})

    def test_archived_copy(self):
        """An archived rule does not count."""
        self.add_copy(self.azure, header="cc", email="x@x.example").active = False
        self.assertEqual(self.copies_of(self.make_order()), {})

    def test_bad_targets(self):
        """No target, two targets, a field that is none, a bad address: refused, and named."""
        for values, words in (
            ({"copy_field": "amount_total"}, "'amount_total'"),
            ({"copy_field": "no_such_field"}, "'no_such_field'"),
            ({"email": "x@y.example\nBcc: z@z.example"}, "Bcc: z@z.example"),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                self.add_copy(self.azure, header="cc", **values)
            self.assertIn(words, str(caught.exception))
        for values in ({}, {"email": "a@x.example", "copy_partner_id": self.john.id}):
            with self.subTest(values=values), mute_logger("odoo.sql_db"):
                with self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
                    self.add_copy(self.azure, header="cc", **values)
                shown = self.env["sengerio.mail.copy"]._sql_error_to_message(caught.exception)
                self.assertIn("one of: a contact, a field", shown)

    def test_who_may_change(self):
        """Mandatory, blind, outside and others' copies are the administrator's; the rest is everybody's own."""
        colleague = {"copy_partner_id": self.anna.partner_id.id, "header": "cc", "direction": "sent_by"}
        administrator = new_test_user(
            self.env, "mailadmin", "sengerio_mail.sengerio_mail_group_administrator,base.group_partner_manager"
        )
        copies = self.env["sengerio.mail.copy"]
        mine = copies.with_user(self.marc).create({**colleague, "partner_id": self.marc.partner_id.id})
        mine.header = "cc"
        of_customer = {**colleague, "partner_id": self.azure.id, "direction": "sent_to"}
        copies.with_user(self.marc).create(of_customer)
        for values in (
            {**colleague, "partner_id": self.marc.partner_id.id, "header": "bcc"},
            {**colleague, "partner_id": self.marc.partner_id.id, "mandatory": True},
            {**colleague, "partner_id": self.anna.partner_id.id},
            {**colleague, "partner_id": self.marc.partner_id.id, "copy_partner_id": self.john.id},
            {"partner_id": self.azure.id, "header": "cc", "email": ANNA},
            {"partner_id": self.azure.id, "header": "cc", "copy_field": "user_id"},
            {**colleague, "partner_id": False},
        ):
            with self.subTest(values=values):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    copies.with_user(self.marc).create(values)
                copies.with_user(administrator).create(values)
        imposed = copies.search([("partner_id", "=", self.marc.partner_id.id), ("mandatory", "=", True)])
        for change in (
            lambda copy: copy.write({"mandatory": False}),
            lambda copy: copy.write({"active": False}),
            lambda copy: copy.unlink(),
            lambda copy: copy.write({"copy_partner_id": self.john.id}),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                change(imposed.with_user(self.marc))
        with self.assertRaises(AccessError), self.cr.savepoint():
            mine.mandatory = True
        mine.unlink()

    def test_changes_are_logged(self):
        """Adding, changing and removing a copy is written to the partner's chatter."""
        copy = self.add_copy(self.azure, header="bcc", email="broker@x.example")
        copy.header = "cc"
        copy.unlink()
        bodies = " ".join(self.azure.message_ids.mapped("body"))
        for words in ("Copy added", "Copy changed", "Copy removed", "Bcc broker@x.example", "Cc broker@x.example"):
            self.assertIn(words, bodies)
