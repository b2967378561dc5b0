"""Translations: complete in each language, and everybody reads the own language."""

import io
import re
from html import unescape
from pathlib import Path
from unittest.mock import patch

import polib
from lxml import etree

from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools.translate import code_translations, trans_export

import odoo.addons

from .common import DocumentMailCase
from .test_bounces import NO_SUCH, report
from .test_receipts import LINK, TOKEN

FOLDER = Path(__file__).parent.parent / "i18n"
LOCALES = {"fr": "fr_FR", "it": "it_IT"}
# What a translation must have as its source has it: placeholders, expressions and tags ...
FIXED = re.compile(r"%\(\w+\)s|%s|\{\{.*?\}\}|<[^>]*>")
# ... but for the attributes of a tag that people read.
READ_ATTRIBUTES = re.compile(r' (title|aria-label|alt|placeholder)="[^"]*"')


def fixed_parts(text):
    """Return, sorted, what must be the same in a translation."""
    return sorted(READ_ATTRIBUTES.sub(r" \1", part) for part in FIXED.findall(text))


@tagged("post_install", "-at_install")
class TestTerms(TransactionCase):
    """The files have what the code has: ``./dev i18n`` brings them up to date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        buffer = io.BytesIO()
        with patch.object(odoo.addons, "__path__", [str(FOLDER.parent.parent)]):  # else it reads all of Odoo
            trans_export(False, ["sengerio_mail"], buffer, "po", cls.env)
        cls.terms = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        cls.languages = {path.stem: polib.pofile(str(path)) for path in FOLDER.glob("*.po")}

    def test_languages(self):
        self.assertLessEqual(set(LOCALES), set(self.languages))

    def test_terms(self):
        """The template and each language have the terms of the code, no more and no less."""
        self.assertGreater(len(self.terms), 700)
        files = {"template": polib.pofile(str(FOLDER / "sengerio_mail.pot")), **self.languages}
        for language, file in files.items():
            with self.subTest(language):
                ids = [entry.msgid for entry in file]
                self.assertEqual(len(ids), len(set(ids)))
                self.assertEqual(self.terms - set(ids), set(), "missing")
                self.assertEqual(set(ids) - self.terms, set(), "gone")

    def test_translated(self):
        """No term is left empty, doubtful, or with other placeholders and tags than its source."""
        for language, file in self.languages.items():
            with self.subTest(language):
                self.assertEqual([entry.msgid for entry in file if not entry.msgstr.strip() or entry.fuzzy], [])
                wrong = [entry.msgid for entry in file if fixed_parts(entry.msgid) != fixed_parts(entry.msgstr)]
                self.assertEqual(wrong, [])

    def test_sheets(self):
        """The columns and words of the address sheets stay apart, so that a file can be imported in each language."""
        sheets = self.env["sengerio.mail.address.sheets"]
        for language in self.languages:
            locale = LOCALES.get(language, language)
            self.env["res.lang"]._activate_lang(locale)
            for model, columns in sheets.with_context(lang=locale)._columns().items():
                with self.subTest(language, model=model):
                    titles = [column.title.casefold() for column in columns.values()]
                    self.assertEqual(len(titles), len(set(titles)), titles)


# What is read of the addon in each language; numbers and names are filled in.
READ = {
    "fr_FR": {
        "states": ["En attente", "Envoyé", "Distribué", "Ouvert", "Non distribué", "Échec"],
        "late": "Non distribué après 24 heures",
        "date_sent": "Envoyé le",
        "bcc_sender": "Copie cachée pour moi",
        "menu": "Documents générés",
        "add_bcc": "Ajouter une copie cachée",
        "cancelled": "Firm Commande annulée (Réf. %s)",
        "your_order": "Votre commande %s d'un montant de",
        "contact_us": "N'hésitez pas à nous contacter",
        "due_subject": "Firm\N{NO-BREAK SPACE}: factures échues de Azure",
        "due_column": "Échéance",
        "confirm": "Confirmer la réception",
        "told": "Firm saura que vous avez reçu %s, ainsi que",
        "no_consent": "cela ne vaut pas accord de votre part",
        "quotation": "Devis",
        "thanks": "Merci. Firm sait maintenant que vous l'avez bien reçu",
        "returned": "Non distribué",
        "explained": "L'adresse azure@azure.example n'existe pas.",
    },
    "it_IT": {
        "states": ["In coda", "Inviato", "Consegnato", "Aperto", "Non consegnato", "Non riuscito"],
        "late": "Non consegnato dopo 24 ore",
        "date_sent": "Inviato il",
        "bcc_sender": "Copia nascosta a me",
        "menu": "Documenti generati",
        "add_bcc": "Aggiungi una copia nascosta",
        "cancelled": "Firm Ordine annullato (Rif. %s)",
        "your_order": "il vostro ordine %s dell'importo di",
        "contact_us": "Restiamo a disposizione per qualsiasi chiarimento",
        "due_subject": "Firm: fatture in sospeso di Azure",
        "due_column": "Scadenza",
        "confirm": "Conferma ricezione",
        "told": "Firm saprà che avete ricevuto %s, e quando lo avete confermato",
        "no_consent": "la conferma non comporta alcuna accettazione",
        "quotation": "Preventivo",
        "thanks": "Grazie. Firm ora sa che l'avete ricevuto.",
        "returned": "Non consegnato",
        "explained": "L'indirizzo azure@azure.example non esiste.",
    },
}


@tagged("post_install", "-at_install")
class TestRead(HttpCase, DocumentMailCase):
    """The same in French and Italian: what users see, what customers read, what comes back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in READ:
            cls.env["res.lang"]._activate_lang(lang)
        cls.env.ref("base.module_sengerio_mail")._update_translations(list(READ))
        cls.env.invalidate_all()
        cls.registry.clear_all_caches()

    def in_each_language(self):
        """Yield each language with its words, the customer's being that one."""
        for lang, expected in READ.items():
            with self.subTest(lang):
                self.azure.lang = lang
                yield lang, expected

    def words(self, html):
        """Return what a reader sees, with single spaces."""
        return " ".join("".join(etree.HTML(html).itertext()).split())

    def send_template(self, record, name):
        """Send one of the addon's templates from the composer; return what the customer reads."""
        composer = self.compose_free(record, self.azure)
        composer.template_id = self.env.ref(f"sengerio_mail.{name}")
        customer, *_copies = self.send(composer)
        return customer.message["Subject"], self.words(customer.part("html"))

    def test_screens(self):
        """States, lists and the composer are in the user's language."""
        for lang, expected in self.in_each_language():
            documents = self.env["sengerio.mail.document"].with_context(lang=lang)
            states = dict(documents.fields_get(["state"])["state"]["selection"])
            shown = [states[state] for state in ("queued", "sent", "delivered", "opened", "soft_bounce", "failed")]
            self.assertEqual(shown, expected["states"])
            views = documents.get_views([(False, "list"), (False, "search")])
            self.assertIn(f'string="{expected["late"]}"', views["views"]["search"]["arch"])
            fields = views["models"]["sengerio.mail.document"]["fields"]
            self.assertEqual(fields["date_sent"]["string"], expected["date_sent"])
            composer = self.env["mail.compose.message"].with_context(lang=lang)
            fields = composer.get_views([(False, "form")])["models"]["mail.compose.message"]["fields"]
            self.assertEqual(fields["sengerio_bcc_sender"]["string"], expected["bcc_sender"])
            menu = self.env.ref("sengerio_mail.sengerio_mail_menu").with_context(lang=lang)
            self.assertEqual(menu.name, expected["menu"])
            browser = code_translations.get_web_translations("sengerio_mail", lang)["messages"]
            self.assertIn({"id": "Add a blind copy", "string": expected["add_bcc"]}, list(browser))

    def test_cancellation(self):
        """The customer reads it in the own language, though the sender works in English."""
        for _lang, expected in self.in_each_language():
            order = self.make_order()
            order._action_cancel()
            subject, words = self.send_template(order, "mail_template_order_cancellation")
            self.assertEqual(subject, expected["cancelled"] % order.name)
            self.assertIn(expected["your_order"] % order.name, words)
            self.assertIn(expected["contact_us"], words)
            self.assertNotIn("Your order", words)

    def test_due_notice(self):
        """Subject and table are the customer's."""
        template = self.env.ref("sengerio_mail.mail_template_due_notice")
        for _lang, expected in self.in_each_language():
            for field, text in (("subject", expected["due_subject"]), ("body_html", expected["due_column"])):
                rendered = template._render_field(field, self.azure.ids, compute_lang=True)[self.azure.id]
                self.assertIn(text, rendered)
                self.assertNotIn("nvoices", rendered)

    def test_receipt(self):
        """The link in the message, the page it opens, and what a press answers."""
        for _lang, expected in self.in_each_language():
            order = self.make_order()
            with self.policy("quotation", receipt_policy="confirm_link"):
                customer, *_copies = self.send(self.compose(order))
            html = customer.part("html")
            words = self.words(html)
            self.assertIn(expected["confirm"], words)
            self.assertIn(expected["told"] % order.name, words)
            [path] = LINK.findall(html)
            page = self.url_open(unescape(path)).text
            self.assertIn(expected["no_consent"], self.words(page))
            self.assertIn(expected["quotation"], self.words(page))
            page = self.url_open(unescape(path), data={"csrf_token": TOKEN.search(page)[1]}).text
            self.assertIn(expected["thanks"], self.words(page))

    def test_returned(self):
        """What comes back is in the sender's language, whatever the customer's."""
        for lang, expected in self.in_each_language():
            self.azure.lang = "en_US"
            self.assertReturned(lang, expected["returned"], expected["explained"])
            self.azure.lang = lang
            self.assertReturned("en_US", "Not delivered", "The address azure@azure.example does not exist.")

    def assertReturned(self, lang, subject, explained):
        """Assert what a sender reads about a document that came back."""
        self.marc.lang = lang
        order = self.make_order()
        customer, *_copies = self.send(self.compose(order))
        bounce = report([("azure@azure.example", *NO_SUCH)], customer.message)
        self.env["mail.thread"].message_process(False, bounce)
        self.env.invalidate_all()
        self.env["mail.mail"].process_email_queue()
        [mail] = [mail for mail in self.smtp.take() if mail.message["X-Sengerio-Return"]]
        self.assertIn(subject, mail.message["Subject"])
        self.assertIn(explained, self.words(mail.part("html")))
