from odoo import Command, api, fields, models

STATES = [("ok", "In order"), ("warning", "Look at this"), ("error", "Missing"), ("unknown", "Not known yet")]
SIGNS = {"ok": "✓", "warning": "⚠", "error": "✗", "unknown": "?"}
TESTS = 6  # messages of tests that are shown: two tests


class SengerioMailSettings(models.TransientModel):
    """The one page of settings: the policy of each type, and whether mail leaves and comes back as it should."""

    _name = "sengerio.mail.settings"
    _description = "Document Mailing Settings"

    type_ids = fields.Many2many(
        "sengerio.mail.document.type",
        relation="sengerio_mail_settings_type_rel",
        column1="settings_id",
        column2="type_id",
        string="Document Types",
    )
    alias_domain_ids = fields.Many2many(
        "mail.alias.domain",
        relation="sengerio_mail_settings_alias_domain_rel",
        column1="settings_id",
        column2="alias_domain_id",
        string="Alias Domains",
    )
    line_ids = fields.One2many("sengerio.mail.settings.line", "settings_id", string="Check", readonly=True)
    check_ids = fields.Many2many("sengerio.mail.check", string="Tests", compute="_compute_checks")
    problem_count = fields.Integer(compute="_compute_problem_count")

    def _compute_checks(self):
        """The newest tests, as they are now."""
        self.check_ids = self.env["sengerio.mail.check"].search([], limit=TESTS)

    @api.depends("line_ids.state")
    def _compute_problem_count(self):
        for settings in self:
            settings.problem_count = len(settings.line_ids.filtered(lambda line: line.state in ("warning", "error")))

    def _compute_display_name(self):
        self.display_name = self.env._("Settings")

    @api.model
    def action_open_page(self):
        """Open the page."""
        settings = self.create(
            {
                "type_ids": [Command.set(self.env["sengerio.mail.document.type"].search([]).ids)],
                "alias_domain_ids": [Command.set(self.env["mail.alias.domain"].search([]).ids)],
            }
        )
        settings._check()
        return settings._page()

    def action_ask_servers(self):
        """Check again, and ask the mail servers too."""
        self._check(ask_servers=True)
        return self._page()

    def action_send_test(self):
        """Send a test the whole way out, and back to Odoo."""
        self.env["sengerio.mail.check"]._send_test(self.env.user, self.env.company)
        return self._page()

    def action_refresh(self):
        """Look again."""
        return self._page()

    def _check(self, ask_servers=False):
        findings = self.env["sengerio.mail.diagnosis"]._findings(self.env.user.company_ids, ask_servers)
        self.line_ids = [
            Command.clear(), *(Command.create(self._prepare_line_values(finding)) for finding in findings)
        ]  # fmt: skip

    @api.model
    def _prepare_line_values(self, finding):
        record = finding.get("record")
        return {
            "state": finding["state"],
            "name": finding["name"],
            "meaning": finding["meaning"],
            "remedy": finding.get("remedy", False),
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "action_xmlid": finding.get("action", False),
        }

    def _page(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settings"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "main",
        }


class SengerioMailSettingsLine(models.TransientModel):
    """One finding of the check: what it means, and where to mend it."""

    _name = "sengerio.mail.settings.line"
    _description = "Finding about the Mail Settings"

    settings_id = fields.Many2one("sengerio.mail.settings", required=True, ondelete="cascade", index=True)
    state = fields.Selection(STATES, required=True)
    state_word = fields.Char("Status", compute="_compute_state_word")
    name = fields.Char("What", required=True)
    meaning = fields.Char(required=True)
    remedy = fields.Char("What to Do")
    res_model = fields.Char()
    res_id = fields.Integer()
    action_xmlid = fields.Char()

    @api.depends("state")
    def _compute_state_word(self):
        words = dict(self._fields["state"]._description_selection(self.env))
        for line in self:
            line.state_word = f"{SIGNS[line.state]} {words[line.state]}"

    def action_mend(self):
        """Open the place where it is set."""
        self.ensure_one()
        if self.res_model:
            return {
                "type": "ir.actions.act_window",
                "res_model": self.res_model,
                "res_id": self.res_id,
                "views": [(False, "form")],
            }
        return self.env["ir.actions.act_window"]._for_xml_id(self.action_xmlid)
