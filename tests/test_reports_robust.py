"""The reader of reports on what nobody should send: bounded in time and memory, and without an exception.

The reader is asked without the guard of ``read_report``, which would hide what goes wrong.
"""

import gc
import json
import os
import quopri
import random
import sys
import time
import tracemalloc
from base64 import encodebytes
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from email.message import EmailMessage, Message
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[1] / "sengerio_mail" / "tests" / "reports"
CORPUS = Path(os.environ.get("SENGERIO_BOUNCE_CORPUS") or "/nowhere")  # real reports, see test_reports_corpus
KNOWN = ("anna@customer.example", "ben@customer.example")
INPUTS, BATCH = 102_000, 2_000
CUTS = 8  # of each real report
EXAMPLES = 500  # of hypothesis
SECONDS = 5.0  # for one hostile message, Python's parser included, on a slow machine
MEGABYTES = 20  # beyond the message itself
STATUSES = b"Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n"


@pytest.fixture(scope="module")
def reading():
    from odoo.addons.sengerio_mail.tools.reports.reader import Reading

    return Reading


def parsed(source):
    """Return a message as the mail gateway parses it."""
    from odoo.addons.sengerio_mail.models.sengerio_mail_gateway import parsed as parsed_by_gateway

    return parsed_by_gateway(source)


def report_of(body, kind="text/plain", sender="MAILER-DAEMON@mx.example", subject="Undeliverable", extra=""):
    """Return the bytes of a message with a body, the sender and subject of a report."""
    head = f"From: {sender}\nTo: bounce@firm.example\nSubject: {subject}\n{extra}Content-Type: {kind}\n\n"
    return head.encode() + body


def levels(kind, depth):
    """Return the bytes of a message nested as deep as Python's own parser goes, and somewhat less."""
    body = b"Subject: 550 5.1.1 anna@customer.example User unknown\n\n550 5.1.1 anna@customer.example User unknown\n"
    for level in range(depth):
        head = f'Content-Type: {kind}; boundary="b{level}"\n\n'.encode()
        body = head + (b"--b%d\n%s\n--b%d--\n" % (level, body, level) if kind.startswith("multipart") else body)
    return b"From: MAILER-DAEMON@mx.example\nSubject: Undeliverable\n" + body


def multipart(count):
    """Return a message of many parts, made by hand: the parser itself takes long for so many."""
    message = parsed(report_of(b"", 'multipart/report; report-type=delivery-status; boundary="b"'))
    message.set_payload([Message() for _index in range(count)])
    return message


def nested(depth):
    """Return a message nested deeper than any recursion goes."""
    message = inner = parsed(report_of(b"", "multipart/mixed"))
    for _level in range(depth):
        child = Message()
        child["Content-Type"] = "multipart/mixed"
        inner.set_payload([child])
        inner = child
    inner.set_payload("550 5.1.1 anna@customer.example User unknown")
    return message


def wrapped(depth):
    """Return reports that are returned by reports that are returned …"""
    message = parsed(report_of(STATUSES, "message/delivery-status"))
    for _level in range(depth):
        outer = parsed(report_of(b"", 'multipart/report; report-type=delivery-status; boundary="b"'))
        carrier = Message()
        carrier["Content-Type"] = "message/rfc822"
        carrier.set_payload([message])
        outer.set_payload([carrier])
        message = outer
    return message


def million_recipients(count):
    """Return a delivery status about many recipients."""
    message = parsed(report_of(STATUSES, "message/delivery-status"))
    message.set_payload(message.get_payload() * count)
    return message


def many_headers(count):
    """Return a message with many and long headers."""
    message = parsed(report_of(b"could not be delivered: anna@customer.example"))
    for index in range(count):
        message._headers.append((f"X-{index}", "a" * 50))
    message._headers.append(("X-Long", "=?utf-8?q?" + "a " * 5_000_000))
    return message


# those made by hand are as the parser would give them, if it went so far or took less than minutes for so much
HOSTILE = {
    "300 levels": lambda: levels("multipart/mixed", 300),
    "300 levels of reports": lambda: levels("multipart/report; report-type=delivery-status", 300),
    "50 levels of messages": lambda: levels("message/rfc822", 50),
    "deep nesting": lambda: nested(100_000),
    "nested reports": lambda: wrapped(2_000),
    "a million parts": lambda: multipart(1_000_000),
    "a million headers": lambda: many_headers(1_000_000),
    "a body of 50 MB": lambda: report_of(b"could not be delivered to anna@customer.example\n" * 1_100_000),
    "a line of 50 MB": lambda: report_of(b"could not be delivered " + b"a" * 50_000_000),
    "50 MB in base64": lambda: report_of(
        b"Y291bGQgbm90IGJlIGRlbGl2ZXJlZA==\n" * 1_500_000, extra="Content-Transfer-Encoding: base64\n"
    ),
    "a million recipients": lambda: million_recipients(1_000_000),
    "at signs": lambda: report_of(b"@" * 5_000_000),
    "addresses": lambda: report_of(b"could not be delivered to a@b.example, " * 200_000),
    "addresses on lines": lambda: report_of(b"a1@b.example: failed\n" * 200_000),
    "dots": lambda: report_of(b"a@" + b"a." * 2_000_000),
    "quotes": lambda: report_of(b'"' * 1_000_000 + b"@a.example"),
    "tags": lambda: report_of(b"<" * 1_000_000 + b"<style>" * 100_000 + b"<a " * 300_000, "text/html"),
    "entities": lambda: report_of(b"&" * 1_000_000 + b"&#" * 300_000, "text/html"),
    "delivery to": lambda: report_of(b"delivery to the " * 200_000),
    "konnte nicht": lambda: report_of(b"konnte " * 200_000 + b"nicht " * 200_000),
    "codes": lambda: report_of(b"5.1." * 1_000_000),
    "rulers": lambda: report_of((b"-" * 500 + b"\n") * 20_000),
    "field names": lambda: report_of(b"a-" * 2_000_000 + b":"),
    "folds": lambda: report_of(b"Status: 5\n" + b" \n" * 1_000_000),
    "punycode": lambda: report_of("é".encode() * 500_000, "text/plain; charset=punycode"),
    "subject": lambda: report_of(b"x", subject="=?" * 400_000),
    "references": lambda: report_of(b"x", extra=f"References: {'<' * 2_000_000}\n"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bounded(reading, name):
    """From the bytes to what they report, where there are bytes; the memory is that of the reader."""
    source = HOSTILE[name]()
    started = time.process_time()
    message = parsed(source) if isinstance(source, bytes) else source
    parsing = time.process_time() - started
    assert message is not None
    tracemalloc.start()
    try:
        started = time.process_time()
        reading(message).report(KNOWN)
        seconds = time.process_time() - started
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    sys.stdout.write(f"{name}: parsed in {parsing:.2f} s, read in {seconds:.2f} s, {megabytes:.0f} MB\n")
    assert parsing + seconds < SECONDS
    assert megabytes < MEGABYTES


def mutated(chance, source, sources):
    """Return a sample cut, mixed with another, its bytes changed, its lines moved."""
    kind = chance.randrange(12)
    if kind == 0:
        return source[: chance.randrange(len(source))]
    if kind == 1:
        other = chance.choice(sources)
        return source[: chance.randrange(len(source))] + other[chance.randrange(len(other)) :]
    if kind == 4:
        return chance.randbytes(chance.randrange(200))
    if kind >= 5:
        return b"".join(chance.choice(TOKENS) for _token in range(chance.randrange(2, 14)))
    if kind == 2:
        lines = source.splitlines(keepends=True)
        chance.shuffle(lines)
        return b"".join(lines)
    if kind == 3:
        at = chance.randrange(len(source))
        return source[:at] + chance.choice(TOKENS) * chance.randrange(1, 4) + source[at + chance.randrange(30) :]
    changed = bytearray(source)
    for _change in range(chance.randrange(1, 20)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


TOKENS = (
    b"From: MAILER-DAEMON@a.example\n",
    b"Subject: Undelivered\n",
    b"Auto-Submitted: auto-replied\n",
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n',
    b"Content-Type: message/delivery-status\n",
    b"Final-Recipient: rfc822; anna@customer.example\n",
    b"Original-Recipient: rfc822;ben@customer.example\n",
    b"Action: failed\n",
    b"Status: 5.1.1\n",
    b"could not be delivered: <anna@customer.example>: 550 5.1.1 unknown\n",
    b"----- Original message -----\n",
    b"> ",
    b" ",
    b"\n",
    b"\n\n",
    b"--b1\n",
    b"\x00",
    b"\xff\xfe",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: multipart/mixed; boundary=\n",
    b"Content-Type: text/plain; charset=\xff\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b"Final-Recipient: ;@\n",
    b"Status: 999.999.999\n",
    b"=?utf-8?b?=?=",
    b"<@>",
    b"References: <\n",
)


def read_all(sources):
    """Read messages; return how many were of each kind."""
    from odoo.addons.sengerio_mail.tools.reports.reader import Reading

    gc.freeze()  # else each collection goes through all of Odoo
    kinds = Counter()
    for count, source in enumerate(sources):
        message = parsed(source)
        if message is not None:  # what Python's own parser does not survive never reaches the reader
            kinds[Reading(message).report(KNOWN if count % 2 else ()).kind] += 1
    return kinds


def read_batch(seed):
    """Read a batch of changed samples. Runs in a process of its own."""
    chance = random.Random(seed)
    sources = [path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))]
    return read_all(mutated(chance, sources[count % len(sources)], sources) for count in range(BATCH))


def read_cuts(path):
    """Read a real report, cut off at several places. Runs in a process of its own."""
    source = path.read_bytes()
    chance = random.Random(path.name)
    return read_all(source[: chance.randrange(len(source) + 1)] for _cut in range(CUTS))


def test_never_raises(reading):
    """Cut, mixed and changed samples and random bytes: no exception, always a kind of the vocabulary."""
    from odoo.addons.sengerio_mail.tools.reports.model import KINDS

    assert len(list(FOLDER.glob("*.eml"))) >= 25
    truth = CORPUS / "truth.jsonl"
    rows = truth.read_text().splitlines() if truth.is_file() else []
    real = [CORPUS / json.loads(row)["file"] for row in rows if row.strip()]
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        kinds = sum(pool.map(read_batch, range(INPUTS // BATCH)), Counter())
        cuts = sum(pool.map(read_cuts, real, chunksize=20), Counter())
    sys.stdout.write(f"{kinds.total()} inputs read: {dict(kinds)}; {cuts.total()} cuts of {len(real)} real reports\n")
    assert kinds.total() >= 100_000
    assert set(kinds) == set(KINDS)
    assert set(cuts) <= set(KINDS)
    assert cuts.total() >= 0.9 * CUTS * len(real)


ADDRESSES = st.sampled_from([*KNOWN, "Anna@Customer.Example", "zoe@other.example", "sales@firm.example", "a@b", "@"])
HEADERS = st.sampled_from(
    [
        "From: MAILER-DAEMON@mx.example", "From: Zoe <{}>", "To: {}", "Subject: Undelivered mail",
        "Subject: Re: {}", "Auto-Submitted: auto-replied", "X-Failed-Recipients: {}, {}",
        "References: <doc@firm.example>", "Return-Path: <>",
        "In-Reply-To: <{}>", "Message-ID: <{}>", "Received: from {} by mx", "List-Id: <{}>", "Precedence: bulk", "",
    ]
)  # fmt: skip
LINES = st.sampled_from(
    [
        "", "could not be delivered", "<{}>: 550 5.1.1 unknown", "{}", "\t{} {}", "It was delivered to:", "{}, {}",
        "> {}", "The following addresses failed:", "----- Original message -----", "delivered to {} but not to {}",
        "{}:", ":", "RCPT TO:<{}>", "<<< 250 ok",
        "550 no", "forwarded to {}", "Final-Recipient: rfc822; {}", "Action: failed",
        "Original-Recipient: rfc822;{}", "Action: delayed", "Status: 5.1.1", "Disposition: a/b; displayed",
        "<p>{}</p>",
        "Feedback-Type: abuse", "Original-Rcpt-To: <{}>", "will be retried", "From: <{}>", "To: {}, {}",
        "Message-ID: <{}>", "Recipients of the message:", "Empfänger: {}", "配信されました:", "\x00{}", "--b",
        "X-HmXmrOriginalRecipient: {}",
    ]
)  # fmt: skip
TYPES = st.sampled_from(
    ["text/plain", "text/html", "message/delivery-status", "message/disposition-notification", "message/rfc822",
     "message/feedback-report", "text/rfc822-headers", "multipart/mixed", "text/plain; charset=utf-16", "image/png"]
)  # fmt: skip
ENCODINGS = {"7bit": bytes, "base64": encodebytes, "quoted-printable": quopri.encodestring, "x-odd": bytes}
REPORT = 'multipart/report; report-type=delivery-status; boundary="b"'


@st.composite
def written(draw, lines, most):
    """Return some of these lines, addresses put in."""
    chosen = draw(st.lists(lines, max_size=most))
    return "\n".join(line.format(draw(ADDRESSES), draw(ADDRESSES)) if "{}" in line else line for line in chosen)


@st.composite
def messages(draw):
    """Return ``(bytes of a message, its words before any transfer encoding)``."""
    header, words, parts = draw(written(HEADERS, 6)), [], []
    for _part in range(draw(st.integers(0, 4))):
        text, encoding = draw(written(LINES, 8)), draw(st.sampled_from(sorted(ENCODINGS)))
        words.append(text)
        head = f"--b\nContent-Type: {draw(TYPES)}\nContent-Transfer-Encoding: {encoding}\n\n"
        parts.append(head.encode() + ENCODINGS[encoding](text.encode()))
    kind = draw(st.sampled_from([REPORT, REPORT, "multipart/mixed; boundary=b", "text/plain"]))
    source = "\n".join((header, f"Content-Type: {kind}", "", "")).encode() + b"\n".join(parts)
    if draw(st.booleans()):
        source = source[: draw(st.integers(0, len(source)))]
    return source, "\n".join((header, *words))


def test_names_nobody_else(reading):
    """Whatever a message is made of: no exception, and no address that stands nowhere in it."""
    kinds = Counter()

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(messages())
    def holds(made):
        source, words = made
        stands = f"{words}\n{source.decode(errors='replace')}".lower()
        report = reading(parsed(source)).report((*KNOWN, "nowhere@customer.example"))
        kinds[report.kind] += 1
        for recipient in report.recipients:
            assert "@" not in recipient.address or recipient.address.lower() in stands

    holds()
    sys.stdout.write(f"{kinds.total()} examples read: {dict(kinds)}\n")
    assert kinds.total() >= EXAMPLES
    assert {"failed", "delayed", "none"} <= set(kinds)


def test_guard(reading, monkeypatch):
    """A message that breaks the reader all the same is no report: the mail gateway goes on."""
    from odoo.addons.sengerio_mail.tools.reports import read_original, read_report

    broken = EmailMessage()
    monkeypatch.setattr(broken, "raw_items", lambda: 1 / 0)
    assert read_report(broken, known=KNOWN).kind == "none"
    assert not read_original(broken).message_ids
