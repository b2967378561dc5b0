"""The composer on several records at once: who will get which document, before any is sent."""

from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.mail import email_split

from .common import DocumentMailCase

AZURE, BUYING, MARC, ANNA = "azure@azure.example", "buying@azure.example", "marc@firm.example", "anna@firm.example"
VOICE, FEW, MANY = "voice@mute.example", 3, 12


@tagged("post_install", "-at_install")
class TestComposerSummary(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_address(cls, cls.azure, "commercial", BUYING)
        cls.mute = cls.env["res.partner"].create({"name": "Mute"})
        cls.add_address(cls, cls.mute, "commercial", VOICE)
        cls.silent = cls.env["res.partner"].create({"name": "Silent"})
        cls.template = cls.env.ref("sale.email_template_edi_sale")

    def composer(self, orders, template=True, user=None, **values):
        """Return the composer as the list's action opens it, with a template chosen."""
        orders = orders.with_user(user or self.anna).with_context(hide_default_template=True)
        context = orders.action_quotation_send()["context"]
        composer = Form(self.env["mail.compose.message"].with_user(user or self.anna).with_context(**context))
        if template:
            composer.template_id = self.template if template is True else template
        for name, value in values.items():
            composer[name] = value
        return composer

    def headers(self, line):
        """Return the addresses on a line."""
        return [(header, tag["email"]) for header in ("to", "cc", "bcc") for tag in line[header]]

    def assertSentAsShown(self, composer, orders):
        """Press Send, and compare what is listed and what arrives with what was shown.

        :return: the lines
        """
        shown = composer.sengerio_lines["lines"]
        self.assertEqual([line["id"] for line in shown], orders.ids)
        wizard = composer.save()
        wizard.subject = wizard.subject or "{{ object.name }}"
        self.smtp.take()
        wizard._action_send_mail()
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        mails = self.smtp.take()
        for line, order in zip(shown, orders, strict=True):
            document = self.document_of(order)
            self.assertEqual(bool(document), bool(line.get("to")), line["note"])
            listed = [(delivery.header, delivery.email) for delivery in document.delivery_ids]
            self.assertEqual(self.headers(line) if line["by_email"] else [], listed)
            own = [mail for mail in mails if order.name in str(mail.message["Subject"])]
            self.assertEqual(sorted(email for mail in own for email in mail.rcpt), sorted(email for _, email in listed))
            for mail in own:
                self.assertEqual(email_split(line["from"]), mail.addresses("From"))
                self.assertEqual(line["reply_to"].split(", "), mail.addresses("Reply-To"))
        return shown

    def three(self):
        """Return orders of somebody, of somebody with a role address alone, of somebody without any."""
        return self.make_order() | self.make_order(partner=self.mute) | self.make_order(partner=self.silent)

    def test_shown_is_sent(self):
        """Each order's From, Reply-To, To, Cc and Bcc, with reasons; who has no address is told, with a link."""
        self.add_copy(self.azure, header="cc", copy_partner_id=self.marc.partner_id.id)
        orders = self.three()
        first, second, third = self.assertSentAsShown(self.composer(orders), orders)
        self.assertEqual(self.headers(first), [("to", AZURE), ("to", BUYING), ("cc", MARC), ("bcc", ANNA)])
        self.assertEqual(first["to"][1]["reason"], "commercial address of Azure Interior")
        self.assertEqual((first["number"], first["partner"]), (orders[0].name, "Azure Interior"))
        self.assertEqual(self.headers(second), [("to", VOICE), ("bcc", ANNA)])
        self.assertEqual((third["note"], third["partner_id"]), ("nobody: no e-mail address", self.silent.id))

    def test_policy(self):
        """From and Reply-To are those of the document type."""
        orders = self.three()[:2]
        with self.policy("quotation", from_policy="company", reply_to_policy="sender"):
            for line in self.assertSentAsShown(self.composer(orders), orders):
                self.assertEqual((line["from"], line["reply_to"]), ("Firm <info@firm.example>", ANNA))

    def test_from_typed(self):
        """From as typed into the composer, and a Reply-To of its own."""
        orders = self.three()[:2]
        composer = self.composer(
            orders, email_from="sales@firm.example", reply_to_mode="new", reply_to="desk@firm.example"
        )
        for line in self.assertSentAsShown(composer, orders):
            self.assertEqual((line["from"], line["reply_to"]), ("sales@firm.example", "desk@firm.example"))

    def test_without_template(self):
        """Without a template Odoo's default recipients are meant."""
        orders = self.three()[:2]
        composer = self.composer(orders, template=False, subject="About {{ object.name }}", body="<p>Hi</p>")
        lines = self.assertSentAsShown(composer, orders)
        self.assertEqual([self.headers(line)[0] for line in lines], [("to", AZURE), ("to", VOICE)])

    def test_plain_addresses(self):
        """A template's own addresses are told, and looking makes no contacts of them."""
        template = self.template.copy(
            {"use_default_to": False, "partner_to": "{{ object.partner_id.id }}", "email_to": "plain@x.example",
             "email_cc": "copy@x.example"}
        )  # fmt: skip
        orders = self.make_order() | self.make_order()
        with self.policy("quotation", template_ids=[Command.link(template.id)]):
            lines = self.assertSentAsShown(self.composer(orders, template), orders)
        for line in lines:
            self.assertEqual(self.headers(line)[2:4], [("to", "plain@x.example"), ("cc", "copy@x.example")])
        found = self.env["res.partner"].search([("email", "in", ["plain@x.example", "copy@x.example"])])
        self.assertFalse(found)

    def test_excluded(self):
        """Who is on Odoo's exclusion list gets none, and the line says so."""
        self.env["mail.blacklist"].create({"email": "lea@ext.example"})
        lea = self.env["res.partner"].create({"name": "Lea", "email": "lea@ext.example"})
        orders = self.make_order() | self.make_order(partner=lea)
        lines = self.assertSentAsShown(self.composer(orders), orders)
        self.assertEqual([line["note"] for line in lines], ["", "nobody: on the list of those who want no mailings"])

    def test_same_twice(self):
        """Odoo sends the same text to the same address once, and the second line says so."""
        orders = self.make_order() | self.make_order() | self.make_order(partner=self.mute)
        composer = self.composer(orders, template=False, subject="We move", body="<p>See you there</p>")
        composer = composer.save()  # asked again, as the widget does when texts are typed
        notes = [line["note"] for line in composer.sengerio_lines["lines"]]
        self.assertEqual(notes, ["", "nobody: the same message goes to the same address already", ""])
        composer._action_send_mail()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual([len(self.document_of(order)) for order in orders], [1, 0, 1])
        composer = self.composer(orders, template=False, subject="{{ object.name }} moves", body="<p>See</p>").save()
        self.assertEqual({line["note"] for line in composer.sengerio_lines["lines"]}, {""})

    def test_same_twice_far_apart(self):
        """Odoo compares what it sends in one batch alone, and so do the lines."""
        self.env["ir.config_parameter"].set_param("mail.batch_size", 2)
        orders = self.make_order() | self.make_order(partner=self.mute) | self.make_order()
        composer = self.composer(orders, template=False, subject="We move", body="<p>See you there</p>").save()
        self.assertEqual([line["note"] for line in composer.sengerio_lines["lines"]], [""] * 3)
        composer._action_send_mail()
        self.assertEqual([len(self.document_of(order)) for order in orders], [1, 1, 1])

    def test_from_nonsense(self):
        """From that cannot be rendered is told where the recipients were; the composer goes on."""
        composer = self.composer(self.three(), email_from="{{ object.nonsense }}")
        self.assertEqual(composer.sengerio_lines["lines"], [])
        self.assertTrue(composer.sengerio_lines["problem"])
        composer.email_from = MARC
        self.assertEqual(len(composer.sengerio_lines["lines"]), 3)

    def test_nothing_to_tell(self):
        """One record has its own preview; where recipients follow no rules there is nothing to tell."""
        self.assertFalse(self.compose(self.make_order()).sengerio_lines)
        people = self.azure | self.john
        composers = self.env["mail.compose.message"].with_user(self.anna)
        composer = Form(
            composers.with_context(
                default_model="res.partner", default_res_ids=people.ids, default_composition_mode="mass_mail"
            )
        )  # fmt: skip
        self.assertFalse(composer.sengerio_lines)

    def test_more(self):
        """Twenty at first, more when asked for, and so many queries for each, no more."""
        orders = self.env["sale.order"].create([{"partner_id": self.azure.id, "user_id": self.marc.id}] * 23)
        wizard = self.composer(orders).save()
        self.assertEqual(wizard.sengerio_lines["ids"], orders.ids)
        self.assertEqual([line["id"] for line in wizard.sengerio_lines["lines"]], orders.ids[:20])
        wizard.sengerio_wanted = orders.ids
        self.assertEqual([line["id"] for line in wizard.sengerio_lines["lines"]], orders.ids)

    def test_queries(self):
        """A few queries for each line."""
        people = self.env["res.partner"].create(
            [{"name": f"Person {number}", "email": f"person{number}@x.example"} for number in range(MANY)]
        )
        orders = self.env["sale.order"].create(
            [{"partner_id": person.id, "user_id": self.marc.id} for person in people]
        )
        spent = []
        for some in (orders[:FEW], orders[:FEW], orders):  # the first warms caches
            wizard = self.composer(some).save()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(len(wizard.sengerio_lines["lines"]), len(some))
            spent.append(self.cr.sql_log_count - before)
        self.assertLessEqual(spent[2], spent[1] + 4 * (MANY - FEW), f"{spent} queries")
