"""Measure what sending costs: SQL queries and time per document, with the addon and without it, in one run.

Called with an environment of a database that has the addon; the database without it is given by name. All ways are
measured in turn, each document in a transaction of its own, as a click on Send is: the composer is opened, filled by
Odoo, sent; the mail leaves over a real SMTP socket after the commit. The attachment is ready made: printing a PDF takes
a second and is the same with and without.
"""

import argparse
import gc
import json
import statistics
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import Cursor

from devkit.ui import note

ATTACHMENT_BYTES = 50_000
SENDER = "bench"
QUIET_SENDER = "quiet"  # has opted out of blind copies
BATCHES = 5  # of 100 invoices
QUEUE_ROUNDS = 5  # of 200 quotations


class Statements:
    """Counts the statements of all cursors, the second ones too, in ``Cursor.execute``."""

    def __init__(self):
        self.count = 0

    @contextmanager
    def counted(self):
        """Count while the block runs."""
        original = Cursor.execute

        def execute(cursor, *args, **kwargs):
            self.count += 1
            return original(cursor, *args, **kwargs)

        Cursor.execute = execute
        try:
            yield self
        finally:
            Cursor.execute = original


@contextmanager
def environment(database):
    """Give an environment of the superuser; commit at the end."""
    with Registry(database).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


class Way:
    """One way of sending to be measured.

    :param str name: its name in the report
    :param str database: where
    :param act: called with an environment of the user who sends, and the record
    :param prepare: called with an environment and the record before anything is measured
    :param str sender: login of the user who sends
    """

    def __init__(self, name, database, act, prepare=lambda env, record: None, sender=SENDER):
        self.sender = sender
        self.name = name
        self.database = database
        self.act = act
        self.prepare = prepare
        self.queries, self.seconds = [], []

    def make_records(self, count):
        """Make the quotations, each for a customer of its own."""
        with environment(self.database) as env:
            user = env["res.users"].search([("login", "=", self.sender)])
            product = env["product.product"].search([], limit=1)
            partners = env["res.partner"].create(
                [
                    {"name": f"{self.name} {number}", "email": f"{self.name}.{number}@customer.example"}
                    for number in range(count)
                ]
            )
            orders = env["sale.order"].with_user(user).create(
                [{"partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id})]} for partner in partners]
            )
            for order in orders:
                self.prepare(env, order)
            self.user_id = user.id
            self.record_ids = orders.ids

    def run(self, index, keep):
        """Send one document in a transaction of its own."""
        statements = Statements()
        start = time.perf_counter()
        with statements.counted(), Registry(self.database).cursor() as cr:
            env = api.Environment(cr, self.user_id, {})
            self.act(env, env["sale.order"].browse(self.record_ids[index]))
            cr.commit()
        if keep:
            self.seconds.append(time.perf_counter() - start)
            self.queries.append(statements.count)


class Queued(Way):
    """Quotations left to the mail queue, then the queue worked off; figures are per quotation.

    What else happens on a machine changes within seconds: so that all ways suffer alike, each leaves one quotation in
    turn before the queue of each is worked off, a part in turn.
    """

    SIZE, PART = 200, 20

    def make_records(self, count):
        """Make the quotations of some rounds."""
        super().make_records(count * self.SIZE)

    def begin(self, index):
        """Begin a round."""
        self.round_ids = self.record_ids[index * self.SIZE : (index + 1) * self.SIZE]
        self.statements, self.taken = Statements(), 0

    @contextmanager
    def measured(self):
        """Count statements and time while the block runs."""
        start = time.perf_counter()
        with self.statements.counted():
            yield
        self.taken += time.perf_counter() - start

    def leave(self, number):
        """Leave one quotation of the round to the queue, in a transaction of its own."""
        with self.measured(), Registry(self.database).cursor() as cr:
            env = api.Environment(cr, self.user_id, {"mail_notify_force_send": False})
            self.act(env, env["sale.order"].browse(self.round_ids[number]))

    def work_off(self, first):
        """Work off a part of what this way has in the queue, as the queue's job does.

        :param int first: number of its first quotation in the round
        """
        part = self.round_ids[first : first + self.PART]
        with environment(self.database) as env:
            waiting = env["mail.mail"].search([("model", "=", "sale.order"), ("res_id", "in", part)])
            with self.measured():
                waiting.process_email_queue(waiting.ids)
                env.cr.commit()

    def end(self, keep):
        """End a round.

        :param bool keep: count it
        """
        if keep:
            self.seconds.append(self.taken / self.SIZE)
            self.queries.append(self.statements.count / self.SIZE)


class InvoiceBatches(Way):
    """Batches of invoices, worked off as by Odoo's job and its queue; figures are per invoice.

    Their PDFs are ready made.
    """

    SIZE = 100

    def make_records(self, count):
        """Make the invoices of some batches, each for a customer of its own."""
        with environment(self.database) as env:
            self.user_id = env["res.users"].search([("login", "=", self.sender)]).id
            product = env["product.product"].search([], limit=1)
            partners = env["res.partner"].create(
                [
                    {"name": f"{self.name} {number}", "email": f"{self.name}.{number}@customer.example"}
                    for number in range(count * self.SIZE)
                ]
            )
            line = {"product_id": product.id, "price_unit": 10.0, "tax_ids": [(5,)]}
            moves = env["account.move"].create(
                [
                    {"move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2026-01-15",
                     "invoice_line_ids": [(0, 0, line)]}
                    for partner in partners
                ]
            )  # fmt: skip
            moves.action_post()
            env["ir.attachment"].create(
                [
                    {"name": "invoice.pdf", "raw": b"%PDF-" + b"x" * ATTACHMENT_BYTES, "mimetype": "application/pdf",
                     "res_model": move._name, "res_id": move.id, "res_field": "invoice_pdf_report_file"}
                    for move in moves
                ]
            )  # fmt: skip
            moves.sending_data = {
                "author_user_id": self.user_id,
                "author_partner_id": env["res.users"].browse(self.user_id).partner_id.id,
            }
            self.record_ids = moves.ids

    def run(self, index, keep):
        """Work off one batch, then the queue."""
        statements = Statements()
        ids = self.record_ids[index * self.SIZE : (index + 1) * self.SIZE]
        start = time.perf_counter()
        with statements.counted(), Registry(self.database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"mail_notify_force_send": False})
            env["account.move.send"]._generate_and_send_invoices(env["account.move"].browse(ids), from_cron=True)
            cr.commit()
            env["mail.mail"].process_email_queue()
        if keep:
            self.seconds.append((time.perf_counter() - start) / self.SIZE)
            self.queries.append(statements.count / self.SIZE)


def send(env, order):
    """Open the composer as the Send button does, and press Send."""
    action = order.action_quotation_send()
    env["mail.compose.message"].with_context(**action["context"]).create({}).action_send_mail()


def chat(env, order):
    """Write to the customer in the chatter."""
    order.message_post(body="Hello", partner_ids=order.partner_id.ids, subtype_xmlid="mail.mt_comment")


def set_up(database):
    """Make the senders, the product and the ready made attachment of a database."""
    with environment(database) as env:
        for login in (SENDER, QUIET_SENDER):
            user = env["res.users"].with_context(no_reset_password=True).create(
                {
                    "name": login.title(), "login": login, "email": f"{login}@firm.example",
                    "notification_type": "email",
                    "group_ids": [
                        (4, env.ref("sales_team.group_sale_salesman_all_leads").id),
                        (4, env.ref("account.group_account_invoice").id),
                    ],
                }
            )  # fmt: skip
            if "sengerio_bcc_opt_out" in user:
                user.sengerio_bcc_opt_out = login == QUIET_SENDER
        env["product.product"].create({"name": "Chair", "type": "consu"})
        template = env.ref("sale.email_template_edi_sale")
        attachment = env["ir.attachment"].create(
            {"name": "quotation.pdf", "raw": b"%PDF-" + b"x" * ATTACHMENT_BYTES, "mimetype": "application/pdf"}
        )
        template.write({"report_template_ids": [(5,)], "attachment_ids": [(6, 0, attachment.ids)]})


def follow(env, order):
    """Add one more follower by e-mail."""
    order.message_subscribe(env["res.partner"].search([("email", "=", "follower@firm.example")]).ids)


def with_addresses(env, order):
    """Give the customer a role address and a visible copy to a colleague."""
    env["sengerio.mail.address"].create({"partner_id": order.partner_id.id, "email": f"role.{order.id}@x.example"})
    colleague = env["res.partner"].search([("email", "=", "follower@firm.example")])
    env["sengerio.mail.copy"].create({"partner_id": order.partner_id.id, "copy_partner_id": colleague.id})


def measure(ways, count, warm_up=2):
    """Make what is to be sent and run all ways in turn, after some rounds that warm up both registries' caches."""
    names = ", ".join(way.name for way in ways)
    note(f"Measuring {names} ...")
    for way in ways:
        way.make_records(count + warm_up)
    for index in range(count + warm_up):
        order = ways if index % 2 else list(reversed(ways))
        for way in order:
            gc.collect()
            way.run(index, keep=index >= warm_up)
        note(f"  round {index + 1} of {count + warm_up}")


def measure_queue(ways, count, warm_up=1):
    """Leave the quotations of each round to the queue in turn, then work it off in turn."""
    names = ", ".join(way.name for way in ways)
    note(f"Measuring {names} ...")
    for way in ways:
        way.make_records(count + warm_up)
    for index in range(count + warm_up):
        for way in ways:
            way.begin(index)
        gc.collect()
        for number in range(Queued.SIZE):
            for way in ways if number % 2 else reversed(ways):
                way.leave(number)
        for first in range(0, Queued.SIZE, Queued.PART):
            for way in ways if (index + first // Queued.PART) % 2 else reversed(ways):
                gc.collect()
                way.work_off(first)
        for way in ways:
            way.end(keep=index >= warm_up)
        note(f"  round {index + 1} of {count + warm_up}")


def report(ways):
    """Return the figures by name."""
    return {
        way.name: {
            "documents": len(way.queries),
            "queries_median": round(statistics.median(way.queries), 2),
            "queries_min": round(min(way.queries), 2),
            "queries_max": round(max(way.queries), 2),
            "ms_median": round(1000 * statistics.median(way.seconds), 1),
            "ms_min": round(1000 * min(way.seconds), 1),
        }
        for way in ways
    }


def _direct(addon, options):
    """Measure quotations that are sent at once, and messages in the chatter."""
    ways = [
        Way("core", options.core, send),
        Way("core_one_more_follower", options.core, send, follow),
        Way("addon_no_copies", addon, send, sender=QUIET_SENDER),
        Way("addon_bcc", addon, send),
        Way("addon_addresses_copy_bcc", addon, send, with_addresses),
        Way("core_chatter", options.core, chat),
        Way("addon_chatter", addon, chat),
    ]
    measure(ways, options.documents)
    return ways


def _queue(addon, options):
    """Measure quotations that are left to the queue."""
    ways = [
        Queued("core_queue", options.core, send),
        Queued("core_queue_one_more_follower", options.core, send, follow),
        Queued("addon_queue_no_copies", addon, send, sender=QUIET_SENDER),
        Queued("addon_queue_bcc", addon, send),
    ]
    measure_queue(ways, QUEUE_ROUNDS)
    return ways


def _invoices(addon, options):
    """Measure batches of invoices."""
    ways = [
        InvoiceBatches("core_invoice_batch", options.core, None),
        InvoiceBatches("addon_invoice_batch", addon, None),
    ]
    measure(ways, BATCHES, warm_up=1)
    return ways


def main(env, args):
    """Measure and print.

    :param env: environment of the database with the addon
    :param list args: ``send --core DATABASE [--documents N] [--only PART] [--json]``
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["send"])
    parser.add_argument("--core", required=True)
    parser.add_argument("--documents", type=int, default=30)
    parser.add_argument("--only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(args)
    addon = env.cr.dbname
    for database in (addon, options.core):
        set_up(database)
        with environment(database) as own:
            own["res.partner"].create({"name": "Follower", "email": "follower@firm.example"})
    parts = {"direct": _direct, "queue": _queue, "invoices": _invoices}
    ways = [way for name, part in parts.items() if options.only in (None, name) for way in part(addon, options)]
    figures = report(ways)
    for name, against in (
        ("addon_no_copies", "core"), ("addon_bcc", "core"), ("addon_bcc", "core_one_more_follower"),
        ("addon_addresses_copy_bcc", "core"), ("addon_chatter", "core_chatter"),
        ("addon_queue_no_copies", "core_queue"), ("addon_queue_bcc", "core_queue"),
        ("addon_queue_bcc", "core_queue_one_more_follower"), ("addon_invoice_batch", "core_invoice_batch"),
    ):  # fmt: skip
        if name not in figures:
            continue
        figures[name][f"queries_more_than_{against}"] = round(
            figures[name]["queries_median"] - figures[against]["queries_median"], 2
        )
        figures[name][f"time_ratio_to_{against}"] = round(
            figures[name]["ms_median"] / figures[against]["ms_median"], 2
        )
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, row in figures.items():
            print(name)
            for key, value in row.items():
                print(f"    {key:45} {value}")
