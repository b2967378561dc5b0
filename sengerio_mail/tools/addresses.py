"""E-mail addresses: read, checked, normalised and written (RFC 5321, 5322, 5890).

An address is kept with its domain as people write it (``jörg@müller.example`` would show as such); what goes into an
envelope or a header has the domain in ASCII (punycode), because mail servers without SMTPUTF8 know nothing else.
"""

import re
from dataclasses import dataclass
from email.utils import getaddresses
from functools import lru_cache

import idna

from odoo.tools.mail import email_normalize, email_split_tuples, formataddr

# RFC 5322 §3.2.3: a local part is a dot-atom. Quoted local parts exist on paper only.
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BARE = re.compile(rf"{_DOT_ATOM.pattern}@[\w.-]+")  # no name, comment or route: nothing to take apart
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
# one entry of a pasted list: anything up to a comma, semicolon or line end outside of quotes and angle brackets
_ENTRY = re.compile(r'(?:"(?:\\.|[^"\\])*"|<[^<>]*>|[^,;\r\n])+')
LOCAL_PART_MAX = 64  # octets, RFC 5321 §4.5.3.1.1
ADDRESS_MAX = 254  # octets, RFC 5321 §4.5.3.1.3 less the angle brackets
# 78 characters a line (RFC 5322 §2.1.1) less "Reply-To: ": some DKIM signers read a folded address wrongly
HEADER_ADDRESS_MAX = 68


class InvalidAddress(ValueError):
    """An address that cannot be used; ``text`` is what was given, ``code`` why.

    ``code`` is one of ``control`` (line break or other control character), ``syntax``, ``several``, ``non_ascii``
    (local part), ``domain`` and ``length``.
    """

    def __init__(self, text, code):
        super().__init__(f"{code}: {text!r}")
        self.text = text
        self.code = code


@dataclass(frozen=True)
class Address:
    """One mailbox: a normalised address and its display name (may be empty)."""

    email: str
    name: str = ""


def parse(text):
    """Read exactly one mailbox, with or without a display name.

    :param str text: for example ``"Müller, Jörg" <joerg@mueller.example>``
    :return: the :class:`Address`, its e-mail normalised
    :raise InvalidAddress: not exactly one usable address
    """
    text = (text or "").strip()
    if _BARE.fullmatch(text):
        return Address(normalise(text))
    if _CONTROL.search(text):
        raise InvalidAddress(text, "control")
    pairs = getaddresses([text])
    if sum("@" in email for _name, email in pairs) > 1:
        raise InvalidAddress(text, "several")
    if len(pairs) != 1 or "@" not in pairs[0][1]:
        raise InvalidAddress(text, "syntax")
    name, email = pairs[0]
    if text != email and not text.endswith(f"<{email}>"):  # "Group: a@b", "a @b" and what else the RFC allows
        raise InvalidAddress(text, "syntax")
    return Address(normalise(email), " ".join(name.split()))


@lru_cache(maxsize=4096)
def _spellings(domain):
    """Return ``(one spelling for people, the one in ASCII)`` of a domain."""
    ascii_domain = idna.encode(domain.lower().rstrip("."), uts46=True).decode("ascii")
    return idna.decode(ascii_domain), ascii_domain


def normalise(email):
    """Return the address in lower case, after checking that a mail server can be given it.

    :param str email: a bare address (RFC 5321 ``Mailbox``)
    :raise InvalidAddress: no usable address
    """
    local, _at, domain = email.strip().rpartition("@")
    if not local.isascii():
        raise InvalidAddress(email, "non_ascii")
    if not _DOT_ATOM.fullmatch(local):
        raise InvalidAddress(email, "syntax")
    try:
        domain, ascii_domain = _spellings(domain)
    except UnicodeError as error:  # idna's own errors are such, and those of its punycode decoder
        raise InvalidAddress(email, "domain") from error
    if "." not in ascii_domain:
        raise InvalidAddress(email, "domain")
    if len(local) > LOCAL_PART_MAX or len(local) + 1 + len(ascii_domain) > ADDRESS_MAX:
        raise InvalidAddress(email, "length")
    return f"{local}@{domain}".lower()


def split(text):
    """Read a list of mailboxes separated by comma, semicolon or line end.

    :param str text: as typed or pasted; empty entries are skipped, repeated ones kept once
    :return: ``(addresses, invalid)``: list of :class:`Address`, list of :class:`InvalidAddress`
    """
    addresses, invalid = {}, []
    for entry in _ENTRY.findall(text or ""):
        if not entry.strip():
            continue
        try:
            address = parse(entry)
            addresses.setdefault(address.email, address)
        except InvalidAddress as error:
            invalid.append(error)
    return list(addresses.values()), invalid


def tolerant(text):
    """Read the mailboxes in a text that Odoo accepted earlier, as Odoo does: nobody loses mail for a missing bracket.

    :param str text: for example a partner's e-mail field
    :return: list of :class:`Address`; what would make a mail server refuse the whole message is left out
    """
    addresses, invalid = split(text)
    found = {address.email: address for address in addresses}
    for error in invalid:
        for name, given in email_split_tuples(error.text):
            try:
                email = normalise(given)
            except InvalidAddress:  # some providers have addresses that no standard knows
                email = email_normalize(given)
            if email and email.isascii() and not _CONTROL.search(email):
                found.setdefault(email, Address(email, name))
    return list(found.values())


def envelope(email):
    """Return a normalised address with its domain in ASCII, as it stands in RCPT TO (RFC 5891)."""
    local, _at, domain = email.rpartition("@")
    return email if domain.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"


def header(email, name=""):
    """Write a mailbox for a header: quoted name, domain in ASCII."""
    return formataddr((" ".join((name or "").split()), envelope(email)))


def short_header(email, name=""):
    """Write a mailbox for a header in which folding does harm: without the name when it would become too long."""
    full = header(email, name)
    return full if len(full) <= HEADER_ADDRESS_MAX else envelope(email)


def tagged(email, tag):
    """Return an address with a tag behind its local part (RFC 5233 §1), as it is if that becomes too long.

    :param str email: the bare address
    :param str tag: letters, digits and dashes
    """
    local, _at, domain = email.rpartition("@")
    tagged_local = f"{local}+{tag}"
    return f"{tagged_local}@{domain}" if len(tagged_local) <= LOCAL_PART_MAX else email
