"""Every way in which a document leaves Odoo: at once, by the queue, and again after one recipient was refused."""

from dataclasses import dataclass

from odoo.tests import tagged

from .common_routes import ACCOUNTING, COMMERCIAL, MANAGEMENT, RoutesCase

MARC, ANNA = "marc@firm.example", "anna@firm.example"
PEOPLE = {MARC: "Marc Junior", ANNA: "Anna Senior"}
BOUNCE, THREAD = "bounce@firm.example", "catchall@firm.example"

# why a route has no first send that differs from the one by the queue
JOB = "Odoo's jobs leave their mails to the queue"
BATCH = "Odoo leaves the mails of a batch to the queue"
ACTION = "server actions leave their mails to the queue"


@dataclass
class Route:
    """One way out, and what must leave by it.

    :ivar str name: also that of the method of the test that takes it; returns the records sent
    :ivar str code: of the document type recorded
    :ivar list to: addresses in To, of which the last is refused at first where a retry is tested
    :ivar str sender: login of who is recorded as sender
    :ivar str blind: address of the blind copy, empty: there is none
    :ivar str queued: why the first send goes by the queue already; empty: it leaves at once
    :ivar str odoo: address of Odoo's own mail to a follower
    :ivar str email_from: From; shipped templates name the responsible
    """

    name: str
    code: str
    to: list
    sender: str
    blind: str = ""
    queued: str = ""
    odoo: str = ""
    email_from: str = MARC

    def envelopes(self, to):
        """Return ``(MAIL FROM, RCPT TO, those of them in no header)`` of a document for some of its To."""
        blind = [self.blind] if self.blind else []
        return sorted([(BOUNCE, sorted(to), []), *([(BOUNCE, blind, blind)] if blind else [])])


ROUTES = (
    Route("quotation_by_composer", "quotation", COMMERCIAL, "anna", ANNA, odoo=MARC),
    Route("order_confirmation_by_composer", "booking_confirmation", COMMERCIAL, "anna", ANNA, odoo=MARC),
    Route("order_confirmed", "booking_confirmation", COMMERCIAL, "anna", ANNA, odoo=MARC),
    Route("order_signed_in_portal", "booking_confirmation", COMMERCIAL, "marc", MARC),
    Route("order_paid_online", "booking_confirmation", COMMERCIAL, "marc", MARC),
    Route("order_confirmation_deferred", "booking_confirmation", COMMERCIAL, "anna", ANNA, queued=JOB),
    Route("order_signed_and_deferred", "booking_confirmation", COMMERCIAL, "marc", MARC, queued=JOB),
    Route("order_cancellation", "order_cancellation", MANAGEMENT, "anna", odoo=MARC),
    Route("payment_executed", "payment_receipt", ACCOUNTING, "marc"),
    Route("invoice_wizard", "invoice", ACCOUNTING, "anna", ANNA),
    Route("credit_note_wizard", "credit_note", ACCOUNTING, "anna", ANNA),
    Route("batch_wizard_at_once", "invoice", ACCOUNTING, "anna", ANNA),
    Route("batch_wizard_by_cron", "invoice", ACCOUNTING, "anna", ANNA, queued=JOB),
    Route("invoice_sent_again", "invoice", ACCOUNTING, "anna", ANNA),
    Route("invoice_of_payment", "invoice", ACCOUNTING, "marc", MARC),
    Route("invoice_of_payment_by_cron", "invoice", ACCOUNTING, "marc", MARC, queued=JOB),
    # Odoo's template for it names nobody as From
    Route("purchase_order_by_composer", "supplier_document", COMMERCIAL, "anna", ANNA, odoo=MARC, email_from=ANNA),
    Route("purchase_reminder_by_cron", "supplier_reminder", MANAGEMENT, "marc", queued=JOB),
    Route("purchase_reminder_by_composer", "supplier_reminder", MANAGEMENT, "anna", odoo=MARC),
    Route("message_post_with_source", "quotation", COMMERCIAL, "anna", ANNA, odoo=MARC),
    Route("message_mail_with_source", "quotation", COMMERCIAL, "anna", ANNA),
    Route("template_send_mail", "quotation", COMMERCIAL, "anna", ANNA),
    Route("server_action_by_email", "quotation", COMMERCIAL, "anna", ANNA, queued=ACTION),
    Route("server_action_by_message", "quotation", COMMERCIAL, "anna", ANNA, queued=ACTION, odoo=MARC),
    Route("mass_mode", "quotation", COMMERCIAL, "anna", ANNA),
    Route("batch_of_comments", "quotation", COMMERCIAL, "anna", ANNA, queued=BATCH, odoo=MARC),
    Route("scheduled_message", "quotation", COMMERCIAL, "anna", ANNA, odoo=MARC),
    # who posted it is a follower by then: the blind copy takes the place of Odoo's own mail
    Route("send_later", "quotation", COMMERCIAL, "anna", ANNA, queued=JOB),
)


@tagged("post_install", "-at_install")
class TestRoutes(RoutesCase):
    def test_first_send(self):
        """Everybody gets one message, at once; what a job or a batch sends waits for the queue."""
        for route in ROUTES:
            with self.subTest(route=route.name):
                records = self.take_route(route)
                if route.queued:
                    self.assertEqual(self.smtp.take(), [])
                    self.env["mail.mail"].process_email_queue()
                self.assertLeft(route, records, route.to)
                self.assertNothingWaits(records)

    def test_by_the_queue(self):
        """The same by Odoo's queue, to which it leaves what is too much to be sent at once."""
        self.env["ir.config_parameter"].set_param("mail.mail.force.send.limit", "0")
        for route in ROUTES:
            with self.subTest(route=route.name):
                records = self.take_route(route, queue=True)
                self.assertEqual(self.smtp.take(), [])
                for record in records:
                    self.assertEqual(self.document_of(record).state, "queued")
                self.env["mail.mail"].process_email_queue()
                self.assertLeft(route, records, route.to)
                self.assertNothingWaits(records)

    def test_retry(self):
        """One recipient is refused for now: the others get theirs, the retry mails that one alone."""
        for route in ROUTES:
            with self.subTest(route=route.name):
                *others, late = route.to
                records = self.take_route(route, refuse=late)
                self.env["mail.mail"].process_email_queue()
                self.assertLeft(route, records, others, refused=late)
                self.env["mail.mail"].process_email_queue()
                self.assertEqual(self.smtp.take(), [])  # not before its time
                self.smtp.refuse.clear()
                self.mails_of(records).scheduled_date = False
                self.env["mail.mail"].process_email_queue()
                retried = [(mail.mail_from, mail.rcpt) for mail in self.smtp.take()]
                self.assertEqual(retried, [(BOUNCE, [late])] * len(records))
                for record in records:
                    self.assertEqual(set(self.document_of(record).delivery_ids.mapped("state")), {"sent"})
                self.assertNothingWaits(records)

    def take_route(self, route, queue=False, refuse=None):
        """Take a route and return the records sent.

        :param bool queue: the mails are to wait for the queue, where it is the caller who says so
        :param str refuse: address that the mail server refuses for now
        """
        self.smtp.refuse = {refuse: "451 4.7.1 greylisted"} if refuse else {}
        self.smtp.take()
        records = getattr(self, route.name)(queue)
        self.env.flush_all()
        return records

    def assertLeft(self, route, records, to, refused=None):
        """Compare what arrived, and what is listed, with a row of the table."""
        mails = self.smtp.take()
        documents = [mail for mail in mails if mail.message["X-Sengerio-Document"]]
        found = sorted(
            (mail.mail_from, mail.rcpt, sorted({*mail.rcpt} - {*mail.addresses("To"), *mail.addresses("Cc")}))
            for mail in documents
        )
        self.assertEqual(found, sorted(route.envelopes(to) * len(records)))
        own = [mail.rcpt for mail in mails if mail not in documents]
        self.assertEqual(own, [[route.odoo]] * len(records) if route.odoo else [])
        for mail in documents:
            self.assertEqual(str(mail.message["From"]), f"{PEOPLE[route.email_from]} <{route.email_from}>")
            self.assertEqual(mail.addresses("Reply-To"), [MARC, THREAD])
            self.assertNotIn("Bcc", mail.message)
        for record in records:
            document = self.document_of(record)
            self.assertEqual(
                (document.type_id.code, document.sender_id.login, document.responsible_id.login, document.company_id),
                (route.code, route.sender, "marc", self.company),
            )
            self.assertLedger(
                document,
                [
                    *(("to", address, "refused" if address == refused else "sent") for address in route.to),
                    *([("bcc", route.blind, "sent")] if route.blind else []),
                ],
                state="refused" if refused else "sent",
            )

    def assertNothingWaits(self, records):
        """Nothing is left in the queue, nor leaves when it is worked off once more."""
        self.assertFalse(self.mails_of(records).filtered(lambda mail: mail.state != "sent"))
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.smtp.take(), [])


@tagged("post_install", "-at_install")
class TestBlindCopies(RoutesCase):
    """Who gets a blind copy of each type: who acts, or for mail that nobody sends the responsible, or nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.azure.user_id = cls.marc

    def make_cancelled_order(self):
        order = self.make_order()
        order.action_cancel()
        return order

    def make_confirmed_order(self):
        order = self.make_order()
        order.action_confirm()
        return order

    def make_payment(self):
        payment = self.env["account.payment"].create(
            {"partner_id": self.azure.id, "amount": 10, "payment_type": "inbound", "partner_type": "customer",
             "journal_id": self.provider.journal_id.id}
        )  # fmt: skip
        payment.action_post()
        return payment

    def make_template(self):
        """Return a template of no type, with an attachment."""
        return self.quotation_template.copy(
            {"report_template_ids": False, "attachment_ids": [(0, 0, {"name": "plan.txt", "raw": b"plan"})]}
        )

    def rows(self):
        """Return ``{code: (record, template, whether there is a blind copy)}`` of each type that is shipped."""
        ref = self.env.ref
        return {
            "quotation": (self.make_order(), ref("sale.email_template_edi_sale"), True),
            "booking_confirmation": (self.make_confirmed_order(), ref("sale.mail_template_sale_confirmation"), True),
            "invoice": (self.make_move(), ref("account.email_template_edi_invoice"), True),
            "credit_note": (self.make_move("out_refund"), ref("account.email_template_edi_credit_note"), True),
            "supplier_document": (
                self.make_confirmed_purchase(), ref("purchase.email_template_edi_purchase_done"), True,
            ),
            "order_cancellation": (
                self.make_cancelled_order(), ref("sengerio_mail.mail_template_order_cancellation"), False,
            ),
            "supplier_reminder": (
                self.make_confirmed_purchase(), ref("purchase.email_template_edi_purchase_reminder"), False,
            ),
            "payment_receipt": (self.make_payment(), ref("account.mail_template_data_payment_receipt"), False),
            "due_notice": (self.azure, ref("sengerio_mail.mail_template_due_notice"), False),
            "other": (self.make_order(), self.make_template(), False),
        }  # fmt: skip

    def test_five_types_and_no_other(self):
        """By hand and by OdooBot: of the five types one blind copy, to the right person, and reports are asked for.

        None of the others; where the mail server offers reports, it is not asked for any beyond what it does anyway.
        """
        self.smtp.offers_dsn = self.smtp.takes_dsn = True
        rows = self.rows()
        codes = self.env["sengerio.mail.document.type"].search([]).mapped("code")
        self.assertCountEqual(rows, codes)
        self.assertEqual(sum(is_copied for _record, _template, is_copied in rows.values()), 5)
        for user, person in ((self.anna, ANNA), (self.env.ref("base.user_root"), MARC)):
            for code, (record, template, is_copied) in rows.items():
                with self.subTest(code=code, by=user.login):
                    self.smtp.take()
                    record.message_unsubscribe(record.message_partner_ids.ids)  # followers get Odoo's own mail
                    record.with_user(user).message_post_with_source(template, subtype_xmlid="mail.mt_comment")
                    self.env.flush_all()
                    document = self.document_of(record)
                    self.assertEqual(document.type_id.code, code)
                    if user == self.anna or record._name != "account.payment":  # which has no responsible
                        self.assertEqual(document.sender_id.email, person)
                    blind = document.delivery_ids.filtered(lambda delivery: delivery.header == "bcc")
                    self.assertEqual(blind.mapped("email"), [person] if is_copied else [])
                    mails = self.smtp.take()
                    copies = [mail.rcpt for mail in mails if self.is_for_copies(mail)]
                    self.assertEqual(copies, [[person]] if is_copied else [])
                    self.assertEqual({mail.rcpt[0] for mail in mails} - {person}, {document.delivery_ids[0].email})
                    for mail in mails:
                        self.assertReportsAskedFor(mail, asked=is_copied)

    def assertReportsAskedFor(self, mail, asked):
        """Assert that the mail server was asked for reports (RFC 3461), or was not, of each recipient of a message."""
        names = {option.partition("=")[0] for option in mail.mail_options}
        self.assertEqual(names & {"RET", "ENVID"}, {"RET", "ENVID"} if asked else set())
        notify = ["NOTIFY=SUCCESS,DELAY,FAILURE"] if asked else []
        self.assertEqual(mail.rcpt_options, [notify] * len(mail.rcpt))

    def is_for_copies(self, mail):
        """Tell whether a message is a document's one for all copies."""
        _document, part = self.env["sengerio.mail.document"]._read_token(mail.message["X-Sengerio-Document"])
        return part == "copies"
