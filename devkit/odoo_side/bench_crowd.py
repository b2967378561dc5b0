"""Fill a database without the addon with partners and messages, as many years of work leave them: by plain SQL."""

from devkit.odoo_side.bench_fill import multiply


def main(env, args):
    """Fill the database.

    :param env: environment of a fresh database
    :param list args: how many partners, and as many messages
    """
    count = int(args[0])
    partner = env["res.partner"].create({"name": "Customer 0", "email": "c0@customer.example"})
    message = partner.message_post(body="<p>Your order is on its way.</p>" * 3, subject="Your order")
    env.flush_all()
    numbers = f"SELECT i, {partner.id} + i AS id FROM generate_series(1, {count}) i"
    name, email = "'Customer ' || i", "'c' || i || '@customer.example'"
    multiply(
        env.cr, partner, numbers,
        {"id": "row.id", "name": name, "complete_name": name, "email": email, "email_normalized": email,
         "commercial_partner_id": "row.id"},
        keys=(),
    )  # fmt: skip
    env.cr.execute("SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))")
    multiply(
        env.cr, message, numbers,
        {"res_id": "row.id", "message_id": "'<' || md5(i::text) || '@firm.example>'", "subject": "'Your order ' || i"},
    )
