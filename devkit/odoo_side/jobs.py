"""Give the background work, do it, or look at it as the user who asked for it: for tests with real processes."""

import base64
import json
import time

from odoo import Command, api

from devkit.odoo_side import bench_fill

LOGIN = "chief"
EXPORT, IMPORT = "sengerio.mail.export", "sengerio.mail.import"
SECONDS = 0.02  # between two looks


def make_chief(env):
    """Return an environment of a user who may export and import everything."""
    groups = (
        "sengerio_mail.sengerio_mail_group_administrator", "base.group_allow_export", "base.group_partner_manager",
    )  # fmt: skip
    companies = env["res.company"].search([])
    user = env["res.users"].with_context(no_reset_password=True).create(
        {"name": "Chief", "login": LOGIN, "company_ids": [Command.set(companies.ids)], "notification_type": "inbox",
         "group_ids": [Command.link(env.ref(group).id) for group in groups]}
    )  # fmt: skip
    return env(user=user.id, context={"allowed_company_ids": companies.ids})


def ask(env, model, count):
    """Ask for an export of so many documents, or the import of so many addresses."""
    if model == EXPORT:
        bench_fill.main(env, [count])
        return make_chief(env)[EXPORT].create({}).action_export()
    env["res.partner"].create({"name": "Azure Interior"})
    rows = ["E-mail;Partner", *(f"a{number}@x.example;Azure Interior" for number in range(count))]
    content = base64.b64encode("\n".join(rows).encode())
    return make_chief(env)[IMPORT].create({"file": content, "filename": "addresses.csv"}).action_import()


def run(env, model):
    """Do it as the scheduler does."""
    env.ref(f"sengerio_mail.{env[model]._table}_cron").method_direct_trigger()


def watch(env, model):
    """Print what the user sees of it, each time that it changes, as JSON: ``[state, progress]``."""
    user = env["res.users"].search([("login", "=", LOGIN)])
    last = None
    while last is None or last[0] not in ("done", "failed"):
        with env.registry.cursor() as cr:
            job = api.Environment(cr, user.id, {})[model].search([])
            seen = [job.state, job.progress]
        if seen != last:
            print(json.dumps(seen), flush=True)
            last = seen
        time.sleep(SECONDS)


def main(env, args):
    """Ask for it, do it, or look at it.

    :param list args: ``ask MODEL COUNT``, ``run MODEL`` or ``watch MODEL``
    :return: 0
    """
    what, model, *count = args
    if what == "ask":
        ask(env, model, int(count[0]))
    else:
        {"run": run, "watch": watch}[what](env, model)
    return 0
