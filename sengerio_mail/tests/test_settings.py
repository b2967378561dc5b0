"""The page of settings: what the check finds, and a test that goes out and comes back."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user
from odoo.tools import mute_logger

from ..models.sengerio_mail_check import CHECK_HEADER
from .common import SmtpServer
from .common_browser import BrowserCase

BOUNCE, CATCHALL, ADA = "bounce@firm.example", "catchall@firm.example", "ada@firm.example"


class DsnServer(SmtpServer):
    """Announces DSN as Postfix does."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]


class TestSettings(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = new_test_user(
            cls.env, "ada", "base.group_user,sengerio_mail.sengerio_mail_group_administrator", name="Ada", email=ADA,
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)],
        )  # fmt: skip
        cls.env["fetchmail.server"].search([]).active = False
        cls.env["mail.message"].search([("message_type", "=", "email")]).message_type = "comment"
        cls.env["sengerio.mail.event"].search([("source", "=", "report")]).unlink()

    def open_page(self, ask=False):
        """Open the page as an administrator of documents, who has no other rights."""
        action = self.env["sengerio.mail.settings"].with_user(self.ada).action_open_page()
        page = self.env["sengerio.mail.settings"].with_user(self.ada).browse(action["res_id"])
        if ask:
            page.action_ask_servers()
        return page

    def line(self, start, ask=False):
        """Return the one finding whose name begins so."""
        lines = self.open_page(ask).line_ids.filtered(lambda line: line.name.startswith(start))
        self.assertEqual(len(lines), 1, lines.mapped("name"))
        return lines

    def assertFinding(self, line, state, words):
        self.assertEqual((line.state, words in f"{line.meaning} {line.remedy}"), (state, True), line.meaning)

    # ------------------------------------------------------------
    # Who
    # ------------------------------------------------------------

    def test_access(self):
        """Others can neither open the page nor read tests; nobody writes tests by hand."""
        for model in ("sengerio.mail.settings", "sengerio.mail.check"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.marc).search([])
        with self.assertRaises(AccessError):
            self.env["sengerio.mail.settings"].with_user(self.marc).action_open_page()
        self.assertFalse(self.env["sengerio.mail.check"].with_user(self.ada).has_access("create"))

    def test_edit_types(self):
        """The policies are changed on the page; what is not possible is refused."""
        page = self.open_page()
        self.assertEqual(page.type_ids, self.env["sengerio.mail.document.type"].search([]))
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        values = {"reply_to_policy": "fixed", "reply_to_email": "replies@firm.example", "receipt_policy": "both"}
        page.write({"type_ids": [Command.update(quotation.id, values)]})  # as the web client saves it
        with self.assertRaisesRegex(ValidationError, "Payment"):
            other = self.env.ref("sengerio_mail.sengerio_mail_document_type_payment_receipt")
            page.write({"type_ids": [Command.update(other.id, {"receipt_policy": "both"})]})
        self.assertEqual((quotation.reply_to_email, quotation.receipt_policy), ("replies@firm.example", "both"))

    # ------------------------------------------------------------
    # The check
    # ------------------------------------------------------------

    def test_alias_domain(self):
        self.assertFinding(self.line("Alias domain of Firm"), "ok", f"Bounces go to {BOUNCE}, replies to {CATCHALL}")
        self.alias_domain.default_from = False
        self.assertFinding(self.line("Alias domain of Firm"), "warning", "default From")
        self.company.alias_domain_id = False
        self.env["mail.alias.domain"].search([]).company_ids = False
        line = self.line("Alias domain of Firm")
        self.assertFinding(line, "error", "neither a bounce nor a reply")
        self.assertEqual(line.state_word, "✗ Missing")
        mended = line.with_user(self.env.ref("base.user_admin")).action_mend()
        self.assertEqual(mended["res_model"], "res.config.settings")

    def test_mail_server(self):
        """It is asked when told to: reachable or not, with DSN or not."""
        self.assertFinding(self.line("Outgoing mail server"), "unknown", "not asked yet")
        self.assertFinding(self.line("Outgoing mail server", ask=True), "warning", "announces no DSN")
        with DsnServer() as server:
            self.mail_server.smtp_port = server.port
            self.assertFinding(self.line("Outgoing mail server", ask=True), "ok", "reports what was delivered")
        self.assertFinding(self.line("Outgoing mail server", ask=True), "error", "cannot be reached: [Errno 111]")

    @mute_logger("odoo.addons.base.models.ir_mail_server")
    def test_from_filter(self):
        """Each way in which FROM filtering and the alias domain change From, or lose the bounces."""
        shipped = '"Ada" <ada@firm.example>'
        line = self.line(f"From {shipped}")
        self.assertFinding(line, "ok", f"its bounces go to {BOUNCE}")
        self.assertIn("Quotation", line.name)
        self.mail_server.from_filter = False
        self.assertFinding(self.line(f"From {shipped}"), "warning", "leaves as Ada <notifications@firm.example>")
        self.mail_server.from_filter = ADA
        line = self.line(f"From {shipped}")
        self.assertFinding(line, "warning", f"bounces go to {ADA}")
        self.assertFinding(line, "warning", "to firm.example instead of an address")
        self.assertEqual(line.action_mend()["res_id"], self.mail_server.id)
        self.mail_server.from_filter = "firm.example"
        with self.policy("quotation", from_policy="site", from_email="sales@firm.example"):
            self.assertFinding(self.line('From "Firm" <sales@firm.example>'), "ok", BOUNCE)
            self.mail_server.from_filter = False
            self.alias_domain.default_from = "sales"
            self.assertFinding(self.line('From "Firm" <sales@firm.example>'), "warning", "the name is lost")

    def test_malformed_from(self):
        """An address that no mail can be sent from is a finding that says whose it is; the page opens."""
        for bad in ('"Ada" <ada>', "ada", "ada@", "a\nb"):
            self.ada.partner_id.email = bad
            line = self.line(f"From {self.ada.email_formatted} of Firm")
            self.assertFinding(line, "error", "no valid e-mail address")
            self.assertFinding(line, "error", "Correct the e-mail address of Ada.")
            mended = line.action_mend()
            self.assertEqual((mended["res_model"], mended["res_id"]), ("res.users", self.ada.id))
        self.ada.partner_id.email = ADA
        self.company.email = "info"
        self.env.invalidate_all()  # Odoo keeps the company's From
        with self.policy("quotation", from_policy="company"):
            line = self.line(f"From {self.company.email_formatted} of Firm (Quotation)")
            self.assertFinding(line, "error", "Correct the e-mail address of Firm.")
            self.assertEqual(line.action_mend()["res_model"], "res.company")

    def test_gateway(self):
        """Nothing, an incoming server without mail, one that fails, mail that came in."""
        line = self.line("Gateway")
        self.assertFinding(line, "error", "no incoming mail server")
        server = self.env["fetchmail.server"].create({"name": "Inbox", "server_type": "imap", "state": "done"})
        self.assertFinding(self.line("Gateway"), "warning", "Inbox is set, but no message came in")
        server.write({"error_date": "2026-01-01", "error_message": "wrong password"})
        self.assertFinding(self.line("Gateway"), "error", "wrong password")
        server.error_date = False
        last = self.azure.message_post(body="Hello", message_type="email").create_date
        self.env.ref("base.lang_en").write({"date_format": "%d/%m/%Y", "time_format": "%H:%M:%S"})
        self.ada.tz = "UTC"
        self.assertFinding(self.line("Gateway"), "ok", last.strftime("came in on %d/%m/%Y %H:%M:%S"))

    def test_reply_to_of_another_model(self):
        self.env["mail.alias"].create(
            {"alias_name": "help", "alias_domain_id": self.alias_domain.id,
             "alias_model_id": self.env["ir.model"]._get_id("res.partner")}
        )  # fmt: skip
        with self.policy("quotation", reply_to_policy="fixed", reply_to_email="help@firm.example") as quotation:
            line = self.line("Reply-To of Quotation")
            self.assertFinding(line, "warning", "help@firm.example make a new Contact")
            self.assertEqual(line.action_mend()["res_id"], quotation.id)

    # ------------------------------------------------------------
    # The test
    # ------------------------------------------------------------

    def send_test(self):
        """Press the button; return ``({kind: check}, messages)``."""
        before = self.env["sengerio.mail.check"].search([])
        documents = self.env["sengerio.mail.document"].search_count([])
        page = self.open_page()
        page.action_send_test()
        self.assertEqual(self.env["sengerio.mail.document"].search_count([]), documents, "it is no document")
        self.assertFalse(self.env["mail.mail"].search([("subject", "=", "Test of document mailing")]))
        new = self.env["sengerio.mail.check"].with_user(self.ada).search([]) - before
        page.invalidate_recordset()
        self.assertEqual(page.check_ids[: len(new)], new)
        return {check.kind: check for check in new}, self.smtp.take()

    def arrive(self, message):
        self.env["mail.thread"].message_process(None, bytes(message))
        self.env.invalidate_all()

    def test_out_and_back(self):
        checks, mails = self.send_test()
        self.assertEqual([mail.rcpt for mail in mails], [[ADA], [BOUNCE], [CATCHALL]])
        own, bounces, replies = checks["own"], checks["bounces"], checks["replies"]
        self.assertEqual((own.outcome, own.answer), ("✓ Taken by the mail server", "250 OK"))
        self.assertEqual((own.email_from, own.mail_from), (mails[0].message["From"], BOUNCE))
        self.assertEqual(own.reply_to, f"Ada <{ADA}>, {CATCHALL}")
        self.assertEqual((mails[0].addresses("Reply-To"), mails[0].mail_from), ([ADA, CATCHALL], BOUNCE))
        self.assertEqual({bounces.outcome, replies.outcome}, {"… On the way"})
        self.arrive(mails[1].message)
        self.assertRegex(bounces.outcome, "^✓ Came back after [0-9]+ s$")
        self.assertEqual((own.state, replies.state), ("taken", "on_the_way"))
        date = bounces.date_back
        with freeze_time(date + timedelta(seconds=60)):
            self.arrive(mails[1].message)
        self.assertEqual(bounces.date_back, date, "the first time counts")
        with freeze_time(replies.create_date + timedelta(minutes=11)):
            replies.invalidate_recordset()
            self.assertEqual(replies.state, "nothing")
            self.assertIn(f"whether the mail server delivers {CATCHALL} to Odoo", replies.outcome)

    def test_undelivered(self):
        """A report about a test message, its header returned, is told apart from the message itself."""
        checks, mails = self.send_test()
        report = b"\r\n".join(
            (
                b"From: MAILER-DAEMON@mx.firm.example", b"To: bounce@firm.example", b"Subject: Undelivered", b"",
                b"No such user.", b"", *(f"{name}: {value}".encode() for name, value in mails[2].message.items()), b"",
            )
        )  # fmt: skip
        self.arrive(report)
        self.assertRegex(checks["replies"].outcome, "^⚠ Came back undelivered after")

    def test_refused(self):
        """What the server says is told; what cannot be reached too; nothing pretends to be on its way."""
        self.smtp.refuse[BOUNCE] = "550 5.1.1 No such user"
        checks, _mails = self.send_test()
        self.assertEqual(checks["bounces"].outcome, "✗ Refused")
        self.assertEqual(checks["bounces"].answer, "550 5.1.1 No such user")
        self.assertEqual((checks["own"].state, checks["replies"].state), ("taken", "on_the_way"))
        self.mail_server.smtp_port = 1
        checks, _mails = self.send_test()
        self.assertEqual({check.state for check in checks.values()}, {"refused"})
        self.assertIn("Connection refused", checks["own"].answer)

    def test_brought_by_a_user_of_its_own(self):
        """A mail server may bring mail as a user who has no rights on documents: the test and its report are noted."""
        checks, mails = self.send_test()
        brings = new_test_user(self.env, "mailgate", "base.group_user", email="mailgate@firm.example")
        report = b"From: MAILER-DAEMON@mx.firm.example\r\n\r\nNo such user.\r\n\r\n" + bytes(mails[2].message)
        for raw in (bytes(mails[1].message), report):
            self.assertFalse(self.env["mail.thread"].with_user(brings).message_process(None, raw))
        self.env.invalidate_all()
        self.assertEqual((checks["bounces"].state, checks["replies"].state), ("came_back", "undelivered"))

    def test_with_envelope_token(self):
        """With a bounce address per document, the test uses one: whether the server delivers such is the question."""
        self.alias_domain.sengerio_envelope_token = True
        checks, mails = self.send_test()
        self.assertEqual(mails[1].rcpt, [f"bounce+{checks['bounces'].sudo()._token()}@firm.example"])
        self.arrive(mails[1].message)
        self.assertEqual(checks["bounces"].state, "came_back")

    def test_forged(self):
        """A message with another signature is no test, and goes to Odoo."""
        checks, mails = self.send_test()
        message = mails[1].message
        for value in (f"{checks['bounces'].id}-{'0' * 32}", "x", "", "-", f"{checks['own'].id}-{'é' * 16}",
                      "9" * 5000, f"{'9' * 20}-{'0' * 32}"):  # fmt: skip
            del message[CHECK_HEADER]
            raw = f"{CHECK_HEADER}: {value}\r\n".encode() + bytes(message)
            self.assertFalse(self.env["sengerio.mail.check"]._receive(raw), value)
        self.env.invalidate_all()
        self.assertEqual(checks["bounces"].state, "on_the_way")

    def test_nobody(self):
        self.ada.email = False
        with self.assertRaisesRegex(UserError, "you have no e-mail address"):
            self.open_page().action_send_test()

    # ------------------------------------------------------------
    # In the browser
    # ------------------------------------------------------------

    def test_tour(self):
        """An administrator sees what is missing, changes a type, sends a test, and sees it come back."""
        self.ada.group_ids = [Command.link(self.env.ref("sales_team.group_sale_salesman").id)]
        self.env.flush_all()
        url = "/odoo/action-sengerio_mail.sengerio_mail_settings_action"
        self.start_tour(url, "sengerio_mail_settings", login="ada", timeout=120)
        self.env.invalidate_all()
        self.assertFalse(self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation").bcc_sender)
        bounces = next(mail for mail in self.smtp.take() if mail.rcpt == [BOUNCE])
        self.arrive(bounces.message)
        self.start_tour(url, "sengerio_mail_settings_back", login="ada", timeout=120)
