"""A message taken apart: its own text, its machine-readable parts and the header of the message that it returns.

The message has been parsed by whoever got it. Looking at headers through its policy can raise on malformed ones, so
raw items are read. The walk is bounded in parts, text and depth, needs no recursion, and never descends into the
returned message: what stands in there is evidence of nothing.
"""

import re
from binascii import a2b_base64, a2b_qp
from dataclasses import dataclass, field
from itertools import islice

from .fields import MAX_FIELDS, MAX_VALUE, TRACE, Fields, read_header

MAX_PARTS = 300
MAX_TEXT = 48 * 1024  # octets of one part that are looked at
MAX_ENCODED = 3 * MAX_TEXT  # octets of it before its transfer encoding is undone
MAX_TEXTS = 12  # parts of a kind that are looked at

_TYPE = re.compile(r"\s*([\w.+-]{1,80}/[\w.+-]{1,80})")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_CHARSET = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
# not charsets: they decode in quadratic time
_NO_CHARSETS = frozenset({"punycode", "idna"})
_RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",  # RFC 6533
        "message/partial",
        "message/external-body",
        "text/rfc822-headers",
        "text/rfc822",
        "message/global-headers",
        "message/rfc822-headers",
    }
)
_OWN_TYPES = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-plain"})
_STATUS_TYPES = {
    "message/delivery-status": "statuses",
    "message/global-delivery-status": "statuses",  # RFC 6533
    "message/disposition-notification": "dispositions",
    "message/global-disposition-notification": "dispositions",
    "message/feedback-report": "feedback",
}


@dataclass
class Anatomy:
    """The parts of a message that matter; texts are capped."""

    header: Fields
    content_type: str = ""
    texts: list = field(default_factory=list)
    pages: list = field(default_factory=list)  # HTML
    statuses: list = field(default_factory=list)
    dispositions: list = field(default_factory=list)
    feedback: list = field(default_factory=list)
    returned: list = field(default_factory=list)  # Fields of the returned message
    wrapped: object = None  # a report that is returned as if it were the message

    def room(self, name):
        """Tell whether another part of a kind is to be looked at."""
        return len(getattr(self, name)) < MAX_TEXTS


def dissect(message):
    """Take a parsed message apart.

    :param email.message.Message message: of any policy
    :return: its :class:`Anatomy`
    """
    header = Fields(message.raw_items())
    anatomy = Anatomy(header, content_type(header))
    stack = [message]
    for _count in range(MAX_PARTS):
        if not stack:
            break
        part = stack.pop()
        fields = header if part is message else Fields(part.raw_items())
        children = part.get_payload() if part.is_multipart() else ()
        kind = content_type(fields)
        if kind in _STATUS_TYPES:
            _add_status(anatomy, part, fields, _STATUS_TYPES[kind])
        elif kind in _RETURNED_TYPES and part is not message:
            _add_returned(anatomy, part, fields)
        elif part is not message and _is_header(fields):
            # a boundary without the part's own header: what follows is the returned message itself
            anatomy.returned.append(fields)
        elif children:
            stack.extend(reversed(children[:MAX_PARTS]))
        elif kind in _OWN_TYPES or kind.startswith("multipart/"):  # without its boundary, a multipart is text
            _add_text(anatomy, part, fields, "pages" if kind == "text/html" else "texts")
    return anatomy


def content_type(fields):
    """Return a part's media type, ``text/plain`` where none can be read (RFC 2045 §5.2)."""
    match = _TYPE.match(fields.get("content-type"))
    return match[1].lower() if match else "text/plain"


def _is_header(fields):
    return ("received" in fields or "message-id" in fields) and fields.count(*TRACE) >= 3


def _add_status(anatomy, part, fields, name):
    if anatomy.room(name):
        getattr(anatomy, name).append(_status_text(part, fields))


def _add_text(anatomy, part, fields, name):
    """Add a text part: the header of the returned message if it reads like one, else the report's own words."""
    if not anatomy.room(name):
        return
    text = _text(part, fields)
    if anatomy.texts and _is_header(header := read_header(text[:MAX_TEXT])):
        anatomy.returned.append(header)
    elif not anatomy.returned and not fields.get("content-disposition").lower().startswith("attachment"):
        getattr(anatomy, name).append(text)


def _add_returned(anatomy, part, fields):
    if not anatomy.room("returned"):
        return
    inner = part.get_payload()[0] if part.is_multipart() and part.get_payload() else part
    header = Fields(inner.raw_items()) if inner is not part else Fields()
    if "delivery-status" in header.get("content-type").lower() and inner.is_multipart():
        anatomy.wrapped = inner
    if not header.count(*TRACE):
        header = read_header(_encoded_text(inner, fields))
    anatomy.returned.append(header)


def _status_text(part, fields):
    """Return the text of a part that the parser took for groups of fields."""
    if not part.is_multipart():
        return _text(part, fields)
    lines = []
    for group in part.get_payload()[:MAX_PARTS]:
        lines.extend(f"{name}: {str(value)[:MAX_VALUE]}" for name, value in islice(group.raw_items(), MAX_FIELDS))
        lines.append("")
        if not group.is_multipart():
            lines.append(_text(group, Fields()))
    return _decode(_decode_transfer("\n".join(lines)[:MAX_ENCODED].encode("utf-8", "replace"), fields), "")


def _encoded_text(part, fields):
    """Return the text of a returned message that is encoded as a whole, which a message must not be, but is."""
    return "" if part.is_multipart() else _decode(_decode_transfer(_raw(part), fields), "")


def _text(part, fields):
    """Return a leaf's text, its transfer encoding and charset undone, capped."""
    # get_payload would decode all of it, however long, by a charset that the sender chose
    charset = _CHARSET.search(fields.get("content-type"))
    return _decode(_decode_transfer(_raw(part), fields), charset[1].lower() if charset else "")


def _raw(part):
    """Return the first bytes of a leaf as they came."""
    payload = part._payload
    if not isinstance(payload, str):
        return b""
    try:
        return payload[:MAX_ENCODED].encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return payload[:MAX_ENCODED].encode("utf-8", "replace")


def _decode_transfer(data, fields):
    """Undo a transfer encoding (RFC 2045 §6.7, §6.8) as far as it is one; return at most :data:`MAX_TEXT` bytes."""
    encoding = fields.get("content-transfer-encoding").strip().lower()
    if encoding == "quoted-printable":
        data = a2b_qp(data)
    elif encoding == "base64":
        data = _NO_BASE64.sub(b"", data)
        data = a2b_base64(data[: len(data) // 4 * 4])
    return data[:MAX_TEXT]


def _decode(data, charset):
    for candidate in (charset, "utf-8", "iso2022_jp" if b"\x1b$" in data else "cp1252"):
        if not candidate or candidate in _NO_CHARSETS or candidate in ("ascii", "us-ascii") and not data.isascii():
            continue
        try:
            return data.decode(candidate, "replace" if candidate == charset != "utf-8" else "strict")
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")
