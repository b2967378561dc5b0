"""Asking once for many records, where the code of Odoo asks for one after the other."""

from contextlib import contextmanager
from contextvars import ContextVar

from .addresses import tolerant

_current = ContextVar("sengerio_mail_together", default=None)


class Together:
    """Several records about which the same is going to be asked, and what was answered.

    Answers are kept as long as the block of :func:`together` lasts, in which nothing is written.

    :ivar records: a recordset
    :ivar set partner_ids: ids of ``res.partner`` about whom it is going to be asked
    :ivar set emails: addresses about which it is going to be asked
    """

    def __init__(self, records):
        self.records = records
        self.partner_ids = set()
        self.emails = set()
        self._ids = frozenset(records.ids)
        self._answers = {}

    def __contains__(self, record):
        return record._name == self.records._name and len(record) == 1 and record.id in self._ids

    def expect_emails(self, texts):
        """Let it be asked about the addresses in some texts at once.

        :param texts: of :func:`.addresses.tolerant`, empty ones among them
        """
        self.emails.update(address.email for text in texts if text for address in tolerant(text))

    def answer(self, question, ask):
        """Return the answer to a question, asked at most once.

        :param tuple question: all that the answer depends on
        :param ask: function without arguments
        """
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]


@contextmanager
def together(records):
    """Within this block, what is asked about one of these records is asked about all of them.

    It is no key of Odoo's context, which goes to the browser with the actions that a view returns.

    :param records: a recordset
    """
    token = _current.set(found := Together(records))
    try:
        yield found
    finally:
        _current.reset(token)


def asked_together(env):
    """Return the :class:`Together` of the block that is running in this transaction, ``None`` outside of one."""
    found = _current.get()
    return found if found and found.records.env.cr is env.cr else None
