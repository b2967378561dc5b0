"""The batch wizard's lines: contacts added to one invoice, From and Reply-To of all, more lines, what to mend."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import change
from .test_changes_invoices import BOOKS, CLERK, NEW, SALE, InvoiceChangesCase

JOHN, COMPANY = "john.books@azure.example", "info@firm.example"
OTHERS = ["access_token"]  # of an invoice, Odoo lets all who are addressed look at it


class BatchLinesCase(InvoiceChangesCase):
    def ways(self, moves, **changes):
        """Send invoices at once, by the job, and by a job and a mail server that try again; yield what arrives.

        :param moves: what makes the invoices
        """
        self.batch(moves(), **changes).action_send_and_print(force_synchronous=True)
        self.env.flush_all()
        yield "at once", self.smtp.take()
        self.batch(moves(), **changes).action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        yield "by the job", self.work_off()
        found = moves()
        self.batch(found, **changes).action_send_and_print()
        self.fail_twice(found)
        yield "tried again", self.work_off()

    def mails_of(self, move, mails):
        """Return those of the messages that are about an invoice."""
        return [mail for mail in mails if move.name in str(mail.message["Subject"])]


@tagged("post_install", "-at_install")
class TestBatchContacts(BatchLinesCase):
    def two(self):
        self.moves = self.make_move() | self.make_move()
        return self.moves

    def with_contact(self, contact, **changes):
        """Return changes with a contact added to To."""
        return {**change(**changes), "contacts": contact.ids}

    def test_contact(self):
        """A contact added to one invoice gets it at its accounting addresses, with the reason, and no other does."""
        self.add_address(self.john, "accounting", JOHN)
        wizard = self.batch(self.two(), own={self.moves[0]: self.with_contact(self.john)})
        first, second = wizard.sengerio_lines["lines"]
        self.assertEqual(
            [(tag["email"], tag["kind"], tag["reason"]) for tag in first["to"]],
            [
                (BOOKS, "role", "accounting address of Azure Interior"),
                (JOHN, "role", "accounting address of John Doe"),
            ],
        )
        self.assertEqual(self.shown(second)["to"], [BOOKS])
        wizard.action_send_and_print()
        mails = self.work_off()
        to = [BOOKS, JOHN]
        self.assertMails(
            self.mails_of(self.moves[0], mails),
            [
                {"rcpt": [BOOKS], "to": to, "secrets": SALE},
                {"rcpt": [JOHN], "to": to, "secrets": OTHERS},
                {"rcpt": [CLERK], "to": to},
            ],
        )
        self.assertMails(
            self.mails_of(self.moves[1], mails),
            [{"rcpt": [BOOKS], "to": [BOOKS], "secrets": SALE}, {"rcpt": [CLERK], "to": [BOOKS]}],
        )
        delivery = self.document_of(self.moves[0]).delivery_ids.filtered(lambda found: found.email == JOHN)
        self.assertEqual((delivery.header, delivery.partner_id, delivery.role), ("to", self.john, "accounting"))
        self.assertEqual(delivery.reason, "accounting address of John Doe")

    def test_contact_by_every_way(self):
        """At once, by the job, and when job and mail server have to try again: once each."""
        own = {}

        def two_with_john():
            own.clear()
            moves = self.two()
            own[moves[0]] = self.with_contact(self.john)
            return moves

        for expected in ("john@azure.example", JOHN):
            if expected == JOHN:
                self.add_address(self.john, "accounting", JOHN)
            for way, mails in self.ways(two_with_john, own=own):
                with self.subTest(way, expected=expected):
                    first, second = ([mail.rcpt for mail in self.mails_of(move, mails)] for move in self.moves)
                    self.assertCountEqual(first, [[BOOKS], [expected], [CLERK]])
                    self.assertCountEqual(second, [[BOOKS], [CLERK]])

    def test_contact_left_out(self):
        """One of a contact's addresses can be left out, the others stay."""
        for email in (JOHN, "john.pay@azure.example"):
            self.add_address(self.john, "accounting", email)
        changes = self.with_contact(self.john, removed=[JOHN])
        wizard = self.batch(self.two(), own={self.moves[0]: changes})
        first = wizard.sengerio_lines["lines"][0]
        self.assertEqual(self.shown(first)["to"], [BOOKS, "john.pay@azure.example"])
        self.assertEqual([tag["email"] for tag in first["left_out"]], [JOHN])
        wizard.action_send_and_print()
        rcpts = [mail.rcpt for mail in self.mails_of(self.moves[0], self.work_off())]
        self.assertCountEqual(rcpts, [[BOOKS], ["john.pay@azure.example"], [CLERK]])

    def test_contact_without_address(self):
        """A contact without address is marked, with a link to its form; nothing is sent before that is mended."""
        self.john.email = False
        wizard = self.batch(self.two(), own={self.moves[1]: self.with_contact(self.john)})
        second = wizard.sengerio_lines["lines"][1]
        tag = second["to"][-1]
        self.assertEqual((tag["kind"], tag["partner_id"]), ("missing", self.john.id))
        self.assertEqual(tag["reason"], "no e-mail address")
        self.assertEqual(
            [(warning["partner_id"], warning["action"]) for warning in second["warnings"]],
            [(self.john.id, "Add an address")],
        )
        for at_once in (True, False):
            with self.assertRaises(UserError) as refused:
                wizard.action_send_and_print(force_synchronous=at_once)
            self.assertIn(self.moves[1].name, str(refused.exception))
            self.assertIn("John Doe", str(refused.exception))
        self.assertEqual(self.work_off(), [])

    def test_contact_instead_of_customer(self):
        """A contact added is enough for the invoice of a customer who has no address."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        moves = self.make_move(mute) | self.make_move(mute)
        wizard = self.batch(moves, own={move: self.with_contact(self.john) for move in moves})
        self.assertFalse(wizard.alerts)
        self.assertEqual(wizard.summary_data["email"]["count"], 2)
        for line in wizard.sengerio_lines["lines"]:
            self.assertEqual((line["note"], self.shown(line)["to"]), ("", ["john@azure.example"]))
            self.assertFalse(line["addressed"], "taken off again, it is asked anew who lacks an address")
        wizard.action_send_and_print()
        to = ["john@azure.example"]
        expected = [{"rcpt": to, "to": to, "secrets": OTHERS}, {"rcpt": [CLERK], "to": to}]
        self.assertMails(self.work_off(), expected * 2)
        self.assertFalse(mute.email)

    def test_customer_added(self):
        """The customer itself, added though it gets the invoice anyway, is there once."""
        wizard = self.batch(self.two(), own={self.moves[0]: self.with_contact(self.azure)})
        self.assertEqual(self.shown(wizard.sengerio_lines["lines"][0])["to"], [BOOKS])
        wizard.action_send_and_print()
        self.assertCountEqual([mail.rcpt for mail in self.work_off()], [[BOOKS], [CLERK]] * 2)

    def test_contact_out_of_sight(self):
        """A contact that the user may not see, or that is gone, is refused."""
        hidden = self.env["res.partner"].create(
            {"name": "Hidden", "email": "hidden@x.example", "company_id": self.second_company.id}
        )
        gone = hidden.copy()
        gone.unlink()
        for contact in (hidden, gone):
            with self.assertRaisesRegex(UserError, "not there any more, or not for you to see"):
                self.batch(self.two(), own={self.moves[0]: self.with_contact(contact)}).action_send_and_print()
        self.assertEqual(self.moves.mapped("sending_data"), [False, False])

    def test_forged_contact(self):
        """A contact that somebody writes into a waiting invoice, unsigned or besides the one signed, gets nothing."""
        spy = self.env["res.partner"].create({"name": "Spy", "email": "spy@ext.example"})
        self.batch(self.two(), own={self.moves[0]: self.with_contact(self.john)}).action_send_and_print()
        genuine = self.moves[0].sending_data
        for name, forged in (
            ("unsigned", {"author_user_id": self.clerk.id, "sengerio_changes": self.with_contact(spy)}),
            ("besides", {**genuine, "sengerio_changes": self.with_contact(self.john + spy)}),
        ):
            with self.subTest(name):
                self.two().sending_data = False
                self.moves[0].with_user(self.clerk).sending_data = forged
                with self.assertLogs("odoo.addons.sengerio_mail", "WARNING") as logged:
                    mails = self.work_off()
                self.assertIn(f"res.partner {spy.id}", logged.output[0])
                rcpts = [mail.rcpt for mail in self.mails_of(self.moves[0], mails)]
                self.assertEqual(rcpts, [[BOOKS], [CLERK]])


@tagged("post_install", "-at_install")
class TestBatchFrom(BatchLinesCase):
    def headers(self, mails):
        """Return From and Reply-To of all messages."""
        return {(str(mail.message["From"]), *mail.addresses("Reply-To")) for mail in mails}

    def test_switched(self):
        """What is switched for all is shown on each line and leaves so, at once, by the job and after a retry."""
        expected = (f"Firm <{COMPANY}>", CLERK)

        def two():
            moves = self.make_move() | self.make_move()
            shown = self.batch(moves, **switched).sengerio_lines["lines"]
            self.assertEqual({(line["from"], line["reply_to"]) for line in shown}, {expected})
            return moves

        switched = {"email_from": "company", "reply_to": "sender"}
        for way, mails in self.ways(two, **switched):
            with self.subTest(way):
                self.assertEqual(len(mails), 4)
                self.assertEqual(self.headers(mails), {expected})
                for document in self.env["sengerio.mail.document"].search([], limit=2):
                    self.assertIn(COMPANY, document.email_from)

    def test_one_alone(self):
        """From alone: replies go where they go without it; the sender is who pressed Send, though a job sends."""
        moves = self.make_move() | self.make_move()
        self.batch(moves, email_from="sender").action_send_and_print()
        expected = (f"Clerk <{CLERK}>", "anna@firm.example", "catchall@firm.example")
        self.assertEqual(self.headers(self.work_off()), {expected})

    def test_choices(self):
        """What may be chosen: the types' own first, no fixed address where there is none, nothing that is so anyway."""
        moves = self.make_move() | self.make_move()
        choices = self.batch(moves).sengerio_choices
        self.assertEqual(
            [(choice["value"], choice["text"]) for choice in choices["from"]],
            [("", ""), ("sender", f"Clerk <{CLERK}>"), ("company", f"Firm <{COMPANY}>")],
        )
        self.assertEqual(choices["from"][0]["label"], "As the e-mail template says")
        self.assertEqual(
            [choice["value"] for choice in choices["reply_to"]], ["", "sender", "responsible", "thread"]
        )
        refund = moves[0]._reverse_moves()
        refund.action_post()
        with (
            self.policy("invoice", from_policy="company"),
            self.policy("credit_note", from_email="credit@firm.example"),
        ):
            choices = self.batch(moves[0] | refund).sengerio_choices["from"]
            self.assertEqual(choices[0]["label"], "As set for each document type")
            self.assertEqual([choice["value"] for choice in choices], ["", "sender", "company", "site"])
            choices = self.batch(moves).sengerio_choices["from"]
            self.assertEqual([choice["value"] for choice in choices], ["", "sender"])

    def test_forged(self):
        """Another From than one of the choices is refused, in the wizard and in an invoice that waits."""
        moves = self.make_move() | self.make_move()
        for header in ("email_from", "reply_to"):
            with self.assertRaisesRegex(UserError, "boss@ext.example"):
                self.batch(moves, **{header: "boss@ext.example"}).action_send_and_print()
        self.assertEqual(moves.mapped("sending_data"), [False, False])
        self.batch(moves, email_from="sender").action_send_and_print()
        genuine = moves[0].sending_data
        for name, forged, is_logged in (
            ("another choice", change(email_from="company"), True),
            ("no choice", change(email_from="boss@ext.example"), False),
            ("another Reply-To", change(email_from="sender", reply_to="sender"), True),
        ):
            moves[1].sending_data = False
            moves[0].with_user(self.clerk).sending_data = {**genuine, "sengerio_changes": forged}
            log = self.assertLogs if is_logged else self.assertNoLogs
            with self.subTest(name), log("odoo.addons.sengerio_mail", "WARNING"):
                found = self.headers(self.work_off())
                anna = "anna@firm.example"
                self.assertEqual(found, {(f"Anna Senior <{anna}>", anna, "catchall@firm.example")})


@tagged("post_install", "-at_install")
class TestBatchMore(BatchLinesCase):
    def many(self, count):
        """Return posted invoices."""
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice", "partner_id": self.azure.id, "invoice_user_id": self.anna.id,
                    "invoice_date": "2026-01-15",
                    "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})],
                }
            ]
            * count
        )  # fmt: skip
        moves.action_post()
        return moves

    def told(self, wizard, wanted=None):
        """Return the lines of a wizard by their invoices' ids, those asked for."""
        wizard.sengerio_wanted = wanted
        return {line["id"]: line for line in wizard.sengerio_lines["lines"]}

    def test_more(self):
        """The next ones are told when asked for; what was changed stays, on those told before and on the new ones."""
        moves = self.many(43)
        wizard = self.batch(moves)
        ids = wizard.sengerio_lines["ids"]
        self.assertEqual(ids, wizard.move_ids.ids)
        self.assertEqual([*self.told(wizard)], ids[:20])
        self.assertEqual([*self.told(wizard, ids[20:40])], ids[20:40])
        early, late = ids[0], ids[40]
        wizard.sengerio_changes = {"moves": {str(early): {"removed": [CLERK]}, str(late): {"added": {"cc": [NEW]}}}}
        lines = self.told(wizard, [early, late])
        self.assertEqual([*lines], [early, late])
        self.assertEqual((self.shown(lines[early])["bcc"], self.shown(lines[late])["cc"]), ([], [NEW]))
        self.assertEqual([tag["email"] for tag in lines[early]["left_out"]], [CLERK])
        wizard.action_send_and_print()
        carried = {move.id: move.sending_data.get("sengerio_changes") for move in moves}
        self.assertEqual(
            {move_id: found for move_id, found in carried.items() if found},
            {early: change(removed=[CLERK]), late: change(cc=[NEW])},
        )

    def test_only_shown(self):
        """Invoices that are not shown cost no more than asking Odoo for their e-mail template."""
        moves = self.many(30)
        queries = []
        for some in (moves[:20], moves[:20], moves):  # the first warms caches
            wizard = self.batch(some)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(len(wizard.sengerio_lines["lines"]), 20)
            queries.append(self.cr.sql_log_count - before)
        self.assertLessEqual(queries[2], queries[1] + 10 + 2)

    def test_asked_for_nonsense(self):
        """Whatever a browser asks for, it is told the invoices that it sends, the first ones at least."""
        moves = self.make_move() | self.make_move()
        other = self.make_move()
        for wanted in ([], "all", {"id": 1}, [other.id], [-1], 7):
            with self.subTest(wanted=wanted):
                self.assertEqual({*self.told(self.batch(moves), wanted)}, {*moves.ids})
        self.assertEqual([*self.told(self.batch(moves), [moves.ids[1], other.id])], [moves.ids[1]])
