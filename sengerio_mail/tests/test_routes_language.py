"""By every way, a document speaks the customer's language, whoever sends it."""

from odoo.tests import tagged

from .common_routes import RoutesCase
from .test_routes import ROUTES

MARK = "En français :"


@tagged("post_install", "-at_install")
class TestRoutesLanguage(RoutesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.azure.lang = "fr_FR"
        models = ("sale.order", "account.move", "account.payment", "purchase.order", "payment.transaction")
        for template in cls.env["mail.template"].search([("model", "in", models)]):
            template.with_context(lang="fr_FR").subject = f"{MARK} {template.subject}"

    def test_language(self):
        """The subject that leaves and the one that is listed are French; users and jobs are not."""
        self.assertEqual({self.anna.lang, self.marc.lang, self.env.ref("base.user_root").lang}, {"en_US"})
        for route in ROUTES:
            with self.subTest(route=route.name):
                records, mails = self.leave_by(route)
                self.assertEqual(len(mails), len(records) * (2 if route.blind else 1))
                for mail in mails:
                    self.assertTrue(str(mail.message["Subject"]).startswith(MARK), mail.message["Subject"])
                for record in records:
                    self.assertTrue(self.document_of(record).subject.startswith(MARK))
