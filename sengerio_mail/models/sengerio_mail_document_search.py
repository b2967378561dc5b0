from itertools import chain

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..tools import addresses
from .sengerio_mail_document import SEPARATOR

DATE_GROUPS = 1000  # days of some years, when grouped by day
# Deliveries to what is looked for: the documents of fewer are read one by one. For more, PostgreSQL looks through what
# the user sees, until there are enough.
MANY = 80000
MANY_OF_OWN = 15000  # for who sees the own ones alone, which are sooner looked through
LISTED = ("to_addresses", "copy_addresses")
SIMILAR = frozenset({"like", "ilike", "=like", "=ilike"})


class SengerioMailDocumentSearch(models.Model):
    """What is typed into the search of the list, found without a look at each of a million documents.

    What few have is found by an index; for what many have, PostgreSQL looks until there are enough.

    A number or an address is found by its beginning, its end (``00042``, ``@customer.example``), or as a whole.
    """

    _inherit = "sengerio.mail.document"

    is_other = fields.Boolean(
        compute="_compute_is_other", search="_search_is_other", help="Not one of the company's business documents."
    )
    number_search = fields.Char("Number or Part", store=False, search="_search_number", exportable=False)
    address_search = fields.Char("Address or Part", store=False, search="_search_address", exportable=False)

    # with what the rules of access and the sums read, so that a million rows are grouped without reading the table
    _state_idx = models.Index("(state) INCLUDE (company_id, type_id, sender_id, responsible_id, amount_total)")
    _date_sent_idx = models.Index("(date_sent) INCLUDE (company_id, type_id, sender_id, responsible_id, amount_total)")
    # what the filter "Needs Attention" asks, with all that it asks and the rules of access: few of a million
    _attention_idx = models.Index(
        "(id) INCLUDE (state, copy_failed, date_sent, anonymised, company_id, type_id, sender_id, responsible_id)"
        " WHERE copy_failed IS TRUE"
        " OR state IN ('complaint', 'delayed', 'failed', 'hard_bounce', 'refused', 'soft_bounce')"
    )
    _number_idx = models.Index("(lower(reference) text_pattern_ops)")
    _number_end_idx = models.Index("(reverse(lower(reference)) text_pattern_ops)")

    def init(self):
        """Tell PostgreSQL how many groups to expect of dates: grouped by month or day, there are few, so that it adds
        up in each worker instead of sorting all rows."""
        self.env.cr.execute(
            SQL("ALTER TABLE %s ALTER COLUMN date_sent SET (n_distinct = %s)", SQL.identifier(self._table), DATE_GROUPS)
        )

    @api.depends("type_id")
    def _compute_is_other(self):
        other_ids = self.env["sengerio.mail.document.type"]._other_ids()
        for document in self:
            document.is_other = document.type_id.id in other_ids

    @api.model
    @api.readonly
    def web_search_read(self, domain, specification, offset=0, limit=None, order=None, count_limit=None):
        # EXTENDS web: an address is looked for once, where Odoo asks for the page and for the count
        by_address = any(condition.field_expr == "address_search" for condition in Domain(domain).iter_conditions())
        if not by_address or not limit or not count_limit or offset + limit > count_limit:
            return super().web_search_read(domain, specification, offset, limit, order, count_limit)
        domain, order = Domain(domain).optimize_full(self), order or self._order
        through_list = any(condition.field_expr in LISTED for condition in domain.iter_conditions())
        # asked for an order, PostgreSQL would go through the list in that order until there are enough
        found = self._search(domain, limit=count_limit, order=None if through_list else order).get_result_ids()
        if not through_list:
            page = self.browse(found[offset : offset + limit])
        elif len(found) == count_limit:
            page = self.search(domain, offset, limit, order)
        elif order.lower() == "id desc":
            page = self.browse(sorted(found, reverse=True)[offset : offset + limit])
        else:
            page = self.search([("id", "in", found)], offset, limit, order)
        return {"length": len(found) if page else 0, "records": page.web_read(specification)}

    @api.model
    def search_panel_select_multi_range(self, field_name, **kwargs):  # EXTENDS web
        """Of senders, offer who has sent any document, archived users too: asked of the index for each user, where
        Odoo would group all documents each time that the list is opened."""
        if field_name == "sender_id":
            domain = Domain(kwargs.get("comodel_domain") or Domain.TRUE) & self._get_senders_domain()
            kwargs.update(expand=True, comodel_domain=domain)
        return super().search_panel_select_multi_range(field_name, **kwargs)

    @api.model
    def _get_senders_domain(self):
        """Return the condition on users who have sent a document, whoever may see it."""

        def to_sql(model, alias, query):
            return SQL(
                "EXISTS (SELECT FROM sengerio_mail_document WHERE sender_id = %s)",
                SQL.identifier(alias, "id"), to_flush=self._fields["sender_id"],
            )  # fmt: skip

        return Domain("share", "=", False) & Domain("active", "in", [True, False]) & Domain.custom(to_sql=to_sql)

    @api.model
    def _search_is_other(self, operator, value):
        """A rule of access asks this of each row: PostgreSQL compares it with constants, and expects the right number
        of rows."""
        if operator != "in":
            return NotImplemented
        other = Domain("type_id", "in", self.env["sengerio.mail.document.type"]._other_ids())
        return Domain.OR(other if is_other else ~other for is_other in value)

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
        self.env["sengerio.mail.delivery"].flush_model(["document_id", "email"])
        begins, ends, reversed_ends = f"{escape_psql(email)}%", f"%{escape_psql(email)}", f"{escape_psql(email[::-1])}%"
        mailed = {}  # how an index of deliveries is asked: how the addresses listed are
        if local:
            mailed[SQL("email LIKE %s", begins)] = begins, f"%{SEPARATOR}{begins}"
        if not local or not at:
            mailed[SQL("reverse(email) LIKE %s", reversed_ends)] = ends, f"{ends}{SEPARATOR}%"
        mailed = {
            SQL("SELECT document_id FROM sengerio_mail_delivery WHERE %s", condition): patterns
            for condition, patterns in mailed.items()
        }
        sees_all = self.env.su or self.env.user.has_group("sengerio_mail.sengerio_mail_group_all_documents")
        if sum(map(self._estimate, mailed)) > (MANY if sees_all else MANY_OF_OWN):
            used = [patterns for query, patterns in mailed.items() if self.env.execute_query(SQL("%s LIMIT 1", query))]
            return Domain.OR(Domain(name, "=like", pattern) for name in LISTED for pattern in chain(*used))
        document_ids = SQL("ARRAY(%s)", SQL(" UNION ALL ").join(mailed))
        # who sees a document sees its recipients: their rules need not be asked
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL("%s = ANY(%s)", SQL.identifier(alias, "id"), document_ids)
        )

    @api.model
    def _estimate(self, query):
        """Return how many rows PostgreSQL expects of a query, from its statistics.

        Source: https://wiki.postgresql.org/wiki/Count_estimate
        """
        [[[plan]]] = self.env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", query))
        return plan["Plan"]["Plan Rows"]
