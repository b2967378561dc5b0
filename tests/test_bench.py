"""What is measured is there: the list's database is as it says and answers, an export exports, an import imports."""

import json

from devkit import export_bench, install_bench
from devkit.cli import main
from devkit.databases import PREFIX, discard
from devkit.workbench import workbench

DOCUMENTS = 1500
PARTNERS = 50
ROWS = 2100  # more than are imported while the browser waits


def test_fill_list_and_export(capfd, monkeypatch):
    monkeypatch.setattr(export_bench, "ROUNDS", 1)
    with workbench(printer=False) as bench:
        assert main(["bench", "fill", "--documents", str(DOCUMENTS)]) == 0
        database = capfd.readouterr().out.strip()
        try:
            orphans = bench.server.query(
                "SELECT count(*) FROM sengerio_mail_document d WHERE 3 !="
                " (SELECT count(*) FROM sengerio_mail_delivery WHERE document_id = d.id)", database,
            )  # fmt: skip
            numbers = bench.server.query("SELECT count(DISTINCT res_id) FROM sengerio_mail_document", database)
            assert main(["bench", "list", "--db", database, "--json"]) == 0
            figures = json.loads(capfd.readouterr().out)
            assert main(["bench", "export", "--db", database, "--documents", str(DOCUMENTS), "--json"]) == 0
            exported = json.loads(capfd.readouterr().out)
        finally:
            discard(bench, database)
    assert orphans == ["0"]
    assert numbers == [str(DOCUMENTS)]
    assert (figures["documents"], figures["deliveries"]) == (DOCUMENTS, 3 * DOCUMENTS)
    found = {name: row["found"] for name, row in figures["questions"].items()}
    assert found["number, clerk"] == 1
    assert found["by state, clerk"] == 5
    assert 0 < found["first page, user7"] < found["first page, clerk"] < DOCUMENTS
    for name in ("whole address", "beginning of an address", "domain of an address", "partner"):
        assert 0 < found[f"{name}, clerk"] < DOCUMENTS, name
    assert exported["documents"] == DOCUMENTS
    ways = [exported[way] for way in ("addon", "bare", "odoo")]
    assert all(way["runs"] == 1 and way["seconds"] > 0 and way["file_mb"] > 0 for way in ways)
    assert 0 < ways[0]["rows"] <= DOCUMENTS
    assert {way["rows"] for way in ways} == {ways[0]["rows"]}  # all write the same
    assert exported["addon"]["time_ratio_to_odoo"] > 0


def test_install(capfd, monkeypatch):
    monkeypatch.setattr(install_bench, "SAMPLES", 1)
    try:
        assert main(["bench", "install", "--documents", str(PARTNERS), "--json"]) == 0
    finally:
        with workbench(printer=False) as bench:
            discard(bench, f"{PREFIX}crowd_{PARTNERS}")
    figures = json.loads(capfd.readouterr().out)
    assert figures["res_partner"] >= PARTNERS
    assert figures["mail_message"] >= PARTNERS
    assert figures["seconds_median"] > 0
    assert figures["empty_seconds_median"] > 0
    assert figures["rewritten"] == []
    assert "column res_users.sengerio_bcc_opt_out" in figures["added_to_odoos_tables"]


def test_import(capfd):
    assert main(["bench", "import", "--documents", str(ROWS), "--json"]) == 0
    figures = json.loads(capfd.readouterr().out)
    assert figures["rows"] == ROWS
    assert all(figures[f"{name}_seconds"] > 0 for name in ("preview", "import", "preview_again", "odoo_import"))
