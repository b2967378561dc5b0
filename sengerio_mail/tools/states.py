"""States of a delivery and of a document, and how one follows from the other."""

# worst first: a document has the worst state of its To deliveries
SEVERITY = (
    "complaint", "hard_bounce", "refused", "failed", "soft_bounce", "delayed", "queued", "cancelled", "sent",
    "delivered", "opened",
)  # fmt: skip
# has not left Odoo: a retry may send it
UNSENT = frozenset({"queued", "refused", "failed", "cancelled"})
# a mail server took it, whatever became of it later
LEFT = frozenset(SEVERITY) - UNSENT
# a server or the reader said so
ARRIVED = frozenset({"delivered", "opened"})
# came back; a complaint did not: its reader has it
BOUNCED = frozenset({"soft_bounce", "hard_bounce"})
# did not arrive; for a copy this sets the document's mark alone
FAILED = frozenset({"complaint", "hard_bounce", "soft_bounce", "refused", "failed"})

# what a report that comes back may make of a state; everything else is an event and changes nothing
MAY_BECOME = {
    "queued": frozenset(SEVERITY),
    "sent": frozenset({"delayed", "delivered", "opened", "soft_bounce", "hard_bounce", "complaint"}),
    "delayed": frozenset({"delivered", "opened", "soft_bounce", "hard_bounce"}),
    "delivered": frozenset({"opened", "soft_bounce", "hard_bounce", "complaint"}),  # a forwarder's later failure counts
    "opened": frozenset({"complaint"}),
    "refused": frozenset({"queued"}),
    "soft_bounce": frozenset({"opened"}),  # it arrived after all
    "hard_bounce": frozenset({"opened"}),
    "complaint": frozenset(),
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
}

_RANK = {state: rank for rank, state in enumerate(SEVERITY)}


def worst(states):
    """Return the worst of some states.

    :param states: iterable of state codes
    :return: the state, or ``None`` for an empty iterable
    """
    return min(states, key=_RANK.__getitem__, default=None)


def may_become(state, new):
    """Tell whether a report may change a state into another one."""
    return new != state and new in MAY_BECOME[state]
