"""A Chromium for browser tests and screenshots: found, or brought without root."""

import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .apt import PrivateApt
from .cache import digest
from .ui import DevError, note

# In the order in which they are tried; the first is the one that Odoo's tests look for first.
PROGRAMS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
WRAPPER_NAME = PROGRAMS[0]
PACKAGE = "chromium"
# Beside what it depends on: its data, which this machine may have in another version, and letters to show.
BESIDE = ("chromium-common", "fonts-dejavu-core", "fonts-liberation")
FALLBACK_SUITE = "bookworm"
# What Chromium would look for in the network, and Odoo's tests leave on.
QUIET = (
    "--disable-background-networking --disable-component-update --disable-default-apps --disable-sync "
    "--disable-domain-reliability --disable-quic --no-first-run --no-pings"
)
START_SECONDS = 60
RETRY_SECONDS = 24 * 3600
MISSING = (
    "No Chromium is here and none could be fetched. Install one (Debian: sudo apt-get install chromium), "
    "or set CHROME to the program of a Chromium or Google Chrome."
)
FOUND = """#!/bin/sh
exec '{program}' {quiet} "$@"
"""
UNPACKED = """#!/bin/sh
export LD_LIBRARY_PATH='{libraries}'
export FONTCONFIG_FILE='{fonts}'
exec '{program}' {quiet} "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{root}/fontconfig-cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def starts(program):
    """Tell whether a browser really shows a page here.

    :param program: path of the browser
    """
    with tempfile.TemporaryDirectory(prefix="sengerio-browser-") as profile:
        command = [
            str(program), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={profile}", "--dump-dom", "data:text/html,<p>it works",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=False)
        except (OSError, subprocess.SubprocessError):
            return False
    return b"it works" in done.stdout


def _write_wrapper(cache, text):
    """Return the folder of a script with this text under the name that Odoo's tests look for."""
    folder = cache.browser / digest(text)
    script = folder / WRAPPER_NAME
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{os.getpid()}.new"
        new.write_text(text)
        new.chmod(0o755)
        new.replace(script)
    return folder


def _find(cache, environ):
    """Return the folder of a wrapper of a browser of this machine, or None."""
    chosen = environ.get("CHROME")
    for name in (chosen, *PROGRAMS) if chosen else PROGRAMS:
        program = shutil.which(name, path=environ.get("PATH"))
        text = FOUND.format(program=program, quiet=QUIET)
        # asked once: starting it takes a second
        if program and (cache.read_stamp("browser") == text or starts(program)):
            cache.write_stamp("browser", text)
            return _write_wrapper(cache, text)
        if name == chosen:
            note(f"Notice: CHROME={chosen} is no browser that starts here; looking for another.")
    return None


def _suite():
    """Return the name of this machine's Debian release, or one whose packages run on most."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return FALLBACK_SUITE
    return release.get("VERSION_CODENAME", FALLBACK_SUITE) if release.get("ID") == "debian" else FALLBACK_SUITE


def _unpack(cache):
    """Unpack Debian's package, and what it needs beyond this machine's packages; return the wrapper's folder.

    :raises DevError: when it cannot be had, or does not start
    """
    root = cache.browser / "root"
    apt = PrivateApt(cache)
    apt.update([_suite()])
    shutil.rmtree(root, ignore_errors=True)
    apt.unpack(sorted({PACKAGE, *BESIDE, *apt.missing_for(PACKAGE)}), root)
    patterns = ("*.so", "*.so.[0-9]*")
    libraries = {path.parent for top in ("usr/lib", "lib") for name in patterns for path in (root / top).rglob(name)}
    fonts = root / "fonts.conf"
    fonts.write_text(FONTS.format(root=root))
    text = UNPACKED.format(
        libraries=":".join(sorted(map(str, libraries))), fonts=fonts, quiet=QUIET,
        program=root / "usr/lib/chromium" / PACKAGE,
    )  # fmt: skip
    folder = _write_wrapper(cache, text)
    if not starts(folder / WRAPPER_NAME):
        raise DevError(f"The unpacked {PACKAGE} does not start here.")
    return folder


def _fetch(cache):
    """Return the folder of a wrapper of a browser in the cache; unpack one when there is none.

    :raises DevError: with the reason, when none can be had; the reason is kept for a day
    """
    with cache.lock("browser"):
        kept = cache.read_stamp("browser-fetched") or {}
        if kept.get("folder") and Path(kept["folder"], WRAPPER_NAME).exists():
            return Path(kept["folder"])
        if time.time() - kept.get("failed", 0) < RETRY_SECONDS:
            raise DevError(kept["why"])
        try:
            folder = _unpack(cache)
        except DevError as error:
            shutil.rmtree(cache.browser, ignore_errors=True)
            cache.write_stamp("browser-fetched", {"failed": time.time(), "why": str(error)})
            raise
        cache.write_stamp("browser-fetched", {"folder": str(folder)})
        return folder


def ensure_browser(cache, environ=os.environ):
    """Return the folder with a browser that starts, under the name that Odoo's tests look for.

    The browser is ``$CHROME``, else one on ``PATH``, else Debian's, unpacked in the cache.

    :param Cache cache: the cache
    :param environ: environment variables
    :rtype: Path
    :raises DevError: when none can be had; its text says why and what to do
    """
    try:
        return _find(cache, environ) or _fetch(cache)
    except DevError as error:
        raise DevError(f"{error}\n{MISSING}") from error


def browser_or_notice(cache, environ=os.environ):
    """Like :func:`ensure_browser`, but return None with a notice that nobody can overlook."""
    try:
        return ensure_browser(cache, environ)
    except DevError as error:
        line = "!" * 100
        note(f"{line}\nBrowser tests will be SKIPPED.\n{error}\n{line}")
        return None
