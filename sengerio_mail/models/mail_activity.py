from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    # no foreign key: while a document is being sent, others write its row; indexed for each document that comes back or
    # is sent again
    sengerio_document_id = fields.Integer("Generated Document", index="btree_not_null", readonly=True)
