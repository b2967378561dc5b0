"""A queue of documents whose worker is killed, then worked off by two at once: real processes, a real mail server."""

import json
import os
import signal
import subprocess
from collections import Counter
from functools import partial
from pathlib import Path

from processes import SECONDS, start, wait_for

import devkit.odoo_side
from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.smtp import smtp_server
from devkit.workbench import run_odoo_script, workbench

SCRIPT = Path(devkit.odoo_side.__file__).parent / "queue_mails.py"
DOCUMENTS = 200
FEW = 40


def recipients(folder):
    """Return how often each address stands in an envelope."""
    envelopes = [json.loads(path.read_text() or "{}") for path in folder.glob("*.json")]
    return Counter(address for envelope in envelopes for address in envelope.get("rcpt_tos", ()))


def test_killed_in_the_middle(tmp_path):
    database = f"{PREFIX}queue_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path) as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port, log_handler=":CRITICAL")
            assert run_odoo_script(bench, database, SCRIPT, "fill", str(DOCUMENTS), config=config) == 0

            worker = partial(start, bench, config, database, SCRIPT, "run")

            def query(text):
                return bench.server.query(text, database)

            killed = worker()
            wait_for(lambda: len(list(tmp_path.glob("*.eml"))) >= DOCUMENTS // 2, killed)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            before = recipients(tmp_path)
            assert 0 < len(before) < 2 * DOCUMENTS
            [recorded] = query("SELECT count(*) FROM sengerio_mail_delivery WHERE state = 'sent'")
            # what the server took and the ledger does not know: the one message in flight
            assert 0 <= sum(before.values()) - int(recorded) <= 2

            for _round in range(3):  # a worker that meets the other one may leave a mail for the next run
                workers = [worker(), worker()]
                assert [process.wait(SECONDS) for process in workers] == [0, 0]
            after = recipients(tmp_path)
            states = query("SELECT state, count(*) FROM sengerio_mail_document GROUP BY state")
            deliveries = query("SELECT state, count(*) FROM sengerio_mail_delivery GROUP BY state")
            waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
        finally:
            discard(bench, database)
    expected = {f"c{number}@customer.example" for number in range(DOCUMENTS)}
    expected |= {f"copy{number}@customer.example" for number in range(DOCUMENTS)}
    assert set(after) == expected | {"seller@firm.example"}
    twice = [address for address in expected if after[address] > 1]
    # a message in flight is one for the customer, or one for the copies
    assert len(twice) <= 1, twice
    assert DOCUMENTS <= after["seller@firm.example"] <= DOCUMENTS + 1
    assert states == [f"sent|{DOCUMENTS}"]
    assert deliveries == [f"sent|{3 * DOCUMENTS}"]
    assert waiting == ["0"]


def test_partners_gone_in_the_middle(tmp_path):
    """Customers are merged and contacts deleted while their documents are sent: nothing is lost, nothing doubled."""
    database = f"{PREFIX}gone_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path) as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port, log_handler=":CRITICAL")
            assert run_odoo_script(bench, database, SCRIPT, "fill", str(FEW), "--contacts", config=config) == 0
            meddler = start(bench, config, database, SCRIPT, "meddle", str(FEW))
            wait_for(lambda: bench.server.query("SELECT 1 FROM res_partner WHERE name = 'M3'", database), meddler)
            worker = start(bench, config, database, SCRIPT, "run", stderr=subprocess.PIPE, text=True)
            _output, errors = worker.communicate(timeout=SECONDS)
            assert meddler.wait(SECONDS) == 0
            # Odoo's own writing of notifications may collide with a merge: its job is undone then, and runs again
            assert worker.returncode == 0 or "InFailedSqlTransaction" in errors, errors
            met = recipients(tmp_path)
            for _round in range(3):  # a worker that meets the other one leaves the rest for the next run
                assert start(bench, config, database, SCRIPT, "run").wait(SECONDS) == 0
            after = recipients(tmp_path)

            def query(text):
                return bench.server.query(text, database)

            left = query("SELECT count(*) FROM res_partner WHERE name ~ '^[CK][0-9]+$'")
            states = query("SELECT state, count(*) FROM sengerio_mail_document GROUP BY state")
            deliveries = query("SELECT state, count(*) FROM sengerio_mail_delivery GROUP BY state")
            waiting = query("SELECT count(*) FROM mail_mail WHERE state != 'sent'")
        finally:
            discard(bench, database)
    assert left == ["0"]
    contacts = [number for number in range(FEW) if number % 4 != 3]  # see fill
    expected = {f"{kind}{number}@customer.example": 1 for kind in ("c", "copy") for number in range(FEW)}
    expected.update({f"k{number}@customer.example": 1 for number in contacts})
    assert met  # the worker was at work meanwhile
    assert after == {**expected, "seller@firm.example": FEW}
    assert states == [f"sent|{FEW}"]
    assert deliveries == [f"sent|{3 * FEW + len(contacts)}"]
    assert waiting == ["0"]
