from . import (
    account_move_send_batch_wizard,
    account_move_send_wizard,
    base_partner_merge,
    mail_compose_message,
    mail_compose_message_summary,
    sengerio_mail_due_notice,
    sengerio_mail_matrix,
    sengerio_mail_settings,
    sengerio_mail_resend,
)
