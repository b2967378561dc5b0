"""The demonstration's companies, people, customers and suppliers: role addresses and copies of every kind.

People are named by what they do.
"""

DOMAIN = "lagoon.example"
SALES = "sales_team.group_sale_salesman_all_leads"
BUYING = "purchase.group_purchase_manager"
REFUSED = "closed@closedbooks.example"  # the demonstration's mail server has no such mailbox


class DemoData:
    """Makes the records and keeps them as attributes.

    :param env: environment of the superuser in a fresh database
    """

    def __init__(self, env):
        self.env = env(context={**env.context, "no_reset_password": True, "mail_auto_subscribe_no_notify": True})
        self._make_companies()
        self._make_users()
        self._make_partners()
        self._make_copies()

    def _make_companies(self):
        self.env["ir.config_parameter"].set_param("mail.default.from_filter", DOMAIN)
        self.env["ir.config_parameter"].set_param("account.pdf_generation_batch", "0")  # Debian's wkhtmltopdf
        # Odoo waits a second in each print for scripts, of which these documents have none that take time
        self.env["ir.config_parameter"].set_param("report.print_delay", "100")
        aliases = {"bounce_alias": "bounce", "catchall_alias": "catchall", "default_from": "notifications"}
        alias_domain = self.env["mail.alias.domain"].create({"name": DOMAIN, **aliases})
        self.travel = self.env.company
        self.travel.write({"name": "Lagoon Travel", "email": f"info@{DOMAIN}", "alias_domain_id": alias_domain.id})
        self.events = self.env["res.company"].create(
            {"name": "Lagoon Events", "email": f"events@{DOMAIN}", "alias_domain_id": alias_domain.id}
        )
        self.env["ir.default"].set("res.users", "notification_type", "email")
        self.env.ref("base.user_admin").write({"company_ids": [(4, self.events.id)], "email": f"admin@{DOMAIN}"})
        # no chat window over what is shown
        self.env["ir.default"].set("res.users", "odoobot_state", "disabled")
        self.env.ref("base.user_admin").odoobot_state = "disabled"

    def _user(self, login, name, *groups):
        """Return a new internal user of both companies; the password is the login."""
        return self.env["res.users"].create(
            {
                "login": login, "name": name, "email": f"{login}@{DOMAIN}", "password": login,
                "notification_type": "email", "company_id": self.travel.id,
                "company_ids": [(6, 0, [self.travel.id, self.events.id])],
                "group_ids": [(4, self.env.ref(group).id) for group in ("base.group_user", *groups)],
            }
        )  # fmt: skip

    def _make_users(self):
        editor = "base.group_partner_manager"
        self.junior = self._user("junior", "Junior Salesperson", SALES, editor)
        self.manager = self._user(
            "manager", "Sales Manager", "sales_team.group_sale_manager", editor,
            "sengerio_mail.sengerio_mail_group_all_documents",
        )  # fmt: skip
        self.broker = self._user("broker", "Broker", SALES, editor)
        self.assistant = self._user("assistant", "Broker's Assistant", SALES)
        self.buyer = self._user("buyer", "Buyer", BUYING, editor)
        self.accountant = self._user("accountant", "Accountant", "account.group_account_manager", editor)

    def _partner(self, name, email=False, rows=(), **values):
        """Return a new partner with role addresses ``(role, address)``."""
        return self.env["res.partner"].create(
            {
                "name": name, "email": email, "is_company": not values.get("parent_id"), **values,
                "sengerio_address_ids": [(0, 0, {"role": role, "email": address}) for role, address in rows],
            }
        )  # fmt: skip

    def _make_partners(self):
        self.hotel = self._partner(
            "Hotel Miramar", "frontdesk@miramar.example",
            [("commercial", '"Group Bookings" <groups@miramar.example>'), ("management", "director@miramar.example"),
             ("accounting", "invoices@miramar.example"), ("accounting", "controller@miramar.example")],
        )  # fmt: skip
        self.reception = self._partner("Night Reception", "night@miramar.example", parent_id=self.hotel.id)
        # no e-mail of its own, but addresses by role; an international domain
        self.museum = self._partner(
            "Museum am Grünen Tor", False,
            [("commercial", '"Führungen, Anmeldung" <touren@grünes-tor.example>'),
             ("management", "leitung@grünes-tor.example")],
        )  # fmt: skip
        self.airline = self._partner(
            "Blue Wing Air", "contracts@bluewing.example",
            [("commercial", "block.seats@bluewing.example"), ("management", "duty.manager@bluewing.example")],
        )  # fmt: skip
        # a company's own row replaces the shared ones of that role
        self.hotel.sengerio_address_ids = [
            (0, 0, {"role": "commercial", "email": "banquets@miramar.example", "company_id": self.events.id})
        ]
        self.closed_books = self._partner(
            "Closed Books Club", "desk@closedbooks.example",
            [("accounting", "desk@closedbooks.example"), ("accounting", REFUSED)],
        )  # fmt: skip
        # what comes back of mail to these, the demonstration's mail server tells from the address: see reports.py
        self.moved = self._partner(
            "Grand Hotel Moved Away", "bounce@moved.example", [("commercial", "desk@moved.example")]
        )
        self.full = self._partner("Pension Full House", "full@fullhouse.example")
        self.slow = self._partner("Mountain Lodge", "delay@lodge.example")
        self.confirming = self._partner("City Tours", "confirm@citytours.example")
        self.referrer = self._partner("Travel Club", "club@travelclub.example")
        self.product = self.env["product.product"].create(
            {"name": "Three nights, half board", "type": "service", "list_price": 420.0}
        )

    def _make_copies(self):
        copies = self.env["sengerio.mail.copy"]
        of_junior = {"partner_id": self.junior.partner_id.id, "direction": "sent_by"}
        copies.create({**of_junior, "header": "cc", "copy_partner_id": self.manager.partner_id.id, "mandatory": True})
        of_broker = {"partner_id": self.broker.partner_id.id, "direction": "sent_by"}
        copies.create({**of_broker, "header": "bcc", "copy_partner_id": self.assistant.partner_id.id})
        copies.create(
            {"partner_id": self.museum.id, "header": "cc", "copy_partner_id": self.referrer.id, "role": "commercial"}
        )
        copies.create({"header": "bcc", "email": f"archive@{DOMAIN}", "company_id": self.events.id})
