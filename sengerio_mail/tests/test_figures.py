"""How many documents were sent, delivered and bounced, per month and type: what the pivot table and the graph show."""

from collections import Counter
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from lxml import etree

from odoo.tests import tagged

from odoo.addons.sengerio_mail.models.sengerio_mail_delivery import STATES
from odoo.addons.sengerio_mail.models.sengerio_mail_document_figures import MONTHS
from odoo.addons.sengerio_mail.tools.months import beginnings

from .test_register import RegisterCase

MEASURES = ["sent_count", "delivered_count", "bounced_count"]
MONTH = timedelta(days=31)
JANUARY, FEBRUARY = datetime(2026, 1, 10), datetime(2026, 2, 10)


@tagged("post_install", "-at_install")
class TestFigures(RegisterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quotation = cls.env.ref("sengerio_mail.sengerio_mail_document_type_quotation")

    def figures(self, documents, user, groupby):
        """Return ``{group: (sent, delivered, bounced)}`` as a user sees them of some documents."""
        groups = self.env["sengerio.mail.document"].with_user(user).with_context(tz="UTC").formatted_read_group(
            [("id", "in", documents.ids)], groupby, [f"{name}:sum" for name in MEASURES]
        )  # fmt: skip
        return {
            tuple(str(group[name][0])[:7] if group[name] else "" for name in groupby): tuple(
                group[f"{name}:sum"] for name in MEASURES
            )
            for group in groups
        }

    def test_each_state(self):
        """What was sent stays sent, whatever became of it; what never left counts nowhere; one document as many."""
        expected = {
            "queued": (0, 0, 0), "sent": (1, 0, 0), "delayed": (1, 0, 0), "delivered": (1, 1, 0), "opened": (1, 1, 0),
            "refused": (0, 0, 0), "soft_bounce": (1, 0, 1), "hard_bounce": (1, 0, 1), "complaint": (1, 0, 0),
            "failed": (0, 0, 0), "cancelled": (0, 0, 0),
        }  # fmt: skip
        self.assertEqual(set(expected), {state for state, _word in STATES})
        for state, figures in expected.items():
            document = self.make_document(state=state)
            self.assertEqual(self.figures(document, self.clerk, []), {(): figures}, state)
            [values] = document.with_user(self.clerk).read(MEASURES)
            self.assertEqual(tuple(values[name] for name in MEASURES), figures, state)

    def test_month_and_type(self):
        """Per month and type, of what a user may see; a change of state counts at once."""
        documents = self.env["sengerio.mail.document"].union(
            *(self.make_document(date_sent=JANUARY, state=state) for state in ("sent", "opened", "hard_bounce")),
            *(self.make_document(date_sent=FEBRUARY, state=state) for state in ("delivered", "soft_bounce")),
            self.make_document(date_sent=FEBRUARY, state="delivered", type_id=self.quotation.id),
            self.make_document(date_sent=False, state="queued", type_id=self.quotation.id),
            self.make_document(date_sent=FEBRUARY, state="sent", sender_id=self.stranger.id),
            self.make_document(date_sent=FEBRUARY, company_id=self.second_company.id),
        )
        groupby = ["date_sent:month", "type_id"]
        invoice, quotation = str(self.type.id), str(self.quotation.id)
        january, february = "2026-01", "2026-02"
        expected = {
            (january, invoice): (3, 1, 1), (february, invoice): (3, 1, 1), (february, quotation): (1, 1, 0),
            ("", quotation): (0, 0, 0),
        }  # fmt: skip
        self.assertEqual(self.figures(documents, self.clerk, groupby), expected)
        self.assertEqual(self.figures(documents, self.stranger, groupby), {(february, invoice): (1, 0, 0)})
        documents[0].state = "delivered"
        self.assertEqual(self.figures(documents, self.clerk, groupby)[january, invoice], (3, 2, 1))

    def test_empty(self):
        self.assertEqual(self.figures(self.env["sengerio.mail.document"], self.clerk, []), {(): (0, 0, 0)})

    def test_measures_offered(self):
        """The menu of measures offers these three alone, beside the number of documents: no sum of ids."""
        Document = self.env["sengerio.mail.document"].with_user(self.clerk)
        for mode, active in (("pivot", MEASURES), ("graph", MEASURES[:1])):
            view = Document.get_views([(False, mode), (False, "search")])
            nodes = etree.fromstring(view["views"][mode]["arch"]).findall("field")
            hidden = {node.get("name") for node in nodes if node.get("invisible")}
            offered = {
                name
                for name, field in view["models"][Document._name]["fields"].items()
                if field["type"] in ("integer", "float", "monetary") and field.get("aggregator") and name not in hidden
            }  # as computeReportMeasures of the web client
            self.assertEqual(offered - {"id"}, set(MEASURES), mode)
            self.assertEqual([node.get("name") for node in nodes if node.get("type") == "measure"], active)

    def test_skipped_midnight(self):
        """Where clocks jump over midnight, the month begins with its first moment."""
        in_zone, in_utc = beginnings("America/Asuncion", datetime(2023, 10, 22), 1)
        self.assertEqual(in_zone, [datetime(2023, 10, 1), datetime(2023, 11, 1)])
        self.assertEqual(in_utc, [datetime(2023, 10, 1, 4), datetime(2023, 11, 1, 3)])

    def test_months_of_time_zones(self):
        """A document belongs to the month that a clock of its reader's time zone shows, today's and old ones."""
        today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for zone in ("", "UTC", "Europe/Vienna", "America/Asuncion", "Asia/Kathmandu", "Pacific/Kiritimati", "Europe"):
            clock = ZoneInfo(zone if "/" in zone else "UTC")
            _in_zone, in_utc = beginnings(str(clock), today, MONTHS)
            moments = [
                begins + timedelta(seconds=seconds)
                for begins in (in_utc[0] - MONTH, *in_utc[:2], *in_utc[-9:], in_utc[-1] + MONTH)
                for seconds in (-1, 0)
            ]
            documents = self.make_document(date_sent=False)
            for moment in moments:
                documents += documents[0].copy({"date_sent": moment})
            expected = Counter(
                f"{moment.replace(tzinfo=timezone.utc).astimezone(clock):%Y-%m-01 00:00:00}" for moment in moments
            )
            expected["False"] = 1
            asked = self.env["sengerio.mail.document"].with_user(self.clerk).with_context(tz=zone)
            with self.subTest(zone=zone), nullcontext() if zone != "Europe" else self.assertLogs("odoo", "WARNING"):
                found = asked._read_group([("id", "in", documents.ids)], ["date_sent:month"], ["__count"])
                self.assertEqual({str(month): count for month, count in found}, expected)
                # the pivot table's way: all sums at once
                total, by_month = asked.formatted_read_grouping_sets(
                    [("id", "in", documents.ids)], [[], ["date_sent:month"]], ["__count"]
                )
                self.assertEqual((total[0]["__count"], len(by_month)), (len(documents), len(expected)))
