"""Large registers, made by a job: in files, resumed after a crash, with their owner's rights."""

from unittest.mock import patch

from odoo.tests import tagged

from .test_register import RegisterCase, read, table


@tagged("post_install", "-at_install")
class TestRegisterBackground(RegisterCase):
    def test_background(self):
        """A large export is made by a job in files, and its owner is told."""
        documents = self.env["sengerio.mail.document"].union(
            *(self.make_document(reference=f"R{number}") for number in range(5))
        )
        export = self.export(selected_ids=documents.ids)
        with self._background(part=2):
            action = export.action_export()
        self.assertEqual(action["params"]["next"], {"type": "ir.actions.act_window_close"})
        self.assertEqual(export.state, "queued")
        self._run()
        self.assertEqual((export.state, export.progress, export.done), ("done", 100, 5))
        files = export.attachment_ids.sorted("id")
        numbers = [[row["Number"].value for row in table(read(file.raw)["Documents"])] for file in files]
        self.assertEqual(numbers, [["R0", "R1"], ["R2", "R3"], ["R4"]])
        facts = {row[0].value: row[1].value for row in read(files[1].raw)["About"].iter_rows()}
        self.assertEqual(facts["File"], "2 of 3")
        message = self.env["mail.message"].search([("model", "=", export._name), ("res_id", "=", export.id)])
        self.assertEqual(message.notified_partner_ids, self.clerk.partner_id)
        self.assertIn("5 entries", message.body)

    def test_crash(self):
        """After a crash the work goes on with the file that was being made; after three it is given up."""
        documents = self.make_document(reference="R0") | self.make_document(reference="R1")
        export = self.export(selected_ids=documents.ids)
        with self._background(part=1):
            export.action_export()
        register = type(self.env["sengerio.mail.register"])
        original = register._write_workbook

        def crash_at_second(self, file, domain, facts, **options):
            if options["after_id"]:
                raise MemoryError("killed")
            return original(self, file, domain, facts, **options)

        crashing = patch.object(register, "_write_workbook", crash_at_second)
        with crashing, self.assertLogs("odoo.addons.base.models.ir_cron"):
            self._run()
        self.assertEqual((export.state, len(export.attachment_ids)), ("running", 1))
        self._run()
        self.assertEqual((export.state, len(export.attachment_ids)), ("done", 2))
        again = self.export(selected_ids=documents.ids)
        with self._background(part=10):
            again.action_export()
        again.sudo().write({"state": "running", "attempts": 3})
        self._run()
        self.assertEqual((again.state, len(again.attachment_ids)), ("failed", 0))
        self.assertIn("3 times", again.error)

    def test_rights_are_lost(self):
        """A job does what its owner may do when it is done."""
        export = self.export(selected_ids=self.make_document().ids)
        with self._background():
            export.action_export()
        self.clerk.group_ids -= self.env.ref("base.group_allow_export")
        self._run()
        export_sudo = export.sudo()
        self.assertEqual((export_sudo.state, export_sudo.attachment_ids.ids), ("failed", []))
        self.assertIn("not have the right to export", export_sudo.error)

    def test_vacuum(self):
        """Exports and their files are removed after a week, but not those that wait."""
        old, waiting, young = (self.export(selected_ids=self.make_document().ids) for _number in range(3))
        with self._background():
            old.action_export()
        self._run()
        file = old.attachment_ids
        waiting.sudo().state = "queued"
        self.env.cr.execute(
            "UPDATE sengerio_mail_export SET create_date = now() - interval '8 days' WHERE id IN %s",
            [(old.id, waiting.id)],
        )
        self.env.invalidate_all()
        self.env["sengerio.mail.export"]._gc_jobs()
        self.assertEqual((old | waiting | young).exists(), waiting | young)
        self.assertFalse(file.exists())
