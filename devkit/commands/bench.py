"""Measure the addon's speed, each beside the plain alternative in the same run.

send     sending mails, in fresh databases that are removed afterwards
bounces  what the mail gateway makes of real reports, in a folder with a truth.jsonl
fill     make a database with many documents, three recipients each, over three years; prints its name
list     first page, searches and groups of the list of documents, in such a database
export   the register as a workbook, beside bare xlsxwriter and Odoo's own export, in such a database
import   importing role addresses from a workbook, beside Odoo's own import of the same rows
install  installing in a database with many partners and messages, in copies of it that are removed afterwards
"""

import os
import sys
import tempfile
from pathlib import Path

from ..databases import PREFIX, clone, clone_with_addon, discard, ensure_with_addon, list_databases, rename
from ..export_bench import measure_export
from ..install_bench import measure_install
from ..smtp import smtp_server
from ..ui import DevError, step
from ..workbench import run_odoo_script, workbench

SCRIPTS = Path(__file__).parent.parent / "odoo_side"
SENT_DOCUMENTS = 30
LISTED_DOCUMENTS = 1_000_000
EXPORTED_DOCUMENTS = 105_000  # of which an accountant may see 100,000: three in a hundred are other documents
IMPORTED_ROWS = 50_000
PARTNERS = 1_000_000


def add_arguments(parser):
    """Describe the options of ``./dev bench``."""
    parser.add_argument("what", choices=BENCHES, help="see above")
    parser.add_argument(
        "--documents", type=int, metavar="N",
        help=f"send: how many of each way (default: {SENT_DOCUMENTS}); fill, list, export: how many in the "
        f"database (default: {LISTED_DOCUMENTS}, export: {EXPORTED_DOCUMENTS}); import: how many rows "
        f"(default: {IMPORTED_ROWS}); install: how many partners and messages (default: {PARTNERS})",
    )  # fmt: skip
    parser.add_argument(
        "--db", metavar="NAME", help="list, export: a database that fill made (default: one of N documents)"
    )
    parser.add_argument("--only", choices=("direct", "queue", "invoices"), help="send: measure this part alone")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="bounces: messages and their truth.jsonl")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def main(options):
    """Measure.

    :return: the script's exit code
    """
    return BENCHES[options.what](options)


def _send(options):
    only = ["--only", options.only] if options.only else []
    return _beside_core("bench.py", options, "send", "--documents", str(options.documents or SENT_DOCUMENTS), *only)


def _bounces(options):
    corpus = options.corpus
    if not corpus or not (corpus / "truth.jsonl").is_file():
        raise DevError(f"--corpus names a folder with messages and their truth.jsonl; {corpus} has none.")
    return _beside_core("bench_bounces.py", options, "--corpus", str(corpus.resolve()))


def _beside_core(script, options, *arguments):
    """Run a script with a fresh database that has the addon; it gets the name of one without it."""
    database = f"{PREFIX}bench_{os.getpid()}"
    core = f"{database}_core"
    with workbench() as bench, tempfile.TemporaryDirectory() as folder, smtp_server(bench, Path(folder)) as mail_port:
        try:
            clone(bench, core)
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=mail_port, log_handler=":WARNING")
            arguments += ("--core", core, *(["--json"] if options.json else []))
            return run_odoo_script(bench, database, SCRIPTS / script, *arguments, config=config)
        finally:
            discard(bench, database)
            discard(bench, core)


def filled_database(bench, documents, again=False):
    """Return the name of a database with many documents; make it when missing.

    :param Workbench bench: where it is
    :param int documents: how many
    :param bool again: replace one that is there
    """
    database = f"{PREFIX}filled_{documents}"
    if again or database not in list_databases(bench.server):
        new = clone_with_addon(bench, f"{database}_new")
        _run_fill(bench, new, "bench_fill.py", documents)
        rename(bench, new, database)
    return database


def _run_fill(bench, database, script, count):
    config = bench.config(database, log_handler=":WARNING")
    with step(f"Filling {database}"):
        code = run_odoo_script(bench, database, SCRIPTS / script, str(count), config=config)
    if code:
        sys.exit(code)
    with step("Collecting PostgreSQL's statistics"):
        bench.server.query("VACUUM ANALYZE", database)


def _fill(options):
    with workbench(printer=False) as bench:
        print(filled_database(bench, options.documents or LISTED_DOCUMENTS, again=True))
    return 0


def _list(options):
    with workbench(printer=False) as bench:
        database = options.db or filled_database(bench, options.documents or LISTED_DOCUMENTS)
        ensure_with_addon(bench, database)
        config = bench.config(database, log_handler=":WARNING")
        arguments = ["--json"] if options.json else []
        return run_odoo_script(bench, database, SCRIPTS / "bench_list.py", *arguments, config=config)


def _install(options):
    count = options.documents or PARTNERS
    crowd = f"{PREFIX}crowd_{count}"
    with workbench(printer=False) as bench:
        if crowd not in list_databases(bench.server):
            new = clone(bench, f"{crowd}_new")
            _run_fill(bench, new, "bench_crowd.py", count)
            rename(bench, new, crowd)
        return measure_install(bench, crowd, options.json)


def _import(options):
    database = f"{PREFIX}bench_{os.getpid()}"
    with workbench(printer=False) as bench:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, log_handler=":WARNING")
            arguments = [str(options.documents or IMPORTED_ROWS), *(["--json"] if options.json else [])]
            return run_odoo_script(bench, database, SCRIPTS / "bench_import.py", *arguments, config=config)
        finally:
            discard(bench, database)


def _export(options):
    documents = options.documents or EXPORTED_DOCUMENTS
    with workbench(printer=False) as bench:
        database = options.db or filled_database(bench, documents)
        ensure_with_addon(bench, database)
        measure_export(bench, database, documents, options.json)
    return 0


BENCHES = {
    "send": _send, "bounces": _bounces, "fill": _fill, "list": _list, "export": _export, "import": _import,
    "install": _install,
}  # fmt: skip
