"""Large registers, made by a job: in files, resumed after a crash, with their owner's rights."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import DeadlockDetected, ForeignKeyViolation, SerializationFailure

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.sengerio_mail.models import sengerio_mail_import

from .test_address_import import AddressImportCase
from .test_register import RegisterCase, read, table
from .test_tables import csv_file

JOB_LOGGER = "odoo.addons.sengerio_mail.models.sengerio_mail_job"


@tagged("post_install", "-at_install")
class TestRegisterBackground(RegisterCase):
    def numbers(self, export):
        """Return the numbers of the documents in each file."""
        files = export.attachment_ids.sorted("id")
        return [[row["Number"].value for row in table(read(file.raw)["Documents"])] for file in files]

    def queued(self, count=1, part=1000, **values):
        """Return an export of so many documents that waits for the scheduled action."""
        documents = [self.make_document(reference=f"R{number}") for number in range(count)]
        export = self.export(selected_ids=[document.id for document in documents], **values)
        with self._background(part=part):
            export.action_export()
        return export.sudo()

    def writing(self, act):
        """Have something happen before each file: ``act`` gets the environment and the number of the file."""
        register = type(self.env["sengerio.mail.register"])
        original = register._write_workbook
        calls = []

        def write(self, *args, **options):
            calls.append(None)
            act(self.env, len(calls))
            return original(self, *args, **options)

        return patch.object(register, "_write_workbook", write)

    def message(self, export):
        """Return the message that told of the end."""
        return self.env["mail.message"].search([("model", "=", export._name), ("res_id", "=", export.id)])

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
        self.assertEqual(self.numbers(export), [["R0", "R1"], ["R2", "R3"], ["R4"]])
        file = export.attachment_ids.sorted("id")[1]
        facts = {row[0].value: row[1].value for row in read(file.raw)["About"].iter_rows()}
        self.assertEqual(facts["File"], "2 of 3")
        message = self.message(export)
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
        self.assertIn("3 attempts: the server stopped", again.error)

    def test_what_may_pass(self):
        """What the database refuses for what others do is tried again soon, and what was done is kept."""

        def clash(env, number):
            if number == 2:
                raise SerializationFailure("could not serialize access due to concurrent update")

        export, other = self.queued(2, part=1), self.queued(part=1)
        cron = self.env.ref("sengerio_mail.sengerio_mail_export_cron")
        before = self.env["ir.cron.trigger"].search([])
        with self.writing(clash):
            self._run()
        self.assertEqual((export.state, export.attempts, self.numbers(export)), ("running", 1, [["R0"]]))
        self.assertEqual(cron.failure_count, 0)
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - before
        now = fields.Datetime.now()
        self.assertTrue(now < trigger.call_at <= now + timedelta(minutes=1))
        self._run()
        self.assertEqual((export.state, self.numbers(export)), ("done", [["R0"], ["R1"]]))
        self.assertEqual(other.state, "done")

    def test_what_does_not_pass(self):
        """After three attempts it is given up, and why is said."""

        def clash(env, number):
            raise DeadlockDetected("deadlock detected")

        export = self.queued()
        with self.writing(clash):
            self._run()
            self._run()
            self.assertEqual((export.state, export.attempts), ("running", 2))
            with self.assertLogs(JOB_LOGGER, "ERROR"):
                self._run()
        self.assertEqual((export.state, export.error), ("failed", "Given up after 3 attempts: deadlock detected"))
        self.assertIn("deadlock detected", self.message(export).body)

    def test_limit_of_time(self):
        """Where the time of other jobs brought a worker to its limit, the work goes on soon."""

        def stop(env, number):
            if number == 1:
                raise Exception("CPU time limit exceeded.")  # noqa: TRY002

        export = self.queued()
        with self.writing(stop):
            self._run()
            self.assertEqual((export.state, export.attempts), ("running", 1))
            self._run()
        self.assertEqual(export.state, "done")

    def test_other_errors(self):
        """Any other error ends the work at once; its owner is told, the next work is done."""

        def fail(env, number):
            if number == 1:
                env["res.partner"].sudo().create({"name": "Half Done"})
                raise error

        for error, words in (
            (ValueError("boom"), "An unexpected error; the server's log says more: boom"),
            (ZeroDivisionError(), "An unexpected error; the server's log says more: ZeroDivisionError"),
            (ForeignKeyViolation("insert or update"), "What the work needs was removed meanwhile."),
        ):
            with self.subTest(error=error):
                export, other = self.queued(), self.queued()
                with self.writing(fail), self.assertLogs(JOB_LOGGER, "ERROR") as logs:
                    self._run()
                self.assertIn("Traceback", logs.output[0])
                self.assertEqual((export.state, export.error), ("failed", words))
                self.assertFalse(export.attachment_ids)
                self.assertFalse(self.env["res.partner"].search([("name", "=", "Half Done")]))
                self.assertEqual(self.message(export).notified_partner_ids, self.clerk.partner_id)
                self.assertEqual(other.state, "done")

    def test_language_is_gone(self):
        """Whose language is not installed any more gets the export in the own one, or in English."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.clerk.lang = "fr_FR"
        export, other = self.queued(), self.queued()
        export.lang = "xx_XX"
        self.assertEqual(export._as_owner().env.lang, "fr_FR")
        self.clerk.lang = "en_US"
        other.lang = "fr_FR"
        self.env["res.lang"].search([("code", "=", "fr_FR")]).active = False
        self._run()
        for job in export, other:
            self.assertEqual((job.state, len(self.message(job))), ("done", 1))
            self.assertEqual(job._as_owner().env.lang, "en_US")

    def test_nobody_can_be_told(self):
        """The work has ended, even if the message about it fails."""
        for error, state in ((False, "done"), (ValueError("boom"), "failed")):
            with self.subTest(state=state):
                export = self.queued()

                def fail(env, number, error=error):
                    if error:
                        raise error

                cannot = patch.object(type(export), "_news", side_effect=KeyError("no news"))
                with cannot, self.writing(fail), self.assertLogs(JOB_LOGGER, "ERROR"):
                    self._run()
                self.assertEqual((export.state, len(export.attachment_ids)), (state, 0 if error else 1))
                self.assertFalse(self.message(export))

    def test_larger_files(self):
        """Nothing is missing when the size of the files is changed between two of them."""

        def enlarge(env, number):
            env["ir.config_parameter"].sudo().set_param("sengerio_mail.export_part", 3)

        export = self.queued(5, part=1)
        with self.writing(enlarge):
            self._run()
        self.assertEqual(self.numbers(export), [["R0"], ["R1", "R2", "R3"], ["R4"]])
        self.assertEqual((export.state, export.done), ("done", 5))
        names = export.attachment_ids.sorted("id").mapped("name")[1:]
        self.assertEqual([name.rpartition(" ")[2] for name in names], ["2-3.xlsx", "3-3.xlsx"])

    def test_more_meanwhile(self):
        """What was asked for is not crowded out by what fits the search only later."""
        documents = [self.make_document(reference=f"R{number}", subject="X") for number in range(3)]
        documents[1].state = "failed"
        export = self.export(domain="[('subject', '=', 'X')]", with_sent=True)
        with self._background(part=1):
            export.action_export()
        self.assertEqual(export.total, 2)
        with self.writing(lambda env, number: documents[1].with_env(env).sudo().write({"state": "sent"})):
            self._run()
        self.assertEqual(self.numbers(export), [["R0"], ["R1"], ["R2"]])
        self.assertEqual((export.state, export.done), ("done", 3))

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


@tagged("post_install", "-at_install")
class TestImportBackground(AddressImportCase):
    def test_same_address_meanwhile(self):
        """Who adds an address that is being imported makes the import fail, in words, and nothing is imported."""
        rows = [["a@x.example", "Azure Interior"], ["b@x.example", "Azure Interior"]]
        import_ = self.start(csv_file(["E-mail", "Partner"], *rows))
        with patch.object(sengerio_mail_import, "DIRECT_MAX", 1):
            import_.action_import()
        original = type(import_)._apply

        def add_before(job, *args, **options):
            job.env.cr.execute(
                "INSERT INTO sengerio_mail_address (partner_id, role, email, bounce_state, active)"
                " VALUES (%s, 'commercial', 'b@x.example', 'none', true)", [self.azure.id],
            )  # fmt: skip
            return original(job, *args, **options)

        meanwhile = patch.object(type(import_), "_apply", add_before)
        unseen = patch.object(type(self.env["sengerio.mail.address"]), "_check_duplicates", lambda *args: None)
        with meanwhile, unseen, mute_logger("odoo.sql_db"), self.assertLogs(JOB_LOGGER, "ERROR"):
            self._run_import()
        message = "This partner has the same address for the same role already."
        self.assertEqual((import_.state, import_.error), ("failed", message))
        found = self.env["sengerio.mail.address"].search([("email", "like", "%@x.example")])
        self.assertFalse(found)

    def _run_import(self):
        with self.enter_registry_test_mode():
            self.env.ref("sengerio_mail.sengerio_mail_import_cron").method_direct_trigger()
        self.env.invalidate_all()
