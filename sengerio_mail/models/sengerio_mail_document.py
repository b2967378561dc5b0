from odoo import api, fields, models
from odoo.tools import SQL

from .sengerio_mail_delivery import STATES

TO, COPIES = "to", "copies"  # the two messages that a document may leave as
SEPARATOR = ", "  # of the addresses listed
# How is recorded what becomes of a document: without this key in the context, by the transaction that sends it.
# Where Odoo commits after each mail, a crash must not undo it:
RECORD_KEY = "sengerio_record"
AT_ONCE = "at_once"  # by a transaction of its own: the mail goes on with another message
WITH_MAIL = "with_mail"  # by Odoo's, which ends with this message; by one of its own if that is undone


def column_values(model, vals):
    """Return the columns of a new row, with its defaults, as PostgreSQL takes them."""
    now = model.env.cr.now()
    vals = {**model._add_missing_default_values(vals), "create_date": now, "write_date": now}
    columns = {name: model._fields[name] for name in vals if model._fields[name].column_type}
    return {name: field.convert_to_column_insert(vals[name], model) for name, field in columns.items()}


def insertion(table, rows):
    """Return the SQL that inserts rows, in their order.

    :param str table: where
    :param list rows: ``{column: value}``, all with the same columns
    :rtype: odoo.tools.SQL
    """
    values = [SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values())) for row in rows]
    columns = SQL(", ").join(map(SQL.identifier, rows[0]))
    return SQL("INSERT INTO %s (%s) VALUES %s", SQL.identifier(table), columns, SQL(", ").join(values))


class SengerioMailDocument(models.Model):
    """One business record sent by e-mail once. Sending it again makes another document.

    What it needs of the record is kept as values: it outlives the record, the message and the ``mail.mail``.
    """

    _name = "sengerio.mail.document"
    _inherit = ["sengerio.mail.document.resend", "sengerio.mail.document.timeline", "sengerio.mail.document.attention"]
    _description = "Generated Document"
    _order = "id desc"
    _rec_name = "reference"

    type_id = fields.Many2one("sengerio.mail.document.type", required=True, index=True, readonly=True)
    res_model = fields.Char("Record Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record ID", model_field="res_model", required=True, readonly=True)
    reference = fields.Char("Number", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", index="btree_not_null", ondelete="set null", readonly=True
    )
    company_id = fields.Many2one("res.company", index=True, ondelete="restrict", readonly=True)
    sender_id = fields.Many2one(
        "res.users", index="btree_not_null", ondelete="set null", readonly=True
    )
    responsible_id = fields.Many2one(
        "res.users", index="btree_not_null", ondelete="set null", readonly=True
    )
    subject = fields.Char(readonly=True)
    email_from = fields.Char("From", readonly=True, help="As it left: the mail server may have changed it.")
    reply_to = fields.Char("Reply-To", readonly=True)
    # no foreign key: Odoo deletes messages while the list is being written
    mail_message_id = fields.Integer("Message", index=True, readonly=True, aggregator=None)
    message_id = fields.Char("Message-Id", index=True, readonly=True)
    attachment_ids = fields.Many2many(
        "ir.attachment",
        relation="sengerio_mail_document_attachment_rel",
        column1="document_id",
        column2="attachment_id",
        string="Attachments",
        readonly=True,
        bypass_search_access=True,
    )
    attachment_count = fields.Integer("Attachments Sent", readonly=True, aggregator=None)
    readable_attachment_ids = fields.Many2many(
        "ir.attachment", string="Readable Attachments", compute="_compute_readable_attachments"
    )
    hidden_attachment_count = fields.Integer(compute="_compute_readable_attachments")
    # as money by its widget: a Monetary field would read its own row back for each document listed
    amount_total = fields.Float("Total", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date_sent = fields.Datetime("Sent On", readonly=True)
    state = fields.Selection(STATES, required=True, default="queued", readonly=True)
    copy_failed = fields.Boolean(readonly=True)
    anonymised = fields.Boolean(readonly=True, help="Addresses were removed, as the document's type or company says.")
    delivery_ids = fields.One2many("sengerio.mail.delivery", "document_id", string="Recipients", readonly=True)
    # kept with the document, so that a part that many addresses have is looked for without their deliveries
    to_addresses = fields.Char("To", compute="_compute_addresses", store=True)
    copy_addresses = fields.Char("Copies", compute="_compute_addresses", store=True)

    # what the button on each order and invoice asks for
    _record_idx = models.Index("(res_model, res_id)")
    # what the daily cleaning looks for, which finds nothing on most days
    _old_idx = models.Index("(company_id, (COALESCE(date_sent, create_date))) WHERE anonymised IS NOT TRUE")
    _old_anonymised_idx = models.Index("(company_id, (COALESCE(date_sent, create_date))) WHERE anonymised IS TRUE")

    def unlink(self):
        """The reports about a document go with it, what is to be done about it, and the mail that waits: without the
        document it would leave as Odoo's own, to others."""
        self.check_access("unlink")
        self._waiting_mails().cancel()
        self._messages_sudo()._sengerio_forget()
        self._activities().unlink()
        events_sudo = self.sudo().delivery_ids.event_ids  # who removes a document may not touch its events by hand
        self.env["sengerio.mail.retention"]._delete_reports(events_sudo)
        return super().unlink()

    def _messages_sudo(self):
        """Return the messages of these documents, of whoever sent them; some may be gone."""
        return self.env["mail.message"].sudo().browse(self.mapped("mail_message_id")).exists()

    def _waiting_mails(self):
        """Return the mails of these documents that Odoo sends, or would try again; as sudo: of whoever sent them."""
        mails_sudo = self.env["mail.mail"].sudo()
        return mails_sudo.search(
            [("mail_message_id", "in", self.mapped("mail_message_id")), ("state", "in", ("outgoing", "exception"))]
        )

    @api.depends("attachment_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_readable_attachments(self):
        """Attachments keep the access of the record that they belong to."""
        readable = self.sudo().attachment_ids.sudo(False)._filtered_access("read")
        for document, document_sudo in zip(self, self.sudo(), strict=True):
            attachments = document_sudo.attachment_ids.sudo(False)
            document.readable_attachment_ids = attachments & readable
            document.hidden_attachment_count = len(attachments) - len(document.readable_attachment_ids)

    @api.depends("delivery_ids.email", "delivery_ids.header")
    def _compute_addresses(self):
        found = {document._origin.id: [] for document in self}
        for delivery in self.env["sengerio.mail.delivery"].search_fetch(
            [("document_id", "in", self.ids)], ["document_id", "email", "header"]
        ):
            found[delivery.document_id.id].append((delivery.header, delivery.email))
        for document in self:
            document.update(self._addresses(found[document._origin.id]))

    @api.model
    def _addresses(self, recipients):
        """Return the values that list the addresses of recipients.

        :param recipients: pairs ``(header, e-mail)``
        """
        to, copies = [], []
        for header, email in recipients:
            (to if header == "to" else copies).append(email)
        return {"to_addresses": SEPARATOR.join(to) or False, "copy_addresses": SEPARATOR.join(copies) or False}

    def action_open_record(self):
        """Open the order, invoice, … that was sent."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------
    # Listing
    # ------------------------------------------------------------

    @api.model
    def _list(self, policy, record, message, sender, answer):
        """Create the document and its deliveries for a message that is about to be mailed.

        :param policy: its :class:`~.sengerio_mail_document_type.Policy`
        :param record: the record
        :param message: its ``mail.message``
        :param sender: ``res.users``, may be empty
        :param answer: who gets it, see :mod:`..tools.resolver`
        :return: the document; empty if nobody is addressed, or nobody outside of the company by an "other" message
        """
        if not answer.by_header("to"):
            return self
        again = "resend" in (message.sudo().sengerio_send or {})
        if policy.is_other and not again and not self._leaves_company(answer):
            return self
        return self._insert([self._prepare_document_values(policy, record, message.sudo(), sender, answer)])

    @api.model
    def _insert(self, vals_list):
        """Create documents with their deliveries and attachments in one statement: each mail pays for it.

        :param list vals_list: of :meth:`_prepare_document_values`
        :return: the documents in the same order, their deliveries and attachments in the cache
        """
        deliveries = self.env["sengerio.mail.delivery"]
        recipients, attachments = [], []
        for number, vals in enumerate(vals_list, 1):
            document = {"document_id": SQL("(SELECT ids[%s] FROM listed)", number)}
            recipients += [{**document, **column_values(deliveries, values)} for values in vals["delivery_ids"]]
            attachments += [{**document, "attachment_id": attachment_id} for attachment_id in vals["attachment_ids"]]
        attached = self._fields["attachment_ids"].relation
        found = self.env.execute_query(
            SQL(
                """
                WITH document AS (%s RETURNING id),
                     listed AS (SELECT array_agg(id ORDER BY id) AS ids FROM document),
                     delivery AS (%s RETURNING id, document_id)%s
                SELECT document_id, array_agg(id ORDER BY id)
                  FROM delivery
                 GROUP BY document_id
                 ORDER BY document_id
                """,
                insertion(self._table, [column_values(self, vals) for vals in vals_list]),
                insertion(deliveries._table, recipients),
                SQL(", attachment AS (%s)", insertion(attached, attachments)) if attachments else SQL(),
            )
        )
        documents = self.browse(document_id for document_id, _delivery_ids in found)
        self._fields["delivery_ids"]._insert_cache(documents, [tuple(ids) for _document_id, ids in found])
        self._fields["attachment_ids"]._insert_cache(documents, [tuple(vals["attachment_ids"]) for vals in vals_list])
        document_of = {delivery_id: document_id for document_id, ids in found for delivery_id in ids}
        deliveries._fields["document_id"]._insert_cache(deliveries.browse(document_of), document_of.values())
        return documents

    @api.model
    def _leaves_company(self, answer):
        """Tell whether anybody in To is no user of the company."""
        people = self.env["res.partner"].browse({recipient.partner_id for recipient in answer.by_header("to")} - {None})
        if any(people.mapped("partner_share")):
            return True
        plain = {recipient.email for recipient in answer.by_header("to") if not recipient.partner_id}
        if plain:
            users = self.env["res.users"].search([("email_normalized", "in", list(plain)), ("share", "=", False)])
            plain.difference_update(users.mapped("email_normalized"))
        return bool(plain)

    @api.model
    def _prepare_document_values(self, policy, record, message_sudo, sender, answer):
        """Return the values of a document; its deliveries as a list of their values, its attachments as ids."""
        record_sudo = record.sudo()
        original = self.browse(((message_sudo.sengerio_send or {}).get("resend") or {}).get("document_id", ()))
        amount, currency = (original.amount_total, original.currency_id) if original else record._sengerio_total()
        company = message_sudo.record_company_id or self.env.company
        word = self.env["sengerio.mail.resolver"]._word
        return {
            "create_uid": self.env.uid,  # who changes it is nobody yet; its deliveries are created with it
            "type_id": policy.id,
            "res_model": record._name,
            "res_id": record.id,
            "reference": record_sudo.display_name,
            "partner_id": record_sudo._mail_get_customer().id,
            "company_id": record_sudo._mail_get_companies(default=company)[record.id].id,
            "sender_id": sender.id,
            "responsible_id": record._sengerio_responsible().id,
            "subject": message_sudo.subject,
            "email_from": message_sudo.email_from,
            "reply_to": message_sudo.reply_to,
            "mail_message_id": message_sudo.id,
            "message_id": message_sudo.message_id,
            "attachment_ids": message_sudo.attachment_ids.ids,
            "attachment_count": len(message_sudo.attachment_ids),
            "resend_of_id": original.id,
            "amount_total": amount,
            "currency_id": currency.id,
            "delivery_ids": [
                {
                    "email": recipient.email,
                    "name": recipient.name,
                    "header": recipient.header,
                    "partner_id": recipient.partner_id,
                    "role": recipient.role or False,
                    "reason": word(recipient.reason),
                }
                for recipient in answer.recipients
            ],
            **self._addresses((recipient.header, recipient.email) for recipient in answer.recipients),
        }
