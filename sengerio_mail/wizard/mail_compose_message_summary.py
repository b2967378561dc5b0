import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every
from odoo.tools.mail import email_split

PLAIN = ("email_to", "email_cc")
EXPRESSION = re.compile(r"\{\{|<t\b|\st-\w")  # of inline templates, of QWeb


class MailComposeMessage(models.TransientModel):
    """The composer on several records at once, which sends each as a document of its own: who will get which."""

    _inherit = "mail.compose.message"

    sengerio_wanted = fields.Json("Lines asked for")  # ids of records; the first ones if empty
    sengerio_asked = fields.Integer("Times asked")  # counted by the widget when addresses may have changed
    sengerio_lines = fields.Json("Who gets what", compute="_compute_sengerio_lines")

    @api.depends(  # not what is typed and attached: each change of it would ask the server, in any composer
        "template_id", "model", "res_ids", "res_domain", "composition_mode", "partner_ids", "author_id", "email_from",
        "reply_to", "reply_to_force_new", "use_exclusion_list", "sengerio_wanted", "sengerio_asked",
    )  # fmt: skip
    def _compute_sengerio_lines(self):
        for composer in self:
            try:
                composer.sengerio_lines = composer._sengerio_summary()
            except UserError as error:  # what is typed into From or Reply-To cannot be rendered (yet)
                composer.sengerio_lines = {"ids": [], "lines": [], "problem": str(error)}

    def _sengerio_summary(self):
        """Return ``{ids, lines}``, ``False`` where there is nothing to tell.

        That is where recipients do not follow the rules, and for records that are only searched for when they are sent.
        """
        if self.composition_mode != "mass_mail" or self.res_domain or not self._sengerio_has_thread():
            return False
        res_ids = [res_id for res_id in self._evaluate_res_ids() if res_id]
        if not self._sengerio_reroutes(res_ids):
            return False
        wanted = self.env["sengerio.mail.preview"]._wanted(res_ids, self.sengerio_wanted)
        return {"ids": res_ids, "lines": self._sengerio_summary_lines(wanted)}

    def _sengerio_summary_lines(self, res_ids):
        """Return a line for each record, see ``sengerio.mail.preview``, by the values with which it would be sent."""
        records = self.env[self.model].browse(res_ids)
        with self.env["sengerio.mail.resolver"]._together(records) as asked:
            values_all = self._sengerio_addressing_values(records)
            configured = self.env["ir.config_parameter"].sudo().get_param("mail.batch_size")  # as Odoo reads it
            for batch in split_every(int(configured or 0) or self._batch_size, res_ids):  # so it looks for duplicates
                self._process_mail_values_state({res_id: values_all[res_id] for res_id in batch})
            for values in values_all.values():
                asked.partner_ids.update(self._sengerio_partner_ids(values))
            return [self._sengerio_summary_line(record, values_all[record.id]) for record in records]

    def _sengerio_summary_line(self, record, values):
        preview = self.env["sengerio.mail.preview"]
        unwanted = self.env._("nobody: on the list of those who want no mailings")
        duplicate = self.env._("nobody: the same message goes to the same address already")
        notes = {"mail_bl": unwanted, "mail_optout": unwanted, "mail_dup": duplicate}
        if note := notes.get(values.get("failure_type")):
            return {**preview._line(record, None), "note": note}
        answer = self._sengerio_foreseen(record, values)
        email_from, reply_to = preview._readable(values["email_from"]), ", ".join(email_split(values["reply_to"]))
        return preview._line(record, answer, email_from=email_from, reply_to=reply_to)

    @api.model
    def _sengerio_partner_ids(self, values):
        """Return the ids of whom a mail will be for.

        :param dict values: of :meth:`_sengerio_addressing_values`
        """
        return [command[1] for command in values["recipient_ids"]]

    def _sengerio_foreseen(self, record, values):
        """Tell who will get a record's document, as it is resolved when its mail is made.

        :param dict values: of :meth:`_sengerio_addressing_values`
        :rtype: odoo.addons.sengerio_mail.tools.resolver.Answer
        """
        partner_ids = self._sengerio_partner_ids(values)
        mailed = [{"id": partner_id, "notif": "email"} for partner_id in partner_ids]
        send = {"addressed": partner_ids, **{name: [values.get(name)] for name in PLAIN}}
        resolver = self.env["sengerio.mail.resolver"]
        return resolver._resolve(self._sengerio_policy(record, {}), record, resolver._sender(record), mailed, send)

    def _sengerio_addressing_values(self, records):
        """Return what of the values of ``_prepare_mail_values`` tells who gets each mail, From and Reply-To.

        Texts and attachments, which take as long as sending, only tell whether they are the same for all.
        """
        emails_from = self._render_field("email_from", records.ids)
        if self.reply_to_force_new:
            replies = self._render_field("reply_to", records.ids)
        else:
            author_ids = dict.fromkeys(records.ids, self.author_id.id)
            replies = records._notify_get_reply_to_batch(defaults=emails_from, author_ids=author_ids)
        texts = f"{self.subject or ''} {self.body or ''}"
        is_same = not EXPRESSION.search(texts) and not self.template_id.report_template_ids  # for all records
        values_all = self._sengerio_recipient_values(records)
        for record in records:
            values = values_all[record.id]
            values.update(
                body=texts if is_same else record.id,
                attachment_ids=self.attachment_ids.ids,
                author_id=self.author_id.id,
                email_from=emails_from[record.id],
                reply_to=replies[record.id] or emails_from[record.id],
                recipient_ids=[
                    (4, partner_id) for partner_id in {*values.pop("partner_ids", ()), *self.partner_ids._origin.ids}
                ],
            )
            plain = {name: values.pop(f"sengerio_{name}", None) for name in PLAIN}
            self._sengerio_complete_mail(self._sengerio_policy(record, {}), record, values, plain)
        return values_all

    def _sengerio_recipient_values(self, records):
        """Return ``{record id: {partner_ids, email_to, email_cc, …}}`` by the template, else Odoo's default."""
        if self.template_id:
            return self._generate_template_for_composer(
                records.ids, [*PLAIN, "partner_ids"],
                find_or_create_partners=self.env.context.get("mail_composer_force_partners", True),
            )  # fmt: skip
        if self.partner_ids:
            return {record.id: {} for record in records}
        return {res_id: dict(values) for res_id, values in records._message_get_default_recipients().items()}
