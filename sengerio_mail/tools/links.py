"""Links in a mail body, freed of what lets their holder act as the customer.

A customer's mail carries an access token, a signed hash and often a sign-up token: whoever holds that mail can sign as
the customer. Copies of it lead to the same record without them.

The body is changed as a string: parsing and serialising it again would rewrite all of it and lose ``<meta>``. So links
are found wherever they stand: in ``<a>``, in the ``<link itemprop>`` of Odoo's layout, written out as text.
"""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SECRETS = frozenset({"access_token", "pid", "hash", "token", "payment_token"})
SIGN_UP_PREFIX = "auth_"
# a file's link is worth nothing without its token, and opens that file alone
FILES = ("/web/content/", "/web/image/")
RECORD_VIEW = "/mail/view"

_URL = re.compile(r"""(?:https?:)?//[^\s"'<>]+""", re.IGNORECASE)


def is_sign_up(name):
    """Tell whether a query parameter lets its holder sign up or in as the customer (``auth_signup_token``, …)."""
    return name.startswith(SIGN_UP_PREFIX)


def is_secret(name):
    """Tell whether a query parameter lets its holder act as the customer."""
    return name in SECRETS or is_sign_up(name)


def free(body, forbidden, record_url=None):
    """Return an HTML body whose links carry no forbidden parameter, not even inside of another one's value.

    :param str body: HTML as it leaves, its links absolute
    :param forbidden: predicate on the name of a query parameter
    :param str record_url: where a link leads that makes no sense without its token (any page but ``/mail/view``);
        without it, such a link keeps its path
    """

    def replace(match):
        url = html.unescape(match[0])
        freed = _free_url(url, forbidden, record_url)
        return match[0] if freed == url else html.escape(freed)

    return _URL.sub(replace, body)


def _free_url(url, forbidden, record_url):
    try:
        parts = urlsplit(url)
    except ValueError:  # not a URL after all, for example "http://[...]"
        return url
    if f"{parts.path}/".startswith(FILES):
        return url
    query, query_changed = _free_params(parts.query, forbidden)
    fragment, fragment_changed = _free_params(parts.fragment, forbidden)
    if not (query_changed or fragment_changed):
        return url
    if record_url and parts.path != RECORD_VIEW:
        return record_url
    return urlunsplit(
        parts._replace(
            query=query if query_changed else parts.query,
            fragment=fragment if fragment_changed else parts.fragment,
        )
    )


def _free_params(params, forbidden):
    """Return ``(parameters without the forbidden ones, whether there were any)``.

    :param str params: a query or a fragment; of a fragment like ``/my/7?token=…`` the query
    """
    path, mark, query = params.rpartition("?")
    pairs = parse_qsl(query.replace(";", "&"), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not forbidden(name) and not _leads_to_forbidden(value, forbidden)]
    return f"{path}{mark}{urlencode(kept)}", len(kept) != len(pairs)


def _leads_to_forbidden(value, forbidden):
    """Tell whether a parameter's value is a link with a forbidden parameter (``redirect=/my/…?access_token=…``)."""
    _path, mark, params = value.partition("?")
    return bool(mark) and _free_params(params, forbidden)[1]
