"""Every view of the addon, opened in a browser on a list of realistic length."""

from .common_views import ViewsCase

MILLISECONDS = 1000  # for the first page of any view


class TestViews(ViewsCase):
    def _open(self, views, user):
        self._in_client(user, "sengerioOpenViews", views, MILLISECONDS)

    def test_dialogs(self):
        """Composer, invoice wizards, correcting, due notices, who gets what, exports: each within a second."""
        admin = self.env.ref("base.user_admin")
        self._open(self._dialogs(admin), admin)

    def test_administrator(self):
        """Each first page is there within a second, and the browser's console has no complaint."""
        admin = self.env.ref("base.user_admin")
        views = [view for action in self._actions(admin) for view in self._views_of(action)]
        views += [
            self._form(self.azure, ".o_form_view .o_form_sheet .nav-link[name='sengerio_mail']"),
            {
                "title": "form of res.users", "action": "base.action_res_users",
                "options": {"viewType": "form", "props": {"resId": self.marc.id}},
                "ready": ".o_form_view .o_form_sheet .nav-link[name='sengerio_mail']",
            },
            {
                "title": "settings", "action": "base_setup.action_general_configuration", "options": {},
                "ready": "#sengerio_document_types",
            },
            {
                "title": "settings of document mailing", "action": "sengerio_mail.sengerio_mail_settings_action",
                "options": {}, "ready": ".o_field_widget[name='line_ids'] .o_data_row",
            },
        ]  # fmt: skip
        self.assertIn("sengerio.mail.document", [action.res_model for action in self._actions(admin)])
        self._open(views, admin)

    def test_salesperson(self):
        """The same for somebody with no more rights than a salesperson."""
        views = [view for action in self._actions(self.marc) for view in self._views_of(action)]
        views.append(self._form(self.orders[0], ".o_form_view button[name='action_sengerio_documents']"))
        self.documents[0].write({"res_model": self.purchase._name, "res_id": self.purchase.id})
        views.append(self._form(self.purchase, ".o_form_view button[name='action_sengerio_documents']"))
        self._open(views, self.marc)
