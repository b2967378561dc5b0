from . import models, wizard


def uninstall_hook(env):
    """Remove the list before the types that it refers to."""
    env["sengerio.mail.document"].search([]).unlink()
    env["sengerio.mail.copy"].with_context(active_test=False).search([]).unlink()
