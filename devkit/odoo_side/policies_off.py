"""Switch off, by the means of an administrator, whatever changes a mail, and the listing of other messages.

Documents of the named types are still recognised, listed and sent by the addon. The type "other" is archived, because
each message that it lists costs queries, and Odoo's tests of its own composer leave room for none.
"""


def main(env, args):
    """Switch it off in this database."""
    document_types = env["sengerio.mail.document.type"].with_context(active_test=False).search([])
    document_types.write({"bcc_sender": False, "from_policy": "template", "reply_to_policy": "thread"})
    document_types.filtered(lambda document_type: document_type.code == "other").active = False
    for model in ("sengerio.mail.address", "sengerio.mail.copy"):
        env[model].with_context(active_test=False).search([]).unlink()
