import json
import logging
from dataclasses import replace

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import hmac

from ..tools import changes as changing
from ..tools.together import asked_together

ADMINISTRATOR = "sengerio_mail.sengerio_mail_group_administrator"

_logger = logging.getLogger(__name__)


class SengerioMailChanges(models.AbstractModel):
    """Checks what the person sending changes for one send, see :mod:`..tools.changes`.

    To and Cc are free, as in any mail program: everybody sees who gets it. A blind copy is not seen, so it goes to the
    company's own users; to others only administrators of document mailing send one, as they alone set such copies.
    """

    _name = "sengerio.mail.changes"
    _description = "Changes for One Send"

    @api.model
    def _read(self, values):
        """Read changes, unusable addresses included.

        :raise UserError: they are not what the composer writes
        """
        try:
            return changing.read(values)
        except changing.UnreadableChanges as error:
            raise UserError(
                self.env._("What was changed for this message cannot be understood: %s.", str(error))
            ) from error

    @api.model
    def _read_batch(self, values):
        """Read the changes for several records, see :func:`..tools.changes.read_batch`.

        :rtype: odoo.addons.sengerio_mail.tools.changes.BatchChanges
        :raise UserError: they are not what the batch wizard writes
        """
        try:
            return changing.read_batch(values)
        except changing.UnreadableChanges as error:
            raise UserError(
                self.env._("What was changed for these invoices cannot be understood: %s.", str(error))
            ) from error

    @api.model
    def _check_contacts(self, contact_ids):
        """Refuse contacts that were added to To and that the user may not see.

        :raise UserError: one is not there, for this user
        """
        contacts = self.env["res.partner"].browse(contact_ids).exists()
        if len(contacts) < len(contact_ids) or contacts._filtered_access("read") != contacts:
            raise UserError(self.env._("A contact that was added to To is not there any more, or not for you to see."))

    @api.model
    def _of_send(self, policy, send):
        """Return the changes that a send carries; where there is no role, nobody's addresses are changed."""
        return self._read(send.get("changes") if policy.role else None)

    @api.model
    def _checked(self, policy, send, sender):
        """Return the changes that a send carries.

        :param sender: ``res.users``, by whose rights they count when Odoo acts by itself
        :raise ValidationError: an address cannot be used; the message quotes it
        :raise AccessError: a blind copy goes where the user may not send one
        """
        changes = self._of_send(policy, send)
        problems = self._problems(changes, sender)
        if problems and self.env.uid == SUPERUSER_ID:
            # checked when it was written; a job does not stop for one address
            _logger.warning("Left out of a document: %s", "; ".join(problems.values()))
            return changes.without(problems)
        for entry, message in problems.items():
            raise (AccessError if entry.address and entry.header == "bcc" else ValidationError)(message)
        return changes

    @api.model
    def _signature(self, record, user_id, changes):
        """Return what proves that this program wrote a user's changes for a record, where others can write, too.

        :param dict changes: of :func:`..tools.changes.write`
        """
        message = (record._name, record.id, user_id, json.dumps(changes, sort_keys=True))
        return hmac(self.env(su=True), "sengerio_mail-changes", message)

    @api.model
    def _problems(self, changes, sender):
        """Tell which of the addresses added cannot be mailed.

        :param sender: ``res.users``, see :meth:`_checked`
        :return: ``{entry: message}``
        """
        addresses = self.env["sengerio.mail.address"]
        problems = {entry: addresses._invalid_message(entry.error) for entry in changes.entries if entry.error}
        if not changes.emails:
            return problems
        aliases = self.env["mail.alias.domain"].sudo()._sengerio_own(changes.emails)
        outside = self._not_blindly(changes, sender)
        for entry in changes.entries:
            email = entry.address and entry.address.email
            if email in aliases:
                problems[entry] = addresses._alias_message(email)
            elif entry.header == "bcc" and email in outside:
                problems[entry] = self.env._(
                    "%s is no address of a user: only an administrator of document mailing sends blind copies to "
                    "people outside of the company. Use Cc instead.", email,
                )  # fmt: skip
        return problems

    @api.model
    def _not_blindly(self, changes, sender):
        """Return the addresses added as Bcc to which this user may not send a blind copy."""
        emails = {address.email for address in changes.added("bcc")}
        user = sender if self.env.uid == SUPERUSER_ID else self.env.user
        if not emails or (user and user.has_group(ADMINISTRATOR)):
            return set()
        users_sudo = self.env["res.users"].sudo()  # who is a user is no secret among users
        inside = Domain("share", "=", False) & Domain("email_normalized", "in", list(emails))
        rows_sudo = self.env["sengerio.mail.address"].sudo()
        own_rows = Domain("partner_id.partner_share", "=", False) & Domain("email", "in", list(emails))
        emails.difference_update(users_sudo.search(inside).mapped("email_normalized"))
        return emails - set(rows_sudo.search(own_rows).mapped("email"))

    @api.model
    def _bounced(self, emails):
        """Return those of some addresses whose mail came back."""
        asked = emails and asked_together(self.env)
        if not asked:
            return self._fetch_bounced(emails)
        asked.emails.update(emails)
        everything = frozenset(asked.emails)
        return frozenset(emails) & asked.answer(("bounced", everything), lambda: self._fetch_bounced(everything))

    @api.model
    def _fetch_bounced(self, emails):
        if not emails:
            return frozenset()
        # sudo: of partners whom the user may not see
        rows_sudo, partners_sudo = self.env["sengerio.mail.address"].sudo(), self.env["res.partner"].sudo()
        bounced = Domain("email", "in", list(emails)) & Domain("bounce_state", "!=", "none")
        own = partners_sudo.search([("sengerio_bounced_email", "in", list(emails))]).mapped("sengerio_bounced_email")
        return frozenset([*rows_sudo.search(bounced).mapped("email"), *own])

    @api.model
    def _applied(self, policy, changes):
        """Return the policy with the From and Reply-To chosen for this send."""
        return replace(
            policy,
            from_policy=changes.email_from or policy.from_policy,
            reply_to_policy=changes.reply_to or policy.reply_to_policy,
        )
