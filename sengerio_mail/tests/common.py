"""Fixtures of the tests: people, two companies, and a real SMTP server to send to."""

import contextlib
import email
import email.policy
import re
from unittest.mock import patch

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from odoo.tests import Form, TransactionCase, new_test_user
from odoo.tools.mail import email_split

SECRET = re.compile(r"[?&;](access_token|pid|hash|token|payment_token|auth_\w+)=")


def change(removed=(), email_from="", reply_to="", **added):
    """Return changes as the browser writes them."""
    return {"added": added, "removed": list(removed), "from": email_from, "reply_to": reply_to}


class Received:
    """One message as a mail server took it: envelope and content."""

    def __init__(self, envelope):
        self.mail_from = envelope.mail_from
        self.rcpt = sorted(envelope.rcpt_tos)
        self.mail_options, self.rcpt_options = envelope.mail_options, envelope.rcpt_options
        self.message = email.message_from_bytes(envelope.content, policy=email.policy.default)

    def addresses(self, header):
        """Return the bare addresses of a header, in order."""
        return email_split(str(self.message[header] or ""))

    def part(self, subtype):
        """Return the text or HTML body."""
        return self.message.get_body((subtype,)).get_content()

    @property
    def secrets(self):
        """Names of the parameters with which a reader could act as the customer, in either body."""
        return sorted({*SECRET.findall(self.part("html")), *SECRET.findall(self.part("plain"))})

    @property
    def attachments(self):
        """Names of the attached files."""
        return sorted(part.get_filename() for part in self.message.iter_attachments())


class DsnSMTP(SMTP):
    """Takes the parameters of RFC 3461, which aiosmtpd does not know, if its handler does."""

    def _getparams(self, params):
        if self.event_handler.takes_dsn:
            params = [param for param in params if param.partition("=")[0] not in ("RET", "ENVID", "NOTIFY")]
        return super()._getparams(params)


class FreePortController(Controller):
    """Listens on a port that the system chooses; aiosmtpd would look for its server at port 0."""

    def factory(self):
        return DsnSMTP(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        return super()._trigger_server()


class SmtpServer:
    """Keeps what it gets; refuses the recipients in ``refuse``, a message when ``fail_data`` says so.

    It announces DSN if ``offers_dsn``, and takes its parameters if ``takes_dsn``.
    """

    def __init__(self, **options):
        self.received = []
        self.refuse = {}
        self.fail_data = None
        self.before_data = None
        self.opened = self.quits = 0  # sessions since the last test
        self.offers_dsn = self.takes_dsn = False
        self._controller = FreePortController(self, hostname="127.0.0.1", port=0, enable_SMTPUTF8=False, **options)

    def __enter__(self):
        self._controller.start()
        self.port = self._controller.port
        return self

    def __exit__(self, *exception):
        self._controller.stop()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.opened += 1
        return [*responses[:-1], *(["250-DSN"] if self.offers_dsn else []), responses[-1]]

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802
        self.quits += 1
        return "221 Bye"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.before_data:
            await self.before_data(server)
            if server.transport is None or server.transport.is_closing():
                return "421 4.3.2 closed"
        if self.fail_data and (answer := self.fail_data(envelope)):
            return answer
        self.received.append(Received(envelope))
        return "250 OK"

    def close_at(self, address):
        """Close the connection instead of taking a message that is for an address."""

        async def close(server):
            if address in server.envelope.rcpt_tos:
                server.transport.close()

        self.before_data = close

    def take(self):
        """Return what came since the last call."""
        taken, self.received = self.received, []
        return taken


class DocumentMailCase(TransactionCase):
    """A company that sends, its people and its customers, and where their mail arrives."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # people are made without their invitations, records without "you have been assigned"
        cls.env = cls.env(context={**cls.env.context, "no_reset_password": True, "mail_auto_subscribe_no_notify": True})
        cls.smtp = SmtpServer()
        cls.startClassPatcher(patch.object(type(cls.env["ir.mail_server"]), "_disable_send", lambda *args: False))
        cls.smtp.__enter__()
        cls.addClassCleanup(cls.smtp.__exit__, None, None, None)
        cls.env["ir.mail_server"].search([]).active = False
        cls.mail_server = cls.env["ir.mail_server"].create(
            {
                "name": "test", "smtp_host": "127.0.0.1", "smtp_port": cls.smtp.port, "smtp_encryption": "none",
                "from_filter": "firm.example",
            }
        )  # fmt: skip
        cls._set_up_companies()
        cls._set_up_people()

    @classmethod
    def _set_up_companies(cls):
        cls.env["mail.alias.domain"].search([]).unlink()
        cls.alias_domain = cls.env["mail.alias.domain"].create(
            {"name": "firm.example", "bounce_alias": "bounce", "catchall_alias": "catchall",
             "default_from": "notifications"}
        )  # fmt: skip
        cls.company = cls.env.company
        cls.company.write({"name": "Firm", "email": "info@firm.example", "alias_domain_id": cls.alias_domain.id})
        cls.second_company = cls.env["res.company"].create(
            {"name": "Second Firm", "email": "info@second.example", "alias_domain_id": cls.alias_domain.id}
        )
        cls.env["ir.config_parameter"].set_param("web.base.url", "https://odoo.firm.example")

    @classmethod
    def _set_up_people(cls):
        groups = "sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user,base.group_partner_manager"
        companies = [cls.company.id, cls.second_company.id]
        cls.marc, cls.anna = (
            new_test_user(
                cls.env, login, groups, name=name, email=f"{login}@firm.example", company_ids=[(6, 0, companies)],
                company_id=cls.company.id, notification_type="email", signature="",
            )
            for login, name in (("marc", "Marc Junior"), ("anna", "Anna Senior"))
        )  # fmt: skip
        cls.azure = cls.env["res.partner"].create(
            {"name": "Azure Interior", "is_company": True, "email": "azure@azure.example", "lang": "en_US"}
        )
        cls.john = cls.env["res.partner"].create(
            {"name": "John Doe", "parent_id": cls.azure.id, "email": "john@azure.example", "type": "contact"}
        )
        cls.product = cls.env["product.product"].create({"name": "Chair", "list_price": 10, "type": "consu"})

    def setUp(self):
        super().setUp()
        self.smtp.refuse.clear()
        self.smtp.fail_data = None
        self.smtp.before_data = None
        self.smtp.opened = self.smtp.quits = 0
        self.smtp.offers_dsn = self.smtp.takes_dsn = False
        self.smtp.take()

    # ------------------------------------------------------------
    # Records
    # ------------------------------------------------------------

    def add_address(self, partner, role, address, **values):
        """Add a role address."""
        return self.env["sengerio.mail.address"].create(
            {"partner_id": partner.id, "role": role, "email": address, **values}
        )

    def add_copy(self, partner, **values):
        """Add a copy rule."""
        return self.env["sengerio.mail.copy"].create({"partner_id": partner.id if partner else False, **values})

    def make_order(self, partner=None, user=None, **values):
        """Return a quotation."""
        return self.env["sale.order"].create(
            {
                "partner_id": (partner or self.azure).id, "user_id": (user or self.marc).id,
                "order_line": [(0, 0, {"product_id": self.product.id})], **values,
            }
        )  # fmt: skip

    def make_purchase(self, partner=None, user=None, **values):
        """Return a request for quotation."""
        return self.env["purchase.order"].create(
            {
                "partner_id": (partner or self.azure).id, "user_id": (user or self.marc).id,
                "order_line": [(0, 0, {"product_id": self.product.id, "product_qty": 1, "price_unit": 5})], **values,
            }
        )  # fmt: skip

    # ------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------

    def compose(self, record, user=None, action=None, **context):
        """Open the composer as the record's Send button does.

        :return: the :class:`odoo.tests.Form` of the composer
        """
        record = record.with_user(user or self.marc).with_context(**context)
        action = action or {"sale.order": "action_quotation_send", "purchase.order": "action_rfq_send"}[record._name]
        values = getattr(record, action)()
        return Form(record.env["mail.compose.message"].with_context(**values["context"]))

    def compose_free(self, record, partners, attachment=None, user=None):
        """Open the full composer from the chatter, without a template."""
        composer = Form(
            self.env["mail.compose.message"]
            .with_user(user or self.marc)
            .with_context(
                default_model=record._name, default_res_ids=record.ids, default_composition_mode="comment",
                clicked_on_full_composer=True,
            )
        )  # fmt: skip
        composer.subject = "About your order"
        composer.body = "<p>Please see the plan.</p>"
        for partner in partners:
            composer.partner_ids.add(partner)
        if attachment:
            composer.attachment_ids.add(
                self.env["ir.attachment"].with_user(user or self.marc).create(
                    {"name": attachment, "raw": b"plan", "mimetype": "application/pdf",
                     "res_model": "mail.compose.message", "res_id": 0}
                )
            )  # fmt: skip
        return composer

    def send(self, composer):
        """Press Send and return what arrived. Whoever was shown gets it, and nobody else."""
        return self.send_wizard(composer.save())

    def send_wizard(self, wizard):
        """Press Send in a composer that is saved, see :meth:`send`."""
        self.smtp.take()
        record = wizard._sengerio_single_record()
        policy = wizard._sengerio_shown_policy()
        shown = wizard._sengerio_answer(record, policy).recipients if policy else []
        before = self.document_of(record)
        wizard._action_send_mail()
        self.env.flush_all()
        listed = (self.document_of(record) - before).delivery_ids
        if policy or (listed and listed.document_id.type_id.code != "other"):
            self.assertEqual([(r.header, r.email) for r in shown], [(d.header, d.email) for d in listed])
        return self.smtp.take()

    def document_of(self, record):
        """Return the newest document of a record."""
        return self.env["sengerio.mail.document"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)], limit=1
        )

    @contextlib.contextmanager
    def policy(self, code, **values):
        """Change a document type for a while."""
        document_type = self.env.ref(f"sengerio_mail.sengerio_mail_document_type_{code}")
        before = {name: document_type[name] for name in values}
        document_type.write(values)
        try:
            yield document_type
        finally:
            document_type.write(before)

    # ------------------------------------------------------------
    # Asserting
    # ------------------------------------------------------------

    def assertMails(self, mails, expected):
        """Compare all messages that arrived with a table.

        :param list mails: :class:`Received`
        :param list expected: of ``{rcpt, to, cc, secrets}``, in any order; no Bcc header may be anywhere
        """
        found = [
            {"rcpt": mail.rcpt, "to": mail.addresses("To"), "cc": mail.addresses("Cc"), "secrets": mail.secrets}
            for mail in mails
        ]
        expected = [{"cc": [], "secrets": [], **row} for row in expected]
        self.assertCountEqual(found, [{**row, "rcpt": sorted(row["rcpt"])} for row in expected])
        for mail in mails:
            self.assertNotIn("Bcc", mail.message)

    def assertLedger(self, document, expected, state="sent"):
        """Compare a document's recipients with ``[(header, address, state)]``."""
        self.assertEqual(document.state, state)
        self.assertEqual([(d.header, d.email, d.state) for d in document.delivery_ids], expected)
