"""No view asks the database once for each row."""

from lxml import etree

from odoo.fields import Command, Datetime
from odoo.tests import new_test_user, tagged

from ..models.sengerio_mail_delivery import TAKEN
from .common import DocumentMailCase

FEW, MANY = 3, 12


@tagged("post_install", "-at_install")
class TestQueries(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env, "boss",
            "sales_team.group_sale_manager,purchase.group_purchase_user,account.group_account_manager,"
            "base.group_partner_manager,base.group_erp_manager,base.group_allow_export,"
            "sengerio_mail.sengerio_mail_group_administrator,sengerio_mail.sengerio_mail_group_all_documents",
            company_id=cls.company.id, company_ids=[(6, 0, [cls.company.id, cls.second_company.id])],
        )  # fmt: skip
        cls.people = cls.env["res.partner"].create(
            [{"name": f"Person {number}", "email": f"person{number}@x.example"} for number in range(MANY)]
        )
        orders = [cls.make_order(cls, person, order_line=[]) for person in cls.people]
        cls.documents = cls.env["sengerio.mail.document"].create([cls._document_values(order) for order in orders])
        for document in cls.documents:
            report = cls.env["ir.attachment"].create(
                {"name": "Quotation.pdf", "raw": b"%PDF-", "mimetype": "application/pdf",
                 "res_model": document.res_model, "res_id": document.res_id}
            )  # fmt: skip
            message = cls.env["mail.message"].create(
                {"body": "<p>Hello</p>", "model": document.res_model, "res_id": document.res_id}
            )
            document.write({"attachment_ids": report, "mail_message_id": message.id})

    @classmethod
    def _document_values(cls, order, recipients=2):
        """Return the values of a document of which every address was bad."""
        bounced = {
            "header": "to", "state": "hard_bounce", "status_code": "5.1.1", "partner_id": order.partner_id.id,
            "reason": "e-mail", "event_ids": [Command.create({"kind": "hard_bounce", "source": "report"})],
        }  # fmt: skip
        return {
            "type_id": cls.env.ref("sengerio_mail.sengerio_mail_document_type_quotation").id,
            "res_model": order._name, "res_id": order.id, "reference": order.name, "partner_id": order.partner_id.id,
            "company_id": cls.company.id, "sender_id": cls.marc.id, "state": "hard_bounce",
            "date_sent": Datetime.now(), "currency_id": cls.company.currency_id.id,
            "delivery_ids": [
                Command.create({**bounced, "email": f"{number}.{order.partner_id.email}"})
                for number in range(recipients)
            ],
        }  # fmt: skip

    def _specification(self, model, node, prefix=""):
        """Return what the web client reads for a view: the fields of its arch, lists in it included.

        :param prefix: of the fields that are of interest
        """
        found = {}
        for field in node.xpath(".//field[not(ancestor::field)]" if node.tag != "field" else "./*[1]//field"):
            name, described = field.get("name"), self.env[model]._fields[field.get("name")]
            if not name.startswith(prefix):
                continue
            if described.type in ("one2many", "many2many") and len(field):
                inner = field[0]
                names = {child.get("name") for child in inner.xpath(".//field")}
                found[name] = {"fields": {child: self._inner(described.comodel_name, child) for child in names}}
            else:
                found[name] = self._inner(model, name)
        return found

    def _inner(self, model, name):
        relational = self.env[model]._fields[name].type in ("many2one", "many2many")
        return {"fields": {"display_name": {}}} if relational else {}

    def _queries(self, records, specification):
        """Return how many queries it takes to read some records."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        records.web_read(specification)
        return self.cr.sql_log_count - before

    def assertNoQueryPerRow(self, few, many, view_type, view=None, prefix="", per_row=0):
        """Read two things for the same view and assert that many rows cost no more than few.

        :param str prefix: of the fields that are of interest
        :param int per_row: queries that each further row may cost
        """
        records = self.env[few._name].with_user(self.boss)
        arch = etree.fromstring(records.get_view(view and self.env.ref(view).id, view_type)["arch"])
        specification = self._specification(few._name, arch, prefix)
        self.assertTrue(specification)
        few, many = (records.with_user(self.boss).browse(records.ids) for records in (few, many))
        for records in (few, many):
            self._queries(records, specification)  # warms caches
        with self.subTest(model=few._name, view=view_type):
            most = self._queries(few, specification) + per_row * (MANY - FEW)
            self.assertLessEqual(self._queries(many, specification), most)

    def test_lists(self):
        """Lists and kanbans of every menu of the addon."""
        for number, person in enumerate(self.people):
            self.add_address(person, "accounting", f"0.person{number}@x.example")
            self.add_copy(person, header="cc", copy_partner_id=self.people[number - 1].id)
        self.env["sengerio.mail.export"].with_user(self.boss).create([{"state": "done"}] * MANY)
        self.env["sengerio.mail.import"].with_user(self.boss).create(
            [{"state": "done", "file": "eA==", "filename": "x.csv"}] * MANY
        )
        owned = [("module", "=", "sengerio_mail"), ("model", "=", "ir.actions.act_window")]
        actions = self.env["ir.actions.act_window"].browse(self.env["ir.model.data"].search(owned).mapped("res_id"))
        seen = set()
        for action in actions.filtered(lambda action: not self.env[action.res_model]._transient):
            records = self.env[action.res_model].with_user(self.boss).search([], limit=MANY)
            if action.res_model != "sengerio.mail.document.type":
                self.assertEqual(len(records), MANY, action.res_model)
            for mode in {"list", "kanban"} & set(action.view_mode.split(",")):
                self.assertNoQueryPerRow(records[:FEW], records, mode)
                seen.add((action.res_model, mode))
        self.assertGreaterEqual(len(seen), 7, seen)

    def test_document(self):
        """The form of a document with few and with many recipients, its story told."""
        few, many = self.env["sengerio.mail.document"].create(
            [self._document_values(self.make_order(self.azure), recipients) for recipients in (FEW, MANY)]
        )
        self.assertNoQueryPerRow(few, many, "form")

    def test_people(self):
        """The tab on a partner, on a user and in the preferences, with few and with many addresses and copies."""
        users = [
            new_test_user(self.env, login, "base.group_user,sales_team.group_sale_salesman", email=f"{login}@x.example")
            for login in ("few", "many")
        ]
        for user, rows in zip(users, (FEW, MANY), strict=True):
            for number, person in enumerate(self.people[:rows]):
                self.add_address(user.partner_id, "accounting", f"0.person{number}@x.example")
                self.add_copy(user.partner_id, direction="sent_by", header="cc", copy_partner_id=person.id)
        self.assertTrue(users[0].sengerio_address_ids[0].last_bounce)
        few, many = users
        self.assertNoQueryPerRow(few.partner_id, many.partner_id, "form", prefix="sengerio_")
        for view in ("base.view_users_form", "base.view_users_form_simple_modif"):
            self.assertNoQueryPerRow(few, many, "form", view, prefix="sengerio_")

    def test_who_gets_what(self):
        """The table of a partner with few and with many addresses."""
        few, many = self.env["res.partner"].create([{"name": "Few"}, {"name": "Many"}])
        for partner, rows in ((few, FEW), (many, MANY)):
            for number in range(rows):
                self.add_address(partner, "accounting", f"a{number}@x.example")
                self.add_address(partner, "commercial", f"b{number}@x.example")
        wizards = [
            self.env["sengerio.mail.matrix"].with_user(self.boss).create({"partner_id": partner.id})
            for partner in (few, many)
        ]
        self.assertNoQueryPerRow(*wizards, "form")

    def test_resend(self):
        """Correcting few and many documents at once."""
        wizards = []
        for documents in (self.documents[:FEW], self.documents):
            action = documents.with_user(self.boss).action_resend()
            wizards.append(self.env["sengerio.mail.resend"].browse(action["res_id"]))
        self.assertNoQueryPerRow(*wizards, "form")

    def _invoices(self):
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice", "partner_id": person.id, "invoice_date": "2026-01-15",
                    "invoice_date_due": "2026-01-15",
                    "invoice_line_ids": [Command.create({"name": "Chair", "price_unit": 100, "tax_ids": []})],
                }
                for person in self.people
            ]
        )  # fmt: skip
        moves.action_post()
        return moves

    def test_batch(self):
        """The wizard tells of each invoice what will become of it: Odoo's summary and alerts, and who gets it."""
        self.people[1::3].email = False
        self.people[2::3].parent_id = self.azure
        for person in self.people:
            self.add_copy(person, direction="sent_to", header="cc", email=f"copy.of.{person.id}@x.example")
        self.add_copy(None, header="bcc", copy_field="partner_id.parent_id")
        moves = self._invoices()
        own = {
            str(move.id): {"added": {"cc": [f"new{move.id}@x.example"], "bcc": ["boss@x.example"]},
                           "removed": [f"copy.of.{move.partner_id.id}@x.example"],
                           "contacts": [self.people[number - 1].id]}
            for number, move in enumerate(moves)
        }  # fmt: skip
        self.assertNoQueryPerInvoice(moves, {"moves": own})
        wizard = self.assertNoQueryPerInvoice(moves)
        self.assertTrue(wizard.alerts["account_missing_email"])
        self.assertEqual(wizard.summary_data["email"]["count"], MANY - len(self.people[1::3]))

    def assertNoQueryPerInvoice(self, moves, changes=None):
        """Open the wizard for few and for many invoices and return the latter."""
        wizard = self.env["account.move.send.batch.wizard"].with_user(self.boss)
        wizards = [
            wizard.create({"move_ids": some.ids, "sengerio_changes": changes or {}}) for some in (moves[:FEW], moves)
        ]
        self.assertNoQueryPerRow(*wizards, "form")
        self.assertEqual(len(wizards[-1].sengerio_lines["lines"]), MANY)
        return wizards[-1]

    def test_batch_named_by_template(self):
        """As soon as a template names who gets the invoices, some by addresses that several people have."""
        moves = self._invoices()
        self.env["res.partner"].create([{"name": "Twin", "email": person.email} for person in self.people[::2]])
        template = self.env.ref("account.email_template_edi_invoice")
        for naming in self._namings():
            template.write(naming)
            with self.subTest(**naming):
                wizard = self.assertNoQueryPerInvoice(moves)
                self.assertNamed(moves, wizard.sengerio_lines["lines"], naming)

    def test_named_beside_own(self):
        """Half of the customers have addresses of Odoo's own, the others the same local parts elsewhere."""
        domain = self.company.alias_domain_id.name
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", domain)
        aliases = [
            {"alias_name": f"info{number // 2}", "alias_incoming_local": True,
             "alias_model_id": self.env["ir.model"]._get_id("account.move")}
            for number in range(0, MANY, 2)
        ]  # fmt: skip
        self.env["mail.alias"].create(aliases)
        for number, person in enumerate(self.people):
            person.email = f"info{number // 2}@{'customer.example' if number % 2 else domain}"
        self.env.ref("account.email_template_edi_invoice").write(
            {"use_default_to": False, "partner_to": False, "email_to": "{{ object.partner_id.email }}"}
        )
        for person in self.people[1::2]:
            self.add_address(person, "accounting", f"books.{person.id}@customer.example")
        moves = self._invoices()
        lines = {line["id"]: line for line in self.assertNoQueryPerInvoice(moves).sengerio_lines["lines"]}
        for move in moves.filtered(lambda move: move.partner_id in self.people[1::2]):
            books = f"books.{move.partner_id.id}@customer.example"
            self.assertEqual([tag["email"] for tag in lines[move.id]["to"]], [books])
        template = self.env.ref("account.email_template_edi_invoice")
        template.email_to = f"{{{{ object.partner_id.email }}}}, info1@{domain}"
        self.assertNoQueryPerInvoice(moves)

    def test_named_by_failing_template(self):
        """A template that fails for somebody: who gets no e-mail anyway, and a customer to be reminded."""
        failing = self.people[1]
        failing.invoice_sending_method = "manual"
        moves = self._invoices()
        naming = "{{ 1 / (%s.id - %s) and %s }}"
        self.env.ref("account.email_template_edi_invoice").write(
            {
                "use_default_to": False, "partner_to": False,
                "email_to": naming % ("object.partner_id", failing.id, "object.partner_id.email"),
            }
        )  # fmt: skip
        lines = self.assertNoQueryPerInvoice(moves).sengerio_lines["lines"]
        told = {line["id"]: bool(line.get("to")) for line in lines}
        self.assertEqual(told, {move.id: move.partner_id != failing for move in moves})
        unreadable = f"{{{{ {{1: 2}} if object.partner_id.id == {failing.id} else object.partner_id.id }}}}"
        self.env.ref("account.email_template_edi_invoice").write({"email_to": False, "partner_to": unreadable})
        lines = self.assertNoQueryPerInvoice(moves).sengerio_lines["lines"]
        self.assertEqual({line["id"]: bool(line.get("to")) for line in lines}, told)
        prepare = self.env["sengerio.mail.due.notice"].with_user(self.boss)._prepare
        for fields in ({"email_to": naming % ("object", failing.id, "object.email"), "partner_to": False},
                       {"email_to": False, "partner_to": naming % ("object", failing.id, self.john.id)}):
            self.env.ref("sengerio_mail.mail_template_due_notice").write({"use_default_to": False, **fields})
            notice = prepare(moves)
            self.assertNoQueryPerRow(prepare(moves[:FEW]), notice, "form")
            told = [bool(line.recipients["to"]) for line in notice.line_ids]
            self.assertEqual(told, [line.partner_id != failing for line in notice.line_ids])

    def _namings(self):
        """Return values of templates that name the customer, in each way in which a template can."""
        template = {"use_default_to": False, "partner_to": False, "email_to": False, "email_cc": False}
        partner, email = {"partner_to": "{{ object.partner_id.id }}"}, "{{ object.partner_id.email }}"
        return [
            {**template, **partner},
            {**template, "email_to": email},
            {**template, **partner, "email_cc": f"in.copy.of.{email}"},
            {**template, "email_to": email, "email_cc": f"in.copy.of.{email}"},
        ]

    def assertNamed(self, records, lines, naming):
        """Assert that each of some documents goes to its customer, and in copy to whom the template names."""
        lines = {line["id"]: line for line in lines}
        for record in records:
            line, email = lines[record.id], record.partner_id.email
            in_copy = [f"in.copy.of.{email}"] if naming["email_cc"] else []
            self.assertEqual([[tag["email"] for tag in line[header]] for header in ("to", "cc")], [[email], in_copy])

    def test_composer(self):
        """Quotations that are sent at once: who gets each."""
        for person in self.people:
            self.add_copy(person, direction="sent_to", header="cc", email=f"copy.of.{person.id}@x.example")
        self.assertNoQueryPerOrder()

    def test_composer_named_by_template(self):
        """As soon as a template names who gets the quotations, some by addresses that several people have."""
        self.env["res.partner"].create([{"name": "Twin", "email": person.email} for person in self.people[::2]])
        for naming in self._namings():
            self.env.ref("sale.email_template_edi_sale").write(naming)
            with self.subTest(**naming):
                composer = self.assertNoQueryPerOrder()
                orders = self.env["sale.order"].browse(self.documents.mapped("res_id"))
                self.assertNamed(orders, composer.sengerio_lines["lines"], naming)

    def assertNoQueryPerOrder(self):
        """Open the composer on few and on many quotations and return the latter."""
        orders = self.env["sale.order"].browse(self.documents.mapped("res_id")).with_user(self.boss)
        composers = []
        for some in (orders[:FEW], orders):
            context = some.with_context(hide_default_template=True).action_quotation_send()["context"]
            composer = self.env["mail.compose.message"].with_user(self.boss).with_context(**context).create({})
            composer.template_id = self.env.ref("sale.email_template_edi_sale")
            composers.append(composer)
        self.assertNoQueryPerRow(*composers, "form", prefix="sengerio_")
        self.assertEqual(len(composers[-1].sengerio_lines["lines"]), MANY)
        return composers[-1]

    def test_copies(self):
        """One quotation with few and with many people in copy."""
        composers = []
        for rows in (FEW, MANY):
            customer = self.env["res.partner"].create({"name": f"Customer {rows}", "email": f"c{rows}@x.example"})
            for person in self.people[:rows]:
                self.add_copy(customer, direction="sent_to", header="cc", copy_partner_id=person.id)
            composers.append(self.compose(self.make_order(customer), user=self.boss).save())
        self.assertNoQueryPerRow(*composers, "form", prefix="sengerio_")
        self.assertEqual([len(composer.sengerio_recipients["cc"]) for composer in composers], [FEW, MANY])

    def test_due_notices(self):
        """Notices to customers: for each of the twenty on a page, what it owes and who gets it."""
        moves = self._invoices()
        prepare = self.env["sengerio.mail.due.notice"].with_user(self.boss)._prepare
        self.assertNoQueryPerRow(prepare(moves[:FEW]), prepare(moves), "form")
        self.env["res.partner"].create([{"name": "Twin", "email": person.email} for person in self.people[::2]])
        for naming in self._namings():
            naming = {key: value and value.replace(".partner_id", "") for key, value in naming.items()}
            self.env.ref("sengerio_mail.mail_template_due_notice").write(naming)
            with self.subTest(**naming):
                self.assertNoQueryPerRow(prepare(moves[:FEW]), prepare(moves), "form")

    def test_queued_mail(self):
        """A mail in the queue, with its message, that one's mails, attachments and recipients, is taken by one query,
        as Odoo reads them by several."""
        order = self.make_order()
        self.compose(order).save().with_context(mail_notify_force_send=False)._action_send_mail()
        document = self.document_of(order)
        mail = self.env["mail.mail"].search([("mail_message_id", "=", document.mail_message_id)])
        again = document.copy({"mail_message_id": document.mail_message_id})  # of other code: the first one leaves
        document.delivery_ids[0].copy({"document_id": again.id})
        deliveries, message = document.delivery_ids, mail.mail_message_id
        self.env["mail.mail"].create({"mail_message_id": message.id, "state": "cancel"})  # for a follower, say
        fetched, _columns = deliveries._fetched_with_mail()
        names = {
            model._name: [field.name for field in fetched if field.model_name == model._name]
            for model in (mail, message)
        }

        def read():
            return [
                {name: getattr(record[name], "_ids", record[name]) for name in read_names}  # of several, their order
                for records, read_names in (
                    (mail, [*names[mail._name], "recipient_ids"]),
                    (message, [*names[message._name], "attachment_ids", "mail_ids"]),
                    (deliveries, TAKEN),
                )
                for record in records
            ]

        self.env.flush_all()
        self.env.invalidate_all()
        expected = read()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.assertEqual(self.env["sengerio.mail.delivery"]._of_queued_mail(mail), deliveries)
            self.assertEqual(read(), expected)
