"""Doing one thing while the next one is being got ready."""

import contextvars
from concurrent.futures import ThreadPoolExecutor

_END = object()


def ahead(items):
    """Yield the items of an iterator; a thread makes the next one while the caller works on the one it got.

    What makes the items and the caller must not use the same things at the same time, a database cursor for example.
    The thread has the caller's context variables. What is raised there is raised here; who stops early waits for the
    item that is being made.

    :param items: an iterator
    """
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1, "ahead") as thread:
        made = thread.submit(context.run, next, items, _END)
        while (item := made.result()) is not _END:
            made = thread.submit(context.run, next, items, _END)
            yield item
