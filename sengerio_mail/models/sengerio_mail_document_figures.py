from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import states
from ..tools.months import beginnings

# what is counted, and the states of a document that count for it
FIGURES = {"sent_count": states.LEFT, "delivered_count": states.ARRIVED, "bounced_count": states.BOUNCED}
# of the last so many months the beginnings are given to the database; of older ones it finds them for each date
MONTHS = 60


def _array(moments):
    """Return an array as PostgreSQL reads it; Odoo asks that it can be hashed."""
    return f"{{{','.join(map(str, moments))}}}"


class SengerioMailDocumentFigures(models.Model):
    """How many documents left, arrived and came back: the measures of the pivot table and of the graph.

    A document stands in one state alone, but counts for all that happened to it before: what bounced was sent.
    """

    _inherit = "sengerio.mail.document"

    sent_count = fields.Integer(
        "Sent", compute="_compute_figures", aggregator="sum", exportable=False,
        help="Left, whatever became of it later.",
    )  # fmt: skip
    delivered_count = fields.Integer(
        "Delivered", compute="_compute_figures", aggregator="sum", exportable=False,
        help="A mail server or the reader confirmed that it arrived. Not every server does.",
    )  # fmt: skip
    bounced_count = fields.Integer(
        "Bounced", compute="_compute_figures", aggregator="sum", exportable=False,
        help="Came back. What was reported as spam did arrive: it is not counted here.",
    )  # fmt: skip

    @api.depends("state")
    def _compute_figures(self):
        for document in self:
            for name, counted in FIGURES.items():
                document[name] = int(document.state in counted)

    def _read_group_select(self, aggregate_spec, query):
        """The database counts by the state, which whoever asks must be allowed to read."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in FIGURES or function != "sum":
            return super()._read_group_select(aggregate_spec, query)
        state = self._field_to_sql(self._table, "state", query)
        return SQL("COUNT(*) FILTER (WHERE %s IN %s)", state, tuple(sorted(FIGURES[name])))

    def _read_group_groupby(self, alias, groupby_spec, query):
        """The month of a date by a table of their beginnings: to bring each date into a time zone takes far longer."""
        month = super()._read_group_groupby(alias, groupby_spec, query)
        if groupby_spec != "date_sent:month":
            return month
        in_zone, in_utc = beginnings(self.env.context.get("tz") or "UTC", fields.Date.today(), MONTHS)
        if not in_utc:
            return month
        return SQL(
            """
            CASE WHEN %(date)s >= %(first)s AND %(date)s < %(last)s
                 THEN (%(in_zone)s::timestamp[])[width_bucket(%(date)s, %(in_utc)s::timestamp[])]
                 ELSE %(month)s
             END
            """,
            date=self._field_to_sql(alias, "date_sent", query),
            first=in_utc[0],
            last=in_utc[-1],
            in_zone=_array(in_zone),
            in_utc=_array(in_utc),
            month=month,
        )
