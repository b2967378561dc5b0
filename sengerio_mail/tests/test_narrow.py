"""Every view of the addon on a screen 400 pixels wide: what is ours can be read there, without moving it sideways."""

from odoo import Command

from .common_views import READY, ROW, ViewsCase

LONG = "the.buying.department.for.chairs.and.tables@purchasing.azure-interior-international.example"
TAB = ".nav-link[name='sengerio_mail']"
OWN_TAB = ".tab-pane.active"


class TestNarrow(ViewsCase):
    browser_size = "400x800"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.azure.name = "Azure Interior International Furniture Trading Company"
        role_address = cls.azure.sengerio_address_ids[0]
        role_address.email = LONG
        cls.env["sengerio.mail.address"].create(
            [{"partner_id": cls.marc.partner_id.id, "role": "commercial", "email": LONG.replace("azure", "firm")}]
        )
        cls.env["sengerio.mail.copy"].create(
            [
                {"partner_id": cls.azure.id, "header": "bcc", "mandatory": True,
                 "email": LONG.replace("the.", "an.archive.of.")},
                {"partner_id": cls.marc.partner_id.id, "direction": "sent_by", "header": "cc",
                 "copy_partner_id": cls.anna.partner_id.id},
            ]
        )  # fmt: skip
        for document in cls.documents[:2]:
            document.delivery_ids[0].write(
                {"email": LONG, "state": "hard_bounce", "status_code": "5.1.1",
                 "reason": f"commercial address of {cls.azure.name}"}
            )  # fmt: skip
            document._follow(document.delivery_ids[0], cls.env["ir.attachment"])

    def read_all(self, *views):
        """Open views as an administrator and look whether they can be read."""
        self._in_client(self.admin, "sengerioReadNarrow", views)

    def own_form(self, record, **view):
        """Return a view of a record's form, see :meth:`_form`."""
        return {**self._form(record, READY["form"]), **view}

    def test_lists(self):
        """Each list and form; where Odoo shows cards instead of rows on a narrow screen, the cards."""
        found = []
        for action in self._actions(self.admin):
            views = {view["options"]["viewType"]: view for view in self._views_of(action)}
            found += [views.get("kanban", views["list"]), *([views["form"]] if "form" in views else [])]
        self.assertGreater(len(found), 8)
        self.read_all(*[{**view, "own": ".o_content"} for view in found])

    def test_document(self):
        """A document that came back, each of its tabs."""
        document = self.documents[0]
        tabs = ("recipients", "attachments")
        self.read_all(
            *[
                self.own_form(document, title=tab, clicks=[f".nav-link[name='{tab}']"], own=".o_form_sheet")
                for tab in tabs
            ]
        )

    def test_tabs(self):
        """The tab of a partner, of a user, and of one's own preferences."""
        ready = f"{OWN_TAB} .o_field_widget[name='sengerio_address_ids'] {ROW}"
        form = self.env.ref("base.view_users_form_simple_modif")
        preferences = {
            "type": "ir.actions.act_window", "res_model": "res.users", "res_id": self.admin.id,
            "views": [[form.id, "form"]], "target": "new",
        }  # fmt: skip
        self.add_address(self.admin.partner_id, "commercial", LONG)
        self.read_all(
            {**self._form(self.azure, ready), "clicks": [TAB], "own": OWN_TAB},
            {
                "title": "form of res.users", "action": "base.action_res_users", "clicks": [TAB], "ready": ready,
                "options": {"viewType": "form", "props": {"resId": self.marc.id}}, "own": OWN_TAB,
            },
            {**self._dialog("preferences", preferences, ready), "clicks": [f".modal {TAB}"], "own": OWN_TAB},
        )  # fmt: skip

    def test_settings(self):
        """The page of settings, and ours among Odoo's."""
        self.read_all(
            {
                "title": "settings of document mailing", "action": "sengerio_mail.sengerio_mail_settings_action",
                "options": {}, "ready": f".o_field_widget[name='line_ids'] {ROW}", "own": ".o_form_sheet",
            },
            {
                "title": "settings", "action": "base_setup.action_general_configuration", "options": {},
                "ready": "#sengerio_document_types", "own": "[id^='sengerio_']",
            },
        )  # fmt: skip

    def test_dialogs(self):
        """Composer, invoice wizards, correcting, due notices, who gets what, exports, import."""
        own = dict.fromkeys(("composer", "invoice"), ".o_inner_group:has(.o_sengerio_recipients)")
        own["batch of invoices"] = ".o_sengerio_batch"
        views = self._dialogs(self.admin)
        self.assertLess(set(own), {view["title"] for view in views})
        self.read_all(*[{**view, "own": own.get(view["title"], ".modal-body, .modal-footer")} for view in views])

    def test_import(self):
        """An import whose file has problems."""
        upload = self.env["sengerio.mail.import"].with_user(self.admin).create(
            {"filename": "addresses.csv", "file": "UGFydG5lcixFLW1haWwKTm9ib2R5LHhACg=="}  # Nobody,x@
        )
        dialog = self._dialog("import", upload.action_check(), f"[name='problem_ids'] {ROW}")
        self.read_all({**dialog, "own": ".modal-body, .modal-footer"})

    def test_records(self):
        """What records show of their documents: the button, and the state in the chatter."""
        order = self.make_order()
        self.send(self.compose(order))
        document = self.document_of(order)
        document.delivery_ids[0].write({"state": "hard_bounce", "status_code": "5.1.1"})
        document._follow(document.delivery_ids[0], self.env["ir.attachment"])
        ready = ".o-mail-Message .o_sengerio_message_state"
        self.admin.group_ids = [Command.link(self.env.ref("sales_team.group_sale_manager").id)]
        own = ".o_sengerio_message_state, [name='action_sengerio_documents']"
        self.read_all({**self._form(order, ready), "own": own})
