from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.account_move_send import SENDING_KEY, mail_partner_ids
from ..tools import changes as changing
from ..tools.together import asked_together

ALONE = "sengerio_addresses_alone"  # context: no texts are wanted


@dataclass(frozen=True)
class Foreseen:
    """What will become of one invoice.

    :ivar policy: the :class:`..models.sengerio_mail_document_type.Policy`, ``None`` if it is no document
    :ivar answer: the :class:`..tools.resolver.Answer`, ``None`` if it is no document by e-mail
    :ivar recipients_data: whom Odoo will notify
    :ivar headers: author, From and Reply-To as template and Odoo say
    """

    policy: object
    answer: object = None
    recipients_data: tuple = ()
    headers: tuple = ()


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    summary_data = fields.Json(compute="_compute_sengerio_overview")
    alerts = fields.Json(compute="_compute_sengerio_overview")
    sengerio_may_copy_sender = fields.Boolean(compute="_compute_sengerio_policies")
    sengerio_wants_copy = fields.Boolean(compute="_compute_sengerio_policies")  # unless switched for this send
    sengerio_bcc_sender = fields.Boolean(
        "Blind copy to me", compute="_compute_sengerio_bcc_sender", store=True, readonly=False
    )
    sengerio_changes = fields.Json("Changes for these invoices", default=dict)  # see tools/changes.py
    # counted by the widget when somebody who had no address may have one: summary and alerts ask about all the invoices
    sengerio_asked = fields.Integer("Times asked")
    sengerio_wanted = fields.Json("Lines asked for")  # ids of invoices: each takes its time; the first ones if empty
    sengerio_lines = fields.Json("Who gets what", compute="_compute_sengerio_lines")
    # From and Reply-To that may be chosen for all: asked once, not after each change
    sengerio_choices = fields.Json(compute="_compute_sengerio_policies")

    @api.depends("move_ids")
    def _compute_sengerio_policies(self):
        """Tell what the types of all these documents allow."""
        resolver, preview = self.env["sengerio.mail.resolver"], self.env["sengerio.mail.preview"]
        for wizard in self:
            policies, cases, moves = {}, {}, wizard.move_ids._origin
            with resolver._together(moves):
                templates = {move: move._get_mail_template() for move in moves}
            for move, template in templates.items():
                if policy := self._sengerio_policy(move, template):
                    policies[move] = policy
                    has_reply_to = bool(template.reply_to)
                    cases.setdefault((policy.id, move.company_id, has_reply_to), (policy, move, has_reply_to))
            wizard.sengerio_may_copy_sender = any(policy.may_copy_sender for policy in policies.values())
            wizard.sengerio_wants_copy = any(
                resolver._wants_copy(policy, resolver._sender(move)) for move, policy in policies.items()
            )
            wizard.sengerio_choices = preview._choices_for_all([*cases.values()], self.env.user)

    @api.depends("sengerio_wants_copy")
    def _compute_sengerio_bcc_sender(self):
        for wizard in self:
            wizard.sengerio_bcc_sender = wizard.sengerio_wants_copy

    @api.depends("move_ids", "sengerio_asked")
    def _compute_sengerio_overview(self):
        """Let Odoo tell summary and alerts, which ask for the same settings: an address added to To is enough."""
        for wizard in self:
            with self.env["sengerio.mail.resolver"]._together(wizard.move_ids._origin):
                told = wizard._sengerio_with_choices()
                told._compute_summary_data()
                told._compute_alerts()
            wizard.alerts = {key: self._sengerio_without_choices(alert) for key, alert in (wizard.alerts or {}).items()}

    @api.model
    def _sengerio_without_choices(self, alert):
        """Return an alert whose action, which has our context, is without what is there for the alerts alone."""
        action = alert.get("action")
        if not isinstance(action, dict):
            return alert
        context = {
            key: value for key, value in (action.get("context") or {}).items() if key not in (ALONE, SENDING_KEY)
        }
        return {**alert, "action": {**action, "context": context}}

    def _sengerio_with_choices(self):
        """Return the wizard in whose settings of an invoice, asked for once, are the changes that can be used.

        There are no texts in them: nobody reads the messages here, and they take as long as all the rest.
        """
        changes, problems = self._sengerio_read()
        choices = {move.id: self._sengerio_choices(move, changes, problems) for move in self.move_ids._origin}
        return self.with_context(**{ALONE: True, SENDING_KEY: choices})

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS account: see _sengerio_with_choices
        ask, asked = super()._get_default_sending_settings, asked_together(self.env)
        if not asked or from_cron or custom_settings:
            return ask(move, from_cron=from_cron, **custom_settings)
        return {**asked.answer(("settings", self.env, move), lambda: ask(move))}

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        # EXTENDS account: see _sengerio_with_choices
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_body(move, mail_template, mail_lang)

    @api.model
    def _get_default_mail_subject(self, move, mail_template, mail_lang):
        # EXTENDS account: see _sengerio_with_choices
        return "" if self.env.context.get(ALONE) else super()._get_default_mail_subject(move, mail_template, mail_lang)

    @api.depends("move_ids", "sengerio_bcc_sender", "sengerio_changes", "sengerio_asked", "sengerio_wanted")
    def _compute_sengerio_lines(self):
        preview = self.env["sengerio.mail.preview"]
        for wizard in self:
            moves = wizard.move_ids._origin
            wanted = moves.browse(preview._wanted(moves.ids, wizard.sengerio_wanted)).with_prefetch(moves.ids)
            changes, problems = wizard._sengerio_read()
            wizard.sengerio_lines = {
                "ids": moves.ids,
                "lines": wizard._sengerio_told(wanted, changes, problems),
                "cc": [
                    preview._problem_tag(entry, problems[entry]) if entry in problems else preview._common_tag(entry)
                    for entry in changes.common.entries
                ],
            }

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS account: what was changed for these invoices goes with them
        choices = self._sengerio_checked_choices()
        wizard = self.with_context(**{SENDING_KEY: choices}) if choices else self
        result = super(AccountMoveSendBatchWizard, wizard).action_send_and_print(
            force_synchronous=force_synchronous, allow_fallback_pdf=allow_fallback_pdf
        )
        if choices and not force_synchronous:
            for move in self.move_ids.filtered(lambda move: move.id in choices):
                move.sending_data = {**move.sending_data, **self._sengerio_signed(move, choices[move.id])}
        return result

    def _sengerio_read(self):
        """Return ``(changes, problems)``.

        :rtype: tuple[odoo.addons.sengerio_mail.tools.changes.BatchChanges, dict]
        :raise UserError: they are not what the browser writes, or a contact is not there for this user
        """
        checking = self.env["sengerio.mail.changes"]
        changes = checking._read_batch(self.sengerio_changes)
        checking._check_contacts(changes.contacts)
        entries = [*changes.common.entries]
        for move in self.move_ids._origin:
            entries += changes.own_of(move.id).entries
        return changes, checking._problems(changing.Changes(tuple(entries)), self.env.user)

    def _sengerio_checked_choices(self):
        """Return what differs, by invoice's id, for those for which something does.

        :raise UserError: an address cannot be used, a contact has none, or nobody is left in To; the message names it
            and the invoice
        """
        changes, problems = self._sengerio_read()
        self._sengerio_refuse(changes, problems)
        choices = {move.id: found for move in self.move_ids if (found := self._sengerio_choices(move, changes))}
        to_nobody = self.env["account.move"]
        for move in self.move_ids:
            own = changes.own_of(move.id)
            if not own:
                continue
            answer = self._sengerio_foreseen(move, self._sengerio_settings(move, choices[move.id])).answer
            if answer is None:
                continue
            self._sengerio_refuse_unreachable(move, own, answer)
            if not answer.by_header("to"):
                to_nobody |= move
        if to_nobody:
            numbers = ", ".join(to_nobody.mapped("display_name"))
            raise UserError(self.env._("Nobody is in To of %s: add an address there, or put one back.", numbers))
        return choices

    def _sengerio_refuse_unreachable(self, move, own, answer):
        """Refuse contacts that were added to an invoice and have no address.

        :raise UserError: it names the invoice and the first of them
        """
        for warning in answer.warnings:
            if warning.code == "no_address" and warning.partner_id in own.contacts:
                problem = self.env["sengerio.mail.resolver"]._word(warning)
                raise UserError(self.env._("%(number)s: %(problem)s", number=move.display_name, problem=problem))

    def _sengerio_refuse(self, changes, problems):
        """Refuse addresses that cannot be used.

        :raise UserError: the first of them, with the invoice to which it was added
        """
        for entry in changes.common.entries:
            if entry in problems:
                raise UserError(problems[entry])
        for move in self.move_ids:
            for entry in changes.own_of(move.id).entries:
                if entry in problems:
                    raise UserError(
                        self.env._("%(number)s: %(problem)s", number=move.display_name, problem=problems[entry])
                    )

    def _sengerio_choices(self, move, changes, problems=()):
        """Return what differs for an invoice, as ``sending_data`` carries it.

        :param changes: :class:`..tools.changes.BatchChanges`
        :param problems: those of their entries that cannot be used
        """
        choices = {}
        if self.sengerio_may_copy_sender and self.sengerio_bcc_sender != self.sengerio_wants_copy:
            choices["sengerio_bcc_sender"] = self.sengerio_bcc_sender
        if found := changes.of(move.id).without(problems):
            choices["sengerio_changes"] = changing.write(found)
        return choices

    def _sengerio_settings(self, move, choices):
        """Return the settings of an invoice, without texts.

        :param dict choices: of :meth:`_sengerio_choices`
        """
        settings = self.with_context(**{ALONE: True})._get_default_sending_settings(move)
        return self._sengerio_with_carried(settings, self._sengerio_carried(choices))

    def _sengerio_foreseen(self, move, settings, shown=False):
        """Tell what will become of an invoice, which OdooBot's job sends: the author of the message is who is in From.

        :param dict settings: of :meth:`_sengerio_settings`
        :param bool shown: tell the copies although nobody is in To
        :rtype: Foreseen
        """
        policy = self._sengerio_policy(move, settings.get("mail_template"))
        if "email" not in settings["sending_methods"] or not policy:
            return Foreseen(policy)
        headers = self._sengerio_headers(move, settings["mail_template"], settings["mail_lang"])
        checking, resolver = self.env["sengerio.mail.changes"], self.env["sengerio.mail.resolver"]
        chosen = checking._applied(policy, checking._read(settings.get("sengerio_changes")))
        author, _email_from = resolver._author(chosen, move, resolver._sender(move), *headers[:2])
        recipients_data = self._sengerio_recipients_data(move, mail_partner_ids(settings), author)
        answer = self._sengerio_answer(move, policy, {**settings, "sengerio_shown": shown}, recipients_data)
        return Foreseen(policy, answer, tuple(recipients_data), headers)

    def _sengerio_told(self, moves, changes, problems):
        """Return who will get each of some invoices, see :meth:`_sengerio_line`."""
        with self.env["sengerio.mail.resolver"]._together(moves) as asked:
            settings = {
                move: self._sengerio_settings(move, self._sengerio_choices(move, changes, problems)) for move in moves
            }
            for move in moves:
                asked.partner_ids.update(settings[move].get("mail_partner_ids") or ())
                asked.emails.update(changes.of(move.id).emails)
            return [self._sengerio_line(move, settings[move], changes, problems) for move in moves]

    def _sengerio_line(self, move, settings, changes, problems):
        """Return who will get an invoice, see ``sengerio.mail.preview``.

        :param dict settings: of :meth:`_sengerio_settings`
        :param changes: :class:`..tools.changes.BatchChanges`
        :param problems: ``{entry: message}`` of those that cannot be used
        """
        own = changes.own_of(move.id)
        foreseen = self._sengerio_foreseen(move, settings, shown=bool(own))
        preview, answer = self.env["sengerio.mail.preview"], foreseen.answer
        contacts = settings.get("sengerio_contacts") or []
        addressed = len(settings.get("mail_partner_ids") or ()) > len(contacts)
        if answer is None:
            return {**preview._line(move, None), "note": self.env._("not by e-mail"), "addressed": addressed}
        headers = preview._headers(
            foreseen.policy, move, self.env["sengerio.mail.resolver"]._sender(move), *foreseen.headers, changes.common,
            choices=False,
        )  # fmt: skip
        line = preview._line(move, answer, addressed, headers["from"]["text"], headers["reply_to"]["text"])
        self._sengerio_mark_changes(line, changes.common, own, problems)
        line["to"] += preview._tags_without_mail(
            answer, self.env["res.partner"].browse(contacts), foreseen.recipients_data
        )
        return {**line, "addressed": addressed}

    def _sengerio_mark_changes(self, line, common, own, problems):
        """Tell on an invoice's line what is in copy of all, what cannot be used and what of all is left out here.

        :param dict line: changed in place
        :param common: the :class:`..tools.changes.Changes` for all invoices
        :param own: those for this one
        :param problems: ``{entry: message}`` of those that cannot be used
        """
        preview = self.env["sengerio.mail.preview"]
        of_all = {entry.address.email: preview._common_tag(entry) for entry in common.entries if entry not in problems}
        for tag in line["cc"]:
            if tag["kind"] == "added" and tag["email"] not in own.emails:
                tag.update(kind="common", reason=of_all[tag["email"]]["reason"])
        for entry in own.entries:
            if entry in problems:
                line[entry.header].append(preview._problem_tag(entry, problems[entry]))
        known = {tag["email"] for shown in (*changing.HEADERS, "left_out") for tag in line[shown]}
        line["left_out"] += [tag for email, tag in of_all.items() if email in own.removed - known]
