import contextvars
import threading

from odoo.tests import BaseCase

from ..tools.ahead import ahead

SECONDS = 30


class TestAhead(BaseCase):
    """Items are made by a thread while the one before is worked on."""

    def test_next_is_made_while_this_is_worked_on(self):
        second_is_made = threading.Event()

        def items():
            yield 1
            second_is_made.set()
            yield 2

        found = []
        for item in ahead(items()):
            self.assertTrue(second_is_made.wait(SECONDS))
            found.append(item)
        self.assertEqual(found, [1, 2])

    def test_nothing(self):
        self.assertEqual(list(ahead(iter(()))), [])

    def test_error_comes_after_what_was_made(self):
        def items():
            yield 1
            raise LookupError("no more")

        made = ahead(items())
        self.assertEqual(next(made), 1)
        with self.assertRaisesRegex(LookupError, "no more"):
            next(made)

    def test_stopping_leaves_no_thread(self):
        made = ahead(iter(range(1000)))
        self.assertEqual(next(made), 0)
        made.close()
        self.assertFalse([thread for thread in threading.enumerate() if thread.name.startswith("ahead")])

    def test_context_of_the_caller(self):
        variable = contextvars.ContextVar("variable", default="unset")
        variable.set("set")
        self.assertEqual(list(ahead(variable.get() for _number in range(2))), ["set", "set"])
