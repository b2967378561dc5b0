"""Messages that must not be read as failures: what people and programs write every day, in many languages.

Each names the document's message, so that it would be marked if the reader were wrong; so do reports that say of one
address that it failed, of another that it got the message.
"""

from email import message_from_bytes
from email.message import EmailMessage

ANNA, BEN, STRANGER = "anna@customer.example", "ben@customer.example", "stranger@elsewhere.example"
DOCUMENT = "<doc-17@odoo.firm.example>"
RETURNED = f"From: sales@firm.example\nTo: {ANNA}\nSubject: Quotation\nMessage-ID: {DOCUMENT}\n"
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
    {"Auto-Submitted": "auto-generated (vacation)", "In-Reply-To": DOCUMENT},
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
    {"In-Reply-To": DOCUMENT, "References": DOCUMENT},
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
# how servers say that some got the message, above their addresses or around them
REACHED = {
    "delivered": "The message was delivered to:\n<{}>",
    "wrapped": "However, it was delivered to the\nfollowing recipients:\n\n  {}",
    "groupwise": "Transferred:\n\t{}",
    "also": "The message was also sent to:\n{}",
    "recipients": "Recipients of the message:\n<{}>\n<carla@customer.example>",
    "inline": "The message was relayed to: {}",
    "sentence": "Your message was delivered to {}.",
    "reply": "<{}>: 250 2.0.0 Ok",
    "transcript": ">>> RCPT To:<{}>\n<<< 250 2.1.5 Recipient ok",
    "ruled": "   ----- The following addresses had successful delivery notifications -----\n<{}>",
    "late": "   ----- The following addresses had transient non-fatal errors -----\n<{}>",
    "complete": "Delivery to these recipients is complete, but no notification was sent by the server:\n{}",
    "unclear": "Kopie per Verteiler:\n{}",
    "de": "Die Nachricht wurde an folgende Empfänger zugestellt:\n{}",
    "de all": "Empfänger der Nachricht:\n{}\ncarla@customer.example",
    "fr": "Le message a bien été remis à :\n{}",
    "fr all": "Destinataires du message :\n{}\ncarla@customer.example",
    "es": "El mensaje se ha entregado a:\n{}",
    "it": "Il messaggio è stato consegnato a:\n{}",
    "nl": "Het bericht is afgeleverd bij:\n{}",
    "pt": "A mensagem foi entregue a:\n{}",
    "ja": "次の宛先には配信されました:\n{}",
}
# the same words, and yet a failure
NOT_REACHED = {
    "en": "Your message has not been delivered to the following recipients:\n{}",
    "adverb": "It was not successfully delivered to:\n{}",
    "turn": "It was delivered to some, but could not be delivered to the following:\n{}",
    "sent": "The message that was sent to the following\naddresses could not be delivered:\n\n  {}",
    "refused": "It was delivered to:\n<carla@customer.example>\n\n<{}>: 550 5.1.1 unknown",
    "section": "It was delivered to:\n<carla@customer.example>\n\n<{}>:\nSorry, no mailbox here: user unknown",
    "heading": "Transferred:\n  carla@customer.example\n\nCould not be transferred\n  {}",
    "de": "Die Nachricht wurde nicht zugestellt an:\n{}",
    "fr": "Le message n'a pas été remis à :\n{}",
    "es": "El mensaje no ha sido entregado a:\n{}",
    "it": "Il messaggio non è stato consegnato a:\n{}",
    "nl": "Het bericht is niet afgeleverd bij:\n{}",
    "pt": "A mensagem não foi entregue a:\n{}",
    "ja": "次の宛先には配信されませんでした:\n{}",
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


def mixed():
    """Yield ``(name, message, addresses that failed)`` of reports about several recipients, of whom some failed."""
    failure = f"The following addresses had permanent fatal errors:\n<{ANNA}>: 550 5.1.1 unknown"
    for name, words in REACHED.items():
        reached = words.format(BEN)
        yield f"failed, {name}", _in_words(f"{failure}\n\n{reached}"), {ANNA}
        yield f"{name}, failed", _in_words(f"Delivery failed for some.\n\n{reached}\n\n{failure}"), {ANNA}
    for name, words in NOT_REACHED.items():
        yield f"not reached {name}", _in_words(f"Delivery failed.\n\n{words.format(ANNA)}"), {ANNA}
    fields = f"Reporting-MTA: mx\n\nFinal-Recipient: rfc822; {STRANGER}\nAction: failed\nStatus: 5.1.1\n"
    for heading in ("It was delivered to:", "The message was also sent to:", "Recipients of the message:", "Cc-Liste:"):
        text = f"<{STRANGER}>: 550 no such user\n\n{heading}\n<{ANNA}>\n<{BEN}>"
        to_both = RETURNED.replace(ANNA, f"{ANNA}, {BEN}")
        yield f"stranger, {heading}", _report(DAEMON, text, "delivery-status", fields, to_both), set()
        yield f"stranger in words, {heading}", _in_words(f"Delivery failed.\n\n{text}", to_both), set()


def _in_words(text, returned=RETURNED):
    said = f"{text}\n\n------ This is a copy of your message ------\n\n{returned}"
    return _message("Undelivered mail", said, sender=DAEMON)


def _message(subject, text, sender=f"Anna <{ANNA}>", marks=None):
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "Sales <sales@firm.example>"
    message["Subject"] = subject
    message["Message-ID"] = "<x@customer.example>"
    # In-Reply-To would make a conversation of it, which is easier to tell
    for name, value in {"References": DOCUMENT, **(marks or {})}.items():
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
            said = f"{text}\n\n  {ANNA}\n\n------ This is a copy of your message ------\n\n{RETURNED}"
            message = _message(subject, said, sender=DAEMON, marks=marks)
            yield f"delay {language} {subject}", message, ("delayed",)


def _report(sender, text, kind, fields, returned=RETURNED):
    lines = (
        f"From: {sender}",
        "To: bounce@firm.example",
        "Subject: Delivery Status Notification",
        "Message-ID: <report@customer.example>",
        f'Content-Type: multipart/report; report-type="{kind}"; boundary="b"',
        f"\n--b\nContent-Type: text/plain; charset=utf-8\n\n{text}",
        f"--b\nContent-Type: message/{kind}\n\n{fields}",
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}",
        "--b--\n",
    )
    return message_from_bytes("\n".join(lines).encode())


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
            fields = f"Final-Recipient: rfc822;{ANNA}\nOriginal-Message-ID: {DOCUMENT}\n"
            fields += f"Disposition: {mode}; {disposition}\n"
            message = _report(f"Anna <{ANNA}>", "Your message was seen.", "disposition-notification", fields, "")
            yield f"{disposition} {mode}", message, (kind,)


def _calendar():
    for answer in ("Accepted", "Declined", "Tentative"):
        message = _message(f"{answer}: Delivery failure review", "See you.")
        message.add_attachment(f"BEGIN:VCALENDAR\nATTENDEE:mailto:{ANNA}\nEND:VCALENDAR\n", subtype="calendar")
        yield f"calendar {answer}", message, NOTHING
