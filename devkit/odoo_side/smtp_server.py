"""An SMTP server that keeps every message it gets: ``smtp_server.py --port 0 --folder FOLDER``.

It prints its port, then serves until it is terminated. Message number n is kept as
``<n>.eml`` with its envelope as ``<n>.json``: ``mail_from``, ``rcpt_tos``, ``refused``
(recipients answered with 550), ``options`` (of MAIL and RCPT) and ``time``. A
transaction whose recipients were all refused leaves an envelope without a message.
With ``--once ADDRESS=HOW`` the first transaction with that recipient goes wrong, see
:data:`TROUBLES`, and leaves nothing; the next ones do not.
What would come back of it (see :mod:`.reports`) is kept in ``reports/`` and, with
``--gateway COMMAND``, given to that command, as a mail server gives mail to Odoo.
"""

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from aiosmtpd.smtp import SMTP

from devkit.odoo_side.reports import reports

SIZE_LIMIT = 64 * 1024 * 1024
DSN = ("RET", "ENVID", "NOTIFY", "ORCPT")  # parameters of RFC 3461
BACK_AFTER = 2  # seconds: the document is listed as sent by then
# what can go wrong once: the recipient or the message is answered with 451, or the connection closed before the answer
TROUBLES = RCPT, DATA, CLOSE = "rcpt", "data", "close"


class DsnSMTP(SMTP):
    """Takes the parameters of RFC 3461 too, which aiosmtpd does not know."""

    def _getparams(self, params):
        return super()._getparams([param for param in params if param.partition("=")[0] not in DSN])


class Keeper:
    """What aiosmtpd calls for each step of a transaction.

    :param Path folder: where messages go
    :param refused: addresses to refuse
    :param list gateway: command that gets each report on its standard input
    :param dict troubles: ``{address: one of TROUBLES}``, once each
    """

    def __init__(self, folder, refused=(), gateway=(), troubles=None):
        self.folder = folder
        self.troubles = dict(troubles or {})
        self.gateway = gateway
        self.tasks = set()
        self.refused = {address.lower() for address in refused}
        self.turned_away = {}
        self.number = max((int(path.stem) for path in folder.glob("*.json") if path.stem.isdigit()), default=0)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        """Announce DSN."""
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802
        """Accept a recipient, or answer 550."""
        if address.lower() in self.refused:
            self.turned_away.setdefault(session, (envelope, []))[1].append(address)
            return "550 5.1.1 No such user here"
        if self.troubles.get(address) == RCPT:
            del self.troubles[address]
            return "451 4.2.1 Come back later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        """Keep a message."""
        _, refused = self.turned_away.pop(session, (None, []))
        for address in envelope.rcpt_tos:
            trouble = self.troubles.pop(address, None)
            if trouble == CLOSE:
                server.transport.abort()
            if trouble:
                return "451 4.3.0 Busy"
        number = self.keep(envelope, refused, envelope.original_content)
        self.report(envelope, number)
        return f"250 OK kept as {number}"

    async def handle_RSET(self, server, session, envelope):  # noqa: N802
        """Keep the envelope of a transaction in which nobody was left to send to."""
        self.keep_refusal(session)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802
        """The same at the end of a session."""
        self.keep_refusal(session)
        return "221 Bye"

    def keep_refusal(self, session):
        """Keep the envelope of a transaction that ended with no message, if anyone was refused."""
        if session in self.turned_away:
            self.keep(*self.turned_away.pop(session), None)

    def report(self, envelope, number):
        """Keep what comes back of a message, and send it back."""
        recipients = dict(zip(envelope.rcpt_tos, envelope.rcpt_options, strict=True))
        for index, report in enumerate(reports(envelope.mail_from, recipients, envelope.original_content)):
            folder = self.folder / "reports"
            folder.mkdir(exist_ok=True)
            (folder / f"{number}-{index}.eml").write_bytes(report)
            if self.gateway:
                task = asyncio.ensure_future(self.send_back(report))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def send_back(self, report):
        """Give a report to the gateway command."""
        await asyncio.sleep(BACK_AFTER)
        process = await asyncio.create_subprocess_exec(*self.gateway, stdin=asyncio.subprocess.PIPE)
        await process.communicate(report)

    def keep(self, envelope, refused, content):
        """Write the next number's files and return the number."""
        rcpt_options = [option for options in envelope.rcpt_options for option in options]
        record = {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "refused": refused,
            "options": {"mail": envelope.mail_options, "rcpt": rcpt_options},
            "smtputf8": envelope.smtp_utf8,
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        }
        while True:  # another server may keep mails in the same folder
            self.number += 1
            number = self.number
            try:
                handle = os.open(self.folder / f"{number}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                break
            except FileExistsError:
                continue
        if content is not None:
            (self.folder / f"{number}.eml").write_bytes(content)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1)
        return number


async def serve(port, keeper, until_eof=False):
    """Serve on 127.0.0.1 until terminated.

    :param int port: TCP port, 0 for a free one
    :param Keeper keeper: what takes the messages
    :param bool until_eof: end as well when stdin ends
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if until_eof:
        loop.add_reader(sys.stdin, ended.set)

    def session():
        return DsnSMTP(keeper, enable_SMTPUTF8=True, data_size_limit=SIZE_LIMIT, hostname="localhost", loop=loop)

    server = await loop.create_server(session, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


def main():
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where the messages go")
    parser.add_argument("--refuse", action="append", default=[], metavar="ADDRESS", help="a recipient to answer 550")
    parser.add_argument(
        "--once", action="append", default=[], metavar="ADDRESS=HOW", help="what goes wrong once: rcpt, data or close"
    )
    parser.add_argument("--gateway", help="command that gets each report, split like a shell's")
    parser.add_argument("--until-eof", action="store_true", help="end when stdin ends, i.e. with the starting program")
    options = parser.parse_args()
    troubles = dict(trouble.rsplit("=", 1) for trouble in options.once)
    if unknown := set(troubles.values()).difference(TROUBLES):
        parser.error(f"--once knows {', '.join(TROUBLES)}, not {', '.join(sorted(unknown))}")
    options.folder.mkdir(parents=True, exist_ok=True)
    keeper = Keeper(options.folder, options.refuse, shlex.split(options.gateway or ""), troubles)
    asyncio.run(serve(options.port, keeper, options.until_eof))


if __name__ == "__main__":
    main()
