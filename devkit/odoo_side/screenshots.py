"""Write the pictures: ``screenshots.py ADDRESS DATABASE FOLDER [NAME ...]``, with Odoo serving at the address."""

import io
import json
import re
import sys
import urllib.request
from pathlib import Path

from PIL import Image

from devkit.odoo_side.chrome import ChromeError, chrome
from devkit.odoo_side.screens import SCREENS

READY_SECONDS = 120  # the first page waits for Odoo to make its scripts and styles
MOST_BYTES = 200_000
# What a person would take for visible, the topmost dialog first.
FIND = """[...document.querySelectorAll({selector})].reverse().find(
    (element) => element.getClientRects().length && getComputedStyle(element).visibility !== "hidden"
)"""
CLICK = "(() => {{ const found = {find}; found?.click(); return !!found; }})()"
SEEN = """(() => {{
    const found = {find};
    const box = found?.getBoundingClientRect();
    if (box && (box.top < 0 || box.bottom > innerHeight)) {{
        found.scrollIntoView({{ block: "center" }});
    }}
    return !!found;
}})()"""
# Nothing is loading, all pictures are there, no notification hides anything.
CALM = """
    !document.querySelector(".o_loading_indicator, .o_blockUI, .o_notification") &&
    [...document.images].every((image) => image.complete) && document.fonts.status === "loaded"
"""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


class Photographer:
    """Logs in, opens screens and takes their pictures.

    :param Page page: of a browser
    :param str address: where Odoo serves
    :param str database: that it serves
    """

    def __init__(self, page, address, database):
        self.page = page
        self.address = address
        self.database = database
        self.login = None
        self.session = None

    def _ask(self, route, **params):
        """Call a JSON route and return the result and the session's cookie, if the answer sets it.

        :raises ChromeError: when Odoo refuses
        """
        headers = {"Content-Type": "application/json", "Cookie": f"session_id={self.session or ''}"}
        request = urllib.request.Request(self.address + route, json.dumps({"params": params}).encode(), headers)
        with urllib.request.urlopen(request, timeout=READY_SECONDS) as answer:
            cookie = re.search(r"session_id=([^;]+)", "\n".join(answer.headers.get_all("Set-Cookie", [])))
            content = json.load(answer)
        if "error" in content:
            raise ChromeError(f"{route}: {content['error']['data']['message']}")
        return content["result"], cookie and cookie[1]

    def log_in(self, login):
        """Become a user; the password is the login.

        :raises ChromeError: when Odoo does not let the user in
        """
        if login == self.login:
            return
        self.session = None
        _user, self.session = self._ask(
            "/web/session/authenticate", db=self.database, login=login, password=login
        )
        self.page.set_cookie(self.address, "session_id", self.session)
        self.login = login

    def _path(self, screen):
        """Return the path of a screen's address."""
        path = f"/odoo/action-{screen.action}"
        if not screen.record:
            return path
        return f"{path}/{self.find(*screen.record)}"

    def find(self, model, domain):
        """Return the id of the first record that fits a domain.

        :raises ChromeError: when there is none
        """
        found = self.call(model, "search", domain, limit=1)
        if not found:
            raise ChromeError(f"The demonstration has no {model} with {domain}.")
        return found[0]

    def call(self, model, method, *args, **kwargs):
        """Return what a method of a model returns."""
        result, _cookie = self._ask("/web/dataset/call_kw", model=model, method=method, args=args, kwargs=kwargs)
        return result

    def press(self, model, name, *record_ids):
        """Return the action of a button on some records, as the web client gets it."""
        button = {"model": model, "method": name, "args": [record_ids], "kwargs": {}}
        action, _cookie = self._ask("/web/dataset/call_button", **button)
        return action

    def open(self, screen):
        """Show a screen.

        :raises ChromeError: when it does not come up
        """
        self.log_in(screen.login)
        self.page.resize(*screen.size)
        self.page.go(self.address + self._path(screen))
        self.page.wait("window.odoo?.isReady && !!document.querySelector('.o_action')", READY_SECONDS)
        for selector in screen.clicks:
            self._wait_for(CLICK, selector)
        self._wait_for(SEEN, screen.ready)
        self.page.wait(CALM)
        self.page.run(PAINTED)

    def _wait_for(self, code, selector):
        self.page.wait(code.format(find=FIND.format(selector=json.dumps(selector))))

    def take(self, screen):
        """Return the picture of a screen as the bytes of a small PNG.

        :raises ChromeError: when it does not come up, or the page complains meanwhile
        """
        self.page.complaints.clear()
        self.open(screen)
        picture = self.page.screenshot()
        if self.page.complaints:
            raise ChromeError("The browser complains: " + "; ".join(self.page.complaints))
        return shrink(picture)


def shrink(picture):
    """Return a PNG with a palette instead of full colours.

    :param bytes picture: a PNG
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    small = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return min(picture, small.getvalue(), key=len)


def main(address, database, folder, *names):
    """Take the pictures and write them.

    :return: the number of those that failed
    """
    folder, failed = Path(folder), 0
    with chrome() as page:
        photographer = Photographer(page, address, database)
        for screen in SCREENS:
            if names and screen.name not in names:
                continue
            try:
                picture = photographer.take(screen)
                if len(picture) > MOST_BYTES:
                    raise ChromeError(f"It has {len(picture)} bytes; {MOST_BYTES} at most are wanted.")
            except ChromeError as error:
                failed += 1
                (folder / f"failed_{screen.name}.png").write_bytes(page.screenshot())
                print(f"FAILED {screen.name} (failed_{screen.name}.png shows it): {error}")
                continue
            path = folder / f"screenshot_{screen.name}.png"
            path.write_bytes(picture)
            print(f"{path} ({len(picture) // 1000} kB)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
