from odoo import api, models
from odoo.tools.mail import email_split

from ..tools import addresses
from ..tools import changes as changing

KINDS = {"row": "role", "email": "contact", "sender": "sender", "added_now": "added", "added": "plain",
         "template": "plain"}  # fmt: skip


class SengerioMailPreview(models.AbstractModel):
    """Says before sending what the message will be, for the widget that shows and changes it.

    Everything here comes of the same answer that sends.
    """

    _name = "sengerio.mail.preview"
    _description = "Document Preview"

    @api.model
    def _recipients(self, record, answer, problems, partners, recipients_data):
        """Return who will get a document, each with its reason.

        :param record: the record that is sent
        :param answer: :class:`..tools.resolver.Answer`
        :param dict problems: of ``sengerio.mail.changes``
        :param partners: ``res.partner`` addressed
        :param list recipients_data: whom Odoo notifies
        :return: ``{to: [tag], cc: [tag], bcc: [tag], followers: [tag], left_out: [tag], warnings: [{text, …}]}``
        """
        preview = {header: [self._tag(found) for found in answer.by_header(header)] for header in changing.HEADERS}
        preview["to"] += self._tags_without_mail(answer, partners, recipients_data)
        for entry, message in problems.items():
            preview[entry.header].append(self._problem_tag(entry, message))
        preview["followers"] = self._followers(answer)
        preview["left_out"] = self._left_out(answer)
        preview["warnings"] = self._warnings(record, answer)
        return preview

    @api.model
    def _nobody(self, why):
        """Return what :meth:`_recipients` does where nothing can leave.

        :param str why: in words
        """
        return {
            **{name: [] for name in (*changing.HEADERS, "followers", "left_out")},
            "warnings": [{"text": why, "partner_id": False, "action": ""}],
        }

    @api.model
    def _followers(self, answer):
        """Return the tags of those whom Odoo mails besides."""
        return [
            {
                "key": f"follower:{person.id}", "email": ", ".join(address.email for address in person.emails),
                "name": person.name, "reason": self.env._("follower: gets Odoo's own mail"), "kind": "follower",
                "locked": True, "partner_id": person.id,
            }
            for person in answer.followers
        ]  # fmt: skip

    @api.model
    def _left_out(self, answer):
        """Return the tags of the addresses that the person sending took out, each once."""
        left_out = {recipient.email: recipient for recipient in answer.left_out}
        return [self._tag(recipient) for recipient in left_out.values()]

    @api.model
    def _tag(self, recipient):
        reason = recipient.reason
        kind = "copy" if reason.code.startswith("copy_") else KINDS[reason.code]
        return {
            "key": f"{recipient.header}:{recipient.email}",
            "email": recipient.email,
            "name": recipient.name,
            "reason": self.env["sengerio.mail.resolver"]._word(reason),
            "kind": kind,
            "bounced": recipient.bounced,
            "locked": bool(recipient.mandatory),
            "partner_id": recipient.partner_id or False,
        }

    @api.model
    def _problem_tag(self, entry, message):
        """Return the tag of an address added that cannot be mailed.

        :param entry: :class:`..tools.changes.Entry`
        """
        return {
            "key": f"{entry.header}:{entry.text}", "email": entry.text, "name": "", "reason": message, "kind": "error",
            "entry": entry.text, "locked": False, "partner_id": False,
        }  # fmt: skip

    @api.model
    def _common_tag(self, entry):
        """Return the tag of an address that is in copy of all records that are sent at once."""
        return {
            "key": f"{entry.header}:{entry.address.email}", "email": entry.address.email, "name": entry.address.name,
            "reason": self.env._("in copy of all these invoices"), "kind": "common", "entry": entry.text,
            "locked": False, "partner_id": False,
        }  # fmt: skip

    @api.model
    def _tags_without_mail(self, answer, partners, recipients_data):
        """Return the tags of those who are addressed and get no document of their own."""
        reached = {recipient.partner_id for recipient in answer.recipients}
        missing = {warning.partner_id for warning in answer.warnings if warning.code == "no_address"}
        inside = {data["id"] for data in recipients_data if data["notif"] != "email"}
        tags = []
        for partner in partners.filtered(lambda partner: partner.id not in reached):
            if partner.id in missing:
                kind, reason = "missing", self.env._("no e-mail address")
            elif partner.id in inside:
                kind, reason = "inbox", self.env._("notified in Odoo")
            else:
                kind, reason = "contact", self.env._("gets no mail of its own")
            tags.append(
                {
                    "key": f"to:{partner.id}", "email": "", "name": partner.display_name, "reason": reason,
                    "kind": kind, "locked": False, "partner_id": partner.id,
                }
            )  # fmt: skip
        return tags

    @api.model
    def _warnings(self, record, answer):
        """Return what is to be corrected, each with the partner on whose form that is done."""
        warnings = [self._warning(warning) for warning in answer.warnings]
        if not answer.by_header("to"):
            customer = record._mail_get_customer()
            warnings.insert(
                0,
                {
                    "text": self.env._("Nobody is in To: no document leaves."),
                    "partner_id": not warnings and customer.id,
                    "action": self.env._("Addresses of %s", customer.display_name) if customer else "",
                },
            )
        return warnings

    @api.model
    def _warning(self, warning):
        """Return a warning in words, with the partner on whose form it is mended and what the link there says."""
        return {
            "text": self.env["sengerio.mail.resolver"]._word(warning),
            "partner_id": warning.partner_id or False,
            "action": self._action_label(warning),
        }

    @api.model
    def _action_label(self, warning):
        """Return what the link to the partner of a warning says."""
        labels = {
            "no_address": lambda: self.env._("Add an address"),
            "copy_no_address": lambda: self.env._("Add an address"),
            "bounced": lambda: self.env._("Correct the address"),
        }
        return labels[warning.code]() if warning.code in labels and warning.partner_id else ""

    # ------------------------------------------------------------
    # From and Reply-To
    # ------------------------------------------------------------

    @api.model
    def _headers(self, policy, record, sender, author, email_from, reply_to, changes, keep_from=False,
                 choices=True):  # fmt: skip
        """Return From and Reply-To as they will be, with what may be chosen instead for this send.

        :param policy: the :class:`~.sengerio_mail_document_type.Policy`
        :param author: ``res.partner`` that Odoo would show as author
        :param str email_from: From as Odoo would have it
        :param str reply_to: an explicit Reply-To of the template
        :param changes: the :class:`~..tools.changes.Changes`
        :param bool keep_from: From was changed in the composer, which is stronger than the policy
        :param bool choices: whether to tell what else may be chosen, which asks about each
        :return: ``{from: {value, text, label, changed, choices}, reply_to: {…}}``
        """
        applied, resolver = self.env["sengerio.mail.changes"]._applied, self.env["sengerio.mail.resolver"]
        found = {"": (author, email_from)}
        for choice in self._from_choices(policy) if choices else (changes.email_from,):
            if choice or not keep_from:
                chosen = applied(policy, changing.Changes(email_from=choice))
                found[choice] = resolver._author(chosen, record, sender, author, email_from)
        author, email_from = found.get(changes.email_from) or found[""]
        replies = {"": reply_to}
        for choice in ("", *changing.REPLY_TO_CHOICES) if choices else (changes.reply_to,):
            if choice or not reply_to:
                chosen = applied(policy, changing.Changes(reply_to=choice))
                replies[choice] = resolver._reply_to(chosen, record, sender, author)
            if not replies[choice]:
                replies[choice] = record._notify_get_reply_to(default=email_from, author_id=author.id)[record.id]
        froms = {choice: text for choice, (_author, text) in found.items()}
        emails = {choice: ", ".join(email_split(text or "")) for choice, text in replies.items()}
        labels = self._choice_labels(policy, template_reply_to=bool(reply_to))
        return {
            "from": self._header_preview(froms, changes.email_from, labels["from"]),
            "reply_to": self._header_preview(emails, changes.reply_to, labels["reply_to"]),
        }

    @api.model
    def _from_choices(self, policy):
        """Yield the From policies that may be chosen, the type's own as an empty one first."""
        yield ""
        yield from (choice for choice in changing.FROM_CHOICES if choice != "site" or policy.from_email)

    @api.model
    def _choice_labels(self, policy, template_reply_to):
        """Return in words where From and Reply-To come from."""
        fields = self.env["sengerio.mail.document.type"]._fields
        from_labels = dict(fields["from_policy"]._description_selection(self.env))
        reply_to_labels = dict(fields["reply_to_policy"]._description_selection(self.env))
        explicit = self.env._("As the e-mail template says")
        return {
            "from": {**from_labels, "": from_labels[policy.from_policy]},
            "reply_to": {
                **reply_to_labels,
                "": explicit if template_reply_to else reply_to_labels[policy.reply_to_policy],
            },
        }

    @api.model
    def _header_preview(self, texts, value, labels):
        """Return one header as it will be and the choices that differ from each other."""
        choices, seen = [], set()
        for choice, text in texts.items():
            key = tuple(email_split(text or ""))
            if key in seen and choice != value:
                continue
            seen.add(key)
            choices.append({"value": choice, "text": self._readable(text), "label": labels[choice]})
        current = next((choice for choice in choices if choice["value"] == value), choices[0])
        return {**current, "changed": bool(value), "choices": choices if len(choices) > 1 else []}

    @api.model
    def _readable(self, text):
        """Return a header as people read it: names and addresses without quotes or encoding."""
        found = addresses.tolerant(text)
        return ", ".join(
            f"{address.name} <{address.email}>" if address.name else address.email for address in found
        ) or (text or "")
