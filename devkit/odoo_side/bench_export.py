"""Measure one way of making the register as a workbook: time, and memory on top of what the process had.

The workbook is made once, after a small one that warms up. Each run has a process of its own, so that no way inherits
the memory of another. All write the same ten columns of the same rows.
"""

import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import xlsxwriter

from odoo import api, http

from odoo.addons.web.controllers.export import ExcelExport

LOGIN = "accountant_bench"
WARM_UP = 200
COLUMNS = {  # of the register: of Odoo's own export
    "date": "date_sent", "type": "type_id", "reference": "reference", "partner": "partner_id",
    "vat": "partner_id/vat", "to": "to_addresses", "copies": "copy_addresses", "sender": "sender_id",
    "amount": "amount_total", "state": "state",
}  # fmt: skip


def as_accountant(env):
    """Return an environment of a user who is no administrator."""
    user = env["res.users"].search([("login", "=", LOGIN)])
    if not user:
        groups = ("sengerio_mail.sengerio_mail_group_all_documents", "base.group_allow_export")
        companies = env["res.company"].search([])
        user = env["res.users"].with_context(no_reset_password=True).create(
            {
                "name": "Accountant", "login": LOGIN, "tz": "Europe/Berlin",
                "group_ids": [(4, env.ref(group).id) for group in groups],
                "company_ids": companies.ids,
            }
        )  # fmt: skip
        env.cr.commit()
    return api.Environment(env.cr, user.id, {"lang": "en_US", "tz": user.tz})


def addon(env, path, _count):
    """Return what makes the register of the last documents up to a number."""

    def run(count):
        last = env["sengerio.mail.document"].search([], order="id", limit=1).id + count
        env["sengerio.mail.register"]._write_workbook(
            str(path), [("id", "<", last)], [], columns=list(COLUMNS), deliveries=False
        )

    return run


def bare(env, path, count):
    """Return what writes the same cells, which are read before, by xlsxwriter alone."""
    register = env["sengerio.mail.register"]
    words = register._words()
    keys = list(register._document_columns())
    picked = [keys.index(key) for key in COLUMNS]
    rows = []
    for batch in register._batches([], 0, count):
        for row in batch:
            values = register._document_values(row, None, words)
            rows.append([values[number] for number in picked])
    titles = [register._document_columns()[key].title for key in COLUMNS]

    def run(count):
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        sheet = book.add_worksheet()
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.write_row(0, 0, titles)
        for number, row in enumerate(rows[:count], 1):
            if row[0]:
                sheet.write_datetime(number, 0, row[0], date)
            for column in (1, 2, 3, 4, 5, 6, 7, 9):
                if row[column]:
                    sheet.write_string(number, column, row[column])
            if row[8]:
                sheet.write_number(number, 8, row[8][0], money)
        book.close()

    return run


def odoo(env, path, _count):
    """Return what makes Odoo's own export, by the controller of ``/web/export/xlsx``."""
    http._request_stack.push(
        SimpleNamespace(
            env=env,
            httprequest=SimpleNamespace(environ={"REMOTE_ADDR": "127.0.0.1"}),
            make_response=lambda data, headers: path.write_bytes(data),
        )
    )
    fields = [{"name": name, "label": name, "type": "char"} for name in COLUMNS.values()]
    fields[8]["type"] = "monetary"

    def run(count):
        last = env["sengerio.mail.document"].search([], order="id", limit=1).id + count
        request = {
            "model": "sengerio.mail.document", "fields": fields, "ids": False, "domain": [["id", "<", last]],
            "import_compat": False,
        }  # fmt: skip
        ExcelExport().base(json.dumps(request))

    return run


def memory(name):
    """Return a figure of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def main(env, args):
    """Measure one way and print what it took as JSON.

    :param env: environment of a database with the addon
    :param list args: ``addon|bare|odoo NUMBER``
    """
    what, count = args[0], int(args[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.xlsx"
        own = as_accountant(env)
        run = {"addon": addon, "bare": bare, "odoo": odoo}[what](own, path, count)
        run(WARM_UP)
        own.invalidate_all()
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = memory("VmRSS")
        wall, cpu = time.perf_counter(), time.process_time()
        run(count)
        result = {
            "seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu,
            "extra_mb": memory("VmHWM") - before, "file_mb": path.stat().st_size / 2**20,
            "rows": min(count, own["sengerio.mail.document"].search_count([])),
        }  # fmt: skip
    json.dump(result, sys.stdout)
