"""Invoices and credit notes through Odoo's Send wizards, their cron and automatic sending."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common_invoices import BOOKS, CLERK, CONTROL, InvoicesCase
from .test_bounces import NO_SUCH, report

AZURE, ANNA, MARC = "azure@azure.example", "anna@firm.example", "marc@firm.example"
SECRETS = ["access_token", "hash", "pid"]


@tagged("post_install", "-at_install")
class TestInvoices(InvoicesCase):
    def test_invoice_and_credit_note(self):
        """They go to the accounting addresses, with a blind copy to who sends, and are listed."""
        for move_type, code in (("out_invoice", "invoice"), ("out_refund", "credit_note"), ("out_receipt", "invoice")):
            with self.subTest(move_type=move_type):
                move = self.make_move(move_type)
                mails = self.send_move(move)
                to = [BOOKS, CONTROL]
                self.assertMails(mails, [{"rcpt": to, "to": to, "secrets": SECRETS}, {"rcpt": [CLERK], "to": to}])
                self.assertEqual(mails[0].attachments, mails[1].attachments)
                self.assertTrue(mails[0].attachments)
                document = self.document_of(move)
                self.assertEqual((document.type_id.code, document.reference), (code, move.display_name))
                self.assertEqual((document.sender_id, document.responsible_id), (self.clerk, self.anna))
                self.assertLedger(document, [("to", BOOKS, "sent"), ("to", CONTROL, "sent"), ("bcc", CLERK, "sent")])
                self.assertEqual(document.amount_total, move.amount_total)
                self.assertEqual(move.sengerio_document_count, 1)
                self.assertEqual(mails[0].addresses("Reply-To"), [ANNA, "catchall@firm.example"])

    def test_line_and_switch(self):
        """The wizard shows who gets it, and the blind copy can be switched for one send."""
        move = self.make_move()
        context = {"active_model": "account.move", "active_ids": move.ids}
        form = Form(self.env["account.move.send.wizard"].with_user(self.clerk).with_context(**context))
        preview = form.sengerio_recipients
        self.assertEqual(
            [(tag["email"], tag["reason"]) for tag in preview["to"] + preview["cc"] + preview["bcc"]],
            [
                (BOOKS, "accounting address of Azure Interior"), (CONTROL, "accounting address of Azure Interior"),
                (CLERK, "blind copy to the sender"),
            ],
        )  # fmt: skip
        form.sengerio_bcc_sender = False
        self.assertEqual(form.sengerio_recipients["bcc"], [])
        form.mail_partner_ids.add(self.john)
        shown = [tag["email"] for tag in form.sengerio_recipients["to"]]
        self.assertEqual(shown, [BOOKS, CONTROL, "john@azure.example"])
        form.save().action_send_and_print()
        to = [BOOKS, CONTROL, "john@azure.example"]
        self.assertMails(
            self.smtp.take(),
            [
                {"rcpt": [BOOKS, CONTROL], "to": to, "secrets": SECRETS},
                # in Odoo a contact added by hand may open the invoice
                {"rcpt": ["john@azure.example"], "to": to, "secrets": ["access_token"]},
            ],
        )

    def test_batch(self):
        """A batch is worked off by a cron: the blind copy goes to who started it, exactly one for each invoice."""
        second = self.env["res.partner"].create({"name": "Second", "email": "second@x.example"})
        moves = self.make_move() | self.make_move("out_refund") | self.make_move(partner=second)
        mails = self.run_batch(moves)
        self.assertEqual(
            sorted(mail.rcpt for mail in mails),
            sorted([[BOOKS, CONTROL], [BOOKS, CONTROL], ["second@x.example"], [CLERK], [CLERK], [CLERK]]),
        )
        documents = self.env["sengerio.mail.document"].search([], limit=3)
        self.assertEqual(documents.sender_id, self.clerk)
        self.assertEqual(documents.mapped("state"), ["sent"] * 3)
        self.assertEqual(sorted(d.type_id.code for d in documents), ["credit_note", "invoice", "invoice"])

    def test_batch_summary(self):
        """The batch wizard says who gets what, and names who cannot be mailed."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        moves = self.make_move() | self.make_move(partner=mute)
        wizard = self.env["account.move.send.batch.wizard"].with_user(self.clerk).create({"move_ids": moves.ids})
        lines = {line["partner"]: line for line in wizard.sengerio_lines["lines"]}
        self.assertEqual([tag["email"] for tag in lines["Azure Interior"]["to"]], [BOOKS, CONTROL])
        self.assertEqual([tag["email"] for tag in lines["Azure Interior"]["bcc"]], [CLERK])
        self.assertEqual((lines["Mute"]["note"], lines["Mute"]["partner_id"]), ("nobody: no e-mail address", mute.id))
        self.assertEqual(wizard.alerts["account_missing_email"]["message"], "No e-mail address: Mute.")
        self.assertEqual([mail.rcpt for mail in self.run_batch(moves)], [[BOOKS, CONTROL], [CLERK]])

    def test_bounced_address(self):
        """Both wizards warn about an address whose mail came back, and mark it; they still send there."""
        move = self.make_move()
        mails = self.send_move(move)
        self.env["mail.thread"].message_process(False, report([(BOOKS, *NO_SUCH)], mails[0].message))
        self.env.invalidate_all()
        self.assertEqual(self.document_of(move).state, "hard_bounce")
        moves = self.make_move() | self.make_move()
        shown = self.wizard(moves[0]).sengerio_recipients
        self.assertEqual([tag["email"] for tag in shown["to"] if tag["bounced"]], [BOOKS])
        [warning] = shown["warnings"]
        self.assertIn(BOOKS, warning["text"])
        self.assertEqual((warning["partner_id"], warning["action"]), (self.azure.id, "Correct the address"))
        batch = self.env["account.move.send.batch.wizard"].with_user(self.clerk).create({"move_ids": moves.ids})
        for line in batch.sengerio_lines["lines"]:
            self.assertEqual([tag["email"] for tag in line["to"] if tag["bounced"]], [BOOKS])
            self.assertEqual(line["warnings"], [warning], "with the same link")
        self.env["sengerio.mail.address"].search([("email", "=", BOOKS)]).email = "right@azure.example"
        self.assertFalse(self.wizard(moves[0]).sengerio_recipients["warnings"])

    def test_partner_without_email(self):
        """A partner without e-mail but with an accounting address is sent to, single and in a batch."""
        self.azure.email = False
        move = self.make_move()
        wizard = self.wizard(move)
        self.assertEqual(wizard.mail_partner_ids, self.azure)
        self.assertFalse(wizard.alerts)
        self.assertEqual([mail.rcpt for mail in self.send_move(move)], [[BOOKS, CONTROL], [CLERK]])
        moves = self.make_move() | self.make_move()
        wizard = self.env["account.move.send.batch.wizard"].with_user(self.clerk).create({"move_ids": moves.ids})
        self.assertFalse(wizard.alerts)
        self.assertEqual(len(self.run_batch(moves)), 4)

    def test_partner_without_address(self):
        """A partner without any address is named; nothing leaves."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        move = self.make_move(partner=mute)
        wizard = self.wizard(move)
        self.assertIn("Mute", wizard.alerts["account_missing_email"]["message"])
        wizard.mail_partner_ids = mute
        self.assertEqual(wizard.alerts["account_missing_email"]["level"], "danger")
        with self.assertRaises(UserError) as caught:
            wizard.action_send_and_print()
        self.assertIn("Mute", str(caught.exception))
        self.assertEqual(self.smtp.take(), [])

    def test_invoice_address(self):
        """An invoice address is mailed at its own e-mail, a contact at its company's accounting addresses."""
        billing = self.env["res.partner"].create(
            {"name": "Billing", "parent_id": self.azure.id, "type": "invoice", "email": "billing@azure.example"}
        )
        mails = self.send_move(self.make_move(partner=billing))
        self.assertEqual([mail.rcpt for mail in mails], [["billing@azure.example"], [CLERK]])
        mails = self.send_move(self.make_move(partner=self.john))
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS, CONTROL], [CLERK]])

    def test_template(self):
        """Reply-To and Cc of the template count; its addresses make no partners."""
        template = self.env.ref("account.email_template_edi_invoice")
        template.write(
            {
                "use_default_to": False, "partner_to": "{{ object.partner_id.id }}", "email_to": "plain@x.example",
                "email_cc": '"New, Guy" <new@x.example>, john@azure.example', "reply_to": "ask@firm.example",
            }
        )  # fmt: skip
        partners = self.env["res.partner"].search_count([])
        mails = self.send_move(self.make_move())
        everybody = {"to": [BOOKS, CONTROL, "plain@x.example"], "cc": ["new@x.example", "john@azure.example"]}
        self.assertMails(
            mails,
            [
                {**everybody, "rcpt": [BOOKS, CONTROL], "secrets": SECRETS},
                {**everybody, "rcpt": ["plain@x.example"]},
                {**everybody, "rcpt": ["new@x.example", "john@azure.example", CLERK]},
            ],
        )
        self.assertEqual({mail.message["Reply-To"] for mail in mails}, {"ask@firm.example"})
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_template_with_plain_addresses_alone(self):
        """A template that names nobody but plain addresses is mailed to those, single and in a batch."""
        template = self.env.ref("account.email_template_edi_invoice")
        template.write({"use_default_to": False, "partner_to": False, "email_to": False, "email_cc": "cc@x.example"})
        mails = self.run_batch(self.make_move() | self.make_move())
        self.assertEqual([mail.rcpt for mail in mails], [["cc@x.example"], [CLERK]] * 2)
        template.write({"email_to": "plain@x.example", "email_cc": False})
        self.assertEqual([mail.rcpt for mail in self.send_move(self.make_move())], [["plain@x.example"], [CLERK]])
        # the customer has none: it is mailed to the template's all the same, as shown, or it would count as sent
        mute = self.env["res.partner"].create({"name": "Mute"})
        move = self.make_move(partner=mute)
        wizard = self.wizard(move)
        self.assertEqual([tag["email"] for tag in wizard.sengerio_recipients["to"]], ["plain@x.example"])
        self.assertFalse(wizard.alerts)
        self.assertEqual([mail.rcpt for mail in self.send_move(move)], [["plain@x.example"], [CLERK]])
        mails = self.run_batch(self.make_move(partner=mute) | self.make_move(partner=mute))
        self.assertEqual([mail.rcpt for mail in mails], [["plain@x.example"], [CLERK]] * 2)

    def test_sent_again(self):
        """Sending again makes a second document, with the PDF of the first time."""
        move = self.make_move()
        first = self.send_move(move)
        second = self.send_move(move)
        self.assertEqual([mail.rcpt for mail in first], [mail.rcpt for mail in second])
        self.assertEqual(first[0].attachments, second[0].attachments)
        self.assertEqual(move.sengerio_document_count, 2)

    def test_automatic(self):
        """Sent by OdooBot, as after an online payment: the blind copy goes to the responsible, never to OdooBot."""
        move = self.make_move()
        root = self.env.ref("base.user_root")
        self.env["account.move.send"].with_user(root)._generate_and_send_invoices(
            move.with_user(root), allow_raising=False, allow_fallback_pdf=True
        )
        self.env.flush_all()
        self.assertEqual([mail.rcpt for mail in self.smtp.take()], [[BOOKS, CONTROL], [ANNA]])
        self.assertEqual(self.document_of(move).sender_id, self.anna)

    def test_not_by_email(self):
        """A move sent by another method alone makes no document, and its wizard shows no line."""
        self.azure.invoice_sending_method = "manual"
        move = self.make_move()
        wizard = self.wizard(move, sending_method_checkboxes={"manual": {"checked": True, "label": "Manual"}})
        self.assertFalse(wizard.sengerio_recipients)
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.assertFalse(self.document_of(move))

    def test_other_sending_methods(self):
        """By hand or by post alone: Odoo does it as ever, without a document or a mail; with e-mail too: both."""
        country = self.env.ref("base.be")
        self.azure.write({"street": "Street 1", "city": "City", "zip": "1000", "country_id": country.id})
        letters = self.env["snailmail.letter"]
        for methods, mails, posted in (
            ({"manual"}, [], 0), ({"snailmail"}, [], 1), ({"email", "snailmail"}, [[BOOKS, CONTROL], [CLERK]], 1),
            (set(), [], 0),
        ):  # fmt: skip
            with (
                self.subTest(methods=methods),
                patch.object(type(letters), "_snailmail_print", lambda *args, **options: None),
            ):
                move = self.make_move()
                self.env["account.move.send"].with_user(self.clerk)._generate_and_send_invoices(
                    move, sending_methods=methods
                )
                self.env.flush_all()
                self.assertEqual([mail.rcpt for mail in self.smtp.take()], mails)
                self.assertEqual(len(self.document_of(move)), bool(mails))
                self.assertTrue(move.invoice_pdf_report_id)
                found = letters.search_count([("model", "=", move._name), ("res_id", "=", move.id)])
                self.assertEqual(found, posted)

    def test_batch_of_several_methods(self):
        """In a batch, those by e-mail are documents, the others are none."""
        by_hand = self.env["res.partner"].create(
            {"name": "By Hand", "email": "hand@x.example", "invoice_sending_method": "manual"}
        )
        moves = self.make_move() | self.make_move(partner=by_hand)
        self.assertEqual([mail.rcpt for mail in self.run_batch(moves)], [[BOOKS, CONTROL], [CLERK]])
        self.assertTrue(self.document_of(moves[0]))
        self.assertFalse(self.document_of(moves[1]))
        self.assertTrue(moves[1].invoice_pdf_report_id)

    def test_batch_of_several_companies(self):
        """In a batch, each company has its own document, addresses, type with its policy, and From."""
        self.env["account.chart.template"].try_loading("generic_coa", self.second_company, install_demo=False)
        both = self.company | self.second_company
        self.clerk.company_ids = both
        self.add_address(self.azure, "accounting", "second@azure.example", company_id=self.second_company.id)
        shared = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        own = shared.copy(
            {"company_id": self.second_company.id, "bcc_sender": False, "from_policy": "company",
             "reply_to_policy": "fixed", "reply_to_email": "ask@second.example"}
        )  # fmt: skip
        self.mail_server.from_filter = "firm.example,second.example"
        self.env = self.env(context={**self.env.context, "allowed_company_ids": both.ids})
        here, there = self.make_move(), self.make_move(company_id=self.second_company.id)
        mails = self.run_batch(here | there)
        self.assertEqual(
            [(mail.rcpt, mail.addresses("Reply-To")) for mail in mails],
            [
                ([BOOKS, CONTROL], [ANNA, "catchall@firm.example"]), ([CLERK], [ANNA, "catchall@firm.example"]),
                (["second@azure.example"], ["ask@second.example"]),
            ],
        )  # fmt: skip
        self.assertEqual([mail.addresses("From") for mail in mails], [[ANNA], [ANNA], ["info@second.example"]])
        for move, company, document_type in ((here, self.company, shared), (there, self.second_company, own)):
            document = self.document_of(move)
            self.assertEqual((document.company_id, document.type_id), (company, document_type))
            self.assertEqual((document.sender_id, document.state), (self.clerk, "sent"))

    def test_journal_subscribers(self):
        """The journal's "Send Copy To" is no document; whoever it mails gets no copy of ours."""
        self.add_copy(self.azure, header="bcc", email="archive@firm.example")
        move = self.make_move()
        move.journal_id.incoming_einvoice_notification_email = "Archive@firm.example"
        mails = self.send_move(move)
        self.assertEqual(
            sorted(mail.rcpt for mail in mails), sorted([[BOOKS, CONTROL], [CLERK], ["archive@firm.example"]])
        )
        self.assertEqual(move.sengerio_document_count, 1)
        self.assertNotIn("archive@firm.example", self.document_of(move).delivery_ids.mapped("email"))

    def test_attachments_survive_the_message(self):
        """Odoo lets the message own an invoice's attachments: they outlive it."""
        move = self.make_move()
        self.send_move(move)
        document = self.document_of(move)
        names = document.attachment_ids.mapped("name")
        self.assertTrue(names)
        self.env["mail.message"].browse(document.mail_message_id).unlink()
        self.assertEqual(document.attachment_ids.exists().mapped("name"), names)
        self.assertEqual(document.with_user(self.clerk).readable_attachment_ids.mapped("name"), names)

    def test_company_rows_and_copies(self):
        """Copies by role and type count for invoices alone."""
        invoice = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        self.add_copy(self.azure, header="cc", email="tax@x.example", document_type_ids=[(6, 0, invoice.ids)])
        self.add_copy(self.azure, header="cc", email="sales@x.example", role="commercial")
        mails = self.send_move(self.make_move())
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS, CONTROL], [CLERK, "tax@x.example"]])
        mails = self.send_move(self.make_move("out_refund"))
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS, CONTROL], [CLERK]])
