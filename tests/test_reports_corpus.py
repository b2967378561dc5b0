"""The reader of reports on real messages, where they are at hand; they are not part of the project.

The folder holds messages and a ``truth.jsonl``: ``file``, ``kind``, ``recipients``, ``status`` and
``original_message_id``.
"""

import json
import os
import sys
import time
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("SENGERIO_BOUNCE_CORPUS") or Path(__file__).parents[2] / "shared/corpora/bounces")
DECOYS = ["decoy.one@decoy.example", "second@decoy.example"]

pytestmark = pytest.mark.skipif(
    not (CORPUS / "truth.jsonl").exists(), reason=f"NO CORPUS OF REAL BOUNCES in {CORPUS} (SENGERIO_BOUNCE_CORPUS)"
)


@pytest.fixture(scope="module", params=["known", "unknown"])
def results(request):
    """Return ``[(truth, report, keys of the recipients marked as failed)]``, with and without the mailed addresses."""
    from odoo.addons.sengerio_mail.models.sengerio_mail_gateway import parsed
    from odoo.addons.sengerio_mail.tools.reports.fields import address_key
    from odoo.addons.sengerio_mail.tools.reports.reader import Reading

    found, spent = [], 0.0
    for line in (CORPUS / "truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        message = parsed((CORPUS / truth["file"]).read_bytes())
        known = [address_key(address) for address in truth["recipients"] or ()] + DECOYS
        started = time.process_time()
        report = Reading(message).report(known if request.param == "known" else ())
        spent += time.process_time() - started
        failed = {address_key(recipient.address) for recipient in report.recipients if recipient.kind == "failed"}
        truth["keys"] = {address_key(address) for address in truth["recipients"] or ()}
        found.append((truth, report, failed & set(known) if request.param == "known" else failed))
    sys.stdout.write(f"{request.param}: {len(found)} messages, {len(found) / spent:.0f} per second of processor time\n")
    return found


def test_recipients(results):
    named = [
        (truth, failed)
        for truth, _report, failed in results
        if truth["kind"] == "bounce" and truth["recipients"] and truth["original_message_id"]
    ]
    right = [truth for truth, failed in named if failed == truth["keys"]]
    sys.stdout.write(f"exactly the right recipients: {len(right)} of {len(named)}\n")
    assert len(right) / len(named) >= 0.97


def test_no_false_failures(results):
    others = [(truth["file"], report.kind) for truth, report, _failed in results if truth["kind"] != "bounce"]
    assert len(others) >= 40
    assert not [file for file, kind in others if kind == "failed"]


def test_statuses(results):
    """A status code is exact where it stands in the message and its recipient is known."""
    told = [
        (truth, {recipient.status for recipient in report.recipients})
        for truth, report, _failed in results
        if truth["kind"] in ("bounce", "delayed") and truth["status"] and truth["recipients"] and report.recipients
    ]
    right = [truth for truth, statuses in told if truth["status"] in statuses]
    sys.stdout.write(f"exact status: {len(right)} of {len(told)}\n")
    assert len(right) / len(told) >= 0.98


def test_originals(results):
    named = [
        (truth["original_message_id"], report.original)
        for truth, report, _failed in results
        if truth["kind"] != "other" and truth["original_message_id"]
    ]
    right = [name for name, original in named if any(name in found for found in original.message_ids)]
    sys.stdout.write(f"original found: {len(right)} of {len(named)}\n")
    assert len(right) / len(named) >= 0.98
