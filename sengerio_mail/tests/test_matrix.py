"""Who gets what: told before there is a document, and equal to what is sent."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import DocumentMailCase


@tagged("post_install", "-at_install")
class TestMatrix(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marc.group_ids += cls.env.ref("account.group_account_invoice")

    def matrix(self, partner=None, user=None, sender=None):
        """Open the dialog as a button of the form does, and return its :class:`Form`."""
        user = user or self.marc
        context = {"default_partner_id": partner.id} if partner else {"default_sender_id": (sender or user).id}
        return Form(self.env["sengerio.mail.matrix"].with_user(user).with_context(**context))

    def rows(self, partner=None, user=None, sender=None):
        """Return ``{type: {header: [(address, reason)]}}`` as the dialog has it, and the warnings."""
        user = user or self.marc
        matrix = self.env["sengerio.mail.matrix"].with_user(user).new(
            {
                "partner_id": partner.id if partner else False, "sender_id": (sender or user).id,
                "company_id": self.company.id,
            }
        )  # fmt: skip
        return {row["code"]: row for row in matrix._rows()}

    @staticmethod
    def told(row, *headers):
        """Return ``[(header, address)]`` of a row."""
        cells = {cell["name"]: cell for cell in row["cells"]}
        return [(header, line["email"]) for header in headers for line in cells[header]["lines"]]

    def send_all_types(self, partner):
        """Send one document of each of the five types as Marc; return ``{type: (document, customer's mail)}``."""
        sent = {}
        with Form(self.env["sale.order"].with_user(self.marc)) as form:
            form.partner_id = partner
            with form.order_line.new() as line:
                line.product_id = self.product
        order = form.record
        mails = self.send(self.compose(order))
        sent["quotation"] = self.document_of(order), mails
        order.action_confirm()
        mails = self.send(self.compose(order))
        sent["booking_confirmation"] = self.document_of(order), mails
        for code, move_type in (("invoice", "out_invoice"), ("credit_note", "out_refund")):
            move = self.env["account.move"].with_user(self.marc).create(
                {
                    "move_type": move_type, "partner_id": partner.id,
                    "invoice_line_ids": [Command.create({"product_id": self.product.id, "price_unit": 9})],
                }
            )  # fmt: skip
            move.action_post()
            self.smtp.take()
            wizard = self.env["account.move.send.wizard"].with_user(self.marc).with_context(
                active_model="account.move", active_ids=move.ids
            ).create({"sending_methods": ["email"]})  # fmt: skip
            wizard.action_send_and_print()
            self.env.flush_all()
            sent[code] = self.document_of(move), self.smtp.take()
        purchase = Form(self.env["purchase.order"].with_user(self.marc))
        purchase.partner_id = partner
        purchase = purchase.save()
        mails = self.send(self.compose(purchase))
        sent["supplier_document"] = self.document_of(purchase), mails
        return sent

    def assertTold(self, partner):
        """The table equals what is sent of each type: recipients with their reasons, From and Reply-To."""
        rows = self.rows(partner)
        for code, (document, mails) in self.send_all_types(partner).items():
            with self.subTest(code=code):
                self.assertEqual(document.type_id.code, code)
                row = rows[code]
                told = [
                    (cell["name"], line["email"], line["reason"])
                    for cell in row["cells"]
                    if cell["name"] in ("to", "cc", "bcc")
                    for line in cell["lines"]
                ]
                self.assertEqual(told, [(d.header, d.email, d.reason) for d in document.delivery_ids])
                envelopes = {address for mail in mails for address in mail.rcpt}
                followers = {address for mail in mails for address in mail.rcpt if len(mail.rcpt) == 1} - {
                    address for _header, address, _reason in told
                }
                self.assertEqual({address for _header, address, _reason in told}, envelopes - followers)
                self.assertLessEqual(followers, {"marc@firm.example", "anna@firm.example"})
                mail = next(mail for mail in mails if mail.addresses("To") and not followers & set(mail.rcpt))
                self.assertEqual([a for _h, a in self.told(row, "from")], mail.addresses("From"))
                self.assertEqual([a for _h, a in self.told(row, "reply_to")], mail.addresses("Reply-To"))

    def set_up_rules(self):
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.add_address(self.azure, "accounting", "books@azure.example")
        self.add_address(self.azure, "accounting", "books.second@azure.example", company_id=self.second_company.id)
        self.add_address(self.marc.partner_id, "accounting", "marc.books@firm.example")
        invoice = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        self.add_copy(self.marc.partner_id, direction="sent_by", header="cc", copy_partner_id=self.anna.partner_id.id)
        self.add_copy(self.azure, header="bcc", email="archive@firm.example", document_type_ids=[(6, 0, invoice.ids)])
        self.add_copy(self.azure, header="cc", email="broker@x.example", role="commercial", mandatory=True)
        self.add_copy(None, header="bcc", copy_field="partner_id.user_id")

    def test_equals_what_is_sent(self):
        """For a company and for a contact of it."""
        self.set_up_rules()
        self.assertTold(self.azure)
        self.assertTold(self.john)

    def test_equals_what_is_sent_with_another_responsible(self):
        """A customer of Anna's, to whom Marc sends: hers is the From, the replies, and no copy that she has anyway."""
        self.set_up_rules()
        self.azure.write({"user_id": self.anna.id, "buyer_id": self.anna.id})
        rows = self.rows(self.azure)
        self.assertIn(("reply_to", "anna@firm.example"), self.told(rows["quotation"], "reply_to"))
        self.assertIn(("reply_to", "anna@firm.example"), self.told(rows["supplier_document"], "reply_to"))
        self.assertTold(self.azure)

    def test_policies(self):
        """From and Reply-To follow the type; a company's own type replaces the shared one."""
        with self.policy(
            "invoice", from_policy="site", from_email="books@firm.example",
            reply_to_policy="fixed", reply_to_email="pay@firm.example",
        ):  # fmt: skip
            row = self.rows(self.azure)["invoice"]
            self.assertEqual(
                self.told(row, "from", "reply_to"), [("from", "books@firm.example"), ("reply_to", "pay@firm.example")]
            )
            self.assertTold(self.azure)
        shared = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        shared.copy({"company_id": self.company.id, "bcc_sender": False, "name": "Offer"})
        row = self.rows(self.azure)["quotation"]
        self.assertEqual((row["name"], self.told(row, "bcc")), ("Offer", []))

    def test_template_names_others(self):
        """What a template names besides the customer is told too."""
        template = self.env.ref("sale.email_template_edi_sale")
        template.write(
            {"use_default_to": False, "partner_to": "{{ object.partner_id.id }}", "email_cc": "desk@firm.example"}
        )
        row = self.rows(self.azure)["quotation"]
        self.assertEqual(self.told(row, "to", "cc"), [("to", "azure@azure.example"), ("cc", "desk@firm.example")])
        self.assertTold(self.azure)

    def test_nothing_is_made(self):
        """Asking leaves no record and takes no number."""
        models = ["sale.order", "purchase.order", "account.move", "account.payment", "res.partner", "mail.message"]
        before = [self.env[model].search_count([]) for model in models]
        number = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1).number_next_actual
        self.matrix(self.azure)
        self.env.flush_all()
        self.assertEqual([self.env[model].search_count([]) for model in models], before)
        self.env.invalidate_all()
        after = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1).number_next_actual
        self.assertEqual(after, number)

    def test_of_a_user(self):
        """What a user sends: the customer left out, copies with their reasons, the own blind copy."""
        self.set_up_rules()
        rows = self.rows()
        self.assertEqual(
            self.told(rows["invoice"], "to", "cc", "bcc"),
            [("cc", "anna@firm.example"), ("bcc", "marc.books@firm.example")],
        )
        for code in ("quotation", "invoice", "supplier_document"):
            self.assertEqual(self.told(rows[code], "from"), [("from", "marc@firm.example")])
            self.assertEqual(self.told(rows[code], "reply_to")[0], ("reply_to", "marc@firm.example"))
        to = next(cell for cell in rows["invoice"]["cells"] if cell["name"] == "to")
        self.assertEqual(to["reason"], "the customer's accounting addresses")
        self.marc.sengerio_bcc_opt_out = True
        self.assertEqual(self.told(self.rows()["invoice"], "bcc"), [])

    def test_all_types(self):
        """Every type that has rules is there, for a partner and for a user, and nothing is without a reason."""
        codes = {
            "quotation", "booking_confirmation", "invoice", "credit_note", "supplier_document", "order_cancellation",
            "supplier_reminder", "payment_receipt", "due_notice",
        }  # fmt: skip
        for rows in (self.rows(self.azure), self.rows()):
            self.assertEqual(set(rows), codes)
            for row in rows.values():
                self.assertEqual([cell["name"] for cell in row["cells"]], ["from", "reply_to", "to", "cc", "bcc"])
                for cell in row["cells"]:
                    self.assertTrue(all(cell.get("reason") or line["reason"] for line in cell["lines"]))

    def test_warnings(self):
        """No address, a bounced one, an archived person: said, with the way to help it."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        table = self.matrix(mute).table
        self.assertIn("Mute has no e-mail address", table)
        self.assertIn(f'href="/odoo/res.partner/{mute.id}"', table)
        self.assertIn("Add an address", table)
        gone = self.env["res.partner"].create({"name": "Gone", "email": "gone@x.example", "active": False})
        self.add_copy(self.azure, header="cc", copy_partner_id=gone.id)
        self.add_address(self.azure, "commercial", "old@azure.example", bounce_state="bad_address")
        table = self.matrix(self.john).table  # John's own e-mail: the rows of Azure do not count
        self.assertIn("Gone is archived and gets no copy", table)
        self.assertNotIn("old@azure.example", table)
        table = self.matrix(self.azure).table
        self.assertIn("mail to old@azure.example came back", table)
        self.assertIn("Correct the address", table)
        self.john.sengerio_bounced_email = "john@azure.example"
        self.assertIn("mail to john@azure.example came back", self.matrix(self.john).table)

    def test_names_are_text(self):
        """What people are called is shown as text, not run as a page."""
        evil = self.env["res.partner"].create({"name": "<script>alert(1)</script>"})
        table = self.matrix(evil).table
        self.assertNotIn("<script>", table)
        self.assertIn("&lt;script&gt;", table)

    def test_broken_template(self):
        """A template that cannot be rendered is told in its row; the others stay."""
        self.env.ref("sale.email_template_edi_sale").email_from = "{{ object.no_such_field }}"
        rows = self.rows(self.azure)
        self.assertFalse(rows["quotation"]["cells"])
        self.assertIn("no_such_field", rows["quotation"]["warnings"][0]["text"])
        self.assertTrue(rows["invoice"]["cells"])

    def test_who_may_ask(self):
        """One's own; others' only for administrators; portal users nothing; no other company's."""
        chief = new_test_user(self.env, "chief", "base.group_user,sengerio_mail.sengerio_mail_group_administrator")
        portal = new_test_user(self.env, "portal", "base.group_portal")
        clerk = new_test_user(self.env, "clerk", "base.group_user")
        self.add_copy(self.marc.partner_id, direction="sent_by", header="bcc", email="spy@firm.example")
        self.assertIn("spy@firm.example", self.matrix(sender=self.marc, user=chief).table)
        self.assertIn("spy@firm.example", self.matrix(sender=self.marc).table)
        with self.assertRaises(AccessError):
            self.matrix(sender=self.marc, user=self.anna)
        self.assertIn("azure@azure.example", self.matrix(self.azure, user=clerk).table)  # who may not read orders
        with self.assertRaises(AccessError):
            self.matrix(self.azure, user=portal)
        matrix = self.env["sengerio.mail.matrix"].with_user(clerk).create({"partner_id": self.azure.id})
        with self.assertRaises(AccessError):
            matrix.write({"company_id": self.second_company.id})
            matrix.read(["table"])
        private = self.env["res.partner"].create({"name": "Private", "company_id": self.second_company.id})
        with self.assertRaises(AccessError):
            self.matrix(private, user=clerk)
