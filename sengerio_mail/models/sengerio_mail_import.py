import base64
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools import tables
from .import_plan import Plan
from .import_preview import ADDED, CHANGED, REMOVED, UNCHANGED, Preview
from .import_rows import ADDRESS, COPY, Row

DIRECT_MAX = 2000  # rows that are imported while the browser waits
BATCH = 1000


class SengerioMailImport(models.Model):
    """A file of role addresses and copies: checked, shown what it would do, then imported as a whole or not at all."""

    _name = "sengerio.mail.import"
    _inherit = ["sengerio.mail.job"]
    _description = "Import of Addresses"
    _rec_name = "filename"

    file = fields.Binary("XLSX or CSV File", required=True, attachment=True)
    filename = fields.Char()
    checked = fields.Boolean(readonly=True, copy=False)
    created_count = fields.Integer("New", readonly=True, copy=False)
    changed_count = fields.Integer("Changed", readonly=True, copy=False)
    unchanged_count = fields.Integer("Unchanged", readonly=True, copy=False)
    ignored_columns = fields.Char("Ignored", readonly=True, copy=False)
    problem_ids = fields.One2many("sengerio.mail.import.problem", "import_id", string="Problems", readonly=True)
    problem_count = fields.Integer(compute="_compute_problem_count")
    change_ids = fields.One2many("sengerio.mail.import.change", "import_id", string="Changes", readonly=True)
    change_count = fields.Integer(compute="_compute_change_count")
    more_count = fields.Integer("Rows Not Shown", readonly=True, copy=False)

    @api.depends("problem_ids")
    def _compute_problem_count(self):
        for import_ in self:
            import_.problem_count = len(import_.problem_ids)

    @api.depends("change_ids")
    def _compute_change_count(self):
        for import_ in self:
            import_.change_count = len(import_.change_ids)

    @api.onchange("file")
    def _onchange_file(self):
        self.checked = False

    def write(self, vals):
        """Another file is to be checked anew."""
        if "file" in vals:
            vals = {**vals, "checked": False}
            self.problem_ids.unlink()
            self.change_ids.unlink()
        return super().write(vals)

    # ------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------

    def _rows(self):
        """Read all sheets that have addresses or copies.

        :return: ``(list of Row, titles of columns and names of sheets that mean nothing)``
        :raise UserError: the file cannot be read, or has none of them
        """
        self.ensure_one()
        rows, ignored, found = [], [], False
        try:
            for sheet, lines in tables.read(base64.b64decode(self.with_context(bin_size=False).file or b"")):
                lines = iter(lines)
                titles = next(lines, (0, []))[1]
                model, keys = self._recognise(titles)
                if model:
                    found = True
                    ignored += [title for title, key in zip(titles, keys, strict=True) if title and not key]
                    end = max(number for number, title in enumerate(titles, 1) if title)
                    rows += [self._row(model, sheet, number, keys[:end], cells) for number, cells in lines]
                elif titles:
                    ignored.append(self.env._("sheet %s", repr(sheet)))
        except tables.Unreadable as error:
            raise UserError(self._unreadable_message(error)) from error
        if not found:
            raise UserError(
                self.env._(
                    "No sheet has the columns of addresses (Partner, E-mail) or of copies (Copy To). "
                    "Export the addresses to see what it has to look like."
                )
            )
        return rows, ignored

    @api.model
    def _row(self, model, sheet, number, keys, cells):
        """Return a row whose cells have these keys; ``None`` is the key of a column that means nothing."""
        beyond = ", ".join(filter(None, cells[len(keys) :]))
        cells = [*cells, *[""] * (len(keys) - len(cells))][: len(keys)]
        return Row(model, sheet, number, {key: text for key, text in zip(keys, cells, strict=True) if key}, beyond)

    @api.model
    def _recognise(self, titles):
        """Return what a sheet with these titles is: ``(model, key or None for each column)``; no model, if nothing.

        :raise UserError: two columns mean the same
        """
        sheets = self.env["sengerio.mail.address.sheets"]
        headers = sheets._headers()
        by_model = {
            model: [headers[model].get(sheets._compared(title)) for title in titles] for model in (ADDRESS, COPY)
        }
        if {"copy_partner_id", "copy_partner_id/id", "copy_partner_id/ref", "copy_field"} & set(by_model[COPY]):
            model = COPY
        elif "email" in by_model[ADDRESS] and "header" not in by_model[COPY]:
            model = ADDRESS
        else:
            model = COPY if {"email", "direction"} & set(by_model[COPY]) else None
        keys = by_model[model] if model else []
        for number, key in enumerate(keys):
            if key and key in keys[:number]:
                raise UserError(
                    self.env._("The columns %(one)s and %(other)s mean the same.",
                               one=repr(titles[keys.index(key)]), other=repr(titles[number]))
                )  # fmt: skip
        return model, keys

    def _unreadable_message(self, error):
        messages = {
            "protected": self.env._("The file is protected by a password. Please save it without one."),
            "old_excel": self.env._("This is a file of Excel 97-2003 (.xls). Please save it as .xlsx."),
            "encoding": self.env._("The file is neither a workbook nor a text in UTF-8, UTF-16 or Windows-1252."),
            "empty": self.env._("The file is empty."),
        }
        message = messages.get(error.code) or self.env._("The file is damaged: %s", error.detail)
        return f"{self.filename}\n{message}" if self.filename else message

    # ------------------------------------------------------------
    # Checking
    # ------------------------------------------------------------

    def action_check(self):
        """Show what the import would do, and all problems; nothing is changed."""
        self.ensure_one()
        self._check_may_import()
        self._plan()
        return self._reopen()

    def _check_may_import(self):
        """Refuse who may not set all addresses and copies.

        :raise AccessError: the user is no administrator of document mailing
        """
        if not self.env.user.has_group("sengerio_mail.sengerio_mail_group_administrator"):
            raise AccessError(self.env._("Only an administrator of document mailing imports addresses."))

    def _plan(self):
        """Work out what the import would do and write it down.

        :return: :class:`~.import_plan.Plan`
        :raise UserError: the file cannot be read
        """
        rows, ignored = self._rows()
        plan = Plan(self._as_owner().env, rows)
        self.problem_ids.unlink()
        self.env["sengerio.mail.import.problem"].create(
            [
                {"import_id": self.id, "sheet": problem.sheet, "row": problem.row, "reason": problem.reason}
                for problem in plan.problems
            ]
        )
        preview = Preview(plan)
        self.change_ids.unlink()
        self.env["sengerio.mail.import.change"].create([{"import_id": self.id, **row} for row in preview.rows()])
        changed = sum(bool(entry.changes) for entry in plan.entries)
        created = sum(not entry.record for entry in plan.entries)
        self.write(
            {
                "checked": True, "ignored_columns": ", ".join(dict.fromkeys(ignored)), "created_count": created,
                "changed_count": changed, "unchanged_count": len(plan.entries) - created - changed,
                "more_count": preview.more,
            }
        )  # fmt: skip
        return plan

    def _reopen(self):
        return {
            "type": "ir.actions.act_window", "res_model": self._name, "res_id": self.id,
            "views": [(False, "form")], "target": "new", "name": self.env._("Import Addresses"),
        }  # fmt: skip

    # ------------------------------------------------------------
    # Importing
    # ------------------------------------------------------------

    def action_import(self):
        """Import all rows, at once or in the background if there are many; none if there is a problem.

        :raise UserError: there is nothing to do
        """
        self.ensure_one()
        self._check_may_import()
        plan = self._plan()
        if plan.problems:
            return self._reopen()
        total = self.created_count + self.changed_count
        if not total:
            raise UserError(self.env._("Nothing is new or changed: there is nothing to import."))
        if total > self._setting("import_direct", DIRECT_MAX):
            self._enqueue(total)
            message = self.env._("%s rows are being imported. You will get a message when it is done.", total)
        else:
            self._apply(plan)
            self.state = "done"
            message = self._summary()
        return {
            "type": "ir.actions.client", "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }  # fmt: skip

    def _apply(self, plan, progress=lambda done: None):
        """Create and change what a plan without problems says.

        :param progress: called with the number of entries done, after each batch
        """
        done = 0
        for model in (ADDRESS, COPY):
            entries = [entry for entry in plan.entries if entry.row.model == model]
            for kind in (self._create_entries, self._change_entries):
                for count in kind(plan.env[model], entries):
                    done += count
                    progress(done)

    @api.model
    def _create_entries(self, records, entries):
        new = [entry for entry in entries if not entry.record]
        for number in range(0, len(new), BATCH):
            batch = new[number : number + BATCH]
            created = records.create([self._creation_values(entry.vals) for entry in batch])
            # who may create the record may name it
            records.env["ir.model.data"].sudo()._update_xmlids(
                [
                    {"xml_id": entry.xml_id, "record": record, "noupdate": True}
                    for entry, record in zip(batch, created, strict=True) if entry.xml_id
                ]
            )  # fmt: skip
            yield len(batch)

    @api.model
    def _creation_values(self, vals):
        """Return values for a new record: what is not given is as Odoo gives it."""
        values = {name: value for name, value in vals.items() if value is not None}
        if "document_type_ids" in values:
            values["document_type_ids"] = [fields.Command.set(values["document_type_ids"])]
        return values

    @api.model
    def _change_entries(self, records, entries):
        alike = defaultdict(list)
        for entry in entries:
            if entry.changes:
                alike[repr(sorted(entry.changes.items()))].append(entry)
        for group in alike.values():
            for number in range(0, len(group), BATCH):
                batch = group[number : number + BATCH]
                records.browse([entry.record.id for entry in batch]).write(batch[0].changes)
                yield len(batch)

    def _work(self):
        """Import in one transaction: all rows or none."""
        self._check_may_import()
        plan = Plan(self.env, self._rows()[0])
        if plan.problems:
            self._plan()
            self._finish("failed", self.env._("The data has changed since the file was checked: see the problems."))
            return
        self._apply(plan, self._show_progress)
        self.env["ir.cron"]._commit_progress()  # see _show_progress; what comes now may be lost without harm
        self._finish("done")

    def _news(self):
        link = self._get_html_link(title=self.filename or self.env._("Import"))
        subject = self.env._("Your import is done") if self.state == "done" else self.env._("Your import failed")
        return subject, Markup("<p>%s: %s</p>") % (link, self.error or self._summary())

    def _summary(self):
        return self.env._(
            "%(created)s new, %(changed)s changed, %(unchanged)s unchanged.",
            created=self.created_count, changed=self.changed_count, unchanged=self.unchanged_count,
        )  # fmt: skip


class SengerioMailImportProblem(models.Model):
    """Why a row of a file cannot be imported."""

    _name = "sengerio.mail.import.problem"
    _description = "Problem of an Import"
    _order = "id"
    _rec_name = "reason"

    import_id = fields.Many2one("sengerio.mail.import", required=True, index=True, ondelete="cascade")
    sheet = fields.Char(readonly=True)
    row = fields.Integer(readonly=True)
    reason = fields.Char("Problem", readonly=True)


class SengerioMailImportChange(models.Model):
    """What an import does with one of the first rows of its file, in words: shown before it does it."""

    _name = "sengerio.mail.import.change"
    _description = "Change by an Import"
    _order = "id"
    _rec_name = "target"

    import_id = fields.Many2one("sengerio.mail.import", required=True, index=True, ondelete="cascade")
    sheet = fields.Char(readonly=True)
    row = fields.Integer(readonly=True)
    partner = fields.Char(readonly=True)
    role = fields.Char("Role / Copy", readonly=True)
    target = fields.Char("Address", readonly=True)
    kind = fields.Selection(
        [(ADDED, "Added"), (CHANGED, "Changed"), (REMOVED, "Removed (archived)"), (UNCHANGED, "Unchanged")],
        "What Happens", readonly=True,
    )  # fmt: skip
    detail = fields.Char("Details", readonly=True)
