from odoo import api, models

from ..tools import changes as changing

SHOWN = 20  # lines at first: each takes some queries


class SengerioMailPreview(models.AbstractModel):
    """Says of several records that are sent at once what each message will be, a line for each."""

    _inherit = "sengerio.mail.preview"

    @api.model
    def _wanted(self, ids, wanted):
        """Return whose lines are told: those of some ids that are asked for, else the first ones."""
        asked = set(wanted) if isinstance(wanted, list) else set()
        return [record_id for record_id in ids if record_id in asked] or ids[:SHOWN]

    @api.model
    def _line(self, record, answer, addressed=False, email_from="", reply_to=""):
        """Return who will get a record's document, for a table of several.

        :param record: the record that is sent
        :param answer: :class:`..tools.resolver.Answer`, ``None`` if nothing leaves by e-mail
        :param bool addressed: somebody with an address was to get it, before anything was changed
        :param str email_from, reply_to: the headers as people read them
        :return: ``{id, number, partner, by_email, note, partner_id, from, reply_to, to, cc, bcc, left_out, followers,
            warnings}``; ``partner_id`` is who lacks an address
        """
        customer = record._mail_get_customer()
        line = {
            "id": record.id, "number": record.display_name, "partner": customer.display_name or "",
            "by_email": answer is not None, "note": "", "partner_id": False, "left_out": [],
        }  # fmt: skip
        if answer is None:
            return line
        nobody = not answer.by_header("to")
        missing = nobody and not addressed
        return {
            **line,
            "note": self._note(answer, addressed) if nobody else "",
            "partner_id": missing and customer.id,
            "from": email_from,
            "reply_to": reply_to,
            **{header: [self._tag(found) for found in answer.by_header(header)] for header in changing.HEADERS},
            "left_out": self._left_out(answer),
            "followers": self._followers(answer),
            "warnings": [
                self._warning(warning)
                for warning in answer.warnings
                if not (missing and warning.code == "no_address" and warning.partner_id == customer.id)  # as noted
            ],
        }

    @api.model
    def _note(self, answer, addressed):
        """Return why nobody gets a document, see :meth:`_line`."""
        if any(recipient.header == "to" for recipient in answer.left_out):
            return self.env._("nobody: everybody is left out")
        if addressed:
            return self.env._("nobody: everybody is moved to Cc or Bcc")
        return self.env._("nobody: no e-mail address")

    @api.model
    def _choices_for_all(self, cases, sender):
        """Return what may be chosen as From and Reply-To of several records at once.

        :param cases: list of ``(policy, record, whether its template says what its Reply-To is)``, one of each kind
        :param sender: ``res.users`` who sends
        :return: ``{from: [{value, text, label}], reply_to: […]}``, each type's own first; ``text`` is empty where it
            differs between the records
        """
        if not cases:
            return {"from": [], "reply_to": []}
        labels = [self._choice_labels(policy, template_reply_to) for policy, _record, template_reply_to in cases]
        own = {"from": {policy.from_policy for policy, *_rest in cases}, "reply_to": {""}}
        if not any(template_reply_to for *_rest, template_reply_to in cases):
            own["reply_to"] = {policy.reply_to_policy for policy, *_rest in cases}
        found = {"from": [self._own_choice(labels, "from")], "reply_to": [self._own_choice(labels, "reply_to")]}
        for choice in changing.FROM_CHOICES:
            texts = {self._from_text(policy, record, sender, choice) for policy, record, _reply_to in cases}
            if any(texts) and own["from"] != {choice}:
                text = texts.pop() if len(texts) == 1 else ""
                found["from"].append({"value": choice, "text": text, "label": labels[0]["from"][choice]})
        found["reply_to"] += [
            {"value": choice, "text": "", "label": labels[0]["reply_to"][choice]}
            for choice in changing.REPLY_TO_CHOICES
            if own["reply_to"] != {choice}
        ]
        return found

    @api.model
    def _own_choice(self, labels, header):
        """Return the choice of what each type says of a header.

        :param list labels: of :meth:`_choice_labels`
        """
        own = {of_type[header][""] for of_type in labels}
        label = own.pop() if len(own) == 1 else self.env._("As set for each document type")
        return {"value": "", "text": "", "label": label}

    @api.model
    def _from_text(self, policy, record, sender, choice):
        """Return From of a record by one of the choices, empty if there is no such address."""
        chosen = self.env["sengerio.mail.changes"]._applied(policy, changing.Changes(email_from=choice))
        _author, email_from = self.env["sengerio.mail.resolver"]._author(chosen, record, sender, sender.partner_id, "")
        return self._readable(email_from)
