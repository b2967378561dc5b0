from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

ATTEMPTS = 3  # of a job whose worker was killed, before it is given up
KEEP_DAYS = 7
VACUUM_BATCH = 100

JOB_STATES = [
    ("draft", "New"),
    ("queued", "Waiting"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
]


class SengerioMailJob(models.AbstractModel):
    """Work that a user asked for and that a scheduled action does with the user's rights: an export, an import.

    A model that inherits it does some of the work in :meth:`_work`; what was begun when a worker was killed is begun
    again. Its records are their user's alone.
    """

    _name = "sengerio.mail.job"
    _description = "Work in the Background"
    _order = "id desc"

    # whose job it is: nobody can write this one
    create_uid = fields.Many2one("res.users", string="Asked by", index=True)
    company_ids = fields.Many2many("res.company", string="Companies", default=lambda self: self.env.companies)
    lang = fields.Char(readonly=True, default=lambda self: self.env.lang)
    tz = fields.Char("Time Zone", readonly=True, default=lambda self: str(self.env.tz))
    state = fields.Selection(JOB_STATES, required=True, default="draft", readonly=True, copy=False)
    total = fields.Integer(readonly=True, copy=False)
    done = fields.Integer(readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress", help="Percent.")
    attempts = fields.Integer(readonly=True, copy=False)
    error = fields.Text(readonly=True, copy=False)

    @api.depends("total", "done", "state")
    def _compute_progress(self):
        for job in self:
            part = job.done / job.total if job.total else 0
            job.progress = 100 if job.state == "done" else min(100 * part, 99)

    def _as_owner(self):
        """Return the job with the rights, companies, language and time zone of who asked for it.

        :raise UserError: that user is archived
        """
        self.ensure_one()
        job_sudo = self.sudo()  # what is needed to become that user
        user = job_sudo.create_uid
        if not user.active:
            raise UserError(self.env._("%s is archived.", user.name))
        companies = job_sudo.company_ids or user.company_ids
        context = {"lang": job_sudo.lang, "tz": job_sudo.tz, "allowed_company_ids": companies.ids}
        return self.with_env(self.env(user=user.id, su=False, context=context))

    def _enqueue(self, total):
        """Have the work done by the scheduled action.

        :param int total: how much there is to do, in the unit of ``done``
        """
        for job in self:
            job.write({"state": "queued", "total": total, "done": 0, "attempts": 0, "error": False})
        self._cron()._trigger()

    @api.model
    def _cron(self):
        """Return the scheduled action of this model, with all rights: whoever has work for it may start it."""
        return self.env.ref(f"sengerio_mail.{self._table}_cron").sudo()

    @api.model
    def _cron_work(self):
        """Do a piece of the oldest work there is; called until there is none."""
        waiting = self.search([("state", "in", ("queued", "running"))], order="attempts, id")
        if not waiting:
            return
        job = waiting[0]
        if job.attempts >= ATTEMPTS:
            job._finish("failed", self.env._("Given up: the server stopped the work %s times.", ATTEMPTS))
        else:
            # who is killed while at it leaves it as running
            job.write({"state": "running", "attempts": job.attempts + 1, "done": job._kept()})
            self.env["ir.cron"]._commit_progress()
            try:
                job._as_owner()._work()
            except (AccessError, UserError) as error:
                self.env.cr.rollback()
                if job.exists():  # its user may have removed it meanwhile
                    job._finish("failed", str(error))
        self.env["ir.cron"]._commit_progress(
            1, remaining=self.search_count([("state", "in", ("queued", "running"))])
        )

    def _work(self):
        """Do the work or a piece of it, then call :meth:`_finish` or leave the rest for the next call.

        :raise UserError: it cannot be done; the message is kept
        """
        raise NotImplementedError

    def _kept(self):
        """Return how much of ``done`` is kept though a worker was killed: the rest is done again."""
        return 0

    def _show_progress(self, done):
        """Write how much is done by a transaction of its own, so that it is seen before the work is committed.

        The work must not have written the job's row, and must end its transaction before it does.
        """
        self.ensure_one()
        with self.pool.cursor() as cr:
            cr.execute(SQL("UPDATE %s SET done = %s WHERE id = %s", SQL.identifier(self._table), done, self.id))

    def _finish(self, state, error=False):
        """End the work and tell who asked for it.

        :param str state: ``done`` or ``failed``
        :param str error: why it failed
        """
        self.ensure_one()
        self.write({"state": state, "error": error, "attempts": 0})
        partner = self.create_uid.partner_id
        if not partner:  # the user was removed
            return
        job = self.with_context(lang=self.lang)
        subject, body = job._news()
        self.env["mail.thread"].sudo().message_notify(
            partner_ids=partner.ids, subject=subject, body=body, model=self._name, res_id=self.id,
            author_id=self.env.ref("base.partner_root").id, email_layout_xmlid="mail.mail_notification_layout",
        )  # fmt: skip
        partner._bus_send(
            "simple_notification",
            {"type": "success" if state == "done" else "danger", "title": subject, "message": error or job._summary()},
        )

    def _news(self):
        """Return subject and body of the message that tells of the end."""
        raise NotImplementedError

    def _summary(self):
        """Return the result in one plain sentence."""
        raise NotImplementedError

    @api.autovacuum
    def _gc_jobs(self):
        """Remove jobs and their files after some days."""
        if self._abstract:
            return None
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=self._setting("job_days", KEEP_DAYS))
        ended = [("create_date", "<", limit), ("state", "not in", ("queued", "running"))]
        old = self.search(ended, limit=VACUUM_BATCH)
        old.unlink()
        return len(old), self.search_count(ended, limit=1)

    @api.model
    def _setting(self, name, default):
        """Return a positive whole number from the system parameters ``sengerio_mail.…``."""
        value = self.env["ir.config_parameter"].sudo().get_param(f"sengerio_mail.{name}")  # for everybody
        return int(value) if value and value.isdigit() and int(value) else default
