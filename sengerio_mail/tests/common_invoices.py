"""What the tests of invoices share."""

from odoo import Command
from odoo.tests import new_test_user

from .common import DocumentMailCase

BOOKS, CONTROL, CLERK = "books@azure.example", "control@azure.example", "clerk@firm.example"


class InvoicesCase(DocumentMailCase):
    """A clerk sends invoices of which Anna is the salesperson; Azure has two accounting addresses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "clerk", "account.group_account_invoice,base.group_partner_manager", name="Clerk", email=CLERK,
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)], notification_type="email",
        )  # fmt: skip
        cls.add_address(cls, cls.azure, "accounting", BOOKS)
        cls.add_address(cls, cls.azure, "accounting", CONTROL)

    def make_move(self, move_type="out_invoice", partner=None, **values):
        """Return a posted invoice or credit note."""
        move = self.env["account.move"].create(
            {
                "move_type": move_type, "partner_id": (partner or self.azure).id, "invoice_user_id": self.anna.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})], **values,
            }
        )  # fmt: skip
        move.action_post()
        self.smtp.take()
        return move

    def wizard(self, move, user=None, **values):
        """Open the Send wizard."""
        return (
            self.env["account.move.send.wizard"]
            .with_user(user or self.clerk)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"move_id": move.id, **values})
        )

    def send_move(self, move, **values):
        """Send one invoice and return what arrived."""
        self.wizard(move, **values).action_send_and_print()
        self.env.flush_all()
        return self.smtp.take()

    def run_batch(self, moves):
        """Start a batch as the clerk and let the cron work it off."""
        wizard = self.env["account.move.send.batch.wizard"].with_user(self.clerk).create({"move_ids": moves.ids})
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.assertEqual(self.smtp.take(), [])  # a cron leaves its mails to the queue
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        return self.smtp.take()
