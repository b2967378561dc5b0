"""Every flow with every kind of recipients: the complete set of messages, over a real SMTP socket."""

import re
from dataclasses import dataclass, field

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DocumentMailCase

# what the customer's own message carries in its links
SALE = ["access_token", "hash", "pid"]
SALE_SIGN_UP = ["access_token", "auth_signup_token", "hash", "pid"]
PURCHASE = ["access_token"]
UNFOLLOW = ["pid", "token"]  # Odoo's own link in a follower's mail, its owner's alone

AZURE, BUYING = "azure@azure.example", "buying@azure.example"
MARC, ANNA = "marc@firm.example", "anna@firm.example"


@dataclass
class Flow:
    """How a document is sent: its record, its type, and what its reader could do by its links.

    :ivar customer: secrets in the customer's own message
    :ivar others: secrets in the messages of contacts added by hand
    """

    name: str
    make: callable
    code: str
    customer: list = field(default_factory=list)
    others: list = field(default_factory=list)
    context: dict = field(default_factory=dict)


@tagged("post_install", "-at_install")
class TestEnvelopes(DocumentMailCase):
    """Azure has one commercial row; Anna is in copy (Cc) of what Marc sends; Marc gets his blind copy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", "Buying@Azure.example", name="Buying, Dept.")
        cls.add_copy(cls, cls.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=cls.anna.partner_id.id)
        cls.jane = cls.env["res.partner"].create({"name": "Jane", "parent_id": cls.azure.id, "email": "jane@x.example"})
        cls.add_address(cls, cls.john, "commercial", "orders@john.example")

    def flows(self):
        """Return the flows that are documents."""
        return (
            Flow("quotation", self.make_order, "quotation", SALE),
            Flow("pro-forma", self.make_order, "quotation", context={"proforma": True}),
            Flow("confirmation", self.make_confirmed, "booking_confirmation", SALE),
            Flow("rfq", self.make_purchase, "supplier_document", PURCHASE, context={"send_rfq": True}),
            # the template itself, not the layout, has the link to acknowledge the order: in Odoo all get it
            Flow("purchase order", self.make_confirmed_purchase, "supplier_document", PURCHASE, PURCHASE),
        )

    def open(self, flow, **values):
        """Return a new record of a flow and its composer."""
        record = flow.make(**values)
        return record, self.compose(record, **flow.context)

    def make_confirmed(self, **values):
        """Return an order."""
        order = self.make_order(**values)
        order.action_confirm()
        return order

    def make_confirmed_purchase(self, **values):
        """Return a purchase order."""
        purchase = self.make_purchase(**values)
        purchase.button_confirm()
        return purchase

    def test_one_contact(self):
        """The customer's addresses together, one more message for all copies."""
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                mails = self.send(composer)
                to = [AZURE, BUYING]
                self.assertMails(
                    mails,
                    [
                        {"rcpt": to, "to": to, "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": [ANNA, MARC], "to": to, "cc": [ANNA]},
                    ],
                )
                document = self.document_of(record)
                self.assertEqual(document.type_id.code, flow.code)
                self.assertLedger(
                    document,
                    [("to", AZURE, "sent"), ("to", BUYING, "sent"), ("cc", ANNA, "sent"), ("bcc", MARC, "sent")],
                )
                customer, copies = sorted(mails, key=lambda mail: mail.rcpt != sorted(to))
                for header in ("Message-Id", "Subject", "From", "To", "Cc", "Reply-To"):
                    self.assertEqual(str(customer.message[header]), str(copies.message[header]), header)
                self.assertEqual(customer.attachments, copies.attachments)
                self.assertTrue(customer.attachments)

    def test_one_own_address_keeps_sign_up(self):
        """Only a partner mailed at its own address alone is invited to sign up."""
        record = self.make_order(partner=self.jane)
        self.assertMails(
            self.send(self.compose(record)),
            [
                {"rcpt": ["jane@x.example"], "to": ["jane@x.example"], "cc": [ANNA], "secrets": SALE_SIGN_UP},
                {"rcpt": [ANNA, MARC], "to": ["jane@x.example"], "cc": [ANNA]},
            ],
        )

    def test_three_contacts(self):
        """Contacts added by hand get their own rows, else their e-mail, without the customer's tokens."""
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                composer.partner_ids.add(self.john)
                composer.partner_ids.add(self.jane)
                to = [AZURE, BUYING, "jane@x.example", "orders@john.example"]
                everybody = {"to": to, "cc": [ANNA]}
                mails = self.send(composer)
                for mail in mails:
                    self.assertCountEqual(mail.addresses("To"), to)
                self.assertMails(
                    mails,
                    [
                        {**everybody, "rcpt": [AZURE, BUYING], "secrets": flow.customer},
                        {**everybody, "rcpt": ["orders@john.example"], "secrets": flow.others},
                        {**everybody, "rcpt": ["jane@x.example"], "secrets": flow.others},
                        {**everybody, "rcpt": [ANNA, MARC]},
                    ],
                )

    def test_two_contacts_with_one_address(self):
        """An address gets one message, the customer's."""
        twin = self.env["res.partner"].create({"name": "Twin", "email": "AZURE@azure.example"})
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                composer.partner_ids.add(twin)
                self.assertMails(
                    self.send(composer),
                    [
                        {"rcpt": [AZURE, BUYING], "to": [AZURE, BUYING], "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": [ANNA, MARC], "to": [AZURE, BUYING], "cc": [ANNA]},
                    ],
                )

    def test_sender_among_recipients(self):
        """A sender who is addressed gets no blind copy."""
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                composer.partner_ids.add(self.marc.partner_id)
                to = [AZURE, BUYING, MARC]
                self.assertMails(
                    self.send(composer),
                    [
                        {"rcpt": [AZURE, BUYING], "to": to, "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": [MARC], "to": to, "cc": [ANNA], "secrets": sorted([*flow.others, *UNFOLLOW])},
                        {"rcpt": [ANNA], "to": to, "cc": [ANNA]},
                    ],
                )
                self.assertNotIn("bcc", self.document_of(record).delivery_ids.mapped("header"))

    def test_sender_whom_odoo_does_not_mail(self):
        """A sender with notifications inside of Odoo is not mailed as addressed, so the blind copy is due."""
        self.marc.notification_type = "inbox"
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.marc.partner_id)
        self.assertMails(
            self.send(composer),
            [
                {"rcpt": [AZURE, BUYING], "to": [AZURE, BUYING], "cc": [ANNA], "secrets": SALE},
                {"rcpt": [ANNA, MARC], "to": [AZURE, BUYING], "cc": [ANNA]},
            ],
        )

    def test_email_followers(self):
        """Followers get Odoo's own mails; one who is in copy gets no second one."""
        lea = self.env["res.partner"].create({"name": "Lea", "email": "lea@ext.example"})
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                record.message_subscribe((lea | self.anna.partner_id).ids)
                to = [AZURE, BUYING, "lea@ext.example"]
                mails = self.send(composer)
                own = [mail for mail in mails if mail.rcpt == [ANNA]]
                self.assertEqual(len(own), 1)
                self.assertEqual(set(own[0].addresses("To")), {ANNA, *to})
                self.assertEqual(own[0].secrets, sorted([*flow.others, *UNFOLLOW]))
                self.assertMails(
                    [mail for mail in mails if mail.rcpt != [ANNA]],
                    [
                        {"rcpt": [AZURE, BUYING], "to": to, "secrets": flow.customer},
                        {"rcpt": ["lea@ext.example"], "to": ["lea@ext.example", AZURE, BUYING], "secrets": flow.others},
                        {"rcpt": [MARC], "to": to},
                    ],
                )

    def test_partner_without_email(self):
        """A partner with a fitting address can be mailed though its e-mail field is empty."""
        self.azure.email = False
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                self.assertTrue(composer.partner_ids_all_have_email)
                self.assertMails(
                    self.send(composer),
                    [
                        {"rcpt": [BUYING], "to": [BUYING], "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": [ANNA, MARC], "to": [BUYING], "cc": [ANNA]},
                    ],
                )

    def test_template_with_email_cc(self):
        """A template's addresses stay plain, To or Cc, and make no partner; a known contact is addressed as such."""
        partners_before = self.env["res.partner"].search_count([])
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                template = composer.template_id.sudo().copy(
                    {
                        "use_default_to": False,
                        "partner_to": "{{ object.partner_id.id }}",
                        "email_to": '"Plain, To" <plain.to@ext.example>, jane@x.example',
                        "email_cc": '"Guy, Ñew" <new@ext.example>, ANNA@firm.example',
                    }
                )
                with self.policy(flow.code, template_ids=[(4, template.id)]):
                    composer.template_id = template
                    mails = self.send(composer)
                to = [AZURE, BUYING, "jane@x.example", "plain.to@ext.example"]
                everybody = {"to": to, "cc": ["new@ext.example", ANNA]}
                self.assertMails(
                    mails,
                    [
                        {**everybody, "rcpt": [AZURE, BUYING], "secrets": flow.customer},
                        {**everybody, "rcpt": ["jane@x.example"], "secrets": flow.others},
                        {**everybody, "rcpt": ["plain.to@ext.example"], "secrets": flow.others},
                        {**everybody, "rcpt": ["new@ext.example", ANNA, MARC]},
                    ],
                )
                self.assertIn('"Guy, Ñew" <new@ext.example>', str(mails[0].message["Cc"]))
        self.assertEqual(self.env["res.partner"].search_count([]), partners_before)

    def test_two_companies(self):
        """A company's own rows replace the shared ones of the role; copies of the other company do not count."""
        self.add_address(self.azure, "commercial", "second@azure.example", company_id=self.second_company.id)
        self.add_copy(
            self.azure, direction="sent_to", header="bcc", email="audit@second.example",
            company_id=self.second_company.id,
        )  # fmt: skip
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                self.assertEqual(record.company_id, self.company)
                self.assertMails(
                    self.send(composer),
                    [
                        {"rcpt": [AZURE, BUYING], "to": [AZURE, BUYING], "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": [ANNA, MARC], "to": [AZURE, BUYING], "cc": [ANNA]},
                    ],
                )
        order = self.make_order(company_id=self.second_company.id)
        order = order.with_context(allowed_company_ids=[self.second_company.id, self.company.id])
        to = [AZURE, "second@azure.example"]
        self.assertMails(
            self.send(self.compose(order)),
            [
                {"rcpt": to, "to": to, "cc": [ANNA], "secrets": SALE},
                {"rcpt": [ANNA, MARC, "audit@second.example"], "to": to, "cc": [ANNA]},
            ],
        )
        self.assertEqual(self.document_of(order).company_id, self.second_company)

    def kinds(self):
        """Yield ``(name, partners to add, preparation of an order)`` for what is no typed document."""
        lea = self.env["res.partner"].create({"name": "Lea", "email": "lea@ext.example"})
        twin = self.env["res.partner"].create({"name": "Twin", "email": AZURE})
        mute = self.env["res.partner"].create({"name": "Mute"})
        second = {"company_id": self.second_company.id}
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.env["res.partner"].create({"name": "Fr", "email": "fr@ext.example", "lang": "fr_FR"})
        yield "one contact", self.azure, {}, None
        yield "three contacts", self.azure | self.john | self.jane, {}, None
        yield "two contacts with one address", self.azure | twin, {}, None
        yield "sender among the recipients", self.azure | self.marc.partner_id, {}, None
        yield "followers", self.azure, {}, lea | self.anna.partner_id
        yield "partner without e-mail", self.azure | mute, {}, None
        yield "two companies", self.azure, second, None
        yield "two languages", self.azure | french, {}, None

    def sent_as(self, send, order_values, followers):
        """Send about a new order and return what arrived, without what differs from order to order."""
        order = self.make_order(**order_values)
        if followers:
            order.message_subscribe(followers.ids)
        self.smtp.take()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            send(order)
            self.env.flush_all()
        self.documents = self.document_of(order)
        return sorted(
            (mail.rcpt, mail.addresses("To"), mail.addresses("Cc"), mail.secrets, mail.attachments, mail.mail_from,
             str(mail.message["From"]), str(mail.message["Reply-To"]),
             re.sub(r"=[\w%.-]+", "=", mail.part("plain").replace(order.name, "")))
            for mail in self.smtp.take()
        )  # fmt: skip

    def test_other_documents(self):
        """What is only listed goes to whom it goes without being listed, by the same messages."""
        for name, partners, values, followers in self.kinds():
            with self.subTest(kind=name):

                def send(order, partners=partners):
                    self.compose_free(order, partners, "plan.pdf").save()._action_send_mail()

                with self.policy("other", active=False):
                    plain = self.sent_as(send, values, followers)
                    self.assertFalse(self.documents)
                self.assertTrue(plain)
                self.assertEqual(self.sent_as(send, values, followers), plain)
                self.assertEqual(self.documents.type_id.code, "other")
                self.assertEqual(set(self.documents.delivery_ids.mapped("header")), {"to"})

    def test_chatter(self):
        """A message in the chatter is no document, has no copies, and its recipients stay."""
        self.add_copy(self.azure, header="bcc", email="archive@firm.example")
        for name, partners, values, followers in self.kinds():
            with self.subTest(kind=name):

                def send(order, partners=partners):
                    order.with_user(self.marc).message_post(
                        body="Hello", partner_ids=partners.ids, subtype_xmlid="mail.mt_comment",
                        attachments=[("plan.pdf", b"plan")],
                    )  # fmt: skip

                found = self.sent_as(send, values, followers)
                self.assertFalse(self.documents)
                mailed = (partners - self.marc.partner_id).filtered("email") | (followers or self.env["res.partner"])
                self.assertEqual(
                    sorted(rcpt for rcpt, *_rest in found), sorted([partner.email_normalized] for partner in mailed)
                )

    def test_two_languages(self):
        """Odoo makes a mail per language; the copies go out once, with the customer's."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.jane.lang = "fr_FR"
        for flow in self.flows():
            with self.subTest(flow=flow.name):
                record, composer = self.open(flow)
                composer.partner_ids.add(self.jane)
                to = [AZURE, BUYING, "jane@x.example"]
                self.assertMails(
                    self.send(composer),
                    [
                        {"rcpt": [AZURE, BUYING], "to": to, "cc": [ANNA], "secrets": flow.customer},
                        {"rcpt": ["jane@x.example"], "to": to, "cc": [ANNA], "secrets": flow.others},
                        {"rcpt": [ANNA, MARC], "to": to, "cc": [ANNA]},
                    ],
                )
                self.assertEqual(len(self.document_of(record)), 1)
