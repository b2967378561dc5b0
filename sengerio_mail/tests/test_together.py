"""Who gets several documents, asked about all at once, is who gets each of them, asked about alone."""

import json

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..tools.together import asked_together, together
from .common import change
from .test_changes_invoices import InvoiceChangesCase


@tagged("post_install", "-at_install")
class TestTogether(InvoiceChangesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inbox = new_test_user(
            cls.env, "inbox", "base.group_user", email="inbox@firm.example", notification_type="inbox"
        )
        cls.group = cls.env["res.partner"].create({"name": "Group", "is_company": True, "email": "group@group.example"})
        cls.branch = cls.env["res.partner"].create({"name": "Branch", "parent_id": cls.group.id})
        cls.mute = cls.env["res.partner"].create({"name": "Mute"})
        cls.follower = cls.env["res.partner"].create({"name": "Follower", "email": "follower@ext.example"})
        cls.silent = cls.env["res.partner"].create({"name": "Silent"})
        cls.add_address(cls, cls.group, "accounting", "books@group.example")
        cls.add_address(cls, cls.mute, "accounting", "books@mute.example")
        cls.customers = cls.azure | cls.john | cls.branch | cls.group | cls.mute | cls.silent | cls.marc.partner_id
        cls.set_up_copies()

    @classmethod
    def set_up_copies(cls):
        """A copy of each kind: of one customer, of what one sends, of all, of who is named by a field."""
        cls.add_copy(cls, cls.azure, direction="sent_to", header="cc", email="copy@azure.example")
        cls.add_copy(cls, cls.group, direction="sent_to", header="bcc", copy_partner_id=cls.john.id)
        cls.add_copy(cls, cls.mute, direction="sent_to", header="cc", copy_partner_id=cls.branch.id, mandatory=True)
        cls.add_copy(cls, cls.mute, direction="sent_by", header="cc", email="never@mute.example")
        clerk, inbox = cls.clerk.partner_id, cls.inbox.partner_id
        cls.add_copy(cls, clerk, direction="sent_by", header="cc", copy_partner_id=inbox.id)
        cls.add_copy(cls, None, header="bcc", copy_field="partner_id.parent_id")

    def make_moves(self):
        """Return invoices of all customers, which differ by whom else Odoo notifies."""
        moves = self.env["account.move"].concat(*(self.make_move(partner) for partner in self.customers))
        moves[0].message_subscribe(self.follower.ids)
        moves[1].message_subscribe(self.inbox.partner_id.ids)
        # follows, but no messages, and gets the invoice of the company itself
        moves[2].message_subscribe(self.group.ids, subtype_ids=self.env.ref("account.mt_invoice_paid").ids)
        moves[3].invoice_user_id = self.marc
        self.env["mail.alias"].create(
            {
                "alias_name": "one.invoice", "alias_domain_id": self.alias_domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("account.move"),
                "alias_parent_model_id": self.env["ir.model"]._get_id("account.move"),
                "alias_parent_thread_id": moves[4].id,
            }
        )  # fmt: skip
        return moves

    def lines(self, moves, **changes):
        """Return the lines of a wizard, in the order of the invoices."""
        wizard = self.batch(moves, **changes)
        wizard.flush_recordset()  # by the clerk
        self.env.invalidate_all()
        lines = {line["id"]: line for line in wizard.sengerio_lines["lines"]}
        return [lines[move.id] for move in moves]

    def assertAsAlone(self, moves, **changes):  # noqa: N802
        found = self.lines(moves, **changes)
        alone = [line for move in moves for line in self.lines(move, **changes)]
        for line, expected in zip(found, alone, strict=True):
            with self.subTest(line["number"], customer=line["partner"]):
                self.assertEqual(line, expected)
        return found

    def test_batch(self):
        """Followers, contacts with a company, plain addresses, copies of each kind; an alias of one invoice alone."""
        moves = self.make_moves()
        self.env["mail.alias.domain"].flush_model()
        lines = self.assertAsAlone(moves)
        told = {line["partner"]: line for line in lines}
        self.assertEqual([tag["email"] for tag in lines[0]["followers"]], ["follower@ext.example"])
        self.assertEqual([tag["email"] for tag in lines[0]["cc"]], ["copy@azure.example", "inbox@firm.example"])
        self.assertEqual([line["followers"] for line in lines[1:]], [[]] * 6)
        self.assertEqual([tag["email"] for tag in told["Mute"]["to"]], ["books@mute.example"])
        self.assertEqual(told["Silent"]["to"], [])
        for name in ("Group", "Group, Branch"):
            self.assertIn("books@azure.example", [tag["email"] for tag in told[name]["bcc"]], name)
        self.assertFalse(any("never@" in tag["email"] for line in lines for tag in line["cc"]))

    def test_reply_to(self):
        """Replies that go into each record: to its own alias, else to the company's catchall."""
        self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice").reply_to_policy = "thread"
        lines = self.assertAsAlone(self.make_moves())
        expected = ["catchall@firm.example"] * 7
        expected[4] = "one.invoice@firm.example"
        self.assertEqual([line["reply_to"] for line in lines], expected)

    def test_changes(self):
        """Contacts and addresses added, one of which bounced, and addresses left out, of one invoice each."""
        moves = self.make_moves()
        self.add_address(self.silent, "accounting", "gone@ext.example", bounce_state="bad_address")
        own = {
            moves[0]: {**change(cc=["gone@ext.example"], removed=["copy@azure.example"]), "contacts": self.group.ids},
            moves[3]: change(to=["new@ext.example"], removed=["books@group.example"]),
            moves[5]: {**change(), "contacts": self.branch.ids},
        }
        lines = self.assertAsAlone(moves, own=own, cc=["all@ext.example"], reply_to="responsible_thread")
        added = {tag["email"]: tag["bounced"] for tag in lines[0]["cc"] if "bounced" in tag}
        self.assertIs(added["gone@ext.example"], True)
        self.assertIs(added["all@ext.example"], False)
        self.assertIn("books@group.example", [tag["email"] for tag in lines[0]["to"]])

    def test_template(self):
        """A template that names contacts, a Reply-To, and plain addresses."""
        template = self.env.ref("account.email_template_edi_invoice")
        template.write(
            {
                "use_default_to": False, "partner_to": "{{ object.partner_id.id }}", "reply_to": "desk@firm.example",
                "email_to": "plain{{ object.partner_id.id }}@ext.example", "email_cc": "cc@ext.example",
            }
        )  # fmt: skip
        lines = self.assertAsAlone(self.make_moves())
        self.assertEqual({line["reply_to"] for line in lines}, {"desk@firm.example"})
        self.assertEqual([sum("plain" in tag["email"] for tag in line["to"]) for line in lines], [1] * 7)

    def test_template_shared(self):
        """A template that names an address of several people, of whom one follows, and one of Odoo's own."""
        shared = [{"name": name, "email": "shared@ext.example"} for name in "ABC"]
        first, _second, follower = self.env["res.partner"].create(shared)
        moves = self.make_moves()
        moves[1].message_subscribe(follower.ids)
        alias = f"one.invoice@{self.alias_domain.name}"
        self.env.ref("account.email_template_edi_invoice").write(
            {"use_default_to": False, "partner_to": False, "email_to": f"shared@ext.example, {alias}"}
        )
        self.add_address(first, "accounting", "books@a.example")
        self.add_address(follower, "accounting", "books@c.example")
        lines = self.assertAsAlone(moves)
        emails = [[tag["email"] for tag in line["to"]] for line in lines]
        self.assertEqual(["books@a.example" in to for to in emails], [number != 1 for number in range(7)])
        self.assertEqual(["books@c.example" in to for to in emails], [number == 1 for number in range(7)])

    def test_own_by_itself(self):
        """An address of Odoo's own, that one template names, makes none of a customer's with the same local part."""
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", self.alias_domain.name)
        self.env["mail.alias"].create(
            {
                "alias_name": "info", "alias_incoming_local": True, "alias_domain_id": self.alias_domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("account.move"),
            }
        )  # fmt: skip
        own, customer = f"info@{self.alias_domain.name}", "info@azure.example"
        self.azure.email = customer
        self.assertEqual(self.env["mail.alias.domain"]._sengerio_own([own, customer]), {own})
        self.mute.email = own
        self.env.ref("account.email_template_edi_invoice").write(
            {"use_default_to": False, "partner_to": False, "email_to": "{{ object.partner_id.email }}"}
        )
        lines = self.assertAsAlone(self.make_move() | self.make_move(self.mute))
        self.assertIn("books@azure.example", [tag["email"] for tag in lines[0]["to"]])
        self.env.ref("account.email_template_edi_invoice").email_to = f"{{{{ object.partner_id.email }}}}, {own}"
        self.assertAsAlone(self.make_move() | self.make_move(self.mute) | self.make_move(self.group))

    def test_template_names_hidden(self):
        """Whom the template names is mailed and shown, even if the clerk may not read the contact."""
        hidden = self.env["res.partner"].create(
            {"name": "Hidden", "email": "hidden@ext.example", "company_id": self.second_company.id}
        )
        template = self.env.ref("account.email_template_edi_invoice")
        template.write({"use_default_to": False, "partner_to": f"{{{{ object.partner_id.id }}}}, {hidden.id}"})
        self.assertFalse(hidden.with_user(self.clerk).has_access("read"))
        moves = self.make_move() | self.make_move(self.group)
        for line in self.assertAsAlone(moves):
            self.assertIn("hidden@ext.example", [tag["email"] for tag in line["to"]])
        wizard = self.batch(moves, own={moves[0]: change(cc=["own@ext.example"])})
        self.env.flush_all()
        self.env.invalidate_all()
        wizard.action_send_and_print()
        self.assertTrue(all(moves.mapped("sending_data")))

    def test_two_companies(self):
        """Addresses and copies of the company whose invoice it is."""
        for company, word in ((self.company, "first"), (self.second_company, "second")):
            self.add_address(self.azure, "accounting", f"{word}@azure.example", company_id=company.id)
            self.add_copy(self.azure, header="cc", email=f"copy.{word}@azure.example", company_id=company.id)
        both = self.company | self.second_company
        self.clerk.company_ids = both
        self.env = self.env(context={**self.env.context, "allowed_company_ids": both.ids})
        charts = self.env["account.chart.template"]
        charts.try_loading("generic_coa", company=self.second_company, install_demo=False)
        first = self.make_move()
        second = self.env["account.move"].with_company(self.second_company).create(
            {
                "move_type": "out_invoice", "partner_id": self.azure.id, "invoice_date": "2026-01-15",
                "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})],
            }
        )  # fmt: skip
        second.action_post()
        first_line, second_line = self.assertAsAlone(first | second)
        for line, word, other in ((first_line, "first", "second"), (second_line, "second", "first")):
            emails = [tag["email"] for header in ("to", "cc") for tag in line[header]]
            self.assertIn(f"{word}@azure.example", emails)
            self.assertIn(f"copy.{word}@azure.example", emails)
            self.assertFalse([email for email in emails if other in email])

    def test_alert(self):
        """The alert's action opens the partners with the user's context, without what was asked for meanwhile."""
        moves = self.make_moves()
        wizard = self.batch(moves, cc=["all@ext.example"])
        alert = wizard.alerts["account_missing_email"]
        self.assertIn("Silent", alert["message"])
        self.assertEqual(json.loads(json.dumps(alert["action"]))["res_id"], self.silent.id)
        self.assertFalse([key for key in alert["action"]["context"] if "sengerio" in key])

    def test_block(self):
        """What is asked of other records, after the block, or within another one, is not answered from it."""
        azure, mute = self.azure, self.mute
        self.assertIsNone(asked_together(self.env))
        with together(azure | mute) as outer:
            self.assertIs(asked_together(self.env), outer)
            self.assertIn(azure, outer)
            for other in (self.john, azure | mute, azure.browse(), self.env["res.users"].browse(azure.id)):
                self.assertNotIn(other, outer)
            with together(mute) as inner:
                self.assertIs(asked_together(self.env), inner)
            self.assertIs(asked_together(self.env), outer)
            with self.registry.cursor() as other_cr:
                self.assertIsNone(asked_together(self.env(cr=other_cr)) if other_cr is not self.cr else None)
        self.assertIsNone(asked_together(self.env))
        with self.assertRaises(ZeroDivisionError), together(azure):
            raise ZeroDivisionError
        self.assertIsNone(asked_together(self.env))
