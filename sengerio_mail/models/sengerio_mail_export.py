import tempfile
from ast import literal_eval
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..tools import spreadsheet

DIRECT_MAX = 20_000  # documents that are written while the browser waits
PART_MAX = 50_000  # documents of one file: more would not be ready before Odoo's time limit for a job
PROGRESS_STEP = 10_000

# ticked by the user, several states each
OUTCOMES = {
    "waiting": ("queued", "delayed"),
    "sent": ("sent", "delivered", "opened"),
    "failed": ("refused", "soft_bounce", "hard_bounce", "complaint", "failed"),
    "cancelled": ("cancelled",),
}


class SengerioMailExport(models.Model):
    """A workbook that a user asks for: what is to be in it, and for a large one, the files when they are made."""

    _name = "sengerio.mail.export"
    _inherit = ["sengerio.mail.job"]
    _description = "Export of Documents or Addresses"

    content = fields.Selection(
        [("documents", "Generated documents"), ("addresses", "Role addresses and copies")],
        required=True, default="documents",
    )  # fmt: skip
    domain = fields.Char("Search", default="[]", help="What was searched for in the list.")
    selected_ids = fields.Json("Selected Documents")
    selected_count = fields.Integer("Documents Selected", compute="_compute_selected_count")
    date_from = fields.Date("From")
    date_to = fields.Date("Until")
    type_ids = fields.Many2many(
        "sengerio.mail.document.type", string="Document Types", help="Empty: all.", context={"active_test": False}
    )
    with_waiting = fields.Boolean("Waiting")
    with_sent = fields.Boolean("Sent")
    with_failed = fields.Boolean("Not delivered")
    with_cancelled = fields.Boolean("Cancelled")
    part = fields.Integer(readonly=True, copy=False)
    after_id = fields.Integer(readonly=True, copy=False)
    kept_count = fields.Integer("Entries in the Files", readonly=True, copy=False)
    attachment_ids = fields.Many2many(
        "ir.attachment",
        relation="sengerio_mail_export_attachment_rel",
        column1="export_id",
        column2="attachment_id",
        string="Files",
        readonly=True,
        copy=False,
        bypass_search_access=True,
    )

    @api.depends("content", "create_date")
    def _compute_display_name(self):
        words = dict(self._fields["content"]._description_selection(self.env))
        for export in self:
            date = fields.Datetime.context_timestamp(export, export.create_date or fields.Datetime.now())
            export.display_name = f"{words.get(export.content, '')} {date:%Y-%m-%d %H:%M}"

    @api.depends("selected_ids")
    def _compute_selected_count(self):
        for export in self:
            export.selected_count = len(export.selected_ids or ())

    @api.model
    def default_get(self, fields):
        """From a list: the selected documents, else what was searched for."""
        values = super().default_get(fields)
        if self.env.context.get("active_model") != "sengerio.mail.document":
            return values
        ids = self.env.context.get("active_ids") or []
        # of all that was searched for, the client names so many ids, as Odoo reads it for the session
        limit = int(self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit", 20_000))
        if ids and len(ids) != limit:
            values["selected_ids"] = ids
        else:
            values["domain"] = str(list(self.env.context.get("active_domain") or []))
        return values

    # ------------------------------------------------------------
    # What is exported
    # ------------------------------------------------------------

    def _get_domain(self):
        """Return which documents are exported; the rules of access come on top.

        :raise UserError: the search cannot be read
        """
        self.ensure_one()
        try:
            domain = Domain(literal_eval(self.domain or "[]"))
            domain.validate(self.env["sengerio.mail.document"])
        except (ValueError, SyntaxError, TypeError, KeyError) as error:
            raise UserError(
                self.env._("%(domain)s is no search for documents: %(error)s", domain=self.domain, error=error)
            ) from error
        if self.selected_ids:
            domain &= Domain("id", "in", self.selected_ids)
        if types_sudo := self._types_sudo():
            domain &= Domain("type_id", "in", types_sudo.ids)
        ticked = [state for outcome, states in OUTCOMES.items() if self[f"with_{outcome}"] for state in states]
        if ticked:
            domain &= Domain("state", "in", ticked)
        return domain & Domain("company_id", "in", [*self.company_ids.ids, False]) & self._get_period_domain()

    def _types_sudo(self):
        """Return the chosen types, also those of a company that is not asked for: none would mean all."""
        return self.sudo().type_ids

    def _get_period_domain(self):
        """Return the condition on days in the user's time zone; what was never sent counts by when it was made.

        Where midnight is skipped or comes twice, a day begins with its first moment.

        :raise UserError: the server does not know the time zone
        """
        domain = Domain.TRUE
        for operator, day, days in ((">=", self.date_from, 0), ("<", self.date_to, 1)):
            if not day:
                continue
            try:
                midnight = datetime.combine(day + timedelta(days), time(fold=0, tzinfo=self._clock()))
                moment = midnight.astimezone(timezone.utc).replace(tzinfo=None)
            except OverflowError:  # the first or last day that there is: no limit
                continue
            never_sent = Domain("date_sent", "=", False) & Domain("create_date", operator, moment)
            domain &= Domain("date_sent", operator, moment) | never_sent
        return domain

    def _clock(self):
        """Return the user's time zone.

        :raise UserError: the server does not know it; Odoo offers names that some systems have given up
        """
        try:
            return ZoneInfo(str(self.env.tz))
        except ZoneInfoNotFoundError as error:
            raise UserError(
                self.env._(
                    "This server does not know your time zone %s: choose another one in your preferences.", self.env.tz
                )
            ) from error

    def _count(self):
        """Return how many documents, or addresses and copies, there are to export."""
        export = self._as_owner()
        if self.content == "addresses":
            return export.env["sengerio.mail.address.sheets"]._count()
        return export.env["sengerio.mail.document"].search_count(export._get_domain())

    def _facts(self):
        """Return who asked for what and when, in words, for the first page."""
        _ = self.env._
        words = {name: field["string"] for name, field in self.fields_get(attributes=["string"]).items()}
        outcomes = [words[f"with_{outcome}"] for outcome in OUTCOMES if self[f"with_{outcome}"]]
        facts = [
            (_("Documents of"), _("%s selected ones", self.selected_count) if self.selected_ids else self._searched()),
            (_("Sent from"), self.date_from and self.date_from.isoformat() or _("the beginning")),
            (_("Sent until"), self.date_to and self.date_to.isoformat() or _("now")),
            (_("Companies"), ", ".join(self.company_ids.mapped("name"))),
            (_("Document Types"), ", ".join(self._types_sudo().mapped("name")) or _("All")),
            (_("States"), ", ".join(outcomes) or _("All")),
            (_("Exported by"), self.create_uid.name),
            (_("Exported On"), fields.Datetime.context_timestamp(self, fields.Datetime.now()).replace(tzinfo=None)),
            (_("Time Zone"), str(self.env.tz)),
            (_("Database"), self.get_base_url()),
        ]
        if (parts := self._parts()) > 1:
            facts.append((_("File"), _("%(number)s of %(total)s", number=self.part + 1, total=parts)))
        return facts

    def _parts(self):
        """Return how many files there will be: the kept ones, the next one, and as many as the rest needs by now."""
        if self.state == "draft" or self.content == "addresses":
            return 1
        return self.part + max(1, -(-(self.total - self.kept_count) // self._setting("export_part", PART_MAX)))

    def _searched(self):
        """Return the search in words; where there are none for it, as it is."""
        if (self.domain or "[]") == "[]":
            return self.env._("Everything")
        words = self.env["sengerio.mail.search.words"]._in_words("sengerio.mail.document", literal_eval(self.domain))
        return words or self.domain

    def _filename(self):
        """Return the name of the file, or of the next file if there are several."""
        date = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        parts = self._parts()
        number = f" {self.part + 1}-{parts}" if parts > 1 else ""
        title = self.env._("Documents") if self.content == "documents" else self.env._("Addresses")
        return f"{title} {date:%Y-%m-%d}{number}.xlsx"

    # ------------------------------------------------------------
    # Making it
    # ------------------------------------------------------------

    def action_export(self):
        """Make the workbook: at once, or in the background if it is large.

        :raise UserError: there is nothing to export, or the user may not export
        """
        self.ensure_one()
        self._check_may_export()
        total = self._count()
        if not total:
            raise UserError(self.env._("There is nothing to export."))
        if total <= self._setting("export_direct", DIRECT_MAX):
            self.total = total
            return {"type": "ir.actions.act_url", "url": f"/sengerio_mail/export/{self.id}", "close": True}
        self.write({"part": 0, "after_id": 0, "kept_count": 0})
        self._enqueue(total)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%(count)s entries are being exported. You will get a message when the file is ready.", count=total
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _must_wait(self):
        """Tell whether it is not to be made while the browser waits."""
        return self.state != "draft" or self._count() > self._setting("export_direct", DIRECT_MAX)

    def _check_may_export(self):
        """Refuse who may not export from Odoo at all.

        :raise UserError: who asked may not
        """
        if not self.env.user.has_group("base.group_allow_export"):
            raise UserError(self.env._("You do not have the right to export data. Please ask an administrator."))

    def _write_part(self, file, limit=None, progress=None):
        """Write the workbook, or the next part of it, with the rights of the environment's user.

        :return: ``(number of entries, id of the last document)``
        """
        self._check_may_export()
        if self.content == "addresses":
            return self.env["sengerio.mail.address.sheets"]._write_workbook(file, progress), 0
        return self.env["sengerio.mail.register"]._write_workbook(
            file, self._get_domain(), self._facts(), after_id=self.after_id, limit=limit, progress=progress
        )

    def _work(self):
        """Make one file. What is done is seen meanwhile; after a crash the file that was being made is made again."""
        size = self._setting("export_part", PART_MAX)
        before = shown = self._kept()

        def progress(count):
            nonlocal shown
            if before + count >= shown + PROGRESS_STEP:
                shown = before + count
                self._show_progress(shown)

        with tempfile.TemporaryFile(prefix="sengerio_mail_") as file:
            count, after_id = self._write_part(file, size if self.content == "documents" else None, progress)
            self.env["ir.cron"]._commit_progress()  # ends what was read; see _show_progress
            file.seek(0)
            self._keep_file(file.read(), count, after_id)
        if self.content == "addresses" or count < size or not self._is_more():
            self._finish("done")

    def _is_more(self):
        """Tell whether there are documents that are in none of the files."""
        domain = self._get_domain() & Domain("id", ">", self.after_id)
        return bool(self.env["sengerio.mail.document"].search_count(domain, limit=1))

    def _kept(self):
        # EXTENDS: what is in the files that are made
        return self.kept_count

    def _keep_file(self, content, count, after_id):
        file = {
            "name": self._filename(), "raw": content, "mimetype": spreadsheet.MIMETYPE,
            "res_model": self._name, "res_id": self.id,  # which makes it its owner's alone
        }  # fmt: skip
        kept = self.kept_count + count
        self.write(
            {
                "attachment_ids": [Command.create(file)],
                "part": self.part + 1, "after_id": after_id, "kept_count": kept, "done": kept, "attempts": 0,
            }
        )  # fmt: skip

    def _news(self):
        link = self._get_html_link(title=self.display_name)
        if self.state == "done":
            return self.env._("Your export is ready"), Markup("<p>%s</p>") % (
                self.env._("%(link)s: %(count)s entries.", link=link, count=self.done)
            )
        return self.env._("Your export failed"), Markup("<p>%s</p>") % (
            self.env._("%(link)s: %(error)s", link=link, error=self.error)
        )

    def _summary(self):
        return self.env._("%s entries, to be found in your messages.", self.done)
