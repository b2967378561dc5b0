"""Debian packages without root: own package lists, downloaded and unpacked into the cache.

The mirror is the one that the machine's own apt is set up with; no host name is kept here.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .ui import DevError, run_logged

APT_FOLDER = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ONE_LINE = re.compile(r"^deb(?:\s+\[(?P<options>[^\]]*)\])?\s+(?P<uri>\S+)\s+(?P<suite>\S+)")


def _deb822_sources(text):
    """Yield ``(uri, suites, signed_by)`` of a ``.sources`` file."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        fields = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split(), fields.get("signed-by", "")


def _one_line_sources(text):
    """Yield ``(uri, suites, signed_by)`` of a ``.list`` file."""
    for match in map(ONE_LINE.match, text.splitlines()):
        if match:
            signed = re.search(r"signed-by=(\S+)", match["options"] or "")
            yield match["uri"], [match["suite"]], signed[1] if signed else ""


def find_mirror(folder=APT_FOLDER):
    """Return ``(uri, keyring)`` of the Debian archive that this machine's apt uses, or None.

    :param Path folder: apt's settings, normally ``/etc/apt``
    """
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found = []
    for path in filter(Path.is_file, files):
        read = {".sources": _deb822_sources, ".list": _one_line_sources}.get(path.suffix)
        if read:
            found += read(path.read_text(errors="replace"))
    for uri, suites, signed_by in found:
        other = any(re.search(r"security|updates|backports", suite) for suite in suites[:1])
        if re.search(r"/debian/?$", uri) and not other:
            if not signed_by.startswith("/"):
                signed_by = str(KEYRING) if KEYRING.exists() else ""
            return uri, signed_by
    return None


class PrivateApt:
    """An apt with its own package lists in the cache; it never changes the machine.

    :param Cache cache: the cache
    :raises DevError: when this machine has no apt or no Debian mirror
    """

    def __init__(self, cache):
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise DevError("apt-get and dpkg-deb are not on this machine.")
        mirror = find_mirror()
        if not mirror:
            raise DevError("This machine's apt names no Debian mirror.")
        self.uri, self.keyring = mirror
        self.cache = cache

    def _command(self, *arguments):
        folder = self.cache.apt
        settings = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State::lists": folder / "lists",
            "Dir::Cache": folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "root" if os.getuid() == 0 else "",
        }
        options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
        return ["apt-get", *options, *arguments]

    def update(self, suites):
        """Fetch the package lists of the suites.

        :param list suites: e.g. ``["sid", "bookworm"]``; they replace those of an earlier call
        :raises DevError: when the mirror does not have them or cannot be reached
        """
        folder = self.cache.apt
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        signed = f"[signed-by={self.keyring}] " if self.keyring else ""
        lines = [f"deb {signed}{self.uri} {suite} main\n" for suite in suites]
        (folder / "sources.list").write_text("".join(lines))
        run_logged(
            self._command("update", "--error-on=any"),
            self.cache.logs / "apt-update.log",
            f"Fetching Debian's package lists ({', '.join(suites)})",
        )

    def unpack(self, packages, root):
        """Download packages and unpack them into one folder.

        :param list packages: names, each with an optional ``/suite``
        :param Path root: the folder, as if it were ``/``
        :raises DevError: when one cannot be had
        """
        downloads = self.cache.apt / "downloads"
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir(parents=True)
        run_logged(
            self._command("download", *packages),
            self.cache.logs / "apt-download.log",
            f"Downloading {len(packages)} Debian packages ({packages[0]} ...)",
            cwd=downloads,
        )
        root.mkdir(parents=True, exist_ok=True)
        for archive in sorted(downloads.glob("*.deb")):
            run_logged(
                ["dpkg-deb", "-x", archive, root],
                self.cache.logs / "dpkg-deb.log",
                f"Unpacking {archive.name}",
            )
        shutil.rmtree(downloads)

    def version(self, package):
        """Return the version of a package in the fetched lists, or ``""``."""
        done = subprocess.run(
            self._command("download", "--print-uris", package), capture_output=True, text=True, check=False,
            cwd=self.cache.apt
        )
        match = re.search(r"_(\S+?)_\w+\.deb", done.stdout.split("'")[-1])
        return match[1].replace("%3a", ":") if match else ""

    def missing_for(self, package):
        """Return the packages that an installation of ``package`` would bring to this machine.

        :raises DevError: when it could not be installed
        """
        done = subprocess.run(
            self._command("install", "-s", "--no-install-recommends", package),
            capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise DevError(f"apt cannot install {package}: {done.stderr.strip() or done.stdout.strip()}")
        return re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE)
