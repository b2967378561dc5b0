"""Send mails that are no documents, in a database with the addon or without it, and print what rows that made.

What the SMTP server keeps of two such databases must be equal: see ``tests/test_untouched.py``.
"""

import json

from odoo.fields import Command

DOMAIN = "firm.example"
COUNTED = ("mail.message", "mail.notification", "mail.mail", "res.partner", "ir.attachment", "mail.followers")
LISTED = ("sengerio.mail.document", "sengerio.mail.delivery", "sengerio.mail.event", "mail.activity")


def make_people(env):
    """Return ``(sales user, colleague, customer, contact)``."""
    env["ir.config_parameter"].set_param("mail.default.from_filter", DOMAIN)
    aliases = {"bounce_alias": "bounce", "catchall_alias": "catchall", "default_from": "notifications"}
    env.company.alias_domain_id = env["mail.alias.domain"].create({"name": DOMAIN, **aliases})
    group = env.ref("sales_team.group_sale_salesman_all_leads")
    users = env["res.users"].with_context(no_reset_password=True).create(
        [
            {"name": login.title(), "login": login, "email": f"{login}@{DOMAIN}", "notification_type": "email",
             "group_ids": [Command.link(group.id)]}
            for login in ("seller", "colleague")
        ]
    )  # fmt: skip
    customer = env["res.partner"].create({"name": "Cüstomer, Inc.", "email": "one@x.example, two@x.example"})
    contact = env["res.partner"].create({"name": "Contact", "email": "contact@x.example", "parent_id": customer.id})
    return (*users, customer, contact)


def send_all(env):
    """Send each kind of mail; each leaves at its commit."""
    seller, colleague, customer, contact = make_people(env)
    order = env["sale.order"].with_user(seller).create({"partner_id": customer.id})
    order.message_subscribe(contact.ids)
    comment = {"subtype_xmlid": "mail.mt_comment", "partner_ids": customer.ids}
    order.message_post(body="Chatter", attachments=[("plan.txt", b"plan")], **comment)
    env.cr.commit()
    order.message_post(body="Note", partner_ids=colleague.partner_id.ids)
    env.cr.commit()
    order.message_post(body="Outside", outgoing_email_to="plain@x.example", **comment)
    env.cr.commit()
    order.message_notify(body="Notify", subject="Notify", partner_ids=contact.ids)
    env.cr.commit()
    order.user_id = colleague  # "you have been assigned"
    env.cr.commit()
    composer = env["mail.compose.message"].with_user(seller).with_context(
        default_model="sale.order", default_res_ids=order.ids, default_composition_mode="comment"
    )  # fmt: skip
    to_both = {"partner_ids": (customer | contact).ids}
    composer.create({"subject": "Full", "body": "<p>Full</p>", **to_both}).action_send_mail()
    env.cr.commit()
    template = env["mail.template"].create(
        {"name": "Own", "model_id": env["ir.model"]._get_id("sale.order"), "subject": "Own", "body_html": "<p>Own</p>",
         "email_to": "plain@x.example", "email_cc": "contact@x.example, other@x.example", "use_default_to": False}
    )  # fmt: skip
    composer.create({"template_id": template.id}).action_send_mail()
    env.cr.commit()
    template.with_user(seller).send_mail(order.id, force_send=True)
    env.cr.commit()
    env["mail.compose.message"].with_user(seller).with_context(
        default_model="res.partner", default_res_ids=(customer | contact).ids, default_composition_mode="mass_mail"
    ).create({"subject": "Mass", "body": "<p>Mass</p>"}).action_send_mail()  # fmt: skip
    bare = {"subject": "Bare", "body_html": "Bare", "email_to": "a@x.example", "email_cc": "b@x.example"}
    env["mail.mail"].create(bare)
    env["mail.mail"].search([("state", "=", "outgoing")]).send()
    env.cr.commit()
    colleague.action_reset_password()
    env.cr.commit()


def main(env, args):
    """Send, then print the numbers of rows that were made as JSON; installing the addon has made some too.

    :return: 0
    """
    before = count(env)
    send_all(env)
    print(json.dumps({model: number - before[model] for model, number in count(env).items()}))
    return 0


def count(env):
    """Return ``{model: number of rows}``."""
    models = [model for model in (*COUNTED, *LISTED) if model in env]
    return {model: env[model].with_context(active_test=False).search_count([]) for model in models}
