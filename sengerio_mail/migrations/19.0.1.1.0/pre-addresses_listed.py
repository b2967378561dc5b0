"""The addresses of each document are kept with it."""

from odoo.tools.sql import column_exists, create_column


def migrate(cr, version):
    """Fill the columns at once: Odoo would compute them with all documents in memory."""
    if column_exists(cr, "sengerio_mail_document", "to_addresses"):
        return
    create_column(cr, "sengerio_mail_document", "to_addresses", "varchar")
    create_column(cr, "sengerio_mail_document", "copy_addresses", "varchar")
    cr.execute(
        """
        UPDATE sengerio_mail_document document
           SET to_addresses = listed.to_addresses, copy_addresses = listed.copy_addresses
          FROM (
            SELECT document_id,
                   string_agg(email, ', ' ORDER BY id) FILTER (WHERE header = 'to') AS to_addresses,
                   string_agg(email, ', ' ORDER BY id) FILTER (WHERE header != 'to') AS copy_addresses
              FROM sengerio_mail_delivery
             GROUP BY document_id
          ) listed
         WHERE listed.document_id = document.id
        """
    )
