"""A browser whose tours press real keys: the browser itself decides what Tab leads to and what Enter does."""

import json

from odoo.tests.common import ChromeBrowser

MODIFIERS = {"Alt": 1, "Control": 2, "Shift": 8}
CODES = {
    "Backspace": 8, "Tab": 9, "Enter": 13, "Shift": 16, "Control": 17, "Alt": 18, "Escape": 27, " ": 32,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46,
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
    """Its pages have ``sengerioPress``, which takes keys as JSON and presses them; they may use the clipboard."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._handlers["Runtime.bindingCalled"] = self._press
        self._websocket_request("Runtime.addBinding", params={"name": "sengerioPress"})
        self._websocket_request(
            "Browser.grantPermissions", params={"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        )

    def _press(self, payload, **_details):
        for event in key_events(json.loads(payload)):
            self._websocket_send("Input.dispatchKeyEvent", params=event)
