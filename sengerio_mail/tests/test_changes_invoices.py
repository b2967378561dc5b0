"""Changes for one send in the invoice wizards, through their job and the queue."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import DocumentMailCase, change

NEW, BOOKS, PAY = "new@ext.example", "books@azure.example", "pay@azure.example"
CLERK, MARC, CHIEF = "clerk@firm.example", "marc@firm.example", "chief@firm.example"
# NEW is added to To, Marc moved from Cc to Bcc
MOVED = change(to=[NEW], bcc=[MARC], removed=[MARC])
SALE = ["access_token", "hash", "pid"]


class InvoiceChangesCase(DocumentMailCase):
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

    def batch(self, moves, cc=(), removed=None, own=None, user=None, email_from="", reply_to="", **values):
        """Return the batch wizard as the clerk, or another user, has it.

        :param cc: addresses in copy of all; From and Reply-To are for all, too
        :param dict removed: by invoice, the addresses left out of it
        :param dict own: by invoice, what else is changed for it, see :func:`~.common.change`
        """
        batches = self.env["account.move.send.batch.wizard"].with_user(user or self.clerk)
        moved = {str(move.id): {"removed": emails} for move, emails in (removed or {}).items()}
        moved |= {str(move.id): found for move, found in (own or {}).items()}
        changes = {**change(cc=list(cc), email_from=email_from, reply_to=reply_to), "moves": moved}
        return batches.create({"move_ids": moves.ids, "sengerio_changes": changes, **values})

    def shown(self, line):
        """Return the addresses on a line of the batch wizard."""
        return {header: [tag["email"] for tag in line[header]] for header in ("to", "cc", "bcc")}

    def work_off(self):
        """Let the jobs do their work and return what arrived."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        return self.smtp.take()

    def fail_twice(self, moves):
        """Let the job fail, then the mail server, so that both try again."""

        def not_yet(_model, moves_data, **_arguments):
            for move_data in moves_data.values():
                move_data["error"] = {"error_title": "Busy", "errors": ["try again"], "retry": True}

        before = moves[0].sending_data
        with patch.object(self.env.registry["account.move.send"], "_generate_invoice_documents", not_yet):
            self.assertEqual(self.work_off(), [])
        self.assertEqual(moves[0].sending_data, before)
        self.smtp.fail_data = lambda _envelope: "451 4.3.0 busy"
        self.assertEqual(self.work_off(), [])
        waiting = self.env["mail.mail"].search([("model", "=", "account.move"), ("res_id", "in", moves.ids)])
        self.assertTrue(all(mail.scheduled_date for mail in waiting))
        self.assertEqual(set(waiting.mapped("res_id")), set(moves.ids))
        self.smtp.fail_data = waiting.scheduled_date = False


@tagged("post_install", "-at_install")
class TestChangesOfInvoices(InvoiceChangesCase):
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
