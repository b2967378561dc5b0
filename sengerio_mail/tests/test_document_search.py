"""The search of the list finds documents by a part of their number or of a recipient's address."""

from unittest.mock import patch

from lxml import etree

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.web.models.models import Base

from .common import DocumentMailCase

SEARCH = "odoo.addons.sengerio_mail.models.sengerio_mail_document_search"


@tagged("post_install", "-at_install")
class TestDocumentSearch(DocumentMailCase):
    def setUp(self):
        super().setUp()
        self.order = self.make_order()
        self.add_address(self.azure, "commercial", "pur_chase@azure.example")
        self.send(self.compose(self.order, user=self.anna))
        self.document = self.document_of(self.order)

    def typed(self, name, text, user=None):
        """Type a text into a field of the search view, and return what is found."""
        view = etree.fromstring(self.env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
        node = view.find(f".//field[@name='{name}']")
        domain = [(name, node.get("operator", "ilike"), text)]
        if node.get("filter_domain"):
            domain = safe_eval(node.get("filter_domain"), {"self": text})
        return self.env["sengerio.mail.document"].with_user(user or self.env.user).search(domain)

    def test_number(self):
        """By the whole number, its beginning or end, in any case; signs mean themselves."""
        number = self.order.name
        for text in (number, number.lower(), number[:4], number[-4:], f" {number} "):
            self.assertIn(self.document, self.typed("number_search", text), text)
        for text in (number[1:-1], "%", "_" + number[1:], number + "0"):
            self.assertNotIn(self.document, self.typed("number_search", text), text)

    def test_address(self):
        """By the whole address, its beginning, its domain, with a name, in any case; signs mean themselves."""
        found = (
            "azure@azure.example", "Azure@Azure.example", "azure@", "azu", "@azure.example", "azure.example",
            "pur_", "Azure Interior <azure@azure.example>", "anna@firm.example",
        )  # fmt: skip
        for text in found:
            self.assertIn(self.document, self.typed("address_search", text), text)
        for text in ("zure@azure.example", "purxchase", "a%e", "@azure", "john@azure.example"):
            self.assertNotIn(self.document, self.typed("address_search", text), text)

    def test_frequent_address(self):
        """What is found does not depend on how PostgreSQL is asked for it, whoever asks."""
        with patch(f"{SEARCH}.MANY", 0), patch(f"{SEARCH}.MANY_OF_OWN", 0):
            self.test_address()
            self.test_rules()
            self.test_other_operators()
            self.test_page_and_count()

    def test_combined(self):
        """Part of a larger condition, an address means the same, whoever asks and however it is looked for."""
        clerk = new_test_user(self.env, "clerk", "sengerio_mail.sengerio_mail_group_all_documents")
        mine = ("id", "=", self.document.id)
        azure, nobody = (("address_search", "ilike", text) for text in ("azure", "nobody@"))
        both = ("address_search", "ilike", "pur_")
        found = (
            [mine, azure, both], ["&", mine, "|", azure, nobody], ["&", mine, "!", nobody],
            ["&", mine, "!", "&", azure, nobody], ["&", mine, "|", ("reference", "=", "none"), azure],
        )  # fmt: skip
        missed = ([mine, azure, nobody], ["&", mine, "!", azure], ["&", mine, "!", "|", azure, nobody])
        for many in (0, 1000000):
            for user in (self.anna, clerk):
                documents = self.env["sengerio.mail.document"].with_user(user)
                with patch(f"{SEARCH}.MANY", many), patch(f"{SEARCH}.MANY_OF_OWN", many):
                    for domain in found:
                        self.assertEqual(documents.search(domain), self.document, (many, user.login, domain))
                    for domain in missed:
                        self.assertFalse(documents.search(domain), (many, user.login, domain))

    def test_addresses_computed(self):
        """The addresses listed with a document when it is sent are those that Odoo computes."""
        for name in ("to_addresses", "copy_addresses"):
            listed = self.document[name]
            self.assertTrue(listed)
            self.env.add_to_compute(self.document._fields[name], self.document)
            self.assertEqual(self.document[name], listed)
        delivery = self.document.delivery_ids.filtered(lambda delivery: delivery.header == "bcc")
        delivery.sudo().header = "to"
        self.assertEqual(self.document.to_addresses.split(", ")[-1], delivery.email)
        self.assertFalse(self.document.copy_addresses)
        delivery.sudo().unlink()
        self.assertNotIn("anna", self.document.to_addresses)

    def test_addresses_listed(self):
        """The addresses that are looked through are those of the recipients, whatever becomes of them."""
        self.assertEqual(self.document.to_addresses, "azure@azure.example, pur_chase@azure.example")
        self.assertEqual(self.document.copy_addresses, "anna@firm.example")
        with patch(f"{SEARCH}.MANY", 0):
            self.env["sengerio.mail.retention"]._anonymise(self.document.sudo())
            self.assertNotIn(self.document, self.typed("address_search", "azure@"))
            self.assertNotIn(self.document, self.typed("address_search", "anna@firm.example"))
        self.env.flush_all()
        kept = SQL("SELECT to_addresses || copy_addresses FROM sengerio_mail_document WHERE id = %s", self.document.id)
        [[text]] = self.env.execute_query(kept)
        self.assertNotIn("azure.example", text)
        self.assertNotIn("anna", text)

    def test_page_and_count(self):
        """A page of what is found by an address, and how many there are, are Odoo's."""
        for _number in range(4):
            self.send(self.compose(self.make_order(), user=self.anna))
        documents = self.env["sengerio.mail.document"].with_user(self.anna)
        specification = {"reference": {}, "type_id": {"fields": {"display_name": {}}}, "to_addresses": {}}
        domain = ["&", ("address_search", "ilike", "azure@azure.example"), ("state", "=", "sent")]
        pages = [
            {"offset": offset, "limit": limit, "order": order, "count_limit": count_limit}
            for offset in (0, 2, 4, 9)
            for limit in (None, 1, 2, 80)
            for count_limit in (None, 3, 10001)
            for order in (None, "id DESC", "reference", "date_sent DESC, id")
        ]
        counts = set()
        for page in pages:
            with self.subTest(**page):
                answer = documents.web_search_read(domain, specification, **page)
                expected = Base.web_search_read(documents, domain, specification, **page)
                self.assertEqual(answer, expected)
                counts.add((answer["length"], len(answer["records"])))
        self.assertLessEqual({(5, 5), (5, 2), (3, 1), (0, 0)}, counts)
        domain = [("address_search", "ilike", "nobody@")]
        answer = documents.web_search_read(domain, specification, limit=80, count_limit=10001)
        self.assertEqual(answer, {"length": 0, "records": []})

    def test_other_operators(self):
        """Whole values, and everything else than a part, in the search editor."""
        Document = self.env["sengerio.mail.document"]
        mine = [("id", "=", self.document.id)]
        for field, value in (("number_search", self.order.name), ("address_search", "azure@azure.example")):
            self.assertEqual(Document.search([*mine, (field, "=", value)]), self.document)
            self.assertFalse(Document.search([*mine, (field, "!=", value)]))
            self.assertFalse(Document.search([*mine, (field, "=", value[:-1])]))
            self.assertFalse(Document.search([*mine, (field, "not ilike", value)]))

    def test_rules(self):
        """An address is no way around the rules."""
        stranger = new_test_user(self.env, "stranger", "sales_team.group_sale_salesman")
        self.assertEqual(self.typed("address_search", "azure@azure.example", self.anna), self.document)
        self.assertFalse(self.typed("address_search", "azure@azure.example", stranger))

    def offered_senders(self, user):
        """Return the users that the search panel offers, asked as the web client asks."""
        view = etree.fromstring(self.env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
        [node] = view.findall(".//searchpanel/field[@name='sender_id']")
        answer = self.env["sengerio.mail.document"].with_user(user).search_panel_select_multi_range(
            "sender_id", category_domain=[], comodel_domain=[], enable_counters=False, filter_domain=[],
            expand=node.get("expand") == "1", group_by=False, group_domain=[], limit=int(node.get("limit", 200)),
            search_domain=[],
        )  # fmt: skip
        self.assertNotIn("error_msg", answer)
        return {value["id"]: value["display_name"] for value in answer["values"]}

    def test_senders_offered(self):
        """The search panel offers who has sent something, who left the company too, and nobody else."""
        gone, idle = (new_test_user(self.env, login, "base.group_user") for login in ("gone", "idle"))
        self.document.copy({"sender_id": gone.id})
        gone.active = False
        for user in (self.env.user, self.anna):
            offered = self.offered_senders(user)
            self.assertEqual(offered[self.anna.id], self.anna.name)
            self.assertIn(gone.id, offered)
            self.assertNotIn(idle.id, offered)

    def test_many_senders_offered(self):
        """More than two hundred are offered all the same."""
        users = self.env["res.users"].with_context(no_reset_password=True).create(
            [{"name": f"Seller {number}", "login": f"seller{number}"} for number in range(201)]
        )  # fmt: skip
        [values] = self.document.copy_data()
        self.document.create([{**values, "sender_id": user.id} for user in users])
        self.assertLessEqual(set(users.ids), set(self.offered_senders(self.anna)))

    def test_indexes(self):
        """PostgreSQL can answer by the indexes: they have the words of the conditions."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for domain, index in (
            ([("number_search", "ilike", "S00042")], "sengerio_mail_document_number_idx"),
            ([("number_search", "ilike", "S00042")], "sengerio_mail_document_number_end_idx"),
            ([("address_search", "ilike", "azure")], "sengerio_mail_delivery_email_idx"),
            ([("address_search", "ilike", "@azure.example")], "sengerio_mail_delivery_email_end_idx"),
        ):
            query = self.env["sengerio.mail.document"]._search(domain)
            plan = "\n".join(line for (line,) in self.env.execute_query(SQL("EXPLAIN %s", query.select())))
            self.assertIn(index, plan)

    def test_attention_by_index(self):
        """What needs attention is looked for among the few, and its recipients for each of them: all documents, and all
        recipients, are never read."""
        view = etree.fromstring(self.env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
        domain = safe_eval(view.find(".//filter[@name='attention']").get("domain"))
        query = self.env["sengerio.mail.document"].sudo()._search(domain)
        self.env.cr.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = "\n".join(line for (line,) in self.env.execute_query(SQL("EXPLAIN %s", query.select())))
        self.assertIn("sengerio_mail_document_attention_idx", plan)
        self.assertNotIn("hashed SubPlan", plan)
