"""A headless Chromium, driven through its DevTools protocol."""

import base64
import json
import resource
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import websocket

PROGRAM = "google-chrome"  # see devkit/browser.py
START_SECONDS = 60
ANSWER_SECONDS = 60
POLL_SECONDS = 0.1
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio",
    "--remote-debugging-port=0", "--force-prefers-reduced-motion",
)  # fmt: skip


class ChromeError(Exception):
    """The browser did not do what it was told, or a page complained."""


class Page:
    """One page of a browser.

    :param str address: the page's websocket
    :ivar list complaints: errors that pages wrote to the console or did not catch
    """

    def __init__(self, address):
        self._socket = websocket.create_connection(address, suppress_origin=True, timeout=ANSWER_SECONDS)
        self._number = 0
        self.complaints = []
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Call a method of the protocol and return its result.

        :raises ChromeError: when the browser refuses
        """
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise ChromeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._listen(answer.get("method"), answer.get("params", {}))

    def _listen(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            texts = (part.get("value", part.get("description", "")) for part in params["args"])
            self.complaints.append(" ".join(map(str, texts)))

    def run(self, code):
        """Run JavaScript, wait for its promise, and return its value.

        :raises ChromeError: when it throws
        """
        answer = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise ChromeError(answer["result"].get("description", code))
        return answer["result"].get("value")

    def wait(self, code, seconds=30):
        """Wait until JavaScript gives something true, and return that.

        :raises ChromeError: when it does not in time
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = self.run(code)
            if value:
                return value
            time.sleep(POLL_SECONDS)
        raise ChromeError(f"In vain waited {seconds} s for: {code}")

    def go(self, url):
        """Open an address; what it loads is not waited for.

        :raises ChromeError: when it cannot be reached
        """
        failure = self.call("Page.navigate", url=url).get("errorText")
        if failure:
            raise ChromeError(f"{url}: {failure}")

    def resize(self, width, height):
        """Make the page this many pixels wide and high."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def set_cookie(self, url, name, value):
        """Set a cookie for an address."""
        self.call("Network.setCookie", url=url, name=name, value=value)

    def screenshot(self):
        """Return what is seen as the bytes of a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def close(self):
        """End the connection."""
        self._socket.close()


def _page_address(profile, process):
    """Return the websocket of the first page of a browser that starts."""
    port_file = Path(profile, "DevToolsActivePort")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if port_file.exists() and (lines := port_file.read_text().split()):
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json", timeout=START_SECONDS) as answer:
                for target in json.load(answer):
                    if target["type"] == "page":
                        return target["webSocketDebuggerUrl"]
        time.sleep(POLL_SECONDS)
    raise ChromeError("The browser did not start.")


def _allow_memory():
    """Lift the limit that Odoo sets for its own process, as in tests: a browser reserves more than it uses."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@contextmanager
def chrome():
    """Give the :class:`Page` of a browser while the block runs.

    :raises ChromeError: when it does not start
    """
    with tempfile.TemporaryDirectory(prefix="sengerio-chrome-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [PROGRAM, *SWITCHES, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL,
            preexec_fn=_allow_memory,
        )  # fmt: skip
        try:
            page = Page(_page_address(profile, process))
            try:
                yield page
            finally:
                page.close()
        finally:
            process.terminate()
            process.wait()
