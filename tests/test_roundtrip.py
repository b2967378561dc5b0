"""A bounce all the way: Odoo, a mail server that sends a report back, Odoo's mail gateway, the list, the sender's box.

Real processes and real sockets: Odoo over HTTP, SMTP, and the script by which a mail server gives mail to Odoo.
"""

import email
import email.policy
import json
import os
import subprocess
import time
import xmlrpc.client
from contextlib import contextmanager
from email.utils import getaddresses
from functools import partial

from pop3_server import pop3_server

from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.odoo_side.reports import reports
from devkit.serving import running
from devkit.smtp import gateway_command, smtp_server
from devkit.workbench import workbench

SECONDS = 60
EX_SOFTWARE = 70  # of sysexits: the mail server returns the message
STRANGERS = b"From: a@b.example\r\nTo: c@d.example\r\nMessage-Id: <1@b.example>\r\nSubject: A\r\n\r\nGood morning\r\n"
SETUP = """
DOMAIN = "firm.example"
env["ir.config_parameter"].set_param("mail.default.from_filter", DOMAIN)
alias = env["mail.alias.domain"].create({"name": DOMAIN})
env.company.write({"alias_domain_id": alias.id, "email": "info@firm.example"})
env.ref("base.user_admin").write({"email": "seller@firm.example", "notification_type": "email"})
env.ref("sale.email_template_edi_sale").report_template_ids = False
env.cr.commit()
"""


class Client:
    """Odoo as its API shows it to the administrator."""

    def __init__(self, address, database):
        self.database = database
        self.proxy = xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object", allow_none=True)

    def call(self, model, method, *args, **kwargs):
        """Call a method as Odoo's API does."""
        return self.proxy.execute_kw(self.database, 2, "admin", model, method, list(args), kwargs)

    def send_quotation(self, address):
        """Send a quotation to a customer and return the document's id."""
        partner = self.call("res.partner", "create", {"name": address, "email": address})
        order = self.call("sale.order", "create", {"partner_id": partner})
        action = self.call("sale.order", "action_quotation_send", [order])
        composer = self.call("mail.compose.message", "create", {}, context=action["context"])
        self.call("mail.compose.message", "action_send_mail", [composer])
        [document] = self.call("sengerio.mail.document", "search", [("res_id", "=", order)])
        return document

    def states(self, document):
        """Return ``{address: state}`` of a document."""
        rows = self.call(
            "sengerio.mail.delivery", "search_read", [("document_id", "=", document)], fields=["email", "state"]
        )
        return {row["email"]: row["state"] for row in rows}

    def events(self, document):
        """Return the kinds of what was reported of a document."""
        found = [("delivery_id.document_id", "=", document)]
        return [event["kind"] for event in self.call("sengerio.mail.event", "search_read", found, fields=["kind"])]

    def fetch(self, *messages, model=None):
        """Let Odoo fetch messages from a mailbox, and return what is left in it.

        :param str model: of which Odoo makes a record of each message that it knows no better place for
        """
        fallback = self.call("ir.model", "search", [("model", "=", model)])[:1]
        with pop3_server(*messages) as (port, mailbox):
            server = self.call(
                "fetchmail.server", "create",
                {"name": "Mailbox", "server_type": "pop", "server": "127.0.0.1", "port": port, "is_ssl": False,
                 "user": "bounce", "password": "bounce", "object_id": bool(fallback) and fallback[0]},
            )  # fmt: skip
            self.call("fetchmail.server", "button_confirm_login", [server])
            self.run_job("_fetch_mails")
            self.call("fetchmail.server", "write", [server], {"active": False})
            return mailbox

    def counts(self):
        """Return how many records there are of all that incoming mail may make or leave."""
        models = ("res.partner", "mail.message", "mail.mail", "sengerio.mail.event", "ir.attachment", "sale.order")
        return {model: self.call(model, "search_count", []) for model in models}

    def run_job(self, method):
        """Run the scheduled action that calls a method."""
        self.call("ir.cron", "method_direct_trigger", self.call("ir.cron", "search", [("code", "ilike", method)]))


@contextmanager
def locked(bench, database, document):
    """Hold a document as another transaction does, while the block runs."""
    command = [os.path.join(bench.server.bin, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=bench.server.environ, **pipes) as psql:
        psql.stdin.write(f"BEGIN; SELECT id FROM sengerio_mail_document WHERE id = {document} FOR UPDATE;\n")
        psql.stdin.flush()
        assert psql.stdout.readline().strip() == str(document)
        yield
        psql.communicate("ROLLBACK;\n", timeout=SECONDS)


def at_once(bench, database, gateway, document, came):
    """Give reports on a document to as many gateways, so that all are at it before the first can record any.

    :return: exit codes
    """
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with locked(bench, database, document):
        workers = [subprocess.Popen(gateway, stdin=subprocess.PIPE) for _report in came]
        for worker, report in zip(workers, came, strict=True):
            worker.stdin.write(report)
            worker.stdin.close()
        deadline = time.monotonic() + SECONDS
        while bench.server.query(waiting, database) != [str(len(came))]:
            assert time.monotonic() < deadline, "they never met"
            time.sleep(0.1)
    return [worker.wait(SECONDS) for worker in workers]


def nested(depth):
    """Return a message whose parts are in one another, more of them than Python can read."""
    part = 'Content-Type: multipart/mixed; boundary="b{0}"\r\n\r\n--b{0}\r\n'
    head = "From: a@b.example\r\nTo: catchall@firm.example\r\nMessage-Id: <deep@b.example>\r\nMIME-Version: 1.0\r\n"
    return (head + "".join(map(part.format, range(depth))) + "\r\nDeep down\r\n").encode()


def own_mail(folder):
    """Return what Odoo sent to its sender, as a mailbox has it that Odoo fetches: returned documents, copies.

    With a report that one of the returned documents could not be delivered either.
    """
    arrived = [message for _envelope, message in mails(folder)]
    returned = [message for message in arrived if message["X-Sengerio-Return"]]
    copies = [message for message in arrived if "-copies-" in (message["X-Sengerio-Document"] or "")]
    assert returned
    assert copies
    # a mail server that reports even what was sent by a program
    whole = returned[0].as_bytes(policy=email.policy.SMTP).replace(b"Auto-Submitted: ", b"X-Auto-Submitted: ", 1)
    failed = [*reports("bounce@firm.example", {"bounce.seller@firm.example": []}, whole)]
    assert len(failed) == 1
    return [*(message.as_bytes(policy=email.policy.SMTP) for message in (*returned, *copies)), *failed]


def mails(folder):
    """Return ``(envelope, message)`` of all mails, oldest first."""
    for path in sorted(folder.glob("*.eml"), key=lambda path: int(path.stem)):
        yield (
            json.loads(path.with_suffix(".json").read_text()),
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default),
        )


def test_round_trip(tmp_path):
    database = f"{PREFIX}trip_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path) as mail_port:
        try:
            clone_with_addon(bench, database)
            script = tmp_path / "setup.py"
            script.write_text("def main(env, args):\n" + "".join(f"    {line}\n" for line in SETUP.splitlines()))
            command = [bench.python, "-m", "devkit.odoo_side.runner", bench.config(database), database, script]
            subprocess.run([str(part) for part in command], env=bench.environ, check=True)
            with running(bench, database, mail_port) as address:
                client = Client(address, database)
                sent = {
                    name: client.send_quotation(f"{name}@customer.example")
                    for name in ("bounce", "delay", "confirm", "quiet")
                }
                gateway = [str(part) for part in gateway_command(bench, database, int(address.rpartition(":")[2]))]
                came_back = sorted((tmp_path / "reports").glob("*.eml"))
                assert len(came_back) == 3
                for report in [*came_back, *came_back]:  # a mail server may send a report twice
                    subprocess.run(gateway, input=report.read_bytes(), check=True)
                sent["both"] = client.send_quotation("bounce.one@customer.example, bounce.two@customer.example")
                two = sorted(set((tmp_path / "reports").glob("*.eml")) - set(came_back))
                assert len(two) == 2
                meet = partial(at_once, bench, database, gateway)
                assert meet(sent["both"], [report.read_bytes() for report in two]) == [0, 0]
                sent["bounce.twice"] = client.send_quotation("bounce.twice@customer.example")
                [twice] = set((tmp_path / "reports").glob("*.eml")) - {*came_back, *two}
                report = twice.read_bytes()
                passed_on = report.replace(b"Action: failed", b"Action: relayed").replace(b": 5.1.1", b": 2.0.0")
                assert passed_on.count(b"relayed") == 1
                assert meet(sent["bounce.twice"], [report, report]) == [0, 0]
                assert meet(sent["bounce.twice"], [passed_on, passed_on]) == [0, 0]  # changes no state
                events = client.events(sent["bounce.twice"])
                sent["bounce.fetched"] = client.send_quotation("bounce.fetched@customer.example")
                [fetched] = set((tmp_path / "reports").glob("*.eml")) - {*came_back, *two, twice}
                deep = nested(2000)
                assert subprocess.run(gateway, input=deep, check=False).returncode == EX_SOFTWARE
                assert client.fetch(deep, fetched.read_bytes()) == []  # what cannot be read holds nothing up
                client.run_job("process_email_queue")
                before = client.counts()
                assert client.fetch(*own_mail(tmp_path), model="res.partner") == []
                assert client.counts() == before
                assert client.fetch(STRANGERS, model="res.partner") == []
                assert client.counts()["res.partner"] == before["res.partner"] + 1  # of other mail one is made
                states = {name: client.states(document) for name, document in sent.items()}
        finally:
            discard(bench, database)
    seller = {"seller@firm.example": "sent"}
    assert events == ["hard_bounce", "relayed"]  # each came twice at the same time
    assert states == {
        "bounce": {"bounce@customer.example": "hard_bounce", **seller},
        "delay": {"delay@customer.example": "delayed", **seller},
        "confirm": {"confirm@customer.example": "delivered", **seller},
        "quiet": {"quiet@customer.example": "sent", **seller},
        "bounce.twice": {"bounce.twice@customer.example": "hard_bounce", **seller},
        "bounce.fetched": {"bounce.fetched@customer.example": "hard_bounce", **seller},
        # two reports about one document, given to two workers at the same time
        "both": {"bounce.one@customer.example": "hard_bounce", "bounce.two@customer.example": "hard_bounce", **seller},
    }
    arrived = list(mails(tmp_path))
    asked = [envelope["options"] for envelope, message in arrived if message["X-Sengerio-Document"]]
    assert all("NOTIFY=SUCCESS,DELAY,FAILURE" in options["rcpt"] for options in asked)
    returned = [(envelope, message) for envelope, message in arrived if message["X-Sengerio-Return"]]
    assert len(returned) == 4  # one for each document that came back
    [(envelope, message)] = [one for one in returned if "bounce@customer.example" in one[1].as_string()]
    assert envelope["rcpt_tos"] == ["seller@firm.example"]
    assert [address for _name, address in getaddresses([message["To"]])] == ["seller@firm.example"]
    text = message.get_body(("plain",)).get_content()
    assert "bounce@customer.example" in text
    assert "does not exist" in text
