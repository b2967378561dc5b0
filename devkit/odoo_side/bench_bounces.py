"""Measure what the mail gateway makes of real reports, with the addon and without it, in one run.

``bench_bounces.py --core DATABASE --corpus DIR [--json]``: ``DIR`` holds messages and a ``truth.jsonl`` with ``file``,
``kind`` (``bounce``, ``delayed``, ``complaint``, ``mdn``, ``other``), ``recipients``, ``status`` and
``original_message_id`` for each. Before a message comes in, a document is listed for the original that it names, sent
to those whom it reports and to two more who did get it; where it names none, one with a Message-Id that nobody knows.
Each message is processed in a transaction that is rolled back, by Odoo alone and with the addon, in turn.
"""

import argparse
import json
import logging
import statistics
import time
from collections import Counter
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools.mail import generate_tracking_message_id

from odoo.addons.sengerio_mail.models.sengerio_mail_gateway import parsed
from odoo.addons.sengerio_mail.tests.report_negatives import ANNA, BEN, DOCUMENT, mixed, negatives
from odoo.addons.sengerio_mail.tools.reports import read_original

DECOYS = ("first.decoy@decoy.example", "second.decoy@decoy.example")
MARKED = {"soft_bounce", "hard_bounce"}
NO_ROUTE = "No possible route"  # Odoo's word for a message that is for nobody: no crash


class Case:
    """One message with what is known of it.

    :param str name: the file
    :param bytes raw: the message
    :param dict truth: of ``truth.jsonl``
    """

    def __init__(self, name, raw, truth):
        self.name, self.raw = name, raw
        self.kind, self.status = truth["kind"], truth.get("status")
        self.original = truth.get("original_message_id")
        self.expected = {address.lower() for address in truth.get("recipients") or ()}
        self.reached = set(truth.get("reached") or ())

    @property
    def names_original(self):
        """Whether the message tells which one it is about: without, nothing can be marked."""
        message = parsed(self.raw)
        original = message and read_original(message)
        return bool(original and self.original in original.message_ids + original.references)


def read_cases(folder):
    """Return the corpus, everyday mail that must not be read as a failure, and reports of which a part is one."""
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines() if line.strip()]
    cases = [Case(row["file"], (folder / row["file"]).read_bytes(), row) for row in rows]
    everyday = {"kind": "everyday", "recipients": [ANNA], "original_message_id": DOCUMENT}
    cases += [Case(name, message.as_bytes(), everyday) for name, message, _kinds in negatives()]
    for name, message, failed in mixed():
        told = {"kind": "mixed", "recipients": failed, "reached": {ANNA, BEN} - failed}
        cases.append(Case(name, message.as_bytes(), {**told, "original_message_id": DOCUMENT}))
    return cases


def seed(env, case):
    """Send a message in the past: Odoo's records of it and, with the addon, the document.

    :return: ``{address: delivery}``
    """
    addresses = [*sorted(case.expected | case.reached), *DECOYS]
    partners = env["res.partner"].create([{"name": address, "email": address} for address in addresses])
    message_id = case.original or generate_tracking_message_id("unknown")
    order = env["sale.order"].search([], limit=1)
    message = env["mail.message"].create(
        {"message_id": message_id, "model": order._name, "res_id": order.id, "message_type": "comment"}
    )
    env["mail.notification"].create(
        [
            {"mail_message_id": message.id, "res_partner_id": partner.id, "notification_type": "email",
             "notification_status": "sent"}
            for partner in partners
        ]
    )  # fmt: skip
    deliveries = {}
    if "sengerio.mail.document" in env:
        document = env["sengerio.mail.document"].create(
            {
                "type_id": env.ref("sengerio_mail.sengerio_mail_document_type_quotation").id,
                "res_model": order._name, "res_id": order.id, "reference": case.name, "state": "sent",
                "mail_message_id": message.id, "message_id": message_id,
                "delivery_ids": [
                    (0, 0, {"email": partner.email, "header": "to", "partner_id": partner.id, "state": "sent"})
                    for partner in partners
                ],
            }
        )  # fmt: skip
        deliveries = {delivery.email: delivery for delivery in document.delivery_ids}
    env.cr.flush()
    env.invalidate_all()
    return deliveries


def process(database, case):
    """Give a message to the gateway.

    :return: ``(seconds, {address: (state, status code)}, the error or None)``
    """
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        deliveries = seed(env, case)
        error = None
        start = time.perf_counter()
        try:
            env["mail.thread"].message_process(False, case.raw)
            env.flush_all()
        except Exception as raised:  # noqa: BLE001  counted
            error = raised if not str(raised).startswith(NO_ROUTE) else None
        seconds = time.perf_counter() - start
        states = {}
        if error is None:
            states = {email: (delivery.state, delivery.status_code) for email, delivery in deliveries.items()}
        cr.rollback()
    return seconds, states, error


class Tally:
    """What came of all messages."""

    def __init__(self):
        self.counts = Counter()
        self.wrong = []
        self.seconds = {"addon": [], "core": []}

    def add(self, case, states, error):
        """Count a message that the addon has processed."""
        self.counts[f"{case.kind}_messages"] += 1
        self.counts["crashes"] += error is not None
        marked = {email for email, (state, _code) in states.items() if state in MARKED}
        if case.kind == "bounce":
            self._add_bounce(case, states, marked)
        elif case.kind == "mixed":
            self._count("mixed", "mixed_exact", marked == case.expected, case, wrong_if=False)
        else:
            self.counts["negatives_named"] += case.names_original
            self._count("negatives", "negatives_marked", bool(marked), case, wrong_if=True)

    def _add_bounce(self, case, states, marked):
        if not case.original:
            self._count("bounces_without_original", "marked_without_original", bool(marked), case, wrong_if=True)
            return
        if not case.expected:
            self._count("bounces_of_unknown_recipients", "decoys_marked", bool(marked), case, wrong_if=True)
            return
        self._count("bounces_named", "bounces_exact", marked == case.expected, case, wrong_if=False)
        if case.status and marked == case.expected:
            codes = {states[email][1] for email in marked}
            self._count("statuses", "statuses_exact", case.status in codes, case, wrong_if=False)

    def _count(self, total, hit, is_hit, case, wrong_if):
        self.counts[total] += 1
        self.counts[hit] += is_hit
        if is_hit is wrong_if:
            self.wrong.append(f"{hit}: {case.name}")

    def figures(self):
        """Return the result, ready to be printed."""
        counts = self.counts
        addon, core = sum(self.seconds["addon"]), sum(self.seconds["core"])
        number = len(self.seconds["addon"])
        return {
            "messages": number,
            "bounces_that_name_their_original": counts["bounces_named"],
            "share_marked_exactly": share(counts["bounces_exact"], counts["bounces_named"]),
            "negatives": counts["negatives"],
            "negatives_that_name_their_original": counts["negatives_named"],
            "share_of_negatives_marked": share(counts["negatives_marked"], counts["negatives"]),
            "own_reports_of_which_a_part_failed": counts["mixed"],
            "share_of_them_marked_exactly": share(counts["mixed_exact"], counts["mixed"]),
            "marked_without_original": counts["marked_without_original"],
            "bounces_without_original": counts["bounces_without_original"],
            "decoys_marked": counts["decoys_marked"],
            "share_of_statuses_exact": share(counts["statuses_exact"], counts["statuses"]),
            "statuses": counts["statuses"],
            "crashes": counts["crashes"],
            "crashes_of_core": counts["core_crashes"],
            "messages_per_second": round(number / addon, 1),
            "messages_per_second_of_core": round(number / core, 1),
            "time_ratio_to_core": round(addon / core, 2),
            "ms_median": round(1000 * statistics.median(self.seconds["addon"]), 2),
            "ms_median_of_core": round(1000 * statistics.median(self.seconds["core"]), 2),
            "wrong": self.wrong,
        }


def share(part, whole):
    """Return a share of 1, ``None`` of nothing."""
    return round(part / whole, 4) if whole else None


def main(env, args):
    """Measure and print.

    :param env: environment of the database with the addon
    :param list args: see above
    :return: 0
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(args)
    logging.disable(logging.CRITICAL)
    cases = read_cases(options.corpus)
    databases = {"addon": env.cr.dbname, "core": options.core}
    tally = Tally()
    for database in databases.values():  # warms the caches up
        with Registry(database).cursor() as cr:
            own = api.Environment(cr, SUPERUSER_ID, {})
            own["sale.order"].create({"partner_id": own.company.partner_id.id})
        for case in cases[:20]:
            process(database, case)
    for number, case in enumerate(cases):
        for name in ("addon", "core") if number % 2 else ("core", "addon"):
            seconds, states, error = process(databases[name], case)
            tally.seconds[name].append(seconds)
            if name == "addon":
                tally.add(case, states, error)
            else:
                tally.counts["core_crashes"] += error is not None
    figures = tally.figures()
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            if name != "wrong":
                print(f"{name:45} {value}")
        for line in figures["wrong"]:
            print(f"    {line}")
    return 0
