"""The first page of a register says in words what was searched for, in the user's language."""

import io
from ast import literal_eval

from lxml import etree

from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .test_register import RegisterCase, read


@tagged("post_install", "-at_install")
class TestSearchWords(RegisterCase):
    def filter_domain(self, name):
        """Return the domain of a filter of the list."""
        arch = etree.fromstring(self.env["sengerio.mail.document"].get_view(view_type="search")["arch"])
        [found] = arch.xpath(f"//filter[@name='{name}']")
        return literal_eval(found.get("domain"))

    def words(self, domain, user=None):
        """Return what the words for a search are, for a user."""
        user = user or self.clerk
        words = self.env["sengerio.mail.search.words"].with_user(user).with_context(lang=user.lang, tz=user.tz)
        return words._in_words("sengerio.mail.document", domain)

    def searched(self, domain, **values):
        """Return what the first page of the register of a search says of it."""
        self.make_document(state="hard_bounce")
        export = self.export(domain=str(domain), **values)
        file = io.BytesIO()
        export._as_owner()._write_part(file)
        return read(file.getvalue()).worksheets[0]["B3"].value

    def test_bounced(self):
        """The filter as its button says it, not as Python."""
        domain = self.filter_domain("bounced")
        self.assertEqual(self.searched(domain), "State is one of (Not delivered, Bad address)")

    def test_or(self):
        """Of several conditions it is said which belong together."""
        mine = ["|", ("sender_id", "=", self.marc.id), ("responsible_id", "=", self.marc.id)]
        self.assertEqual(
            self.searched([*mine, ("state", "!=", "sent")]),
            "(Sender is Marc Junior or Responsible is Marc Junior) and State is not Sent",
        )
        self.assertEqual(
            self.words(["|", "&", ("state", "=", "sent"), ("copy_failed", "=", True), ("sender_id", "=", False)]),
            "(State is Sent and Copy Failed is Yes) or Sender is empty",
        )

    def test_french(self):
        """In the user's language, with its names of fields, states and types."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"].search([("name", "=", "sengerio_mail")])._update_translations(["fr_FR"])
        self.clerk.lang = "fr_FR"
        domain = ["|", ("state", "in", ("soft_bounce", "hard_bounce")), "!", ("subject", "ilike", "devis")]
        self.assertEqual(
            self.searched(domain, lang="fr_FR"),
            "État : parmi (Non distribué, Adresse erronée) ou non (Objet contient « devis »)",
        )

    def test_conditions(self):
        """Each kind of value and comparison; moments as in the user's time zone."""
        for condition, words in (
            (("type_id", "in", [self.type.id]), "Type is Invoice"),
            (("type_id", "not in", [self.type.id, False]), "Type is none of (Invoice, empty)"),
            (("date_sent", ">=", "2026-01-31 23:00:00"), "Sent On not before 2026-02-01 00:00"),
            (("date_sent", "<=", "2026-02-28 22:59:59"), "Sent On not after 2026-02-28 23:59:59"),
            (("date_sent", "<", "2026-02-01"), "Sent On before 2026-02-01"),
            (("date_sent", "!=", False), "Sent On is not empty"),
            (("amount_total", ">", 100), "Total > 100"),
            (("amount_total", "=", 0), "Total is 0"),
            (("number_search", "ilike", "42"), "Number or Part: “42”"),
            (("partner_id", "child_of", self.azure.id), "Partner is or belongs to Azure Interior"),
            (("partner_id", "ilike", "azure"), "Partner contains “azure”"),
            (("partner_id.name", "not ilike", "azure"), "not (Partner › Name contains “azure”)"),
            (("delivery_ids", "any", [("header", "=", "bcc")]), "Recipients with (As is Bcc)"),
            ((1, "=", 1), "Everything"),
        ):  # fmt: skip
            self.assertEqual(self.words([condition]), words)
            Domain([condition]).validate(self.env["sengerio.mail.document"])

    def test_no_words(self):
        """What has no words is said as it is; nothing is said that is not meant."""
        for condition in (
            ("nothing", "=", 1), ("date_sent.month_number", "=", 2), ("state", "=?", False), ("state", "in", []),
            ("date_sent", "<", False), ("partner_id", "=", True), ("partner_id", "parent_of", self.azure.id),
            ("date_sent", "=", "someday"), ("amount_total", ">", "x"), ("subject", "ilike", ""),
        ):  # fmt: skip
            self.assertIsNone(self.words([("state", "=", "sent"), condition]), condition)
        domain = [("date_sent.month_number", "!=", 13), ("state", "=", "hard_bounce")]
        self.assertEqual(self.searched(domain), str(domain))

    def test_names_that_may_be_seen(self):
        """A name is no way around the rules: of what the user may not see, the number stands."""
        self.azure.company_id = self.second_company
        stranger = new_test_user(
            self.env, "narrow", "base.group_user", company_id=self.company.id, company_ids=[(6, 0, self.company.ids)]
        )
        self.assertEqual(self.words([("partner_id", "=", self.azure.id)], stranger), f"Partner is {self.azure.id}")
        self.assertEqual(self.words([("partner_id", "=", 0)], stranger), "Partner is 0")
