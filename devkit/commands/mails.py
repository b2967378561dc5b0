"""List the mails that the local SMTP server received, or show one by its number or Message-ID."""

import email
import email.policy
import json

from ..cache import Cache
from ..ui import DevError


def add_arguments(parser):
    """Describe the options of ``./dev mails``."""
    parser.add_argument("which", nargs="?", metavar="N|ID", help="number or Message-ID of the mail to show")
    parser.add_argument("--json", action="store_true", help="print JSON")


def read_mails(folder):
    """Read all kept mails, the oldest first.

    :param Path folder: where the SMTP server keeps them
    :return: one dict per mail: ``number``, the envelope's entries, and the message's
        ``message_id``, ``subject``, ``from``, ``to``, ``file`` (empty for a refused one)
    """
    found = []
    for path in sorted(folder.glob("*.json"), key=lambda path: int(path.stem)):
        try:
            envelope = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue  # being written at this moment
        message = path.with_suffix(".eml")
        headers = _headers(message) if message.exists() else {}
        found.append({"number": int(path.stem), **envelope, **headers})
    return found


def _headers(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.SMTPUTF8)
    names = {"message_id": "Message-ID", "subject": "Subject", "from": "From", "to": "To"}
    return {**{key: str(message[name] or "") for key, name in names.items()}, "file": str(path)}


def _find(mails, which):
    for mail in mails:
        if which in (str(mail["number"]), mail.get("message_id"), mail.get("message_id", "").strip("<>")):
            return mail
    raise DevError(f"There is no mail {which}; ./dev mails lists those there are.")


def _bodies(message):
    """Return the decoded text of a message, and one line for each attachment."""
    body = message.get_body(("plain", "html"))
    lines = [body.get_content().rstrip()] if body else []
    for part in message.iter_attachments():
        size = len(part.get_payload(decode=True) or b"")
        lines.append(f"[attachment: {part.get_filename() or '-'}, {part.get_content_type()}, {size} bytes]")
    return "\n".join(lines)


def _show(mail):
    print(f"Envelope: from <{mail['mail_from']}> to {', '.join(mail['rcpt_tos']) or '-'}")
    print(f"Refused:  {', '.join(mail['refused']) or '-'}")
    print(f"Received: {mail['time']}")
    if "file" not in mail:
        return
    print(f"File:     {mail['file']}\n")
    with open(mail["file"], "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.SMTPUTF8)
    for name, value in message.items():
        print(f"{name}: {value}")
    print("\n" + _bodies(message))


def _list(mails):
    for mail in mails:
        refused = f"  REFUSED {', '.join(mail['refused'])}" if mail["refused"] else ""
        receivers = ", ".join(mail["rcpt_tos"]) or "-"
        print(f"{mail['number']:>4}  {mail['time'][:19]}  {mail['mail_from']} -> {receivers}"
              f"  {mail.get('subject', '(no message)')}{refused}")
    if not mails:
        print("No mails yet.")


def main(options):
    """List the mails or show one.

    :return: 0
    """
    mails = read_mails(Cache().mails)
    chosen = _find(mails, options.which) if options.which else None
    if options.json:
        print(json.dumps(chosen or mails, ensure_ascii=False, indent=1))
    elif chosen:
        _show(chosen)
    else:
        _list(mails)
    return 0
