"""The reader of reports on what nobody should send: bounded in time and memory, and without an exception.

The reader is asked without the guard of ``read_report``, which would hide what goes wrong.
"""

import gc
import random
import sys
import time
import tracemalloc
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from multiprocessing import get_context
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "sengerio_mail" / "tests" / "reports"
KNOWN = ("anna@customer.example", "ben@customer.example")
INPUTS, BATCH = 102_000, 2_000
SECONDS = 3.0  # for one hostile message, on a slow machine
MEGABYTES = 20  # beyond the message itself
STATUSES = b"Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n"


@pytest.fixture(scope="module")
def reading():
    from odoo.addons.sengerio_mail.tools.reports.reader import Reading

    return Reading


def report_of(body, kind="text/plain", sender="MAILER-DAEMON@mx.example", subject="Undeliverable", extra=""):
    """Return a message with a body, the sender and subject of a report."""
    head = f"From: {sender}\nTo: bounce@firm.example\nSubject: {subject}\n{extra}Content-Type: {kind}\n\n"
    return message_from_bytes(head.encode() + body, policy=policy.SMTP)


def multipart(count):
    """Return a message of many parts, made by hand: the parser itself takes long for so many."""
    message = report_of(b"", 'multipart/report; report-type=delivery-status; boundary="b"')
    message.set_payload([Message() for _index in range(count)])
    return message


def nested(depth):
    """Return a message nested deeper than any recursion goes."""
    message = inner = report_of(b"", "multipart/mixed")
    for _level in range(depth):
        child = Message()
        child["Content-Type"] = "multipart/mixed"
        inner.set_payload([child])
        inner = child
    inner.set_payload("550 5.1.1 anna@customer.example User unknown")
    return message


def wrapped(depth):
    """Return reports that are returned by reports that are returned …"""
    message = report_of(STATUSES, "message/delivery-status")
    for _level in range(depth):
        outer = report_of(b"", 'multipart/report; report-type=delivery-status; boundary="b"')
        carrier = Message()
        carrier["Content-Type"] = "message/rfc822"
        carrier.set_payload([message])
        outer.set_payload([carrier])
        message = outer
    return message


def million_recipients(count):
    """Return a delivery status about many recipients."""
    message = report_of(STATUSES, "message/delivery-status")
    message.set_payload(message.get_payload() * count)
    return message


def many_headers(count):
    """Return a message with many and long headers."""
    message = report_of(b"could not be delivered: anna@customer.example")
    for index in range(count):
        message._headers.append((f"X-{index}", "a" * 50))
    message._headers.append(("X-Long", "=?utf-8?q?" + "a " * 5_000_000))
    return message


HOSTILE = {
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
    message = HOSTILE[name]()
    tracemalloc.start()
    try:
        started = time.process_time()
        reading(message).report(KNOWN)
        seconds = time.process_time() - started
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    sys.stdout.write(f"{name}: {seconds:.2f} s, {megabytes:.0f} MB\n")
    assert seconds < SECONDS
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


def read_batch(seed):
    """Read a batch of inputs; return how many were of each kind. Also runs in a process of its own."""
    from odoo.addons.sengerio_mail.tools.reports.reader import Reading

    gc.freeze()  # else each collection goes through all of Odoo
    chance = random.Random(seed)
    sources = [path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))]
    kinds = Counter()
    for count in range(BATCH):
        source = mutated(chance, sources[count % len(sources)], sources)
        try:
            message = message_from_bytes(source, policy=policy.SMTP)
        except Exception:  # noqa: BLE001  what Python's own parser does not survive never reaches the reader
            continue
        kinds[Reading(message).report(KNOWN if count % 2 else ()).kind] += 1
    return kinds


def test_never_raises(reading):
    """Cut, mixed and changed samples and random bytes: no exception, always a kind of the vocabulary."""
    from odoo.addons.sengerio_mail.tools.reports.model import KINDS

    assert len(list(FOLDER.glob("*.eml"))) >= 25
    kinds = Counter()
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for batch in pool.map(read_batch, range(INPUTS // BATCH)):
            kinds += batch
    sys.stdout.write(f"{kinds.total()} inputs read: {dict(kinds)}\n")
    assert kinds.total() >= 100_000
    assert set(kinds) == set(KINDS)


def test_guard(reading, monkeypatch):
    """A message that breaks the reader all the same is no report: the mail gateway goes on."""
    from odoo.addons.sengerio_mail.tools.reports import read_original, read_report

    broken = EmailMessage()
    monkeypatch.setattr(broken, "raw_items", lambda: 1 / 0)
    assert read_report(broken, known=KNOWN).kind == "none"
    assert not read_original(broken).message_ids
