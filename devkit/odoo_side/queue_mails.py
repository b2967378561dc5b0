"""Fill the mail queue with documents, or work it off: the two halves of a test that kills the second one."""

import argparse

from odoo.fields import Command

DOMAIN = "firm.example"


def fill(env, count):
    """Queue quotations, each to a customer of its own with a visible copy, and commit."""
    env["ir.config_parameter"].set_param("mail.default.from_filter", DOMAIN)
    env["ir.cron"].search([]).active = False
    user = env["res.users"].with_context(no_reset_password=True).create(
        {"name": "Seller", "login": "seller", "email": f"seller@{DOMAIN}", "notification_type": "email",
         "group_ids": [Command.link(env.ref("sales_team.group_sale_salesman_all_leads").id)]}
    )  # fmt: skip
    quotation = env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
    # every fourth has no notification: Odoo deletes its message with its mail
    template = env.ref("sale.email_template_edi_sale").copy({"report_template_ids": [Command.clear()]})
    quotation.template_ids = [Command.link(template.id)]
    for number in range(count):
        customer = env["res.partner"].create({"name": f"C{number}", "email": f"c{number}@customer.example"})
        env["sengerio.mail.copy"].create(
            {"partner_id": customer.id, "header": "cc", "email": f"copy{number}@customer.example"}
        )
        order = env["sale.order"].with_user(user).create({"partner_id": customer.id})
        if number % 4 == 3:
            template.with_user(user).send_mail(order.id)
            continue
        order.with_context(mail_notify_force_send=False).message_post(
            body="Your quotation", subject=f"Quotation {number}", partner_ids=customer.ids,
            subtype_xmlid="mail.mt_comment", sengerio_send={"type_id": quotation.id},
        )  # fmt: skip


def main(env, args):
    """Fill or work off.

    :param list args: ``fill COUNT`` or ``run``
    :return: 0
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["fill", "run"])
    parser.add_argument("count", type=int, nargs="?", default=0)
    options = parser.parse_args(args)
    if options.what == "fill":
        fill(env, options.count)
    else:
        env["mail.mail"].process_email_queue()
    return 0
