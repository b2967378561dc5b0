"""A queue of documents whose worker is killed, then worked off by two at once: real processes, a real mail server."""

import json
import os
import signal
import subprocess
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from processes import SECONDS, start, wait_for

import devkit.odoo_side
from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.smtp import smtp_server
from devkit.workbench import run_odoo_script, workbench

SCRIPT = Path(devkit.odoo_side.__file__).parent / "queue_mails.py"
DOCUMENTS = 200
FEW, MORE = 40, 80
TROUBLED = 80


@contextmanager
def queue(folder, count, *options, **trouble):
    """Give what starts a process and what asks the database, where documents wait in the queue.

    :param Path folder: where the mail server keeps what it gets
    :param int count: how many documents
    :param str options: further ones of ``queue_mails.py fill``
    :param trouble: of :func:`devkit.smtp.smtp_server`
    """
    database = f"{PREFIX}queue_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, folder, **trouble) as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port, log_handler=":CRITICAL")
            assert run_odoo_script(bench, database, SCRIPT, "fill", str(count), *options, config=config) == 0
            yield partial(start, bench, config, database, SCRIPT), partial(bench.server.query, database=database)
        finally:
            discard(bench, database)


def work_off(process):
    """Let two workers work off the queue, thrice: one that meets the other may leave a mail for the next run."""
    for _round in range(3):
        workers = [process("run"), process("run")]
        assert [worker.wait(SECONDS) for worker in workers] == [0, 0]


def recipients(folder):
    """Return how often each address stands in an envelope."""
    envelopes = [json.loads(path.read_text() or "{}") for path in folder.glob("*.json")]
    return Counter(address for envelope in envelopes for address in envelope.get("rcpt_tos", ()))


@pytest.mark.parametrize("copies", [True, False], ids=["copies", "single"])
def test_killed_in_the_middle(tmp_path, copies):
    """Whether each message is recorded by itself or, where there is one alone, with Odoo's own transaction."""
    with queue(tmp_path, DOCUMENTS, *([] if copies else ["--no-copies"])) as (process, query):
        killed = process("run")
        wait_for(lambda: len(list(tmp_path.glob("*.eml"))) >= DOCUMENTS // 2, killed)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        before = recipients(tmp_path)
        assert 0 < len(before) < (2 if copies else 1) * DOCUMENTS
        [recorded] = query("SELECT count(*) FROM sengerio_mail_delivery WHERE state = 'sent'")
        # what the server took and the ledger does not know: the one message in flight
        assert 0 <= sum(before.values()) - int(recorded) <= (2 if copies else 1)

        work_off(process)
        after = recipients(tmp_path)
        states = query("SELECT state, count(*) FROM sengerio_mail_document GROUP BY state")
        deliveries = query("SELECT state, count(*) FROM sengerio_mail_delivery GROUP BY state")
        waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
    expected = {f"c{number}@customer.example" for number in range(DOCUMENTS)}
    if copies:
        expected |= {f"copy{number}@customer.example" for number in range(DOCUMENTS)}
        assert DOCUMENTS <= after.pop("seller@firm.example") <= DOCUMENTS + 1
    assert set(after) == expected
    twice = [address for address in expected if after[address] > 1]
    # a message in flight is one for the customer, or one for the copies
    assert len(twice) <= 1, twice
    assert states == [f"sent|{DOCUMENTS}"]
    assert deliveries == [f"sent|{(3 if copies else 1) * DOCUMENTS}"]
    assert waiting == ["0"]


@pytest.mark.parametrize("copies", [True, False], ids=["copies", "single"])
def test_partners_gone_in_the_middle(tmp_path, copies):
    """Customers are merged and contacts deleted while their documents are sent: nothing is lost, nothing doubled."""
    count = FEW if copies else MORE
    with queue(tmp_path, count, "--contacts" if copies else "--no-copies") as (process, query):
        meddler = process("meddle", str(count))
        wait_for(lambda: query("SELECT 1 FROM res_partner WHERE name = 'M3'"), meddler)
        worker = process("run", stderr=subprocess.PIPE, text=True)
        _output, errors = worker.communicate(timeout=SECONDS)
        assert meddler.wait(SECONDS) == 0
        # Odoo's own writing of notifications may collide with a merge: its job is undone then, and runs again
        assert worker.returncode == 0 or "InFailedSqlTransaction" in errors, errors
        met = recipients(tmp_path)
        for _round in range(3):  # a worker that meets the other one leaves the rest for the next run
            assert process("run").wait(SECONDS) == 0
        after = recipients(tmp_path)
        left = query("SELECT count(*) FROM res_partner WHERE name ~ '^[CK][0-9]+$'")
        states = query("SELECT state, count(*) FROM sengerio_mail_document GROUP BY state")
        deliveries = query("SELECT state, count(*) FROM sengerio_mail_delivery GROUP BY state")
        waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
    assert left == ["0"]
    assert met  # the worker was at work meanwhile
    expected = {f"c{number}@customer.example": 1 for number in range(count)}
    contacts = []
    if copies:
        contacts = [number for number in range(count) if number % 4 != 3]  # see fill
        expected.update({f"copy{number}@customer.example": 1 for number in range(count)})
        expected.update({f"k{number}@customer.example": 1 for number in contacts})
        expected["seller@firm.example"] = count
    assert after == expected
    assert states == [f"sent|{count}"]
    assert deliveries == [f"sent|{(3 if copies else 1) * count + len(contacts)}"]
    assert waiting == ["0"]


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ("UPDATE", "RAISE EXCEPTION 'collision' USING ERRCODE = '40001'"),
        ("DELETE", "RAISE EXCEPTION 'collision' USING ERRCODE = '40001'"),
        ("DELETE", "PERFORM pg_terminate_backend(pg_backend_pid())"),
    ],
    ids=["update", "delete", "connection"],
)
def test_undone_after_leaving(tmp_path, when, what):
    """Odoo's transaction fails once the message has left: what left is recorded all the same, and leaves once."""
    with queue(tmp_path, FEW, "--no-copies") as (process, query):
        query(
            f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; "
            "RETURN COALESCE(NEW, OLD); END $$"
        )
        [third] = query("SELECT id FROM mail_mail ORDER BY id OFFSET 2 LIMIT 1")
        condition = f"OLD.id = {third}" + (" AND NEW.state = 'sent'" if when == "UPDATE" else "")
        query(f"CREATE TRIGGER fail BEFORE {when} ON mail_mail FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION fail()")
        process("run", stderr=subprocess.DEVNULL).wait(SECONDS)
        before = recipients(tmp_path)
        sent = query("SELECT state, count(*) FROM sengerio_mail_delivery GROUP BY state ORDER BY state")
        mails = query(f"SELECT state FROM mail_mail WHERE id = {third}")
        query("DROP TRIGGER fail ON mail_mail")
        work_off(process)
        after = recipients(tmp_path)
        states = query("SELECT state, count(*) FROM sengerio_mail_document GROUP BY state")
        waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
    assert len(before) == 3
    assert mails == ["outgoing"]  # Odoo's own record was undone
    assert sent == [f"queued|{FEW - 3}", "sent|3"]
    assert after == {f"c{number}@customer.example": 1 for number in range(FEW)}
    assert states == [f"sent|{FEW}"]
    assert waiting == ["0"]


def test_messages_deleted_in_the_middle(tmp_path):
    """Another worker has sent and deleted messages since the queue was read: the documents behind them leave."""
    with queue(tmp_path, FEW, "--messages") as (process, query):
        worker = process("run")
        wait_for(lambda: any(tmp_path.glob("*.eml")), worker)
        met = len(list(tmp_path.glob("*.eml")))
        deleted = query(
            "DELETE FROM mail_mail mail USING mail_message message WHERE message.id = mail.mail_message_id "
            f"AND message.body LIKE '%A word%' AND mail.id > (SELECT max(id) - {FEW // 2} FROM mail_mail) "
            "RETURNING mail.id"
        )
        assert worker.wait(SECONDS) == 0
        after = recipients(tmp_path)
        waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
    assert met < FEW  # those that were deleted had not been reached
    few = FEW // 4
    assert len([row for row in deleted if row.isdigit()]) == few
    expected = {f"copy{number}@customer.example": 1 for number in range(FEW)}
    expected.update({f"c{number}@customer.example": 2 if number < FEW - few else 1 for number in range(FEW)})
    assert after == {**expected, "seller@firm.example": FEW}
    assert waiting == ["0"]


def trouble(number):
    """Return ``(refused, troubles)`` of one document's customer and copy: an address or ``None``, ``{address: how}``.

    Where the worker is killed, at the half, there is none.
    """
    if number // 10 == TROUBLED // 20:
        return None, {}
    customer, copy = f"c{number}@customer.example", f"copy{number}@customer.example"
    return {
        1: (customer, {}),
        2: (copy, {}),
        3: (None, {customer: "rcpt"}),
        4: (None, {customer: "data"}),
        5: (None, {customer: "close"}),
        6: (None, {copy: "rcpt"}),
        7: (None, {copy: "data"}),
        8: (None, {copy: "close"}),
    }.get(number % 10, (None, {}))


def test_refused_and_tried_again(tmp_path):
    """A worker is killed, then two work on while the server refuses, is busy and hangs up; then what waits is due."""
    refused = [address for number in range(TROUBLED) if (address := trouble(number)[0])]
    troubles = {address: how for number in range(TROUBLED) for address, how in trouble(number)[1].items()}
    with queue(tmp_path, TROUBLED, refuse=refused, troubles=troubles) as (process, query):
        killed = process("run")
        wait_for(lambda: len(list(tmp_path.glob("*.eml"))) >= TROUBLED // 2, killed)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        work_off(process)
        first = recipients(tmp_path)
        waiting = query("SELECT count(*) FROM mail_mail WHERE state = 'outgoing' AND scheduled_date > now()")
        query("UPDATE mail_mail SET scheduled_date = NULL WHERE state = 'outgoing'")  # the time has come
        work_off(process)
        last = recipients(tmp_path)
        states = query("SELECT state, copy_failed, count(*) FROM sengerio_mail_document GROUP BY 1, 2 ORDER BY 1, 2")
        deliveries = query(
            "SELECT substring(email FROM '^[a-z]+'), state, count(*) FROM sengerio_mail_delivery GROUP BY 1, 2"
        )
        replies = query("SELECT DISTINCT smtp_reply FROM sengerio_mail_delivery WHERE state = 'refused'")
        mails = query("SELECT state, count(*) FROM mail_mail WHERE state != 'sent' GROUP BY 1 ORDER BY 1")
    numbers = {kind: [n for n in range(TROUBLED) if n % 10 == kind and any(trouble(n))] for kind in range(9)}
    # refused for good, and lost where it may have arrived: not asked again; everybody else has got it once
    never = {f"{who}{n}@customer.example" for who in ("c", "copy") for n in numbers[1] + numbers[5]}
    never |= {f"copy{n}@customer.example" for n in numbers[2]}
    expected = {f"{who}{n}@customer.example" for who in ("c", "copy") for n in range(TROUBLED)} - never
    assert set(last) == expected | {"seller@firm.example"}
    assert [address for address in expected if last[address] > 1] in ([], *([address] for address in expected))
    in_time = {f"c{n}@customer.example" for n in numbers[3] + numbers[4]}
    in_time |= {f"copy{n}@customer.example" for n in numbers[6] + numbers[7] + numbers[8]}
    assert not [address for address in in_time if first[address]], "tried again before its time"
    few = len(numbers[1])
    assert waiting == [str(len(in_time))]
    assert states == [
        f"failed|f|{few}", f"refused|f|{few}", f"sent|f|{TROUBLED - 3 * few}", f"sent|t|{few}",
    ]  # fmt: skip
    assert sorted(deliveries) == [
        f"copy|cancelled|{2 * few}", f"copy|refused|{few}", f"copy|sent|{TROUBLED - 3 * few}",
        f"c|failed|{few}", f"c|refused|{few}", f"c|sent|{TROUBLED - 2 * few}",
        f"seller|cancelled|{2 * few}", f"seller|sent|{TROUBLED - 2 * few}",
    ]  # fmt: skip
    assert replies == ["550 5.1.1 No such user here"]
    assert mails == [f"exception|{2 * few}"]
