"""Role addresses and copies where people type them: on partners and users."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import DocumentMailCase
from .common_browser import BrowserCase


@tagged("post_install", "-at_install")
class TestPaste(DocumentMailCase):
    def pasted(self, record):
        """Return ``[(role, address, name)]`` of a record."""
        return [(row.role, row.email, row.name or "") for row in record.sengerio_address_ids]

    def test_several(self):
        """Comma, semicolon and line each part addresses; names are kept, doubles and known ones left out."""
        self.add_address(self.azure, "accounting", "known@azure.example")
        with Form(self.azure) as form:
            form.sengerio_paste_role = "accounting"
            form.sengerio_paste = (
                'a@azure.example, "Books, Inc." <Books@Azure.example>; c@azure.example\n'
                "d@azure.example\r\n\n known@azure.example;A@azure.example"
            )
            self.assertFalse(form.sengerio_paste)
            self.assertEqual(len(form.sengerio_address_ids), 5)
        self.assertEqual(
            self.pasted(self.azure),
            [
                ("accounting", "known@azure.example", ""),
                ("accounting", "a@azure.example", ""),
                ("accounting", "books@azure.example", "Books, Inc."),
                ("accounting", "c@azure.example", ""),
                ("accounting", "d@azure.example", ""),
            ],
        )

    def test_bad_ones_are_named_and_stay(self):
        """What cannot be used is named with its reason and stays in the field; the others become rows."""
        good = ["good@azure.example", "better@azure.example"]
        bad = ["nonsense", "jörg@azure.example", "x@localhost", "Jo jo@azure.example", "catchall@firm.example"]
        values = {"sengerio_paste": ", ".join([good[0], *bad, good[1]])}
        result = self.azure.onchange(
            values, ["sengerio_paste"], {"sengerio_paste": {}, "sengerio_address_ids": {"fields": {"email": {}}}}
        )
        self.assertEqual(result["value"]["sengerio_paste"], "\n".join(bad))
        rows = [command[2]["email"] for command in result["value"]["sengerio_address_ids"]]
        self.assertEqual(rows, good)
        for text in bad:
            self.assertIn(text, result["warning"]["message"])

    def test_saving_bad_ones(self):
        """Saved with something that cannot be used, nothing is: the message names it, and not one row is lost."""
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            self.azure.write({"sengerio_paste": "a@azure.example\nnonsense\nx@y@z.example", "name": "Changed"})
        for text in ("nonsense", "x@y@z.example"):
            self.assertIn(text, str(caught.exception))
        self.env.invalidate_all()
        self.assertFalse(self.azure.sengerio_address_ids)
        self.assertEqual(self.azure.name, "Azure Interior")

    def test_written_by_a_program(self):
        """What an import writes there becomes rows of the role given, once."""
        for _twice in range(2):
            self.azure.write(
                {"sengerio_paste_role": "management", "sengerio_paste": "a@azure.example; b@azure.example"}
            )
        self.assertEqual(
            self.pasted(self.azure), [("management", "a@azure.example", ""), ("management", "b@azure.example", "")]
        )
        partner = self.env["res.partner"].create({"name": "New", "sengerio_paste": "c@new.example"})
        self.assertEqual(self.pasted(partner), [("commercial", "c@new.example", "")])

    def test_archived_one(self):
        """An archived address that is pasted again is named, and neither doubled nor restored unseen."""
        row = self.add_address(self.azure, "commercial", "old@azure.example")
        row.active = False
        self.env.flush_all()
        values = {"sengerio_paste": "old@azure.example, new@azure.example"}
        spec = {"sengerio_paste": {}, "sengerio_address_ids": {"fields": {"email": {}}}}
        result = self.azure.onchange(values, ["sengerio_paste"], spec)
        self.assertEqual(result["value"]["sengerio_paste"], "old@azure.example")
        self.assertIn("archived", result["warning"]["message"])
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            self.azure.write(values)
        self.assertIn("old@azure.example already, but archived", str(caught.exception))
        self.assertEqual(self.azure.with_context(active_test=False).sengerio_address_ids, row)

    def test_a_header_in_it(self):
        """A line that would write a header is refused as any other."""
        with self.assertRaises(ValidationError) as caught:
            self.azure.sengerio_paste = "a@azure.example\nBcc: spy@x.example"
        self.assertIn("Bcc: spy@x.example", str(caught.exception))

    def test_user(self):
        """The same in the form of a user, for administrators of document mailing alone."""
        chief = new_test_user(
            self.env, "chief", 
            "base.group_erp_manager,base.group_partner_manager,sengerio_mail.sengerio_mail_group_administrator",
        )
        with Form(self.marc.with_user(chief), view="base.view_users_form") as form:
            form.sengerio_paste_role = "accounting"
            form.sengerio_paste = "a@firm.example\nb@firm.example"
            self.assertFalse(form.sengerio_paste)
        self.assertEqual(
            self.pasted(self.marc), [("accounting", "a@firm.example", ""), ("accounting", "b@firm.example", "")]
        )
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.marc.partner_id.with_user(self.anna).sengerio_paste = "mine@anna.example"
        manager = new_test_user(self.env, "manager", "base.group_user,base.group_erp_manager")
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.marc.with_user(manager).sengerio_paste = "c@firm.example"

    def test_who_may_not(self):
        """Who may not change contacts adds no addresses to them."""
        clerk = new_test_user(self.env, "clerk", "base.group_user")
        portal = new_test_user(self.env, "portal", "base.group_portal")
        for user in (clerk, portal):
            with self.assertRaises(AccessError), self.cr.savepoint():
                self.azure.with_user(user).sengerio_paste = "a@azure.example"
        self.assertFalse(self.azure.sengerio_address_ids)


@tagged("post_install", "-at_install")
class TestInherited(DocumentMailCase):
    def test_contact_shows_what_it_inherits(self):
        """A contact shows its company's addresses by role with a link, until it has its own; a company nothing."""
        self.add_address(self.azure, "accounting", "books@azure.example")
        self.add_address(self.azure, "management", "boss@azure.example")
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.add_copy(self.azure, header="cc", copy_partner_id=self.anna.partner_id.id)
        with Form(self.john.with_user(self.marc)) as form:
            shown = form.sengerio_inherited
            for words in ("books@azure.example", "boss@azure.example", "Azure Interior", "Anna Senior"):
                self.assertIn(words, shown)
            self.assertIn(f'href="/odoo/res.partner/{self.azure.id}"', shown)
            self.assertNotIn("buying@azure.example", shown)  # John's own e-mail is his commercial address
            with form.sengerio_address_ids.new() as row:
                row.role = "accounting"
                row.email = "john.books@azure.example"
            self.assertNotIn("books@azure.example</span>", form.sengerio_inherited.replace("john.books", ""))
            self.assertIn("boss@azure.example", form.sengerio_inherited)
        self.assertIs(self.azure.read(["sengerio_inherited"])[0]["sengerio_inherited"], False)
        self.john.email = False
        self.assertIn("buying@azure.example", self.john.sengerio_inherited)

    def test_what_is_shown_is_mailed(self):
        """The addresses shown as inherited are those that a document goes to."""
        self.add_address(self.azure, "commercial", "buying@azure.example")
        self.azure.email = False
        self.john.email = False
        order = self.make_order(partner=self.john)
        mails = self.send(self.compose(order))
        to = [mail.addresses("To") for mail in mails if mail.addresses("To")][0]
        self.assertEqual(to, ["buying@azure.example"])
        for address in to:
            self.assertIn(address, self.john.sengerio_inherited)

    def test_found_by_role_address(self):
        """Contacts are found by their role addresses, in the search and where a contact is chosen."""
        self.add_address(self.azure, "accounting", "rechnung@buchhaltung.example")
        partners = self.env["res.partner"].with_user(self.marc)
        self.assertIn(self.azure.id, [found[0] for found in partners.name_search("buchhaltung.example")])
        self.assertNotIn(self.john.id, [found[0] for found in partners.name_search("buchhaltung.example")])
        self.assertIn(self.azure, partners.search([("sengerio_address_ids.email", "ilike", "rechnung@")]))
        self.assertIn(self.john, partners.search([("display_name", "not ilike", "buchhaltung")]))
        portal = new_test_user(self.env, "portal", "base.group_portal")
        self.assertFalse(self.env["res.partner"].with_user(portal).name_search("buchhaltung.example"))

    def test_last_bounce(self):
        """An address and a copy say when a document last came back from there, and why; so does the contact."""
        address = self.add_address(self.azure, "commercial", "full@azure.example")
        gone = self.add_copy(self.azure, header="cc", email="gone@x.example")
        contact = self.add_copy(self.azure, header="cc", copy_partner_id=self.anna.partner_id.id)
        with freeze_time("2026-01-15 12:00:00"):
            order = self.make_order()
            self.send(self.compose(order))
            document = self.document_of(order)
        reasons = {
            "full@azure.example": ("soft_bounce", "4.2.2"), "gone@x.example": ("hard_bounce", "5.1.1"),
            "azure@azure.example": ("hard_bounce", "5.1.1"),
        }  # fmt: skip
        for delivery in document.delivery_ids.filtered(lambda delivery: delivery.email in reasons):
            state, code = reasons[delivery.email]
            delivery.write({"state": state, "status_code": code})
            self.env["sengerio.mail.event"].create(
                {"delivery_id": delivery.id, "kind": state, "source": "report", "date": "2026-01-16 23:30:00"}
            )
            document._follow(delivery, self.env["ir.attachment"])
        self.env.invalidate_all()
        self.assertEqual((address.bounce_state, gone.bounce_state), ("none", "bad_address"))
        told = "01/16/2026: The mailbox full@azure.example is full."
        self.assertEqual(address.with_user(self.anna).last_bounce, told)  # who may not see Marc's document
        self.assertEqual(address.with_context(tz="Europe/Rome").last_bounce, told.replace("16", "17"))
        self.assertEqual(gone.last_bounce, "01/16/2026: The address gone@x.example does not exist.")
        self.assertFalse(contact.last_bounce)
        shown = self.azure.with_user(self.marc)
        self.assertTrue(shown.sengerio_is_bounced)
        self.assertEqual(shown.sengerio_last_bounce, "01/16/2026: The address azure@azure.example does not exist.")
        document.delivery_ids.filtered(lambda delivery: delivery.email == "full@azure.example").state = "opened"
        self.env.invalidate_all()
        self.assertFalse(address.last_bounce, "it arrived after all")

    def test_queries_of_the_form(self):
        """The form of a partner needs as many queries with forty addresses and copies as with four."""
        views = self.env["res.partner"].with_user(self.marc).get_views([(False, "form")])
        fields = views["models"]["res.partner"]["fields"]
        own = {name: {} for name in fields if name.startswith("sengerio_")}
        shown = ("role", "email", "bounce_state", "last_bounce")
        own["sengerio_address_ids"] = {"fields": {name: {} for name in shown}}
        own["sengerio_copy_ids"] = {
            "fields": {"header": {}, "lock_state": {}, "copy_partner_id": {"fields": {"display_name": {}}}}
        }

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.john.with_user(self.marc).web_read(own)
            return self.cr.sql_log_count - before

        def add(first, last):
            for number in range(first, last):
                person = self.env["res.partner"].create({"name": f"P{number}", "email": f"p{number}@x.example"})
                for partner in (self.john, self.azure):
                    self.add_address(partner, "accounting", f"a{number}@azure.example")
                    self.add_copy(partner, header="cc", copy_partner_id=person.id)

        add(0, 4)
        queries()  # warms caches
        few = queries()
        add(4, 40)
        self.assertEqual(queries(), few)


class TestFormTours(BrowserCase):
    def paste(self, tour):
        """Run a tour in the form of Azure as Marc, and return what was saved."""
        self.tour(tour, self.azure)
        return [(row.role, row.email) for row in self.azure.sengerio_address_ids.sorted("email")]

    def test_paste_field(self):
        """Five addresses pasted at once become rows; the wrong one is named, corrected and becomes one too."""
        found = self.paste("sengerio_mail_paste_field")
        self.assertEqual(found, [("commercial", f"{letter}@azure.example") for letter in "abcdef"])

    def test_paste_cell(self):
        """Five addresses pasted into the cell of a new row become five rows of its role."""
        found = self.paste("sengerio_mail_paste_cell")
        self.assertEqual(found, [("accounting", f"{letter}@azure.example") for letter in "abcde"])

    def test_who_gets_what(self):
        """The table opens from the form of a partner, and from one's own preferences."""
        self.add_address(self.azure, "accounting", "books@azure.example")
        self.tour("sengerio_mail_matrix_partner", self.azure)
        self.tour("sengerio_mail_matrix_preferences", self.azure)
