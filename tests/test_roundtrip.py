"""A bounce all the way: Odoo, a mail server that sends a report back, Odoo's mail gateway, the list, the sender's box.

Real processes and real sockets: Odoo over HTTP, SMTP, and the script by which a mail server gives mail to Odoo.
"""

import email
import email.policy
import json
import os
import subprocess
import xmlrpc.client
from email.utils import getaddresses

from pop3_server import pop3_server

from devkit.databases import PREFIX, clone_with_addon, discard
from devkit.serving import running
from devkit.smtp import gateway_command, smtp_server
from devkit.workbench import workbench

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

    def fetch(self, *reports):
        """Let Odoo fetch reports from a mailbox, and return what is left in it."""
        with pop3_server(*reports) as (port, mailbox):
            server = self.call(
                "fetchmail.server", "create",
                {"name": "Mailbox", "server_type": "pop", "server": "127.0.0.1", "port": port, "is_ssl": False,
                 "user": "bounce", "password": "bounce"},
            )  # fmt: skip
            self.call("fetchmail.server", "button_confirm_login", [server])
            self.run_job("_fetch_mails")
            return mailbox

    def run_job(self, method):
        """Run the scheduled action that calls a method."""
        self.call("ir.cron", "method_direct_trigger", self.call("ir.cron", "search", [("code", "ilike", method)]))


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
                at_once = sorted(set((tmp_path / "reports").glob("*.eml")) - set(came_back))
                assert len(at_once) == 2
                workers = [subprocess.Popen(gateway, stdin=report.open("rb")) for report in at_once]
                assert [worker.wait(60) for worker in workers] == [0, 0]
                sent["bounce.fetched"] = client.send_quotation("bounce.fetched@customer.example")
                [fetched] = set((tmp_path / "reports").glob("*.eml")) - {*came_back, *at_once}
                assert client.fetch(fetched.read_bytes()) == []
                states = {name: client.states(document) for name, document in sent.items()}
                client.run_job("process_email_queue")
        finally:
            discard(bench, database)
    seller = {"seller@firm.example": "sent"}
    assert states == {
        "bounce": {"bounce@customer.example": "hard_bounce", **seller},
        "delay": {"delay@customer.example": "delayed", **seller},
        "confirm": {"confirm@customer.example": "delivered", **seller},
        "quiet": {"quiet@customer.example": "sent", **seller},
        "bounce.fetched": {"bounce.fetched@customer.example": "hard_bounce", **seller},
        # two reports about one document, given to two workers at the same time
        "both": {"bounce.one@customer.example": "hard_bounce", "bounce.two@customer.example": "hard_bounce", **seller},
    }
    arrived = list(mails(tmp_path))
    asked = [envelope["options"] for envelope, message in arrived if message["X-Sengerio-Document"]]
    assert all("NOTIFY=SUCCESS,DELAY,FAILURE" in options["rcpt"] for options in asked)
    returned = [(envelope, message) for envelope, message in arrived if message["X-Sengerio-Return"]]
    assert len(returned) == 3  # one for each document that came back
    [(envelope, message)] = [one for one in returned if "bounce@customer.example" in one[1].as_string()]
    assert envelope["rcpt_tos"] == ["seller@firm.example"]
    assert [address for _name, address in getaddresses([message["To"]])] == ["seller@firm.example"]
    text = message.get_body(("plain",)).get_content()
    assert "bounce@customer.example" in text
    assert "does not exist" in text
