"""Recipients seen and changed in a real browser: composer, invoice wizard, batch wizard."""

from odoo.fields import Command
from odoo.tests import new_test_user

from .common import change
from .common_browser import BrowserCase

AZURE, BUYING, BOOKS, NEW = "azure@azure.example", "buying@azure.example", "books@azure.example", "new@ext.example"
PAY, JOHN = "pay@azure.example", "john.books@azure.example"
SALE = ["access_token", "hash", "pid"]
SIGN_UP = ["access_token", "auth_signup_token", "hash", "pid"]
MARC, ANNA, CLERK, AUDIT = "marc@firm.example", "anna@firm.example", "clerk@firm.example", "audit@firm.example"


class TestRecipientsTours(BrowserCase):
    def setUp(self):
        super().setUp()
        self.add_address(self.azure, "commercial", BUYING)
        self.add_address(self.azure, "accounting", BOOKS)

    def mailed(self, name, record, user=None):
        """Run a tour on a record's form and return what was mailed."""
        self.smtp.take()
        self.tour(name, record, user)
        return self.smtp.take()

    def make_move(self, partner):
        """Return a posted invoice."""
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2026-01-15",
                "invoice_user_id": self.anna.id,
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})],
            }
        )  # fmt: skip
        move.action_post()
        return move

    def make_clerk(self):
        """Return a user who sends invoices."""
        return new_test_user(
            self.env, "clerk", "account.group_account_invoice,base.group_partner_manager", name="Clerk", email=CLERK,
            company_id=self.company.id, notification_type="email",
        )  # fmt: skip

    def test_quotation(self):
        """A quotation with one added Cc takes four clicks at most."""
        self.add_copy(self.azure, header="cc", email=AUDIT, mandatory=True)
        mails = self.mailed("sengerio_mail_quotation_with_copy", self.make_order())
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE, BUYING], [AUDIT, MARC, NEW]])

    def test_composer(self):
        """Taken out, put back, moved, typed wrongly, chosen by name, pasted, taken off by the keyboard."""
        mails = self.mailed("sengerio_mail_composer_changes", self.make_order())
        everybody = {
            "to": [AZURE, "john@azure.example"], "cc": [BUYING, "one@ext.example", "two@ext.example"],
        }  # fmt: skip
        self.assertMails(
            mails,
            [
                {**everybody, "rcpt": [AZURE], "secrets": SIGN_UP},
                {**everybody, "rcpt": ["john@azure.example"]},
                {**everybody, "rcpt": [ANNA, *everybody["cc"]]},
            ],
        )
        self.assertEqual({tuple(mail.addresses("Reply-To")) for mail in mails}, {(MARC,)})

    def test_keyboard(self):
        """Without a mouse: opened, one added, another added and taken off, one moved, sent."""
        mails = self.mailed("sengerio_mail_keyboard", self.make_order())
        self.assertEqual([mail.rcpt for mail in mails], [[AZURE], [BUYING, MARC, NEW]])

    def test_chips(self):
        """What became of a document is seen on its record and in the chatter, and both lead to it."""
        clerk = self.make_clerk()
        move = self.make_move(self.azure)
        wizard = self.env["account.move.send.wizard"].with_user(clerk)
        wizard.with_context(active_model="account.move", active_ids=move.ids).create({}).action_send_and_print()
        order, purchase = self.make_order(), self.make_purchase()
        for record in (order, purchase):
            self.send(self.compose(record))
        for record, user in ((order, self.marc), (purchase, self.marc), (move, clerk)):
            document = self.document_of(record)
            bounced = document.delivery_ids[0]
            bounced.write({"state": "hard_bounce", "status_code": "5.1.1"})
            document._follow(bounced, self.env["ir.attachment"])
            with self.subTest(record=record._name):
                self.tour("sengerio_mail_chips", record, user)

    def test_missing_address(self):
        """A missing address is added where the composer says so, and counts at once."""
        self.azure.sengerio_address_ids.unlink()
        self.azure.email = False
        mails = self.mailed("sengerio_mail_missing_address", self.make_order())
        self.assertEqual(self.azure.email, "found@azure.example")
        self.assertEqual([mail.rcpt for mail in mails], [["found@azure.example"], [MARC]])

    def test_invoice(self):
        """An invoice with one added Cc."""
        mails = self.mailed("sengerio_mail_invoice_with_copy", self.make_move(self.azure), self.make_clerk())
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS], [CLERK, NEW]])

    def test_batch(self):
        """Several invoices: who gets what is listed, a copy of all added, one left out, no blind copy."""
        self.make_clerk()
        self.add_address(self.azure, "accounting", PAY)
        self.add_copy(self.azure, header="cc", email=AUDIT, mandatory=True)
        self.add_copy(self.azure, header="cc", email=BUYING)
        mute = self.env["res.partner"].create({"name": "Mute"})
        moves = self.make_move(self.azure) | self.make_move(mute)
        invoices = "/odoo/action-account.action_move_out_invoice_type"
        self.start_tour(invoices, "sengerio_mail_batch_with_copy", login="clerk", timeout=120)
        self.env.invalidate_all()
        data = moves[0].sending_data
        self.assertEqual(data["sengerio_changes"], change(cc=[NEW], removed=[PAY]))
        self.assertIs(data["sengerio_bcc_sender"], False)
        self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        mails = self.smtp.take()
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS], [AUDIT, BUYING, NEW]])
        for mail in mails:
            self.assertEqual(mail.addresses("From"), [ANNA], "as the wizard said")
            self.assertEqual(mail.addresses("Reply-To"), [ANNA, "catchall@firm.example"])

    def test_batch_changes(self):
        """One of several invoices changed: a copy moved to Bcc, one added, one To for a customer without address."""
        self.make_clerk()
        other = self.env["res.partner"].create({"name": "Ready Mat", "email": "ready@mat.example"})
        mute = self.env["res.partner"].create({"name": "Mute"})
        for partner in (self.azure, other):
            self.add_copy(partner, header="cc", email=MARC)
        for partner in (self.azure, other, mute):
            self.make_move(partner)
        invoices = "/odoo/action-account.action_move_out_invoice_type"
        self.start_tour(invoices, "sengerio_mail_batch_changes", login="clerk", timeout=120)
        self.env.invalidate_all()
        self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        self.assertMails(
            self.smtp.take(),
            [
                {"rcpt": [BOOKS], "to": [BOOKS], "cc": [NEW], "secrets": SALE},
                {"rcpt": [CLERK, MARC, NEW], "to": [BOOKS], "cc": [NEW]},
                {"rcpt": ["ready@mat.example"], "to": ["ready@mat.example"], "cc": [MARC], "secrets": SIGN_UP},
                {"rcpt": [CLERK, MARC], "to": ["ready@mat.example"], "cc": [MARC]},
                {"rcpt": ["found@mute.example"], "to": ["found@mute.example"]},
                {"rcpt": [CLERK], "to": ["found@mute.example"]},
            ],
        )

    def test_batch_more(self):
        """Of twenty-one invoices the last is shown when asked for; contacts, a missing address, From of all."""
        self.make_clerk()
        self.add_address(self.john, "accounting", JOHN)
        self.env["res.partner"].create({"name": "Nora Nomail"})
        moves = self.env["account.move"].union(*(self.make_move(self.azure) for _number in range(21)))
        invoices = "/odoo/action-account.action_move_out_invoice_type"
        self.start_tour(invoices, "sengerio_mail_batch_more", login="clerk", timeout=120)
        self.env.invalidate_all()
        carried = [move.sending_data["sengerio_changes"] for move in moves]
        everywhere = change(email_from="company")
        self.assertCountEqual(carried, [*[everywhere] * 20, {**everywhere, "contacts": self.john.ids}])
        self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        mails = self.smtp.take()
        self.assertEqual({tuple(mail.addresses("From")) for mail in mails}, {("info@firm.example",)})
        self.assertEqual([mail.rcpt for mail in mails].count([JOHN]), 1)

    def test_quotations_more(self):
        """Of twenty-two quotations the last two are shown when asked for, beside the others."""
        names = ["Last Customer", *(["Some Customer"] * 20), "First Customer"]  # the list begins with the newest
        for name in names:
            self.make_order(partner=self.env["res.partner"].create({"name": name, "email": "some@customer.example"}))
        quotations = "/odoo/action-sale.action_quotations"
        self.start_tour(quotations, "sengerio_mail_quotations_more", login="marc", timeout=120)

    def test_many_quotations(self):
        """Several quotations from the list: who gets what is shown, and a missing address added where it says so."""
        silent = self.env["res.partner"].create({"name": "Silent"})
        orders = self.make_order() | self.make_order(partner=silent) | self.make_order()
        quotations = "/odoo/action-sale.action_quotations"
        self.start_tour(quotations, "sengerio_mail_many_quotations", login="marc", timeout=120)
        self.env.invalidate_all()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        rcpts = [mail.rcpt for mail in self.smtp.take()]
        twice = [[AZURE, BUYING], [MARC]] * 2
        self.assertCountEqual(rcpts, [*twice, ["found@silent.example"], [MARC]])
        self.assertEqual(self.document_of(orders[1]).delivery_ids.mapped("email"), ["found@silent.example", MARC])

    def test_invoice_keyboard(self):
        """Without a mouse: an invoice with a role address of another contact in copy."""
        other = self.env["res.partner"].create({"name": "Ready Mat"})
        self.add_address(other, "accounting", "desk@ready.example")
        mails = self.mailed("sengerio_mail_invoice_keyboard", self.make_move(self.azure), self.make_clerk())
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS], [CLERK, "desk@ready.example"]])

    def test_batch_keyboard(self):
        """Without a mouse: one of several invoices changed."""
        self.make_clerk()
        self.add_copy(self.azure, header="cc", email=MARC)
        other = self.env["res.partner"].create({"name": "Ready Mat", "email": "ready@mat.example"})
        moves = self.make_move(self.azure) | self.make_move(other)
        invoices = "/odoo/action-account.action_move_out_invoice_type"
        self.start_tour(invoices, "sengerio_mail_batch_keyboard", login="clerk", timeout=120)
        self.env.invalidate_all()
        carried = [move.sending_data.get("sengerio_changes") for move in moves]
        self.assertEqual(carried, [change(bcc=[MARC], removed=[MARC]), None])
