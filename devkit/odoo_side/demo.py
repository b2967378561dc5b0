"""Send documents of every kind through the real composer, and compare what arrived with what should have.

Called with an environment of a fresh database that has the addon, and Odoo set to a local SMTP server.
"""

import argparse
import email
import email.policy
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from odoo.tools.mail import email_split

from devkit.odoo_side.demo_data import DOMAIN, DemoData

COMPOSER = "mail.compose.message"


@dataclass
class Scene:
    """One message of the demonstration, or several sent at once.

    :ivar str title: what happens, in words
    :ivar tuple codes: types of the documents that it should be, in any order; none for a mere message
    :ivar list envelopes: the recipients that each message should have, in the envelope
    :ivar str state: of the documents
    """

    title: str
    codes: tuple
    envelopes: list
    state: str = "sent"


class Demo:
    """Plays the scenes.

    :param env: environment of the superuser
    :param Path mails: folder in which the SMTP server keeps what it gets
    """

    def __init__(self, env, mails):
        self.env = env
        self.mails = mails
        self.scenes = []
        self.data = DemoData(env)
        self.first_mail = self._last_number() + 1
        env.cr.commit()

    def _last_number(self):
        return max((int(path.stem) for path in self.mails.glob("*.json") if path.stem.isdigit()), default=0)

    def order(self, partner, user, **values):
        """Return a quotation made by a user."""
        data = self.data
        return self.env["sale.order"].with_user(user).create(
            {"partner_id": partner.id, "order_line": [(0, 0, {"product_id": data.product.id})], **values}
        )  # fmt: skip

    def purchase(self, partner, user):
        """Return a request for quotation made by a user."""
        line = {"product_id": self.data.product.id, "product_qty": 10, "price_unit": 300.0}
        return self.env["purchase.order"].with_user(user).create(
            {"partner_id": partner.id, "order_line": [(0, 0, line)]}
        )  # fmt: skip

    def press_send(self, title, code, record, envelopes, add=(), **context):
        """Press the record's Send button, then the composer's, as the record's user."""
        button = {"sale.order": "action_quotation_send", "purchase.order": "action_rfq_send"}[record._name]
        action = getattr(record.with_context(**context), button)()
        composer = record.env[COMPOSER].with_context(**action["context"]).create({})
        for partner in add:
            composer.partner_ids += partner
        self.send(Scene(title, (code,), envelopes), composer)

    def write(self, title, code, record, envelopes, **values):
        """Write to the record's customer from the full composer."""
        composer = record.env[COMPOSER].with_context(
            default_model=record._name, default_res_ids=record.ids, default_composition_mode="comment"
        ).create(values)  # fmt: skip
        self.send(Scene(title, (code,) if code else (), envelopes), composer)

    def write_many(self, title, codes, records, envelopes, template):
        """Choose records in their list, then "Send an email" with a template: the mail queue works it off."""
        composer = records.env[COMPOSER].with_context(
            default_model=records._name, default_res_ids=records.ids, default_composition_mode="mass_mail"
        ).create({"template_id": self.env.ref(template).id})  # fmt: skip
        composer.action_send_mail()
        self.env.cr.commit()
        self.work_off()
        self.scenes.append(Scene(title, codes, envelopes))

    def work_off(self):
        """Let the mail queue send what waits there."""
        self.env["mail.mail"].process_email_queue()
        self.env.cr.commit()

    def send(self, scene, composer):
        """Send and commit: that is when mails leave."""
        composer.action_send_mail()
        self.env.cr.commit()
        self.scenes.append(scene)

    def play(self):
        """Play all scenes."""
        self._play_sales()
        self._play_others()
        self._play_purchases()
        self._play_invoices()
        self._play_batches()
        self._play_what_comes_back()

    def _play_sales(self):
        data = self.data
        manager, junior, broker = (f"{user.login}@{DOMAIN}" for user in (data.manager, data.junior, data.broker))
        hotel = ["frontdesk@miramar.example", "groups@miramar.example"]
        quotation = self.order(data.hotel, data.junior)
        self.press_send(
            "A junior sends a quotation; the manager is in copy", "quotation", quotation, [hotel, [manager, junior]]
        )
        self.press_send(
            "The same as pro-forma, to the night reception too", "quotation", quotation,
            [hotel, ["night@miramar.example"], [manager, junior]], add=[data.reception], proforma=True,
        )  # fmt: skip
        booking = self.order(data.museum, data.broker)
        booking.action_confirm()
        self.press_send(
            "A broker confirms a booking; the partner has no e-mail but an address", "booking_confirmation", booking,
            [["touren@xn--grnes-tor-r9a.example"], [f"assistant@{DOMAIN}", broker, "club@travelclub.example"]],
        )  # fmt: skip
        events = {"allowed_company_ids": [data.events.id, data.travel.id]}
        banquet = self.order(data.hotel, data.broker, company_id=data.events.id).with_context(**events)
        self.press_send(
            "The second company has an address of its own, and an archive", "quotation", banquet,
            [["frontdesk@miramar.example", "banquets@miramar.example"],
             [f"assistant@{DOMAIN}", f"archive@{DOMAIN}", broker]],
        )  # fmt: skip
        cancelled = self.order(data.hotel, data.junior)
        cancelled.action_cancel()
        self.write(
            "A cancellation goes to the management, without a blind copy", "order_cancellation", cancelled,
            [["director@miramar.example"], [manager]],
            template_id=self.env.ref("sengerio_mail.mail_template_order_cancellation").id,
        )  # fmt: skip

    def _play_others(self):
        data = self.data
        order = self.order(data.hotel, data.broker)
        plan = self.env["ir.attachment"].with_user(data.broker).create(
            {"name": "seating-plan.txt", "raw": b"Table 1: window", "res_model": COMPOSER, "res_id": 0}
        )  # fmt: skip
        message = {"subject": "The plan", "body": "<p>Please see the plan.</p>", "partner_ids": data.hotel.ids}
        self.write(
            "Another document is listed, and nothing else", "other", order, [["frontdesk@miramar.example"]],
            **message, attachment_ids=plan.ids,
        )  # fmt: skip
        self.write("A mere message is not listed", "", order, [["frontdesk@miramar.example"]], **message)

    def _play_purchases(self):
        data = self.data
        airline = ["contracts@bluewing.example", "block.seats@bluewing.example"]
        request = self.purchase(data.airline, data.buyer)
        self.press_send(
            "A buyer asks a supplier for a price", "supplier_document", request, [airline, [f"buyer@{DOMAIN}"]],
            send_rfq=True,
        )  # fmt: skip
        request.button_confirm()
        self.press_send("... and orders", "supplier_document", request, [airline, [f"buyer@{DOMAIN}"]])

    def invoice(self, partner, move_type="out_invoice", days=0):
        """Return a posted invoice or credit note made by the accountant some days ago, due that day."""
        line = {"product_id": self.data.product.id, "quantity": 2, "price_unit": 420.0}
        day = date.today() - timedelta(days)
        move = self.env["account.move"].with_user(self.data.accountant).create(
            {"move_type": move_type, "partner_id": partner.id, "invoice_date": day, "invoice_date_due": day,
             "invoice_user_id": self.data.broker.id, "invoice_line_ids": [(0, 0, line)]}
        )  # fmt: skip
        move.action_post()
        return move

    def send_invoice(self, scene, move):
        """Press Send in the invoice's wizard."""
        wizard = move.env["account.move.send.wizard"].with_context(active_model=move._name, active_ids=move.ids)
        wizard.create({"move_id": move.id}).action_send_and_print()
        self.env.cr.commit()
        self.scenes.append(scene)

    def _play_invoices(self):
        data = self.data
        accountant = [f"accountant@{DOMAIN}"]
        hotel = ["invoices@miramar.example", "controller@miramar.example"]
        scene = Scene("An invoice goes to the accounting addresses", ("invoice",), [hotel, accountant])
        self.send_invoice(scene, self.invoice(data.hotel))
        self.send_invoice(
            Scene("... and so does a credit note", ("credit_note",), [hotel, accountant]),
            self.invoice(data.hotel, "out_refund"),
        )
        self.send_invoice(
            Scene(
                "One of two addresses is refused by the mail server; the other gets it", ("invoice",),
                [["desk@closedbooks.example"], accountant], state="refused",
            ),
            self.invoice(data.closed_books),
        )  # fmt: skip
        overdue = self.invoice(data.hotel, days=50) | self.invoice(data.hotel, days=40)
        overdue |= self.invoice(data.museum, days=40)
        notice = overdue.env["sengerio.mail.due.notice"].browse(overdue.action_sengerio_due_notice()["res_id"])
        notice.action_send()
        self.env.cr.commit()
        self.work_off()
        self.scenes.append(
            Scene(
                "Two customers are reminded of three overdue invoices", ("due_notice",) * 2,
                [["director@miramar.example"], ["leitung@xn--grnes-tor-r9a.example"]],
            )
        )  # fmt: skip

    def _play_batches(self):
        """All five types again, several at once."""
        data = self.data
        accountant, broker, buyer = ([f"{user.login}@{DOMAIN}"] for user in (data.accountant, data.broker, data.buyer))
        books = ["invoices@miramar.example", "controller@miramar.example"]
        museum = ["touren@xn--grnes-tor-r9a.example"]
        moves = self.invoice(data.hotel) | self.invoice(data.museum) | self.invoice(data.hotel, "out_refund")
        batch = self.env["account.move.send.batch.wizard"].with_user(data.accountant)
        batch.create({"move_ids": moves.ids}).action_send_and_print()
        self.env.cr.commit()
        self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env.cr.commit()
        self.work_off()
        self.scenes.append(
            Scene(
                "A batch of two invoices and a credit note, worked off by a job for the accountant",
                ("credit_note", "invoice", "invoice"), [books, accountant, museum, accountant, books, accountant],
            )
        )  # fmt: skip
        hotel, assistant = ["frontdesk@miramar.example", "groups@miramar.example"], f"assistant@{DOMAIN}"
        copies = {data.hotel: [assistant, *broker], data.museum: [assistant, *broker, "club@travelclub.example"]}
        for confirmed, code, template in (
            (False, "quotation", "sale.email_template_edi_sale"),
            (True, "booking_confirmation", "sale.mail_template_sale_confirmation"),
        ):
            orders = self.order(data.hotel, data.broker) | self.order(data.museum, data.broker)
            if confirmed:
                orders.action_confirm()
            self.write_many(
                f"Several at once from the list: {code}", (code, code), orders,
                [hotel, copies[data.hotel], museum, copies[data.museum]], template,
            )  # fmt: skip
        requests = self.purchase(data.airline, data.buyer) | self.purchase(data.hotel, data.buyer)
        self.write_many(
            "Several at once from the list: supplier_document", ("supplier_document",) * 2, requests,
            [["contracts@bluewing.example", "block.seats@bluewing.example"], buyer, hotel, buyer],
            "purchase.email_template_edi_purchase",
        )  # fmt: skip

    def _play_what_comes_back(self):
        data = self.data
        junior = f"junior@{DOMAIN}"
        copies = [f"manager@{DOMAIN}", junior]
        for title, partner, envelope, state in (
            ("One address does not exist any more; the mail comes back", data.moved,
             ["bounce@moved.example", "desk@moved.example"], "hard_bounce"),
            ("A mailbox is full", data.full, ["full@fullhouse.example"], "soft_bounce"),
            ("A mail server cannot be reached yet", data.slow, ["delay@lodge.example"], "delayed"),
            ("Delivery is confirmed, as Odoo has asked for", data.confirming, ["confirm@citytours.example"],
             "delivered"),
        ):  # fmt: skip
            self.press_send(title, "quotation", self.order(partner, data.junior), [envelope, copies])
            self.scenes[-1].state = state
        for report in sorted((self.mails / "reports").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            if int(report.stem.partition("-")[0]) >= self.first_mail:
                self.env["mail.thread"].message_process(False, report.read_bytes())
                self.env.cr.commit()
        self.work_off()
        self.scenes.append(Scene("Both come back to the junior, in plain words", (), [[junior], [junior]]))

    # ------------------------------------------------------------
    # What came out
    # ------------------------------------------------------------

    def documents(self):
        """Return the list of documents as plain values, oldest first."""
        return [
            {
                "id": document.id,
                "type": document.type_id.code,
                "reference": document.reference,
                "partner": document.partner_id.name,
                "company": document.company_id.name,
                "sender": document.sender_id.login,
                "state": document.state,
                "from": document.email_from,
                "reply_to": document.reply_to,
                "message_id": document.message_id,
                "attachments": document.attachment_ids.mapped("name"),
                "deliveries": [
                    {"header": row.header, "email": row.email, "state": row.state, "reason": row.reason,
                     "smtp_reply": row.smtp_reply or ""}
                    for row in document.delivery_ids
                ],
            }
            for document in self.env["sengerio.mail.document"].search([], order="id")
        ]

    def envelopes(self):
        """Return what the SMTP server received, as plain values."""
        found = []
        for number in range(self.first_mail, self._last_number() + 1):
            envelope = json.loads((self.mails / f"{number}.json").read_text(encoding="utf-8"))
            message = email.message_from_bytes(
                (self.mails / f"{number}.eml").read_bytes(), policy=email.policy.default
            )
            found.append(
                {
                    "number": number,
                    "mail_from": envelope["mail_from"],
                    "rcpt_tos": envelope["rcpt_tos"],
                    "headers": {name: str(value) for name, value in message.items()},
                    "attachments": [part.get_filename() for part in message.iter_attachments()],
                }
            )
        return found

    def faults(self, documents, envelopes):
        """Return in words what did not come out as expected."""
        faults = []
        documents, envelopes = list(documents), list(envelopes)
        for scene in self.scenes:
            arrived = [envelopes.pop(0) if envelopes else {"rcpt_tos": []} for _envelope in scene.envelopes]
            found = [sorted(envelope["rcpt_tos"]) for envelope in arrived]
            if sorted(found) != sorted(map(sorted, scene.envelopes)):
                faults.append(f"{scene.title}: went to {found}, not to {scene.envelopes}")
            if any("Bcc" in envelope.get("headers", {}) for envelope in arrived):
                faults.append(f"{scene.title}: a Bcc header left Odoo")
            listed, documents = documents[: len(scene.codes)], documents[len(scene.codes) :]
            codes = tuple(sorted(document["type"] for document in listed))
            states = {row["state"] for document in listed for row in [document, *document["deliveries"]]}
            if (codes, states) != (scene.codes, {"sent", scene.state} if scene.codes else set()):
                faults.append(f"{scene.title}: listed as {codes} in {states}, not {scene.codes}")
        if documents or envelopes:
            faults.append(f"{len(documents)} documents and {len(envelopes)} messages too many")
        return faults

    def show(self, documents, envelopes):
        """Print the ledger and the envelopes as tables."""
        print("\nGenerated Documents")
        for document in documents:
            print(f"\n  {document['reference']:10} {document['type']:22} {document['state']:8} {document['partner']}")
            print(f"  {'':10} From {document['from']}; replies to {document['reply_to']}")
            for row in document["deliveries"]:
                why = f"{row['reason']}{': ' if row['smtp_reply'] else ''}{row['smtp_reply']}"
                print(f"  {'':10} {row['header']:4} {row['email']:36} {row['state']:8} {why}")
        print("\nEnvelopes")
        for envelope in envelopes:
            headers = envelope["headers"]
            print(f"\n  {envelope['number']:>4}  MAIL FROM {envelope['mail_from']}  {headers.get('Subject', '')}")
            print(f"        RCPT TO   {', '.join(envelope['rcpt_tos'])}")
            for name in ("To", "Cc"):
                if headers.get(name):
                    print(f"        {name:9} {', '.join(email_split(headers[name]))}")


def main(env, args):
    """Play the demonstration and report.

    :param list args: ``--mails DIR [--json]``
    :return: 0 if every document came out as expected, else 1
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(args)
    demo = Demo(env, options.mails)
    demo.play()
    documents, envelopes = demo.documents(), demo.envelopes()
    faults = demo.faults(documents, envelopes)
    if options.json:
        report = {"ok": not faults, "faults": faults, "documents": documents, "envelopes": envelopes}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        demo.show(documents, envelopes)
        print("\n" + ("\n".join(faults) if faults else f"All {len(demo.scenes)} scenes came out as expected."))
    return 1 if faults else 0
