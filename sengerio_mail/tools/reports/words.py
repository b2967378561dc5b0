"""The own words of a report that has no machine-readable part, or a useless one: which addresses do they call failed?

Servers write these in a hundred ways, of few kinds: the address begins a line (``<a@b>: 550 …``, ``a@b``), follows a
label (``Failed Recipient: a@b``), or stands in a sentence that says that delivery failed. An address is weighed by
where it stands; the strongest count.
"""

import html
import re
from dataclasses import dataclass
from itertools import islice

from . import phrases
from .fields import address_key, clean_address, find_status, iter_addresses, read_header
from .headings import DELIVERED, LATE, LISTED, PERMANENT_REPLY, UNCLEAR, is_reached, outcomes

MAX_LINES = 800
MAX_LINE = 600
MAX_SAID = 16_000  # characters in which words of failure are looked for
MAX_MENTIONS = 500
MAX_DIAGNOSTIC = 500

EXPLICIT, STATED, MENTIONED, ECHOED = range(4)

_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?td|/?li|/?h\d|/?pre|/?table)\b[^<>]{0,500}>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script|title)\b[^<>]{0,500}>[^<]{0,20000}</\1>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>@]{0,2000}>")
_RULER = re.compile(r"^[\s>|]*[-=*_#|+~ ]*|[-=*_#|+~ :.]*$")
_HEADER_LINE = re.compile(r"[>| \t]{0,6}([A-Za-z][A-Za-z0-9-]{1,60}):")
_TRACE_NAMES = frozenset({"received", "return-path", "message-id", "dkim-signature", "x-received", "arc-seal"})
_REPLY_CODE = re.compile(r"(?:^|[^\d.:/])(?:[45]\d\d)(?:[- #:(]|$)")
_BULLETS = " \t-*\u2022>|\"'<[(`\u00b7"
_SENDMAIL = re.compile(r"^\s{0,4}[45]\d\d[ -]\s?<?$")
_NAMED = re.compile(r"[\"']?\s<[^<>\s@]{1,64}@")  # what comes before <a@b> is its display name
_RCPT = re.compile(r"rcpt to:?\s?<?$", re.IGNORECASE)


@dataclass
class Mention:
    """An address in the text: ``strength`` tells how surely it is called failed, ``late`` that it is called delayed.

    ``unclear``: it is one of a list whose heading is not understood.
    """

    address: str
    strength: int
    line: int
    original: str = ""
    late: bool = False
    unclear: bool = False
    key: str = ""

    def __post_init__(self):
        self.key = address_key(self.address)


def own_lines(text):
    """Return ``(lines of the report itself, text of the returned message)``."""
    lines = [line[:MAX_LINE] for line in text.splitlines()[:MAX_LINES]]
    for index, line in enumerate(lines):
        if _is_separator(line):
            return lines[:index], "\n".join(lines[index:]).partition("\n")[2]
        if _begins_header(lines, index):
            return lines[:index], "\n".join(lines[index:])
    return lines, ""


def _is_separator(line):
    if len(line) > 160 or not line.strip():
        return False
    return bool(phrases.SEPARATOR.search(_RULER.sub("", phrases.plain(line))))


def _begins_header(lines, index):
    """Tell whether the header of the returned message begins here, without any announcement."""
    names = []
    for line in lines[index : index + 40]:
        match = _HEADER_LINE.match(line)
        if match:
            names.append(match[1].lower())
        elif not names or not line[:1].isspace() and not line.startswith(">"):
            break
    first_is_trace = bool(names) and (names[0] in _TRACE_NAMES or names[0].startswith("x-"))
    return first_is_trace and len(names) >= 3 and bool(_TRACE_NAMES.intersection(names))


def page_text(page):
    """Return the text of an HTML page, a line per block."""
    text = _TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub(" ", " ".join(page.split()))))
    return "\n".join(line.strip() for line in html.unescape(text).splitlines() if line.strip())


class Words:
    """The own words of a report.

    :param str text: all of its own text
    :param str subject: its subject, which counts as its first line
    """

    def __init__(self, text, subject=""):
        self.lines, returned = own_lines(text)
        self.returned = read_header(returned) if returned else None
        self._written = [line for line in self.lines if not line.lstrip().startswith(">") or self._is_bullet(line)]
        self.said = phrases.plain(" ".join(self._written)[:MAX_SAID])
        self.subject = phrases.plain(subject)
        self._mentions = None
        self._outcomes = ()
        self._reached = set()

    @staticmethod
    def _is_bullet(line):
        """``> a@b`` alone on a line is an item, not a quotation."""
        return "@" in line and len(line.split()) <= 2 or line.lstrip().startswith(">>>")

    @property
    def says_failure(self):
        return bool(phrases.FAILURE.search(self.said) or self.has_refusal)

    @property
    def has_refusal(self):
        """Whether a permanent SMTP reply is quoted (RFC 5321 §4.2.1)."""
        return any(PERMANENT_REPLY.search(line) for line in self._written)

    @property
    def says_delay(self):
        """Whether it says that the server still tries; a final failure said as well outweighs that."""
        delay = phrases.DELAY.search(f"{self.subject} | {self.said}")
        return bool(delay and not phrases.FINAL.search(f"{self.subject} | {self.said}"))

    def mentions(self):
        """Return the :class:`Mention` of each address, in their order."""
        if self._mentions is None:
            self._mentions = []
            self._outcomes = outcomes(self._written)
            found = ((index, match) for index, line in enumerate(self._written) for match in iter_addresses(line))
            for index, match in islice(found, MAX_MENTIONS):
                self._add(index, self._written[index], match)
            self._weigh_unclear()
        return self._mentions

    def _weigh_unclear(self):
        """Let lists under headings that are not understood count where nothing else is called failed."""
        if any(mention.strength <= STATED and not mention.unclear for mention in self._mentions):
            for mention in self._mentions:
                if mention.unclear:
                    mention.strength = max(mention.strength, MENTIONED)

    def reached(self):
        """Return the keys of the addresses that got the message, says the text, and failed nowhere."""
        return self._reached.difference(mention.key for mention in self.mentions() if mention.strength <= STATED)

    def _add(self, index, line, match):
        before, after = phrases.plain(line[: match.start()]), line[match.end() :]
        address = clean_address(match[0])
        if "." not in address.rpartition("@")[2] or _NAMED.match(after):
            return
        if self._outcomes[index] == DELIVERED or is_reached(self._written, index, before, after):
            self._reached.add(address_key(address))
            return
        if phrases.FORWARDED.search(before):
            if self._mentions:
                self._mentions[-1].original = self._mentions[-1].original or address
            self._mentions.append(Mention(address, MENTIONED if len(self._mentions) else STATED, index))
            return
        strength = self._strength(index, line, match.start(), before, after)
        if strength is not None:
            outcome = self._outcomes[index]
            unclear = outcome == UNCLEAR and not line[: match.start()].strip(_BULLETS) and not self._fails(line)
            self._mentions.append(Mention(address, strength, index, late=outcome == LATE, unclear=unclear))

    @staticmethod
    def _fails(line):
        return bool(PERMANENT_REPLY.search(line) or phrases.FAILURE.search(phrases.plain(line)))

    def _strength(self, index, line, start, before, after):
        """Return how surely an address is called failed, ``None`` if it is another's."""
        if phrases.SENDER_ECHO.match(phrases.plain(line)):
            return None
        if self._outcomes[index] == LISTED or phrases.ECHO.match(phrases.plain(line)):
            return ECHOED
        if _SENDMAIL.match(line[:start]) and after.lstrip("> ").startswith("..."):
            return EXPLICIT
        if phrases.LABEL.search(before):
            return EXPLICIT
        if not line[:start].strip(_BULLETS):
            return self._strength_at_start(index, after)
        if _RCPT.search(before):
            return STATED
        if phrases.NOT_FAILED_BEFORE.search(before):
            return None
        sentence = phrases.plain(" ".join(self._written[max(0, index - 1) : index + 2]))
        if phrases.TO.search(before) and phrases.FAILURE.search(sentence):
            return STATED
        return MENTIONED

    def _strength_at_start(self, index, after):
        """Return the strength of an address that begins its line."""
        previous = next((line for line in reversed(self._written[max(0, index - 2) : index]) if line.strip()), "")
        said = phrases.plain(previous)
        continues = bool(said) and said[-1] not in ".:;!?=-*)>,"
        if continues and not phrases.FAILURE.search(said) and phrases.NOT_MEANT.search(said[-60:]):
            return None
        rest = after.strip(" \t>\"')]=")
        if not rest or rest[0] in ":.,;[(-" or re.match(r"on \w{2,4}[, \d]|invalid |error|no |unknown ", rest.lower()):
            return STATED if continues and rest[:1] not in ":" and not after.startswith(">:") else EXPLICIT
        return MENTIONED if continues else STATED

    def section(self, mention):
        """Return the words about one address: from its line to the next other address that begins a section."""
        others = [
            other.line
            for other in self.mentions()
            if other.line > mention.line
            and other.strength <= mention.strength
            and other.key != mention.key
        ]
        lines = self._written[mention.line : min(others, default=len(self._written))]
        return "\n".join(lines[:40])

    def status(self, mention):
        """Return the enhanced status code said of an address, else an empty string."""
        return find_status(self.section(mention))

    def diagnostic(self, mention):
        """Return what the server said of an address, on one line."""
        text = " ".join(self.section(mention).split())
        if not text.replace(mention.address, "").strip("<>:;. "):
            return self.said[:MAX_DIAGNOSTIC]  # the reason stands before the address
        return text.replace(f"<{mention.address}>:", "", 1).strip()[:MAX_DIAGNOSTIC]

    def best_mention(self, keys):
        """Return the strongest mention of one of these addresses, ``None`` without any."""
        found = [mention for mention in self.mentions() if mention.key in keys]
        return min(found, key=lambda mention: mention.strength, default=None)

    def failed(self, excluded=()):
        """Return the mentions of the addresses that the text calls failed, the first of each.

        :param excluded: keys of addresses that are the sender's, unless the text is explicit
        """
        strong = [mention for mention in self.mentions() if mention.strength <= STATED]
        others = [m for m in strong if m.strength == EXPLICIT or m.key not in excluded]
        return _first_of_each(others or strong)

    def mentioned(self, excluded=()):
        """Return the other addresses that may have failed, the first mention of each."""
        for strength in (MENTIONED, ECHOED):
            found = [m for m in self.mentions() if m.strength == strength and m.key not in excluded]
            if found:
                return _first_of_each(found)
        return []


def _first_of_each(mentions):
    first = {}
    for mention in mentions:
        first.setdefault(mention.key, mention)
    return list(first.values())

