"""Plain tests of the developer command's own parts."""

import json

import pytest

from devkit.apt import find_mirror
from devkit.cli import main
from devkit.commands.mails import read_mails
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
