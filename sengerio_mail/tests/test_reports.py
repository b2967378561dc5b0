"""The reader of reports on samples of all kinds, on mail that is no report, and its verdicts."""

from email import message_from_bytes
from email.message import EmailMessage, Message

from odoo.tests import BaseCase, tagged
from odoo.tools import file_path

from odoo.addons.sengerio_mail.models.sengerio_mail_gateway import parsed
from odoo.addons.sengerio_mail.tools.reports import read_original, read_report, verdict

from .report_negatives import mixed, negatives

FOLDER = "sengerio_mail/tests/reports"
ANNA, BEN, TEAM = "anna@customer.example", "ben@customer.example", "team@customer.example"
KNOWN = (ANNA, BEN, TEAM, "carla@customer.example")
DOCUMENT = "<doc-17@odoo.firm.example>"

# sample: kind of the report, then per recipient: kind, address, status, reason
SAMPLES = {
    "postfix_failed": ("failed", ("failed", ANNA, "5.1.1", "no_such_address")),
    "postfix_delayed": ("delayed", ("delayed", ANNA, "4.4.1", "unreachable")),
    "postfix_delivered": ("delivered", ("delivered", ANNA, "2.0.0", None)),
    "sendmail_relayed": ("relayed", ("relayed", ANNA, "2.6.0", None)),
    "sendmail_mixed": (
        "failed",
        ("failed", ANNA, "5.2.2", "mailbox_full"),
        ("delayed", BEN, "4.2.0", None),
    ),
    "list_expanded": ("expanded", ("expanded", TEAM, "2.0.0", None)),
    "exchange_online": ("failed", ("failed", ANNA, "5.1.10", "no_such_address")),
    "exchange_2003": ("failed", ("failed", ANNA, "", "no_such_address")),
    "base64_status": ("failed", ("failed", ANNA, "5.7.1", "spam")),
    "forwarded_alias": ("failed", ("failed", ANNA, "5.1.1", "no_such_address")),
    "exim_failed": ("failed", ("failed", ANNA, "5.2.1", "not_accepting")),
    "exim_delayed": ("delayed", ("delayed", ANNA, "", None)),
    "qmail_failed": (
        "failed",
        ("failed", ANNA, "5.1.1", "no_such_address"),
        ("failed", BEN, "5.2.2", "mailbox_full"),
    ),
    "gmail_failed": ("failed", ("failed", ANNA, "", "domain_gone")),
    "html_failed": ("failed", ("failed", ANNA, "5.7.26", "auth")),
    "japanese_carrier": ("failed", ("failed", ANNA, "", "no_such_address")),
    "nameless_report": ("failed", ("failed", ANNA, "", None)),
    "mdn_read": ("read", ("read", ANNA, "", None)),
    "mdn_deleted": ("none", ("none", ANNA, "", None)),
    "arf_complaint": ("complaint", ("complaint", ANNA, "", None)),
    "vacation": ("auto_reply",),
    "vacation_german": ("auto_reply",),
    "ordinary_undeliverable": ("none",),
    "reply_quoting_bounce": ("none",),
    "forward_of_bounce": ("none",),
    "newsletter": ("none",),
    "list_mail": ("none",),
    "calendar_reply": ("none",),
}
WITHOUT_RETURNED = {"exchange_2003", "exim_delayed", "html_failed", "japanese_carrier", "mdn_read", "mdn_deleted"}


def sample(name):
    """Return a sample as the mail gateway parses it."""
    with open(file_path(f"{FOLDER}/{name}.eml"), "rb") as file:
        return parsed(file.read())


@tagged("post_install", "-at_install")
class TestReports(BaseCase):
    def test_samples(self):
        """Each sample says of exactly these recipients what it says, with its code and reason."""
        for name, (kind, *expected) in SAMPLES.items():
            with self.subTest(sample=name):
                report = read_report(sample(name), known=KNOWN)
                self.assertEqual(report.kind, kind)
                self.assertEqual(
                    [(found.kind, found.address, found.status) for found in report.recipients],
                    [(kind, address, status) for kind, address, status, _reason in expected],
                )
                for found, (*_values, reason) in zip(report.recipients, expected, strict=True):
                    if reason:
                        self.assertEqual(verdict(found.status, found.diagnostic).reason, reason)

    def test_original(self):
        """Reports name the document's message, its token where its header is returned, ENVID where it was given."""
        for name, (kind, *_recipients) in SAMPLES.items():
            if kind in ("none", "auto_reply") or name in WITHOUT_RETURNED:
                continue
            with self.subTest(sample=name):
                original = read_original(sample(name))
                self.assertEqual(original.message_ids, (DOCUMENT,))
                self.assertEqual(original.tokens, ("tok-17",))
        self.assertEqual(read_original(sample("mdn_read")).message_ids, (DOCUMENT,))
        self.assertEqual(read_original(sample("exchange_2003")).references, (DOCUMENT,))
        self.assertEqual(read_original(sample("postfix_failed")).envelope_id, "env-17+x", "xtext is decoded")

    def test_read_twice(self):
        """Asking for the original first changes nothing in the report, and the other way round."""
        message = sample("postfix_failed")
        original = read_original(message)
        report = read_report(message, known=KNOWN)
        self.assertEqual(report.original, original)
        self.assertEqual(report.reporting_mta, "mx.customer.example")
        self.assertEqual(report.arrival_date, "Mon,  2 Jun 2025 09:00:01 +0000")
        self.assertEqual(report.recipients[0].remote_mta, "mail.customer.example")

    def test_unknown_addresses(self):
        """Without the mailed addresses the report's own are given; an alias gives where it led to."""
        (found,) = read_report(sample("forwarded_alias")).recipients
        self.assertEqual(found.final, "a.smith@other.example")
        (found,) = read_report(sample("forwarded_alias"), known=[ANNA]).recipients
        self.assertEqual((found.address, found.final), (ANNA, "a.smith@other.example"))

    def test_spelling_of_addresses(self):
        """Case and the domain's spelling make no difference; the address comes back as we wrote it."""
        (found,) = read_report(sample("postfix_failed"), known=["Anna@Customer.Example"]).recipients
        self.assertEqual(found.address, "Anna@Customer.Example")

    def test_returned_message_is_no_evidence(self):
        """What stands in the returned message names nobody, even if it looks like a report."""
        report = read_report(sample("postfix_delivered"), known=(*KNOWN, "trap@firm.example"))
        self.assertEqual([found.address for found in report.recipients], [ANNA])
        report = read_report(sample("qmail_failed"), known=(*KNOWN, "trap@firm.example"))
        self.assertEqual([found.address for found in report.recipients], [ANNA, BEN])

    def test_echoed_recipients(self):
        """Two of ours in the copy of the message's own To are not failed because a third address is."""
        source = sample("exchange_2003").as_bytes().replace(b"\nanna@customer.example on", b"\nzoe@other.example on")
        report = read_report(parsed(source), known=KNOWN)
        self.assertEqual(report.kind, "failed")
        self.assertFalse({found.address for found in report.recipients} & set(KNOWN))

    def test_negatives(self):
        """More than 200 messages that are no failures are not read as failures, though they name the document."""
        count = 0
        for name, message, kinds in negatives():
            count += 1
            with self.subTest(message=name):
                report = read_report(parsed(message.as_bytes()), known=KNOWN)
                self.assertIn(report.kind, kinds)
                self.assertIn(DOCUMENT, report.original.message_ids + report.original.references)
        self.assertGreaterEqual(count, 200)

    def test_some_failed(self):
        """Who got the message is not marked because another did not; who did not is, whatever is said of others."""
        for name, message, failed in mixed():
            with self.subTest(message=name):
                report = read_report(parsed(message.as_bytes()), known=KNOWN)
                self.assertEqual(report.kind, "failed")
                found = {recipient.address for recipient in report.recipients if recipient.kind == "failed"}
                self.assertEqual(found & set(KNOWN), failed)
                self.assertIn(DOCUMENT, report.original.message_ids + report.original.references)

    def test_nothing(self):
        """Messages without anything are no reports."""
        for message in (Message(), EmailMessage(), message_from_bytes(b""), message_from_bytes(b"\xff\xfe\n\n\x00")):
            self.assertEqual(read_report(message, known=KNOWN).kind, "none")
            self.assertFalse(read_original(message).message_ids)


@tagged("post_install", "-at_install")
class TestVerdicts(BaseCase):
    def test_verdicts(self):
        """A bad address by its own codes and words alone; a permanent code does not make one."""
        for status, diagnostic, reason, bad in (
            ("5.1.1", "550 5.1.1 <a@b.example>: User unknown", "no_such_address", True),
            ("5.1.1", "", "no_such_address", True),
            ("5.1.1", "552 5.1.1 mailbox is over quota", "mailbox_full", False),
            ("5.1.2", "", "domain_gone", True),
            ("5.4.4", "Host or domain name not found", "domain_gone", True),
            ("4.4.4", "Host not found, try again", "unreachable", False),
            ("5.1.10", "null MX", "domain_gone", True),
            ("5.1.6", "", "moved", True),
            ("5.1.8", "Sender address rejected", "policy", False),
            ("5.0.0", "", "unknown", False),
            ("5.0.0", "550 No such user here", "no_such_address", True),
            ("", "550 unknown user", "no_such_address", True),
            ("", "Empfänger unbekannt", "no_such_address", True),
            ("5.2.2", "", "mailbox_full", False),
            ("5.2.1", "account is disabled", "not_accepting", False),
            ("5.3.4", "message size exceeds fixed limit", "too_big", False),
            ("5.7.1", "blocked using Spamhaus", "spam", False),
            ("5.7.1", "Relaying denied", "relay", False),
            ("5.7.26", "DMARC policy", "auth", False),
            ("5.7.0", "Access denied", "policy", False),
            ("5.4.6", "routing loop detected", "loop", False),
            ("4.4.7", "Message expired", "unreachable", False),
            ("5.6.0", "bad header", "content", False),
            ("", "", "unknown", False),
        ):
            with self.subTest(status=status, diagnostic=diagnostic):
                found = verdict(status, diagnostic)
                self.assertEqual((found.reason, found.bad_address), (reason, bad))
