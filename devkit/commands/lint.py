"""Check the style: ruff (all Python files), pylint-odoo's mandatory messages (the addon).

Odoo's own lint tests run with ./dev test, as they need a database (tests/test_core_lint.py).
"""

import subprocess
from pathlib import Path

from ..cache import ADDON, CHECKOUT, Cache
from ..python_env import ensure_venv
from ..ui import note

PYLINT_CONFIG = Path(__file__).parent.parent / "pylintrc"


def add_arguments(parser):
    """Describe the options of ``./dev lint``."""
    parser.add_argument("--fix", action="store_true", help="let ruff repair what it can")


def main(options):
    """Run the linters.

    :return: 0 when all are content, else 1
    """
    python = ensure_venv(Cache())
    fix = ["--fix"] if options.fix else []
    checks = {"ruff": ["ruff", "check", "--no-cache", *fix, "dev", "."]}
    if (CHECKOUT / ADDON / "__manifest__.py").exists():
        checks["pylint-odoo"] = ["pylint", f"--rcfile={PYLINT_CONFIG}", ADDON]
    failed = []
    for name, command in checks.items():
        note(f"› {name}")
        code = subprocess.run([python, "-m", *command], cwd=CHECKOUT, check=False).returncode
        failed += [name] if code else []
    if failed:
        note(f"./dev lint: {' and '.join(failed)} found something; see above.")
    return 1 if failed else 0
