import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from types import SimpleNamespace

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools.mail import email_normalize

from ..tools import addresses
from ..tools.smtp_session import describe

ALIAS_DOMAINS = "mail.mail_alias_domain_action"
INCOMING = "mail.action_email_server_tree"
OUTGOING = "base.action_ir_mail_server_list"
SETTINGS = "base_setup.action_general_configuration"
RECENT_DAYS = 30


class SengerioMailDiagnosis(models.AbstractModel):
    """What is missing for documents to leave as set, and for bounces and replies to come back.

    Each finding is a dict: ``state`` (``ok``, ``warning``, ``error``, ``unknown``), ``name``, ``meaning``, ``remedy``,
    and where to mend it: ``action`` (an action's XML id) or ``record``.
    """

    _name = "sengerio.mail.diagnosis"
    _description = "Check of the Mail Settings"

    @api.model
    def _findings(self, companies, ask_servers=False):
        """Return all findings, in the order of the way: out, and back.

        :param companies: ``res.company``
        :param bool ask_servers: connect to the mail servers, which may take a minute each
        """
        return [
            *self._alias_domain_findings(companies),
            *self._server_findings(ask_servers),
            *self._from_findings(companies),
            *self._incoming_findings(),
            *self._reply_to_findings(companies),
        ]

    @api.model
    def _alias_domain_findings(self, companies):
        """Yield whether each company has addresses for bounces and replies."""
        for company in companies:
            domain_sudo = company.alias_domain_id.sudo()
            if not domain_sudo:
                yield {
                    "state": "error",
                    "name": self.env._("Alias domain of %s", company.name),
                    "meaning": self.env._("There is none: neither a bounce nor a reply finds its way to Odoo."),
                    "remedy": self.env._("Choose one in the settings of this company."),
                    "action": SETTINGS,
                }
                continue
            found = {
                "name": self.env._("Alias domain of %s", company.name),
                "meaning": self.env._(
                    "Bounces go to %(bounce)s, replies to %(catchall)s.",
                    bounce=domain_sudo.bounce_email or self.env._("nobody"),
                    catchall=domain_sudo.catchall_email or self.env._("nobody"),
                ),
                "record": domain_sudo,
            }
            if not domain_sudo.bounce_email or not domain_sudo.catchall_email:
                yield {**found, "state": "error", "remedy": self.env._("Set the bounce and the catchall alias.")}
            elif not domain_sudo.default_from_email:
                yield {
                    **found, "state": "warning",
                    "remedy": self.env._("Set a default From, for mail servers that are not for the sender's address."),
                }  # fmt: skip
            else:
                yield {**found, "state": "ok"}

    # ------------------------------------------------------------
    # Mail servers
    # ------------------------------------------------------------

    @api.model
    def _server_findings(self, ask):
        """Yield whether each outgoing mail server answers, and offers reports on delivery."""
        servers_sudo = self.env["ir.mail_server"].sudo()  # administrators of documents need not be those of servers
        found = servers_sudo.search([("owner_user_id", "=", False)])
        if not found and not tools.config.get("smtp_server"):
            yield {
                "state": "error",
                "name": self.env._("Outgoing mail server"),
                "meaning": self.env._("There is none: nothing leaves Odoo."),
                "remedy": self.env._("Add one."),
                "action": OUTGOING,
            }
        for server_sudo in found or [servers_sudo]:
            yield self._server_finding(server_sudo, ask)

    @api.model
    def _server_finding(self, server_sudo, ask):
        name = server_sudo.name or self.env._("of Odoo's configuration file")
        found = {"name": self.env._("Outgoing mail server %s", name), "action": OUTGOING}
        if server_sudo:
            found["record"] = server_sudo
        if not ask:
            return {
                **found, "state": "unknown", "meaning": self.env._("It was not asked yet."),
                "remedy": self.env._("Press “Ask the mail servers”."),
            }  # fmt: skip
        offers_reports, error = self._ask_server(server_sudo)
        if error:
            return {
                **found, "state": "error", "meaning": self.env._("It cannot be reached: %s", error),
                "remedy": self.env._("Check its host, port, encryption and password."),
            }  # fmt: skip
        if not offers_reports:
            return {
                **found, "state": "warning",
                "meaning": self.env._("It answers, but announces no DSN: documents stay “Sent” unless they bounce."),
                "remedy": self.env._("Nothing must be done. Postfix announces DSN unless it is told not to."),
            }  # fmt: skip
        return {**found, "state": "ok", "meaning": self.env._("It answers and reports what was delivered (DSN).")}

    @api.model
    def _ask_server(self, server_sudo):
        """Return ``(whether a mail server announces DSN, error)``."""
        try:
            session = server_sudo._connect__(mail_server_id=server_sudo.id)
            if not session:
                return False, self.env._("Odoo is set not to send mail.")
            try:
                return session.has_extn("dsn"), ""
            finally:
                session.close()
        except (OSError, smtplib.SMTPException, UserError, UnicodeError) as error:
            return False, describe(error)

    # ------------------------------------------------------------
    # From
    # ------------------------------------------------------------

    @api.model
    def _from_findings(self, companies):
        """Yield as what each From of a policy would leave, and where its bounces would go."""
        for company in companies:
            types = {}
            for policy in self.env["sengerio.mail.document.type"]._policies():
                if policy.is_other or policy.company_id and policy.company_id != company.id:
                    continue
                if email_from := self._from_of(policy, company):
                    types.setdefault(email_from, []).append(policy.id)
            for email_from, type_ids in types.items():
                yield self._from_finding(email_from, self.env["sengerio.mail.document.type"].browse(type_ids), company)

    @api.model
    def _from_of(self, policy, company):
        """Return the From header that a policy asks for if the current user sends; empty if there is no address."""
        user = self.env.user
        if policy.from_policy == "company":
            return company.email_formatted
        if policy.from_policy in ("site", "site_sender_name"):
            for address in addresses.split(policy.from_email)[0][:1]:
                named = policy.from_policy == "site_sender_name"
                return addresses.header(address.email, user.name if named else address.name or company.name)
        return user.email_formatted

    @api.model
    def _from_finding(self, email_from, types, company):
        found = {
            "name": self.env._(
                "From %(address)s of %(company)s (%(types)s)",
                address=email_from, company=company.name, types=", ".join(types.mapped("name")),
            ),  # fmt: skip
            "action": OUTGOING,
        }
        try:
            server_sudo, leaves_as, mail_from = self._leaving(email_from, company)
        except (AssertionError, ValueError):  # what Odoo and Python raise for a malformed address
            whose = company if email_from == company.email_formatted else self.env.user
            return {
                **found, "state": "error", "record": whose,
                "meaning": self.env._("This is no valid e-mail address: mail leaves from another one, or not at all."),
                "remedy": self.env._("Correct the e-mail address of %s.", whose.name),
            }  # fmt: skip
        found["record"] = server_sudo
        domain_sudo = company.alias_domain_id.sudo()
        domain = domain_sudo.name or email_normalize(email_from).partition("@")[2]
        if email_normalize(leaves_as) != email_normalize(email_from):
            return {
                **found, "state": "warning", "meaning": self.env._("It leaves as %s.", leaves_as),
                "remedy": self.env._("Set “FROM Filtering” of the mail server to %s, if it may send for it.", domain),
            }  # fmt: skip
        if parseaddr(email_from)[0] and not parseaddr(leaves_as)[0]:
            return {
                **found, "state": "warning", "meaning": self.env._("It leaves as %s: the name is lost.", leaves_as),
                "remedy": self.env._("Set the alias domain's default From to another address than this one."),
                "record": domain_sudo,
            }  # fmt: skip
        if domain_sudo.bounce_email and mail_from != domain_sudo.bounce_email:
            return {
                **found, "state": "warning",
                "meaning": self.env._("Its bounces go to %s: Odoo does not see them.", mail_from),
                "remedy": self.env._("Set “FROM Filtering” of the mail server to %s instead of an address.", domain),
            }  # fmt: skip
        return {**found, "state": "ok", "meaning": self.env._("It leaves so; its bounces go to %s.", mail_from)}

    @api.model
    def _leaving(self, email_from, company):
        """Tell as what Odoo would send a message, by its own code, without sending anything.

        :return: ``(mail server, From header, envelope sender)``
        """
        servers_sudo = self.env["ir.mail_server"].sudo()._sengerio_of_domain(company.alias_domain_id.sudo())
        server_sudo, smtp_from = servers_sudo._find_mail_server(email_from)
        from_filter = server_sudo.from_filter if server_sudo else servers_sudo._get_default_from_filter()
        message = EmailMessage(policy=SMTP)
        message["From"] = email_from
        message["To"] = email_from
        mail_from, _to, message = servers_sudo._prepare_email_message__(
            message, SimpleNamespace(from_filter=from_filter, smtp_from=smtp_from)
        )
        return server_sudo or servers_sudo, str(message["From"]), mail_from

    # ------------------------------------------------------------
    # The way back
    # ------------------------------------------------------------

    @api.model
    def _incoming_findings(self):
        """Yield whether mail comes in."""
        incoming_sudo = self.env["fetchmail.server"].sudo().search([("state", "=", "done")])
        failing_sudo = incoming_sudo.filtered("error_date")
        since = fields.Datetime.subtract(fields.Datetime.now(), days=RECENT_DAYS)
        recent_sudo = self.env["mail.message"].sudo().search(
            [("message_type", "=", "email"), ("create_date", ">", since)], order="id desc", limit=1
        )
        reported_sudo = self.env["sengerio.mail.event"].sudo().search(
            [("source", "=", "report"), ("date", ">", since)], order="id desc", limit=1
        )
        last = max(filter(None, [recent_sudo.create_date, reported_sudo.date]), default=None)
        found = {"name": self.env._("Gateway"), "action": INCOMING}
        if failing_sudo:
            yield {
                **found, "state": "error", "record": failing_sudo[0],
                "meaning": self.env._(
                    "%(server)s fails: %(error)s",
                    server=failing_sudo[0].name, error=failing_sudo[0].error_message or "",
                ),
                "remedy": self.env._("Test and confirm the incoming mail server."),
            }  # fmt: skip
        elif last:
            date = tools.format_datetime(self.env, last)
            yield {**found, "state": "ok", "meaning": self.env._("The last message came in on %s.", date)}
        elif incoming_sudo:
            yield {
                **found, "state": "warning",
                "meaning": self.env._("%s is set, but no message came in for 30 days.", incoming_sudo[0].name),
                "remedy": self.env._("Send a test."),
            }  # fmt: skip
        else:
            yield {
                **found, "state": "error",
                "meaning": self.env._(
                    "There is no incoming mail server, and no message came in for 30 days: bounces get lost."
                ),
                "remedy": self.env._("Add an incoming mail server, or pipe mail to Odoo's gateway script."),
            }  # fmt: skip

    @api.model
    def _reply_to_findings(self, companies):
        """Yield the types whose replies would make records of another kind."""
        domain = [("company_id", "in", [False, *companies.ids])]
        for document_type in self.env["sengerio.mail.document.type"].search(domain):
            if document_type.reply_to_warning:
                yield {
                    "state": "warning",
                    "name": self.env._("Reply-To of %s", document_type.name),
                    "meaning": document_type.reply_to_warning,
                    "remedy": self.env._("Choose an address that is no alias."),
                    "record": document_type,
                }
