"""Messages that must not be read as failures: what people and programs write every day, in many languages."""

from email import message_from_bytes, policy
from email.message import EmailMessage

ANNA = "anna@customer.example"
NOTHING = ("none", "auto_reply")
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.customer.example>"

ABSENCES = {
    "en": ("Automatic reply: Quotation", "I am out of the office; mail will not be delivered to me."),
    "de": ("Abwesenheitsnotiz: Angebot", "Ich bin nicht im Büro. Ihre Nachricht wird nicht weitergeleitet."),
    "fr": ("Réponse automatique : Devis", "Je suis absente, votre message n'a pas été lu."),
    "es": ("Respuesta automática: Presupuesto", "Estoy fuera de la oficina y no puedo entregar nada."),
    "it": ("Risposta automatica: Offerta", "Sono fuori ufficio, impossibile rispondere."),
    "pt": ("Resposta automática: Orçamento", "Estou de férias; não foi possível responder."),
    "nl": ("Automatisch antwoord: Offerte", "Ik ben afwezig en kan niet antwoorden."),
    "pl": ("Automatyczna odpowiedź: Oferta", "Jestem poza biurem."),
    "cs": ("Automatická odpověď: Nabídka", "Jsem mimo kancelář."),
    "sv": ("Autosvar: Offert", "Jag kan inte svara."),
    "ru": ("Автоматический ответ: Предложение", "Меня нет на месте, письмо не доставлено мне лично."),
    "ja": ("自動返信: 見積書", "不在にしております。"),
    "zh": ("自动回复: 报价单", "我不在办公室。"),
}
ABSENCE_MARKS = (
    {"Auto-Submitted": "auto-replied"},
    {"X-Autoreply": "yes", "Precedence": "bulk"},
    {"Auto-Submitted": "auto-generated (vacation)", "In-Reply-To": "<doc-17@odoo.firm.example>"},
    {},
)
ORDINARY = {
    "goods": ("Undeliverable goods", f"The pallets were undeliverable. Could not deliver to {ANNA}."),
    "question": ("Delivery failed?", f"My mail to\n{ANNA}\ncould not be delivered: 550 5.1.1 User unknown. Help!"),
    "code": ("Order 550 5.1.1", "We need 550 pieces of 5.1.1 and 5.7.26, please."),
    "returned": ("Returned goods", "The goods were returned to sender, the address was rejected."),
    "invoice": ("Invoice failure notice", "The payment has failed permanently. Mailbox full of reminders."),
    "german": ("Zustellung der Ware", f"Das Paket konnte nicht zugestellt werden. Empfänger: {ANNA}"),
    "french": ("Échec de la livraison", "Le colis n'a pas pu être livré."),
    "spanish": ("Error de entrega del pedido", "El pedido no se pudo entregar."),
    "japanese": ("配送エラー", "荷物をお届けできませんでした。"),
    "thanks": ("Thank you", "We got your quotation. Thank you!"),
}
ORDINARY_MARKS = (
    {},
    {"In-Reply-To": "<doc-17@odoo.firm.example>", "References": "<doc-17@odoo.firm.example>"},
    {"List-Id": "<team.customer.example>", "Precedence": "list"},
    {"List-Unsubscribe": "<mailto:leave@customer.example>", "Precedence": "bulk"},
    {"X-Mailer": "Mailer 1.0", "Return-Path": f"<{ANNA}>"},
)
BOUNCES = {
    "postfix": f"I'm sorry to inform you that your message could not be delivered.\n<{ANNA}>: 550 5.1.1 unknown",
    "exim": f"The following address(es) failed:\n\n  {ANNA}\n    550 No such user",
    "qmail": f"I wasn't able to deliver your message.\n<{ANNA}>:\nSorry, no mailbox here by that name. (#5.1.1)",
    "german": f"Ihre Nachricht konnte nicht zugestellt werden.\n{ANNA}: 550 unbekannt",
}
QUOTED_SUBJECTS = ("Re: Undelivered Mail", "AW: Unzustellbar", "Fwd: failed", "WG: Delivery failed", "TR: Échec")
DELAYS = {
    "en": "Your message has been delayed. Delivery attempts will continue to be made.",
    "postfix": "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE. It will be retried for 5 days.",
    "exim": "Your message has not yet been delivered. Eventually the mail delivery software will give up.",
    "de": "Ihre Nachricht wurde noch nicht zugestellt. Weitere Zustellversuche folgen.",
    "fr": "La remise de votre message est retardée; il n'a pas encore été remis.",
    "es": "La entrega de su mensaje se ha retrasado.",
    "it": "Il messaggio non è ancora stato consegnato.",
    "nl": "De bezorging is vertraagd.",
}
# RFC 3464 §2.3.3
ACTIONS = {"delayed": "4.4.1", "delivered": "2.0.0", "relayed": "2.0.0", "expanded": "2.0.0"}
# RFC 8098 §3.2.6
DISPOSITIONS = {"displayed": "read", "deleted": "none", "dispatched": "none", "processed": "none"}


def negatives():
    """Yield ``(name, message, kinds that are right)``."""
    yield from _absences()
    yield from _ordinary()
    yield from _quoted()
    yield from _delays()
    yield from _statuses()
    yield from _receipts()
    yield from _calendar()


def _message(subject, text, sender=f"Anna <{ANNA}>", marks=None):
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "Sales <sales@firm.example>"
    message["Subject"] = subject
    message["Message-ID"] = "<x@customer.example>"
    for name, value in (marks or {}).items():
        message[name] = value
    message.set_content(text)
    return message


def _absences():
    for language, (subject, text) in ABSENCES.items():
        for index, marks in enumerate(ABSENCE_MARKS):
            yield f"absence {language} {index}", _message(subject, text, marks=marks), NOTHING


def _ordinary():
    for name, (subject, text) in ORDINARY.items():
        for index, marks in enumerate(ORDINARY_MARKS):
            yield f"ordinary {name} {index}", _message(subject, text, marks=marks), NOTHING


def _quoted():
    for name, bounce in BOUNCES.items():
        quoted = "\n".join(f"> {line}" for line in bounce.splitlines())
        forwarded = f"-----Original Message-----\nFrom: {DAEMON}\nSubject: failure notice\n\n{bounce}"
        for subject in QUOTED_SUBJECTS:
            yield f"quoted {name} {subject}", _message(subject, f"See below.\n\n{quoted}"), NOTHING
            yield f"forwarded {name} {subject}", _message(subject, f"What is this?\n\n{forwarded}"), NOTHING
            message = _message(subject, "Attached.")
            message.add_attachment(_message("failure notice", bounce, sender=DAEMON))
            yield f"attached {name} {subject}", message, NOTHING


def _delays():
    for language, text in DELAYS.items():
        for subject in ("Warning: message delayed", "Delivery Status Notification (Delay)"):
            marks = {"Auto-Submitted": "auto-replied"}
            message = _message(subject, f"{text}\n\n  {ANNA}\n", sender=DAEMON, marks=marks)
            yield f"delay {language} {subject}", message, ("delayed",)


def _report(sender, text, kind, fields):
    lines = (
        f"From: {sender}",
        "To: bounce@firm.example",
        "Subject: Delivery Status Notification",
        f'Content-Type: multipart/report; report-type="{kind}"; boundary="b"',
        f"\n--b\nContent-Type: text/plain\n\n{text}",
        f"--b\nContent-Type: message/{kind}\n\n{fields}",
        "--b--\n",
    )
    return message_from_bytes("\n".join(lines).encode(), policy=policy.SMTP)


def _statuses():
    text = "An error occurred: the first attempt could not be delivered, 550 5.1.1 User unknown."
    for action, status in ACTIONS.items():
        for recipient in ("Final-Recipient: rfc822; {}", "Final-Recipient: {}", "Original-Recipient: rfc822;<{}>"):
            for blank in ("", "\n"):
                fields = f"Reporting-MTA: mx\n\n{recipient.format(ANNA)}\n{blank}Action: {action}\nStatus: {status}\n"
                yield f"{action} {recipient} {bool(blank)}", _report(DAEMON, text, "delivery-status", fields), (action,)


def _receipts():
    for disposition, kind in DISPOSITIONS.items():
        for mode in ("manual-action/MDN-sent-manually", "automatic-action/MDN-sent-automatically"):
            fields = f"Final-Recipient: rfc822;{ANNA}\nDisposition: {mode}; {disposition}\n"
            message = _report(f"Anna <{ANNA}>", "Your message was seen.", "disposition-notification", fields)
            yield f"{disposition} {mode}", message, (kind,)


def _calendar():
    for answer in ("Accepted", "Declined", "Tentative"):
        message = _message(f"{answer}: Delivery failure review", "See you.")
        message.add_attachment(f"BEGIN:VCALENDAR\nATTENDEE:mailto:{ANNA}\nEND:VCALENDAR\n", subtype="calendar")
        yield f"calendar {answer}", message, NOTHING
