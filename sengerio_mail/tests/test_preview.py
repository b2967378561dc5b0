"""The PDF of a document, seen in its form."""

import io

from reportlab.pdfgen.canvas import Canvas

from .common_browser import BrowserCase


class TestPreview(BrowserCase):
    def test_first_page(self):
        """Who opens the preview sees the first page of what was sent."""
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        pdf = io.BytesIO()
        canvas = Canvas(pdf)
        for text in ("Quotation for Azure Interior", "Terms"):
            canvas.drawString(100, 700, text)
            canvas.showPage()
        canvas.save()
        # in tests Odoo prints no PDF: what was attached stands for it
        [attachment] = document.attachment_ids
        attachment.raw = pdf.getvalue()
        self.tour("sengerio_mail_preview", document)
