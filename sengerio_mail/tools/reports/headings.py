"""What the lines of a report say of the addresses that stand below them or on them: failed, late, delivered.

A report about several recipients says of some that they got the message. A heading holds for all that follows, until
the next one, or until words of failure begin something else.
"""

import re

from . import phrases

OTHER, UNCLEAR, LATE, LISTED, DELIVERED = "other", "unclear", "late", "listed", "delivered"
MAX_SENTENCE = 400
PERMANENT_REPLY = re.compile(r"(?:^|said: |replied: |[>:(] ?)5\d\d[- :#]")  # RFC 5321 §4.2.1
_RULED = re.compile(r"^[-=*_#~+]{2,}.*[-=*_#~+]{2,}$")
_RULER = "-=*_#~+> |\u2022"


def outcomes(lines):
    """Return what the heading above each line says of the addresses on it.

    :param list lines: of text, as written
    :return: for each :data:`OTHER` (failed, or no heading), :data:`UNCLEAR` (a heading that is not understood),
        :data:`LATE`, :data:`LISTED` (those whom the message was for), or :data:`DELIVERED`
    """
    found, outcome, sentence = [], OTHER, ""
    for index, line in enumerate(lines):
        said = phrases.plain(line)
        if not said:
            sentence = ""
        elif "@" in said:
            sentence = ""
            if outcome != OTHER and _fails(lines, index):
                outcome = OTHER
            elif _begins_list(said):
                outcome = DELIVERED
        else:
            sentence = f"{sentence} {said.strip(_RULER)}"[-MAX_SENTENCE:].strip()
            if _is_heading(said, lines, index):
                outcome = said_in(sentence)
                if outcome == UNCLEAR and phrases.FAILURE.search(sentence):
                    outcome = OTHER
            elif outcome != OTHER and _ends_list(sentence, lines, index):
                outcome = OTHER
        found.append(outcome)
    return found


def said_in(sentence):
    """Return what the last sentence of a text says, its last clause that says anything: see :func:`outcomes`."""
    last = phrases.SENTENCE_END.split(sentence.rstrip(" .:"))[-1]
    for clause in reversed(phrases.TURN.split(last)):
        if phrases.LATE.search(clause) or phrases.DELAY.search(clause):
            return OTHER if phrases.FINAL.search(clause) else LATE
        if phrases.FAILURE.search(clause):
            return OTHER
        delivered = phrases.DELIVERED.search(clause)
        if delivered:
            return OTHER if phrases.NEGATION.search(clause[: delivered.end()]) else DELIVERED
        if phrases.LISTED.search(clause):
            return LISTED
    return UNCLEAR


def is_reached(lines, index, before, after):
    """Tell whether the words around an address say that the message reached it.

    :param list lines: of text
    :param int index: of its line
    :param str before: the words before it on the line, plain
    :param str after: those behind it
    """
    rest = phrases.plain(after)
    words = rest.partition("@")[0]
    if phrases.FAILURE.search(words) or PERMANENT_REPLY.search(words):
        return False
    if before and said_in(before[-MAX_SENTENCE:]) == DELIVERED or phrases.REACHED.match(after.lower()):
        return True
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return bool(not rest.strip("<>:;.,()[]\"' ") and phrases.REPLY_GOOD.match(following))


def _is_heading(said, lines, index):
    """Tell whether a line without an address announces what follows: by a colon, rulers, or because it does not end."""
    if said.rstrip(_RULER).endswith(":") or _RULED.match(said):
        return True
    if said[-1] in ".!?;,)。":
        return False
    return _is_above_address(lines, index) and said_in(said) == DELIVERED


def _ends_list(sentence, lines, index):
    """Tell whether prose says that something has failed, or that what follows was not done."""
    if phrases.FAILURE.search(sentence):
        return True
    return _is_above_address(lines, index) and bool(phrases.NEGATION.search(sentence))


def _is_above_address(lines, index):
    return "@" in next((line for line in lines[index + 1 : index + 3] if line.strip()), "")


def _begins_list(said):
    """Tell whether a line ends with an address that got the message: others may follow below."""
    before = said.partition("@")[0].rpartition(" ")[0]
    return "@" in said.split()[-1] and said[-1] not in ".;:" and bool(before) and said_in(before) == DELIVERED


def _fails(lines, index):
    """Tell whether a line with an address, or the line right below, quotes a refusal."""
    following = lines[index + 1].lower() if index + 1 < len(lines) and "@" not in lines[index + 1] else ""
    if PERMANENT_REPLY.search(lines[index]) or PERMANENT_REPLY.search(following.strip()):
        return True
    said = phrases.plain(lines[index])
    # a section of its own, whose words follow
    return bool(phrases.FAILURE.search(phrases.plain(following) if said.endswith(":") else said))
