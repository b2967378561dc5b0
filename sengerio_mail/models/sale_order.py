from odoo import fields, models


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "sengerio.mail.documented"]

    sengerio_pending_user_id = fields.Many2one(
        "res.users",
        string="Confirmed By",
        copy=False,
        readonly=True,
        help="Who acted when the mail about it was left to a later job.",
    )

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        # EXTENDS sale: a deferred mail keeps who acted
        acting = self.env.user
        options = {} if allow_deferred_sending else {"allow_deferred_sending": False}  # as it was called
        result = super()._send_order_notification_mail(mail_template, **options)
        if allow_deferred_sending and self.pending_email_template_id:
            is_person = self.env["sengerio.mail.resolver"]._is_person(acting)
            self.sengerio_pending_user_id = acting if is_person else False
        return result

    def _sengerio_asked_by(self):
        # OVERRIDE: the job that sends what was deferred acts for who confirmed
        deferred = self.sudo().filtered("pending_email_template_id")
        return deferred.sengerio_pending_user_id or super()._sengerio_asked_by()
