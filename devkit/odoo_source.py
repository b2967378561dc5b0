"""Odoo 19's sources: a checkout of the developer, Debian's package, or a git clone."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .apt import PrivateApt
from .ui import DevError, note, run_logged

TESTED_ODOO = "19.0.0+dfsg-1"
SERIES = "19.0"
GIT_URL = "https://github.com/odoo/odoo.git"
DEBIAN_PACKAGE = "odoo-19"
# Odoo's package links to files of these; where sid's no longer has them, bookworm's does.
LINKED_PACKAGES = [
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome/bookworm",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata/bookworm",
    "fonts-ocr-b",
]
DEBIAN_SUITES = ["sid", "bookworm"]
# Left out by Debian, but named in the manifest's assets.
LEFT_OUT = ["mail/static/lib/selfie_segmentation/selfie_segmentation.js"]


@dataclass(frozen=True)
class OdooSource:
    """Where Odoo is.

    :param Path path: folder to put on ``PYTHONPATH``; it holds the package ``odoo``
    :param list addons: further addons folders, beside ``odoo/addons``
    :param str version: e.g. ``"19.0.0+dfsg-1"``
    :param str origin: where it came from, for messages
    """

    path: Path
    addons: tuple
    version: str
    origin: str


def _describe(path, origin, version=""):
    """Return the :class:`OdooSource` of a folder that holds ``odoo/release.py``, else None."""
    release = path / "odoo" / "release.py"
    if not release.is_file():
        return None
    match = re.search(r"^version_info = \((\d+), (\d+), (\d+)", release.read_text(), re.MULTILINE)
    if not match:
        return None
    if f"{match[1]}.{match[2]}" != SERIES:
        raise DevError(f"{origin} is Odoo {match[1]}.{match[2]}, not {SERIES}: {path}")
    # Debian's outer folder "addons" holds Python files alone, its full addons are in odoo/addons.
    outer = path / "addons"
    addons = (outer,) if not (path / "odoo" / "addons" / "web").is_dir() and outer.is_dir() else ()
    return OdooSource(path, addons, version or ".".join(match.groups()), origin)


def _from_home(home):
    for path in (home, home / "usr/lib/python3/dist-packages"):
        source = _describe(path.resolve(), "ODOO_HOME")
        if source:
            return source
    raise DevError(f"ODOO_HOME={home} is no checkout of Odoo: it has no odoo/release.py.")


def _relink(root):
    """Make the absolute links of unpacked packages point into ``root``, and check all of Odoo's.

    :raises DevError: when a script that Odoo links to is missing; a missing font is a notice
    """
    broken = []
    for folder, names, files in os.walk(root):
        for path in (Path(folder, name) for name in (*names, *files)):
            if path.is_symlink() and not path.exists():
                target = Path(os.readlink(path))
                inside = root / target.relative_to("/") if target.is_absolute() else None
                if inside and inside.exists():
                    path.unlink()
                    path.symlink_to(os.path.relpath(inside, path.parent))
                elif "dist-packages" in path.parts:
                    broken.append(path)
    names = ", ".join(path.name for path in broken)
    if any(path.suffix == ".js" for path in broken):
        raise DevError(f"Scripts that Debian's Odoo links to were not found: {names}")
    if broken:
        note(f"Notice: some fonts that Debian's Odoo links to were not found: {names}")


def _from_debian(cache):
    """Fetch and unpack Debian's package, once."""
    root = cache.odoo / "debian"
    packages = root / "usr/lib/python3/dist-packages"
    if not cache.read_stamp("odoo-debian"):
        apt = PrivateApt(cache)
        apt.update(DEBIAN_SUITES)
        version = apt.version(DEBIAN_PACKAGE)
        shutil.rmtree(root, ignore_errors=True)
        apt.unpack([DEBIAN_PACKAGE, *LINKED_PACKAGES], root)
        _relink(root)
        for name in LEFT_OUT:
            path = packages / "odoo/addons" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        cache.write_stamp("odoo-debian", version)
    return _describe(packages, "Debian's package", cache.read_stamp("odoo-debian"))


def _from_git(cache, url):
    """Clone Odoo's branch, once."""
    folder = cache.odoo / "git"
    if cache.read_stamp("odoo-git") != url:
        shutil.rmtree(folder, ignore_errors=True)
        run_logged(
            ["git", "clone", "--depth", "1", "--branch", SERIES, "--single-branch", url, folder],
            cache.logs / "odoo-git.log",
            f"Cloning Odoo {SERIES} (some minutes)",
            "Set ODOO_HOME to a checkout of Odoo, or ODOO_GIT_URL to a repository that can be reached.",
        )
        cache.write_stamp("odoo-git", url)
    return _describe(folder, "git clone")


def ensure_odoo(cache, environ=os.environ):
    """Find Odoo 19: ``ODOO_HOME``, else Debian's package, else a git clone.

    :param Cache cache: the cache
    :param environ: environment variables
    :rtype: OdooSource
    :raises DevError: when none of the three works
    """
    home = environ.get("ODOO_HOME")
    if home:
        return _tested(_from_home(Path(home).expanduser()))
    url = environ.get("ODOO_GIT_URL")
    with cache.lock("odoo"):
        source = None
        if not url and cache.read_stamp("odoo-git") is None:
            try:
                source = _from_debian(cache)
            except DevError as error:
                note(f"Debian's package {DEBIAN_PACKAGE} is not to be had, so git it is. {error}")
        source = source or _from_git(cache, url or GIT_URL)
    if not source:
        raise DevError("What was fetched holds no odoo/release.py; run ./dev clean --all and try again.")
    return _tested(source)


def _tested(source):
    if source.version != TESTED_ODOO:
        note(f"Notice: Odoo {source.version} ({source.origin}); the tested one is {TESTED_ODOO}.")
    return source
