"""Addresses that failed are corrected where they came from, and the document goes to those alone who did not get it."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import DocumentMailCase

AZURE, NEW, AUDIT, MARC = "azure@azure.example", "new@azure.example", "audit@ext.example", "marc@firm.example"
BUYING = "buying@azure.example"
CUSTOMER_LINKS = ["access_token", "auth_signup_token", "hash", "pid"]


@tagged("post_install", "-at_install")
class TestResend(DocumentMailCase):
    def sent(self, record=None, **failed):
        """Send a quotation and let some of its recipients fail.

        :param failed: ``{"state of failure": [addresses]}``
        :return: its document
        """
        record = record or self.make_order()
        self.mails = self.send(self.compose(record))
        document = self.document_of(record)
        for state, emails in failed.items():
            self.bounce(document, state, *emails)
        return document

    def bounce(self, document, state, *emails):
        """Let some recipients of a document fail."""
        changed = document.delivery_ids.filtered(lambda delivery: delivery.email in emails)
        self.assertEqual(set(changed.mapped("email")), set(emails))
        changed.state = state
        document._follow(changed, self.env["ir.attachment"])
        self.env["mail.mail"].search([("subject", "ilike", "Not delivered")]).unlink()

    def wizard(self, documents, user=None):
        """Press "Correct and Send Again"."""
        action = documents.with_user(user or self.marc).action_resend()
        return self.env[action["res_model"]].with_user(user or self.marc).browse(action["res_id"])

    def resend(self, document, corrected=None, user=None, leave=()):
        """Correct addresses and send.

        :param dict corrected: ``{old: new}``
        :param leave: addresses that are not sent again
        :return: ``(mails, what the user is told)``
        """
        wizard = self.wizard(document, user)
        for line in wizard.line_ids:
            line.email = (corrected or {}).get(line.old_email, line.email)
            line.send = line.old_email not in leave
        self.smtp.take()
        told = wizard.action_send()["params"]
        self.env.flush_all()
        return self.smtp.take(), told

    def assertAgain(self, old, expected):
        """Compare the newest document with a table; it names the old one, whose record does not change."""
        new = self.env["sengerio.mail.document"].search([("resend_of_id", "=", old.id)], limit=1)
        self.assertLedger(new, expected)
        self.assertEqual((new.res_id, new.reference, new.type_id), (old.res_id, old.reference, old.type_id))
        self.assertIn(new, old.resend_ids)
        return new

    # ------------------------------------------------------------
    # Who gets it
    # ------------------------------------------------------------

    def test_to(self):
        """The customer's bad address: the customer alone gets it, with the customer's links; the rest had it."""
        self.add_copy(self.azure, header="cc", email=AUDIT)
        order = self.make_order()
        order.message_subscribe(self.anna.partner_id.ids)
        old = self.sent(order, hard_bounce=[AZURE])
        self.assertEqual(self.azure.sengerio_bounced_email, AZURE)
        mails, told = self.resend(old, {AZURE: NEW})
        self.assertMails(mails, [{"rcpt": [NEW], "to": [NEW], "secrets": CUSTOMER_LINKS}])
        self.assertEqual(self.azure.email, NEW)
        self.assertFalse(self.azure.sengerio_bounced_email)
        self.assertEqual(told["message"], f"Sent again to {NEW}.")
        new = self.assertAgain(old, [("to", NEW, "sent")])
        first = next(mail for mail in self.mails if AZURE in mail.rcpt)
        self.assertEqual(mails[0].message["Subject"], first.message["Subject"])
        self.assertEqual(mails[0].attachments, first.attachments)
        self.assertTrue(mails[0].attachments)
        self.assertEqual(mails[0].message["From"], first.message["From"])
        self.assertEqual(mails[0].message["Reply-To"], first.message["Reply-To"])
        self.assertNotEqual(mails[0].message["Message-Id"], first.message["Message-Id"])
        self.assertEqual(mails[0].part("plain").partition("Azure")[0], first.part("plain").partition("Azure")[0])
        self.assertEqual(old.state, "hard_bounce")
        self.assertFalse(old.may_resend)
        self.assertEqual(old.delivery_ids.filtered("resent_in_id").mapped("email"), [AZURE])
        self.assertEqual(new.attachment_count, old.attachment_count)

    def test_one_of_two(self):
        """One of the customer's two addresses: the other one has it; the role address is corrected."""
        row = self.add_address(self.azure, "commercial", BUYING)
        old = self.sent(hard_bounce=[BUYING])
        self.assertEqual(row.bounce_state, "bad_address")
        mails, _told = self.resend(old, {BUYING: NEW})
        # two addresses of one customer: nobody signs up as the customer with either
        self.assertMails(mails, [{"rcpt": [NEW], "to": [NEW], "secrets": ["access_token", "hash", "pid"]}])
        self.assertEqual((row.email, row.bounce_state, self.azure.email), (NEW, "none", AZURE))
        self.assertAgain(old, [("to", NEW, "sent")])

    def test_one_address_of_a_field(self):
        """Of several addresses in the e-mail field, the bad one alone is replaced, whatever stands around it."""
        self.azure.email = f'"Azure, Buying" <{BUYING}>, AZURE@azure.example; x{AZURE}'
        old = self.sent(hard_bounce=[AZURE])
        self.resend(old, {AZURE: NEW})
        self.assertEqual(self.azure.email, f'"Azure, Buying" <{BUYING}>, {NEW}; x{AZURE}')

    def test_two_partners(self):
        """Two contacts failed: one document, a message for each, none with the other's sign-up."""
        order = self.make_order()
        composer = self.compose(order)
        composer.partner_ids.add(self.john)
        self.send(composer)
        old = self.document_of(order)
        self.bounce(old, "soft_bounce", AZURE, "john@azure.example")
        mails, _told = self.resend(old)
        to = [AZURE, "john@azure.example"]
        self.assertMails(
            mails, [{"rcpt": [AZURE], "to": to, "secrets": CUSTOMER_LINKS}, {"rcpt": [to[1]], "to": to, "secrets": []}]
        )
        self.assertAgain(old, [("to", email, "sent") for email in to])

    def test_copy(self):
        """A copy that failed gets it alone, without what lets one act as the customer; the rule is corrected."""
        rule = self.add_copy(self.azure, header="cc", email=AUDIT)
        old = self.sent(hard_bounce=[AUDIT])
        self.assertTrue(old.copy_failed)
        admin = self.env.ref("base.user_admin")
        mails, _told = self.resend(old, {AUDIT: "books@ext.example"}, user=admin)
        self.assertMails(mails, [{"rcpt": ["books@ext.example"], "to": ["books@ext.example"]}])
        self.assertAgain(old, [("to", "books@ext.example", "sent")])
        self.assertEqual((rule.email, rule.bounce_state), ("books@ext.example", "none"))

    def test_copy_with_customer(self):
        """A copy that failed beside the customer stays a copy; a blind one stays blind."""
        self.add_copy(self.azure, header="cc", email=AUDIT)
        self.add_copy(self.azure, header="bcc", email="archive@ext.example")
        old = self.sent(soft_bounce=[AZURE, AUDIT, "archive@ext.example"])
        mails, _told = self.resend(old)
        seen = {"to": [AZURE], "cc": [AUDIT]}
        self.assertMails(
            mails,
            [{"rcpt": [AZURE], **seen, "secrets": CUSTOMER_LINKS}, {"rcpt": ["archive@ext.example", AUDIT], **seen}],
        )
        self.assertAgain(old, [("to", AZURE, "sent"), ("cc", AUDIT, "sent"), ("bcc", "archive@ext.example", "sent")])

    def test_blind_copies(self):
        """Blind copies that failed are sent each by itself: neither learns of the other."""
        for email in ("one@ext.example", "two@ext.example"):
            self.add_copy(self.azure, header="bcc", email=email)
        old = self.sent(soft_bounce=["one@ext.example", "two@ext.example"])
        mails, _told = self.resend(old)
        self.assertMails(
            mails,
            [{"rcpt": [email], "to": [email]} for email in ("one@ext.example", "two@ext.example")],
        )
        self.assertEqual(len(old.resend_ids), 2)
        self.assertFalse(old.may_resend)

    def test_neighbours(self):
        """An address that begins like the corrected one is left as it is."""
        self.azure.email = "john@x.example.au, john@x.example"
        self.azure._sengerio_replace_email("john@x.example", "jon@y.example")
        self.assertEqual(self.azure.email, "john@x.example.au, jon@y.example")

    def test_as_it_was(self):
        """A Reply-To of the template's, and a From and Reply-To chosen for that send, are those of the sent again."""
        template = self.env.ref("sale.email_template_edi_sale")
        template.reply_to = "billing@firm.example"
        old = self.sent(hard_bounce=[AZURE])
        [mail], _told = self.resend(old, {AZURE: NEW})
        self.assertEqual(mail.addresses("Reply-To"), ["billing@firm.example"])
        template.reply_to = False
        order = self.make_order()
        wizard = self.compose(order, user=self.anna).save()
        wizard.sengerio_changes = {"from": "company", "reply_to": "sender"}
        self.smtp.take()
        wizard.action_send_mail()
        before = next(mail for mail in self.smtp.take() if mail.rcpt == [NEW])
        self.assertEqual(before.addresses("Reply-To"), ["anna@firm.example"])
        old = self.document_of(order)
        self.bounce(old, "soft_bounce", NEW)
        [mail], _told = self.resend(old, user=self.marc)
        for name in ("From", "Reply-To"):
            self.assertEqual(mail.addresses(name), before.addresses(name), name)
        again = self.env["sengerio.mail.document"].search([("resend_of_id", "=", old.id)])
        self.bounce(again, "soft_bounce", NEW)
        [mail], _told = self.resend(again, user=self.marc)
        for name in ("From", "Reply-To"):
            self.assertEqual(mail.addresses(name), before.addresses(name), name)
        again = again.resend_ids
        self.bounce(again, "soft_bounce", NEW)
        self.anna.active = False  # who has left gets no replies
        [mail], _told = self.resend(again, user=self.marc)
        self.assertEqual(mail.addresses("Reply-To"), [MARC, "catchall@firm.example"])

    def test_plain(self):
        """An address typed for that send: nothing is corrected; sent twice, it is still nobody's."""
        order = self.make_order()
        wizard = self.compose(order).save()
        wizard.sengerio_changes = {"added": {"to": ["typo@ext.example"]}}
        wizard._action_send_mail()
        old = self.document_of(order)
        self.bounce(old, "hard_bounce", "typo@ext.example")
        mails, told = self.resend(old, {"typo@ext.example": "type@ext.example"})
        self.assertMails(mails, [{"rcpt": ["type@ext.example"], "to": ["type@ext.example"]}])
        self.assertEqual(told["type"], "success")
        new = self.assertAgain(old, [("to", "type@ext.example", "sent")])
        self.bounce(new, "hard_bounce", "type@ext.example")
        self.resend(new, {"type@ext.example": "right@ext.example"})
        self.assertAgain(new, [("to", "right@ext.example", "sent")])

    def test_not_chosen(self):
        """Who is not ticked gets nothing and is not corrected, and may be sent to later."""
        row = self.add_address(self.azure, "commercial", BUYING)
        old = self.sent(hard_bounce=[AZURE, BUYING])
        mails, _told = self.resend(old, {AZURE: NEW, BUYING: "no@azure.example"}, leave=[BUYING])
        self.assertEqual([mail.rcpt for mail in mails], [[NEW]])
        self.assertEqual(row.email, BUYING)
        self.assertTrue(old.may_resend)
        self.assertEqual(self.wizard(old).line_ids.mapped("old_email"), [BUYING])

    def test_refused(self):
        """Refused while it waits for a retry: the retry is given up, nobody gets two."""
        self.smtp.refuse[AZURE] = "450 later"
        old = self.sent()
        self.assertEqual(old.state, "refused")
        self.smtp.refuse.clear()
        mails, _told = self.resend(old, {AZURE: NEW})
        self.assertEqual([mail.rcpt for mail in mails], [[NEW], [MARC]])  # the sender's copy was never sent either
        waiting = self.env["mail.mail"].search([("mail_message_id", "=", old.mail_message_id)])
        self.assertEqual(waiting.mapped("state"), ["cancel"])

    def test_refused_again(self):
        """The new address is refused too: the user is told, and both documents say so."""
        old = self.sent(hard_bounce=[AZURE])
        self.smtp.refuse[NEW] = "550 no such user"
        mails, told = self.resend(old, {AZURE: NEW})
        self.assertFalse(mails)
        self.assertEqual(told["type"], "warning")
        self.assertIn(NEW, told["message"])
        self.assertEqual((old.resend_ids.state, old.resend_ids.may_resend), ("refused", True))

    def test_other(self):
        """A message of no type, to an address that changed for this time alone."""
        order = self.make_order()
        composer = self.compose_free(order, self.john, "plan.pdf")
        self.send(composer)
        old = self.document_of(order)
        self.assertEqual(old.type_id.code, "other")
        self.bounce(old, "hard_bounce", "john@azure.example")
        mails, _told = self.resend(old, {"john@azure.example": NEW})
        self.assertEqual([(mail.rcpt, mail.addresses("To"), mail.attachments) for mail in mails],
                         [([NEW], [NEW], ["plan.pdf"])])  # fmt: skip
        self.assertEqual(self.john.email, NEW)

    def test_purchase_and_invoice(self):
        """The other records with documents."""
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice", "partner_id": self.azure.id, "invoice_date": "2026-01-15",
                "invoice_line_ids": [(0, 0, {"name": "Chair", "price_unit": 100, "tax_ids": []})],
            }
        )  # fmt: skip
        move.action_post()
        self.env["account.move.send"]._generate_and_send_invoices(move, sending_methods=["email"])
        old = self.document_of(move)
        first = self.smtp.take()[0]
        self.bounce(old, "hard_bounce", AZURE)
        mails, _told = self.resend(old, {AZURE: NEW}, user=self.env.ref("base.user_admin"))
        self.assertMails(mails, [{"rcpt": [NEW], "to": [NEW], "secrets": first.secrets}])
        self.assertEqual(mails[0].attachments, first.attachments)
        self.assertTrue(first.attachments)
        old = self.sent(self.make_purchase(), hard_bounce=[NEW])
        mails, _told = self.resend(old)
        self.assertEqual([mail.rcpt for mail in mails], [[NEW]])

    def test_several_documents(self):
        """From the list, several at once."""
        documents = self.sent(hard_bounce=[AZURE]) | self.sent(soft_bounce=[AZURE])
        mails, _told = self.resend(documents, {AZURE: NEW})
        self.assertEqual([mail.rcpt for mail in mails], [[NEW], [NEW]])
        self.assertEqual(len(documents.resend_ids), 2)

    # ------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------

    def test_partner_of_others(self):
        """Who may not change the partner sends there this time, and is told so; the partner stays as it is."""
        order = self.make_order()
        groups = "sales_team.group_sale_salesman_all_leads,sengerio_mail.sengerio_mail_group_all_documents"
        seller = new_test_user(self.env, "seller", groups, email="seller@firm.example", company_id=self.company.id)
        seller.group_ids -= self.env.ref("base.group_partner_manager")
        self.assertFalse(self.azure.with_user(seller).has_access("write"))
        old = self.sent(order, hard_bounce=[AZURE])
        self.assertFalse(self.wizard(old, seller).line_ids.may_correct)
        mails, told = self.resend(old, {AZURE: NEW}, user=seller)
        self.assertEqual([mail.rcpt for mail in mails], [[NEW]])
        self.assertEqual((self.azure.email, self.azure.sengerio_bounced_email), (AZURE, AZURE))
        self.assertEqual(told["type"], "warning")
        self.assertIn(f"You may not change {AZURE}", told["message"])

    def test_copy_of_administrators(self):
        """A rule that only an administrator sets stays as it is; a blind copy goes to no address outside."""
        rule = self.add_copy(self.azure, header="cc", email=AUDIT, mandatory=True)
        blind = self.add_copy(self.azure, header="bcc", email="archive@ext.example")
        old = self.sent(hard_bounce=[AUDIT, "archive@ext.example"])
        with self.assertRaisesRegex(AccessError, "stranger@ext.example"):
            self.resend(old, {"archive@ext.example": "stranger@ext.example"})
        self.assertEqual(blind.email, "archive@ext.example")
        mails, told = self.resend(old, {AUDIT: "books@ext.example"}, leave=["archive@ext.example"])
        self.assertEqual([mail.rcpt for mail in mails], [["books@ext.example"]])
        self.assertEqual(rule.email, AUDIT)
        self.assertIn("You may not change", told["message"])

    def test_strangers(self):
        """Who does not see the document sends nothing; who sees it but not the record neither."""
        old = self.sent(hard_bounce=[AZURE])
        stranger = new_test_user(self.env, "stranger", "base.group_user", email="stranger@firm.example")
        with self.assertRaises(AccessError):
            self.wizard(old, stranger).read(["obstacle", "line_ids"])
        stranger.group_ids += self.env.ref("sengerio_mail.sengerio_mail_group_all_documents")
        with self.assertRaisesRegex(UserError, "You may not write"):
            self.resend(old, {AZURE: NEW}, user=stranger)
        self.assertFalse(old.resend_ids)
        self.assertEqual(self.azure.email, AZURE)

    def test_forged(self):
        """What a client claims to repeat is checked: the record, the recipient, that it failed."""
        old, other = self.sent(hard_bounce=[AZURE]), self.sent()
        order = self.env["sale.order"].browse(old.res_id).with_user(self.marc)
        again, reached = old.delivery_ids[0], other.delivery_ids[0]
        for document, delivery in ((other, reached), (old, reached), (old, old.delivery_ids[1])):
            with self.assertRaises(UserError):
                order.message_post(
                    body="x",
                    sengerio_send={
                        "type_id": old.type_id.id,
                        "resend": {"document_id": document.id, "emails": [[delivery.id, "thief@ext.example"]]},
                    },
                )
        self.assertEqual(again._resendable(), again)
        self.assertFalse(self.smtp.take())

    # ------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------

    def test_wrong_address(self):
        """A wrong address, one given twice, one that has it: refused by name, and nothing is changed or sent."""
        self.add_address(self.azure, "commercial", BUYING)
        self.add_copy(self.azure, header="cc", email=AUDIT)
        old = self.sent(hard_bounce=[AZURE, BUYING])
        for wrong in ("new@azure", "a@b.example, c@d.example", "new@azure.example\nBcc: x@y.example", AUDIT,
                      "catchall@firm.example"):  # fmt: skip
            with self.subTest(wrong=wrong):
                with self.assertRaises(ValidationError) as refused:
                    self.resend(old, {AZURE: wrong})
                self.assertIn(wrong.split("@")[0], str(refused.exception))
        with self.assertRaises(ValidationError) as refused:
            self.resend(old, {AZURE: NEW, BUYING: NEW})
        self.assertIn(NEW, str(refused.exception))
        self.assertFalse(self.smtp.take())
        self.assertFalse(old.resend_ids)
        self.assertEqual(self.azure.email, AZURE)

    def test_address_there_already(self):
        """The right address is a role address already: the bad one is archived, nothing is there twice."""
        bad = self.add_address(self.azure, "commercial", BUYING)
        self.add_address(self.azure, "commercial", NEW)
        order = self.make_order()
        wizard = self.compose(order).save()
        wizard.sengerio_changes = {"removed": [NEW]}
        wizard._action_send_mail()
        old = self.document_of(order)
        self.bounce(old, "hard_bounce", BUYING)
        self.resend(old, {BUYING: NEW})
        self.assertFalse(bad.active)
        self.assertAgain(old, [("to", NEW, "sent")])

    def test_twice(self):
        """Two open the wizard; the second one is told, and nobody gets it twice."""
        old = self.sent(hard_bounce=[AZURE])
        second = self.wizard(old)
        self.resend(old, {AZURE: NEW})
        with self.assertRaisesRegex(UserError, "meanwhile"):
            second.action_send()
        with self.assertRaisesRegex(UserError, "Nobody is left"):
            old.action_resend()
        self.assertFalse(self.smtp.take())

    def test_gone(self):
        """Message, attachment or record gone: it is said, and the record's own composer opens instead."""
        old = self.sent(hard_bounce=[AZURE])
        old.attachment_ids[0].unlink()
        wizard = self.wizard(old)
        self.assertIn("attachment", wizard.obstacle)
        self.assertTrue(wizard.may_compose)
        with self.assertRaisesRegex(UserError, "attachment"):
            wizard.action_send()
        wizard.line_ids.email = NEW
        action = wizard.action_compose()
        self.assertEqual((action["res_model"], self.azure.email), ("mail.compose.message", NEW))
        old = self.sent(hard_bounce=[NEW])
        self.env["mail.message"].browse(old.mail_message_id).unlink()
        self.assertIn("message", self.wizard(old).obstacle)
        old = self.sent(hard_bounce=[NEW])
        order = self.env["sale.order"].browse(old.res_id)
        order._action_cancel()
        order.unlink()
        wizard = self.wizard(old)
        self.assertIn("does not exist any more", wizard.obstacle)
        self.assertFalse(wizard.may_compose)
        self.assertFalse(self.smtp.take())
