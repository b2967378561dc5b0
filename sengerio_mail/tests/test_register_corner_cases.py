"""Exports and their jobs when something happens meanwhile, and with odd criteria."""

from datetime import datetime
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from .test_register import RegisterCase, table


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

    def test_midnights(self):
        """A day begins at its first midnight where clocks are put back over it, and without one where there is none."""
        for zone, day, moments, expected in (
            # 01:00 is 00:00 again
            ("America/Havana", "2026-11-01", [(11, 1, 3, 59), (11, 1, 4, 0), (11, 1, 5, 0)], [False, True, True]),
            # 00:00 is 01:00
            ("America/Havana", "2026-03-08", [(3, 8, 4, 59), (3, 8, 5, 0)], [False, True]),
        ):
            self.clerk.tz = zone
            documents = [self.make_document(date_sent=datetime(2026, *moment)) for moment in moments]
            counts = [self.export(selected_ids=one.ids, date_from=day)._count() for one in documents]
            self.assertEqual(counts, expected, (zone, day))

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
