"""Run Odoo's own tests with the addon, beside the same tests without it.

Each suite runs three times: without the addon, with it but with blind copies
and policies switched off, and with it as shipped. Switched off, no test may
fail that passes without the addon, query counters included; as shipped, each
such test needs an explanation in devkit/core_differences.json, and each
explanation a test that still fails. A test that differs is run again by
itself, with and without the addon, before it counts.

    ./dev test-core                  all suites (about 40 minutes)
    ./dev test-core purchase account
    ./dev test-core --keep           keep the databases; their names are shown
"""

import json
import os
import time
from collections import Counter

from ..core_compare import compare, count, load_explanations
from ..core_suites import DEFAULTS, OFF, SUITES, WITHOUT, core_databases, run_suite
from ..databases import PREFIX
from ..ui import note
from ..workbench import workbench

OUTCOMES = ("passed", "failed", "skipped")
RUNS = {WITHOUT: "without the addon", OFF: "with it, policies off", DEFAULTS: "with it, as shipped"}
BROWSER = "needs a browser"


def add_arguments(parser):
    """Describe the options of ``./dev test-core``."""
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)} (default: all)")
    parser.add_argument("--keep", action="store_true", help="keep the databases afterwards")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(check=lambda options: _check(parser, options))


def _check(parser, options):
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown:
        parser.error(f"unknown suites: {', '.join(unknown)}; there are {', '.join(SUITES)}")


def _compare_all(name, results, explanations):
    """Return ``{run: Comparison}`` of a suite's runs with the addon; none is explained away with policies off."""
    without = results[WITHOUT]["tests"]
    return {
        OFF: compare(name, without, results[OFF]["tests"]),
        DEFAULTS: compare(name, without, results[DEFAULTS]["tests"], explanations),
    }


def _run_again(bench, name, databases, results, comparisons):
    """Run the tests that differ without explanation by themselves, and put what became of them into the results.

    :return: the names of these tests
    """
    tests = sorted({test for comparison in comparisons.values() for test in comparison.unexplained})
    for run in RUNS if tests else ():
        what = f"{name}: {len(tests)} that differ, again, {RUNS[run]}"
        results[run]["tests"].update(run_suite(bench, name, databases[run], what, run != WITHOUT, tests)["tests"])
    return tests


def _run(bench, name, databases, explanations):
    """Run a suite in all databases and compare.

    :return: what the report needs
    """
    results, seconds = {}, {}
    for run, words in RUNS.items():
        start = time.monotonic()
        results[run] = run_suite(bench, name, databases[run], f"{name}: {words}", run != WITHOUT)
        seconds[run] = round(time.monotonic() - start)
        ended = ", ".join(f"{count(results[run]['tests'], how)} {how}" for how in OUTCOMES)
        note(f"  {name}, {words}: {ended} ({seconds[run]} s)")
    comparisons = _compare_all(name, results, explanations)
    again = _run_again(bench, name, databases, results, comparisons)
    comparisons = _compare_all(name, results, explanations)
    differing = {test for comparison in comparisons.values() for test in comparison.differences}
    without = results[WITHOUT]["tests"]
    return {
        "tests": len(without),
        "runs": {
            run: {"seconds": seconds[run], **{how: count(found["tests"], how) for how in OUTCOMES}}
            for run, found in results.items()
        },
        "comparisons": {
            run: {
                "explained": {test: [why, comparison.differences[test]] for test, why in comparison.explained.items()},
                "unexplained": comparison.unexplained,
                "outdated": comparison.outdated,
            }
            for run, comparison in comparisons.items()
        },
        "flaky": [test for test in again if test not in differing],
        "skipped": Counter(test["skipped"] for test in without.values() if test["outcome"] == "skipped"),
        "left_out": results[WITHOUT]["left_out"],
    }  # fmt: skip


def totals(report):
    """Return how many comparisons of a test came out as expected, and how many did not.

    :param dict report: ``{suite: what _run returned}``
    """
    passed = failed = 0
    for suite in report.values():
        for comparison in suite["comparisons"].values():
            bad = len(comparison["unexplained"])
            passed += suite["tests"] - bad
            failed += bad + len(comparison["outdated"])
    return max(passed, 0), failed


def _print_differences(name, suite):
    for run, comparison in suite["comparisons"].items():
        for test, why in comparison["unexplained"].items():
            print(f"\nUNEXPLAINED in {name}, {RUNS[run]}: {test}")
            print("\n".join(f"    {reason}" for reason in why))
        for test in comparison["outdated"]:
            print(f"\nOUTDATED in {name}: {test} has an explanation, but does not fail, or for another reason")
        for test, (because, _why) in comparison["explained"].items():
            print(f"\nintended in {name}, {RUNS[run]}: {test}\n    {because}")
    for test in suite["flaky"]:
        print(f"\nunstable in {name}: {test} differed once, and not when run by itself")


def _print_report(report):
    """Print the differences, the table, what was skipped, and the closing line."""
    for name, suite in report.items():
        _print_differences(name, suite)
    heads = ["suite", "tests", *(f"{words} (passed/failed)" for words in RUNS.values()), "intended", "unexplained"]
    rows = [heads]
    for name, suite in report.items():
        runs = [f"{run['passed']}/{run['failed']} in {run['seconds']} s" for run in suite["runs"].values()]
        kinds = [
            str(sum(len(comparison[kind]) for comparison in suite["comparisons"].values()))
            for kind in ("explained", "unexplained")
        ]
        rows.append([name, str(suite["tests"]), *runs, *kinds])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    skipped = sum((suite["skipped"] for suite in report.values()), Counter())
    left_out = sum(suite["left_out"] for suite in report.values())
    browser = sum(number for reason, number in skipped.items() if BROWSER in reason)
    print(
        f"\nSkipped in all runs alike: {browser} tests where they need a browser, {skipped.total() - browser} for "
        f"reasons of their own; {left_out} left out that are not in Odoo's standard set."
    )
    print("{} passed, {} failed".format(*totals(report)))


def main(options):
    """Run the suites and compare.

    :return: 0 when no difference is unexplained and no explanation outdated, else 1
    """
    options.check(options)
    explanations = load_explanations()
    names = options.suites or list(SUITES)
    report = {}
    with workbench() as bench, core_databases(bench, f"{PREFIX}core_{os.getpid()}", options.keep) as databases:
        for name in dict.fromkeys(names):
            report[name] = _run(bench, name, databases, explanations)
    passed, failed = totals(report)
    if options.json:
        print(json.dumps({"suites": report, "passed": passed, "failed": failed}, indent=1))
    else:
        _print_report(report)
    return 1 if failed else 0
