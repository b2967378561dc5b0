"""The rules of addressing on plain facts, each fallback and precedence by itself."""

from odoo.tests import BaseCase, tagged

from odoo.addons.sengerio_mail.tools.addresses import Address
from odoo.addons.sengerio_mail.tools.changes import Changes
from odoo.addons.sengerio_mail.tools.resolver import (
    Contact,
    Copy,
    Person,
    Question,
    Reason,
    Row,
    resolve,
    role_addresses,
)

FIRM, OTHER_FIRM = 1, 2


def person(number, *emails, rows=(), **values):
    """Return somebody."""
    return Person(number, f"P{number}", tuple(Address(email) for email in emails), tuple(rows), **values)


def emails(found):
    """Return the addresses of ``role_addresses``."""
    return [row.email for row, _reason in found]


@tagged("post_install", "-at_install")
class TestRoleAddresses(BaseCase):
    def test_commercial(self):
        """Every address of the partner's e-mail and its commercial rows; else the same of its parents."""
        company = person(1, "c@x", rows=[Row("commercial", "rc@x"), Row("accounting", "ra@x")])
        for contact, expected in (
            (person(2, "a@x", "b@x"), ["a@x", "b@x"]),
            (person(2, "a@x", rows=[Row("commercial", "r@x")]), ["a@x", "r@x"]),
            (person(2, rows=[Row("commercial", "r@x")]), ["r@x"]),
            (person(2, rows=[Row("accounting", "r@x")]), ["c@x", "rc@x"]),
            (person(2), ["c@x", "rc@x"]),
        ):
            with self.subTest(contact=contact):
                self.assertEqual(emails(role_addresses((contact, company), "commercial", FIRM)), expected)

    def test_accounting_and_management(self):
        """Own rows, an invoice address's own e-mail, the parents' rows, then the commercial rule."""
        company = person(1, "c@x", rows=[Row("accounting", "ca@x"), Row("management", "cm@x")])
        bare_company = person(1, "c@x", rows=[Row("commercial", "rc@x")])
        own = [Row("accounting", "oa@x"), Row("management", "om@x")]
        for contact, parent, role, expected in (
            (person(2, "a@x", rows=own), company, "accounting", ["oa@x"]),
            (person(2, "a@x", rows=own), company, "management", ["om@x"]),
            (person(2, "a@x", rows=own, is_invoice_address=True), company, "accounting", ["oa@x"]),
            (person(2, "a@x", is_invoice_address=True), company, "accounting", ["a@x"]),
            (person(2, "a@x", is_invoice_address=True), company, "management", ["cm@x"]),
            (person(2, is_invoice_address=True), company, "accounting", ["ca@x"]),
            (person(2, "a@x"), company, "accounting", ["ca@x"]),
            (person(2, "a@x"), bare_company, "accounting", ["a@x"]),
            (person(2), bare_company, "accounting", ["c@x", "rc@x"]),
            (person(2), person(1), "accounting", []),
        ):
            with self.subTest(contact=contact, role=role):
                self.assertEqual(emails(role_addresses((contact, parent), role, FIRM)), expected)

    def test_company_rows(self):
        """Rows of the document's company replace the shared rows of that role, and of that role alone."""
        rows = [
            Row("accounting", "shared@x"), Row("accounting", "firm@x", company_id=FIRM),
            Row("accounting", "other@x", company_id=OTHER_FIRM), Row("management", "boss@x"),
        ]  # fmt: skip
        for role, company, expected in (
            ("accounting", FIRM, ["firm@x"]),
            ("accounting", OTHER_FIRM, ["other@x"]),
            ("accounting", None, ["shared@x"]),
            ("accounting", 9, ["shared@x"]),
            ("management", FIRM, ["boss@x"]),
        ):
            with self.subTest(role=role, company=company):
                self.assertEqual(emails(role_addresses((person(1, rows=rows),), role, company)), expected)

    def test_grandparents(self):
        """The nearest parent with rows wins."""
        chain = (person(3, "a@x"), person(2), person(1, rows=[Row("accounting", "top@x")]))
        self.assertEqual(emails(role_addresses(chain, "accounting", FIRM)), ["top@x"])


@tagged("post_install", "-at_install")
class TestResolve(BaseCase):
    def ask(self, **values):
        """Resolve a question about customer 1 with the address c@x."""
        customer = person(1, "c@x")
        question = Question(
            **{"role": "commercial", "customer": (customer,), "contacts": (Contact(customer, True),), **values}
        )
        return resolve(question)

    def rows(self, answer):
        """Return ``(header, address)`` of an answer."""
        return [(recipient.header, recipient.email) for recipient in answer.recipients]

    def test_precedence(self):
        """To wins over Cc, Cc over Bcc, whatever comes first in the rules."""
        copies = tuple(
            Copy(header, Reason("copy_all"), email=email)
            for header, email in (("bcc", "two@x"), ("bcc", "c@x"), ("cc", "two@x"), ("cc", "c@x"), ("bcc", "three@x"))
        )
        answer = self.ask(copies=copies, plain_cc=(Address("two@x"),))
        self.assertEqual(self.rows(answer), [("to", "c@x"), ("cc", "two@x"), ("bcc", "three@x")])

    def test_customer_first(self):
        """The customer's addresses come first, whoever Odoo lists first."""
        customer = person(5, "c@x")
        answer = self.ask(
            customer=(customer,),
            contacts=(Contact(person(2, "a@x"), True), Contact(customer, True)),
            plain_to=(Address("p@x", "P"),),
        )
        self.assertEqual(self.rows(answer), [("to", "c@x"), ("to", "a@x"), ("to", "p@x")])

    def test_customer_not_mailed(self):
        """Who removes the customer from the message sends it to the others alone."""
        answer = self.ask(contacts=(Contact(person(2, "a@x"), True),))
        self.assertEqual(self.rows(answer), [("to", "a@x")])

    def test_added_contact(self):
        """A contact added by hand gets its own rows of the role, else its e-mail, never its company's."""
        for contact, expected in (
            (person(2, "a@x", rows=[Row("accounting", "r@x")]), ["r@x"]),
            (person(2, "a@x", rows=[Row("commercial", "r@x")]), ["a@x"]),
            (person(2), []),
        ):
            with self.subTest(contact=contact):
                answer = self.ask(role="accounting", contacts=(Contact(contact, True),))
                self.assertEqual([email for _header, email in self.rows(answer)], expected)
                self.assertEqual([w.code for w in answer.warnings], [] if expected else ["no_address"])

    def test_followers(self):
        """A follower keeps Odoo's mail and gets no copy; one whose address is in To needs no mail of its own."""
        follower = Contact(person(2, "f@x"), False)
        answer = self.ask(
            contacts=(Contact(person(1, "c@x"), True), follower, Contact(person(3, "c@x"), False)),
            copies=(Copy("bcc", Reason("copy_all"), email="f@x"), Copy("cc", Reason("copy_all"), email="f@x")),
        )
        self.assertEqual(self.rows(answer), [("to", "c@x")])
        self.assertEqual([person.id for person in answer.followers], [2])
        self.assertEqual(answer.dropped, {3})

    def test_sender_follows(self):
        """For whom OdooBot acts, the blind copy takes the place of the follower's mail, where there is one."""
        customer, sender = Contact(person(1, "c@x"), True), Contact(person(2, "f@x"), False)
        copies = (Copy("bcc", Reason("sender"), chain=(person(2, "own@x"),)),)
        answer = self.ask(contacts=(customer, sender), copies=copies)
        self.assertEqual(self.rows(answer), [("to", "c@x"), ("bcc", "own@x")])
        self.assertEqual((answer.followers, answer.dropped), ([], {2}))
        for nobody in ({"contacts": (sender,)}, {"changes": Changes(removed=frozenset({"own@x"}))}):
            with self.subTest(**nobody):
                answer = self.ask(**{"contacts": (customer, sender), "copies": copies, **nobody})
                self.assertEqual([person.id for person in answer.followers], [2])
                self.assertFalse(answer.by_header("bcc"))

    def test_copy_people(self):
        """A copy person is mailed by its role addresses; archived or without address it is skipped with a warning."""
        accountant = person(7, "a@x", rows=[Row("accounting", "books@x")])
        copies = tuple(
            Copy("cc", Reason("copy_sent_to", "C"), chain=(someone,), mandatory=True)
            for someone in (accountant, person(8, "gone@x", active=False), person(9))
        )
        answer = self.ask(role="accounting", copies=copies)
        self.assertEqual(self.rows(answer), [("to", "c@x"), ("cc", "books@x")])
        warnings = [(warning.code, warning.about) for warning in answer.warnings]
        self.assertEqual(warnings, [("copy_archived", "P8"), ("copy_no_address", "P9")])
        self.assertTrue(answer.recipients[1].mandatory)
        self.assertEqual(answer.recipients[1].partner_id, 7)

    def test_bounced(self):
        """An address whose mail came back is used, with a warning."""
        customer = person(1, rows=[Row("commercial", "c@x", bounced=True)])
        answer = self.ask(customer=(customer,), contacts=(Contact(customer, True),))
        self.assertEqual([(w.code, w.about) for w in answer.warnings], [("bounced", "c@x")])

    def test_no_role(self):
        """Without a role nobody is rerouted, the customer neither."""
        customer = person(1, "c@x", rows=[Row("commercial", "r@x")])
        answer = self.ask(role="", customer=(), contacts=(Contact(customer, True),))
        self.assertEqual(self.rows(answer), [("to", "c@x")])
