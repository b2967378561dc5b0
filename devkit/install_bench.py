"""Measure the installation of the addon in a database with many partners and messages, beside an empty one."""

import json
import os
import statistics
import time

from .cache import ADDON
from .databases import PREFIX, clone, copy_database, discard

SAMPLES = 5
FILES = """
    SELECT relname, pg_relation_filenode(oid) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
ADDED = """
    SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
     WHERE column_name LIKE 'sengerio%' AND table_name NOT LIKE 'sengerio%'
     UNION ALL
    SELECT 'index ' || indexname FROM pg_indexes
     WHERE schemaname = 'public' AND indexname LIKE '%sengerio%' AND tablename NOT LIKE 'sengerio%'
     ORDER BY 1
"""


def _files(bench, database):
    return dict(line.split("|") for line in bench.server.query(FILES, database))


def _install(bench, database):
    """Install the addon.

    :return: ``(seconds, names of tables that were written anew)``
    """
    before = _files(bench, database)
    start = time.perf_counter()
    bench.install(database, f"Installing {ADDON} in {database}", init=[ADDON])
    seconds = time.perf_counter() - start
    after = _files(bench, database)
    return seconds, sorted(name for name, file in before.items() if after.get(name) != file)


def measure_install(bench, crowd, as_json):
    """Install in turn in a copy of the full database and in an empty one, and print what it took.

    :param Workbench bench: where they are
    :param str crowd: the full database, without the addon
    :param bool as_json: print JSON
    :return: 0, or 1 when a table was written anew
    """
    full, empty = (f"{PREFIX}bench_{os.getpid()}_{name}" for name in ("full", "empty"))
    seconds = {"full": [], "empty": []}
    try:
        for sample in range(SAMPLES):
            copy_database(bench, crowd, full)
            clone(bench, empty)
            for database in (full, empty) if sample % 2 else (empty, full):
                taken, rewritten = _install(bench, database)
                seconds["full" if database == full else "empty"].append(taken)
                if database == full:
                    rewritten_full = rewritten
        counts = {
            table: int(bench.server.query(f"SELECT count(*) FROM {table}", full)[0])
            for table in ("res_partner", "mail_message")
        }
        added = bench.server.query(ADDED, full)
    finally:
        discard(bench, full)
        discard(bench, empty)
    medians = {name: round(statistics.median(values), 2) for name, values in seconds.items()}
    figures = {
        **counts, "seconds_median": medians["full"], "empty_seconds_median": medians["empty"],
        "seconds_more": round(medians["full"] - medians["empty"], 2), "rewritten": rewritten_full,
        "added_to_odoos_tables": added,
    }  # fmt: skip
    if as_json:
        print(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            print(f"{name:24} {', '.join(value) or 'none' if isinstance(value, list) else value}")
    return 1 if rewritten_full else 0
