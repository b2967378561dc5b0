"""Due notices to several customers: who gets them is shown before, and what is attached is what it is called."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_browser import BrowserCase
from .test_due_notice import BOSS, DueNoticeCase

HEADERS = ("to", "cc", "bcc")
MARC, ANNA, PAGE = "marc@firm.example", "anna@firm.example", 20


@tagged("post_install", "-at_install")
class TestDueNoticeRecipients(DueNoticeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env.ref("sengerio_mail.mail_template_due_notice")

    def shown(self, line):
        """Return what a line shows as ``{header: [address]}``, followers too."""
        return {name: [tag["email"] for tag in line.recipients[name]] for name in (*HEADERS, "followers")}

    def send_all(self, wizard):
        """Press Send, and return what arrived."""
        wizard.action_send()
        self.env.flush_all()
        self.env["mail.mail"].process_email_queue()
        return self.smtp.take()

    def assertShownIsSent(self, wizard):  # noqa: N802
        """Everybody who is shown gets it from the mail server, and nobody else."""
        shown = {(line.partner_id, line.company_id): self.shown(line) for line in wizard.line_ids}
        expected = []
        for found in shown.values():
            copies = [*found["cc"], *found["bcc"]]
            expected += [sorted(found["to"]), *([one] for one in found["followers"])]
            expected += [sorted(copies)] if copies else []
        mails = self.send_all(wizard)
        self.assertCountEqual([mail.rcpt for mail in mails], expected)
        for (partner, company), found in shown.items():
            document = self.env["sengerio.mail.document"].search(
                [("partner_id", "=", partner.id), ("company_id", "=", company.id)], limit=1
            )
            self.assertEqual(
                [(delivery.header, delivery.email) for delivery in document.delivery_ids],
                [(header, email) for header in HEADERS for email in found[header]],
            )
        return mails

    def test_shown_is_sent(self):
        """Role addresses, copies of every kind, a template's own addresses, followers, a contact without e-mail."""
        self.template.email_cc = "collector@agency.example, Anna <anna@firm.example>"
        agent = self.env["res.partner"].create({"name": "Agent", "email": "agent@agency.example"})
        self.add_copy(self.azure, header="cc", copy_partner_id=agent.id, mandatory=True)
        self.add_copy(self.azure, header="cc", copy_partner_id=self.john.id)  # by his company's address: in To already
        self.add_copy(self.azure, header="cc", email=BOSS.upper())  # in To already
        self.add_copy(self.clerk.partner_id, header="bcc", email="audit@firm.example", direction="sent_by")
        self.add_copy(self.azure, copy_field="user_id")
        self.azure.user_id = self.anna
        self.azure.message_unsubscribe(self.anna.partner_id.ids)  # looks after it, and does not follow it
        self.gemini.message_subscribe(self.marc.partner_id.ids)
        self.gemini.user_id = self.marc
        mute = self.env["res.partner"].create({"name": "Mute", "is_company": True})
        self.add_address(mute, "management", "one@mute.example")
        self.add_address(mute, "management", "two@mute.example")
        self.add_address(mute, "commercial", "three@mute.example")
        moves = self.make_move(partner=self.john) | self.make_move(partner=self.gemini) | self.make_move(partner=mute)
        wizard = self.wizard(moves)
        collector, audit = "collector@agency.example", "audit@firm.example"
        self.assertEqual(
            {line.partner_id: self.shown(line) for line in wizard.line_ids},
            {
                self.azure: {
                    "to": [BOSS], "cc": [collector, ANNA, agent.email], "bcc": ["archive@firm.example", audit],
                    "followers": [],
                },
                self.gemini: {"to": ["g@gemini.example"], "cc": [collector, ANNA], "bcc": [audit], "followers": [MARC]},
                mute: {"to": ["one@mute.example", "two@mute.example"], "cc": [collector, ANNA], "bcc": [audit],
                       "followers": []},
            },
        )  # fmt: skip
        [told] = [tag for tag in wizard.line_ids[0].recipients["cc"] if tag["email"] == agent.email]
        self.assertTrue(told["locked"])
        self.assertEqual(told["reason"], "in copy of what Azure Interior gets")
        self.assertShownIsSent(wizard)

    def test_companies(self):
        """For each company of ours with that company's addresses and copies."""
        self.add_address(self.azure, "management", "second@azure.example", company_id=self.second_company.id)
        self.add_copy(self.azure, email="copy@second.example", company_id=self.second_company.id)
        self.env["account.chart.template"].try_loading("generic_coa", self.second_company, install_demo=False)
        both = (self.company | self.second_company).ids
        moves = self.make_move() | self.make_move(company_id=self.second_company.id)
        wizard = self.wizard(moves.with_context(allowed_company_ids=both)).with_context(allowed_company_ids=both)
        here, there = wizard.line_ids
        self.assertEqual((self.shown(here)["to"], self.shown(here)["cc"]), ([BOSS], []))
        self.assertEqual(
            (self.shown(there)["to"], self.shown(there)["cc"]), (["second@azure.example"], ["copy@second.example"])
        )
        self.assertShownIsSent(wizard)

    def test_branch(self):
        """The notice about a branch's invoices, to a customer of the main company, by the branch's addresses."""
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        (self.env.user | self.clerk).company_ids |= branch
        self.azure.company_id = self.company
        self.add_address(self.azure, "management", "branch@azure.example", company_id=branch.id)
        self.add_copy(self.azure, email="copy@branch.example", company_id=branch.id)
        here = self.make_move()
        in_branch = self.azure.with_company(branch)
        in_branch.property_account_receivable_id = self.azure.property_account_receivable_id
        self.env = self.env(context={**self.env.context, "allowed_company_ids": (branch | self.company).ids})
        wizard = self.wizard(here | self.make_move(company_id=branch.id))
        shown = {line.company_id: (self.shown(line)["to"], self.shown(line)["cc"]) for line in wizard.line_ids}
        self.assertEqual(
            shown, {branch: (["branch@azure.example"], ["copy@branch.example"]), self.company: ([BOSS], [])}
        )
        self.assertShownIsSent(wizard)

    def test_customer_of_another_company(self):
        """An invoice of a company whose customer it is no more is in no notice: the line says so."""
        self.env["account.chart.template"].try_loading("generic_coa", self.second_company, install_demo=False)
        both = (self.company | self.second_company).ids
        self.env = self.env(context={**self.env.context, "allowed_company_ids": both})
        moves = self.make_move(partner=self.gemini) | self.make_move(company_id=self.second_company.id)
        self.azure.company_id = self.company
        wizard = self.wizard(moves)
        line = wizard.line_ids.filtered(lambda line: line.company_id == self.second_company)
        self.assertEqual((line.invoice_count, line.amounts), (0, ""))
        self.assertEqual(line.warning, "Nothing is open, credit notes considered.")
        with self.assertRaisesRegex(UserError, "Azure Interior: Nothing is open"):
            wizard.action_send()

    def test_template_by_invoices(self):
        """A template that says by the chosen invoices who gets the notice."""
        self.template.write(
            {
                "use_default_to": False,
                "partner_to": "{{ ','.join(str(row['move'].partner_id.id) for row in object._sengerio_due_lines()) }}",
            }
        )  # fmt: skip
        self.make_move()
        wizard = self.wizard(self.make_move(partner=self.john) | self.make_move(partner=self.gemini))
        azure, gemini = wizard.line_ids
        self.assertEqual(self.shown(azure)["to"], [self.john.email])
        self.assertEqual(self.shown(gemini)["to"], [self.gemini.email])
        self.assertShownIsSent(wizard)

    def test_missing_address(self):
        """A customer without address is shown with where to add one, and counts as soon as it is there."""
        self.gemini.email = False
        wizard = self.wizard(self.make_move() | self.make_move(partner=self.gemini))
        line = wizard.line_ids.filtered(lambda line: line.partner_id == self.gemini)
        self.assertEqual([line.recipients[header] for header in ("cc", "bcc")], [[], []])
        links = [(warning["partner_id"], warning["action"]) for warning in line.recipients["warnings"]]
        self.assertIn((self.gemini.id, "Add an address"), links)
        with self.assertRaisesRegex(Exception, "Gemini: No e-mail address"):
            wizard.action_send()
        self.add_address(self.gemini, "management", "chief@gemini.example")
        wizard.invalidate_recordset()
        line.invalidate_recordset()
        self.assertEqual(line.recipients["warnings"], [])
        self.assertEqual(self.shown(line)["to"], ["chief@gemini.example"])
        self.assertShownIsSent(wizard)

    def test_bad_address(self):
        """An address from which mail came back is warned about."""
        self.azure.sengerio_address_ids.filtered(lambda row: row.email == BOSS).bounce_state = "bad_address"
        wizard = self.wizard(self.make_move() | self.make_move(partner=self.gemini))
        azure = wizard.line_ids[0]
        self.assertEqual([(tag["email"], tag["bounced"]) for tag in azure.recipients["to"]], [(BOSS, True)])
        links = [(warning["partner_id"], warning["action"]) for warning in azure.recipients["warnings"]]
        self.assertEqual(links, [(self.azure.id, "Correct the address")])

    def test_template_that_fails(self):
        """A template that cannot be rendered is told on the line, which does not keep the list from opening."""
        self.template.email_from = "{{ object.nothing if object.name == 'Gemini' else user.email_formatted }}"
        azure, gemini = self.wizard(self.make_move() | self.make_move(partner=self.gemini)).line_ids
        self.assertEqual(self.shown(azure)["to"], [BOSS])
        self.assertEqual([gemini.recipients[header] for header in HEADERS], [[], [], []])
        self.assertIn("object.nothing", gemini.recipients["warnings"][0]["text"])
        self.template.write(
            {
                "email_from": False, "use_default_to": False,
                "partner_to": "{{ object.nothing if object.name == 'Gemini' else object.id }}",
            }
        )  # fmt: skip
        self.env.invalidate_all()
        self.assertEqual(self.shown(azure)["to"], [BOSS])
        self.assertEqual([gemini.recipients[header] for header in HEADERS], [[], [], []])
        self.assertIn("object.nothing", gemini.recipients["warnings"][0]["text"])

    def test_pages(self):
        """Of many customers those on the page are asked about: more of them cost no more queries."""
        view = self.env["sengerio.mail.due.notice"].get_views([(False, "form")])["views"]["form"]["arch"]
        self.assertIn(f'limit="{PAGE}"', view)

        def count(number):
            partners = self.env["res.partner"].create(
                [{"name": f"C{index}", "email": f"c{index}@x.example"} for index in range(number)]
            )
            wizard = self.env["sengerio.mail.due.notice"].with_user(self.clerk).create(
                {"line_ids": [Command.create({"partner_id": partner.id, "company_id": self.company.id})
                              for partner in partners]}
            )  # fmt: skip
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            [found] = wizard.web_read({"line_ids": {"fields": {"recipients": {}}, "limit": PAGE}})
            told = [line["recipients"]["to"][0]["email"] for line in found["line_ids"] if "recipients" in line]
            self.assertEqual(told, [f"c{index}@x.example" for index in range(PAGE)])
            self.assertEqual(len(found["line_ids"]), number)
            return self.cr.sql_log_count - before

        count(PAGE)
        page = count(PAGE)
        self.assertLessEqual(count(3 * PAGE), page + 2)
        self.assertLess(page, 2 * PAGE)  # for all of them, not for each

    def test_access(self):
        """Who does no invoicing is not told who gets a notice."""
        wizard = self.wizard(self.make_move() | self.make_move(partner=self.gemini))
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(self.marc).read(["recipients"])

    def test_never_printed(self):
        """Invoices that were never printed are attached as invoices, each once and by its name, and stay unprinted."""
        old = self.make_move()
        new = self.make_move(printed=False) | self.make_move(partner=self.john, printed=False, price=33)
        refund = self.make_move(days=-20, move_type="out_refund", price=25, printed=False)
        names = sorted(move._get_invoice_report_filename() for move in old | new | refund)
        other = self.make_move(partner=self.gemini, printed=False)
        mails = {mail.rcpt[0]: mail for mail in self.send_all(self.wizard(old | new | other))}
        self.assertEqual(mails[BOSS].attachments, names)
        self.assertEqual(mails["archive@firm.example"].attachments, names)
        self.assertEqual(mails["g@gemini.example"].attachments, [other._get_invoice_report_filename()])
        for name in names:
            self.assertNotIn("proforma", name.lower())
        contents = {part.get_filename(): part.get_content() for part in mails[BOSS].message.iter_attachments()}
        for move in new | refund:
            page = contents[move._get_invoice_report_filename()].decode()  # in tests Odoo prints HTML
            self.assertIn(move.name, page)
            self.assertNotIn("proforma", page.lower())
        self.assertFalse((new | refund | other).invoice_pdf_report_id)
        composer = self.write_one(new)
        self.assertEqual(
            self.send(composer)[0].attachments,
            sorted(move._get_invoice_report_filename() for move in new | refund),
        )
        self.assertEqual(self.document_of(self.azure).attachment_count, 3)


class TestDueNoticeTour(BrowserCase, DueNoticeCase):
    def test_add_missing_address(self):
        """In the list of notices: who gets them, an invoice is taken out, a missing address added, all are sent."""
        self._send_notices("sengerio_mail_due_notices")

    def test_keyboard(self):
        """The same without a mouse, from the list of invoices on."""
        self._send_notices("sengerio_mail_due_notices_keyboard")

    def _send_notices(self, tour):
        mute = self.env["res.partner"].create({"name": "Mute", "is_company": True})
        self.make_move()
        self.make_move(partner=mute)
        self.make_move(partner=mute)
        self.env.flush_all()
        invoices = "/odoo/action-account.action_move_out_invoice_type"
        self.start_tour(invoices, tour, login="clerk", timeout=120)
        self.env.invalidate_all()
        self.env["mail.mail"].process_email_queue()
        mails = self.smtp.take()
        self.assertCountEqual([mail.rcpt for mail in mails], [[BOSS], ["archive@firm.example"], ["found@mute.example"]])
        [found] = [mail for mail in mails if mail.rcpt == ["found@mute.example"]]
        self.assertEqual(len(found.attachments), 1)
