"""Correct an address and send again, from the list, in a browser."""

from .common_browser import BrowserCase


class TestResendTour(BrowserCase):
    def test_from_the_list(self):
        """Four clicks at most."""
        document = self.resend_by("sengerio_mail_resend")
        self.assertEqual(document.resend_ids.state, "sent")
