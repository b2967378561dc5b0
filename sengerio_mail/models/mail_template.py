import base64

from odoo import models

from .res_partner import DUE_ATTACH

SENDING_KEY = "sengerio_send_mail"  # within send_mail_batch; what a mail is, is kept on its message


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def send_mail_batch(self, res_ids, force_send=False, raise_exception=False, email_values=None,
                        email_layout_xmlid=False):  # fmt: skip
        # EXTENDS mail: say which documents its mails are
        return super(MailTemplate, self.with_context(**{SENDING_KEY: True})).send_mail_batch(
            res_ids, force_send=force_send, raise_exception=raise_exception, email_values=email_values,
            email_layout_xmlid=email_layout_xmlid,
        )  # fmt: skip

    def _generate_template(self, res_ids, render_fields, recipients_allow_suggested=False,
                           find_or_create_partners=False):  # fmt: skip
        # EXTENDS mail: see send_mail_batch
        sending = self.env.context.get(SENDING_KEY)
        self = self.with_context(**{SENDING_KEY: False}) if sending else self
        results = super()._generate_template(
            res_ids, render_fields, recipients_allow_suggested=recipients_allow_suggested,
            find_or_create_partners=find_or_create_partners,
        )  # fmt: skip
        if sending and hasattr(self.env[self.model], "message_post"):
            for record in self.env[self.model].browse(res_ids):
                self._sengerio_complete(record, results[record.id])
        return results

    def _generate_template_attachments(self, res_ids, render_fields, render_results=None):
        # EXTENDS mail: the invoices of a due notice
        results = super()._generate_template_attachments(res_ids, render_fields, render_results=render_results)
        if self.env.context.get(DUE_ATTACH) and self.model == "res.partner" and "attachment_ids" in render_fields:
            for partner in self.env["res.partner"].browse(res_ids):
                printed, new = partner._sengerio_due_attachments()
                values = results[partner.id]
                values["attachment_ids"] = [*values.get("attachment_ids", []), *printed.ids]
                values.setdefault("attachments", []).extend((name, base64.b64encode(pdf)) for name, pdf in new)
        return results

    def _sengerio_complete(self, record, values):
        """Add to a mail's values what document it is, with author, From and Reply-To by its policy.

        :param dict values: of ``mail.mail``; changed in place
        """
        document_types = self.env["sengerio.mail.document.type"]
        policy = document_types._recognise(record, self)
        if not policy and (values.get("attachments") or values.get("attachment_ids")):
            policy = document_types._other(record, self)
        if policy:
            author_id, email_from = record._message_compute_author(None, values.get("email_from") or None)
            company = self.env.company
            values.update(
                record._sengerio_message_values(policy, {}, author_id, email_from, values.get("reply_to")),
                # of the record's company, as for messages: bounces come back to its alias domain
                record_company_id=record._mail_get_companies(default=company)[record.id].id,
                record_alias_domain_id=record.sudo()._mail_get_alias_domains(default_company=company)[record.id].id,
            )
