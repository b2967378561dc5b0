from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL

BATCH = 1000
LONGEST = 12 * 1000  # months; dates begin with the year 1
REMOVED = "removed"  # in place of an address
# mails that are sent, or may be tried again
OPEN_MAILS = ("outgoing", "exception")


class SengerioMailRetention(models.AbstractModel):
    """Removes addresses from old documents, or deletes them, as their company and type say.

    Odoo's daily cleaning calls this batch by batch and commits in between.
    """

    _name = "sengerio.mail.retention"
    _description = "Retention of Documents"

    @api.autovacuum
    def _gc_documents(self):
        """Work off one batch of old documents.

        :return: ``(documents worked off, whether there may be more)``
        """
        for company, type_ids, action, months in self._terms():
            documents_sudo = self._expired(company, type_ids, months)
            if not documents_sudo and action == "delete":
                documents_sudo = self._expired(company, type_ids, months, anonymised=True)
            if documents_sudo:
                getattr(self, f"_{action}")(documents_sudo)
                return len(documents_sudo), 1
        return 0, 0

    @api.autovacuum
    def _gc_reports(self):
        """Delete one batch of old reports; what they said stays.

        :return: ``(events worked off, whether there may be more)``
        """
        events_sudo = self.env["sengerio.mail.event"].sudo()  # the cleaning has no user
        companies_sudo = self.env["res.company"].sudo().with_context(active_test=False)
        for company in companies_sudo.search([("sengerio_report_months", ">", 0)]):
            expired = events_sudo.search(
                [
                    ("attachment_id", "!=", False),
                    ("date", "<", self._before(company.sengerio_report_months)),
                    ("delivery_id.document_id.company_id", "=", company.id),
                ],
                limit=BATCH,
            )
            if expired:
                self._delete_reports(expired)
                return len(expired), 1
        return 0, 0

    @api.model
    def _terms(self):
        """Yield ``(company, ids of document types, action, months)`` where documents are not kept for ever.

        A company's own type replaces the shared one, as it does for sending; documents of archived types count.
        """
        types_sudo = self.env["sengerio.mail.document.type"].sudo().with_context(active_test=False).search([])
        for company in self.env["res.company"].sudo().with_context(active_test=False).search([]):
            type_ids = defaultdict(list)
            for _code, of_code in types_sudo.grouped("code").items():
                own = of_code.filtered(lambda one, company=company: one.active and one.company_id == company)
                term = (own or of_code.filtered(lambda one: not one.company_id))[:1]
                action, months = term.retention, term.retention_months
                if not term or action == "company":
                    action, months = company.sengerio_retention, company.sengerio_retention_months
                if action != "keep":
                    type_ids[action, months] += of_code.ids
            for (action, months), ids in type_ids.items():
                yield company, ids, action, months

    @api.model
    def _before(self, months):
        return fields.Datetime.now() - relativedelta(months=min(months, LONGEST))

    @api.model
    def _expired(self, company, type_ids, months, anonymised=False):
        """Return a batch of documents whose time is over; what waits, or may be sent again, is never among them.

        :param company: ``res.company`` of the documents
        :param list type_ids: ids of their types
        :param int months: how long they are kept
        :param bool anonymised: those without addresses, else the others
        """
        for model in ("sengerio.mail.document", "sengerio.mail.delivery", "mail.mail"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT document.id
                  FROM sengerio_mail_document document
                 WHERE company_id = %(company_id)s AND type_id IN %(type_ids)s
                   AND COALESCE(date_sent, create_date) < %(before)s
                   AND %(anonymised)s
                   AND NOT EXISTS (SELECT FROM sengerio_mail_delivery
                                    WHERE document_id = document.id AND state = 'queued')
                   AND NOT EXISTS (SELECT FROM mail_mail
                                    WHERE mail_message_id = document.mail_message_id AND state IN %(open_mails)s)
                 ORDER BY COALESCE(date_sent, create_date)
                 LIMIT %(batch)s
                   FOR UPDATE SKIP LOCKED
                """,
                company_id=company.id,
                type_ids=tuple(type_ids),
                before=self._before(months),
                anonymised=SQL("anonymised IS TRUE") if anonymised else SQL("anonymised IS NOT TRUE"),
                open_mails=OPEN_MAILS,
                batch=BATCH,
            )
        )
        # the cleaning has no user, and nobody may write the list
        return self.env["sengerio.mail.document"].sudo().browse([row[0] for row in rows])

    @api.model
    def _anonymise(self, documents_sudo):
        """Remove addresses, names and what servers said of them, also from what is to be done about them; the documents
        still count, with their states.

        :param documents_sudo: ``sengerio.mail.document``
        """
        self._delete_reports(documents_sudo.delivery_ids.event_ids)
        documents_sudo.delivery_ids.event_ids.write(self._anonymous_event_values())
        documents_sudo.delivery_ids.write(self._anonymous_delivery_values())
        documents_sudo.write(self._anonymous_values())
        # of a contact, or of what else a message was sent about, it may be a person's name
        unnumbered = documents_sudo.filtered(lambda document: document.is_other or document.res_model == "res.partner")
        unnumbered.reference = False
        documents_sudo._activities().unlink()
        self._forget_messages(documents_sudo)

    @api.model
    def _anonymous_values(self):
        return {
            "anonymised": True, "subject": False, "email_from": False, "reply_to": False,
            "attachment_ids": [Command.clear()],
        }  # fmt: skip

    @api.model
    def _anonymous_delivery_values(self):
        return {
            "email": REMOVED, "name": False, "partner_id": False, "reason": False, "smtp_reply": False,
            "diagnostic": False,
        }  # fmt: skip

    @api.model
    def _anonymous_event_values(self):
        return {"detail": False}

    @api.model
    def _delete(self, documents_sudo):
        documents_sudo._messages_sudo()._sengerio_hide_plain()
        documents_sudo.unlink()

    @api.model
    def _forget_messages(self, documents_sudo):
        """Take the addresses that are no contact's off the messages of documents, which stay with their records."""
        messages_sudo = documents_sudo._messages_sudo()
        messages_sudo._sengerio_forget()
        messages_sudo._sengerio_hide_plain()

    @api.model
    def _delete_reports(self, events_sudo):
        """Delete the reports as they came.

        :param events_sudo: ``sengerio.mail.event``; an attachment of another record is let go, not deleted
        """
        reports_sudo = events_sudo.attachment_id
        events_sudo.filtered("attachment_id").attachment_id = False
        still_used = self.env["sengerio.mail.event"].sudo().search([("attachment_id", "in", reports_sudo.ids)])
        foreign = Domain("res_model", "not in", (False, "sengerio.mail.document", "sengerio.mail.event"))
        (reports_sudo - still_used.attachment_id - reports_sudo.filtered_domain(foreign)).unlink()
