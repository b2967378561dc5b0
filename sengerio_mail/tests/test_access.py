"""Who sees what, tested from the side that must not get in."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .common import DocumentMailCase


@tagged("post_install", "-at_install")
class TestAccess(DocumentMailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "sales_team.group_sale_salesman"
        company = {"company_ids": [(6, 0, cls.company.ids)], "company_id": cls.company.id}
        cls.stranger = new_test_user(cls.env, "stranger", groups, **company)
        own = "sengerio_mail.sengerio_mail_group_"
        cls.clerk = new_test_user(cls.env, "clerk", f"{groups},{own}all_documents", **company)
        cls.chief = new_test_user(cls.env, "chief", f"{groups},{own}administrator", **company)
        cls.portal = new_test_user(cls.env, "portal", "base.group_portal")

    def setUp(self):
        super().setUp()
        self.order = self.make_order()
        self.send(self.compose(self.order, user=self.anna))
        self.document = self.document_of(self.order)
        self.send(self.compose_free(self.order, self.azure, "plan.pdf", user=self.anna))
        self.other = self.document_of(self.order)
        self.send(
            self.compose(
                self.make_order(company_id=self.second_company.id).with_context(
                    allowed_company_ids=[self.second_company.id, self.company.id]
                ),
                user=self.anna,
            )
        )
        self.of_second_company = self.env["sengerio.mail.document"].search([], limit=1)
        self.assertEqual(self.of_second_company.company_id, self.second_company)

    def test_documents(self):
        """The sender and the responsible; the group its companies; other documents for administrators alone."""
        everything = self.document | self.other | self.of_second_company
        for user, expected in (
            (self.anna, everything),
            (self.marc, everything),
            (self.stranger, self.env["sengerio.mail.document"]),
            (self.clerk, self.document),
            (self.chief, self.document | self.other),
        ):
            with self.subTest(user=user.login):
                companies = {"allowed_company_ids": user.company_ids.ids}
                documents = self.env["sengerio.mail.document"].with_user(user).with_context(**companies)
                deliveries = self.env["sengerio.mail.delivery"].with_user(user).with_context(**companies)
                mine = [("id", "in", everything.ids)]
                self.assertEqual(documents.search(mine), expected)
                found = deliveries.search([("document_id", "in", everything.ids)])
                self.assertEqual(found, expected.delivery_ids.sorted())
                for document in everything - expected:
                    with self.assertRaises(AccessError):
                        document.with_user(user).with_context(**companies).subject  # noqa: B018
                    with self.assertRaises(AccessError):
                        document.delivery_ids.with_user(user).with_context(**companies).mapped("email")

    def test_nobody_writes(self):
        """The list is written by sending alone; an administrator may remove."""
        for user in (self.anna, self.clerk, self.chief):
            document = self.document.with_user(user)
            for act in (
                lambda document=document: document.write({"state": "opened"}),
                lambda document=document: document.delivery_ids.write({"state": "opened"}),
                lambda document=document: document.copy(),
                lambda document=document: document.delivery_ids.unlink(),
            ):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    act()
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.document.with_user(self.clerk).unlink()
        self.document.with_user(self.chief).unlink()

    def test_portal(self):
        """Portal users see no list, and not what a message carries."""
        for model in ("document", "delivery", "event", "address", "copy", "document.type"):
            with self.assertRaises(AccessError):
                self.env[f"sengerio.mail.{model}"].with_user(self.portal).search([])
        self.order.partner_id = self.portal.partner_id
        self.order.message_subscribe(self.portal.partner_id.ids)
        message = self.env["mail.message"].browse(self.document.mail_message_id).with_user(self.portal)
        with self.assertRaises(AccessError):
            message.read(["sengerio_send"])

    def test_bcc_is_nowhere(self):
        """A blind copy stands in no header, no notification, and no message in the chatter."""
        self.add_copy(self.azure, header="bcc", email="secret@x.example")
        order = self.make_order()
        mails = self.send(self.compose(order))
        document = self.document_of(order)
        self.assertIn("secret@x.example", document.delivery_ids.mapped("email"))
        for mail in mails:
            self.assertNotIn("secret@x.example", mail.message.as_string())
        message = self.env["mail.message"].browse(document.mail_message_id)
        self.assertNotIn("secret@x.example", str(message.read()))
        self.assertNotIn("secret@x.example", str(message.notification_ids.read()))

    def test_bcc_for_one_send(self):
        """A blind copy that was added for one send, left out, or sent again, is not told by the record's message."""
        self.add_copy(self.azure, header="bcc", email="left@x.example")
        order = self.make_order()
        composer = self.compose(order, user=self.marc).save()
        composer.sengerio_changes = {"added": {"bcc": ["anna@firm.example"]}, "removed": ["left@x.example"]}
        self.smtp.refuse["anna@firm.example"] = "550 5.1.1 No such user"
        composer.action_send_mail()
        document = self.document_of(order).with_user(self.marc)
        self.assertEqual(
            sorted(document.delivery_ids.mapped("email")),
            ["anna@firm.example", "azure@azure.example", "marc@firm.example"],
        )
        self.smtp.refuse.clear()
        wizard = self.env["sengerio.mail.resend"].with_user(self.marc).browse(document.action_resend()["res_id"])
        wizard.action_send()
        self.assertEqual(document.resend_ids.delivery_ids.mapped("email"), ["anna@firm.example"])
        for message_id in (document | document.resend_ids).mapped("mail_message_id"):
            message = self.env["mail.message"].with_user(self.marc).browse(message_id)
            [carried] = message.read(["sengerio_send"])
            self.assertEqual(carried["sengerio_send"]["type_id"], document.type_id.id)
            self.assertNotIn("@", str(carried))

    def test_blind_copy_sent_again(self):
        """A blind copy that is sent again by itself is not told to who may not read the document, however it ends."""
        secret, other = "secret@x.example", "other@x.example"
        self.add_copy(self.azure, header="bcc", email=secret)
        order = self.make_order()
        self.smtp.refuse[secret] = "550 5.1.1 No such user"
        self.send(self.compose(order))
        document = self.document_of(order).with_user(self.marc)
        for corrected in (secret, other):
            document._resend({document.delivery_ids._resendable(): corrected})
            self.env.flush_all()
            document = document.resend_ids
            state = "refused" if corrected == secret else "sent"
            self.assertLedger(document, [("to", corrected, state)], state)
        shown = [order.message_ids.read(), order.message_ids.notification_ids.read(), order.activity_ids.read()]
        for email in (secret, other):
            self.assertNotIn(email, str(shown))

    def test_attachments(self):
        """An attachment keeps the access of its record: who may not see that sees that there is one."""
        document = self.document.with_user(self.clerk)
        self.assertFalse(self.order.with_user(self.clerk).has_access("read"))
        self.assertEqual((len(document.readable_attachment_ids), document.hidden_attachment_count), (0, 1))
        mine = self.document.with_user(self.anna)
        self.assertEqual(len(mine.readable_attachment_ids), 1)
        self.assertEqual(mine.readable_attachment_ids.res_model, "sale.order")
        attachment = self.document.attachment_ids
        with self.assertRaises(AccessError):
            attachment.with_user(self.clerk).read(["name"])

    def test_types(self):
        """Document types are the administrator's."""
        quotation = self.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")
        for user in (self.marc, self.clerk):
            with self.assertRaises(AccessError), self.cr.savepoint():
                quotation.with_user(user).bcc_sender = False
        quotation.with_user(self.chief).bcc_sender = False

    def test_addresses(self):
        """Role addresses are edited by who edits contacts."""
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.env["sengerio.mail.address"].with_user(self.stranger).create(
                {"partner_id": self.azure.id, "email": "x@x.example"}
            )
        row = self.env["sengerio.mail.address"].with_user(self.marc).create(
            {"partner_id": self.azure.id, "email": "x@x.example"}
        )
        row.company_id = self.second_company
        self.assertFalse(
            self.env["sengerio.mail.address"]
            .with_user(self.stranger)
            .search([("id", "=", row.id)])
        )

    def _commands(self, user, copy, partner):
        """Return what somebody may try with another company's copy, or make of the own one."""
        values = {"direction": "sent_by", "header": "cc", "copy_partner_id": self.anna.partner_id.id}
        own = self.add_copy(user.partner_id, **values)
        return (
            Command.update(copy.id, {"active": False}), Command.link(copy.id),
            Command.update(own.id, {"partner_id": partner.id, "direction": "sent_to"}),
        )  # fmt: skip

    def test_contacts_of_another_company(self):
        """Of a contact that belongs to another company nobody sees addresses and copies, or sets them."""
        theirs = self.env["res.partner"].create({"name": "Theirs", "company_id": self.second_company.id})
        row = self.add_address(theirs, "accounting", "books@theirs.example")
        copy = self.add_copy(theirs, copy_partner_id=self.anna.partner_id.id)
        groups = "sales_team.group_sale_salesman,base.group_partner_manager"
        here, there = (
            new_test_user(self.env, login, groups, company_id=company.id, company_ids=[(6, 0, company.ids)])
            for login, company in (("here", self.company), ("there", self.second_company))
        )
        self.chief.group_ids += self.env.ref("base.group_partner_manager")
        for record, new in (
            (row, {"email": "x@evil.example", "role": "management"}),
            (copy, {"copy_partner_id": self.marc.partner_id.id}),
        ):
            mine = record._name, [("partner_id", "=", theirs.id)]
            for user in (here, self.chief):
                model = self.env[mine[0]].with_user(user)
                self.assertFalse(model.search(mine[1]), user.login)
                for act in (
                    lambda model=model, new=new: model.create({"partner_id": theirs.id, **new}),
                    lambda model=model, new=new, record=record: model.browse(record.id).write(new),
                    lambda model=model, record=record: model.browse(record.id).unlink(),
                    lambda model=model, new=new: model.create({"partner_id": self.azure.id, **new}).write(
                        {"partner_id": theirs.id}
                    ),
                    # one's own preferences are written as superuser
                    *(
                        lambda user=user, command=command: user.with_user(user).write({"sengerio_copy_ids": [command]})
                        for command in self._commands(user, copy, theirs)
                    ),
                ):
                    with self.assertRaises(AccessError), self.cr.savepoint():
                        act()
                user.with_user(user).write({"sengerio_copy_ids": [Command.delete(copy.id)]})
                self.assertTrue(copy.exists(), "Odoo deletes none that is not the user's own")
            model = self.env[mine[0]].with_user(there)
            self.assertEqual(model.search(mine[1]), record)
            model.create({"partner_id": theirs.id, **new})
        everybodys = self.add_copy(self.env["res.partner"], copy_partner_id=self.anna.partner_id.id)
        self.assertTrue(everybodys.with_user(here).has_access("read"))

    def test_smart_buttons(self):
        """Records count the documents that the user may see, and open them."""
        for user, expected in ((self.anna, 2), (self.clerk, 1), (self.stranger, 0)):
            order = self.order.with_user(user)
            self.assertEqual(order.sudo(False).sengerio_document_count, expected)
        action = self.order.with_user(self.anna).action_sengerio_documents()
        found = self.env["sengerio.mail.document"].with_user(self.anna).search(action["domain"])
        self.assertEqual(found, self.document | self.other)
        self.assertEqual(self.azure.with_user(self.anna).sengerio_document_count, 3)
        found = self.env["sengerio.mail.document"].search(self.azure.action_sengerio_documents()["domain"])
        self.assertLessEqual(self.document | self.other, found)
        self.assertEqual(self.document.action_open_record()["res_id"], self.order.id)


@tagged("post_install", "-at_install")
class TestPages(HttpCase, DocumentMailCase):
    def test_attachment_opens(self):
        """The attachment of a document opens for its sender, and not for a stranger."""
        order = self.make_order()
        self.send(self.compose(order))
        attachment = self.document_of(order).attachment_ids
        new_test_user(self.env, "stranger", "sales_team.group_sale_salesman")
        for login, status in (("marc", 200), ("stranger", 404)):
            self.authenticate(login, login)
            response = self.url_open(f"/web/content/{attachment.id}?download=true")
            self.assertEqual(response.status_code, status)
