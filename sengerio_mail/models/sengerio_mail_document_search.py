from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..tools import addresses

DATE_GROUPS = 1000  # days of some years, when grouped by day
SIMILAR = frozenset({"like", "ilike", "=like", "=ilike"})


class SengerioMailDocumentSearch(models.Model):
    """What is typed into the search of the list, found by an index: a million documents need no look at every row.

    A number or an address is found by its beginning, its end (``00042``, ``@customer.example``), or as a whole.
    """

    _inherit = "sengerio.mail.document"

    number_search = fields.Char("Number or Part", store=False, search="_search_number", exportable=False)
    address_search = fields.Char("Address or Part", store=False, search="_search_address", exportable=False)

    _number_idx = models.Index("(lower(reference) text_pattern_ops)")
    _number_end_idx = models.Index("(reverse(lower(reference)) text_pattern_ops)")

    def init(self):
        """Tell PostgreSQL how many groups to expect of dates: grouped by month or day, there are few, so that it adds
        up in each worker instead of sorting all rows."""
        self.env.cr.execute(
            SQL("ALTER TABLE %s ALTER COLUMN date_sent SET (n_distinct = %s)", SQL.identifier(self._table), DATE_GROUPS)
        )

    @api.model
    def _search_number(self, operator, value):
        if operator == "in":
            return [("reference", "in", value)]
        if operator not in SIMILAR or not value:
            return NotImplemented
        text = value.strip()
        begins, ends = f"{escape_psql(text)}%", f"{escape_psql(text[::-1])}%"

        def to_sql(model, alias, query):
            number = SQL("lower(%s)", model._field_to_sql(alias, "reference", query))
            return SQL("(%s LIKE lower(%s) OR reverse(%s) LIKE lower(%s))", number, begins, number, ends)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _search_address(self, operator, value):
        if operator == "in":
            return [("delivery_ids.email", "in", [(email or "").strip().lower() for email in value])]
        if operator not in SIMILAR or not value:
            return NotImplemented
        found = addresses.tolerant(value)
        email = found[0].email if found else value.strip().lower()
        local, at, _domain = email.partition("@")
        conditions = []
        if local:
            conditions.append(SQL("email LIKE %s", f"{escape_psql(email)}%"))
        if not local or not at:
            conditions.append(SQL("reverse(email) LIKE %s", f"{escape_psql(email[::-1])}%"))
        # who sees a document sees its recipients: their rules need not be asked
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT document_id FROM sengerio_mail_delivery WHERE %s)",
                SQL.identifier(alias, "id"), SQL(" OR ").join(conditions),
            )
        )  # fmt: skip
