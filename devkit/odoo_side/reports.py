"""The reports that a mail server further on would send back (RFC 3464), told from the address.

Mail to ``bounce…@`` comes back as undeliverable, to ``full…@`` because the mailbox is full, to ``delay…@`` with a
warning that it takes longer; for ``confirm…@`` delivery is reported if the sender asked for that (RFC 3461).
"""

import email
import email.policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

HOST = "mx.customer.example"
# local part: action, status, the server's words
OUTCOMES = {
    "bounce": ("failed", "5.1.1", "550 5.1.1 <{address}>: User unknown"),
    "full": ("failed", "5.2.2", "552 5.2.2 <{address}>: Mailbox full"),
    "delay": ("delayed", "4.4.1", "connect to mx.customer.example:25: Connection timed out"),
    "confirm": ("delivered", "2.0.0", "250 2.0.0 Ok: delivered to mailbox"),
}
WORDS = {
    "failed": "could not be delivered",
    "delayed": "has not been delivered yet; it will be tried again for five days",
    "delivered": "was delivered",
}


def reports(mail_from, recipients, content):
    """Return the reports that follow from a message, each as bytes.

    :param str mail_from: its envelope sender, to whom they go; nothing is reported to nobody
    :param dict recipients: ``{address: options of RCPT}``
    :param bytes content: the message
    """
    message = email.message_from_bytes(content, policy=email.policy.SMTP)
    if not mail_from or message["Auto-Submitted"]:
        return []
    found = []
    for address, options in recipients.items():
        outcome = next((value for start, value in OUTCOMES.items() if address.lower().startswith(start)), None)
        wanted = any("SUCCESS" in option.upper() for option in options)
        if outcome and (outcome[0] != "delivered" or wanted):
            header = content.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
            found.append(_report(mail_from, address, header, *outcome))
    return found


def _report(mail_from, address, header, action, status, diagnostic):
    diagnostic = diagnostic.format(address=address)
    report = EmailMessage(policy=email.policy.SMTP)
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{HOST}>"
    report["To"] = mail_from
    report["Subject"] = f"Delivery Status Notification ({action})"
    report["Date"] = formatdate()
    report["Message-Id"] = make_msgid(domain=HOST)
    report["Auto-Submitted"] = "auto-replied"
    words = f"Your message {WORDS[action]}:\n\n<{address}>: {diagnostic}\n"
    report.set_content(f"This is the mail system at {HOST}.\n\n{words}")
    report.make_mixed()
    report.set_type("multipart/report")
    report.set_param("report-type", "delivery-status")
    fields = (
        f"Reporting-MTA: dns; {HOST}\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: {action}\r\n"
        f"Status: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n"
    )
    report.attach(_part("message/delivery-status", fields))
    report.attach(_part("text/rfc822-headers", header))
    return report.as_bytes()


def _part(content_type, text):
    return email.message_from_string(f"Content-Type: {content_type}\r\n\r\n{text}", policy=email.policy.SMTP)
