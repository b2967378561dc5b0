"""Fields and addresses as real servers write them (RFC 5322, 3461 xtext, 3463 codes, 3464 typed fields).

Every pattern here is linear in its input: quantifiers are bounded or cannot overlap.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header

import idna

MAX_VALUE = 4000  # characters of one field that are looked at
MAX_FIELDS = 2000
TRACE = frozenset({"received", "message-id", "return-path", "from", "to", "subject", "date"})

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]?:(.*)", re.DOTALL)
_PREFIXED_FIELD = re.compile(r"([> \t|]{0,20})[A-Za-z][A-Za-z0-9-]{0,60}:")
_FOLD = re.compile(r"[ \t]*[\r\n]+[ \t]*")
# letters beyond ASCII: those of scripts that put spaces between words, else an address swallows the words around it
_LETTERS = "A-Za-z0-9\u00c0-\u052f"
_LOCAL = rf"[{_LETTERS}!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}"
_DOMAIN = rf"[{_LETTERS}_-]{{1,63}}(?:\.[{_LETTERS}_-]{{1,63}}){{0,12}}"
_ADDRESS = re.compile(rf'(?:"[^"\\\r\n]{{1,64}}"|{_LOCAL})@{_DOMAIN}')
_LEADING = "'`*|/=!#.$&?^~{}"
_SMTP_PREFIX = re.compile(r"(?:smtp|mailto|rfc822)=", re.IGNORECASE)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")


def unfold(value):
    """Return a field's value on one line, as text, capped."""
    return _FOLD.sub(" ", str(value)[:MAX_VALUE]).strip()


def decode_words(value):
    """Decode encoded words (RFC 2047); what cannot be decoded stays."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
        return "".join(
            part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return value


class Fields:
    """The fields of one header, by name without case, in order, each several times if it stands there so."""

    def __init__(self, pairs=()):
        self._values = {}
        for index, (name, value) in enumerate(pairs):
            if index >= MAX_FIELDS:
                break
            self._values.setdefault(str(name).lower(), []).append(unfold(value))

    def __bool__(self):
        return bool(self._values)

    def __contains__(self, name):
        return name in self._values

    def all(self, *names):
        """Return the values of all fields so named, in the order of the names."""
        return [value for name in names for value in self._values.get(name, ())]

    def get(self, *names):
        """Return the first value of the first of these fields that is there, else an empty string."""
        return next(iter(self.all(*names)), "")

    def text(self, *names):
        """Return what :meth:`get` does, its encoded words decoded."""
        return decode_words(self.get(*names))

    def addresses(self, *names):
        """Return the addresses in all fields so named, each once."""
        return unique(address for value in self.all(*names) for address in find_addresses(value))

    def count(self, *names):
        """Return how many of these names are there."""
        return sum(name in self._values for name in names)


def read_lines(text):
    """Yield ``(name, value)`` per field of a text and ``None`` per blank line; other lines are left out."""
    name, values = None, []
    for line in text.splitlines():
        if name and line[:1] in " \t" and line.strip():
            values.append(line.strip())
            continue
        if name:
            yield name, unfold(" ".join(values))
        match = _FIELD.match(line)
        name, values = (match[1].lower(), [match[2].strip()]) if match else (None, [])
        if not line.strip():
            yield None
    if name:
        yield name, unfold(" ".join(values))


def read_header(text):
    """Read the header of a returned message out of text: from its first field to the blank line that ends it.

    The fields of a MIME part may come before it, with a blank line of their own.

    Quoted (``> Received: …``) or indented as a whole, it is read all the same.
    """
    lines = text.splitlines()
    start, prefix = next(
        ((index, match[1]) for index, line in enumerate(lines) if (match := _PREFIXED_FIELD.match(line))), (None, "")
    )
    if start is None:
        return Fields()
    pairs = []
    for item in read_lines("\n".join(line.removeprefix(prefix) for line in lines[start : start + MAX_FIELDS])):
        if item is None and TRACE.intersection(name for name, _value in pairs):
            break
        if item:
            pairs.append(item)
    return Fields(pairs)


def unique(values):
    """Return the values in their order, each once."""
    return tuple(dict.fromkeys(value for value in values if value))


def find_addresses(text):
    """Return the addresses in a text, in their order, as written."""
    return [clean_address(match[0]) for match in iter_addresses(text)]


def iter_addresses(text):
    """Yield the matches of addresses in a text."""
    return _ADDRESS.finditer(text)


def clean_address(text):
    """Return a found address without what clings to it: quotes, bullets, ``SMTP=``."""
    if text.startswith("=?"):  # an encoded word for a local part: no address, but what the server calls it
        return text
    return _SMTP_PREFIX.sub("", text.lstrip(_LEADING), count=1).lstrip(_LEADING)


def address_key(address):
    """Return what two spellings of one address have in common: no case, its domain in ASCII."""
    local, _at, domain = address.strip().strip("<>").lower().rpartition("@")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    return f"{local}@{domain}"


def _ascii_domain(domain):
    try:
        return idna.encode(domain[:255], uts46=True).decode()  # as the envelope is written: IDNA 2008, ß is no ss
    except (idna.IDNAError, UnicodeError):
        return domain


def typed_value(value):
    """Return a typed field's value without its type (RFC 3464 §2.1.2): ``rfc822; a@b`` is ``a@b``."""
    kind, mark, rest = value.partition(";")
    return (rest if mark and "@" not in kind else value).strip()


def typed_addresses(value):
    """Return the addresses of a recipient field (RFC 3464 §2.3.1), or what stands there in place of one."""
    rest = typed_value(value)
    found = find_addresses(rest)
    if found:
        return found
    rest = rest.partition("(")[0].strip(" <>")
    return [decode_xtext(rest)] if rest else []


def decode_xtext(value):
    """Decode xtext (RFC 3461 §4): ``a+2Bb`` is ``a+b``."""
    return _XTEXT.sub(lambda match: chr(int(match[1], 16)), value)


def find_status(text):
    """Return the first enhanced status code (RFC 3463 §2) in a text, else an empty string."""
    return next(iter(find_statuses(text)), "")


def find_statuses(text):
    """Return all enhanced status codes in a text."""
    return [".".join(str(int(number)) for number in match.groups()) for match in _STATUS.finditer(text)]


def find_message_ids(value):
    """Return the message ids of a field, with their angle brackets (added where a server left them out)."""
    found = _MESSAGE_ID.findall(value)
    bare = value.strip()
    if found or "@" not in bare or len(bare) > 500 or len(bare.split()) != 1:
        return found
    return [f"<{bare.strip('<>')}>"]
