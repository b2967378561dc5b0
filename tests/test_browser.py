"""Plain tests of how ./dev finds a browser, and of its pictures."""

import io
import os
import re
import subprocess

import pytest
from PIL import Image

from devkit import browser
from devkit.cache import CHECKOUT, Cache
from devkit.commands.screenshots import FOLDER
from devkit.odoo_side.screens import SCREENS
from devkit.odoo_side.screenshots import shrink
from devkit.ui import DevError

# Shows any page as a headless browser does, and tells how it was started.
WORKING = '#!/bin/sh\necho "it works $0 $*"\n'
BROKEN = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def cache(tmp_path):
    return Cache({"SENGERIO_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Give a function that puts programs on an otherwise empty PATH; no package can be had."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def nothing(_cache):
        raise DevError("no packages here")

    monkeypatch.setattr(browser, "PrivateApt", nothing)

    def put(**programs):
        for name, text in programs.items():
            path = folder / name.replace("_", "-")
            path.write_text(text)
            path.chmod(0o755)
        return {"PATH": str(folder)}

    return put


def started(folder):
    """Return what the browser that Odoo would find in a folder says when it is started."""
    program = folder / "google-chrome"
    assert os.access(program, os.X_OK)
    return subprocess.run([program, "about:blank"], capture_output=True, text=True, check=True).stdout


def test_a_browser_on_path_is_wrapped(cache, machine):
    said = started(browser.ensure_browser(cache, machine(chromium=WORKING)))
    assert "bin/chromium" in said
    assert "--disable-background-networking" in said
    assert said.endswith("about:blank\n")


def test_a_broken_browser_is_passed_over(cache, machine):
    found = browser.ensure_browser(cache, machine(google_chrome=BROKEN, chromium_browser=WORKING))
    assert "bin/chromium-browser" in started(found)


def test_the_chosen_browser_wins(cache, machine, tmp_path, capsys):
    chosen = tmp_path / "mine"
    chosen.write_text(WORKING)
    chosen.chmod(0o755)
    environ = {**machine(chromium=WORKING), "CHROME": str(chosen)}
    assert str(chosen) in started(browser.ensure_browser(cache, environ))
    chosen.write_text(BROKEN)
    cache.drop_stamp("browser")
    assert "bin/chromium" in started(browser.ensure_browser(cache, environ))
    assert f"CHROME={chosen} is no browser that starts here" in capsys.readouterr().err


def test_no_browser_is_a_loud_notice_and_no_failure(cache, machine, capsys):
    assert browser.browser_or_notice(cache, machine(chromium=BROKEN)) is None
    told = capsys.readouterr().err
    assert "SKIPPED" in told
    assert "no packages here" in told
    assert "apt-get install chromium" in told


def test_a_failure_is_kept_for_a_day(cache, machine, monkeypatch):
    environ = machine()
    with pytest.raises(DevError, match="no packages here"):
        browser.ensure_browser(cache, environ)
    monkeypatch.setattr(browser, "_unpack", lambda _cache: pytest.fail("asked again on the same day"))
    with pytest.raises(DevError, match="no packages here"):
        browser.ensure_browser(cache, environ)
    folder = browser._write_wrapper(cache, WORKING)
    monkeypatch.setattr(browser, "_unpack", lambda _cache: folder)
    monkeypatch.setattr(browser, "RETRY_SECONDS", 0)
    assert browser.ensure_browser(cache, environ) == folder


def test_an_unpacked_browser_is_used_again(cache, machine, monkeypatch):
    folder = browser._write_wrapper(cache, WORKING)
    monkeypatch.setattr(browser, "_unpack", lambda _cache: folder)
    assert browser.ensure_browser(cache, machine()) == folder
    monkeypatch.setattr(browser, "_unpack", lambda _cache: pytest.fail("unpacked twice"))
    assert browser.ensure_browser(cache, machine()) == folder


def test_pictures_are_made_small_and_stay_readable():
    image = Image.effect_noise((400, 300), 30).convert("RGB")
    big = io.BytesIO()
    image.save(big, "PNG")
    small = shrink(big.getvalue())
    assert len(small) < len(big.getvalue())
    with Image.open(io.BytesIO(small)) as read:
        assert (read.format, read.size) == ("PNG", image.size)


def test_names_of_screens_are_unique():
    names = [screen.name for screen in SCREENS]
    assert len(names) == len(set(names))


def test_each_picture_is_used():
    """What the pages show is taken, and what is taken is shown; the app's first picture is one of them."""
    pages = [CHECKOUT / "README.md", FOLDER.parent.parent / "README.md", FOLDER / "index.html"]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"screenshot_(\w+)\.png", text)) == {screen.name for screen in SCREENS}
    assert {path.stem for path in FOLDER.glob("screenshot_*")} == {f"screenshot_{screen.name}" for screen in SCREENS}
