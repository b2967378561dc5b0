"""Fill the mail queue with documents, work it off, or change their partners: for tests with real processes."""

import argparse
from functools import partial

from odoo.fields import Command
from odoo.service.model import retrying

DOMAIN = "firm.example"


def fill(env, count, with_contacts=False, with_messages=False, without_copies=False):
    """Queue quotations, each to a customer of its own with a visible copy and a blind one to the seller, and commit.

    :param int count: how many
    :param bool with_contacts: each to a further contact too
    :param bool with_messages: each followed by a message in the chatter, which is no document
    :param bool without_copies: each to its customer alone
    """
    env["ir.config_parameter"].set_param("mail.default.from_filter", DOMAIN)
    env["ir.cron"].search([]).active = False
    user = env["res.users"].with_context(no_reset_password=True).create(
        {"name": "Seller", "login": "seller", "email": f"seller@{DOMAIN}", "notification_type": "email",
         "sengerio_bcc_opt_out": without_copies,
         "group_ids": [Command.link(env.ref("sales_team.group_sale_salesman_all_leads").id)]}
    )  # fmt: skip
    quotation = env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
    # every fourth has no notification: Odoo deletes its message with its mail
    template = env.ref("sale.email_template_edi_sale").copy({"report_template_ids": [Command.clear()]})
    quotation.template_ids = [Command.link(template.id)]
    for number in range(count):
        customer = env["res.partner"].create({"name": f"C{number}", "email": f"c{number}@customer.example"})
        if not without_copies:
            env["sengerio.mail.copy"].create(
                {"partner_id": customer.id, "header": "cc", "email": f"copy{number}@customer.example"}
            )
        order = env["sale.order"].with_user(user).create({"partner_id": customer.id})
        order = order.with_context(mail_notify_force_send=False)
        if number % 4 == 3:
            template.with_user(user).send_mail(order.id)
        else:
            addressed = customer
            if with_contacts:
                addressed += env["res.partner"].create({"name": f"K{number}", "email": f"k{number}@customer.example"})
            order.message_post(
                body="Your quotation", subject=f"Quotation {number}", partner_ids=addressed.ids,
                subtype_xmlid="mail.mt_comment", sengerio_send={"type_id": quotation.id},
            )  # fmt: skip
        if with_messages:
            order.message_post(body="A word", partner_ids=customer.ids, subtype_xmlid="mail.mt_comment")


def meddle(env, count):
    """Merge each customer into a new partner and delete each further contact, one transaction each."""
    for number in range(count):
        retrying(partial(merge, env, number), env)
        retrying(partial(delete, env, number), env)


def merge(env, number):
    source = env["res.partner"].search([("email", "=", f"c{number}@customer.example")])
    destination = env["res.partner"].create({"name": f"M{number}", "email": f"m{number}@customer.example"})
    env["base.partner.merge.automatic.wizard"].create({})._merge((source | destination).ids, destination)


def delete(env, number):
    env["res.partner"].search([("email", "=", f"k{number}@customer.example")]).unlink()


def main(env, args):
    """Fill, work off, or change partners.

    :param list args: ``fill COUNT [--contacts] [--messages] [--no-copies]``, ``run`` or ``meddle COUNT``
    :return: 0
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["fill", "run", "meddle"])
    parser.add_argument("count", type=int, nargs="?", default=0)
    parser.add_argument("--contacts", action="store_true")
    parser.add_argument("--messages", action="store_true")
    parser.add_argument("--no-copies", action="store_true")
    options = parser.parse_args(args)
    if options.what == "fill":
        fill(env, options.count, options.contacts, options.messages, options.no_copies)
    elif options.what == "meddle":
        meddle(env, options.count)
    else:
        env["mail.mail"].process_email_queue()
    return 0
