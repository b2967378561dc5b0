"""The cache folder, outside the checkout, and the locks that guard it."""

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path

from .ui import DevError, note

CHECKOUT = Path(__file__).resolve().parent.parent
ADDON = "sengerio_mail"


class Cache:
    """The places in the cache folder.

    The folder is ``$SENGERIO_CACHE``, else ``$XDG_CACHE_HOME/sengerio_mail``,
    else ``~/.cache/sengerio_mail``.

    :param environ: environment variables
    :raises DevError: when the folder cannot be made
    """

    def __init__(self, environ=os.environ):
        chosen = environ.get("SENGERIO_CACHE")
        base = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self.root = Path(chosen or Path(base) / ADDON).expanduser().absolute()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DevError(f"The cache folder cannot be made: {error}. Choose another with SENGERIO_CACHE.") from error
        self.apt = self.root / "apt"
        self.odoo = self.root / "odoo"
        self.wkhtmltopdf = self.root / "wkhtmltopdf"
        self.browser = self.root / "browser"
        self.postgres = self.root / "postgres"
        self.servers = self.root / "servers"
        self.mails = self.root / "mails"
        self.logs = self.root / "logs"
        self.locks = self.root / "locks"
        self.stamps = self.root / "stamps"

    @contextmanager
    def lock(self, name, shared=False):
        """Hold a lock between processes while the block runs.

        :param str name: one lock per name
        :param bool shared: let others that ask for it shared in as well
        """
        self.locks.mkdir(parents=True, exist_ok=True)
        with open(self.locks / name, "a") as handle:
            mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            try:
                fcntl.flock(handle, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                note(f"› Waiting for another ./dev ({name}) ...")
                fcntl.flock(handle, mode)
            yield handle

    def read_stamp(self, name):
        """Return what :meth:`write_stamp` kept under this name, or None."""
        try:
            return json.loads((self.stamps / f"{name}.json").read_text())
        except (OSError, ValueError):
            return None

    def write_stamp(self, name, value):
        """Keep a small JSON value, written at once or not at all."""
        self.stamps.mkdir(parents=True, exist_ok=True)
        new = self.stamps / f"{name}.{os.getpid()}.new"
        new.write_text(json.dumps(value))
        new.replace(self.stamps / f"{name}.json")

    def drop_stamp(self, name):
        """Forget a stamp; one that is not there is fine."""
        (self.stamps / f"{name}.json").unlink(missing_ok=True)


def digest(*parts):
    """Return a short hexadecimal digest of texts.

    :param str parts: the texts, in order
    :rtype: str
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def addon_digest():
    """Return a digest of all files of the addon in this checkout."""
    folder = CHECKOUT / ADDON
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()]
    return digest(*parts)
