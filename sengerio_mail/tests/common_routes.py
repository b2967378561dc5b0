"""The ways in which a document leaves Odoo, each as its user, its customer or its job takes it."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import Form

from .common import DocumentMailCase

AZURE, BUYING, BOOKS, CONTROL, BOSS, DEPUTY = (
    f"{name}@azure.example" for name in ("azure", "buying", "books", "control", "boss", "deputy")
)
COMMERCIAL, ACCOUNTING, MANAGEMENT = [AZURE, BUYING], [BOOKS, CONTROL], [BOSS, DEPUTY]


class RoutesCase(DocumentMailCase):
    """Marc is the responsible of all records; Anna acts, or nobody does. Each role has two addresses.

    A way returns the records that it sends. Its argument tells whether their mails are to wait for the queue, where it
    is the caller who says so.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role, emails in (("commercial", [BUYING]), ("accounting", ACCOUNTING), ("management", MANAGEMENT)):
            for address in emails:
                cls.add_address(cls, cls.azure, role, address)
        for group in ("account.group_account_invoice", "purchase.group_send_reminder"):
            cls.anna.group_ids += cls.env.ref(group)
        cls.public = cls.env.ref("base.public_user")
        cls.provider = cls.env["payment.provider"].search([], limit=1)
        journal = cls.env["account.journal"].create({"name": "Online", "type": "bank", "code": "ONL"})
        cls.env["account.payment.method.line"].create(
            {"name": "Online", "payment_method_id": cls.env.ref("account.account_payment_method_manual_in").id,
             "journal_id": journal.id, "payment_provider_id": cls.provider.id}
        )  # fmt: skip
        cls.quotation_template = cls.env.ref("sale.email_template_edi_sale")

    def mails_of(self, records):
        """Return the mails about records that are still there."""
        return self.env["mail.mail"].search([("model", "=", records._name), ("res_id", "in", records.ids)])

    def leave_by(self, route):
        """Take a way, work off the queue.

        :param route: :class:`.test_routes.Route`
        :return: ``(records sent, messages of documents that arrived)``
        """
        self.smtp.take()
        records = getattr(self, route.name)(False)
        self.env.flush_all()
        self.env["mail.mail"].process_email_queue()
        return records, [mail for mail in self.smtp.take() if mail.message["X-Sengerio-Document"]]

    # ------------------------------------------------------------
    # Orders
    # ------------------------------------------------------------

    def run_cron(self, xmlid):
        """Run a job as Odoo does."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()

    def quotation_by_composer(self, queue):
        order = self.make_order()
        self.compose(order, user=self.anna).save()._action_send_mail()
        return order

    def order_confirmation_by_composer(self, queue):
        order = self.make_order()
        order.action_confirm()
        self.compose(order, user=self.anna).save()._action_send_mail()
        return order

    def order_confirmed(self, queue):
        order = self.make_order()
        order.with_user(self.anna).with_context(send_email=True).action_confirm()
        return order

    def order_signed_in_portal(self, queue):
        order = self.make_order()
        order.with_user(self.public).sudo()._validate_order()
        return order

    def make_transaction(self, order, state, **values):
        """Return an online payment of an order."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env["payment.method"].with_context(active_test=False).search([], limit=1).id,
                "amount": order.amount_total, "currency_id": order.currency_id.id, "partner_id": self.azure.id,
                "reference": f"paid {order.name}", "sale_order_ids": [Command.set(order.ids)], "state": state,
                **values,
            }
        )  # fmt: skip

    def order_paid_online(self, queue):
        order = self.make_order()
        self.make_transaction(order, "done").with_user(self.public).sudo()._post_process()
        return order

    def order_confirmation_deferred(self, queue):
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        order = self.make_order()
        order.with_user(self.anna)._validate_order()
        self.run_cron("sale.send_pending_emails_cron")
        self.env["ir.config_parameter"].set_param("sale.async_emails", "False")
        return order

    def order_signed_and_deferred(self, queue):
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        order = self.make_order()
        order.with_user(self.public).sudo()._validate_order()
        self.run_cron("sale.send_pending_emails_cron")
        self.env["ir.config_parameter"].set_param("sale.async_emails", "False")
        return order

    def order_cancellation(self, queue):
        order = self.make_order()
        order.action_cancel()
        composer = self.compose_free(order, self.azure, user=self.anna)
        composer.template_id = self.env.ref("sengerio_mail.mail_template_order_cancellation")
        composer.save()._action_send_mail()
        return order

    def payment_executed(self, queue):
        order = self.make_order()
        self.make_transaction(order, "pending").with_user(self.public).sudo()._post_process()
        return order

    # ------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------

    def make_move(self, move_type="out_invoice", **values):
        """Return a posted invoice or credit note."""
        move = self.env["account.move"].create(
            {
                "move_type": move_type, "partner_id": self.azure.id, "invoice_user_id": self.marc.id,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})], **values,
            }
        )  # fmt: skip
        move.action_post()
        return move

    def send_move(self, move):
        wizard = self.env["account.move.send.wizard"].with_user(self.anna)
        wizard = wizard.with_context(active_model="account.move", active_ids=move.ids)
        wizard.create({"move_id": move.id}).action_send_and_print()

    def invoice_wizard(self, queue):
        move = self.make_move()
        self.send_move(move)
        return move

    def credit_note_wizard(self, queue):
        move = self.make_move("out_refund")
        self.send_move(move)
        return move

    def invoice_sent_again(self, queue):
        move = self.make_move()
        with patch.object(type(self.env["mail.mail"]), "send", lambda mails, **kwargs: True):
            self.send_move(move)
        self.mails_of(move).unlink()
        self.send_move(move)
        self.assertEqual(move.sengerio_document_count, 2)
        return move

    def batch_wizard(self, moves):
        return self.env["account.move.send.batch.wizard"].with_user(self.anna).create({"move_ids": moves.ids})

    def batch_wizard_at_once(self, queue):
        moves = self.make_move() | self.make_move()
        self.batch_wizard(moves).action_send_and_print(force_synchronous=True)
        return moves

    def batch_wizard_by_cron(self, queue):
        moves = self.make_move() | self.make_move()
        self.batch_wizard(moves).action_send_and_print()
        self.run_cron("account.ir_cron_account_move_send")
        return moves

    def make_paid_invoice(self):
        """Return an online payment whose invoice was made by itself."""
        order = self.make_order()
        order.action_confirm()
        self.product.invoice_policy = "order"
        invoice = order._create_invoices()
        invoice.invoice_user_id = self.marc
        invoice.action_post()
        values = {"invoice_ids": [Command.set(invoice.ids)], "is_post_processed": True}
        return self.make_transaction(order, "done", last_state_change=fields.Datetime.now(), **values)

    def invoice_of_payment(self, queue):
        transaction = self.make_paid_invoice()
        transaction.with_user(self.public).sudo()._send_invoice()
        return transaction.invoice_ids

    def invoice_of_payment_by_cron(self, queue):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        transaction = self.make_paid_invoice()
        self.run_cron("sale.send_invoice_cron")
        return transaction.invoice_ids

    # ------------------------------------------------------------
    # Purchases
    # ------------------------------------------------------------

    def make_confirmed_purchase(self):
        """Return a purchase order."""
        purchase = self.make_purchase()
        purchase.button_confirm()
        return purchase

    def purchase_order_by_composer(self, queue):
        purchase = self.make_confirmed_purchase()
        self.compose(purchase, user=self.anna).save()._action_send_mail()
        return purchase

    def purchase_reminder_by_cron(self, queue):
        purchase = self.make_confirmed_purchase()
        purchase.write(
            {"receipt_reminder_email": True, "reminder_date_before_receipt": 1,
             "date_planned": fields.Datetime.add(fields.Datetime.now(), days=1)}
        )  # fmt: skip
        self.run_cron("purchase.purchase_send_reminder_mail")
        purchase.receipt_reminder_email = False  # once
        return purchase

    def purchase_reminder_by_composer(self, queue):
        purchase = self.make_confirmed_purchase()
        action = purchase.with_user(self.anna)._send_reminder_mail(send_single=True)
        composer = Form(self.env["mail.compose.message"].with_user(self.anna).with_context(**action["context"]))
        composer.save()._action_send_mail()
        return purchase

    # ------------------------------------------------------------
    # Code, server actions, many at once, later
    # ------------------------------------------------------------

    def message_post_with_source(self, queue):
        order = self.make_order()
        order.with_user(self.anna).message_post_with_source(self.quotation_template, subtype_xmlid="mail.mt_comment")
        return order

    def message_mail_with_source(self, queue):
        orders = self.make_order() | self.make_order()  # of one alone the mail always leaves at once
        orders.with_user(self.anna).message_mail_with_source(self.quotation_template)
        return orders

    def template_send_mail(self, queue):
        order = self.make_order()
        self.quotation_template.with_user(self.anna).send_mail(order.id, force_send=not queue)
        return order

    def run_action(self, order, method):
        """Run a server action that sends the template."""
        action = self.env["ir.actions.server"].create(
            {"name": "Mail", "model_id": self.env["ir.model"]._get_id("sale.order"), "state": "mail_post",
             "template_id": self.quotation_template.id, "mail_post_method": method}
        )  # fmt: skip
        action.with_user(self.anna).with_context(active_model="sale.order", active_id=order.id).run()

    def server_action_by_email(self, queue):
        order = self.make_order()
        self.run_action(order, "email")
        return order

    def server_action_by_message(self, queue):
        order = self.make_order()
        self.run_action(order, "comment")
        return order

    def compose_many(self, mode):
        """Send two orders by one composer."""
        orders = self.make_order() | self.make_order()
        context = orders.with_user(self.anna).action_quotation_send()["context"]
        context = {**context, "default_composition_mode": mode, "default_res_ids": orders.ids}
        composer = self.env["mail.compose.message"].with_user(self.anna).with_context(**context)
        composer.create({"template_id": self.quotation_template.id})._action_send_mail()
        return orders

    def mass_mode(self, queue):
        return self.compose_many("mass_mail")

    def batch_of_comments(self, queue):
        return self.compose_many("comment")

    def scheduled_message(self, queue):
        order = self.make_order()
        wizard = self.compose(order, user=self.anna).save()
        wizard.scheduled_date = fields.Datetime.to_string(fields.Datetime.add(fields.Datetime.now(), hours=1))
        scheduled = wizard._action_schedule_message()
        self.env.flush_all()
        self.assertEqual(self.smtp.take(), [])
        self.assertFalse(self.document_of(order))
        self.env.cr.execute(
            "UPDATE mail_scheduled_message SET scheduled_date = now() - interval '1 hour' WHERE id = %s", [scheduled.id]
        )
        self.run_cron("mail.ir_cron_post_scheduled_message")
        return order

    def send_later(self, queue):
        order = self.make_order()
        composer = self.compose(order, user=self.anna).save()
        [values] = composer._prepare_mail_values(order.ids).values()
        values["scheduled_date"] = fields.Datetime.add(fields.Datetime.now(), hours=1)
        order.with_user(self.anna).message_post(**values)
        self.assertEqual(self.smtp.take(), [])
        self.env["mail.message.schedule"].search([]).scheduled_datetime = fields.Datetime.now()
        self.run_cron("mail.ir_cron_send_scheduled_message")
        return order
