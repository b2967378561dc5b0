"""Fill a database with documents as three years of work leave them: by plain SQL, because there are a million.

One record of each model is made by Odoo, so that all columns are there; the others are made like it.
"""

from odoo import Command

USERS = 50
COMPANIES_OF_PARTNERS = 4000  # each has a contact
READER, SELLER = "clerk", "user7"  # sees all documents; sees the own ones

# share in a hundred, of documents
TYPES = {
    "quotation": (34, "sale.order", "'S' || lpad(i::text, 7, '0')"),
    "booking_confirmation": (22, "sale.order", "'S' || lpad(i::text, 7, '0')"),
    "invoice": (26, "account.move", "'INV/' || to_char(sent, 'YYYY') || '/' || lpad(i::text, 7, '0')"),
    "credit_note": (2, "account.move", "'RINV/' || to_char(sent, 'YYYY') || '/' || lpad(i::text, 7, '0')"),
    "supplier_document": (10, "purchase.order", "'P' || lpad(i::text, 7, '0')"),
    "payment_receipt": (3, "account.payment", "'PBNK1/' || to_char(sent, 'YYYY') || '/' || lpad(i::text, 7, '0')"),
    "other": (3, "res.partner", "'Customer ' || partner"),
}
STATES = {"sent": 93, "refused": 3, "failed": 2, "queued": 1, "cancelled": 1}
# of a document's second recipient, by its number; every other one is a visible copy
OFFICE, TWO_IN_TO = "'office' || {number} % 50 || '@c' || {partner} || '.example'", "{number} % 2 = 0"
MAILBOXES = ("info", "office", "sales", "accounts", "billing", "purchasing", "john.doe", "mary", "k.smith", "contact")


def multiply(cr, record, source, values, keys=("id",)):
    """Insert rows like those of a record.

    :param cr: the cursor
    :param record: whose values are taken where nothing else is said
    :param str source: SQL of the rows to be made; its columns can be used in ``values``
    :param dict values: ``{column: SQL}``
    """
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'",
        [record._table],
    )
    columns = [name for (name,) in cr.fetchall() if name not in keys and name not in values]
    names = ", ".join(f'"{name}"' for name in [*columns, *values])
    expressions = ", ".join([*(f'model."{name}"' for name in columns), *values.values()])
    cr.execute(
        f'INSERT INTO "{record._table}" ({names}) SELECT {expressions} FROM ({source}) row, "{record._table}" model '
        f"WHERE model.id = {record.id}"
    )


def pick(shares):
    """Return SQL that picks one of some texts by a number from 0 to 99, named ``luck``.

    :param dict shares: ``{text: share in a hundred}``
    """
    array = ", ".join(f"'{text}'" for text, share in shares.items() for _one in range(share))
    return f"(ARRAY[{array}])[luck + 1]"


def make_people(env):
    """Make two companies and their users.

    :return: ids of the users who send
    """
    second = env["res.company"].create({"name": "Second Firm"})
    groups = [env.ref("sales_team.group_sale_salesman").id, env.ref("base.group_multi_company").id]
    values = {
        "company_id": env.company.id,
        "company_ids": [Command.set([env.company.id, second.id])],
    }
    users = env["res.users"].with_context(no_reset_password=True).create(
        [
            {"name": f"User {number}", "login": f"user{number}", "email": f"user{number}@firm.example",
             "group_ids": [Command.set(groups)], **values}
            for number in range(USERS)
        ]
    )  # fmt: skip
    everything = env.ref("sengerio_mail.sengerio_mail_group_all_documents").id
    users.create({"name": "Clerk", "login": READER, "group_ids": [Command.set([*groups, everything])], **values})
    return users.ids, second.id


def make_partners(env):
    """Make customers with a contact each.

    :return: ``(first id, count)`` of the companies; each contact follows with the number of its company
    """
    values = {"is_company": True, "lang": env.lang or "en_US"}
    model = env["res.partner"].create({"name": "Customer 0", "email": "info@c0.example", **values})
    env.flush_all()
    mailboxes = ", ".join(f"'{name}'" for name in MAILBOXES)
    first = model.id + 1
    source = f"SELECT i, {model.id} + i AS id FROM generate_series(1, {COMPANIES_OF_PARTNERS}) i"
    email = f"(ARRAY[{mailboxes}])[1 + i % {len(MAILBOXES)}] || '@c' || i || '.example'"
    name = "'Customer ' || i"
    multiply(
        env.cr, model, source,
        {"id": "row.id", "name": name, "complete_name": name, "email": email, "email_normalized": email,
         "commercial_partner_id": "row.id", "commercial_company_name": name},
        keys=(),
    )  # fmt: skip
    contact = "'Contact ' || i"
    multiply(
        env.cr, model, source,
        {"id": f"row.id + {COMPANIES_OF_PARTNERS}", "name": contact, "is_company": "false", "parent_id": "row.id",
         "complete_name": f"{name} || ', ' || {contact}", "email": f"'contact' || {email}",
         "email_normalized": f"'contact' || {email}", "commercial_partner_id": "row.id",
         "commercial_company_name": name},
        keys=(),
    )  # fmt: skip
    env.cr.execute("SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))")
    return first


def make_documents(env, count, users, second_company, first_partner):
    """Make the documents.

    :return: the one that the others are made like
    """
    types = {code: env.ref(f"sengerio_mail.sengerio_mail_document_type_{code}").id for code in TYPES}
    model = env["sengerio.mail.document"].create(
        {
            "type_id": types["quotation"], "res_model": "sale.order", "res_id": 1, "company_id": env.company.id,
            "reply_to": "catchall@firm.example", "currency_id": env.company.currency_id.id,
        }
    )  # fmt: skip
    env.flush_all()
    user_ids = ", ".join(map(str, users))
    shares = pick({code: share for code, (share, _model, _reference) in TYPES.items()})
    # some customers get far more than others, and some users send far more
    source = f"""
        SELECT chosen.*, customer.email AS to_email, user_partner.email AS sender_email,
               {OFFICE.format(number="i", partner="partner")} AS office, {TWO_IN_TO.format(number="i")} AS two
          FROM (
            SELECT *, {first_partner} + floor({COMPANIES_OF_PARTNERS} * power(skew, 2))::int
                      + CASE WHEN i % 3 = 0 THEN {COMPANIES_OF_PARTNERS} ELSE 0 END AS partner,
                   (ARRAY[{user_ids}])[1 + floor({USERS} * power(random(), 1.5))] AS sender
              FROM (
                SELECT i, {shares} AS code, random() AS skew, floor(random() * 100)::int AS state_luck,
                       now() AT TIME ZONE 'UTC' - interval '3 years' * (1 - i / {count}.0) AS sent
                  FROM (SELECT i, floor(random() * 100)::int AS luck FROM generate_series(1, {count}) i) numbers
              ) drawn
          ) chosen
          JOIN res_partner customer ON customer.id = partner
          JOIN res_users u ON u.id = sender
          JOIN res_partner user_partner ON user_partner.id = u.partner_id
         ORDER BY i
    """
    states = pick(STATES).replace("luck", "state_luck")
    by_code = {
        "type_id": {code: str(types[code]) for code in TYPES},
        "res_model": {code: f"'{model}'" for code, (_share, model, _reference) in TYPES.items()},
        "reference": {code: reference for code, (_share, _model, reference) in TYPES.items()},
    }
    cases = {
        column: "CASE code " + " ".join(f"WHEN '{code}' THEN {sql}" for code, sql in choices.items()) + " END"
        for column, choices in by_code.items()
    }
    multiply(
        env.cr, model, source,
        {
            **cases, "res_id": "i", "partner_id": "partner", "sender_id": "sender",
            "responsible_id": "CASE WHEN i % 5 = 0 THEN NULL ELSE sender END",
            "company_id": f"CASE WHEN i % 4 = 0 THEN {second_company} ELSE model.company_id END",
            "subject": "'Your document ' || i", "email_from": "'user' || sender || '@firm.example'",
            "message_id": "'<' || md5(i::text) || '@firm.example>'", "mail_message_id": "i + 1000000000",
            "amount_total": "round((random() * 5000)::numeric, 2)", "state": states,
            "copy_failed": "i % 200 = 0", "create_date": "sent", "write_date": "sent",
            "to_addresses": "concat_ws(', ', to_email, CASE WHEN two THEN office END)",
            "copy_addresses": "concat_ws(', ', CASE WHEN NOT two THEN office END, sender_email)",
            "date_sent": f"CASE WHEN {states} IN ('sent', 'delivered', 'opened') THEN sent END",
        },
    )  # fmt: skip
    return model


def make_deliveries(env, model):
    """Make the deliveries of all documents: the partner, a role address or a visible copy, the sender."""
    values = {"email": "info@x.example", "name": "Customer", "header": "to", "reason": "e-mail of Customer"}
    delivery = env["sengerio.mail.delivery"].create({"document_id": model.id, **values})
    env.flush_all()
    waiting = "('queued', 'failed', 'cancelled')"
    copy_state = f"CASE WHEN document.state IN {waiting} THEN document.state ELSE 'sent' END"
    kinds = {
        "partner": {"email": "partner.email", "name": "partner.name", "partner_id": "partner.id", "header": "'to'"},
        "office": {"email": OFFICE.format(number="document.res_id", partner="partner.id"), "name": "'Office'",
                   "partner_id": "partner.id",
                   "header": f"CASE WHEN {TWO_IN_TO.format(number='document.res_id')} THEN 'to' ELSE 'cc' END"},
        "sender": {"email": "sender.email", "name": "sender.name", "partner_id": "sender.id", "header": "'bcc'"},
    }  # fmt: skip
    chosen = {
        column: "CASE kind " + " ".join(f"WHEN '{kind}' THEN {row[column]}" for kind, row in kinds.items()) + " END"
        for column in kinds["partner"]
    }
    source = f"""
        SELECT document.id AS document, document.create_date AS created, {", ".join(
            f"{sql} AS row_{column}" for column, sql in chosen.items()
        )}, CASE WHEN kind = 'partner' THEN document.state ELSE {copy_state} END AS row_state
          FROM sengerio_mail_document document
          JOIN res_partner partner ON partner.id = document.partner_id
          JOIN res_users u ON u.id = document.sender_id
          JOIN res_partner sender ON sender.id = u.partner_id
         CROSS JOIN unnest(ARRAY['partner', 'office', 'sender']) kind
         ORDER BY document.id
    """
    multiply(
        env.cr, delivery, source,
        {"document_id": "document", "email": "row_email", "name": "row_name", "partner_id": "row_partner_id",
         "header": "row_header", "state": "row_state", "create_date": "created", "write_date": "created",
         "smtp_reply": "CASE WHEN row_state = 'refused' THEN '550 5.1.1 No such user' END"},
    )  # fmt: skip
    return delivery


def make_events(env, delivery):
    """Make an event for each delivery that was refused or failed."""
    event = env["sengerio.mail.event"].create({"delivery_id": delivery.id, "kind": "refused", "source": "smtp"})
    env.flush_all()
    source = """
        SELECT id AS delivery, state AS happened, create_date AS at
          FROM sengerio_mail_delivery WHERE state IN ('refused', 'failed')
    """
    values = {"delivery_id": "delivery", "kind": "happened", "date": "at", "detail": "'550 5.1.1 No such user'"}
    multiply(env.cr, event, source, values)


def main(env, args):
    """Fill the database.

    :param env: environment of a fresh database with the addon
    :param list args: how many documents
    """
    count = int(args[0])
    env = env(context={**env.context, "tracking_disable": True})
    users, second_company = make_people(env)
    env.cr.execute("SELECT setseed(0.5)")
    first_partner = make_partners(env)
    model = make_documents(env, count, users, second_company, first_partner)
    delivery = make_deliveries(env, model)
    make_events(env, delivery)
    model.unlink()  # with its delivery and event
