"""Changes for one send of several invoices at once, through their job and the queue."""

import re
from contextlib import nullcontext

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import change
from .test_changes_invoices import BOOKS, CHIEF, CLERK, MARC, MOVED, NEW, PAY, SALE, InvoiceChangesCase


@tagged("post_install", "-at_install")
class TestChangesOfBatches(InvoiceChangesCase):
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

    def test_batch_left_out(self):
        """An address left out of one invoice of a batch stays with the other, through the job and the queue."""
        moves = self._two_with_pay()
        wizard = self.batch(moves, cc=[NEW], removed={moves[0]: [PAY, "clerk@firm.example"]})
        first, second = wizard.sengerio_lines["lines"]
        self.assertEqual([[tag["email"] for tag in line["to"]] for line in (first, second)], [[BOOKS], [BOOKS, PAY]])
        self.assertEqual([tag["email"] for tag in first["left_out"]], [PAY, "clerk@firm.example"])
        self.assertEqual((first["bcc"], second["left_out"]), ([], []))
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.assertEqual(moves[1].sending_data["sengerio_changes"], change(cc=[NEW]))
        self.assertSentWithout(moves, self.work_off())

    def test_batch_left_out_at_once(self):
        """The same without the job."""
        moves = self._two_with_pay()
        wizard = self.batch(moves, cc=[NEW], removed={moves[0]: [PAY, "clerk@firm.example"]})
        wizard.action_send_and_print(force_synchronous=True)
        self.env.flush_all()
        self.assertSentWithout(moves, self.smtp.take())

    def test_batch_left_out_retried(self):
        """Who is left out stays so when the job, or the mail server, has to try again."""
        moves = self._two_with_pay()
        self.batch(moves, cc=[NEW], removed={moves[0]: [PAY, "clerk@firm.example"]}).action_send_and_print()

        self.fail_twice(moves)
        self.assertSentWithout(moves, self.work_off())

    def _two_with_pay(self):
        """Return two invoices to a customer with two accounting addresses."""
        self.add_address(self.azure, "accounting", PAY)
        return self.make_move() | self.make_move()

    def assertSentWithout(self, moves, mails):
        """Assert that the first of two invoices went to BOOKS, the second to all, both with a copy to NEW."""
        first, second = ([mail for mail in mails if move.name in str(mail.message["Subject"])] for move in moves)
        self.assertEqual([mail.rcpt for mail in first], [[BOOKS], [NEW]])
        self.assertEqual([mail.rcpt for mail in second], [[BOOKS, PAY], ["clerk@firm.example", NEW]])
        for mail in first:
            self.assertEqual((mail.addresses("To"), mail.addresses("Cc")), ([BOOKS], [NEW]))
        listed = [sorted(self.document_of(move).delivery_ids.mapped("email")) for move in moves]
        self.assertEqual(listed, [[BOOKS, NEW], [BOOKS, "clerk@firm.example", NEW, PAY]])

    def test_batch_mandatory(self):
        """What is mandatory stays, whatever is asked for, and is not shown as left out."""
        self.add_copy(self.azure, header="cc", email="audit@firm.example", mandatory=True)
        moves = self.make_move() | self.make_move()
        wizard = self.batch(moves, removed={move: ["audit@firm.example"] for move in moves})
        for line in wizard.sengerio_lines["lines"]:
            self.assertEqual([(tag["email"], tag["locked"]) for tag in line["cc"]], [("audit@firm.example", True)])
            self.assertEqual(line["left_out"], [])
        wizard.action_send_and_print()
        rcpts = [mail.rcpt for mail in self.work_off()]
        self.assertCountEqual(rcpts, [[BOOKS], ["audit@firm.example", "clerk@firm.example"]] * 2)

    def test_batch_nobody_left(self):
        """The invoice of which everybody is left out is named, and none is sent."""
        moves = self.make_move() | self.make_move()
        wizard = self.batch(moves, removed={moves[1]: [BOOKS]})
        first, second = wizard.sengerio_lines["lines"]
        self.assertEqual((first["note"], second["note"]), ("", "nobody: everybody is left out"))
        self.assertEqual([tag["email"] for tag in second["left_out"]], [BOOKS])
        for at_once in (False, True):
            with self.assertRaises(UserError) as refused:
                wizard.action_send_and_print(force_synchronous=at_once)
            self.assertIn(moves[1].name, str(refused.exception))
            self.assertNotIn(moves[0].name, str(refused.exception))
        self.assertEqual(moves.mapped("sending_data"), [False, False])
        self.assertEqual(self.work_off(), [])

    def test_batch_unreadable(self):
        """Changes that are none are refused as such."""
        moves = self.make_move() | self.make_move()
        for changes in (["everybody"], {"moves": "all"}, {"moves": {str(moves.ids[0]): {"removed": BOOKS}}}):
            with self.subTest(changes=changes), self.assertRaisesRegex(UserError, "cannot be understood"):
                self.batch(moves, sengerio_changes=changes).action_send_and_print()

    def test_batch_changed(self):
        """Moved and added for one invoice of a batch: so it is sent by the job, and the other as always."""
        moves = self._two_with_marc()
        wizard = self.batch(moves, own={moves[0]: MOVED})
        first, second = wizard.sengerio_lines["lines"]
        self.assertEqual(self.shown(first), {"to": [BOOKS, NEW], "cc": [], "bcc": [CLERK, MARC]})
        self.assertEqual(self.shown(second), {"to": [BOOKS], "cc": [MARC], "bcc": [CLERK]})
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.assertNotIn("sengerio_changes", moves[1].sending_data)
        self.assertSentMoved(moves, self.work_off())

    def test_batch_changed_at_once(self):
        """The same without the job."""
        moves = self._two_with_marc()
        self.batch(moves, own={moves[0]: MOVED}).action_send_and_print(force_synchronous=True)
        self.env.flush_all()
        self.assertSentMoved(moves, self.smtp.take())

    def test_batch_changed_retried(self):
        """What is changed stays so when the job, then the mail server, have to try again."""
        moves = self._two_with_marc()
        self.batch(moves, own={moves[0]: MOVED}).action_send_and_print()
        self.fail_twice(moves)
        self.assertSentMoved(moves, self.work_off())

    def _two_with_marc(self):
        """Return two invoices to a customer whose documents Marc gets in Cc."""
        self.add_copy(self.azure, header="cc", email=MARC)
        return self.make_move() | self.make_move()

    def assertSentMoved(self, moves, mails):
        """Assert that the first of two invoices went to NEW, too, and blindly to MARC, the second as always."""
        first, second = ([mail for mail in mails if move.name in str(mail.message["Subject"])] for move in moves)
        self.assertMails(
            first,
            [
                {"rcpt": [BOOKS], "to": [BOOKS, NEW], "secrets": SALE},
                {"rcpt": [NEW], "to": [BOOKS, NEW]},
                {"rcpt": [CLERK, MARC], "to": [BOOKS, NEW]},
            ],
        )
        for mail in first:
            self.assertNotIn(MARC, " ".join(str(value) for value in mail.message.values()))
        self.assertMails(
            second,
            [
                {"rcpt": [BOOKS], "to": [BOOKS], "cc": [MARC], "secrets": SALE},
                {"rcpt": [CLERK, MARC], "to": [BOOKS], "cc": [MARC]},
            ],
        )
        listed = [sorted(self.document_of(move).delivery_ids.mapped("email")) for move in moves]
        self.assertEqual(listed, [[BOOKS, CLERK, MARC, NEW], [BOOKS, CLERK, MARC]])

    def test_batch_common_left_out(self):
        """The copy of all is left out of one invoice, or moved there, and can be put back."""
        moves = self.make_move() | self.make_move() | self.make_move()
        own = {moves[0]: change(removed=[NEW]), moves[1]: change(removed=[NEW], to=[NEW])}
        wizard = self.batch(moves, cc=[NEW], own=own)
        left, moved, kept = wizard.sengerio_lines["lines"]
        self.assertEqual((self.shown(left)["cc"], [tag["email"] for tag in left["left_out"]]), ([], [NEW]))
        self.assertEqual((self.shown(moved)["to"], self.shown(moved)["cc"], moved["left_out"]), ([BOOKS, NEW], [], []))
        self.assertEqual([(tag["email"], tag["kind"]) for tag in kept["cc"]], [(NEW, "common")])
        wizard.action_send_and_print()
        mails = self.work_off()
        rcpts = [
            sorted(mail.rcpt for mail in mails if move.name in str(mail.message["Subject"])) for move in moves
        ]  # fmt: skip
        self.assertEqual(rcpts, [[[BOOKS], [CLERK]], [[BOOKS], [CLERK], [NEW]], [[BOOKS], [CLERK, NEW]]])

    def test_batch_customer_without_address(self):
        """An address added to To is enough for the invoice of a customer who has none, and for no other."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        moves = self.make_move(mute) | self.make_move(mute)
        self.assertEqual(self.batch(moves).alerts["account_missing_email"]["message"], "No e-mail address: Mute.")
        self.assertFalse(self.batch(moves).summary_data)
        wizard = self.batch(moves, own={moves[0]: change(to=[NEW])})
        first, second = wizard.sengerio_lines["lines"]
        self.assertEqual((first["note"], self.shown(first)["to"]), ("", [NEW]))
        self.assertEqual((second["note"], self.shown(second)["to"]), ("nobody: no e-mail address", []))
        self.assertEqual(wizard.summary_data["email"]["count"], 1)
        self.assertIn("account_missing_email", wizard.alerts)
        self.assertFalse(self.batch(moves, own={move: change(to=[NEW]) for move in moves}).alerts)
        wizard.action_send_and_print()
        self.assertMails(self.work_off(), [{"rcpt": [NEW], "to": [NEW]}, {"rcpt": [CLERK], "to": [NEW]}])
        self.assertFalse(mute.email)

    def test_batch_own_refused(self):
        """An address that cannot be used is marked at its invoice, and both are named when it is to be sent."""
        moves = self.make_move() | self.make_move()
        for changes in ({"to": ["nonsense"]}, {"bcc": [NEW]}, {"cc": ["catchall@firm.example"]}):
            with self.subTest(changes=changes):
                [(header, [text])] = changes.items()
                wizard = self.batch(moves, own={moves[1]: change(**changes)})
                first, second = wizard.sengerio_lines["lines"]
                self.assertNotIn("error", [tag["kind"] for tag in first[header]])
                wrong = second[header][-1]
                self.assertEqual((wrong["kind"], wrong["email"]), ("error", text))
                with self.assertRaises(UserError) as refused:
                    wizard.action_send_and_print()
                self.assertIn(moves[1].name, str(refused.exception))
                self.assertIn(text, str(refused.exception))
        self.assertEqual(moves.mapped("sending_data"), [False, False])
        self.assertEqual(self.work_off(), [])

    def test_batch_nobody_in_to(self):
        """Everybody moved out of To, or a copy alone where there is nobody: refused, the invoice is named."""
        mute = self.env["res.partner"].create({"name": "Mute"})
        moves = self.make_move() | self.make_move(mute)
        for move, changes, note in (
            (moves[0], change(removed=[BOOKS], cc=[BOOKS]), "nobody: everybody is moved to Cc or Bcc"),
            (moves[1], change(cc=[NEW]), "nobody: no e-mail address"),
        ):
            wizard = self.batch(moves, own={move: changes})
            [line] = [line for line in wizard.sengerio_lines["lines"] if line["id"] == move.id]
            with self.subTest(note=note), self.assertRaisesRegex(UserError, re.escape(move.name)):
                self.assertEqual((line["note"], self.shown(line)["cc"]), (note, changes["added"]["cc"]))
                wizard.action_send_and_print()

    def test_batch_bcc_outside(self):
        """An administrator's blind copy to somebody outside of the company leaves with the job, unseen."""
        chief = self._chief()
        moves = self.make_move() | self.make_move()
        self.batch(moves, own={moves[0]: change(bcc=[NEW])}, user=chief).action_send_and_print()
        mails = self.work_off()
        self.assertCountEqual([mail.rcpt for mail in mails], [[BOOKS], [CHIEF, NEW], [BOOKS], [CHIEF]])
        for mail in mails:
            self.assertNotIn(NEW, " ".join(str(value) for value in mail.message.values()))

    def test_batch_bcc_outside_lost(self):
        """Who is no administrator any more when the job works sends no such copy."""
        chief = self._chief()
        moves = self.make_move() | self.make_move()
        self.batch(moves, own={moves[0]: change(bcc=[NEW])}, user=chief).action_send_and_print()
        chief.group_ids -= self.env.ref("sengerio_mail.sengerio_mail_group_administrator")
        with self.assertLogs("odoo.addons.sengerio_mail", "WARNING") as logged:
            mails = self.work_off()
        self.assertIn(NEW, logged.output[0])
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS], [CHIEF]] * 2)

    def _chief(self):
        """Return an administrator of document mailing who sends invoices."""
        return new_test_user(
            self.env, "chief", "account.group_account_invoice,sengerio_mail.sengerio_mail_group_administrator",
            name="Chief", email=CHIEF, company_id=self.company.id, company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip

    def test_forged_batch(self):
        """Who may write invoices cannot make the job, which may do everything, do more than the wizard."""
        self.add_copy(self.azure, header="bcc", email="audit@firm.example", mandatory=True)
        move = self.make_move()
        move.with_user(self.clerk).sending_data = {
            "author_user_id": self.clerk.id, "author_partner_id": self.clerk.partner_id.id,
            "sengerio_bcc_sender": "yes",
            "sengerio_changes": change(
                cc=[NEW, "nonsense", "catchall@firm.example"], removed=["audit@firm.example"], email_from="company"
            ),
        }  # fmt: skip
        with self.assertLogs("odoo.addons.sengerio_mail", "WARNING") as logged:
            mails = self.work_off()
        self.assertIn("catchall@firm.example", "".join(logged.output))
        self.assertIn(f"{move.name}, as nobody who may has asked for it: company", "".join(logged.output))
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS], ["audit@firm.example", CLERK, NEW]])
        self.assertEqual({tuple(mail.addresses("From")) for mail in mails}, {("anna@firm.example",)})

    def test_forged_blind_copy(self):
        """A blind copy that somebody writes into a waiting invoice in an administrator's name is not sent."""
        chief = self._chief()
        moves = self.make_move() | self.make_move()
        self.batch(moves, own={moves[0]: change(bcc=[NEW])}, user=chief).action_send_and_print()
        genuine = moves[0].sending_data
        spied = change(bcc=["spy@ext.example"])
        for name, move, forged in (
            ("unsigned", moves[1], {"sengerio_changes": spied}),
            ("signed by nonsense", moves[1], {"sengerio_changes": spied, "sengerio_signature": "é"}),
            ("of another invoice", moves[1], {**genuine}),
            ("other address", moves[0], {**genuine, "sengerio_changes": spied}),
            ("another's name", moves[0], {**genuine, "author_user_id": self.env.ref("base.user_admin").id}),
            ("no changes", moves[0], {**genuine, "sengerio_changes": [{"added": "x"}]}),
        ):
            with self.subTest(name):
                moves.sending_data = False
                move.with_user(self.clerk).sending_data = {"author_user_id": chief.id, **forged}
                with self.assertLogs("odoo.addons", "WARNING") if name != "no changes" else nullcontext():
                    mails = self.work_off()
                mailed = {email for mail in mails for email in mail.rcpt}
                self.assertIn(BOOKS, mailed)
                self.assertFalse(mailed & {NEW, "spy@ext.example"})

    def test_batch_waiting_since_before(self):
        """What an invoice carries that waits since before an update, in the keys of then."""
        self.add_address(self.azure, "accounting", PAY)
        move = self.make_move()
        move.sending_data = {
            "author_user_id": self.clerk.id, "author_partner_id": self.clerk.partner_id.id,
            "sengerio_added_cc": [NEW], "sengerio_removed": [PAY],
        }  # fmt: skip
        self.assertEqual([mail.rcpt for mail in self.work_off()], [[BOOKS], [CLERK, NEW]])
