from odoo import api, fields, models


class SengerioMailLastBounce(models.AbstractModel):
    """An address that is kept somewhere: the last time that a document did not get there, and why."""

    _name = "sengerio.mail.last.bounce"
    _description = "Address with Its Last Bounce"

    last_bounce = fields.Char(
        compute="_compute_last_bounce", help="When a document last came back from this address, and why."
    )

    @api.depends("email")
    @api.depends_context("lang", "tz")
    def _compute_last_bounce(self):
        told = self.env["sengerio.mail.delivery"]._last_bounces({row._last_bounce_email() for row in self})
        for row in self:
            row.last_bounce = told.get(row._last_bounce_email(), False)

    def _last_bounce_email(self):
        """Return the normalised address."""
        self.ensure_one()
        return self.email
