"""Exports and their jobs when something happens meanwhile, and with odd criteria."""

import io
import zoneinfo
from datetime import date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .test_register import RegisterCase, read, table


@tagged("post_install", "-at_install")
class TestRegisterCornerCases(RegisterCase):
    def queued(self, **values):
        """Return an export that waits for the scheduled action."""
        export = self.export(selected_ids=self.make_document().ids, **values)
        with self._background():
            export.action_export()
        return export.sudo()

    def test_archived_meanwhile(self):
        """Of a user who is archived nothing is exported any more."""
        export = self.queued()
        self.clerk.active = False
        self._run()
        self.assertEqual((export.state, export.error), ("failed", "Clara Clerk is archived."))
        self.assertFalse(export.attachment_ids)

    def test_user_is_removed(self):
        """A job of a user who was removed ends without anybody to tell."""
        user = new_test_user(
            self.env, "leaver", "base.group_user,base.group_allow_export",
            company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )  # fmt: skip
        document = self.make_document(sender_id=user.id)
        export = self.export(user, selected_ids=document.ids)
        with self._background():
            export.action_export()
        user.unlink()
        self._run()
        self.assertEqual((export.sudo().state, export.sudo().attachment_ids.ids), ("failed", []))

    def test_removed_at_work(self):
        """Who does not want an export any more may remove it, while it is made too; the next one is made."""
        removed, wanted = self.queued(), self.queued()
        register = type(self.env["sengerio.mail.register"])
        original = register._write_workbook

        def remove(self, *args, **options):
            written = original(self, *args, **options)
            removed.with_env(self.env).sudo().unlink()
            return written

        with patch.object(register, "_write_workbook", remove):
            self._run()
        self._run()
        self.assertFalse(removed.exists())
        self.assertEqual(wanted.state, "done")

    def test_type_is_archived(self):
        """The chosen types stay chosen when one of them is archived."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        documents = self.make_document() | self.make_document(type_id=quotation.id)
        export = self.export(selected_ids=documents.ids, type_ids=self.type.ids)
        self.type.active = False
        self.env.invalidate_all()
        self.assertEqual(export._count(), 1)
        book = self.workbook(documents, type_ids=self.type.ids)
        self.assertEqual([row["Type"].value for row in table(book["Documents"])], ["Invoice"])
        facts = {row[0].value: row[1].value for row in book["About"].iter_rows()}
        self.assertEqual(facts["Document Types"], "Invoice")

    def test_for_ever(self):
        """The first and the last day that there are mean no limit."""
        document = self.make_document()
        export = self.export(selected_ids=document.ids, date_from="0001-01-01", date_to="9999-12-31")
        self.assertEqual(export._count(), 1)

    def test_type_of_another_company(self):
        """The chosen types stay chosen where their company is not asked for, or is the owner's no more."""
        self.clerk.company_ids |= self.second_company
        own = self.type.copy({"name": "Second Firm's Invoice", "company_id": self.second_company.id})
        ours = self.make_document() | self.make_document(type_id=own.id, reference="INV/2")
        values = {"selected_ids": ours.ids, "type_ids": own.ids, "company_ids": self.company.ids}
        queued, direct = self.export(**values), self.export(**values)
        with self._background():
            queued.action_export()
        for companies in self.company | self.second_company, self.company:
            self.clerk.company_ids = companies
            self.env.invalidate_all()
            self.assertEqual(direct._count(), 1)
            file = io.BytesIO()
            self.env.invalidate_all()
            direct._as_owner()._write_part(file)
            self.assertTypes(file.getvalue(), own)
        self._run()
        self.assertTypes(queued.sudo().attachment_ids.raw, own)

    def assertTypes(self, content, document_type):  # noqa: N802
        """The workbook has one document of a type, and says so."""
        book = read(content)
        self.assertEqual([row["Type"].value for row in table(book["Documents"])], [document_type.name])
        facts = {row[0].value: row[1].value for row in book["About"].iter_rows()}
        self.assertEqual(facts["Document Types"], document_type.name)

    def test_companies(self):
        """Of the user's companies those that are chosen are exported, with what is of no company."""
        self.clerk.company_ids |= self.second_company
        documents = (
            self.make_document(reference="first") | self.make_document(reference="none", company_id=False)
            | self.make_document(reference="second", company_id=self.second_company.id)
        )  # fmt: skip
        exports = self.env["sengerio.mail.export"].with_user(self.clerk)
        both = (self.company | self.second_company).ids
        for left_out, numbers, companies in (
            (None, ["first", "none", "second"], ["Firm", "Second Firm"]),
            (self.company, ["none", "second"], ["Second Firm"]),
            (self.second_company, ["first", "none"], ["Firm"]),
        ):
            with self.subTest(companies=companies):
                form = Form(
                    exports.with_context(
                        active_model=documents._name, active_ids=documents.ids, allowed_company_ids=both
                    )
                )
                if left_out:
                    form.company_ids.remove(id=left_out.id)
                export = form.save()
                self.assertEqual(export._count(), len(numbers))
                file = io.BytesIO()
                export._as_owner()._write_part(file)
                book = read(file.getvalue())
                self.assertEqual([row["Number"].value for row in table(book["Documents"])], numbers)
                facts = {row[0].value: row[1].value for row in book["About"].iter_rows()}
                self.assertEqual(sorted(facts["Companies"].split(", ")), companies)

    def test_direct_is_one_file(self):
        """What is made at once is one file, however small the files of a job are."""
        self.env["ir.config_parameter"].set_param("sengerio_mail.export_part", 1)
        export = self.export(selected_ids=(self.make_document() | self.make_document()).ids)
        self.assertEqual(export.action_export()["type"], "ir.actions.act_url")
        self.assertRegex(export._filename(), r"Documents \d{4}-\d\d-\d\d\.xlsx")
        self.assertNotIn("File", [label for label, _text in export._as_owner()._facts()])

    def test_midnights(self):
        """A document is of the day that its row shows, also where midnight comes twice or not at all."""
        for zone, day, moments in (
            # at 01:00 it is 00:00 again: before, in the first and in the second of these hours
            ("Atlantic/Azores", date(2026, 10, 25), ["10-24 23:59", "10-25 00:00", "10-25 00:30", "10-25 01:30"]),
            ("America/Havana", date(2025, 11, 2), ["11-02 03:59", "11-02 04:00", "11-02 04:30", "11-02 05:30"]),
            # at 00:00 it is 01:00
            ("America/Havana", date(2026, 3, 8), ["03-08 04:59", "03-08 05:00"]),
        ):
            self.clerk.tz = zone
            for moment in moments:
                with self.subTest(zone=zone, moment=moment):
                    document = self.make_document(date_sent=datetime.fromisoformat(f"{day.year}-{moment}"))
                    [row] = table(self.workbook(document)["Documents"])
                    shown = row["Sent On"].value.date()
                    self.assertEqual(shown, day if moment != moments[0] else day - timedelta(1))
                    of_day = self.export(selected_ids=document.ids, date_from=day)
                    before = self.export(selected_ids=document.ids, date_to=day - timedelta(1))
                    self.assertEqual((of_day._count(), before._count()), (int(shown == day), int(shown < day)))

    def test_unknown_time_zone(self):
        """Where the time zone means nothing, days are those of UTC, on all pages."""
        document = self.make_document(date_sent=datetime(2026, 1, 31, 23, 59))
        book = self.workbook(document, tz="Mars/Olympus", date_to="2026-01-31")
        self.assertEqual([row["Sent On"].value for row in table(book["Documents"])], [document.date_sent])
        facts = {row[0].value: row[1].value for row in book["About"].iter_rows()}
        self.assertEqual(facts["Time Zone"], "UTC")

    def test_time_zone_that_the_system_has_not(self):
        """Odoo offers names that some systems have given up: the user is told, where days are asked for."""
        self.clerk.tz = "Europe/Kiev"
        self.addCleanup(zoneinfo.reset_tzpath)
        zoneinfo.reset_tzpath(to=[])
        ZoneInfo.clear_cache(only_keys=["Europe/Kiev"])
        export = self.export(selected_ids=self.make_document().ids)
        self.assertEqual(export._count(), 1)
        export.date_from = "2026-01-01"
        with self.assertRaisesRegex(UserError, "Europe/Kiev"):
            export.action_export()

    def test_odd_documents(self):
        """Documents without currency, recipients, partner or people, and negative amounts in three decimals."""
        partner = self.env["res.partner"].create({"name": "Gone"})
        user = new_test_user(self.env, "gone", "base.group_user")
        dinar = self.env.ref("base.KWD")
        documents = (
            self.make_document(currency_id=False)
            | self.make_document(currency_id=dinar.id, amount_total=-1.234)
            | self.make_document(partner_id=partner.id, sender_id=user.id, amount_total=False, reference=False)
            | self.make_document(delivery_ids=[])
        )
        partner.unlink()
        user.unlink()
        book = self.workbook(documents)
        rows = table(book["Documents"])
        names = ("Partner", "Sender", "Number", "Recipients", "Total", "Currency")
        self.assertEqual(
            [[row[name].value for name in names] for row in rows],
            [
                ["Azure Interior", "Marc Junior", "INV/1", "azure@azure.example", None, None],
                ["Azure Interior", "Marc Junior", "INV/1", "azure@azure.example", -1.234, "KWD"],
                [None, None, None, "azure@azure.example", 0, "EUR"],
                ["Azure Interior", "Marc Junior", "INV/1", None, 1234.5, "EUR"],
            ],
        )
        self.assertIn("0.000", rows[1]["Total"].number_format)
        totals = [[cell.value for cell in row] for row in book["About"].iter_rows(max_col=3)]
        for line in (["Invoice", 1, None], ["Invoice", 1, -1.234], ["Total KWD", None, -1.234]):
            self.assertIn(line, totals)
        self.assertEqual(len(table(book["Deliveries"])), 3)
