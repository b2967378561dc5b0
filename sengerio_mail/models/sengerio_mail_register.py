import json
from collections import defaultdict
from functools import partial
from operator import itemgetter

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import spreadsheet, states
from ..tools.ahead import ahead
from ..tools.spreadsheet import Column

BATCH = 2000  # documents read at a time
DELIVERY_COLUMNS = (
    "document_id", "header", "email", "name", "role", "reason", "state", "status_code", "diagnostic", "smtp_reply"
)  # fmt: skip


class Totals:
    """Numbers of documents and sums of their amounts by type and currency; exact, in the smallest unit."""

    def __init__(self, currencies):
        self._currencies = currencies
        self._counts, self._sums = defaultdict(int), defaultdict(int)

    def add(self, type_id, amount, currency):
        """Count one document.

        :param currency: :class:`~..tools.spreadsheet.Currency`, or ``None`` for one without amount
        """
        key = type_id, currency
        self._counts[key] += 1
        if currency:
            self._sums[key] += round(amount * 10**currency.decimals)

    def by_currency(self):
        """Return ``[(amount, Currency)]``."""
        sums = defaultdict(int)
        for (_type_id, currency), units in self._sums.items():
            sums[currency] += units
        return [
            (units / 10**currency.decimals, currency)
            for currency, units in sorted(sums.items(), key=lambda item: item[0].code)
        ]

    def by_type(self, words):
        """Return ``[[type in words, number, (amount, Currency) or ""]]`` in the order of the types.

        :param dict words: of types by id
        """
        order = {type_id: rank for rank, type_id in enumerate(words)}
        keys = sorted(self._counts, key=lambda key: (order[key[0]], key[1].code if key[1] else ""))
        return [
            [
                words[type_id],
                self._counts[type_id, currency],
                (self._sums[type_id, currency] / 10**currency.decimals, currency) if currency else "",
            ]
            for type_id, currency in keys
        ]


class SengerioMailRegister(models.AbstractModel):
    """Writes the list of generated documents as a workbook, with what the current user may see of it."""

    _name = "sengerio.mail.register"
    _description = "Register of Generated Documents"

    @api.model
    def _document_columns(self):
        """Return ``{key: Column}`` of the sheet of documents."""
        _ = self.env._
        return {
            "date": Column(_("Sent On"), "datetime", 18),
            "type": Column(_("Type"), width=20),
            "reference": Column(_("Number"), width=18),
            "partner": Column(_("Partner"), width=30),
            "vat": Column(_("Tax ID"), width=16),
            "subject": Column(_("Subject"), width=36),
            "to": Column(_("Recipients"), width=36),
            "copies": Column(_("Copies"), width=30),
            "sender": Column(_("Sender"), width=20),
            "responsible": Column(_("Responsible"), width=20),
            "company": Column(_("Company"), width=20),
            "amount": Column(_("Total"), "money", 16),
            "currency": Column(_("Currency"), width=10),
            "state": Column(_("State"), width=16),
            "failure": Column(_("Reason of Failure"), width=40),
            "link": Column(_("Odoo"), "link", 10),
        }

    @api.model
    def _delivery_columns(self):
        """Return the columns of the sheet of deliveries."""
        _ = self.env._
        return [
            Column(_("Sent On"), "datetime", 18), Column(_("Type"), width=20), Column(_("Number"), width=18),
            Column(_("Partner"), width=30), Column(_("As"), width=18), Column(_("E-mail"), width=32),
            Column(_("Name"), width=24), Column(_("Role"), width=14), Column(_("Why"), width=30),
            Column(_("State"), width=16), Column(_("Status Code"), width=12), Column(_("Reason of Failure"), width=40),
            Column(_("Odoo"), "link", 10),
        ]  # fmt: skip

    @api.model
    def _write_workbook(
        self, file, domain, facts, *, after_id=0, limit=None, columns=None, deliveries=True, progress=None
    ):
        """Write the documents of a domain, in the order in which they were made.

        :param file: path or binary file
        :param domain: on ``sengerio.mail.document``
        :param list facts: ``(label, text or datetime)`` for the first page
        :param int after_id: go on after this document
        :param int limit: at most so many documents
        :param list columns: keys of :meth:`_document_columns`; all by default
        :param bool deliveries: also the sheet of deliveries
        :param progress: called with the number of documents written, after each batch; must not use the environment's
            cursor
        :return: ``(number of documents, id of the last one)``
        """
        _ = self.env._
        titles = self._document_columns()
        columns = columns or list(titles)
        pick = itemgetter(*(list(titles).index(key) for key in columns))
        words = self._words()
        totals = Totals(words["currency"])
        written = 0
        with spreadsheet.Workbook(file) as book:
            cover = book.add_sheet(_("About"))
            documents_table = book.add_table(_("Documents"), [titles[key] for key in columns], _("Open"))
            deliveries_table = book.add_table(_("Deliveries"), self._delivery_columns(), _("Open"))
            # the database reads the next batch while this one is written: nothing below may ask it
            with_failures = words if "failure" in columns else None
            for batch, failures, of_document in ahead(self._read(domain, after_id, limit, deliveries, with_failures)):
                for row in batch:
                    values = self._document_values(row, failures.get(row[0]), words)
                    documents_table.add(pick(values))
                    totals.add(row[2], row[12] or 0.0, words["currency"].get(row[13]))
                    for delivery in of_document.get(row[0], ()):
                        deliveries_table.add(self._delivery_values(values, delivery, words))
                after_id = batch[-1][0]
                written += len(batch)
                if progress:
                    progress(written)
            sums = [(_("Total %s", currency.code), amount, currency) for amount, currency in totals.by_currency()]
            documents_table.close(sums if "amount" in columns else ())
            deliveries_table.close()
            table = [[_("Type"), _("Documents"), _("Total")], *totals.by_type(words["type"])]
            table += [[label, "", (amount, currency)] for label, amount, currency in sums]
            facts = [*facts, (_("Documents"), str(written))]
            spreadsheet.write_cover(book, cover, _("Register of Generated Documents"), facts, table)
        return written, after_id

    @api.model
    def _words(self):
        """Return what stands for types, companies, selections, … in the user's language."""
        Document, Delivery = self.env["sengerio.mail.document"], self.env["sengerio.mail.delivery"]
        # names of what a document refers to are shown with it, as in the list
        types_sudo = self.env["sengerio.mail.document.type"].sudo().with_context(active_test=False).search([])
        companies_sudo = self.env["res.company"].sudo().with_context(active_test=False).search([])
        currencies_sudo = self.env["res.currency"].sudo().with_context(active_test=False).search([])
        return {
            "type": {document_type.id: document_type.name for document_type in types_sudo},
            "company": {company.id: company.name for company in companies_sudo},
            "currency": {
                currency.id: spreadsheet.Currency(
                    currency.name, currency.symbol or "", currency.position == "before", currency.decimal_places
                )
                for currency in currencies_sudo
            },
            "state": dict(Document._fields["state"]._description_selection(self.env)),
            "header": dict(Delivery._fields["header"]._description_selection(self.env)),
            "role": dict(Delivery._fields["role"]._description_selection(self.env)),
            "url": f"{self.get_base_url()}/odoo/sengerio.mail.document/",
        }

    @api.model
    def _read(self, domain, after_id, limit, deliveries, words):
        """Read documents and their deliveries, some at a time.

        :param words: of :meth:`_words` for the failures; without them, the failures are not read
        :return: iterator of ``(rows, failures, deliveries by document)``, see :meth:`_read_batch`, :meth:`_failures`
            and :meth:`_deliveries`
        """
        for batch in self._batches(domain, after_id, limit):
            ids = [row[0] for row in batch]
            yield batch, self._failures(ids, words) if words else {}, self._deliveries(ids) if deliveries else {}

    @api.model
    def _batches(self, domain, after_id, limit):
        """Read documents that the user may see, some at a time; in memory there is one batch.

        :return: iterator of lists of rows, see :meth:`_read_batch`
        """
        for model in ("sengerio.mail.document", "sengerio.mail.delivery", "res.partner", "res.users"):
            self.env[model].flush_model()
        left = limit or float("inf")
        while left > 0:
            size = int(min(BATCH, left))
            rows = self._read_batch(Domain(domain) & Domain("id", ">", after_id), size)
            if rows:
                yield rows
                after_id = rows[-1][0]
            if len(rows) < size:
                return
            left -= size

    @api.model
    def _read_batch(self, domain, limit):
        """Return rows of ``id, date, type, reference, partner, VAT, subject, addresses in To, of copies, sender,
        responsible, company, amount, currency, state``, in the order of ids; the date in the user's time zone.

        The names of a document's partner and people are shown whoever sees the document, as in the list; a VAT
        number to those alone who may see the partner.
        """
        query = self.env["sengerio.mail.document"]._search(domain, order="id", limit=limit)
        own = query.table
        partner = query.left_join(own, "partner_id", "res_partner", "id", "partner_id")
        sender, responsible = (
            query.left_join(
                query.left_join(own, name, "res_users", "id", name), "partner_id", "res_partner", "id", "partner_id"
            )
            for name in ("sender_id", "responsible_id")
        )
        readable = self.env["res.partner"].with_context(active_test=False)._search([])
        query.add_join(
            "LEFT JOIN", "readable",
            readable.subselect(*(SQL.identifier(readable.table, name) for name in ("id", "vat"))),
            SQL("readable.id = %s", SQL.identifier(own, "partner_id")),
        )  # fmt: skip
        return self.env.execute_query(
            query.select(
                SQL.identifier(own, "id"),
                SQL("%s AT TIME ZONE 'UTC' AT TIME ZONE %s", SQL.identifier(own, "date_sent"), str(self.env.tz)),
                SQL.identifier(own, "type_id"),
                SQL.identifier(own, "reference"),
                SQL.identifier(partner, "complete_name"),
                SQL("readable.vat"),
                SQL.identifier(own, "subject"),
                SQL.identifier(own, "to_addresses"),
                SQL.identifier(own, "copy_addresses"),
                SQL.identifier(sender, "name"),
                SQL.identifier(responsible, "name"),
                SQL.identifier(own, "company_id"),
                SQL.identifier(own, "amount_total"),
                SQL.identifier(own, "currency_id"),
                SQL.identifier(own, "state"),
            )
        )

    @api.model
    def _delivery_query(self, document_ids, order=None):
        """Return the query of the documents' deliveries that the user may see."""
        query = self.env["sengerio.mail.delivery"]._search([("document_id", "in", document_ids)], order=order)
        # the rules of access join the documents: without this, all of them for each batch
        document = query.left_join(query.table, "document_id", "sengerio_mail_document", "id", "document_id")
        query.add_where(SQL("%s IN %s", SQL.identifier(document, "id"), tuple(document_ids)))
        return query

    @api.model
    def _failures(self, document_ids, words):
        """Return ``{document id: who did not get it and why}``.

        Worked out by the database: of each document there may be many.
        """
        query = self._delivery_query(document_ids)
        column = partial(SQL.identifier, query.table)
        query.add_where(SQL("%s IN %s", column("state"), tuple(states.FAILED)))
        query.groupby = column("document_id")
        failure = SQL(
            "%s || ': ' || COALESCE(NULLIF(%s, ''), NULLIF(%s, ''), %s::jsonb ->> %s)",
            column("email"), column("diagnostic"), column("smtp_reply"), json.dumps(words["state"]), column("state"),
        )  # fmt: skip
        joined = SQL("string_agg(%s, %s ORDER BY %s)", failure, "\n", column("id"))
        return dict(self.env.execute_query(query.select(column("document_id"), joined)))

    @api.model
    def _deliveries(self, document_ids):
        """Return ``{document id: [rows of DELIVERY_COLUMNS]}`` with what the user may see."""
        query = self._delivery_query(document_ids, order="id")
        deliveries = defaultdict(list)
        columns = (SQL.identifier(query.table, name) for name in DELIVERY_COLUMNS)
        for row in self.env.execute_query(query.select(*columns)):
            deliveries[row[0]].append(row)
        return deliveries

    @api.model
    def _document_values(self, row, failure, words):
        """Return the values of :meth:`_document_columns`.

        :param tuple row: of :meth:`_read_batch`
        :param failure: of :meth:`_failures`
        """
        (document_id, date, type_id, reference, partner, vat, subject, to, copies, sender, responsible, company_id,
         amount, currency_id, state) = row  # fmt: skip
        currency = words["currency"].get(currency_id)
        return (
            date, words["type"][type_id], reference, partner, vat, subject, to, copies, sender, responsible,
            words["company"].get(company_id), (amount or 0.0, currency) if currency else None,
            currency and currency.code, words["state"].get(state, state), failure, f"{words['url']}{document_id}",
        )  # fmt: skip

    @api.model
    def _delivery_values(self, document, delivery, words):
        """Return the values of :meth:`_delivery_columns`.

        :param tuple document: of :meth:`_document_values`
        :param tuple delivery: of :meth:`_deliveries`
        """
        _id, header, email, name, role, reason, state, status_code, diagnostic, smtp_reply = delivery
        return (
            *document[:4], words["header"].get(header, header), email, name, words["role"].get(role), reason,
            words["state"].get(state, state), status_code,
            diagnostic or smtp_reply if state in states.FAILED else None, document[-1],
        )  # fmt: skip
