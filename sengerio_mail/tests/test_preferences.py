"""Copies in the own preferences: what a user without further rights sets, and what not by any way round."""

from contextlib import suppress

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import DocumentMailCase


@tagged("post_install", "-at_install")
class TestPreferences(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "clerk", "base.group_user", name="Carla Clerk", email="carla@firm.example",
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)],
        )  # fmt: skip

    def preferences(self, user=None):
        """Open the own preferences."""
        user = user or self.clerk
        return Form(user.with_user(user), view="base.view_users_form_simple_modif")

    def colleague(self, **values):
        return {"direction": "sent_by", "header": "cc", "copy_partner_id": self.anna.partner_id.id, **values}

    def test_own_copies(self):
        """A user without further rights adds, changes and removes colleagues in Cc of the own mail."""
        with self.preferences() as form, form.sengerio_copy_ids.new() as copy:
            copy.copy_partner_id = self.anna.partner_id
        copy = self.clerk.partner_id.sengerio_copy_ids
        self.assertEqual((copy.direction, copy.header, copy.copy_partner_id), ("sent_by", "cc", self.anna.partner_id))
        with self.preferences() as form, form.sengerio_copy_ids.edit(0) as row:
            row.copy_partner_id = self.marc.partner_id
        self.assertEqual(copy.copy_partner_id, self.marc.partner_id)
        with self.preferences() as form:
            form.sengerio_copy_ids.remove(0)
        self.assertFalse(copy.exists())

    def test_rules_hold_in_preferences(self):
        """Preferences are written as superuser; what is an administrator's is refused all the same."""
        mandatory = self.add_copy(self.clerk.partner_id, **self.colleague(mandatory=True))
        others = self.add_copy(self.marc.partner_id, **self.colleague())
        for command in (
            Command.create(self.colleague(header="bcc")),
            Command.create(self.colleague(mandatory=True)),
            Command.create(self.colleague(copy_partner_id=self.john.id)),
            Command.create(self.colleague(copy_partner_id=False, email="out@x.example")),
            Command.create(self.colleague(copy_partner_id=False, copy_field="user_id")),
            Command.update(mandatory.id, {"mandatory": False}),
            Command.update(mandatory.id, {"active": False}),
            Command.delete(mandatory.id),
            Command.unlink(mandatory.id),
            Command.clear(),
            Command.set([]),
            Command.update(others.id, {"copy_partner_id": self.clerk.partner_id.id}),
            Command.delete(others.id),
            Command.link(others.id),
        ):
            with self.subTest(command=command):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    self.clerk.with_user(self.clerk).write({"sengerio_copy_ids": [command]})
                self.env.invalidate_all()
                self.assertEqual(self.clerk.partner_id.sengerio_copy_ids, mandatory)
                self.assertTrue(mandatory.mandatory and mandatory.active)
                self.assertEqual(others.partner_id, self.marc.partner_id)

    def test_types_by_way_of_copies(self):
        """Who sets the own copies neither changes, adds nor removes document types by them, nor what these refer to."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        template = quotation.template_ids[0]
        copy = self.add_copy(self.clerk.partner_id, **self.colleague(), document_type_ids=[Command.link(quotation.id)])
        types = self.env["sengerio.mail.document.type"].search([])
        subject = template.subject
        evil = {"name": "Evil", "code": "evil", "reply_to_policy": "fixed", "reply_to_email": "eve@evil.example"}
        mine = self.clerk.with_user(self.clerk)
        for nested in (
            Command.update(quotation.id, evil),
            Command.update(quotation.id, {"template_ids": [Command.update(template.id, {"subject": "Evil"})]}),
            Command.delete(quotation.id),
            Command.create(evil),
        ):
            values = {"document_type_ids": [nested]}
            for command in (Command.update(copy.id, values), Command.create(self.colleague(**values))):
                with self.subTest(command=command):
                    # of a new copy, Odoo may take what is nested for a change of what is not saved
                    with suppress(AccessError), self.cr.savepoint():
                        mine.write({"sengerio_copy_ids": [command]})
                        self.assertEqual(command[0], Command.CREATE)
                    self.env.invalidate_all()
                    self.assertEqual(self.env["sengerio.mail.document.type"].search([]), types)
                    self.assertNotEqual(quotation.reply_to_policy, "fixed")
                    self.assertEqual(template.subject, subject)
            with self.assertRaises(AccessError), self.cr.savepoint():
                copy.with_user(self.clerk).write(values)
        invoice = self.env.ref("sengerio_mail.sengerio_mail_document_type_invoice")
        mine.write({"sengerio_copy_ids": [Command.update(copy.id, {"document_type_ids": [Command.set(invoice.ids)]})]})
        self.assertEqual(copy.document_type_ids, invoice)

    def test_portal(self):
        """A portal user sets no copies and no addresses, and sees none."""
        portal = new_test_user(self.env, "portal", "base.group_portal", email="portal@x.example")
        secret = self.add_copy(portal.partner_id, header="bcc", email="secret@firm.example")
        mine = portal.with_user(portal)
        for values in (
            {"sengerio_copy_ids": [Command.create(self.colleague())]},
            {"sengerio_copy_ids": [Command.delete(secret.id)]},
            {"sengerio_paste": "a@x.example"},
            {"sengerio_address_ids": [Command.create({"email": "a@x.example"})]},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError), self.cr.savepoint():
                mine.write(values)
        self.assertTrue(secret.exists())
        for name in ("sengerio_copy_ids", "sengerio_address_ids", "sengerio_inherited", "sengerio_paste"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                mine.read([name])

    def test_locks_are_shown(self):
        """What the user may not change is locked and says why; the role addresses are to be read alone."""
        self.add_address(self.clerk.partner_id, "accounting", "carla.books@firm.example")
        for values in ({}, {"mandatory": True}, {"header": "bcc"}):
            self.add_copy(self.clerk.partner_id, **self.colleague(**values))
        copies = self.clerk.partner_id.sengerio_copy_ids.with_user(self.clerk)
        self.assertEqual(copies.mapped("lock_state"), ["free", "mandatory", "administrator"])
        self.assertEqual(set(copies.with_user(self.env.ref("base.user_admin")).mapped("lock_state")), {"free"})
        form = self.preferences()
        self.assertEqual(form.sengerio_address_ids._records[0]["email"], "carla.books@firm.example")
        with self.assertRaises(AssertionError):
            form.sengerio_address_ids.new()
        with form.sengerio_copy_ids.edit(1) as copy, self.assertRaisesRegex(AssertionError, "readonly"):
            copy.header = "bcc"
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.clerk.with_user(self.clerk).write(
                {"sengerio_address_ids": [Command.create({"role": "commercial", "email": "x@x.example"})]}
            )

    def test_blind_copies_of_others(self):
        """Blind copies of what a colleague sends are seen by that colleague and administrators alone."""
        hidden = self.add_copy(self.marc.partner_id, direction="sent_by", header="bcc", email="boss@firm.example")
        of_customer = self.add_copy(self.azure, header="bcc", email="archive@firm.example")
        archive = self.add_copy(None, header="bcc", email="archive@firm.example")
        chief = new_test_user(self.env, "chief", "base.group_user,sengerio_mail.sengerio_mail_group_administrator")
        copies = self.env["sengerio.mail.copy"]
        mine = [("id", "in", (hidden | of_customer | archive).ids)]
        for user, expected in (
            (self.marc, hidden | of_customer | archive),
            (chief, hidden | of_customer | archive),
            (self.clerk, of_customer | archive),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(copies.with_user(user).search(mine), expected.sorted())
        shown = self.marc.partner_id.with_user(self.clerk).read(["sengerio_copy_ids"])[0]["sengerio_copy_ids"]
        self.assertNotIn(hidden.id, shown)
