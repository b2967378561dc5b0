"""Which report changes which state: every state, and every kind of report that can meet it."""

from odoo.tests import tagged

from .test_bounces import AZURE, FULL, NO_SUCH, BounceCase, report

# state: what a report may make of it
MAY_BECOME = {
    "queued": "delayed delivered opened soft_bounce hard_bounce complaint",
    "sent": "delayed delivered opened soft_bounce hard_bounce complaint",
    "delayed": "delivered opened soft_bounce hard_bounce",
    "delivered": "opened soft_bounce hard_bounce complaint",
    "opened": "complaint",
    "refused": "",
    "soft_bounce": "opened",
    "hard_bounce": "opened",
    "complaint": "",
    "failed": "",
    "cancelled": "",
}


def delivery_report(action, status, words):
    return lambda customer: report([(AZURE, action, status, words)], customer)


def two_parts(report_type, part_type, fields):
    """Return what makes a report of a machine-readable part and the original's header."""

    def make(customer):
        returned = "".join(f"{name}: {value}\n" for name, value in customer.items())
        text = f"""\
From: Azure <postmaster@azure.example>
To: bounce@firm.example
Subject: About your message
Message-Id: <{id(customer)}.{report_type}@azure.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report_type}; boundary="=_b"

--=_b
Content-Type: text/plain

About your message.

--=_b
Content-Type: {part_type}

{fields.format(message_id=customer["Message-Id"])}

--=_b
Content-Type: text/rfc822-headers

{returned}
--=_b--
"""
        return text.replace("\n", "\r\n").encode()

    return make


REPORTS = {
    "delayed": delivery_report("delayed", "4.4.1", "connect: timed out"),
    "delivered": delivery_report("delivered", "2.0.0", "250 ok"),
    "opened": two_parts(
        "disposition-notification", "message/disposition-notification",
        f"Final-Recipient: rfc822; {AZURE}\nOriginal-Message-ID: {{message_id}}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ),
    "soft_bounce": delivery_report(*FULL),
    "hard_bounce": delivery_report(*NO_SUCH),
    "complaint": two_parts(
        "feedback-report", "message/feedback-report",
        f"Feedback-Type: abuse\nUser-Agent: Reporter/1.0\nVersion: 1\nOriginal-Rcpt-To: <{AZURE}>",
    ),
    # says nothing about where it ended
    "relayed": delivery_report("relayed", "2.0.0", "250 ok"),
    "expanded": delivery_report("expanded", "2.0.0", "250 ok"),
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestStateTable(BounceCase):
    def test_every_state_and_report(self):
        """A report makes of a state what the table says, and is kept as an event in any case."""
        order = self.make_order()
        for state, may_become in MAY_BECOME.items():
            for kind, make in REPORTS.items():
                with self.subTest(state=state, report=kind):
                    document, customer, _copies = self.sent(order)
                    azure = document.delivery_ids.filtered(lambda delivery: delivery.email == AZURE)
                    azure.state = state
                    self.process(make(customer))
                    self.assertEqual(azure.state, kind if kind in may_become.split() else state)
                    self.assertEqual(azure.event_ids.mapped("kind"), [kind])
