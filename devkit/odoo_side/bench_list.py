"""Measure the list of documents in a database that ``./dev bench fill`` made, each beside the plain alternative.

What is measured is what the web client asks for: the fields of the list view, the domains of the search view, the
limited count; as users who are no administrators, with all rules. The plain alternative is the same answer by SQL
written by hand: the same rows, names, addresses and count, with the same rules written into the query. Both in turn,
in one run, each with an environment of its own.
"""

import argparse
import json
import statistics
import time
from ast import literal_eval

from lxml import etree

from odoo import api, fields
from odoo.modules.registry import Registry
from odoo.tools.safe_eval import safe_eval

READER, SELLER = "clerk", "user7"  # sees all documents; sees the own ones
GROUPS, COUNTED, PANEL_LIMIT = 80, 10001, 200  # what the web client asks for
LIST_MS, GROUP_MS = 100, 500
SAMPLES = 5
NUMBER, ADDRESS = "number_search", "address_search"  # fields of the search view
FREQUENT = ("office10", "contactj", "info", "office1", "c", "o")  # 20,000 to a million addresses have one of these
# the filters of the search view that look at more than an index of one column, and the same in SQL
FILTERS = {
    "attention": "((d.copy_failed OR d.state IN ('refused', 'failed', 'soft_bounce', 'hard_bounce', 'complaint'))"
    " AND NOT coalesce(d.anonymised, false) AND EXISTS (SELECT FROM sengerio_mail_delivery m WHERE m.document_id = d.id"
    " AND m.state IN ('hard_bounce', 'soft_bounce', 'refused', 'failed', 'complaint', 'cancelled')"
    " AND m.resent_in_id IS NULL) OR d.state = 'delayed' AND d.date_sent < %(yesterday)s)",
    "late": "(d.state IN ('sent', 'delayed') AND d.date_sent < %(yesterday)s"
    " OR d.state = 'queued' AND d.create_date < %(yesterday)s)",
    "problem": "d.state IN ('refused', 'failed', 'cancelled')",
}
MONTH = "date_trunc('month', timezone('Europe/Vienna', timezone('UTC', date_sent)))"

PAGE = """
    SELECT d.id, d.date_sent, t.name, d.reference, p.complete_name, d.state, d.amount_total, d.currency_id,
           d.copy_failed, c.name, sp.name,
           d.to_addresses, d.copy_addresses
      FROM (SELECT * FROM sengerio_mail_document d WHERE {condition} ORDER BY id DESC LIMIT {limit}) d
      JOIN sengerio_mail_document_type t ON t.id = d.type_id
      LEFT JOIN res_partner p ON p.id = d.partner_id
      LEFT JOIN res_company c ON c.id = d.company_id
      LEFT JOIN res_users u ON u.id = d.sender_id
      LEFT JOIN res_partner sp ON sp.id = u.partner_id
     ORDER BY d.id DESC
"""
COUNT = "SELECT count(*) FROM (SELECT FROM sengerio_mail_document d WHERE {condition} LIMIT 10001) found"
GROUP = """
    SELECT {key}, count(*), sum(amount_total) FROM sengerio_mail_document d WHERE {condition} GROUP BY 1 ORDER BY 1
"""
PANEL = """
    SELECT id, name ->> 'en_US' FROM sengerio_mail_document_type WHERE active
     UNION ALL
    SELECT u.id, p.name
      FROM res_users u
      JOIN res_partner p ON p.id = u.partner_id
     WHERE NOT u.share AND EXISTS (SELECT FROM sengerio_mail_document WHERE sender_id = u.id)
"""
FIGURES = """
    SELECT type_id, {month}, count(*),
           count(*) FILTER (WHERE state NOT IN ('queued', 'refused', 'failed', 'cancelled')),
           count(*) FILTER (WHERE state IN ('delivered', 'opened')),
           count(*) FILTER (WHERE state IN ('soft_bounce', 'hard_bounce'))
      FROM sengerio_mail_document d
     WHERE {condition}
     GROUP BY GROUPING SETS ((), (1), (2), (1, 2))
"""
RULES = {
    READER: "d.company_id = ANY(%(companies)s) AND (d.type_id NOT IN "
    "(SELECT id FROM sengerio_mail_document_type WHERE code = 'other') "
    "OR d.sender_id = %(user)s OR d.responsible_id = %(user)s)",
    SELLER: "d.company_id = ANY(%(companies)s) AND (d.sender_id = %(user)s OR d.responsible_id = %(user)s)",
}


class Question:
    """What a user asks the list, and the same in SQL.

    :param str name: in the report
    :param str login: who asks
    :param domain: of the search view
    :param str condition: the same in SQL, on ``d``
    :param dict values: of that SQL
    :param str groupby: group instead of listing
    :param str key: the same in SQL
    """

    def __init__(self, name, login, domain, condition="true", values=None, groupby=None, key=None):
        self.name = name
        self.login = login
        self.domain = domain
        self.condition = f"{RULES[login]} AND {condition}"
        self.values = values or {}
        self.groupby = groupby
        self.key = key
        self.milliseconds = {"odoo": [], "sql": []}

    def measure(self, how, keep):
        """Ask once, in a transaction of its own.

        :param str how: ``"odoo"`` or ``"sql"``
        :param bool keep: count it
        """
        with Registry(self.database).cursor() as cr:
            env = api.Environment(cr, self.user_id, self.context)
            act = getattr(self, f"ask_{how}")
            start = time.perf_counter()
            self.found = act(env)
            taken = 1000 * (time.perf_counter() - start)
        if keep:
            self.milliseconds[how].append(taken)
        return self.found

    def ask_odoo(self, env):
        """Ask as the web client does.

        :return: how many rows or groups there are
        """
        documents = env["sengerio.mail.document"]
        if self.groupby:
            answer = documents.web_read_group(
                self.domain, [self.groupby], ["amount_total:sum"], limit=GROUPS,
                unfold_read_specification=self.specification, unfold_read_default_limit=self.rows,
            )  # fmt: skip
        else:
            answer = documents.web_search_read(
                self.domain, self.specification, limit=self.rows, order="id DESC", count_limit=COUNTED
            )
        return answer["length"]

    def ask_sql(self, env):
        """Ask by SQL.

        :return: how many rows or groups there are
        """
        values = {**self.values, "user": self.user_id, "companies": self.context["allowed_company_ids"]}
        if self.groupby:
            env.cr.execute(GROUP.format(condition=self.condition, key=self.key), values)
            return len(env.cr.fetchall())
        env.cr.execute(PAGE.format(condition=self.condition, limit=self.rows), values)
        env.cr.fetchall()
        env.cr.execute(COUNT.format(condition=self.condition), values)
        return env.cr.fetchone()[0]

    def set_up(self, env):
        """Say where, as whom and for what to ask."""
        user = env["res.users"].search([("login", "=", self.login)])
        self.database = env.cr.dbname
        self.user_id = user.id
        self.context = {"lang": "en_US", "tz": "Europe/Vienna", "bin_size": True,
                        "allowed_company_ids": user.company_ids.ids}  # fmt: skip
        self.specification, self.rows = list_of(env)

    def limit_ms(self):
        """Return what is allowed, in milliseconds."""
        return GROUP_MS if self.groupby else LIST_MS

    def report(self):
        """Return the figures."""
        odoo, sql = (statistics.median(self.milliseconds[how]) for how in ("odoo", "sql"))
        limit = self.limit_ms()
        return {
            "user": self.login, "found": self.found, "ms_median": round(odoo, 1),
            "ms_max": round(max(self.milliseconds["odoo"]), 1), "sql_ms_median": round(sql, 1),
            "ratio": round(odoo / sql, 2), "limit_ms": limit, "within": odoo <= limit,
        }  # fmt: skip


class Panel(Question):
    """What the search panel beside the list offers; asked at each opening, before anything is searched for."""

    def set_up(self, env):
        """Read from the search view what is asked."""
        super().set_up(env)
        arch = etree.fromstring(env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
        self.sections = [dict(node.attrib) for node in arch.findall("searchpanel/field")]

    def ask_odoo(self, env):
        """Ask as ``search_model.js`` does.

        :return: how many values there are
        """
        documents, count = env["sengerio.mail.document"], 0
        for section in self.sections:
            question = {
                "search_domain": self.domain, "category_domain": [], "filter_domain": [],
                "enable_counters": False, "expand": section.get("expand") == "1",
                "limit": int(section.get("limit", PANEL_LIMIT)),
            }  # fmt: skip
            if section.get("select") == "multi":
                question |= {"comodel_domain": literal_eval(section.get("domain", "[]")), "group_by": False,
                             "group_domain": []}  # fmt: skip
                answer = documents.search_panel_select_multi_range(section["name"], **question)
            else:
                answer = documents.search_panel_select_range(section["name"], hierarchize=True, **question)
            count += len(answer.get("values", ()))
        return count

    def ask_sql(self, env):
        """Ask by SQL; the words of the states need no query."""
        env.cr.execute(PANEL)
        return len(env.cr.fetchall()) + len(env["sengerio.mail.document"]._fields["state"].selection)


class Figures(Question):
    """What the pivot table shows when it is opened: three measures by type and month, with all sums."""

    def ask_odoo(self, env):
        """Ask as ``pivot_model.js`` does.

        :return: how many cells there are
        """
        sets = [[], ["date_sent:month"], ["type_id"], ["type_id", "date_sent:month"]]
        measures = ["__count", "sent_count:sum", "delivered_count:sum", "bounced_count:sum"]
        answer = env["sengerio.mail.document"].formatted_read_grouping_sets(self.domain, sets, measures)
        return sum(len(groups) for groups in answer)

    def ask_sql(self, env):
        """Ask by SQL."""
        values = {**self.values, "user": self.user_id, "companies": self.context["allowed_company_ids"]}
        env.cr.execute(FIGURES.format(condition=self.condition, month=MONTH), values)
        return len(env.cr.fetchall())

    def limit_ms(self):
        """Return what is allowed: all documents are counted."""
        return GROUP_MS


def list_of(env):
    """Return what the web client reads for the list view, and how many rows at a time."""
    documents = env["sengerio.mail.document"]
    view = documents.get_views([(env.ref("sengerio_mail.sengerio_mail_document_view_list").id, "list")])
    arch = etree.fromstring(view["views"]["list"]["arch"])
    specification = {}
    for node in arch.iter("field"):
        relational = documents._fields[node.get("name")].type == "many2one"
        hidden = node.get("column_invisible") == "1"
        specification[node.get("name")] = {"fields": {} if hidden else {"display_name": {}}} if relational else {}
    return specification, int(arch.get("limit"))


def search_domain(env, name, value):
    """Return the domain that the search view makes of a text.

    :param str name: a field of the view
    """
    arch = etree.fromstring(env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
    node = arch.find(f".//field[@name='{name}']")
    if node.get("filter_domain"):
        return safe_eval(node.get("filter_domain"), {"self": value})
    return [(name, node.get("operator", "ilike"), value)]


def filter_domain(env, name):
    """Return the domain of a filter of the search view.

    :param str name: of the filter
    """
    arch = etree.fromstring(env.ref("sengerio_mail.sengerio_mail_document_view_search").arch)
    return literal_eval(arch.find(f".//filter[@name='{name}']").get("domain"))


def questions(env):
    """Return all :class:`Question`, about a document in the middle of the list."""
    env.cr.execute(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM sengerio_mail_document WHERE state = 'sent'"
    )
    document = env["sengerio.mail.document"].browse(env.cr.fetchone()[0])
    seller = env["res.users"].search([("login", "=", SELLER)])
    partner = document.partner_id.commercial_partner_id
    family = env["res.partner"].search([("id", "child_of", partner.id)]).ids
    whole = document.delivery_ids.filtered(lambda delivery: delivery.header == "to")[0].email
    begins, ends = whole[: whole.index("@") + 4], whole[whole.index("@") :]
    by_address = "d.id IN (SELECT document_id FROM sengerio_mail_delivery WHERE {})"
    number = "(lower(d.reference) LIKE %(begins)s OR reverse(lower(d.reference)) LIKE %(ends)s)"
    yesterday = fields.Datetime.subtract(fields.Datetime.now(), days=1)
    for login in (READER, SELLER):
        yield Question("first page", login, [])
        yield Panel("search panel", login, [])
        for what, text in (("number", document.reference), ("end of a number", document.reference[-5:])):
            values = {"begins": text.lower() + "%", "ends": text.lower()[::-1] + "%"}
            yield Question(what, login, search_domain(env, NUMBER, text), number, values)
        yield Question("whole address", login, search_domain(env, ADDRESS, whole),
                       by_address.format("email = %(whole)s"), {"whole": whole})  # fmt: skip
        yield Question("own address", login, search_domain(env, ADDRESS, seller.email),
                       by_address.format("email = %(whole)s"), {"whole": seller.email})  # fmt: skip
        yield Question("beginning of an address", login, search_domain(env, ADDRESS, begins),
                       by_address.format("email LIKE %(begins)s"), {"begins": begins + "%"})  # fmt: skip
        for text in FREQUENT:
            yield Question(f"beginning {text}", login, search_domain(env, ADDRESS, text),
                           by_address.format("email LIKE %(begins)s"), {"begins": f"{text}%"})  # fmt: skip
        yield Question("domain of an address", login, search_domain(env, ADDRESS, ends),
                       by_address.format("reverse(email) LIKE %(ends)s"), {"ends": ends[::-1] + "%"})  # fmt: skip
        yield Question("partner", login, [("partner_id", "child_of", partner.id)], "d.partner_id = ANY(%(family)s)",
                       {"family": family})  # fmt: skip
        yield Question("not sent", login, ["|", ("copy_failed", "=", True), ("state", "in", ("refused", "failed"))],
                       "(d.copy_failed OR d.state IN ('refused', 'failed'))")  # fmt: skip
        for name, condition in FILTERS.items():
            yield Question(f"filter {name}", login, filter_domain(env, name), condition, {"yesterday": yesterday})
        yield Question("by state", login, [], groupby="state", key="state")
        yield Question("by month", login, [], groupby="date_sent:month", key=MONTH)
        yield Figures("figures", login, [])


def main(env, args):
    """Measure and print.

    :param env: environment of the filled database
    :param list args: ``[--json]``
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    options = parser.parse_args(args)
    asked = list(questions(env))
    for question in asked:
        question.set_up(env)
    env.cr.commit()
    for sample in range(options.samples + 1):
        for question in asked:
            for how in ("odoo", "sql") if sample % 2 else ("sql", "odoo"):
                question.measure(how, keep=sample > 0)
    count, deliveries = (env[f"sengerio.mail.{name}"].search_count([]) for name in ("document", "delivery"))
    figures = {f"{question.name}, {question.login}": question.report() for question in asked}
    if options.json:
        print(json.dumps({"documents": count, "deliveries": deliveries, "questions": figures}, indent=1))
        return
    print(f"{count} documents, {deliveries} deliveries")
    print(f"{'':34} {'found':>7} {'ms':>8} {'max':>8} {'SQL ms':>8} {'ratio':>6}")
    for name, row in figures.items():
        columns = f"{row['found']:>7} {row['ms_median']:>8} {row['ms_max']:>8} {row['sql_ms_median']:>8}"
        late = "" if row["within"] else f"  above {row['limit_ms']} ms"
        print(f"{name:34} {columns} {row['ratio']:>6}{late}")
