"""A browser whose tours press real keys: the browser itself decides what Tab leads to and what Enter does."""

import json
import os

from odoo.tests.common import ChromeBrowser

MODIFIERS = {"Alt": 1, "Control": 2, "Shift": 8}
CODES = {
    "Backspace": 8, "Tab": 9, "Enter": 13, "Shift": 16, "Control": 17, "Alt": 18, "Escape": 27, " ": 32,
    "End": 35, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46,
}  # fmt: skip
# What a key writes, if not itself; with Control or Alt it writes nothing.
TEXTS = {"Enter": "\r"}
# What a desktop makes of keys that it sees before the browser does.
COMMANDS = {("Control", "v"): ["paste"], ("Control", "a"): ["selectAll"]}


def key_events(keys):
    """Yield the events of keys that are pressed together, as the browser's protocol takes them.

    :param list keys: names as in ``KeyboardEvent.key``, modifiers first
    """
    *held, last = keys
    modifiers = 0
    for key in held:
        modifiers |= MODIFIERS[key]
        yield {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": CODES[key], "modifiers": modifiers}
    event = {
        "key": last, "modifiers": modifiers,
        "windowsVirtualKeyCode": CODES.get(last) or (ord(last.upper()) if last.isalnum() else 0),
    }  # fmt: skip
    text = TEXTS.get(last, last if len(last) == 1 else "")
    if not text or modifiers & ~MODIFIERS["Shift"]:
        yield {"type": "rawKeyDown", **event, "commands": COMMANDS.get(tuple(keys), [])}
    else:
        yield {"type": "keyDown", **event, "text": text}
    yield {"type": "keyUp", **event}
    for key in reversed(held):
        modifiers &= ~MODIFIERS[key]
        yield {"type": "keyUp", "key": key, "windowsVirtualKeyCode": CODES[key], "modifiers": modifiers}


class KeyboardBrowser(ChromeBrowser):
    """Its pages have ``sengerioPress``, which takes keys as JSON and presses them; they may use the clipboard.

    :cvar str file: path of the file that is taken whenever the desktop asks for one
    :cvar str folder: where downloads go; ``sengerioLook`` writes the names of what is there to ``body[data-files]``
    """

    file = folder = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._bindings = {"sengerioPress": self._press, "sengerioLook": self._look}
        self._handlers["Runtime.bindingCalled"] = self._call_binding
        for name in self._bindings:
            self._websocket_request("Runtime.addBinding", params={"name": name})
        self._websocket_request(
            "Browser.grantPermissions", params={"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        )
        if self.file:
            self._handlers["Page.fileChooserOpened"] = self._choose_file
            self._websocket_request("Page.setInterceptFileChooserDialog", params={"enabled": True})
        if self.folder:
            self._websocket_request(
                "Browser.setDownloadBehavior", params={"behavior": "allow", "downloadPath": self.folder}
            )

    def _call_binding(self, name, payload, **_details):
        self._bindings[name](payload)

    def _press(self, payload):
        for event in key_events(json.loads(payload)):
            self._websocket_send("Input.dispatchKeyEvent", params=event)

    def _look(self, _payload):
        names = json.dumps(", ".join(sorted(os.listdir(self.folder))))
        self._websocket_send("Runtime.evaluate", params={"expression": f"document.body.dataset.files = {names}"})

    def _choose_file(self, backendNodeId, **_details):
        self._websocket_send("DOM.setFileInputFiles", params={"files": [self.file], "backendNodeId": backendNodeId})
