"""``./dev bench export``: the register beside bare xlsxwriter and beside Odoo's own export."""

import json
import statistics
import tempfile
from pathlib import Path

from .ui import DevError, note
from .workbench import run_odoo_script

SCRIPT = Path(__file__).parent / "odoo_side" / "bench_export.py"
ROUNDS = 5
COMPARED_MAX = 200_000  # above, Odoo's own export takes gigabytes, and so do cells that are read before


def _measure(bench, database, way, documents):
    config = bench.config(database, log_handler=":WARNING")
    with tempfile.TemporaryFile("w+") as answer:
        if run_odoo_script(bench, database, SCRIPT, way, str(documents), config=config, stdout=answer):
            raise DevError(f"Measuring {way} failed.")
        answer.seek(0)
        return json.load(answer)


def _figures(documents, runs):
    """Return medians of each way and the ratios between them."""
    figures = {"documents": documents, "columns": 10}
    for way, results in runs.items():
        figures[way] = {
            "runs": len(results),
            **{name: round(statistics.median(result[name] for result in results), 2) for name in results[0]},
            "seconds_min": round(min(result["seconds"] for result in results), 2),
        }
    addon = figures["addon"]
    for way in runs.keys() - {"addon"}:
        other = figures[way]
        addon[f"time_ratio_to_{way}"] = round(addon["seconds"] / other["seconds"], 3)
        addon[f"cpu_ratio_to_{way}"] = round(addon["cpu_seconds"] / other["cpu_seconds"], 3)
        if other["extra_mb"]:
            addon[f"memory_ratio_to_{way}"] = round(addon["extra_mb"] / other["extra_mb"], 3)
    return figures


def measure_export(bench, database, documents, as_json):
    """Measure all ways in turn, each run in a process of its own, and print the medians.

    :param Workbench bench: where it is
    :param str database: one with so many documents
    :param int documents: how many. Above 200,000 the addon is measured alone, and once
    :param bool as_json: print JSON
    """
    compared = documents <= COMPARED_MAX
    ways = ["addon", "bare", "odoo"] if compared else ["addon"]
    runs = {way: [] for way in ways}
    for number in range(ROUNDS if compared else 1):
        for way in ways if number % 2 else ways[::-1]:
            runs[way].append(_measure(bench, database, way, documents))
            note(f"{way}: {runs[way][-1]['seconds']:.1f} s, {runs[way][-1]['extra_mb']:.0f} MB")
    figures = _figures(documents, runs)
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    for way in ways:
        print(way)
        for key, value in figures[way].items():
            print(f"    {key:45} {value}")
