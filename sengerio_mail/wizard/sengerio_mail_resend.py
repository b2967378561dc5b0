from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class SengerioMailResend(models.TransientModel):
    """Correct the addresses that failed, and send documents again to those alone who did not get them."""

    _name = "sengerio.mail.resend"
    _description = "Correct and Send Again"

    line_ids = fields.One2many("sengerio.mail.resend.line", "wizard_id", string="Who Did Not Get It")
    document_count = fields.Integer(compute="_compute_documents")
    reference = fields.Char("Document", compute="_compute_documents")
    obstacle = fields.Text(compute="_compute_documents")
    may_send = fields.Boolean(compute="_compute_documents")
    may_compose = fields.Boolean(compute="_compute_documents")

    @api.depends("line_ids.delivery_id")
    def _compute_documents(self):
        for wizard in self:
            documents = wizard.line_ids.delivery_id.document_id
            found = documents._resend_obstacles()
            obstacles = [
                f"{document.reference}: {obstacle}" if len(documents) > 1 else obstacle
                for document, obstacle in found.items()
                if obstacle
            ]
            wizard.document_count = len(documents)
            wizard.reference = ", ".join(document.reference or document.subject or "" for document in documents)
            wizard.obstacle = "\n".join(obstacles)
            wizard.may_send = not all(found.values())
            wizard.may_compose = len(documents) == 1 and bool(obstacles) and bool(documents._record())

    def action_send(self):
        """Correct the addresses where they came from, and send.

        :return: the action that closes the wizard and says what was done
        :raise UserError: nobody is to get it, or it cannot be sent as it was
        """
        self.ensure_one()
        lines = self.line_ids.filtered("send")
        if not lines:
            raise UserError(self.env._("Nobody is chosen: tick who is to get it."))
        lines._check_addresses()
        done, notes = self.env["sengerio.mail.document"], []
        for document, of_document in lines.grouped(lambda line: line.delivery_id.document_id).items():
            if document._resend_obstacle() and self.document_count > 1:
                continue  # said in the wizard
            notes += of_document._correct()
            done |= document._resend({line.delivery_id: line.email for line in of_document})
        return self._told(done, notes)

    def action_compose(self):
        """Open the record's own composer, for what cannot be sent as it was.

        Addresses are corrected first: the composer uses them.
        """
        self.ensure_one()
        lines = self.line_ids.filtered("send")
        lines._check_addresses()
        lines._correct()
        return self.line_ids.delivery_id.document_id._own_send_action()

    def _told(self, documents, notes):
        """Return the action that says what was done."""
        to = ", ".join(documents.delivery_ids.mapped("email"))
        waiting = documents.delivery_ids.filtered(lambda delivery: delivery.state in ("refused", "failed"))
        if waiting:
            notes.append(self.env._("Not taken by the mail server: %s.", ", ".join(waiting.mapped("email"))))
        message = self.env._("Sent again to %s.", to)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if notes else "success",
                "sticky": bool(notes),
                "message": " ".join([message, *notes]),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class SengerioMailResendLine(models.TransientModel):
    """One recipient who did not get a document, and the address that it is sent to now."""

    _name = "sengerio.mail.resend.line"
    _description = "Recipient Who Did Not Get It"
    _order = "id"

    wizard_id = fields.Many2one("sengerio.mail.resend", required=True, ondelete="cascade", index=True)
    delivery_id = fields.Many2one("sengerio.mail.delivery", required=True, ondelete="cascade", readonly=True)
    reference = fields.Char("Document", related="delivery_id.document_id.reference", related_sudo=False)
    old_email = fields.Char("Failed Address", related="delivery_id.email", related_sudo=False)
    state = fields.Selection(related="delivery_id.state", related_sudo=False)
    explanation = fields.Char("What Happened", related="delivery_id.explanation", related_sudo=False)
    where = fields.Char("Where It Came From", related="delivery_id.reason", related_sudo=False)
    email = fields.Char("New Address", required=True)
    send = fields.Boolean("Send Again", default=True)
    may_correct = fields.Boolean(compute="_compute_may_correct")
    note = fields.Char("Then", compute="_compute_note")

    @api.depends("delivery_id")
    def _compute_may_correct(self):
        for line in self:
            line.may_correct = line.delivery_id._may_correct()

    @api.depends("may_correct", "email", "send", "where")
    def _compute_note(self):
        for line in self:
            if not line.send:
                line.note = self.env._("Does not get it.")
            elif line.email == line.old_email:
                line.note = self.env._("Sent to the same address again.")
            elif line.may_correct:
                line.note = self.env._("Corrected: %s", line.where or "")
            else:
                line.note = self.env._("For this time alone.")

    def _check_addresses(self):
        """Normalise the new addresses.

        :raise ValidationError: one cannot be used, or is given twice; the message names it
        """
        seen = set()
        for line in self:
            delivery = line.delivery_id
            email = delivery._checked_address(line.email, self.env.user)
            if (delivery.document_id, email) in seen:
                raise ValidationError(self.env._("%s is given twice.", email))
            seen.add((delivery.document_id, email))
            line.email = email

    def _correct(self):
        """Change the addresses where they came from.

        :return: what could not be changed, in words
        """
        notes = []
        for line in self.filtered(lambda line: line.email != line.old_email):
            source = line.delivery_id._source()
            if not line.delivery_id._correct(line.email) and source:
                notes.append(
                    self.env._("You may not change %(old)s (%(where)s): %(new)s was used for this time alone.",
                               old=line.old_email, where=line.where or "", new=line.email)
                )  # fmt: skip
        return notes
