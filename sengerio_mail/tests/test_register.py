"""The register as a workbook: what is in it, for whom, and by which way it comes."""

import io
from datetime import date, datetime
from unittest.mock import patch

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from odoo.addons.sengerio_mail.models import sengerio_mail_export
from odoo.addons.sengerio_mail.tools import spreadsheet

from .common import DocumentMailCase


def read(content):
    """Return a workbook."""
    return load_workbook(io.BytesIO(content))


def table(sheet):
    """Return the rows of a sheet as dictionaries by title, up to the first empty row."""
    titles = [cell.value for cell in sheet[1]]
    rows = []
    for row in sheet.iter_rows(min_row=2):
        if all(cell.value is None for cell in row):
            break
        rows.append(dict(zip(titles, row, strict=True)))
    return rows


class RegisterCase(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "base.group_user,base.group_allow_export"
        companies = {"company_ids": [(6, 0, cls.company.ids)], "company_id": cls.company.id}
        own = "sengerio_mail.sengerio_mail_group_"
        cls.clerk = new_test_user(
            cls.env, "clerk", f"{groups},{own}all_documents", name="Clara Clerk", tz="Europe/Berlin",
            email="clerk@firm.example", **companies,
        )  # fmt: skip
        cls.stranger = new_test_user(cls.env, "stranger", groups, **companies)
        cls.chief = new_test_user(
            cls.env, "chief", f"{groups},{own}administrator,base.group_partner_manager", **companies
        )
        cls.azure.vat = "DE 123"
        cls.type = cls.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")

    def make_document(self, *deliveries, **values):
        """Return a document with deliveries ``(header, address, state)``."""
        return self.env["sengerio.mail.document"].create(
            {
                "type_id": self.type.id, "res_model": "res.partner", "res_id": self.azure.id, "reference": "INV/1",
                "partner_id": self.azure.id, "company_id": self.company.id, "sender_id": self.marc.id,
                "responsible_id": self.anna.id, "subject": "Invoice", "state": "sent",
                "date_sent": datetime(2026, 1, 31, 23, 30), "amount_total": 1234.5,
                "currency_id": self.env.ref("base.EUR").id,
                "delivery_ids": [
                    (0, 0, {"header": header, "email": email, "state": state})
                    for header, email, state in deliveries or [("to", "azure@azure.example", "sent")]
                ],
                **values,
            }
        )  # fmt: skip

    def export(self, user=None, **values):
        """Return an export that a user asks for."""
        user = user or self.clerk
        exports = self.env["sengerio.mail.export"].with_user(user).with_context(
            tz=user.tz, allowed_company_ids=user.company_ids.ids
        )
        return exports.create(values)

    def workbook(self, documents, user=None, **values):
        """Return the workbook that a user gets of some documents."""
        export = self.export(user, **{"selected_ids": documents.ids, **values})
        file = io.BytesIO()
        export._as_owner()._write_part(file)
        return read(file.getvalue())

    def _background(self, **settings):
        """Have every export made in the background, files of so many documents."""
        self.env["ir.config_parameter"].set_param("sengerio_mail.export_part", settings.get("part", 1000))
        return patch.object(sengerio_mail_export, "DIRECT_MAX", 0)

    def _run(self):
        """Run the scheduled action as the scheduler does, until it says that it is done."""
        with self.enter_registry_test_mode():
            self.env.ref("sengerio_mail.sengerio_mail_export_cron").with_user(
                self.env.ref("base.user_root")
            ).method_direct_trigger()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestRegister(RegisterCase):
    def test_documents(self):
        """One typed row for each document, in the order in which they were made."""
        first = self.make_document(
            ("to", "azure@azure.example", "hard_bounce"), ("cc", "c@firm.example", "sent"),
            ("bcc", "b@x.example", "sent"), state="hard_bounce",
        )  # fmt: skip
        first.delivery_ids[0].write({"diagnostic": "550 5.1.1 no such user", "status_code": "5.1.1"})
        yen = self.env.ref("base.JPY")
        yen.position = "before"
        second = self.make_document(
            reference="INV/2", currency_id=yen.id, amount_total=1000, date_sent=False, state="queued"
        )
        book = self.workbook(second | first)
        self.assertEqual(book.sheetnames, ["About", "Documents", "Deliveries"])
        one, two = table(book["Documents"])
        self.assertEqual(
            {title: cell.value for title, cell in one.items()},
            {
                "Sent On": datetime(2026, 2, 1, 0, 30), "Type": "Invoice", "Number": "INV/1",
                "Partner": "Azure Interior", "Tax ID": "DE 123", "Subject": "Invoice",
                "Recipients": "azure@azure.example", "Copies": "c@firm.example, b@x.example", "Sender": "Marc Junior",
                "Responsible": "Anna Senior", "Company": "Firm", "Total": 1234.5, "Currency": "EUR",
                "State": "Bad address", "Reason of Failure": "azure@azure.example: 550 5.1.1 no such user",
                "Odoo": "Open",
            },
        )  # fmt: skip
        self.assertTrue(one["Sent On"].is_date)
        self.assertIn("hh:mm", one["Sent On"].number_format)
        self.assertEqual(one["Total"].number_format, '#,##0.00\N{NO-BREAK SPACE}"€"')
        self.assertEqual(two["Total"].number_format, '"¥"\N{NO-BREAK SPACE}#,##0')
        self.assertEqual(
            one["Odoo"].hyperlink.target, f"https://odoo.firm.example/odoo/sengerio.mail.document/{first.id}"
        )
        self.assertIsNone(two["Sent On"].value)
        self.assertEqual(two["Total"].value, 1000)

    def test_deliveries(self):
        """One row for each recipient, blind copies too: who sees a document sees them."""
        document = self.make_document(
            ("to", "azure@azure.example", "sent"), ("bcc", "b@x.example", "refused"), copy_failed=True
        )
        document.delivery_ids[1].smtp_reply = "550 no"
        rows = table(self.workbook(document)["Deliveries"])
        self.assertEqual(
            [[row[name].value for name in ("Number", "As", "E-mail", "State", "Reason of Failure")] for row in rows],
            [
                ["INV/1", "To", "azure@azure.example", "Sent", None],
                ["INV/1", "Bcc", "b@x.example", "Refused", "550 no"],
            ],
        )
        self.assertEqual(rows[1]["Sent On"].value, datetime(2026, 2, 1, 0, 30))

    def test_layout(self):
        """Headers stay in sight, have filters, and columns fit; totals stand below, outside of the filter."""
        documents = self.make_document() | self.make_document(amount_total=0.1) | self.make_document(amount_total=0.2)
        documents |= self.make_document(currency_id=self.env.ref("base.USD").id, amount_total=7)
        book = self.workbook(documents)
        sheet = book["Documents"]
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertEqual(sheet.auto_filter.ref, "A1:P5")
        self.assertGreaterEqual(sheet.column_dimensions["D"].width, 30)
        self.assertEqual(book["Deliveries"].freeze_panes, "A2")
        self.assertEqual([cell.value for cell in sheet["A"]][5:], [None, "Total EUR", "Total USD"])
        self.assertEqual((sheet["L7"].value, sheet["L7"].number_format), (1234.8, '#,##0.00\N{NO-BREAK SPACE}"€"'))
        self.assertEqual(sheet["L8"].value, 7)

    def test_cover(self):
        """The first page says what was asked for, by whom and when, and sums by type and currency."""
        documents = self.make_document() | self.make_document(amount_total=1)
        book = self.workbook(documents, date_from=date(2026, 1, 1), type_ids=self.type.ids, with_sent=True)
        facts = {row[0].value: row[1].value for row in book["About"].iter_rows()}
        for label, value in (
            ("Documents of", "2 selected ones"), ("Sent from", "2026-01-01"), ("Sent until", "now"),
            ("Companies", "Firm"), ("Document Types", "Invoice"), ("States", "Sent"), ("Exported by", "Clara Clerk"),
            ("Time Zone", "Europe/Berlin"), ("Documents", "2"),
        ):  # fmt: skip
            self.assertEqual(facts[label], value, label)
        self.assertIsInstance(facts["Exported On"], datetime)
        totals = [[cell.value for cell in row] for row in book["About"].iter_rows(min_row=14, max_col=3)]
        self.assertIn(["Invoice", 2, 1235.5], totals)
        self.assertIn(["Total EUR", None, 1235.5], totals)

    def test_text_is_text(self):
        """Nothing that a customer is called becomes a formula, a number or markup."""
        texts = [
            "=1+1", "@SUM(A1)", "+49 30 123", "-1", "https://x.example", "0012", "<r>x</r>", "a\x0bb", "x" * 40_000,
            '=HYPERLINK("http://x.example","y")', "{=1}", "_x0041_",
        ]  # fmt: skip
        documents = self.env["sengerio.mail.document"].union(
            *(self.make_document(subject=text) for text in texts)
        )
        cells = [row["Subject"] for row in table(self.workbook(documents)["Documents"])]
        self.assertEqual({cell.data_type for cell in cells}, {"s"})
        self.assertTrue(all(cell.hyperlink is None for cell in cells))
        expected = [*texts[:6], "<r>x</r> ", texts[7], "x" * 32_766 + "…", *texts[9:]]
        self.assertEqual([unescape(cell.value) for cell in cells], expected)

    def test_criteria(self):
        """Days are those of the user; states in groups; what was never sent counts by when it was made."""
        january = self.make_document(date_sent=datetime(2026, 1, 31, 22, 59))
        february = self.make_document(date_sent=datetime(2026, 1, 31, 23, 0), state="failed")
        never = self.make_document(date_sent=False, state="queued")
        self.env.cr.execute(
            "UPDATE sengerio_mail_document SET create_date = '2026-02-28 22:59' WHERE id = %s", [never.id]
        )
        order = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        quotation = self.make_document(type_id=order.id, date_sent=datetime(2026, 2, 28, 23, 0))
        every = january | february | never | quotation
        for criteria, expected in (
            ({}, every),
            ({"date_from": "2026-02-01"}, every - january),
            ({"date_to": "2026-01-31"}, january),
            ({"date_from": "2026-02-01", "date_to": "2026-02-28"}, february | never),
            ({"type_ids": order.ids}, quotation),
            ({"with_sent": True}, january | quotation),
            ({"with_failed": True, "with_waiting": True}, february | never),
            ({"domain": "[('state', '=', 'failed')]"}, february),
        ):
            with self.subTest(criteria=criteria):
                export = self.export(selected_ids=every.ids, **criteria)._as_owner()
                found = export.env["sengerio.mail.document"].search(export._get_domain(), order="id")
                self.assertEqual(found.ids, expected.ids)
        with self.assertRaisesRegex(UserError, "no search"):
            self.export(domain="__import__('os')").action_export()
        with self.assertRaisesRegex(UserError, "no search"):
            self.export(domain="[('nothing', '=', 1)]").action_export()

    def test_language(self):
        """Titles and states are in the user's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.clerk.lang = "fr_FR"
        self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", "sengerio.mail.document"), ("value", "=", "sent")]
        ).with_context(lang="fr_FR").name = "Envoyé"
        self.type.with_context(lang="fr_FR").name = "Facture"
        export = self.export(selected_ids=self.make_document().ids, lang="fr_FR")
        file = io.BytesIO()
        export._as_owner()._write_part(file)
        row = [cell.value for cell in read(file.getvalue()).worksheets[1][2]]
        self.assertIn("Envoyé", row)
        self.assertIn("Facture", row)

    def test_access(self):
        """Nobody exports what is not seen in the list: of other companies, of other people; VAT numbers."""
        mine = self.make_document(sender_id=self.stranger.id)
        foreign = self.make_document(company_id=self.second_company.id, sender_id=self.stranger.id)
        other = self.make_document(type_id=self.env.ref("sengerio_mail.sengerio_mail_document_type_other").id)
        others = self.make_document()
        every = mine | foreign | other | others
        for user, count in ((self.stranger, 1), (self.clerk, 2), (self.chief, 3)):
            book = self.workbook(every, user)
            numbers = len(table(book["Documents"])), len(table(book["Deliveries"]))
            self.assertEqual(numbers, (count, count), user.login)
        self.azure.company_id = self.second_company
        [row] = table(self.workbook(mine, self.stranger)["Documents"])
        self.assertEqual((row["Partner"].value, row["Tax ID"].value), ("Azure Interior", None))
        with self.assertRaises(AccessError):
            self.workbook(foreign, self.stranger, company_ids=self.second_company.ids)

    def test_right_to_export(self):
        """Odoo's own right to export holds."""
        export = self.export(selected_ids=self.make_document().ids)
        self.clerk.group_ids -= self.env.ref("base.group_allow_export")
        with self.assertRaises(UserError):
            export._as_owner()._check_may_export()
        with self.assertRaises(AccessError):
            self.export()

    def test_someone_elses(self):
        """An export and its file are their owner's alone, for an administrator too."""
        export = self.export(selected_ids=self.make_document().ids)
        with self._background():
            export.action_export()
        self._run()
        file = export.attachment_ids
        self.assertEqual(len(file), 1)
        self.assertTrue(file.with_user(self.clerk).raw)
        admin = self.env.ref("base.user_admin")
        for user in (self.chief, self.stranger, admin):
            self.assertFalse(self.env["sengerio.mail.export"].with_user(user).search([("id", "=", export.id)]))
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                file.with_user(user).raw  # noqa: B018
            with self.assertRaises(AccessError):
                export.with_user(user).write({"state": "queued"})
        export.with_user(self.clerk).write({"create_uid": admin.id})
        self.assertEqual(export.create_uid, self.clerk)

    def test_from_the_list(self):
        """What is selected in the list, else what was searched for, however many the client could name."""
        context = {"active_model": "sengerio.mail.document", "active_domain": [["state", "=", "sent"]]}
        Export = self.env["sengerio.mail.export"].with_user(self.clerk)
        form = Form(Export.with_context(**context, active_ids=[1, 2]))
        self.assertEqual(form.selected_count, 2)
        form = Form(Export.with_context(**context, active_ids=[]))
        self.assertEqual((form.domain, form.selected_ids), ("[['state', '=', 'sent']]", False))
        form = Form(Export.with_context(**context, active_ids=list(range(1, 20_001))))
        self.assertEqual(form.domain, "[['state', '=', 'sent']]")
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "3")
        for count, selected in ((2, 2), (3, 0), (4, 4)):  # four: ticked by hand
            form = Form(Export.with_context(**context, active_ids=list(range(1, count + 1))))
            self.assertEqual((form.selected_count, form.domain == "[]"), (selected, bool(selected)))

    def test_many_batches(self):
        """Nothing is lost or doubled between the batches in which documents are read, nor between sheets."""
        documents = self.env["sengerio.mail.document"].union(
            *(self.make_document(reference=f"R{number}") for number in range(7))
        )
        register = "odoo.addons.sengerio_mail.models.sengerio_mail_register"
        with patch(f"{register}.BATCH", 2), patch.object(spreadsheet, "ROWS_MAX", 4), \
                patch.object(spreadsheet, "LINKS_MAX", 2):  # fmt: skip
            book = self.workbook(documents)
        self.assertEqual(
            book.sheetnames,
            ["About", "Documents", "Deliveries", "Documents (2)", "Deliveries (2)", "Documents (3)", "Deliveries (3)"],
        )
        numbers = [row["Number"].value for name in book.sheetnames[1::2] for row in table(book[name])]
        self.assertEqual(numbers, [f"R{number}" for number in range(7)])
        self.assertEqual([cell.value for cell in book["Documents"]["P"]][1:3], ["Open", "Open"])
        self.assertRegex(book["Documents"]["P4"].value, r'=HYPERLINK\("https://odoo.*/\d+","Open"\)')


@tagged("post_install", "-at_install")
class TestDownload(HttpCase, RegisterCase):
    def test_download(self):
        """The browser gets a workbook; of someone else's export nobody gets anything."""
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())
        export = self.export(selected_ids=self.make_document().ids)
        action = export.action_export()
        self.assertEqual(action["url"], f"/sengerio_mail/export/{export.id}")
        self.authenticate("clerk", "clerk")
        answer = self.url_open(action["url"])
        self.assertEqual(answer.headers["Content-Type"], spreadsheet.MIMETYPE)
        self.assertEqual(int(answer.headers["Content-Length"]), len(answer.content))
        self.assertRegex(answer.headers["Content-Disposition"], r"attachment; filename\*=UTF-8''Documents%20.*\.xlsx")
        self.assertEqual(table(read(answer.content)["Documents"])[0]["Number"].value, "INV/1")
        for login in ("stranger", "chief", "admin"):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(action["url"]).status_code, 404, login)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(action["url"]).url)

    def test_refused(self):
        """What cannot be exported is said in words; what is too large for a download is not made by one."""
        export = self.export(selected_ids=self.make_document().ids)
        self.authenticate("clerk", "clerk")
        self.env["ir.config_parameter"].set_param("sengerio_mail.export_direct", "1")
        export.selected_ids = (self.make_document() | self.make_document()).ids
        self.assertEqual(self.url_open(f"/sengerio_mail/export/{export.id}").status_code, 404)
        for values, words in (
            ({"domain": "[('nothing', '=', 1)]"}, "is no search for documents"),
            ({"domain": "[]", "company_ids": [(6, 0, self.second_company.ids)]}, "unauthorized or invalid companies"),
        ):
            export.sudo().write(values)
            answer = self.url_open(f"/sengerio_mail/export/{export.id}")
            self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (400, "text/plain; charset=utf-8"))
            self.assertIn(words, answer.text)
