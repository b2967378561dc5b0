"""Odoo's questions about one record that are asked about all of :func:`..tools.together.together` at once."""

from odoo import models

from ..tools.together import asked_together


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


class MailTemplate(models.Model):
    _inherit = "mail.template"

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
