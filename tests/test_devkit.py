"""Plain tests of the developer command's own parts."""

import json

import pytest

from devkit.apt import find_mirror
from devkit.cli import main
from devkit.commands.mails import read_mails
from devkit.commands.test_core import totals
from devkit.core_compare import Explanation, compare, differences, load_explanations
from devkit.core_suites import SUITES
from devkit.postgres import named_variables
from devkit.ui import DevError
from devkit.workbench import complaints

DEB822 = """# a comment
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/some.gpg
"""
ONE_LINE = """# deb http://old.example/debian buster main
deb http://mirror.example/debian-security bookworm-security main
deb [arch=amd64 signed-by=/keys/a.gpg] http://mirror.example/debian/ bookworm main
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sources.list.d/debian.sources", DEB822, ("http://mirror.example/debian", "/usr/share/keyrings/some.gpg")),
        ("sources.list", ONE_LINE, ("http://mirror.example/debian/", "/keys/a.gpg")),
        ("sources.list.d/other.list", "deb http://mirror.example/ubuntu noble main\n", None),
        ("sources.list.d/x.sources.disabled", DEB822, None),
        ("sources.list.d/off.sources", DEB822.replace("Types: deb ", "Enabled: no\nTypes: deb "), None),
    ],
)
def test_find_mirror(tmp_path, name, text, expected):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)
    assert find_mirror(tmp_path) == expected


def test_complaints_come_with_their_continuation_lines(tmp_path):
    log = tmp_path / "odoo.log"
    log.write_text(
        "2026-01-01 00:00:00,000 1 INFO db odoo: WARNING is only a word here\n"
        "2026-01-01 00:00:00,000 1 WARNING db odoo.x: first\n"
        "  more\n"
        "2026-01-01 00:00:00,000 1 INFO db odoo: fine\n"
        "and more of it\n"
        "2026-01-01 00:00:00,000 1 ERROR db odoo.y: second\n"
        "2026-01-01 00:00:00,000 1 WARNING db py.warnings: /site-packages/x.py:1: DeprecationWarning: theirs\n"
        "2026-01-01 00:00:00,000 1 WARNING db py.warnings: /a/sengerio_mail/x.py:1: DeprecationWarning: ours\n"
    )
    assert complaints(log) == [
        "2026-01-01 00:00:00,000 1 WARNING db odoo.x: first\n  more",
        "2026-01-01 00:00:00,000 1 ERROR db odoo.y: second",
        "2026-01-01 00:00:00,000 1 WARNING db py.warnings: /a/sengerio_mail/x.py:1: DeprecationWarning: ours",
    ]


def test_database_url():
    assert named_variables({"DATABASE_URL": "postgresql://me:p%40ss@db.example:5433/x"}) == {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "p@ss",
    }
    assert named_variables({"DATABASE_URL": "postgresql:///x?host=%2Frun%2Fpg"}) == {"PGHOST": "/run/pg"}
    with pytest.raises(DevError):
        named_variables({"DATABASE_URL": "mysql://db.example/x"})


def test_pg_variables():
    assert named_variables({}) is None
    assert named_variables({"PGHOST": "db.example", "PGDATABASE": "x"}) == {"PGHOST": "db.example"}


@pytest.fixture
def mails(tmp_path, monkeypatch):
    monkeypatch.setenv("SENGERIO_CACHE", str(tmp_path))
    folder = tmp_path / "mails"
    folder.mkdir()
    envelope = {"mail_from": "a@x.example", "rcpt_tos": ["b@x.example"], "refused": [], "time": "2026-01-01T00:00:00"}
    for number in (10, 9):
        (folder / f"{number}.json").write_text(json.dumps(envelope))
    head = "Message-ID: <n@x>\r\nSubject: Größe\r\nContent-Type: text/plain; charset=utf-8\r\n"
    (folder / "9.eml").write_bytes(f"{head}\r\nGrüße\r\n".encode())
    return folder


def test_mails_are_read_in_order(mails):
    found = read_mails(mails)
    assert [mail["number"] for mail in found] == [9, 10]
    assert found[0]["subject"] == "Größe"
    assert "subject" not in found[1]


def test_mails_command(mails, capsys):
    assert main(["mails", "n@x"]) == 0
    assert "Grüße" in capsys.readouterr().out
    assert main(["mails", "--json", "10"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == 10
    assert main(["mails", "11"]) == 1
    assert "There is no mail 11" in capsys.readouterr().err


PASSED, SKIPPED = {"outcome": "passed", "reasons": []}, {"outcome": "skipped", "reasons": [], "skipped": "why"}
QUERIES = "AssertionError: Query count more than expected for user admin: {} > 38 in test_a at x.py:1"


def failed(*reasons):
    return {"outcome": "failed", "reasons": list(reasons)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (PASSED, PASSED, None),
        (PASSED, failed("1 != 2"), ["1 != 2"]),
        (PASSED, SKIPPED, ["skipped: why"]),
        (PASSED, None, ["not run"]),
        (failed("1 != 2"), PASSED, None),
        (failed("1 != 2"), failed("1 != 2"), None),
        (failed("1 != 2"), failed("1 != 2", "3 != 4"), ["3 != 4"]),
        (failed("1 != 2"), failed("1 != 2", "1 != 2"), ["1 != 2"]),
        (failed(QUERIES.format(41)), failed(QUERIES.format(40)), None),
        (failed(QUERIES.format(41)), failed(QUERIES.format(42)), [QUERIES.format(42)]),
        (None, failed("1 != 2"), ["1 != 2"]),
        (None, PASSED, None),
    ],
)
def test_differences_of_core_tests(before, after, expected):
    without, with_addon = ({"a": result} if result else {} for result in (before, after))
    assert differences(without, with_addon).get("a") == expected


def test_explanations_of_core_tests():
    explanations = [
        Explanation("mail", ("a", "b", "c"), "^3 != 2", "one copy"),
        Explanation("sale", ("a",), "", "of another suite"),
    ]
    with_addon = {"a": failed("3 != 2"), "b": failed("3 != 2", "5 != 2"), "c": PASSED, "d": failed("3 != 2")}
    result = compare("mail", dict.fromkeys("abcd", PASSED), with_addon, explanations)
    assert result.explained == {"a": "one copy"}
    assert result.unexplained == {"b": ["3 != 2", "5 != 2"], "d": ["3 != 2"]}
    assert result.outdated == ["c"]
    assert result.failed == 3


def test_shipped_explanations_are_usable(tmp_path):
    assert {explanation.suite for explanation in load_explanations()} <= set(SUITES)
    broken = tmp_path / "broken.json"
    broken.write_text('[{"suite": "mail", "tests": [], "shows": "("}]')
    with pytest.raises(DevError):
        load_explanations(broken)


def test_unknown_core_suite(capsys):
    with pytest.raises(SystemExit):
        main(["test-core", "nothing"])
    assert "unknown suites: nothing" in capsys.readouterr().err


def test_totals_of_core_tests():
    off = {"explained": {}, "unexplained": {"a": ["1 != 2"]}, "outdated": []}
    defaults = {"explained": {"a": ["why", ["1 != 2"]]}, "unexplained": {}, "outdated": ["b"]}
    assert totals({"mail": {"tests": 3, "comparisons": {"off": off, "defaults": defaults}}}) == (5, 2)
