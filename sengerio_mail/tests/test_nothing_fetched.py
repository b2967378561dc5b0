"""Whoever reads a document tells nobody: nothing is fetched from a server, and no link is rewritten."""

import base64
import re
from urllib.parse import parse_qsl, urlsplit

from lxml import html

from odoo.tests import tagged

from ..tools.smtp_session import TOKEN_HEADER
from .common import DocumentMailCase

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FETCHED = ("src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "formaction", "xlink:href")
FETCHING_TAGS = ("iframe", "frame", "object", "embed", "script", "video", "audio", "source", "svg")
STYLE_URL = re.compile(r"url\(|@import|image-set\(", re.IGNORECASE)
TRACKING = re.compile(r"utm_|mc_[ce]id|trk|_hs|gclid|fbclid")
LAYOUT = "mail.mail_notification_layout_with_responsible_signature"
LIGHT_LAYOUT = "mail.mail_notification_light"  # with the company's logo


def fetched(body):
    """Return what a mail program would fetch from a server to show an HTML body."""
    found = []
    for element in html.document_fromstring(body).iter():
        if not isinstance(element.tag, str):
            continue
        found += [
            value for name, value in element.attrib.items() if name in FETCHED and not value.startswith("cid:")
        ]
        if element.tag in FETCHING_TAGS or element.tag == "link" and element.get("rel"):
            found.append(element.tag)
        styles = f"{element.get('style') or ''} {element.text if element.tag == 'style' else ''}"
        found += STYLE_URL.findall(styles)
    return found


@tagged("post_install", "-at_install")
class TestNothingFetched(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.logo = PIXEL
        cls.product.image_1920 = PIXEL
        cls.order = cls.make_order(cls)
        cls.order.write({"user_id": cls.marc.id})

    def record_of(self, template):
        """Return a record that a shipped template is about."""
        if template.model == "sale.order":
            return self.order
        if template.model == "purchase.order":
            return self.make_purchase()
        if template.model == "account.move":
            kind = "out_refund" if "credit" in template.get_external_id()[template.id] else "out_invoice"
            line = (0, 0, {"product_id": self.product.id, "price_unit": 100, "tax_ids": []})
            return self.env["account.move"].create(
                {"move_type": kind, "partner_id": self.azure.id, "invoice_user_id": self.marc.id,
                 "invoice_date": "2026-01-15", "invoice_line_ids": [line]}
            )  # fmt: skip
        if template.model == "account.payment":
            return self.env["account.payment"].create(
                {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.azure.id, "amount": 10}
            )
        invoice = self.env["account.move"].create(  # overdue
            {"move_type": "out_invoice", "partner_id": self.azure.id, "invoice_date": "2026-01-15",
             "invoice_date_due": "2026-01-15", "invoice_line_ids": [(0, 0, {"name": "Chair", "price_unit": 100})]}
        )  # fmt: skip
        invoice.action_post()
        return self.azure

    def send_template(self, template, layout=LAYOUT):
        """Send a shipped template, without its PDF, and return what arrives."""
        template.report_template_ids = False
        template.send_mail(self.record_of(template).id, force_send=True, email_layout_xmlid=layout)
        self.env.flush_all()
        return self.smtp.take()

    def assertPrivate(self, mail):
        body = mail.part("html")
        self.assertEqual(fetched(body), [])
        for link in html.document_fromstring(body).xpath("//@href"):
            parts = urlsplit(link)
            if parts.netloc == "www.odoo.com":  # the layout's "Powered by", the same for all readers of all Odoos
                self.assertEqual(parts.query, "utm_source=db&utm_medium=email")
                continue
            self.assertIn(parts.netloc, ("", urlsplit(self.order.get_base_url()).netloc, "odoo.firm.example"), link)
            self.assertNotRegex(parts.path, "^/r/|^/mail/track")
            self.assertFalse([name for name, _value in parse_qsl(parts.query) if TRACKING.search(name)], link)

    def test_finds(self):
        """What this test looks for, it finds."""
        for body, expected in (
            ('<p><img src="https://x.example/p.gif"></p>', ["https://x.example/p.gif"]),
            ('<p style="background: URL(https://x.example)">x</p>', ["URL("]),
            ('<div><style>@import "x";</style>x</div>', ["@import"]),
            ('<table background="/web/image/1"><tr><td>x</td></tr></table>', ["/web/image/1"]),
            ('<p><img src="cid:1@image"> <a href="https://x.example">x</a></p>', []),
        ):
            self.assertEqual(fetched(body), expected)

    def test_shipped(self):
        """Each template of each type, opening reported where possible: nothing is fetched, no link rewritten."""
        types = self.env["sengerio.mail.document.type"].search([])
        five = ("quotation", "booking_confirmation", "invoice", "credit_note", "supplier_document")
        types.filtered(lambda one: one.code in five).receipt_policy = "both"
        templates = types.template_ids
        self.assertEqual(types.filtered(lambda one: not one.template_ids).mapped("code"), ["other"])
        self.assertGreaterEqual(len(templates), 11)
        for template in templates:
            with self.subTest(template=template.name):
                mails = self.send_template(template)
                self.assertTrue(mails)
                for mail in mails:
                    self.assertTrue(mail.message[TOKEN_HEADER], "it is a document")
                    self.assertPrivate(mail)

    def test_pictures_are_carried(self):
        """The logo of Odoo's other layout and a product's picture are seen all the same: they are in the message."""
        template = self.env.ref("sale.mail_template_sale_confirmation")
        template.body_html = f'<p>A chair:<img src="/web/image/product.product/{self.product.id}/image_128"/></p>'
        mails = self.send_template(template, LIGHT_LAYOUT)
        self.assertEqual(len(mails), 2)
        for mail in mails:
            self.assertPrivate(mail)
            wanted = re.findall(r'src="cid:([^"]+)"', mail.part("html"))
            carried = {part["Content-ID"].strip("<>"): part for part in mail.message.walk() if part["Content-ID"]}
            self.assertEqual(set(wanted), set(carried))
            self.assertEqual(len(carried), 2)
            for part in carried.values():
                self.assertEqual(part.get_content_type(), "image/png")
                self.assertTrue(part.get_content().startswith(b"\x89PNG"))
        self.product.image_1920 = False
        for mail in self.send_template(template):
            self.assertNotIn("<img", mail.part("html"), "no empty frame where there is no picture")

    def test_no_more_than_the_reader_may_see(self):
        """A link to a picture that the reader could not open carries nothing; with its token it does."""
        attachment = self.env["ir.attachment"].create(
            {"name": "secret.png", "raw": base64.b64decode(PIXEL), "res_model": "res.partner", "res_id": self.azure.id}
        )
        token = attachment.generate_access_token()[0]
        template = self.env.ref("sale.email_template_edi_sale")
        elsewhere = "https://cdn.example/photo.png"
        template.body_html = f"""<div>
            <img src="/web/image/{attachment.id}"/><img src="/web/image/res.users/{self.anna.id}/image_128"/>
            <img src="/web/image/{attachment.id}-x/1x1/a.png?access_token={token}"/><img src="{elsewhere}"/></div>"""
        for mail in self.send_template(template):
            self.assertEqual(mail.part("html").count("cid:"), 1)
            self.assertEqual(fetched(mail.part("html")), [elsewhere], "what the company itself put there stays")

    def test_returned_documents(self):
        """So with the mails to the sender about what came back."""
        self.send_template(self.env.ref("sale.email_template_edi_sale"))
        document = self.document_of(self.order)
        report = self.env["ir.attachment"].create({"name": "report.eml", "raw": b"report"})
        document._mail_return(self.marc, document.delivery_ids, report)
        document._mail_storm(self.marc)
        self.env["mail.mail"].search([("email_to", "ilike", "marc@firm.example"), ("state", "=", "outgoing")]).send()
        mails = self.smtp.take()
        self.assertEqual(len(mails), 2)
        for mail in mails:
            self.assertPrivate(mail)

    def test_jobs(self):
        """So with the mails that tell of an export and an import that are ready or failed."""
        self.marc.group_ids += self.env.ref("sengerio_mail.sengerio_mail_group_administrator")
        self.marc.group_ids += self.env.ref("base.group_allow_export")
        for name, values in (
            ("export", {"content": "addresses"}), ("import", {"file": base64.b64encode(b"x"), "filename": "x.csv"}),
        ):  # fmt: skip
            for state, error in (("done", False), ("failed", "The file cannot be read.")):
                with self.subTest(name=name, state=state):
                    job = self.env[f"sengerio.mail.{name}"].with_user(self.marc).create(values).sudo()
                    job._finish(state, error)
                    self.env.flush_all()
                    [mail] = self.smtp.take()
                    self.assertEqual(mail.rcpt, ["marc@firm.example"])
                    self.assertIn(f"Your {name}", mail.message["Subject"])
                    self.assertPrivate(mail)
