"""A mailbox that Odoo can fetch: as much of POP3 (RFC 1939) as :mod:`poplib` speaks."""

import socketserver
import threading
from contextlib import contextmanager


class Session(socketserver.StreamRequestHandler):
    """One login: messages are numbered from 1; those deleted are gone when it quits."""

    def handle(self):
        """Answer commands until ``QUIT``, or until the client is gone."""
        messages = list(self.server.mailbox)
        deleted = set()
        self.say("+OK")
        for line in self.rfile:
            command, _space, argument = line.decode().strip().upper().partition(" ")
            if command in ("USER", "PASS"):
                self.say("+OK")
            elif command == "STAT":
                self.say(f"+OK {len(messages)} {sum(map(len, messages))}")
            elif command == "LIST":
                self.say("+OK", *(f"{number} {len(message)}" for number, message in enumerate(messages, 1)), ".")
            elif command == "RETR":
                self.say("+OK")
                lines = messages[int(argument) - 1].split(b"\r\n")
                self.wfile.write(b"\r\n".join(b"." + text if text.startswith(b".") else text for text in lines))
                self.say("", ".")
            elif command == "DELE":
                deleted.add(messages[int(argument) - 1])
                self.say("+OK")
            elif command == "QUIT":
                self.server.mailbox[:] = [message for message in self.server.mailbox if message not in deleted]
                self.say("+OK")
                return
            else:
                self.say(f"-ERR {command} is not known")

    def say(self, *lines):
        """Answer in lines."""
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def pop3_server(*messages):
    """Serve a mailbox on a port of this machine.

    :param bytes messages: what lies in it
    :return: context manager giving ``(port, mailbox)``; the mailbox is a list that gets shorter
    """
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        server.mailbox = list(messages)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], server.mailbox
        finally:
            server.shutdown()
            thread.join()
