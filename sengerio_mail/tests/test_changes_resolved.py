"""Changes for one send on plain facts: how they are read, and what becomes of them among the rules of addressing."""

from odoo.tests import BaseCase, tagged

from odoo.addons.sengerio_mail.tools import changes as changing
from odoo.addons.sengerio_mail.tools.addresses import Address
from odoo.addons.sengerio_mail.tools.resolver import Contact, Copy, Person, Question, Reason, Row, resolve

from .common import change


@tagged("post_install", "-at_install")
class TestChangesRead(BaseCase):
    def test_read(self):
        """Mailboxes as they are typed; what cannot be used is told apart, not lost."""
        found = changing.read(change(removed=["A@x.example"], cc=['"Guy, New" <NEW@x.example>', "nonsense"]))
        self.assertEqual(found.added("cc"), (Address("new@x.example", "Guy, New"),))
        wrong = [(entry.text, entry.error.code) for entry in found.entries if entry.error]
        self.assertEqual(wrong, [("nonsense", "syntax")])
        self.assertEqual(found.removed, {"a@x.example"})
        self.assertEqual(
            changing.write(found), change(removed=["a@x.example"], cc=['"Guy, New" <new@x.example>'])
        )
        self.assertFalse(changing.read(None))
        self.assertFalse(changing.read({"asked": 1}))

    def test_other_shapes(self):
        """What is no such dictionary is refused."""
        for values in (
            [1], "x", {"added": ["a@x.example"]}, {"added": {"x": []}}, {"added": {"to": "a@x.example"}},
            {"added": {"to": [1]}}, {"removed": "a@x.example"}, {"from": "somebody@x.example"}, {"reply_to": "field"},
            {"contacts": 7}, {"contacts": ["7"]}, {"contacts": [True]}, {"contacts": [-7]},
        ):  # fmt: skip
            with self.subTest(values=values), self.assertRaises(changing.UnreadableChanges):
                changing.read(values)

    def test_entrusted(self):
        """What counts on the user's word alone is told apart from what anybody may ask for who edits the record."""
        free = change(to=["a@x.example"], cc=["b@x.example"], removed=["c@x.example"])
        self.assertEqual(changing.read(free).entrusted, ())
        asked = changing.read({**free, "added": {**free["added"], "bcc": ["d@x.example"]}, "from": "company",
                               "reply_to": "thread", "contacts": [7]})  # fmt: skip
        self.assertEqual(asked.entrusted, ("d@x.example", "res.partner 7", "company", "thread"))
        self.assertEqual(changing.write(asked.without_entrusted()), free)

    def test_batch(self):
        """Of several at once: Cc, From and Reply-To for all, To, Cc, Bcc and left out for one; nothing else counts."""
        values = {
            "added": {"cc": ["a@x.example", "d@x.example", "e@x.example"], "bcc": ["spy@x.example"]},
            "removed": ["all@x.example"], "from": "sender",
            "moves": {
                "7": {
                    "removed": ["B@x.example", "D@x.example"], "from": "company",
                    "added": {"to": ["f@x.example"], "bcc": ["e@x.example"]}, "contacts": [5, 4, 5],
                },
            },
        }  # fmt: skip
        found = changing.read_batch(values)
        own = change(
            removed=["b@x.example", "d@x.example"], to=["f@x.example"], cc=["a@x.example"], bcc=["e@x.example"],
            email_from="sender",
        )  # fmt: skip
        self.assertEqual(changing.write(found.of(7)), {**own, "contacts": [5, 4]})
        self.assertEqual(found.contacts, (4, 5))
        common = change(cc=["a@x.example", "d@x.example", "e@x.example"], email_from="sender")
        self.assertEqual(changing.write(found.of(8)), common)
        self.assertFalse(found.own_of(8))


@tagged("post_install", "-at_install")
class TestChangesResolved(BaseCase):
    def ask(self, changes, **values):
        """Resolve a question about customer 1, with the addresses c@x.example and d@x.example."""
        customer = Person(
            1, "P1", (Address("c@x.example"), Address("d@x.example")), (Row("accounting", "books@x.example"),)
        )
        self.answer = resolve(
            Question(
                **{"role": "commercial", "customer": (customer,), "contacts": (Contact(customer, True),), **values},
                changes=changing.read(changes),
            )
        )
        return [(recipient.header, recipient.email) for recipient in self.answer.recipients]

    def test_removed(self):
        """Removed addresses are left out wherever they come from, mandatory copies stay."""
        copies = tuple(
            Copy("cc", Reason("copy_all"), email=f"{name}@x.example", mandatory=name == "must")
            for name in ("may", "must")
        )
        removed = ["d@x.example", "may@x.example", "must@x.example", "t@x.example"]
        found = self.ask(change(removed=removed), copies=copies, plain_cc=(Address("t@x.example"),))
        self.assertEqual(found, [("to", "c@x.example"), ("cc", "must@x.example")])
        self.assertCountEqual(
            [recipient.email for recipient in self.answer.left_out], ["d@x.example", "may@x.example", "t@x.example"]
        )

    def test_all_of_a_contact_removed(self):
        """A contact all of whose addresses are removed is not mailed by Odoo either."""
        found = self.ask(change(removed=["c@x.example", "d@x.example"], to=["n@x.example"]))
        self.assertEqual(found, [("to", "n@x.example")])
        self.assertEqual(self.answer.dropped, {1})

    def test_added(self):
        """To wins over Cc, Cc over Bcc, among what is added and what is set."""
        copies = tuple(
            Copy(header, Reason("copy_all"), email=email)
            for header, email in (("bcc", "a@x.example"), ("cc", "b@x.example"))
        )
        changes = change(to=["e@x.example"], cc=["a@x.example", "C@x.example"], bcc=["b@x.example", "f@x.example"])
        found = self.ask(changes, copies=copies)
        self.assertEqual(
            found,
            [("to", "c@x.example"), ("to", "d@x.example"), ("to", "e@x.example"), ("cc", "b@x.example"),
             ("cc", "a@x.example"), ("bcc", "f@x.example")],
        )  # fmt: skip

    def test_moved(self):
        """An address is moved by removing and adding it."""
        found = self.ask(change(removed=["d@x.example"], cc=["d@x.example"]))
        self.assertEqual(found, [("to", "c@x.example"), ("cc", "d@x.example")])
        self.assertEqual(self.answer.left_out, [])

    def test_mandatory_person(self):
        """Who adds another address of a mandatory copy person does not get rid of the copy."""
        boss = Person(7, "Boss", (Address("boss@x.example"),), (Row("commercial", "audit@x.example"),))
        for mandatory, expected in ((True, ["audit@x.example", "boss@x.example"]), (False, ["boss@x.example"])):
            copy = Copy("cc", Reason("copy_all"), chain=(boss,), mandatory=mandatory)
            found = self.ask(change(to=["boss@x.example"]), copies=(copy,))
            with self.subTest(mandatory=mandatory):
                self.assertCountEqual([email for _header, email in found[2:]], expected)

    def test_copies_of_the_customer(self):
        """What the customer gets is copied, whether it is addressed as a contact or by its address typed in."""
        copies = (Copy("bcc", Reason("copy_sent_to"), email="audit@x.example", mandatory=True, of_customer=True),)
        everything = ["c@x.example", "d@x.example"]
        for contacts, changes, due in (
            (None, {}, True),
            ((), change(to=["n@x.example"]), False),
            ((), change(to=["C@x.example"]), True),
            ((), change(to=["n@x.example"], bcc=["books@x.example"]), True),
            (None, change(removed=everything, to=["n@x.example"]), False),
            (None, change(removed=everything, to=["n@x.example"], cc=["c@x.example"]), True),
        ):
            with self.subTest(changes=changes, contacts=contacts):
                values = {} if contacts is None else {"contacts": contacts}
                found = self.ask(changes, copies=copies, **values)
                self.assertEqual(("bcc", "audit@x.example") in found, due)

    def test_follower(self):
        """A follower who is added as a copy gets Odoo's own mail, and one is told."""
        follower = Contact(Person(2, "F", (Address("f@x.example"),)), False)
        customer = Contact(Person(1, "P1", (Address("c@x.example"),)), True)
        found = self.ask(change(cc=["f@x.example"]), contacts=(customer, follower))
        self.assertNotIn(("cc", "f@x.example"), found)
        self.assertEqual([(w.code, w.about) for w in self.answer.warnings], [("mailed_anyway", "f@x.example")])
