"""Changes for one send in the invoice wizards, through their job and the queue."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import DocumentMailCase, change

NEW = "new@ext.example"
SALE = ["access_token", "hash", "pid"]


@tagged("post_install", "-at_install")
class TestChangesOfInvoices(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "clerk", "account.group_account_invoice", name="Clerk", email="clerk@firm.example",
            company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)], notification_type="email",
        )  # fmt: skip
        cls.add_address(cls, cls.azure, "accounting", "books@azure.example")

    def make_move(self, partner=None):
        """Return a posted invoice."""
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice", "partner_id": (partner or self.azure).id, "invoice_user_id": self.anna.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})],
            }
        )  # fmt: skip
        move.action_post()
        self.smtp.take()
        return move

    def wizard(self, move, **changes):
        """Open the Send wizard as the clerk, with changes."""
        wizards = self.env["account.move.send.wizard"].with_user(self.clerk)
        return wizards.with_context(active_model="account.move", active_ids=move.ids).create(
            {"move_id": move.id, "sengerio_changes": change(**changes)}
        )

    def batch(self, moves, cc=(), **values):
        """Return the batch wizard as the clerk has it."""
        batches = self.env["account.move.send.batch.wizard"].with_user(self.clerk)
        return batches.create({"move_ids": moves.ids, "sengerio_changes": change(cc=list(cc)), **values})

    def work_off(self):
        """Let the jobs do their work and return what arrived."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        return self.smtp.take()

    def test_wizard(self):
        """What was changed in the wizard is what is sent."""
        move = self.make_move()
        wizard = self.wizard(move, cc=[NEW], to=["second@ext.example"], reply_to="sender", email_from="company")
        shown = wizard.sengerio_recipients
        wizard.action_send_and_print()
        self.env.flush_all()
        mails = self.smtp.take()
        to = ["books@azure.example", "second@ext.example"]
        self.assertMails(
            mails,
            [
                {"rcpt": ["books@azure.example"], "to": to, "cc": [NEW], "secrets": SALE},
                {"rcpt": ["second@ext.example"], "to": to, "cc": [NEW]},
                {"rcpt": [NEW, "clerk@firm.example"], "to": to, "cc": [NEW]},
            ],
        )
        self.assertEqual({tuple(mail.addresses("Reply-To")) for mail in mails}, {("clerk@firm.example",)})
        self.assertEqual({tuple(mail.addresses("From")) for mail in mails}, {("info@firm.example",)})
        listed = self.document_of(move).delivery_ids
        self.assertEqual(
            [(delivery.header, delivery.email) for delivery in listed],
            [(header, tag["email"]) for header in ("to", "cc", "bcc") for tag in shown[header]],
        )

    def test_customer_without_address(self):
        """An address typed in is enough for a customer who has none."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        move = self.make_move(mute)
        wizard = self.wizard(move)
        self.assertEqual(wizard.alerts["account_missing_email"]["level"], "warning")
        self.assertFalse(wizard.sengerio_has_to)
        wizard = self.wizard(move, to=[NEW])
        self.assertFalse(wizard.alerts)
        self.assertTrue(wizard.sengerio_has_to)
        wizard.action_send_and_print()
        self.env.flush_all()
        self.assertMails(
            self.smtp.take(), [{"rcpt": [NEW], "to": [NEW]}, {"rcpt": ["clerk@firm.example"], "to": [NEW]}]
        )
        self.assertFalse(mute.email)

    def test_refused(self):
        """Nothing is generated or sent when something cannot be used, or nobody is left in To."""
        move = self.make_move()
        for changes, error, message in (
            ({"cc": ["nonsense"]}, ValidationError, "nonsense"),
            ({"bcc": [NEW]}, AccessError, NEW),
            ({"removed": ["books@azure.example"]}, UserError, "Nobody is in To"),
        ):
            with self.subTest(changes=changes), self.assertRaisesRegex(error, message):
                self.wizard(move, **changes).action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.assertFalse(move.invoice_pdf_report_id)

    def test_batch(self):
        """A batch carries the copy of all and the switched blind copy through its job and the queue."""
        moves = self.make_move() | self.make_move()
        wizard = self.batch(moves, cc=[NEW], sengerio_bcc_sender=False)
        shown = [[tag["email"] for tag in line["cc"] + line["bcc"]] for line in wizard.sengerio_lines["lines"]]
        self.assertEqual(shown, [[NEW], [NEW]])
        headers = {(line["from"], line["reply_to"]) for line in wizard.sengerio_lines["lines"]}
        self.assertEqual(headers, {("Anna Senior <anna@firm.example>", "anna@firm.example, catchall@firm.example")})
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        row = {"to": ["books@azure.example"], "cc": [NEW]}
        expected = [
            {**row, "rcpt": ["books@azure.example"], "secrets": SALE},
            {**row, "rcpt": [NEW]},
        ]
        mails = self.work_off()
        self.assertMails(mails, expected * 2)
        self.assertEqual({str(mail.message["From"]) for mail in mails}, {"Anna Senior <anna@firm.example>"})
        replies = {tuple(mail.addresses("Reply-To")) for mail in mails}
        self.assertEqual(replies, {("anna@firm.example", "catchall@firm.example")})
        self.assertEqual(moves.mapped("sending_data"), [False, False])

    def test_batch_at_once(self):
        """The same without the job."""
        moves = self.make_move() | self.make_move()
        self.batch(moves, cc=[NEW]).action_send_and_print(force_synchronous=True)
        self.env.flush_all()
        rcpts = [mail.rcpt for mail in self.smtp.take()]
        self.assertCountEqual(rcpts, [["books@azure.example"], ["clerk@firm.example", NEW]] * 2)

    def test_batch_refused(self):
        """A wrong address is named before the batch starts."""
        wizard = self.batch(self.make_move() | self.make_move(), cc=["nonsense"])
        self.assertEqual(wizard.sengerio_lines["cc"][0]["kind"], "error")
        with self.assertRaisesRegex(UserError, "nonsense"):
            wizard.action_send_and_print()

    def test_forged_batch(self):
        """Who may write invoices cannot make the job, which may do everything, do more than the wizard."""
        self.add_copy(self.azure, header="bcc", email="audit@firm.example", mandatory=True)
        move = self.make_move()
        move.with_user(self.clerk).sending_data = {
            "author_user_id": self.clerk.id, "author_partner_id": self.clerk.partner_id.id,
            "sengerio_added_cc": [NEW, "nonsense", "catchall@firm.example"], "sengerio_bcc_sender": "yes",
            "sengerio_changes": change(bcc=["spy@ext.example"], removed=["audit@firm.example"]),
        }  # fmt: skip
        with self.assertLogs("odoo.addons.sengerio_mail", "WARNING") as logged:
            mails = self.work_off()
        self.assertIn("catchall@firm.example", logged.output[0])
        self.assertCountEqual(
            [mail.rcpt for mail in mails],
            [["books@azure.example"], ["audit@firm.example", "clerk@firm.example", NEW]],
        )
