"""Why a recipient did not get a message: the address is bad, or something else.

"5.x.x" alone says "permanent", not "bad address": full mailboxes, spam verdicts and policies carry it more often. So
the codes that mean the address are listed one by one (RFC 3463 §3 and its registry, RFC 7505, 7372), and the words
come first wherever a server says in words what its code leaves open or gets wrong.
"""

import re
from dataclasses import dataclass

from .fields import find_statuses
from .phrases import plain

REASONS = (
    "no_such_address",
    "domain_gone",
    "mailbox_full",
    "spam",
    "policy",
    "too_big",
    "not_accepting",
    "unreachable",
    "auth",
    "moved",
    "content",
    "loop",
    "relay",
    "unknown",
)
BAD_ADDRESS = frozenset({"no_such_address", "domain_gone", "moved"})
MAX_WORDS = 2000

# by class.subject.detail without the class
_CODES = {
    "1.1": "no_such_address",
    "1.0": "no_such_address",
    "1.2": "domain_gone",
    "1.3": "no_such_address",
    "1.4": "no_such_address",
    "1.6": "moved",
    "1.7": "policy",
    "1.8": "policy",
    "1.9": "unreachable",
    "1.10": "domain_gone",  # RFC 7505: null MX; Exchange Online says it of mailboxes as well
    "2.0": "not_accepting",
    "2.1": "not_accepting",
    "2.2": "mailbox_full",
    "2.3": "too_big",
    "2.4": "not_accepting",
    "3.1": "mailbox_full",
    "3.2": "not_accepting",
    "3.3": "content",
    "3.4": "too_big",
    "4.1": "unreachable",
    "4.2": "unreachable",
    "4.3": "unreachable",
    "4.4": "domain_gone",
    "4.5": "unreachable",
    "4.6": "loop",
    "4.7": "unreachable",
    "6.0": "content",
    "6.1": "content",
    "6.2": "content",
    "6.3": "content",
    "6.6": "content",
    "6.9": "content",
    "7.0": "policy",
    "7.1": "policy",
    "7.2": "policy",
    "7.9": "auth",
    "7.13": "not_accepting",
    "7.20": "auth",
    "7.21": "auth",
    "7.22": "auth",
    "7.23": "auth",
    "7.24": "auth",
    "7.25": "auth",
    "7.26": "auth",
    "7.27": "auth",
    "7.28": "spam",
    "7.508": "spam",
    "7.509": "auth",
    "7.511": "spam",
    "7.515": "auth",
    "7.606": "spam",
}
# generic codes, and those that servers give for anything: words outweigh them
_VAGUE = frozenset({"0.0", "2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "7.0", "7.1", "7.9"})

_BETWEEN = r"[^.;]{0,60}"
_WORDS = tuple(
    (reason, re.compile("|".join(patterns)))
    for reason, patterns in (
        (
            "mailbox_full",
            (
                r"(?:mail ?box|mail ?folder|inbox|account|storage|disk|user|quota) ?(?:'s)?(?: is| has"
                r"| space)? ?(?:full|over ?quota|overquota|exceed)",
                r"(?:over|exceed\w*|out of|beyond)(?: its| the| their| disk| storage| mailbox"
                r"| allocated)* ?(?:quota|storage)",
                r"quota (?:exceeded|violation|full)|disk quota|not enough (?:storage|disk|space)"
                r"|insufficient (?:disk|storage)",
                r"too much mail|maximum (?:mailbox )?size|mailbox (?:size )?limit|no space left|full mailbox",
                r"exceeded (?:the local limit|storage)|messages in recipient's mailbox exceeded"
                r"|postfach (?:ist )?voll|speicherplatz",
                r"boite (?:aux lettres )?(?:est )?pleine|buzon (?:esta )?lleno|casella (?:e )?piena|mailbox vol\b"
                r"|full \(over",
            ),
        ),
        (
            "auth",
            (
                r"\bdmarc\b|\bspf\b|\bdkim\b|sender policy framework|unauthenticated e?mail"
                r"|authentication (?:checks? )?(?:failed|required|results)",
                r"reverse dns|\bptr\b|\brdns\b|not authenticated|forward-confirmed|no valid (?:mx|a) record for sender",
            ),
        ),
        (
            "spam",
            (
                r"\bspam\w*|junk|\bbulk\b|unsolicited|black ?list\w*|block ?list\w*|dnsbl|\brbl\b|spamhaus"
                r"|poor reputation|low reputation",
                r"reputation|content filter|looks like|spf-?fail|blocked by|blocked using|listed (?:at|in|by)"
                r"|barracuda|virus|malware",
                r"weren't sent. (?:please|we recommend)|mail reje(?:te|cted)\. mail|block list"
                r"|too many (?:recipients|messages)",
            ),
        ),
        (
            "too_big",
            (
                r"(?:message|mail|size)" + _BETWEEN + r"(?:too (?:big|large|long)|exceeds)|size limit"
                r"|maximum message size|message size",
                r"nachricht zu gross|message trop volumineux|line limit exceeded|fixed maximum",
            ),
        ),
        (
            "loop",
            (r"too many hops|hop count|mail loop|loop(?:ing)? (?:detected|back)|routing loop|loops back to myself"
            r"|message looping|received \d+ times",),
        ),
        (
            "relay",
            (
                r"relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed)|prohibited)|not (?:permitted"
                r"|allowed) to relay|no relaying|unable to relay",
                r"relaying (?:is )?(?:denied|prohibited)|insecure mail relay|open relay|relay quota",
            ),
        ),
        (
            "not_accepting",
            (
                r"(?:account|mailbox|user|address|recipient)[^.;]{0,40} (?:is |has been |was "
                r"|are )?(?:currently )?(?:disabled|inactive|suspended|deactivated|discontinued|locked|blocked"
                r"|closed|expired|terminated|not active)",
                r"(?:disabled|inactive|suspended|deactivated|expired) (?:account|mailbox|user|address|recipient)"
                r"|not been collected",
                r"(?:not|no longer) accept(?:ing)? (?:any )?(?:mail|messages|e-?mail)|temporarily disabled"
                r"|is on hold|is dormant",
            ),
        ),
        (
            "moved",
            (r"user (?:has )?moved|no longer (?:valid|in use|with|works|at|on)|has (?:moved|left)"
            r"|address (?:has )?changed|new address is",),
        ),
        (
            "domain_gone",
            (
                r"(?:host|domain)(?: name)?s?[^.;]{0,40} ?(?:not found|unknown|does ?n'?o?t exist|non-?existent"
                r"|unrouteable)",
                r"\bhost(?:name)? \S{1,120} (?:not found|unknown)|domain \S{1,120} (?:not found|unknown"
                r"|does not exist)",
                r"unrouteable (?:mail )?(?:domain|address)|unknown (?:host|domain)|no such (?:host|domain)"
                r"|couldn't find any host|nxdomain|domain not found",
                r"(?:no|couldn't find (?:a|any)) (?:mx|mail exchanger)|null ?mx|(?:domain"
                r"|host) does not accept mail|name or service not known",
                r"(?:bad destination system|bad domain|illegal host|unable to route|could not find a gateway)"
                r"|no mx record|host name lookup failure|dns error: domain",
            ),
        ),
        (
            "no_such_address",
            (
                r"(?:no|unknown|invalid|illegal|bad|nonexistent|non-existent|not a valid|unrecognized"
                r"|undefined)(?: such)?(?: local| destination| final delivery| virtual| e-?mail"
                r"| or illegal)? (?:user|recipient|mailbox|address|alias|account|person|addressee|userid"
                r"|destination mailbox)",
                r"(?:user|recipient|mailbox|address|account|alias|addressee|name)s?(?: name)?" + _BETWEEN
                + r" ?(?:unknown|not (?:found|known|recognized|listed|exist)|(?:does|do|did) ?n'?o?t exist"
                r"|nonexistent|is invalid|not valid|not local)",
                r"no mailbox (?:here|by that name|found)|unknown (?:or illegal )?(?:local part|address|user)"
                r"|not (?:listed )?in (?:public name|domino|the directory)",
                r"does ?n'?o?t have (?:a|an) |not our customer|no recipient|address (?:could ?n'?o?t"
                r"|cannot) be found|recipient address rejected: access denied \[\S{0,60}outlook"
                r"|email account that you tried to reach|resolver\.adr|recipnotfound|recipient not found",
                r"unbekannt|inconnu|desconocido|no existe|sconosciut|inesistente|onbekend|nieznan|не существует"
                r"|не найден|見つかり|不存在",
                r"mailbox unavailable|wrong or no longer valid|malformed address|bad address syntax"
                r"|invalid mailbox|mailbox not found|invalid recipient|destinataire invalide",
            ),
        ),
        (
            "unreachable",
            (
                r"timed? ?out|time ?out|connection (?:refused|reset|dropped|lost|failed|timed)|could not connect"
                r"|unable to connect|not reachable",
                r"unreachable|no route to host|network (?:error|is)|too long|retry time|expired|try again later"
                r"|temporar|deferred|greylist|dns",
                r"not respond|service (?:not available|unavailable)|server (?:unavailable|busy)|for the last"
                r"|giving up|attempts|resources",
            ),
        ),
        ("content", (r"header error|attachment|media error|format error|malformed|8bit|content (?:error|not"
        r"|rejected)|encoding|line too long|from:? header|resent-from",)),
        (
            "policy",
            (r"polic(?:y|ies)|access denied|denied|not authori[sz]ed|refused|rejected|blocked|prohibited|forbidden"
            r"|not permitted|not allowed|restrict|permission|sender|insecure|rate limit",),
        ),
    )
)
# words that decide even against an exact code
_DECISIVE = frozenset({"mailbox_full", "auth", "spam", "too_big", "loop", "relay", "not_accepting", "moved"})


@dataclass(frozen=True)
class Verdict:
    """Whether the address is to blame, and the reason, one of :data:`REASONS`."""

    bad_address: bool
    reason: str


def verdict(status, diagnostic):
    """Judge a final failure.

    :param str status: enhanced status code, may be empty
    :param str diagnostic: what the server said, may be empty
    :return: the :class:`Verdict`
    """
    said = plain(diagnostic[:MAX_WORDS])
    code = (status or next(iter(find_statuses(said)), "")).partition(".")[2]
    coded = _CODES.get(code, "")
    spoken = next((reason for reason, pattern in _WORDS if pattern.search(said)), "")
    if coded and (not spoken or code not in _VAGUE and not _outweighs(spoken, coded)):
        reason = coded
    else:
        reason = spoken or coded or "unknown"
    if reason == "domain_gone" and status.startswith("4"):
        reason = "unreachable"  # a name server that fails for now
    return Verdict(reason in BAD_ADDRESS, reason)


def _outweighs(spoken, coded):
    """Tell whether the words contradict a code that blames the address, or say better what is wrong with it."""
    return coded in BAD_ADDRESS and spoken in _DECISIVE | BAD_ADDRESS
