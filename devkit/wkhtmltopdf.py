"""wkhtmltopdf, the program that Odoo prints PDFs with: found, or brought without root."""

import os
import shutil
import subprocess
from pathlib import Path

from .apt import PrivateApt
from .ui import DevError, note, run_logged

PACKAGE = "wkhtmltopdf"
PROGRAMS = ("wkhtmltopdf", "wkhtmltoimage")
# The last Debian release with this package.
SUITES = ["bookworm"]
MISSING = (
    "Notice: wkhtmltopdf is not here and could not be fetched, so no PDF is printed. "
    "On Debian 12: sudo apt-get install wkhtmltopdf"
)
WRAPPER = """#!/bin/sh
root='{root}'
export LD_LIBRARY_PATH="{libraries}"
export QT_PLUGIN_PATH="{plugins}"
export XDG_RUNTIME_DIR="$root/runtime"
export QT_QPA_PLATFORM="${{QT_QPA_PLATFORM:-offscreen}}"
export FONTCONFIG_PATH="{fontconfig}"
exec "$root/usr/bin/{program}" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/fontconfig-cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def _works(program):
    """Tell whether the program really runs."""
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _write_wrappers(root, folder):
    """Write the scripts that start the unpacked programs with their own libraries and fonts."""
    folder.mkdir(parents=True, exist_ok=True)
    fontconfig = root / "fontconfig"
    fontconfig.mkdir(exist_ok=True)
    (root / "runtime").mkdir(mode=0o700, exist_ok=True)
    (fontconfig / "fonts.conf").write_text(FONTS.format(root=root))
    libraries = {path.parent for path in (root / "usr/lib").rglob("*.so.*")}
    libraries |= {path.parent for path in (root / "lib").rglob("*.so.*")} if (root / "lib").is_dir() else set()
    plugins = sorted(map(str, (root / "usr/lib").glob("*/qt5/plugins")))
    for program in PROGRAMS:
        script = folder / program
        script.write_text(WRAPPER.format(
            root=root, program=program, libraries=":".join(sorted(map(str, libraries))),
            plugins=":".join(plugins), fontconfig=fontconfig,
        ))
        script.chmod(0o755)


def _fetch(cache):
    """Unpack the package, and what it needs beyond this machine's packages, into the cache."""
    root = cache.wkhtmltopdf / "root"
    folder = cache.wkhtmltopdf / "bin"
    shutil.rmtree(cache.wkhtmltopdf, ignore_errors=True)
    apt = PrivateApt(cache)
    apt.update(SUITES)
    apt.unpack(apt.missing_for(PACKAGE), root)
    _write_wrappers(root, folder)
    if not _works(folder / PACKAGE):
        raise DevError("The unpacked wkhtmltopdf does not run here.")
    return folder


def _install(cache):
    """As root: install the package on this machine."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        raise DevError("Only root could install the package.")
    run_logged(
        ["apt-get", "install", "-y", "--no-install-recommends", PACKAGE],
        cache.logs / "wkhtmltopdf.log", "Installing wkhtmltopdf",
        env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"),
    )
    return Path(shutil.which(PACKAGE)).parent


def ensure_wkhtmltopdf(cache):
    """Return the folder of a wkhtmltopdf that works, or None with a notice.

    :param Cache cache: the cache
    :rtype: Path
    """
    found = shutil.which(PACKAGE)
    if found and _works(found):
        return Path(found).parent
    folder = cache.wkhtmltopdf / "bin"
    if (folder / PACKAGE).exists():
        return folder
    if cache.read_stamp("no-wkhtmltopdf"):
        note(MISSING)
        return None
    with cache.lock("wkhtmltopdf"):
        if (folder / PACKAGE).exists():
            return folder
        reasons = []
        for way in (_fetch, _install):
            try:
                return way(cache)
            except DevError as error:
                reasons.append(str(error))
    shutil.rmtree(cache.wkhtmltopdf, ignore_errors=True)
    cache.write_stamp("no-wkhtmltopdf", reasons)
    note("\n".join([*reasons, MISSING]))
    return None
