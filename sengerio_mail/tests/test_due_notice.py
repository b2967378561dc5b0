"""Due notices by hand: from the list of overdue invoices to the customers' management addresses."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import DocumentMailCase

AZURE, BOSS = "azure@azure.example", "boss@azure.example"
CLERK = "clerk@firm.example"


class DueNoticeCase(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "clerk", "account.group_account_invoice,base.group_partner_manager", name="Clerk", email=CLERK,
            signature="", company_id=cls.company.id,
            company_ids=[(6, 0, (cls.company | cls.second_company).ids)], notification_type="email",
        )  # fmt: skip
        cls.add_address(cls, cls.azure, "management", BOSS)
        cls.add_address(cls, cls.azure, "accounting", "books@azure.example")
        cls.add_copy(cls, cls.azure, header="bcc", email="archive@firm.example", role="management")
        cls.gemini = cls.env["res.partner"].create({"name": "Gemini", "is_company": True, "email": "g@gemini.example"})

    def make_move(self, days=40, partner=None, move_type="out_invoice", price=100, printed=True, **values):
        """Return a posted invoice that was due some days ago, with its PDF if it was printed."""
        due = fields.Date.today() - timedelta(days=days)
        move = self.env["account.move"].create(
            {
                "move_type": move_type, "partner_id": (partner or self.azure).id, "invoice_user_id": self.marc.id,
                "invoice_date": due - timedelta(days=30), "invoice_date_due": due, "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": price, "tax_ids": []})], **values,
            }
        )  # fmt: skip
        move.action_post()
        if printed:
            self.env["ir.attachment"].create(
                {"name": f"{move.name.replace('/', '_')}.pdf", "raw": b"%PDF-", "mimetype": "application/pdf",
                 "res_model": "account.move", "res_id": move.id, "res_field": "invoice_pdf_report_file"}
            )  # fmt: skip
            move.invalidate_recordset(["invoice_pdf_report_id"])
        self.assertEqual(move.invoice_date_due, due)
        self.smtp.take()
        return move

    def act(self, moves, user=None):
        """Choose the action in the list of invoices."""
        return moves.with_user(user or self.clerk).action_sengerio_due_notice()

    def write_one(self, moves):
        """Write to one customer: the message opens at once."""
        action = self.act(moves)
        self.assertEqual(action["res_model"], "mail.compose.message")
        return Form(self.env["mail.compose.message"].with_user(self.clerk).with_context(**action["context"]))

    def wizard(self, moves, user=None):
        """Return the notices to several customers."""
        action = self.act(moves, user)
        self.assertEqual(action["res_model"], "sengerio.mail.due.notice")
        return self.env["sengerio.mail.due.notice"].with_user(user or self.clerk).browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestDueNotice(DueNoticeCase):
    def test_one_customer(self):
        """The composer opens, filled; management gets it with the invoices, copies by role, nobody blind: listed."""
        moves = self.make_move() | self.make_move(days=10, price=50)
        composer = self.write_one(moves)
        self.assertIn(moves[0].name, composer.body)
        self.assertEqual([tag["email"] for tag in composer.sengerio_recipients["to"]], [BOSS])
        mails = self.send(composer)
        self.assertMails(
            mails, [{"rcpt": [BOSS], "to": [BOSS]}, {"rcpt": ["archive@firm.example"], "to": [BOSS]}]
        )
        html = mails[0].part("html")
        for text in (moves[0].name, moves[1].name, "150.00", ">40<", ">10<"):
            self.assertIn(text, html)
        self.assertEqual(mails[0].attachments, sorted(f"{move.name.replace('/', '_')}.pdf" for move in moves))
        document = self.document_of(self.azure)
        self.assertEqual((document.type_id.code, document.sender_id), ("due_notice", self.clerk))
        self.assertEqual((document.amount_total, document.currency_id), (150, self.company.currency_id))
        self.assertLedger(document, [("to", BOSS, "sent"), ("bcc", "archive@firm.example", "sent")])

    def test_the_selection_holds(self):
        """What was not chosen is not claimed; what is paid meanwhile neither."""
        chosen, other, paid = self.make_move(), self.make_move(), self.make_move()
        composer = self.write_one(chosen)
        self.assertIn(chosen.name, composer.body)
        self.assertNotIn(other.name, composer.body)
        wizard = self.wizard(chosen | paid | self.make_move(partner=self.gemini))
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=paid.ids).create(
            {}
        ).action_create_payments()
        wizard.action_send()
        self.env["mail.mail"].process_email_queue()
        [html] = [mail.part("html") for mail in self.smtp.take() if mail.rcpt == [BOSS]]
        self.assertIn(chosen.name, html)
        self.assertNotIn(other.name, html)
        self.assertNotIn(paid.name, html)

    def test_what_is_not_overdue(self):
        """Entries that are not overdue are named and left out; with none at all there is no notice."""
        overdue, future = self.make_move(), self.make_move(days=-5)
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.azure.id, "invoice_date": "2026-01-15",
             "invoice_date_due": "2026-01-15",
             "invoice_line_ids": [Command.create({"name": "Wood", "price_unit": 5, "tax_ids": []})]}
        )  # fmt: skip
        bill.action_post()
        with self.assertRaisesRegex(UserError, "past its due date"):
            self.act(future | bill)
        wizard = self.wizard(overdue | future | self.make_move(partner=self.gemini))
        self.assertEqual(wizard.left_out, future.display_name)
        self.assertEqual(wizard.line_ids.partner_id, self.azure | self.gemini)
        self.assertEqual(wizard.line_ids[0].move_ids, overdue)

    def test_left_out_of_one_customer(self):
        """What is left out is named for one customer, too."""
        overdue, future = self.make_move(), self.make_move(days=-5)
        wizard = self.wizard(overdue | future)
        self.assertEqual((wizard.left_out, wizard.line_ids.move_ids), (future.display_name, overdue))

    def test_customer_of_others_meanwhile(self):
        """An invoice keeps the company that it was made for: it is claimed when that belongs to another one, too."""
        move = self.make_move(partner=self.gemini)
        self.gemini.write({"is_company": False, "parent_id": self.azure.id})
        self.env["account.move"].flush_model()
        self.env.cr.execute(  # as Odoo leaves those of who was a company below another one
            "UPDATE account_move SET commercial_partner_id = %s WHERE id = %s", [self.gemini.id, move.id]
        )
        move.invalidate_recordset()
        self.assertIn(move.name, self.write_one(move).body)
        wizard = self.wizard(move | self.make_move())
        self.assertEqual(wizard.line_ids.mapped("warning"), [False, False])

    def test_several_customers(self):
        """One notice for each company that is a customer, whichever contact was invoiced, through the queue."""
        self.add_address(self.gemini, "management", "chief@gemini.example")
        moves = self.make_move(partner=self.john) | self.make_move() | self.make_move(partner=self.gemini, price=7)
        wizard = self.wizard(moves)
        azure, gemini = wizard.line_ids
        self.assertEqual((azure.invoice_count, azure.days_overdue, gemini.invoice_count), (2, 40, 1))
        self.assertIn("200.00", azure.amounts)
        self.assertFalse(azure.date_last)
        self.assertIn(moves[0].name, azure.preview)
        self.assertNotIn(moves[2].name, azure.preview)
        wizard.attach_invoices = False
        wizard.action_send()
        self.env.flush_all()
        self.assertEqual(self.smtp.take(), [])
        self.env["mail.mail"].process_email_queue()
        mails = self.smtp.take()
        self.assertCountEqual(
            [mail.rcpt for mail in mails], [[BOSS], ["archive@firm.example"], ["chief@gemini.example"]]
        )
        for mail in mails:
            self.assertEqual(mail.attachments, [])
        [html] = [mail.part("html") for mail in mails if mail.rcpt == ["chief@gemini.example"]]
        self.assertIn(moves[2].name, html)
        self.assertNotIn(moves[0].name, html)
        again = self.wizard(moves)
        self.assertTrue(all(again.line_ids.mapped("date_last")))

    def test_currencies_and_credit_notes(self):
        """A total for each currency; open credit notes are shown and taken off."""
        euro = self.env.ref("base.EUR")
        dollar = self.env.ref("base.USD")
        (euro | dollar).active = True
        moves = self.make_move(currency_id=dollar.id) | self.make_move(currency_id=euro.id, price=30)
        refund = self.make_move(days=-20, move_type="out_refund", price=25, currency_id=dollar.id)
        composer = self.write_one(moves)
        for text in (refund.name, "75.00", "30.00"):
            self.assertIn(text, composer.body)
        self.assertRegex(composer.body, r"-\D*25\.00")
        self.send(composer)
        self.assertFalse(self.document_of(self.azure).amount_total)

    def test_nothing_to_pay(self):
        """A customer whose credit notes outweigh the invoices gets no notice; all are sent, or none."""
        moves = self.make_move() | self.make_move(partner=self.gemini)
        self.make_move(partner=self.gemini, move_type="out_refund", price=500)
        wizard = self.wizard(moves)
        with self.assertRaisesRegex(UserError, "Gemini: Nothing is open"):
            wizard.action_send()
        self.assertFalse(self.document_of(self.azure))
        wizard.line_ids[1].unlink()
        wizard.action_send()
        self.assertTrue(self.document_of(self.azure))

    def test_no_address(self):
        """A customer without any address is named before anything is sent; a role address is enough."""
        self.gemini.email = False
        moves = self.make_move() | self.make_move(partner=self.gemini)
        wizard = self.wizard(moves)
        with self.assertRaisesRegex(UserError, "Gemini: No e-mail address"):
            wizard.action_send()
        self.add_address(self.gemini, "management", "chief@gemini.example")
        self.wizard(moves).action_send()
        self.env["mail.mail"].process_email_queue()
        self.assertIn(["chief@gemini.example"], [mail.rcpt for mail in self.smtp.take()])

    def test_partial_payment(self):
        """What is paid in part is claimed with the rest."""
        move = self.make_move()
        payment = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
        payment.create({"amount": 40, "payment_difference_handling": "open"}).action_create_payments()
        self.assertIn("60.00", self.write_one(move).body)

    def test_archived_customer(self):
        """An archived customer is named before anything is sent: Odoo would mail nobody and say nothing."""
        moves = self.make_move() | self.make_move(partner=self.gemini)
        self.azure.active = False
        wizard = self.wizard(moves)
        with self.assertRaisesRegex(UserError, "Azure Interior: The customer is archived"):
            wizard.action_send()
        self.assertEqual(self.act(moves[0])["res_model"], "sengerio.mail.due.notice")

    def test_branch(self):
        """A customer of the main company is claimed what it owes to a branch, in the branch's name."""
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.clerk.company_ids |= branch
        both = {"allowed_company_ids": (branch | self.company).ids}
        self.azure.company_id = self.company
        partner = self.azure.with_user(self.clerk).with_context(**both, sengerio_due_company_id=branch.id)
        self.assertEqual(partner._sengerio_due_company(), branch)
        partner = partner.with_context(sengerio_due_company_id=self.second_company.id)
        self.assertEqual(partner._sengerio_due_company(), self.company)

    def test_companies(self):
        """Each company of ours claims its own, in its name, with its addresses."""
        self.add_address(self.azure, "management", "second@azure.example", company_id=self.second_company.id)
        self.env["account.chart.template"].try_loading("generic_coa", self.second_company, install_demo=False)
        both = (self.company | self.second_company).ids
        here = self.make_move()
        there = self.make_move(company_id=self.second_company.id, price=33)
        moves = (here | there).with_context(allowed_company_ids=both)
        wizard = self.wizard(moves).with_context(allowed_company_ids=both)
        self.assertEqual(wizard.line_ids.company_id, self.company | self.second_company)
        wizard.action_send()
        self.env["mail.mail"].process_email_queue()
        mails = {mail.rcpt[0]: mail for mail in self.smtp.take()}
        self.assertIn(here.name, mails[BOSS].part("html"))
        self.assertNotIn("33.00", mails[BOSS].part("html"))
        self.assertIn("33.00", mails["second@azure.example"].part("html"))
        self.assertTrue(mails["second@azure.example"].message["Subject"].startswith("Second Firm"))
        documents = self.env["sengerio.mail.document"].search([("res_model", "=", "res.partner")])
        self.assertEqual(documents.company_id, self.company | self.second_company)

    def test_one_of_another_company(self):
        """A notice of the second company has its letterhead, whichever comes first; sent again, it stays its claim."""
        self.env["account.chart.template"].try_loading("generic_coa", self.second_company, install_demo=False)
        both = (self.company | self.second_company).ids
        move = self.make_move(company_id=self.second_company.id, price=33).with_context(allowed_company_ids=both)
        [letter, _copy] = self.send(self.write_one(move))
        document = self.document_of(self.azure)
        claimed = (self.second_company, 33, self.second_company.currency_id)
        document.delivery_ids[0].state = "hard_bounce"
        document._follow(document.delivery_ids[0], self.env["ir.attachment"])
        self.env["mail.mail"].search([]).unlink()
        document.with_user(self.clerk).with_context(allowed_company_ids=both)._resend(
            {document.delivery_ids[0]: "new@azure.example"}
        )
        self.env.flush_all()
        again = self.env["sengerio.mail.document"].search([("resend_of_id", "=", document.id)])
        for one in (document, again):
            self.assertEqual((one.company_id, one.amount_total, one.currency_id), claimed)
        [new] = [mail for mail in self.smtp.take() if mail.rcpt == ["new@azure.example"]]
        for mail in (letter, new):
            self.assertIn("Second Firm", mail.part("html").rpartition("33.00")[2], "below the claim")

    def test_language(self):
        """The notice is in the customer's language, its dates and amounts too."""
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("sengerio_mail.mail_template_due_notice")
        body = template.body_html
        template.with_context(lang="de_DE").body_html = body.replace("Days overdue", "Tage im Verzug")
        self.azure.lang = "de_DE"
        move = self.make_move(price=1234.5)
        composer = self.write_one(move)
        for text in ("Tage im Verzug", "1.234,50", move.invoice_date_due.strftime("%d.%m.%Y")):
            self.assertIn(text, composer.body)

    def test_what_we_owe(self):
        """A vendor's bill is nothing to be reminded of, whoever asks for it."""
        bill, invoice = self.make_move(move_type="in_invoice"), self.make_move()
        partner = self.azure.with_user(self.clerk).with_context(sengerio_due_move_ids=(bill | invoice).ids)
        self.assertEqual([line["move"] for line in partner._sengerio_due_lines()], [invoice])

    def test_no_contacts(self):
        """Who does invoicing and may not edit contacts sends no notices."""
        bookkeeper = new_test_user(self.env, "bookkeeper", "account.group_account_invoice", company_id=self.company.id)
        self.assertFalse(self.azure.with_user(bookkeeper).has_access("write"))
        moves = self.make_move() | self.make_move(partner=self.gemini)
        for chosen in (moves, moves[0]):
            with self.assertRaises(AccessError):
                self.act(chosen, bookkeeper)
        self.assertEqual(self.smtp.take(), [])

    def test_access(self):
        """A salesperson without invoicing can neither prepare nor open notices."""
        move = self.make_move() | self.make_move(partner=self.gemini)
        for user in (self.marc, self.anna):
            with self.assertRaises(AccessError):
                self.act(move, user)
            with self.assertRaises(AccessError):
                self.act(move[0], user)
        wizard = self.wizard(move)
        with self.assertRaises(AccessError):
            wizard.with_user(self.marc).action_send()
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(self.marc).read(["preview"])
        self.assertEqual(self.smtp.take(), [])
        action = self.env.ref("sengerio_mail.account_move_due_notice_action")
        bindings = self.env["ir.actions.actions"].with_user(self.marc).get_bindings("account.move")
        self.assertNotIn(action.id, [found["id"] for found in bindings.get("action", [])])
        bindings = self.env["ir.actions.actions"].with_user(self.clerk).get_bindings("account.move")
        self.assertIn(action.id, [found["id"] for found in bindings["action"]])
