from odoo.tests import BaseCase, tagged

from odoo.addons.sengerio_mail.tools import links

RECORD = "https://odoo.example/mail/view?model=sale.order&res_id=7"


@tagged("post_install", "-at_install")
class TestLinks(BaseCase):
    def free(self, url, record_url=RECORD):
        """Return a link's address, as an attribute has it, after freeing."""
        body = f'<p title="x"><a href="{url}">{url}</a><link itemprop="url" href="{url}"/>{url}</p>'
        freed = links.free(body, links.is_secret, record_url)
        before, _mark, after = freed.partition('href="')
        address = after.partition('"')[0]
        self.assertEqual(freed, body.replace(url, address))
        return address

    def test_freed(self):
        """Odoo's record link loses its tokens; a portal page becomes the record link; entities stay entities."""
        for url, expected in (
            (
                "https://odoo.example/mail/view?access_token=T&amp;auth_signup_token=S&amp;hash=H&amp;model=sale.order"
                "&amp;pid=3&amp;res_id=7",
                "https://odoo.example/mail/view?model=sale.order&amp;res_id=7",
            ),
            ("https://odoo.example/my/orders/7?access_token=T&amp;x=1", RECORD.replace("&", "&amp;")),
            ("https://odoo.example/my/purchase/7?access_token=T", RECORD.replace("&", "&amp;")),
            ("HTTPS://odoo.example/payment/pay?payment_token=T&amp;amount=3", RECORD.replace("&", "&amp;")),
            ("https://odoo.example/web/login?redirect=%2Fmy%2F7%3Faccess_token%3DT", RECORD.replace("&", "&amp;")),
            ("https://odoo.example/my/orders/7?%61ccess_token=T", RECORD.replace("&", "&amp;")),
            ("https://odoo.example/my/orders/7?a=1#access_token=T", RECORD.replace("&", "&amp;")),
        ):
            with self.subTest(url=url):
                self.assertEqual(self.free(url), expected)

    def test_left_alone(self):
        """Files, images and links without tokens stay as they are."""
        for url in (
            "https://odoo.example/web/content/5?access_token=T",
            "https://odoo.example/web/image/5?access_token=T",
            "https://firm.example/?utm_source=mail&amp;y=2",
            "https://firm.example/tokens/hash",
            "https://[broken",
        ):
            with self.subTest(url=url):
                self.assertEqual(self.free(url), url)

    def test_sign_up_only(self):
        """For several customer addresses only the sign-up goes; the page keeps its path."""
        body = '<a href="https://odoo.example/my/orders/7?access_token=T&amp;auth_signup_token=S">x</a>'
        self.assertEqual(
            links.free(body, links.is_sign_up), '<a href="https://odoo.example/my/orders/7?access_token=T">x</a>'
        )

    def test_prefixes(self):
        """A link that begins like another one is not changed inside of it."""
        body = '<a href="https://o.example/my/1?access_token=T">a</a><a href="https://o.example/my/1?access_token=T2">b</a>'
        freed = links.free(body, links.is_secret, "https://o.example/r")
        self.assertEqual(freed, '<a href="https://o.example/r">a</a><a href="https://o.example/r">b</a>')
