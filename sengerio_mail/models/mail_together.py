"""Odoo's questions about one record that are asked about all of :func:`..tools.together.together` at once."""

from contextlib import suppress

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.mail import parse_contact_from_email

from ..tools.together import asked_together

NAMING = ("partner_to", "email_to", "email_cc")  # fields of mail.template


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_get_default_recipients(self, with_cc=False, all_tos=False):
        # EXTENDS mail: once for several records
        together = asked_together(self.env)
        if not together or self not in together:
            return super()._message_get_default_recipients(with_cc=with_cc, all_tos=all_tos)
        asking = super(MailThread, together.records.with_env(self.env))
        found = together.answer(
            ("default recipients", self.env, with_cc, all_tos),
            lambda: asking._message_get_default_recipients(with_cc=with_cc, all_tos=all_tos),
        )
        values = found[self.id].items()  # Odoo changes lists that it gets
        return {self.id: {name: [*value] if isinstance(value, list) else value for name, value in values}}

    def _notify_get_reply_to(self, default=None, author_id=False):
        # EXTENDS mail: once for several records, to each of which its own default is given afterwards
        together = asked_together(self.env)
        if not together or self not in together:
            return super()._notify_get_reply_to(default=default, author_id=author_id)
        asking = super(MailThread, together.records.with_env(self.env))
        found = together.answer(
            ("reply to", self.env, author_id), lambda: asking._notify_get_reply_to(author_id=author_id)
        )
        return {self.id: default if found[self.id] is None else found[self.id]}


class MailFollowers(models.Model):
    _inherit = "mail.followers"

    def _get_recipient_data(self, records, message_type, subtype_id, pids=None):
        # EXTENDS mail: once for several records; who is addressed in one of them is not in the others
        together = asked_together(self.env)
        if not together or not records or records not in together or not together.partner_ids.issuperset(pids or ()):
            return super()._get_recipient_data(records, message_type, subtype_id, pids)
        ask, everybody = super()._get_recipient_data, tuple(sorted(together.partner_ids))
        question = (records.env, message_type, subtype_id)
        asking = together.records.with_env(records.env)
        followers = together.answer(("followers", *question), lambda: ask(asking, message_type, subtype_id))
        found = together.answer(
            ("notified", *question, everybody), lambda: ask(asking, message_type, subtype_id, everybody)
        )[records.id]
        wanted = {*followers[records.id], *(pids or ())}
        return {records.id: {pid: {**values} for pid, values in found.items() if pid in wanted}}


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    @api.model
    def _find_aliases(self, email_list):
        # EXTENDS mail: once for all addresses
        ask, together = super()._find_aliases, asked_together(self.env)
        if not together or not together.emails.issuperset(email_list):
            return ask(email_list)
        everything = tuple(sorted(together.emails))
        found = together.answer(("aliases", self.env, everything), lambda: frozenset(ask(everything)))
        own = [email for email in email_list if email in found]
        if not own:
            return own
        # what is found by its local part makes others with it own, but only those asked about with it
        by_local_part = together.answer(("by local part", self.env), self._sengerio_judges_by_local_part)
        others = tuple(email for email in everything if not by_local_part(email))
        own_others = together.answer(("aliases", self.env, others), lambda: frozenset(ask(others)))
        local_parts = {email.partition("@")[0] for email in email_list if by_local_part(email)}
        return [
            email for email in own
            if by_local_part(email) or email in own_others or email.partition("@")[0] in local_parts
        ]  # fmt: skip


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _find_or_create_from_emails(self, emails, ban_emails=None, filter_found=None, additional_values=None,
                                    no_create=False, sort_key=None, sort_reverse=True):  # fmt: skip
        # EXTENDS mail: who has all these addresses is searched for once; who of several is meant depends on the record
        together = no_create and asked_together(self.env)
        wanted = [parse_contact_from_email(email)[1] for email in emails] if together else []
        if not together or not together.emails.issuperset(wanted):
            return super()._find_or_create_from_emails(
                emails, ban_emails=ban_emails, filter_found=filter_found, additional_values=additional_values,
                no_create=no_create, sort_key=sort_key, sort_reverse=sort_reverse,
            )  # fmt: skip
        everything = tuple(sorted(together.emails))
        known = together.answer(
            ("known", self.env, everything),
            lambda: self.search([("email_normalized", "in", everything)], order="id").grouped("email_normalized"),
        )
        found = []
        for email in wanted:
            partners = self.browse() if email in (ban_emails or ()) else known.get(email, self.browse())
            partners = partners.filtered(filter_found) if filter_found else partners
            found.append((partners.sorted(sort_key, reverse=sort_reverse) if sort_key else partners)[:1])
        return found

    def exists(self):
        # EXTENDS base: once for all who are asked about
        together = asked_together(self.env)
        if not together or not together.partner_ids.issuperset(self._ids):
            return super().exists()
        everybody = self.browse(sorted(together.partner_ids))
        ask = super(ResPartner, everybody).exists
        return self & together.answer(("exists", self._name, everybody._ids), ask)


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_mail_default_field_value_from_template(self, mail_template, lang, move, field, **kwargs):
        # EXTENDS account: whom a template names for all of several moves
        ask, together = super()._get_mail_default_field_value_from_template, asked_together(self.env)
        if not mail_template or field not in NAMING or kwargs or not together or move not in together:
            return ask(mail_template, lang, move, field, **kwargs)

        asking = mail_template.sudo().with_context(lang=lang)
        found = together.answer(
            ("named", self.env, mail_template.id, lang, field), lambda: asking._sengerio_named_together(together, field)
        )
        return found[move.id] if move.id in found else ask(mail_template, lang, move, field)


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _sengerio_named_together(self, together, field):
        """Return whom a field names for all of several records, and let these people be asked about at once.

        :param together: the :class:`..tools.together.Together` that is going on
        :param str field: one of ``NAMING``
        :return: ``{record id: text}`` of those records for which the field can be rendered
        """
        named = self._sengerio_rendered(field, together.records.ids)
        if field == "partner_to":
            for text in named.values():
                with suppress(TypeError, ValueError):  # of one who may not be asked about alone
                    together.partner_ids.update(self._parse_partner_to(text))
            self.env["res.partner"].sudo().browse(together.partner_ids).exists().mapped("email")  # reads all
        else:
            together.expect_emails(named.values())
        return named

    def _sengerio_rendered(self, field, record_ids):
        """Return ``{record id: text}`` of those records for which a field can be rendered."""
        try:
            return self._render_field(field, record_ids)
        except UserError:
            if len(record_ids) == 1:
                return {}
        alone = (self._sengerio_rendered(field, [record_id]) for record_id in record_ids)
        return {record_id: text for named in alone for record_id, text in named.items()}

    def exists(self):
        # EXTENDS base: env.ref() asks it each time
        return _exists_once(self, super().exists)


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def exists(self):
        # EXTENDS base: env.ref() asks it each time
        return _exists_once(self, super().exists)


def _exists_once(records, ask):
    together = asked_together(records.env)
    if not together:
        return ask()
    return together.answer(("exists", records._name, records._ids), ask).with_env(records.env)
