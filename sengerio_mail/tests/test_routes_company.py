"""By every way, a document is that of its record's company, whichever company its sender works for."""

from odoo.tests import tagged

from .common_routes import ACCOUNTING, AZURE, COMMERCIAL, MANAGEMENT, RoutesCase
from .test_routes import MARC, ROUTES

BOUNCE, THREAD = "bounce@second.example", "catchall@second.example"
ADDRESSES = {
    role: f"{role}.second@azure.example" for role in ("commercial", "accounting", "management")
}
TO = {
    tuple(COMMERCIAL): [AZURE, ADDRESSES["commercial"]],
    tuple(ACCOUNTING): [ADDRESSES["accounting"]],
    tuple(MANAGEMENT): [ADDRESSES["management"]],
}


@tagged("post_install", "-at_install")
class TestRoutesCompany(RoutesCase):
    """Anna and Marc work for the first company, and have the second one selected too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_company.alias_domain_id = cls.env["mail.alias.domain"].create(
            {"name": "second.example", "bounce_alias": "bounce", "catchall_alias": "catchall",
             "default_from": "notifications"}
        )  # fmt: skip
        cls.mail_server.from_filter = "firm.example,second.example"
        cls.env["account.chart.template"].try_loading("generic_coa", cls.second_company, install_demo=False)
        for role, email in ADDRESSES.items():
            cls.add_address(cls, cls.azure, role, email, company_id=cls.second_company.id)
        line = cls.env["account.payment.method.line"].search([("payment_provider_id", "=", cls.provider.id)])
        line.payment_provider_id = False
        cls.provider.company_id = cls.second_company
        journal = cls.env["account.journal"].create(
            {"name": "Online", "type": "bank", "code": "ONL2", "company_id": cls.second_company.id}
        )
        line.copy({"journal_id": journal.id, "payment_provider_id": cls.provider.id})
        both = [cls.company.id, cls.second_company.id]
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": both})

    def make_order(self, partner=None, user=None, **values):
        return super().make_order(partner, user, company_id=self.second_company.id, **values)

    def make_purchase(self, **values):
        return super().make_purchase(company_id=self.second_company.id, **values)

    def make_move(self, move_type="out_invoice", **values):
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.second_company.id)], limit=1
        )
        return super().make_move(move_type, journal_id=journal.id, **values)

    def test_company(self):
        """Its addresses, its bounce and catchall aliases, its name in the list."""
        for route in ROUTES:
            with self.subTest(route=route.name):
                records, mails = self.leave_by(route)
                expected = [sorted(TO[tuple(route.to)]), *([[route.blind]] if route.blind else [])]
                self.assertCountEqual([sorted(mail.rcpt) for mail in mails], expected * len(records))
                for mail in mails:
                    self.assertEqual((mail.mail_from, mail.addresses("Reply-To")), (BOUNCE, [MARC, THREAD]))
                for record in records:
                    document = self.document_of(record)
                    self.assertEqual((record.company_id, document.company_id), (self.second_company,) * 2)
                    self.assertEqual(document.sender_id.login, route.sender)
