import re
import smtplib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.mail import email_normalize
from odoo.tools.misc import consteq, hmac

from ..tools import addresses
from ..tools.smtp_session import describe, reply_text
from .sengerio_mail_gateway import as_bytes

CHECK_HEADER = "X-Sengerio-Check"
_REPORT = re.compile(rb"multipart/report|mailer-daemon|postmaster|return-path: *<>", re.IGNORECASE)
WAIT = 600  # seconds after which what has not come back counts as lost
STATES = [
    ("refused", "Refused"),
    ("on_the_way", "On the way"),
    ("taken", "Taken by the mail server"),
    ("came_back", "Came back"),
    ("undelivered", "Came back undelivered"),
    ("nothing", "Nothing came back"),
]
SIGNS = {"refused": "✗", "nothing": "✗", "undelivered": "⚠", "on_the_way": "…", "taken": "✓", "came_back": "✓"}


class SengerioMailCheck(models.Model):
    """One message of a test of the mail's way out and back, and what became of it. It is no document."""

    _name = "sengerio.mail.check"
    _description = "Test of the Mail's Way"
    _order = "id desc"
    _rec_name = "email"

    kind = fields.Selection(
        [("own", "To you"), ("bounces", "To where bounces go"), ("replies", "To where replies go")],
        string="What",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", readonly=True)
    email = fields.Char("To", required=True, readonly=True)
    email_from = fields.Char("From", readonly=True, help="As it left: the mail server's settings may have changed it.")
    reply_to = fields.Char("Reply-To", readonly=True)
    mail_from = fields.Char("Bounces Go To", readonly=True, help="Sender on the envelope.")
    accepted = fields.Boolean(readonly=True)
    answer = fields.Char("Server's Answer", readonly=True)
    date_back = fields.Datetime("Came Back On", readonly=True)
    is_report = fields.Boolean(readonly=True, help="It came back as a report that it could not be delivered.")
    state = fields.Selection(STATES, compute="_compute_state")
    outcome = fields.Char(compute="_compute_state")

    @api.depends("kind", "accepted", "date_back", "is_report")
    def _compute_state(self):
        now = fields.Datetime.now()
        words = dict(self._fields["state"]._description_selection(self.env))
        for check in self:
            waited = int((now - (check.create_date or now)).total_seconds())
            if check.date_back:
                check.state = "undelivered" if check.is_report else "came_back"
            elif not check.accepted:
                check.state = "refused"
            elif check.kind == "own":
                check.state = "taken"
            else:
                check.state = "on_the_way" if waited < WAIT else "nothing"
            check.outcome = f"{SIGNS[check.state]} {words[check.state]}"
            if check.date_back:
                seconds = int((check.date_back - check.create_date).total_seconds())
                check.outcome += " " + self.env._("after %s s", max(seconds, 0))
            elif check.state == "nothing":
                check.outcome += " " + self.env._(
                    "in 10 minutes: see the gateway above, and whether the mail server delivers %s to Odoo", check.email
                )

    # ------------------------------------------------------------
    # The way out
    # ------------------------------------------------------------

    @api.model
    def _send_test(self, user, company):
        """Send a message to a user, and one to each address by which mail comes back; return what became of them.

        :param user: ``res.users``
        :param company: ``res.company`` whose mail is tested
        :raise UserError: the user has no e-mail address
        """
        if not email_normalize(user.email):
            raise UserError(self.env._("The test goes to you, and you have no e-mail address."))
        alias_domain_sudo = company.alias_domain_id.sudo()
        to = {"own": email_normalize(user.email)}
        if alias_domain_sudo:
            to |= {"bounces": alias_domain_sudo.bounce_email, "replies": alias_domain_sudo.catchall_email}
        vals_list = [
            {"kind": kind, "user_id": user.id, "company_id": company.id, "email": email} for kind, email in to.items()
        ]
        # committed first: the message may be back before this transaction ends
        with self.pool.cursor() as cr:
            check_ids = self.with_env(self.env(cr=cr, su=True)).create(vals_list).ids  # nobody writes them by hand
        checks = self.browse(check_ids)
        for check in checks:
            check._write_at_once(check._transmit())
        return checks

    def _transmit(self):
        """Send the message by Odoo's mail server for its From, and return what the server said of it, as values."""
        self.ensure_one()
        alias_domain_sudo = self.company_id.alias_domain_id.sudo()
        servers_sudo = (
            self.env["ir.mail_server"].sudo()._sengerio_of_domain(alias_domain_sudo)  # its password is not read here
        )
        message = self._message(servers_sudo, alias_domain_sudo)
        values = {"email_from": str(message["From"]), "reply_to": str(message["Reply-To"])}
        try:
            server, smtp_from = servers_sudo._find_mail_server(str(message["From"]))
            session = servers_sudo._connect__(mail_server_id=server.id if server else None, smtp_from=smtp_from)
            if not session:
                return {**values, "answer": self.env._("Odoo is set not to send mail.")}
            try:
                mail_from, (to,), message = servers_sudo._prepare_email_message__(message, session)
                values |= {"email_from": str(message["From"]), "mail_from": mail_from}
                return {**values, **self._converse(session, mail_from, to, message)}
            finally:
                session.close()
        except (OSError, smtplib.SMTPException, UserError, AssertionError) as error:
            return {**values, "answer": describe(error)}

    def _message(self, servers, alias_domain_sudo):
        user = self.user_id
        thread = alias_domain_sudo.catchall_email
        reply_to = ", ".join(filter(None, [addresses.short_header(email_normalize(user.email), user.name), thread]))
        token = self._token()
        bounce = alias_domain_sudo.bounce_email
        to = self.email
        if self.kind == "bounces" and alias_domain_sudo.sengerio_envelope_token:
            to = addresses.tagged(to, token)
        body = self.env._(
            "This is a test of the mail's way from %(company)s, started by %(user)s in Odoo's document mailing "
            "settings. You have nothing to do.",
            company=self.company_id.name, user=user.name,
        )  # fmt: skip
        headers = {CHECK_HEADER: token, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
        if bounce:
            headers["Return-Path"] = bounce
        return servers._build_email__(
            email_from=user.email_formatted, email_to=[to], subject=self.env._("Test of document mailing"), body=body,
            reply_to=reply_to, headers=headers,
        )  # fmt: skip

    @api.model
    def _converse(self, session, mail_from, to, message):
        """Say the commands of one message; ``smtplib.send_message`` would not tell what the server answers."""
        for command, argument in ((session.mail, mail_from), (session.rcpt, to), (session.data, message.as_bytes())):
            code, reply = command(argument)
            if code not in (250, 251):  # RFC 5321 §4.3.2
                return {"accepted": False, "answer": reply_text(code, reply)}
        return {"accepted": True, "answer": reply_text(code, reply)}

    # ------------------------------------------------------------
    # The way back
    # ------------------------------------------------------------

    def _token(self):
        self.ensure_one()
        return f"{self.id}-{self._signature(self.id)}"

    @api.model
    def _signature(self, check_id):
        return hmac(self.env(su=True), "sengerio_mail.check", str(check_id))[:32]

    @api.model
    def _receive(self, raw):
        """Note that a test message has come back: itself, or as what a report returns.

        :param raw: a message as the gateway got it: bytes, str or :class:`xmlrpc.client.Binary`
        :return: whether it was one; then it is done with
        """
        raw = as_bytes(raw)
        head, mark, rest = raw.partition(f"{CHECK_HEADER}: ".encode())
        is_report = b"\n\n" in head or b"\r\n\r\n" in head  # the header stands in its body
        if not mark or is_report and not _REPORT.search(head):  # somebody quotes it
            return False
        token = (rest[:64].split(maxsplit=1) or [b""])[0]
        check_id, _dash, signature = token.decode("ascii", "replace").partition("-")
        if not consteq(signature.encode(), self._signature(check_id).encode()):  # nothing but an id was ever signed
            return False
        check_sudo = self.sudo().browse(int(check_id)).exists()  # whoever brings the mail may see no tests
        if check_sudo and not check_sudo.date_back:
            check_sudo._write_at_once({"date_back": fields.Datetime.now(), "is_report": is_report})
        return True

    def _write_at_once(self, values):
        """Write by a transaction of its own: a test's way out and its way back are noted by two at the same time."""
        columns = SQL(", ").join(SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items())
        self.env["sengerio.mail.document"]._execute_at_once(
            SQL("UPDATE sengerio_mail_check SET %s WHERE id IN %s", columns, tuple(self.ids))
        )
        self.invalidate_recordset()

    @api.autovacuum
    def _gc_checks(self):
        """Forget old tests."""
        self.search([("create_date", "<", fields.Datetime.subtract(fields.Datetime.now(), months=3))]).unlink()
