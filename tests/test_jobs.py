"""Background work whose worker is killed in the middle, and what the user sees of it meanwhile: real processes."""

import io
import json
import os
import signal
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from openpyxl import load_workbook
from processes import SECONDS, start, wait_for

import devkit.odoo_side
from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.workbench import run_odoo_script, workbench

SCRIPT = Path(devkit.odoo_side.__file__).parent / "jobs.py"
EXPORT, IMPORT = "sengerio.mail.export", "sengerio.mail.import"
DOCUMENTS = 25_000
ROWS = 5000


@contextmanager
def asked(model, count):
    """Give ``(work, query, filestore)`` of a database in which a user asked for background work.

    ``work("run")`` and ``work("watch")`` start processes, ``query`` asks by a connection of its own.
    """
    database = f"{PREFIX}job_{os.getpid()}"
    with workbench(printer=False) as bench:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, log_handler=":CRITICAL")
            assert run_odoo_script(bench, database, SCRIPT, "ask", model, str(count), config=config) == 0

            def work(what, **options):
                return start(bench, config, database, SCRIPT, what, model, **options)

            yield work, partial(bench.server.query, database=database), bench.filestore(database)
        finally:
            discard(bench, database)


def kill_when(condition, process):
    """Kill a process as soon as a condition holds."""
    wait_for(condition, process)
    process.send_signal(signal.SIGKILL)
    process.wait()


def others(query):
    """Return how many other connections there are."""
    [number] = query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    return int(number)


def watched(work):
    """Do the work to its end, and return what its user saw meanwhile as ``[[state, progress]]``."""
    watcher = work("watch", stdout=subprocess.PIPE, text=True)
    first = watcher.stdout.readline()
    worker = work("run")
    seen, _errors = watcher.communicate(timeout=SECONDS)
    assert worker.wait(SECONDS) == 0
    return [json.loads(line) for line in (first, *seen.splitlines())]


def assert_moves(seen):
    """The user sees the work move on, never back, to its end."""
    before, *running, last = seen
    assert before[0] == "running"  # whose worker was killed
    assert last == ["done", 100]
    assert {state for state, _progress in running} == {"running"}
    progress = [percent for _state, percent in running]
    assert progress == sorted(progress), progress
    assert len({percent for percent in progress if 0 < percent < 100}) >= 2, progress


def test_import_killed_in_the_middle():
    """Nothing is half done, the work is begun anew, and every address is there once."""
    with asked(IMPORT, ROWS) as (work, query, _filestore):
        written = "SELECT count(*) FROM sengerio_mail_address"
        done = "SELECT done FROM sengerio_mail_import WHERE state = 'running' AND done BETWEEN 2000 AND 4000"
        seen = []
        kill_when(lambda: query(done) and (seen.extend(query(written)) or True), work("run"))
        assert seen == ["0"]  # nobody sees a half of it
        wait_for(lambda: not others(query))
        assert query(written) == ["0"]
        assert query("SELECT count(*) FROM ir_model_data WHERE model = 'sengerio.mail.address'") == ["0"]
        assert query("SELECT state, attempts FROM sengerio_mail_import") == ["running|1"]
        assert_moves(watched(work))
        assert query(written) == [str(ROWS)]
        assert query("SELECT count(DISTINCT email) FROM sengerio_mail_address") == [str(ROWS)]
        assert query("SELECT state, done, attempts FROM sengerio_mail_import") == [f"done|{ROWS}|0"]
        assert query(f"SELECT count(*) FROM mail_message WHERE model = '{IMPORT}'") == ["1"]


def test_same_address_meanwhile():
    """Who adds an address that is being imported makes the import fail, in words; nothing is imported."""
    with asked(IMPORT, ROWS) as (work, query, _filestore):
        add = (
            "INSERT INTO sengerio_mail_address (partner_id, role, email, bounce_state, active)"
            f" SELECT id, 'commercial', 'a{ROWS - 1}@x.example', 'none', true FROM res_partner"
            " WHERE name = 'Azure Interior'"
        )
        worker = work("run")
        done = "SELECT done FROM sengerio_mail_import WHERE state = 'running' AND done BETWEEN 1000 AND 3000"
        wait_for(lambda: query(done), worker)
        query(add)
        assert worker.wait(SECONDS) == 0
        words = "This partner has the same address for the same role already."
        assert query("SELECT state, attempts, error FROM sengerio_mail_import") == [f"failed|0|{words}"]
        assert query("SELECT email FROM sengerio_mail_address") == [f"a{ROWS - 1}@x.example"]
        assert query(f"SELECT count(*) FROM mail_message WHERE model = '{IMPORT}'") == ["1"]


def test_export_killed_in_the_middle():
    """No file is left of the worker that was killed; the user gets one, with every document once."""
    with asked(EXPORT, DOCUMENTS) as (work, query, filestore):
        files = f"SELECT store_fname FROM ir_attachment WHERE res_model = '{EXPORT}'"
        done = f"SELECT done FROM sengerio_mail_export WHERE state = 'running' AND done BETWEEN 1 AND {DOCUMENTS - 1}"
        kill_when(lambda: query(done), work("run"))
        wait_for(lambda: not others(query))
        assert query(files) == []
        assert query("SELECT state, attempts FROM sengerio_mail_export") == ["running|1"]
        assert_moves(watched(work))
        [file] = query(files)
        sheet = load_workbook(io.BytesIO((filestore / file).read_bytes()), read_only=True)["Documents"]
        titles, *rows = sheet.iter_rows(values_only=True)
        numbers = [row[titles.index("Number")] for row in rows if row[titles.index("Number")]]
        assert len(numbers) == DOCUMENTS
        unique = [number for number in numbers if not number.startswith("Customer")]  # see bench_fill
        assert len(set(unique)) == len(unique)
        assert query("SELECT state, done, attempts FROM sengerio_mail_export") == [f"done|{DOCUMENTS}|0"]
        assert query(f"SELECT count(*) FROM mail_message WHERE model = '{EXPORT}'") == ["1"]
