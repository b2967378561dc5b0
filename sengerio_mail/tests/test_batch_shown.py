"""The batch wizard shows what is sent, whoever follows the invoices and whatever their template names."""

from odoo.tests import tagged

from .common import change
from .test_batch_lines import BatchLinesCase
from .test_changes_invoices import CLERK


@tagged("post_install", "-at_install")
class TestBatchShownIsSent(BatchLinesCase):
    """What is shown is what Odoo's job sends, to which not the clerk but who is in From is the author."""

    def assertShownIsSent(self, moves, **changes):  # noqa: N802
        """Send all, and compare what arrives with what was shown.

        :return: the lines
        """
        wizard = self.batch(moves, **changes)
        lines = {line["id"]: line for line in wizard.sengerio_lines["lines"]}
        wizard.action_send_and_print()
        mails = self.work_off()
        for move in moves:
            line = lines[move.id]
            shown = [(header, tag["email"]) for header in ("to", "cc", "bcc") for tag in line[header]]
            sent = self.document_of(move).delivery_ids
            self.assertEqual([(delivery.header, delivery.email) for delivery in sent], shown)
            expected = [email for _header, email in shown] + [tag["email"] for tag in line["followers"]]
            arrived = [email for mail in self.mails_of(move, mails) for email in mail.rcpt]
            self.assertEqual(sorted(arrived), sorted(expected))
        return [lines[move.id] for move in moves]

    def make_followed(self, *followers):
        """Return an invoice that the clerk has made, and so follows, as others do."""
        move = self.make_move()
        move.message_subscribe([user.partner_id.id for user in (self.clerk, *followers)])
        return move

    def test_followers(self):
        """The clerk who follows gets the blind copy alone; who is in From is told nothing as a follower."""
        self.add_copy(self.azure, header="cc", copy_partner_id=self.anna.partner_id.id)
        moves = self.make_move() | self.make_followed() | self.make_followed(self.anna) | self.make_followed(self.marc)
        lines = self.assertShownIsSent(moves)
        anna = self.anna.email
        self.assertEqual(
            [([tag["email"] for tag in line["bcc"]], [tag["email"] for tag in line["followers"]]) for line in lines],
            [([CLERK], []), ([CLERK], []), ([CLERK], []), ([CLERK], [self.marc.email])],
        )
        self.assertEqual([[tag["email"] for tag in line["cc"]] for line in lines], [[anna]] * 4)

    def test_no_blind_copy(self):
        """The clerk who follows and wants no blind copy gets Odoo's mail, as without the addon."""
        self.clerk.sengerio_bcc_opt_out = True
        line, _other = self.assertShownIsSent(self.make_followed() | self.make_followed())
        self.assertEqual((line["bcc"], [tag["email"] for tag in line["followers"]]), ([], [CLERK]))

    def test_blind_copy_changed(self):
        """The clerk who follows leaves the own blind copy out of one invoice, and moves it to Cc of another."""
        moves = self.make_followed() | self.make_followed()
        own = {moves[0]: change(removed=[CLERK]), moves[1]: change(cc=[CLERK], removed=[CLERK])}
        first, second = self.assertShownIsSent(moves, own=own)
        self.assertEqual((first["bcc"], [tag["email"] for tag in first["followers"]]), ([], [CLERK]))
        self.assertEqual([second[part] for part in ("bcc", "followers", "warnings")], [[], [], []])
        self.assertEqual([tag["email"] for tag in second["cc"]], [CLERK])

    def test_from_the_sender(self):
        """Where the policy puts the clerk into From, Anna is told as a follower, and gets no copy."""
        self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice").from_policy = "sender"
        self.add_copy(self.azure, header="cc", copy_partner_id=self.anna.partner_id.id)
        lines = self.assertShownIsSent(self.make_followed() | self.make_followed(self.anna))
        self.assertEqual(
            [[tag["email"] for header in ("cc", "bcc", "followers") for tag in line[header]] for line in lines],
            [[self.anna.email, CLERK], [CLERK, self.anna.email]],
        )

    def test_from_nobody(self):
        """From is nobody's address: the job has no author, so that the clerk who follows gets Odoo's mail."""
        self.env.ref("account.email_template_edi_invoice").email_from = "office@firm.example"
        self.clerk.sengerio_bcc_opt_out = True
        line, _other = self.assertShownIsSent(self.make_followed(self.anna) | self.make_followed())
        self.assertEqual([tag["email"] for tag in line["followers"]], [self.anna.email, CLERK])

    def test_same_address(self):
        """Of several contacts with the address of From, a follower is the author, as Odoo has it."""
        double = self.env["res.partner"].create({"name": "Anna at home", "email": self.anna.email})
        moves = self.make_followed() | self.make_followed()
        moves[1].message_subscribe(double.ids)
        self.assertShownIsSent(moves)

    def test_template_with_cc_alone(self):
        """A template that names addresses in Cc alone: they are in To, as nobody else is."""
        self.env.ref("account.email_template_edi_invoice").write(
            {"use_default_to": False, "partner_to": False, "email_to": False, "email_cc": "desk@ext.example"}
        )
        line, _other = self.assertShownIsSent(self.make_move() | self.make_move())
        self.assertEqual([tag["email"] for tag in line["to"]], ["desk@ext.example"])
        self.assertFalse(line["note"])
        single = self.wizard(self.make_move())
        self.assertEqual([tag["email"] for tag in single.sengerio_recipients["to"]], ["desk@ext.example"])
