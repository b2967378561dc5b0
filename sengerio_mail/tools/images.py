"""Images of a message, carried in it (RFC 2392) instead of fetched: who fetches one tells when and where it is read."""

import html
import re
from email.utils import make_msgid

_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SRC = re.compile(r"""(\ssrc\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def embed(message, fetch):
    """Put the images of a message's HTML body into the message.

    :param email.message.EmailMessage message: changed in place
    :param fetch: function of an image's URL that returns ``(content, mimetype)``; ``(b"", "")`` to leave the image out,
        ``None`` to leave it as it is
    """
    part = message.get_body(("html",))
    body = part.get_content() if part else ""
    found = {}

    def replace(match):
        src = _SRC.search(match[0])
        if not src:
            return match[0]
        url = html.unescape(src[2] or src[3] or "")
        if url not in found:
            found[url] = _Image(fetch(url))
        return found[url].tag(match[0], src)

    changed = _IMAGE.sub(replace, body)
    if changed == body:
        return
    part.set_content(changed, subtype="html", charset="utf-8")
    for image in found.values():
        if image.content:
            maintype, _slash, subtype = image.mimetype.partition("/")
            part.add_related(image.content, maintype, subtype, cid=image.cid, disposition="inline")


class _Image:
    def __init__(self, fetched):
        self.is_ours = fetched is not None
        self.content, self.mimetype = fetched or (b"", "")
        self.cid = make_msgid(domain="image") if self.content else ""

    def tag(self, tag, src):
        """Return an image's tag as it leaves."""
        if not self.is_ours:
            return tag
        return f'{tag[: src.start()]}{src[1]}"cid:{self.cid[1:-1]}"{tag[src.end() :]}' if self.content else ""
