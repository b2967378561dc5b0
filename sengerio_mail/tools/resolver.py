"""The rules of addressing: who gets a document, and why. Plain Python on plain facts.

``resolve`` answers what the composer shows and what is sent: one function for both, so that nobody is rerouted unseen.
"""

from dataclasses import dataclass, field

from .addresses import Address
from .changes import Changes

COMMERCIAL = "commercial"
ACCOUNTING = "accounting"
COPY_WARNINGS = ("copy_archived", "copy_no_address")


@dataclass(frozen=True)
class Row:
    """A role address of a partner (a row of ``sengerio.mail.address``)."""

    role: str
    email: str
    name: str = ""
    company_id: int | None = None
    bounced: bool = False


@dataclass(frozen=True)
class Person:
    """A partner as far as addressing needs it.

    :ivar tuple emails: every address of its e-mail field
    :ivar bool is_invoice_address: a contact of Odoo's type "Invoice Address"
    :ivar str bounced: which of its addresses is bad
    """

    id: int
    name: str
    emails: tuple = ()
    rows: tuple = ()
    is_invoice_address: bool = False
    active: bool = True
    bounced: str = ""


@dataclass(frozen=True)
class Reason:
    """Why an address is there: a code (see ``sengerio.mail.resolver``, which words it) and who or what it is about.

    :ivar partner_id: the partner it is about, whose form says more
    """

    code: str
    about: str = ""
    role: str = ""
    partner_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Recipient:
    """One address of a document.

    :ivar str header: ``to``, ``cc`` or ``bcc``
    :ivar partner_id: the partner in whose name it is mailed: the contact addressed, the copy person
    """

    email: str
    name: str
    header: str
    reason: Reason
    partner_id: int | None = None
    role: str = ""
    mandatory: bool = False
    bounced: bool = False


@dataclass(frozen=True)
class Contact:
    """Somebody whom Odoo mails this message by e-mail: addressed (the customer, added by hand) or a follower."""

    person: Person
    addressed: bool


@dataclass(frozen=True)
class Copy:
    """Somebody who gets the document too: a partner with its parents, or a plain address.

    :ivar bool of_customer: due only if the customer gets the document
    """

    header: str
    reason: Reason
    chain: tuple = ()
    email: str = ""
    mandatory: bool = False
    bounced: bool = False
    of_customer: bool = False


@dataclass(frozen=True)
class Question:
    """What is to be sent.

    :ivar str role: role of the document type; empty: nobody's addresses are changed
    :ivar company_id: the record's company
    :ivar tuple customer: the record's default partner and its parents up to the commercial entity
    :ivar tuple contacts: the :class:`Contact` whom Odoo mails, the customer too if it is one of them
    :ivar tuple plain_to, plain_cc: addresses without a contact
    :ivar tuple copies: the :class:`Copy` that apply
    :ivar frozenset notified: addresses that get a mail of their own about it, so that no copy is due
    :ivar bool customer_unknown: asked before there is a customer: the copies are told although nobody is in To
    :ivar changes: the :class:`~.changes.Changes` for this send
    :ivar frozenset bounced: those of the addresses added whose mail came back
    """

    role: str
    company_id: int | None = None
    customer: tuple = ()
    contacts: tuple = ()
    plain_to: tuple = ()
    plain_cc: tuple = ()
    copies: tuple = ()
    notified: frozenset = frozenset()
    customer_unknown: bool = False
    changes: Changes = field(default_factory=Changes)
    bounced: frozenset = frozenset()


@dataclass
class Answer:
    """Who gets the document.

    :ivar list recipients: the :class:`Recipient` of the document, To before Cc before Bcc
    :ivar list followers: the :class:`Person` whom Odoo mails besides
    :ivar set dropped: ids of the contacts whom Odoo must not mail again: the sender who gets a blind copy, and those of
        whom all addresses are among the recipients
    :ivar list left_out: the :class:`Recipient` whom the person sending took out
    :ivar list warnings: :class:`Reason` of what could not be done as set
    """

    recipients: list = field(default_factory=list)
    left_out: list = field(default_factory=list)
    followers: list = field(default_factory=list)
    dropped: set = field(default_factory=set)
    warnings: list = field(default_factory=list)

    def by_header(self, header):
        """Return the recipients of one header."""
        return [recipient for recipient in self.recipients if recipient.header == header]


def resolve(question):
    """Tell who gets a document.

    An address appears once: To wins over Cc, Cc over Bcc, and whoever Odoo mails anyway gets no copy.

    :param Question question: the facts
    :rtype: Answer
    """
    answer = Answer()
    taken = set()
    for recipient in [*_to_recipients(question), *_added(question, "to")]:
        _take(recipient, taken, question, answer)
    _sort_out_contacts(question, taken, answer)
    if not taken and not question.customer_unknown:  # without anybody in To nothing leaves
        return answer
    _add_copies(question, taken, answer)
    answer.left_out = [recipient for recipient in answer.left_out if recipient.email not in taken]
    answer.warnings += [
        Reason("bounced", recipient.email, partner_id=recipient.reason.partner_id or recipient.partner_id)
        for recipient in answer.recipients
        if recipient.bounced
    ]
    return answer


def role_addresses(chain, role, company_id):
    """Return a partner's addresses for a role.

    :param chain: the :class:`Person` and its parents up to the commercial entity, nearest first
    :param str role: ``commercial``, ``management``, ``accounting``
    :param company_id: the document's company, whose rows replace shared ones
    :return: list of ``(row, reason)``, where ``row`` has ``email``, ``name`` and ``bounced``
    """
    if role != COMMERCIAL and chain:
        nearest = chain[0]
        if found := _own_rows(nearest, role, company_id):
            return found
        if role == ACCOUNTING and nearest.is_invoice_address and nearest.emails:
            return _own_emails(nearest)
        for parent in chain[1:]:
            if found := _own_rows(parent, role, company_id):
                return found
    for person in chain:
        if found := _own_emails(person) + _own_rows(person, COMMERCIAL, company_id):
            return found
    return []


def own_addresses(person, role, company_id):
    """Return a contact's own rows for a role, else its own e-mail, never its company's."""
    return _own_rows(person, role, company_id) or _own_emails(person)


def _own_rows(person, role, company_id):
    rows = [row for row in person.rows if row.role == role and row.company_id in (None, company_id)]
    of_company = [row for row in rows if row.company_id]
    return [(row, Reason("row", person.name, role, person.id)) for row in of_company or rows]


def _own_emails(person):
    return [
        (
            Row("", address.email, address.name or person.name, bounced=address.email == person.bounced),
            Reason("email", person.name, partner_id=person.id),
        )
        for address in person.emails
    ]


def _to_recipients(question):
    """Yield the To recipients, the customer's first; an address may come twice."""
    customer_id = question.customer[0].id if question.customer else None
    addressed = [contact.person for contact in question.contacts if contact.addressed]
    for person in sorted(addressed, key=lambda person: (person.id != customer_id, person.name, person.id)):
        if not question.role:
            found = _own_emails(person)
        elif person.id == customer_id:
            found = role_addresses(question.customer, question.role, question.company_id)
        else:
            found = own_addresses(person, question.role, question.company_id)
        for row, reason in found:
            yield _recipient(row, reason, "to", person.id, question.role)
    yield from _plain(question.plain_to, "to", "added")


def _sort_out_contacts(question, taken, answer):
    """Tell followers from those who need no mail of their own any more, and warn about contacts without address."""
    sender_id = _copied_sender_id(question, answer)
    reached = {recipient.partner_id for recipient in answer.recipients}
    left_out = {recipient.partner_id for recipient in answer.left_out}
    for contact in question.contacts:
        person = contact.person
        if contact.addressed:
            if person.id in reached:
                continue
            if not person.emails and person.id not in left_out:
                answer.warnings.append(Reason("no_address", person.name, question.role, person.id))
            else:
                answer.dropped.add(person.id)
        elif person.id == sender_id or (
            person.emails and all(address.email in taken for address in person.emails)
        ):
            answer.dropped.add(person.id)
        else:
            answer.followers.append(person)


def _copied_sender_id(question, answer):
    """Return the id of who gets a blind copy as the sender, ``None`` if nobody does.

    Odoo mails nobody as a follower what he sends himself, but does so where it acts for him: with the blind copy, that
    would be twice.
    """
    if not answer.by_header("to") and not question.customer_unknown:
        return None
    for copy in question.copies:
        left_out = question.changes.removed - question.changes.emails
        if copy.reason.code == "sender" and not any(address.email in left_out for address in copy.chain[0].emails):
            return copy.chain[0].id
    return None


def _add_copies(question, taken, answer):
    """Add those who get a copy: nobody by e-mail twice, neither an address nor a person, Cc before Bcc."""
    mailed_anyway = {address.email for person in answer.followers for address in person.emails} | question.notified
    for header in ("cc", "bcc"):
        # one after the other: each copy depends on whom those before it have reached
        for recipients in _copy_groups(question, header, taken, mailed_anyway, answer):
            for recipient in recipients:
                if recipient.email not in mailed_anyway:
                    _take(recipient, taken, question, answer)
                elif recipient.reason.code == "added_now":
                    answer.warnings.append(Reason("mailed_anyway", recipient.email))


def _copy_groups(question, header, taken, mailed_anyway, answer):
    """Yield lists of recipients for one header: the template's, each copy's, those added for this send."""
    if header == "cc":
        yield _plain(question.plain_cc, "cc", "template")
    customer_gets_it = _customer_gets_it(question, answer)
    for copy in question.copies:
        if copy.header == header and (customer_gets_it or not copy.of_customer):
            yield _copy_recipients(copy, question, taken | mailed_anyway, answer)
    yield _added(question, header)


def _copy_recipients(copy, question, mailed, answer):
    """Return the recipients of one copy, none if the person is reached.

    :param set mailed: the addresses that get the document, or a mail of their own about it
    """
    if copy.email:
        return [
            Recipient(copy.email, "", copy.header, copy.reason, mandatory=copy.mandatory, bounced=copy.bounced)
        ]
    person = copy.chain[0]
    if copy.mandatory:  # whoever adds another address of that person does not get rid of it
        mailed = mailed - question.changes.emails
    reached = {someone.id for someone in answer.followers} | {found.partner_id for found in answer.recipients}
    warned = any(w.partner_id == person.id and w.code in COPY_WARNINGS for w in answer.warnings)
    if warned or person.id in reached or any(address.email in mailed for address in person.emails):
        return []
    return _copy_person(copy, question, answer)


def _customer_gets_it(question, answer):
    """Tell whether the document goes to the customer: addressed as such, or by one of its addresses."""
    if not question.customer:
        return False
    customer_id = question.customer[0].id
    reached = any(recipient.partner_id == customer_id for recipient in answer.recipients)
    left_out = any(recipient.partner_id == customer_id for recipient in answer.left_out)
    if any(contact.addressed and contact.person.id == customer_id for contact in question.contacts):
        if reached or not left_out:
            return True
    family = {found.email for person in question.customer for found in (*person.emails, *person.rows)}
    return not family.isdisjoint(recipient.email for recipient in answer.by_header("to")) or bool(
        family & question.changes.emails
    )


def _copy_person(copy, question, answer):
    person = copy.chain[0]
    if not person.active:
        answer.warnings.append(Reason("copy_archived", person.name, partner_id=person.id))
        return []
    found = role_addresses(copy.chain, question.role, question.company_id)
    if not found:
        answer.warnings.append(Reason("copy_no_address", person.name, partner_id=person.id))
    return [
        _recipient(row, copy.reason, copy.header, person.id, question.role, copy.mandatory) for row, _reason in found
    ]


def _plain(plain, header, code):
    return [Recipient(address.email, address.name, header, Reason(code)) for address in plain]


def _recipient(row, reason, header, partner_id, role, mandatory=False):
    return Recipient(row.email, row.name, header, reason, partner_id, role, mandatory, row.bounced)


def _added(question, header):
    """Return the recipients added to a header for this send."""
    return [
        Recipient(address.email, address.name, header, Reason("added_now"), bounced=address.email in question.bounced)
        for address in question.changes.added(header)
    ]


def _take(recipient, taken, question, answer):
    removed = recipient.email in question.changes.removed and not recipient.mandatory
    if removed and recipient.reason.code != "added_now":
        answer.left_out.append(recipient)
    elif recipient.email not in taken:
        taken.add(recipient.email)
        answer.recipients.append(recipient)


__all__ = [
    "Address", "Answer", "Contact", "Copy", "Person", "Question", "Reason", "Recipient", "Row", "own_addresses",
    "resolve", "role_addresses",
]  # fmt: skip
