"""What is no document leaves as it does without the addon: two databases, the same mails, over real SMTP sockets."""

import json
import os
import re
from email import message_from_bytes
from pathlib import Path

import devkit.odoo_side
from devkit.databases import PREFIX, clone, clone_with_addon, discard
from devkit.smtp import smtp_server
from devkit.workbench import run_odoo_script, workbench

SCRIPT = Path(devkit.odoo_side.__file__).parent / "plain_mails.py"
# what differs between two runs without the addon too: random, or a number that the addon's own rows have moved on
VOLATILE = [
    (r"<[^<>\s]*openerp[^<>\s]*>", "<message-id>"),
    (r"(access_token|token|hash|pid|auth_signup_token|signup_token|db)=[\w%.-]+", r"\1=x"),
    (r"/reset_password\?[^\s\"'>]*", "/reset_password"),
    (r"={5,}\d+==", "boundary"),
    (r"(?m)^Date: .*$", "Date: x"),
    (r"sengerio_\w+", "database"),
    (r"(sent|on) \w+ \d+, \d{4}[^<\n]*", "date"),
]


def mails_of(folder):
    """Return all messages in a folder, envelope and every part, normalised, in an order of their own."""
    found = []
    for path in folder.glob("*.eml"):
        envelope = json.loads(path.with_suffix(".json").read_text())
        message = message_from_bytes(path.read_bytes())
        texts = [f"{name}: {value}" for name, value in message.items()]
        for part in message.walk():
            if not part.is_multipart():
                texts.append(f"{part.get_content_type()} {part.get_filename()}")
                texts.append(part.get_payload(decode=True).decode("utf-8", "replace"))
        text = "\n".join(texts)
        for pattern, replacement in VOLATILE:
            text = re.sub(pattern, replacement, text)
        found.append((envelope["mail_from"], sorted(envelope["rcpt_tos"]), text))
    return sorted(found)


def run(bench, database, folder):
    """Send the mails in a database; return the numbers of rows that this made."""
    with smtp_server(bench, folder) as port:
        config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port, log_handler=":WARNING")
        with open(folder / "counts", "w+") as output:
            assert run_odoo_script(bench, database, SCRIPT, config=config, stdout=output) == 0
            output.seek(0)
            return json.loads(output.read())


def test_no_document_no_difference(tmp_path):
    core, addon = (f"{PREFIX}untouched_{os.getpid()}_{name}" for name in ("core", "addon"))
    with workbench(printer=False) as bench:
        try:
            clone(bench, core)
            clone_with_addon(bench, addon)
            folders = {name: tmp_path / name for name in (core, addon)}
            for folder in folders.values():
                folder.mkdir()
            rows = {name: run(bench, name, folder) for name, folder in folders.items()}
        finally:
            discard(bench, core)
            discard(bench, addon)
    plain, touched = mails_of(folders[core]), mails_of(folders[addon])
    assert len(plain) >= 18
    assert [mail[:2] for mail in touched] == [mail[:2] for mail in plain]
    assert touched == plain
    for model, count in rows[addon].items():
        assert count == rows[core].get(model, 0), model
