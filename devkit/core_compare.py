"""What became of Odoo's own tests, compared: a run with the addon beside the run without it.

Plain Python. The results of a run are ``{test: {"outcome": ..., "reasons": [...]}}``, see
``devkit/odoo_side/core_results.py``.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .ui import DevError

EXPLANATIONS = Path(__file__).parent / "core_differences.json"
QUERIES = re.compile(r"(?P<before>.*Query count more than expected for user \S+: )(?P<count>\d+)(?P<after> > .*)")


@dataclass(frozen=True)
class Explanation:
    """Why some tests may fail with the addon as shipped.

    :param str suite: the tests' suite
    :param tuple tests: their names
    :param str shows: regular expression that each line saying why they fail fits
    :param str because: the explanation
    """

    suite: str
    tests: tuple
    shows: str
    because: str


@dataclass
class Comparison:
    """A run of a suite beside the one without the addon.

    :param dict differences: ``{test: [why]}`` of the tests that the addon changes
    :param dict explained: ``{test: explanation}`` of those that it may
    :param list outdated: tests with an explanation that nothing needs
    """

    differences: dict
    explained: dict = field(default_factory=dict)
    outdated: list = field(default_factory=list)

    @property
    def unexplained(self):
        """The differences without an explanation, ``{test: [why]}``."""
        return {test: why for test, why in self.differences.items() if test not in self.explained}

    @property
    def failed(self):
        """How many differences are unexplained, or explained but gone."""
        return len(self.unexplained) + len(self.outdated)


def load_explanations(path=EXPLANATIONS):
    """Return the list of :class:`Explanation` in a file.

    :raises DevError: when it cannot be used
    """
    try:
        rows = json.loads(path.read_text())
        found = [Explanation(row["suite"], tuple(row["tests"]), row["shows"], row["because"]) for row in rows]
        for explanation in found:
            re.compile(explanation.shows)
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise DevError(f"{path} is no list of explanations: {error!r}") from error
    return found


def _without_count(reason):
    """Return ``(reason, number of queries)``; the number is 0 where none is counted."""
    match = QUERIES.match(reason)
    return (f"{match['before']}…{match['after']}", int(match["count"])) if match else (reason, 0)


def new_reasons(reasons, known):
    """Return those reasons to fail that are not known, or count more queries than the known ones.

    :param list reasons: of a test
    :param list known: of the same test without the addon
    """
    left, highest = Counter(), {}
    for text, count in map(_without_count, known):
        left[text] += 1
        highest[text] = max(count, highest.get(text, 0))
    new = []
    for reason in reasons:
        text, count = _without_count(reason)
        if left[text] and count <= highest[text]:
            left[text] -= 1
        else:
            new.append(reason)
    return new


def differences(without, with_addon):
    """Return what the addon changes for the worse, ``{test: [why]}``.

    :param dict without: results without the addon
    :param dict with_addon: results with it
    """
    found = {}
    for name, before in without.items():
        after = with_addon.get(name)
        if after is None:
            found[name] = ["not run"]
        elif after["outcome"] == "failed":
            found[name] = new_reasons(after["reasons"], before["reasons"])
        elif after["outcome"] == "skipped" and before["outcome"] == "passed":
            found[name] = [f"skipped: {after.get('skipped', '')}"]
    for name, after in with_addon.items():
        if name not in without and after["outcome"] == "failed":
            found[name] = after["reasons"]
    return {name: why for name, why in found.items() if why}


def compare(suite, without, with_addon, explanations=()):
    """Compare a run of a suite with the one without the addon.

    :param str suite: its name
    :param dict without: results without the addon
    :param dict with_addon: results with it
    :param explanations: each an :class:`Explanation`; of other suites too
    :rtype: Comparison
    """
    result = Comparison(differences(without, with_addon))
    for explanation in explanations:
        if explanation.suite != suite:
            continue
        for test in explanation.tests:
            why = result.differences.get(test)
            if not why:
                result.outdated.append(test)
            elif all(re.search(explanation.shows, reason) for reason in why):
                result.explained[test] = explanation.because
    return result


def count(results, outcome):
    """Return how many tests ended so.

    :param dict results: of a run
    :param str outcome: ``"passed"``, ``"skipped"`` or ``"failed"``
    """
    return sum(test["outcome"] == outcome for test in results.values())
