from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, new_test_user, tagged

from odoo.addons.sengerio_mail.tools import addresses

from .common import DocumentMailCase


@tagged("post_install", "-at_install")
class TestAddressTools(BaseCase):
    def test_parse(self):
        """Names with commas, quotes and any letters, and international domains."""
        for text, email, name in (
            ("Jo@Example.COM", "jo@example.com", ""),
            (" jo@example.com ", "jo@example.com", ""),
            ('"Müller, Jörg" <Joerg@Example.com>', "joerg@example.com", "Müller, Jörg"),
            ('"The \\"Boss\\"" <boss@example.com>', "boss@example.com", 'The "Boss"'),
            ("Jo Doe <jo@example.com>", "jo@example.com", "Jo Doe"),
            ("jo@Bücher.example", "jo@bücher.example", ""),
            ("o'neil+tag@sub.example.co.uk", "o'neil+tag@sub.example.co.uk", ""),
            ('"a@b.example" <real@example.com>', "real@example.com", "a@b.example"),
        ):
            with self.subTest(text=text):
                self.assertEqual(addresses.parse(text), addresses.Address(email, name))

    def test_refused(self):
        """What no mail server takes, and what would write headers, is refused with its reason."""
        for text, code in (
            ("", "syntax"),
            ("jo", "syntax"),
            ("jo@", "syntax"),
            ("@example.com", "syntax"),
            ("jo@localhost", "domain"),
            ("jo..doe@example.com", "syntax"),
            (".jo@example.com", "syntax"),
            ("jo doe@example.com", "syntax"),
            ("jo@exa mple.com", "syntax"),
            ("Bcc: jo@example.com", "syntax"),
            ("Jo jo@example.com", "syntax"),
            ("jo@-example.com", "domain"),
            ("jo@example..com", "domain"),
            ("jo@xn--~.example", "domain"),
            ("jörg@example.com", "non_ascii"),
            ("a@example.com, b@example.com", "several"),
            ("a@example.com; b@example.com", "several"),
            ("jo@example.com\nBcc: spy@example.com", "control"),
            ("jo@example.com\r\nBcc: spy@example.com", "control"),
            ('"Jo\nBcc: spy@example.com" <jo@example.com>', "control"),
            ("jo@example.com\x00", "control"),
            ("jo@exa\u2028mple.com", "control"),
            ("x" * 65 + "@example.com", "length"),
            ("j" * 60 + "@" + ".".join(["x" * 50] * 4), "length"),
            ("<script>@example.com", "syntax"),
        ):
            with self.subTest(text=text), self.assertRaises(addresses.InvalidAddress) as caught:
                addresses.parse(text)
            self.assertEqual((caught.exception.code, caught.exception.text), (code, text.strip(" ")))

    def test_split(self):
        """Pasted lists: comma, semicolon or line, quotes kept together, repeated ones once, bad ones named."""
        found, invalid = addresses.split('a@x.example; "B, C" <b@x.example>,\nA@X.example\n\nnonsense;d@x.example')
        self.assertEqual([a.email for a in found], ["a@x.example", "b@x.example", "d@x.example"])
        self.assertEqual(found[1].name, "B, C")
        self.assertEqual([error.text for error in invalid], ["nonsense"])

    def test_tolerant(self):
        """What Odoo accepted as a partner's e-mail is mailed, as far as it can be."""
        for text, expected in (
            ("Jo jo@example.com", [("jo@example.com", "Jo")]),
            ("a@x.example; B <b@x.example>, A@x.example", [("a@x.example", ""), ("b@x.example", "B")]),
            ("jörg@x.example, nobody", []),
            (False, []),
        ):
            with self.subTest(text=text):
                self.assertEqual([(a.email, a.name) for a in addresses.tolerant(text)], expected)

    def test_headers(self):
        """Headers and envelopes have the domain in ASCII; a name that makes a header too long is left out."""
        self.assertEqual(addresses.envelope("jo@bücher.example"), "jo@xn--bcher-kva.example")
        self.assertEqual(addresses.header("jo@bücher.example", 'B, "x"'), '"B, \\"x\\"" <jo@xn--bcher-kva.example>')
        self.assertEqual(addresses.header("jo@x.example", "Two\n Lines"), '"Two Lines" <jo@x.example>')
        self.assertEqual(addresses.short_header("jo@x.example", "Jo"), '"Jo" <jo@x.example>')
        self.assertEqual(addresses.short_header("jo@x.example", "n" * 60), "jo@x.example")


@tagged("post_install", "-at_install")
class TestRoleAddresses(DocumentMailCase):
    def test_normalised(self):
        """An address is kept in one form; a name written with it becomes its name."""
        row = self.add_address(self.azure, "commercial", '"Sales, Dept." <Sales@Azure.example>')
        self.assertEqual((row.email, row.name), ("sales@azure.example", "Sales, Dept."))
        row.email = "Other@Azure.example"
        self.assertEqual((row.email, row.name), ("other@azure.example", "Sales, Dept."))

    def test_refused_by_name(self):
        """The message quotes what was refused and says why."""
        for text, why in (
            ("jörg@azure.example", "letters like these"),
            ("a@x.example,b@x.example", "more than one address"),
            ("a@x.example\nBcc: b@x.example", "line break"),
            ("nonsense", "does not look like"),
        ):
            with self.subTest(text=text), self.assertRaises(ValidationError) as caught:
                self.add_address(self.azure, "commercial", text)
            self.assertIn(repr(text), str(caught.exception))
            self.assertIn(why, str(caught.exception))

    def test_duplicates(self):
        """The same address twice for one role and company is refused; elsewhere it is fine."""
        row = self.add_address(self.azure, "accounting", "a@x.example")
        with self.assertRaises(ValidationError) as caught:
            self.add_address(self.azure, "accounting", "A@x.example")
        self.assertIn("a@x.example", str(caught.exception))
        self.assertIn("Azure Interior", str(caught.exception))
        self.add_address(self.azure, "management", "a@x.example")
        self.add_address(self.john, "accounting", "a@x.example")
        self.add_address(self.azure, "accounting", "a@x.example", company_id=self.second_company.id)
        row.active = False
        with self.assertRaises(ValidationError) as caught:
            self.add_address(self.azure, "accounting", "a@x.example")
        self.assertIn("archived", str(caught.exception))

    def test_correcting_clears_the_bounce(self):
        """An address that bounced is trusted again once it was corrected."""
        row = self.add_address(self.azure, "accounting", "a@x.example", bounce_state="bad_address")
        row.name = "Still wrong"
        self.assertEqual(row.bounce_state, "bad_address")
        row.email = "right@x.example"
        self.assertEqual(row.bounce_state, "none")

    def test_used_again(self):
        """An address that bounced is trusted again when somebody who may change it says so."""
        row = self.add_address(self.azure, "accounting", "a@x.example", bounce_state="bad_address")
        with self.assertRaises(AccessError), self.cr.savepoint():
            row.with_user(new_test_user(self.env, "clerk", "base.group_user")).action_use_again()
        row.with_user(self.marc).action_use_again()
        self.assertEqual(row.bounce_state, "none")

    def test_import_and_export(self):
        """Odoo's own import and export, in columns of the partner and as a list of its own."""
        result = self.env["res.partner"].load(
            ["name", "sengerio_address_ids/role", "sengerio_address_ids/email", "sengerio_address_ids/name"],
            [
                ["Imported", "Accounting", "Books@Import.example", "Books"],
                ["", "management", '"The, Boss" <boss@import.example>', ""],
            ],
        )
        self.assertFalse(result["messages"])
        partner = self.env["res.partner"].browse(result["ids"])
        exported = partner.export_data(
            ["name", "sengerio_address_ids/role", "sengerio_address_ids/email", "sengerio_address_ids/name"]
        )["datas"]
        self.assertEqual(
            exported,
            [
                ["Imported", "Accounting", "books@import.example", "Books"],
                ["", "Management", "boss@import.example", "The, Boss"],
            ],
        )
        result = self.env["sengerio.mail.address"].load(
            ["partner_id", "role", "email"],
            [["Imported", "commercial", "good@import.example"], ["Imported", "commercial", "bad\nBcc: x@y.example"]],
        )
        self.assertFalse(result["ids"])
        message = result["messages"][-1]  # Odoo repeats the first error of a batch at its first row
        self.assertIn("Bcc: x@y.example", message["message"])
        self.assertEqual(message["rows"], {"from": 1, "to": 1})

    def test_import_of_copies(self):
        """Copies can be imported and exported too."""
        result = self.env["sengerio.mail.copy"].load(
            ["partner_id", "direction", "header", "copy_partner_id", "email", "document_type_ids"],
            [
                ["Azure Interior", "sent_to", "cc", "Anna Senior", "", ""],
                ["Azure Interior", "sent_to", "bcc", "", "Broker@X.example", "Quotation,Invoice"],
            ],
        )
        self.assertFalse(result["messages"])
        copies = self.env["sengerio.mail.copy"].browse(result["ids"])
        self.assertEqual(copies.mapped("email"), [False, "broker@x.example"])
        self.assertEqual(copies[1].document_type_ids.mapped("code"), ["quotation", "invoice"])
        rows = copies.export_data(["partner_id/name", "header", "copy_partner_id/name", "email"])["datas"]
        self.assertEqual(rows[0][2], "Anna Senior")
        self.assertEqual(rows[1][3], "broker@x.example")

    def test_merge_keeps_what_differs(self):
        """Merging partners keeps every address and copy that differs, archived state included."""
        twin = self.env["res.partner"].create({"name": "Azure Twin", "email": "azure@azure.example"})
        self.add_address(self.azure, "commercial", "same@azure.example").active = False
        self.add_address(twin, "commercial", "same@azure.example")
        self.add_address(twin, "commercial", "same@azure.example", company_id=self.second_company.id)
        self.add_address(twin, "accounting", "same@azure.example")
        self.add_address(twin, "management", "boss@azure.example")
        self.add_address(self.azure, "management", "chief@azure.example")
        for partner in (twin, self.azure):
            self.add_copy(partner, header="cc", copy_partner_id=self.anna.partner_id.id)
        self.add_copy(twin, header="bcc", email="broker@x.example")
        self.add_copy(self.marc.partner_id, header="cc", copy_partner_id=twin.id)
        self.env["base.partner.merge.automatic.wizard"]._merge((twin | self.azure).ids, self.azure)
        self.assertFalse(twin.exists())
        self.assertEqual(
            {(row.role, row.email, row.company_id.id or None, row.active) for row in self.azure.sengerio_address_ids},
            {
                ("commercial", "same@azure.example", None, True),
                ("commercial", "same@azure.example", self.second_company.id, True),
                ("accounting", "same@azure.example", None, True),
                ("management", "boss@azure.example", None, True),
                ("management", "chief@azure.example", None, True),
            },
        )
        self.assertEqual(
            [(copy.header, copy.email or copy.copy_partner_id.name) for copy in self.azure.sengerio_copy_ids],
            [("cc", "Anna Senior"), ("bcc", "broker@x.example")],
        )
        self.assertEqual(self.marc.partner_id.sengerio_copy_ids.copy_partner_id, self.azure)
