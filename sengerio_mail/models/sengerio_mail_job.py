import logging

from psycopg2 import IntegrityError, OperationalError
from psycopg2.errors import ForeignKeyViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

ATTEMPTS = 3  # of a job whose worker was killed, or met what may pass, before it is given up
AGAIN_AFTER = 30  # seconds until it is tried again
MAY_PASS = (OperationalError, ConcurrencyError, LockError, MemoryError)  # what others do, a full disk, …
CPU_LIMIT = "CPU time limit exceeded."  # what odoo.service.server raises in a worker; other jobs' time counts too
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

    A model that inherits it does some of the work in :meth:`_work`; what was begun when a worker was killed, or when
    something came between that may pass, is begun again. Its records are their user's alone.
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
        context = {"lang": self._installed_lang(), "tz": job_sudo.tz, "allowed_company_ids": companies.ids}
        return self.with_env(self.env(user=user.id, su=False, context=context))

    def _installed_lang(self):
        """Return the language in which it was asked for; where that is not installed any more, its owner's, or none."""
        job_sudo = self.sudo()  # the owner may have been removed
        installed = dict(self.env["res.lang"].get_installed())
        return next((lang for lang in (job_sudo.lang, job_sudo.create_uid.lang) if lang in installed), False)

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
        waiting = [("state", "in", ("queued", "running"))]
        job = self.search(waiting, order="attempts, id", limit=1)
        if not job:
            return
        job = job.with_context(lang=job._installed_lang(), sengerio_commit=True)
        again = False
        if job.attempts >= ATTEMPTS:
            job._finish("failed", job.env._("Given up after %s attempts: the server stopped the work.", ATTEMPTS))
        else:
            again = job._attempt()
        if again:
            self._cron()._trigger(fields.Datetime.add(fields.Datetime.now(), seconds=AGAIN_AFTER))
        self.env["ir.cron"]._commit_progress(1, remaining=0 if again else self.search_count(waiting))

    def _attempt(self):
        """Do a piece of the work, or end it as failed.

        :return: whether something came between that may pass: the same piece is to be done again soon
        """
        try:
            # who is killed while at it leaves it as running
            self.write({"state": "running", "attempts": self.attempts + 1, "done": self._kept()})
            self._commit()
            self._as_owner().with_context(sengerio_commit=True)._work()
            self._commit()
        except Exception as error:
            self.env.cr.rollback()
            self.pool.reset_changes()
            if not self.exists():  # its user may have removed it meanwhile
                return False
            if self._may_pass(error) and self.attempts < ATTEMPTS:
                _logger.info("%s is tried again: %r", self, error)
                return True
            if not isinstance(error, UserError):
                _logger.exception("%s failed", self)
            self._finish("failed", self._in_words(error))
        return False

    @api.model
    def _may_pass(self, error):
        """Tell whether an error comes from what is going on meanwhile, and not from the work."""
        return isinstance(error, MAY_PASS) or str(error) == CPU_LIMIT

    @api.model
    def _in_words(self, error):
        """Return what is told of an error, after its transaction was rolled back."""
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, ForeignKeyViolation):
            return self.env._("What the work needs was removed meanwhile.")
        if isinstance(error, IntegrityError):
            tables = {model._table: name for name, model in self.pool.items()}
            return self.env[tables.get(error.diag.table_name, self._name)]._sql_error_to_message(error)
        text = str(error).strip() or type(error).__name__
        if self._may_pass(error):
            return self.env._("Given up after %(count)s attempts: %(error)s", count=ATTEMPTS, error=text)
        return self.env._("An unexpected error; the server's log says more: %s", text)

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
        """End the work and tell who asked for it; it has ended even if that fails.

        :param str state: ``done`` or ``failed``
        :param str error: why it failed
        """
        self.ensure_one()
        self.write({"state": state, "error": error, "attempts": 0})
        self._commit()
        try:
            self._tell()
            self._commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Nobody was told that %s has ended", self)

    def _commit(self):
        """End the transaction where it is the scheduled action's."""
        if self.env.context.get("sengerio_commit"):
            self.env["ir.cron"]._commit_progress()

    def _tell(self):
        """Tell who asked for the work how it ended."""
        partner = self.create_uid.partner_id
        if not partner:  # the user was removed
            return
        job = self.with_context(lang=self._installed_lang())
        subject, body = job._news()
        job.env["mail.thread"].sudo().message_notify(
            partner_ids=partner.ids, subject=subject, body=body, model=self._name, res_id=self.id,
            author_id=self.env.ref("base.partner_root").id, email_layout_xmlid="mail.mail_notification_layout",
        )  # fmt: skip
        partner._bus_send(
            "simple_notification",
            {
                "type": "success" if self.state == "done" else "danger",
                "title": subject, "message": self.error or job._summary(),
            },
        )  # fmt: skip

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
