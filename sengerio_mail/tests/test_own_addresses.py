from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.mail.models.mail_alias_domain import MailAliasDomain as Odoo
from odoo.addons.sengerio_mail.models import mail_alias_domain

from .common import DocumentMailCase


@tagged("post_install", "-at_install")
class TestOwnAddresses(DocumentMailCase):
    """Which addresses are Odoo's own is found with fewer questions, and is what Odoo finds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domains = cls.env["mail.alias.domain"]
        cls.alias_domain.default_from = "notifications"
        cls.domains.create({"name": "other.example", "default_from": "hello@elsewhere.example"})
        cls.offers = cls._make_alias("offers")
        cls._make_alias("office", alias_incoming_local=True)
        cls._make_alias(False)

    @classmethod
    def _make_alias(cls, name, **vals):
        return cls.env["mail.alias"].create(
            {
                "alias_name": name, "alias_domain_id": cls.alias_domain.id,
                "alias_model_id": cls.env["ir.model"]._get_id("res.partner"), **vals,
            }
        )  # fmt: skip

    def _assert_as_odoo(self):
        """All addresses together, and each alone."""
        local_parts = ("offers", "Offers", "office", "bounce", "bounce+1", "catchall", "notifications", "hello", "me")
        hosts = ("firm.example", "other.example", "elsewhere.example", "ext.example")
        emails = [f"{local_part}@{host}" for local_part in local_parts for host in hosts]
        emails += ["", False, "offers", "@firm.example", "offers@firm.example@ext.example"]
        found = self.domains._find_aliases(emails)
        self.assertEqual(found, Odoo._find_aliases(self.domains, emails))
        self.assertTrue({"offers@firm.example", "bounce@firm.example", "hello@elsewhere.example"} <= {*found})
        for email in emails:
            self.assertEqual(
                self.domains._find_aliases([email]), Odoo._find_aliases(self.domains, [email]), f"{email!r} alone"
            )

    def test_as_odoo(self):
        self._assert_as_odoo()

    def test_as_odoo_with_domains_named_for_catchall(self):
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", "ext.example")
        self._assert_as_odoo()

    def test_as_odoo_with_many_aliases(self):
        self.patch(mail_alias_domain, "MANY", 2)
        self.assertIsNone(self.domains._sengerio_local_parts())
        self._assert_as_odoo()

    def test_a_stranger_is_asked_about_once(self):
        self.assertEqual(self.domains._find_aliases(["author@ext.example"]), [])
        with self.assertQueryCount(0):
            self.assertEqual(self.domains._find_aliases(["author@ext.example", "customer@ext.example"]), [])

    def test_changes_in_the_same_transaction(self):
        """An address that becomes Odoo's own after it was asked about is its own from then on."""

        def assert_own(*emails):
            asked = ["new@firm.example", "renamed@firm.example", "returns@firm.example", "bounce@third.example"]
            self.assertEqual(self.domains._find_aliases(asked), [*emails])

        assert_own()
        self._make_alias("new")
        assert_own("new@firm.example")
        self.offers.alias_name = "renamed"
        assert_own("new@firm.example", "renamed@firm.example")
        self.alias_domain.bounce_alias = "returns"
        assert_own("new@firm.example", "renamed@firm.example", "returns@firm.example")
        self.domains.create({"name": "third.example", "bounce_alias": "bounce"})
        assert_own("new@firm.example", "renamed@firm.example", "returns@firm.example", "bounce@third.example")

    def test_changes_taken_back(self):
        """What was read within a savepoint is not kept after it was taken back."""
        asked = ["offers@firm.example", "notifications@firm.example"]
        self.assertEqual(self.domains._find_aliases(asked), asked)
        savepoint = self.env.cr.savepoint()
        self.offers.alias_name = "renamed"
        self.alias_domain.default_from = False
        self.assertEqual(self.domains._find_aliases(asked), [])
        savepoint.close(rollback=True)
        self.assertEqual(self.domains._find_aliases(asked), asked)

    def test_a_change_that_is_refused(self):
        """What Odoo refuses after it has written it, and the caller goes on with, counts as for Odoo."""
        self.domains._find_aliases(["author@ext.example"])
        email = "me@firm.example"
        me = self.env["res.users"].create({"name": "Me", "login": email, "email": email})
        self.env["ir.mail_server"].create(
            {"name": "Mine", "smtp_host": "smtp.firm.example", "owner_user_id": me.id, "from_filter": email}
        )
        refused = False
        try:
            self.alias_domain.default_from = email
        except UserError:  # assertRaises() would go back to a savepoint
            refused = True
        asked = [email, "notifications@firm.example"]
        self.assertTrue(refused)
        self.assertEqual(self.domains._find_aliases(asked), Odoo._find_aliases(self.domains, asked))

    def test_without_addresses(self):
        with self.assertQueryCount(0):
            self.assertEqual(self.domains._find_aliases([]), [])
            self.assertEqual(self.domains._find_aliases([False, ""]), [])

    def test_another_module_judges(self):
        """Who is Odoo's own for another module stays it."""
        gateway = ["gateway@ext.example"]
        self.patch(Odoo, "_find_aliases", lambda domains, emails: [email for email in emails if email in gateway])
        self.assertEqual(self.domains._find_aliases(["customer@ext.example", *gateway]), gateway)
