"""Measure the import of role addresses from a workbook, beside Odoo's own import of the same rows.

``bench_import.py ROWS [--json]``: two rows for each partner, named by reference. The preview is timed, then the job
that imports, then the preview of the same file once more, when there is nothing left to do.
"""

import base64
import io
import json
import time

import xlsxwriter

from devkit.odoo_side.bench_fill import multiply

ROLES = ("commercial", "accounting")
TITLES = {"partner_id/ref": "Partner Reference", "role": "Role", "email": "E-mail", "name": "Name"}


def make_partners(env, count):
    """Make partners with references from ``C000001`` on."""
    partner = env["res.partner"].create({"name": "Customer 0", "is_company": True, "ref": "C000000"})
    env.flush_all()
    name = "'Customer ' || i"
    multiply(
        env.cr, partner, f"SELECT i, {partner.id} + i AS id FROM generate_series(1, {count}) i",
        {"id": "row.id", "name": name, "complete_name": name, "ref": "'C' || lpad(i::text, 6, '0')",
         "commercial_partner_id": "row.id"},
        keys=(),
    )  # fmt: skip
    env.cr.execute("SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))")
    env.cr.execute("ANALYZE res_partner")
    env.invalidate_all()


def rows(count, domain):
    """Return the rows of the table."""
    return [
        [f"C{number // 2 + 1:06}", ROLES[number % 2], f"{ROLES[number % 2]}{number // 2}@{domain}", f"Person {number}"]
        for number in range(count)
    ]


def workbook(lines):
    """Return a workbook with the rows."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate([list(TITLES.values()), *lines]):
            sheet.write_row(number, 0, line)
    return file.getvalue()


def timed(function):
    """Return ``(seconds, what the function returned)``."""
    start = time.perf_counter()
    result = function()
    return round(time.perf_counter() - start, 1), result


def odoo_import(env, lines):
    """Import by Odoo's own means, which knows a partner by external id; undone afterwards.

    :return: seconds
    """
    refs = {partner.ref: str(partner.id) for partner in env["res.partner"].search([("ref", "like", "C")])}
    lines = [[refs[ref], *values] for ref, *values in lines]
    with env.cr.savepoint() as savepoint:
        seconds, result = timed(lambda: env["sengerio.mail.address"].load(["partner_id/.id", *list(TITLES)[1:]], lines))
        if not result["ids"]:
            raise RuntimeError(result["messages"])
        savepoint.rollback()
    env.invalidate_all()
    return seconds


def main(env, args):
    """Measure and print.

    :param env: environment of a fresh database with the addon
    :param list args: see above
    """
    count = int(args[0])
    make_partners(env, count // 2 + 1)
    user = env.ref("base.user_admin")
    own = env(user=user.id)
    odoo_seconds = odoo_import(own, rows(count, "other.example"))
    content = base64.b64encode(workbook(rows(count, "customer.example")))
    import_ = own["sengerio.mail.import"].create({"file": content, "filename": "addresses.xlsx"})
    preview, _action = timed(import_.action_check)
    if import_.problem_ids or import_.created_count != count:
        raise RuntimeError(f"{import_.created_count} new: {import_.problem_ids[:5].mapped('reason')}")
    import_.action_import()
    env.cr.commit()
    cron = env.ref("sengerio_mail.sengerio_mail_import_cron")
    job, _result = timed(cron.method_direct_trigger)
    env.cr.commit()  # to see what the job did by a transaction of its own
    env.invalidate_all()
    if import_.state != "done":
        raise RuntimeError(import_.error or import_.state)
    again = own["sengerio.mail.import"].create({"file": content, "filename": "addresses.xlsx"})
    unchanged, _action = timed(again.action_check)
    if again.unchanged_count != count:
        raise RuntimeError(f"{again.unchanged_count} unchanged")
    figures = {
        "rows": count, "preview_seconds": preview, "import_seconds": job, "preview_again_seconds": unchanged,
        "odoo_import_seconds": odoo_seconds, "import_ratio_to_odoo": round(job / odoo_seconds, 2),
    }  # fmt: skip
    if "--json" in args:
        print(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            print(f"{name:25} {value}")
    return 0
