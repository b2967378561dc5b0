"""Invoices over Peppol are not ours, and what leaves by e-mail beside them is. Where ``account_peppol`` is installed.

Peppol's access point is a service on the internet: its answers are given here as in Odoo's own tests.
"""

import json
from base64 import b64encode
from unittest import SkipTest
from unittest.mock import patch

from requests import Response

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.misc import file_open

from .common_invoices import BOOKS, CLERK, CONTROL, InvoicesCase

OURS, AZURE_ID, UUID = "0477472701", "2718281828", "z" * 36
INVOICE = (
    "busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017"
    "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1"
)


@tagged("post_install", "-at_install")
class TestPeppol(InvoicesCase):
    accepts = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "account_edi_proxy_client.user" not in cls.env or "peppol_endpoint" not in cls.env["res.partner"]:
            raise SkipTest("account_peppol is not installed: tests/test_peppol.py runs this where it is")
        belgium = {"country_id": cls.env.ref("base.be").id, "city": "Namur", "zip": "5000", "street": "Rue 1"}
        cls.env["ir.config_parameter"].set_param("account_peppol.edi.mode", "test")
        cls.company.write(
            {**belgium, "vat": "BE0477472701", "peppol_eas": "0208", "peppol_endpoint": OURS,
             "account_peppol_proxy_state": "receiver"}
        )  # fmt: skip
        cls.handed_over = []
        key = file_open("account_peppol/tests/assets/private_key.pem", "rb").read()
        users = cls.env["account_edi_proxy_client.user"]
        users.create(
            {
                "id_client": "x" * 36, "proxy_type": "peppol", "edi_mode": "test", "refresh_token": "y" * 36,
                "edi_identification": users._get_proxy_identification(cls.company, "peppol"),
                "private_key_id": cls.env["certificate.key"].create({"name": "Key", "content": b64encode(key)}).id,
            }
        )  # fmt: skip
        cls.azure.write({**belgium, "peppol_eas": "0208", "peppol_endpoint": AZURE_ID})
        cls.by_email = cls.env["res.partner"].create({"name": "By E-mail", "email": "mail@x.example"})
        cls.tax = cls.env["account.tax"].search(
            [("company_id", "=", cls.company.id), ("type_tax_use", "=", "sale")], limit=1
        )

    def setUp(self):
        super().setUp()
        self.handed_over.clear()

    def invoice(self, **values):
        """Return a posted invoice with what Peppol asks for."""
        line = Command.create({"name": "Chair", "price_unit": 100, "tax_ids": [Command.set(self.tax.ids)]})
        return self.make_move(invoice_line_ids=[line], **values)

    def methods(self, move, *chosen):
        """Return the value of the wizard's field with these methods chosen."""
        offered = self.wizard(move).sending_method_checkboxes
        return {"sending_method_checkboxes": {name: {**offered[name], "checked": name in chosen} for name in offered}}

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        # OVERRIDE odoo.tests: the answers of Peppol's directory and access point
        answer = Response()
        answer.status_code = 200
        if "/api/peppol/1/lookup" in request.url:
            answer.json = lambda: {
                "result": {"identifier": f"0208:{AZURE_ID}", "smp_base_url": "http://x", "ttl": 60,
                           "service_group_url": "http://x", "services": [{"href": "http://x", "document_id": INVOICE}]}
            }  # fmt: skip
        elif "/api/peppol/1/send_document" in request.url:
            documents = json.loads(request.body)["params"]["documents"]
            if not cls.accepts:
                answer.json = lambda: {"error": {"code": "busy", "message": "not now"}}
                return answer
            cls.handed_over += documents
            answer.json = lambda: {"result": {"messages": [{"message_uuid": UUID}] * len(documents)}}
        else:
            return super()._request_handler(session, request, **options)
        return answer

    def test_alone(self):
        """By Peppol alone: handed over once, no mail, no document."""
        move = self.invoice()
        wizard = self.wizard(move, **self.methods(move, "peppol"))
        wizard.action_send_and_print()
        self.assertEqual(self.smtp.take(), [])
        self.assertFalse(self.document_of(move))
        self.assertEqual([document["receiver"] for document in self.handed_over], [f"0208:{AZURE_ID}"])
        self.assertEqual((move.peppol_move_state, move.peppol_message_uuid), ("processing", UUID))

    def test_beside_email(self):
        """By both, as Odoo proposes: handed over once, and mailed by our rules, which the wizard shows."""
        move = self.invoice()
        wizard = self.wizard(move)
        self.assertEqual(set(wizard.sending_methods), {"email", "peppol"})
        shown = [tag["email"] for header in ("to", "bcc") for tag in wizard.sengerio_recipients[header]]
        self.assertEqual(shown, [BOOKS, CONTROL, CLERK])
        wizard.action_send_and_print()
        mails = self.smtp.take()
        self.assertEqual([mail.rcpt for mail in mails], [[BOOKS, CONTROL], [CLERK]])
        self.assertIn("Peppol", mails[0].part("html"))  # Odoo's layout says so
        self.assertLedger(
            self.document_of(move), [("to", BOOKS, "sent"), ("to", CONTROL, "sent"), ("bcc", CLERK, "sent")]
        )
        self.assertEqual((len(self.handed_over), move.peppol_move_state), (1, "processing"))

    def test_batch(self):
        """A batch by the job: each by its own ways, whoever is not on Peppol by e-mail alone."""
        moves = self.invoice() | self.invoice(partner=self.by_email)
        mails = self.run_batch(moves)
        rcpts = [mail.rcpt for mail in mails]
        self.assertCountEqual(rcpts, [[BOOKS, CONTROL], [CLERK], ["mail@x.example"], [CLERK]])
        self.assertEqual([document["receiver"] for document in self.handed_over], [f"0208:{AZURE_ID}"])
        self.assertEqual([self.document_of(move).state for move in moves], ["sent", "sent"])
        self.assertEqual(moves.mapped("peppol_move_state"), ["processing", False])

    def test_refused(self):
        """Where Peppol takes nothing, Odoo says so, and mails nothing either."""
        move = self.invoice()
        with patch.object(type(self), "accepts", False), self.assertRaisesRegex(UserError, "not now"):
            self.wizard(move).action_send_and_print()
        self.assertEqual((self.smtp.take(), self.document_of(move)), ([], self.env["sengerio.mail.document"]))
