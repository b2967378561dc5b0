"""Fixtures of the tests that open views: what they show, and how each is opened."""

import json

from odoo import fields

from .common_browser import BrowserCase

DOCUMENTS = 200
INVOICES = 5  # of each of two kinds of customers
START = "/odoo/action-sengerio_mail.sengerio_mail_document_action"
# What must be seen before a view counts as open.
READY = {
    "list": ".o_list_view .o_data_row",
    "form": ".o_form_view .o_form_sheet",
    "kanban": ".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)",
    "pivot": ".o_pivot_view table td",
    "graph": ".o_graph_view canvas",
    "calendar": ".o_calendar_view .fc-view",
    "activity": ".o_activity_view",
}
ROW = ":is(.o_data_row, .o_kanban_record:not(.o_kanban_ghost))"  # of a list in a form; a card on a narrow screen


class ViewsCase(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.azure.sengerio_address_ids = [
            (0, 0, {"role": role, "email": f"{role}{number}@azure.example"})
            for role in ("commercial", "management", "accounting")
            for number in range(3)
        ]
        cls.env["sengerio.mail.copy"].create({"partner_id": cls.azure.id, "copy_partner_id": cls.anna.partner_id.id})
        cls.orders = cls.env["sale.order"].create([{"partner_id": cls.azure.id, "user_id": cls.marc.id}] * 20)
        cls.purchase = cls.make_purchase(cls)
        cls.documents = cls.env["sengerio.mail.document"].create(
            [cls._document_values(number) for number in range(DOCUMENTS)]
        )
        cls.moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2026-01-15",
                    "invoice_date_due": "2026-01-15", "invoice_user_id": cls.marc.id,
                    "invoice_line_ids": [(0, 0, {"name": "Chair", "price_unit": 100, "tax_ids": []})],
                }
                for number in range(INVOICES)
                for partner in (cls.azure, cls.john.copy({"parent_id": False, "name": f"Customer {number}"}))
            ]
        )  # fmt: skip
        cls.moves.action_post()
        admin = cls.env.ref("base.user_admin")  # everybody sees the own ones alone
        cls.env["sengerio.mail.export"].with_user(admin).create({"state": "done"})
        cls.env["sengerio.mail.import"].with_user(admin).create({"state": "done", "file": "eA==", "filename": "x.csv"})

    @classmethod
    def _document_values(cls, number):
        """Return the values of a document that Marc sent to three people."""
        order = cls.orders[number % len(cls.orders)]
        state = ("sent", "refused", "queued", "failed")[number % 4]
        people = [("to", "azure@azure.example"), ("cc", "anna@firm.example"), ("bcc", "marc@firm.example")]
        return {
            "type_id": cls.env.ref("sengerio_mail.sengerio_mail_document_type_quotation").id,
            "res_model": order._name, "res_id": order.id, "reference": order.name, "subject": f"Quotation {order.name}",
            "partner_id": cls.azure.id, "company_id": cls.company.id, "sender_id": cls.marc.id, "state": state,
            "responsible_id": cls.marc.id, "amount_total": number, "currency_id": cls.company.currency_id.id,
            "date_sent": fields.Datetime.subtract(fields.Datetime.now(), days=number),
            "delivery_ids": [
                (0, 0, {"header": header, "email": email, "state": state, "reason": "follower"})
                for header, email in people
            ],
        }  # fmt: skip

    def _in_client(self, user, function, *arguments):
        """Run a function of ``static/tests`` in the web client of a user.

        :param str function: a property of ``odoo``
        :param arguments: of it, as JSON
        """
        self.env.flush_all()
        self.browser_js(
            START, f"odoo.{function}({', '.join(map(json.dumps, arguments))})",
            f"odoo.isReady && !!odoo.{function} && document.querySelector('.o_action_manager > *') !== null",
            login=user.login, timeout=180,
        )  # fmt: skip

    def _views_of(self, action):
        """Return what :js:func:`odoo.sengerioOpenViews` takes for each view of an action."""
        record = self.env[action.res_model].search([], limit=1)
        for mode in action.view_mode.split(","):
            form = mode == "form"
            yield {
                "title": f"{action.name}, {mode}",
                "action": action.id,
                "options": {"viewType": mode, "props": {"resId": record.id} if form else {}},
                "ready": READY[mode],
            }

    def _form(self, record, ready):
        """Return the same for a record's form with something of ours in it."""
        action = {
            "type": "ir.actions.act_window", "res_model": record._name, "res_id": record.id, "views": [[False, "form"]],
        }  # fmt: skip
        return {"title": f"form of {record._name}", "action": action, "options": {}, "ready": ready}

    def _actions(self, user):
        """Return the addon's window actions on lists that a user may open."""
        domain = [("module", "=", "sengerio_mail"), ("model", "=", "ir.actions.act_window")]
        found = self.env["ir.model.data"].search(domain)
        actions = self.env["ir.actions.act_window"].browse(found.mapped("res_id"))
        return actions.filtered(
            lambda action: action.target != "new"
            and not self.env[action.res_model]._transient
            and self.env[action.res_model].with_user(user).has_access("read")
            and (not action.group_ids or action.group_ids & user.all_group_ids)
        )

    def _dialog(self, title, action, ready):
        """Return the same for a dialog; whoever opens it waits for what is computed in it."""
        action = {key: value for key, value in action.items() if value}
        action.setdefault("views", [[False, "form"]])
        return {"title": title, "action": action, "options": {}, "ready": f".modal {ready}"}

    def _dialogs(self, admin):
        """Return the same for each of the addon's dialogs, and for Odoo's that have something of ours in them."""
        admin.group_ids += self.env.ref("account.group_account_manager") + self.env.ref("base.group_allow_export")
        orders, moves, azure = (records.with_user(admin) for records in (self.orders, self.moves, self.azure))
        refused = self.documents.filtered(lambda document: document.state == "refused").with_user(admin)
        tags, rows = ".o_sengerio_row[data-header='to'] .o_sengerio_tag", f"[name='line_ids'] {ROW}"
        views = [
            self._dialog("composer", orders[0].action_quotation_send(), tags),
            self._dialog("several orders", orders.action_quotation_send(), ".o_sengerio_summary tbody tr"),
            self._dialog("invoice", moves[0].action_send_and_print(), tags),
            self._dialog("batch of invoices", moves.action_send_and_print(), ".o_sengerio_lines tbody tr"),
            self._dialog("correct one", refused[0].action_resend(), rows),
            self._dialog("correct several", refused[:INVOICES].action_resend(), rows),
            self._dialog("due notices", moves.action_sengerio_due_notice(), rows),
            self._dialog("who gets what", azure.action_sengerio_matrix(), "table[name='sengerio_matrix'] td"),
        ]
        for name in ("export_action", "export_action_addresses", "import_action"):
            views.append(
                {
                    "title": name, "action": f"sengerio_mail.sengerio_mail_{name}", "options": {},
                    "ready": ".modal .o_form_view footer, .modal footer button",
                }
            )  # fmt: skip
        return views
