"""What is measured is there: the list's database is as it says and answers, an import imports."""

import json

from devkit.cli import main
from devkit.databases import discard
from devkit.workbench import workbench

DOCUMENTS = 1500
ROWS = 2100  # more than are imported while the browser waits


def test_fill_and_list(capfd):
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
        finally:
            discard(bench, database)
    figures = json.loads(capfd.readouterr().out)
    assert orphans == ["0"]
    assert numbers == [str(DOCUMENTS)]
    assert (figures["documents"], figures["deliveries"]) == (DOCUMENTS, 3 * DOCUMENTS)
    found = {name: row["found"] for name, row in figures["questions"].items()}
    assert found["number, clerk"] == 1
    assert found["by state, clerk"] == 5
    assert 0 < found["first page, user7"] < found["first page, clerk"] < DOCUMENTS
    for name in ("whole address", "beginning of an address", "domain of an address", "partner"):
        assert 0 < found[f"{name}, clerk"] < DOCUMENTS, name


def test_import(capfd):
    assert main(["bench", "import", "--documents", str(ROWS), "--json"]) == 0
    figures = json.loads(capfd.readouterr().out)
    assert figures["rows"] == ROWS
    assert all(figures[f"{name}_seconds"] > 0 for name in ("preview", "import", "preview_again", "odoo_import"))
