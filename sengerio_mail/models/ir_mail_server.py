import base64
import re
from functools import partial
from urllib.parse import parse_qs, urlsplit

from odoo import api, models
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tools.image import image_process
from odoo.tools.mimetypes import guess_mimetype

from ..tools import images
from ..tools.smtp_session import TOKEN_HEADER

LOGO_PATHS = ("/logo", "/logo.png", "/web/binary/company_logo")
PRODUCTS = ("product.product", "product.template")
# /web/image/model/id/field, /web/image/id, /web/image/id-unique, each with size and file name or without
_RECORD = re.compile(r"/web/image/(?P<model>[a-z_]+(?:\.[a-z_]+)+)/(?P<id>\d+)/(?P<field>\w+)(?:/|$)")
_ATTACHMENT = re.compile(r"/web/image/(?P<id>\d+)(?:-[^/]*)?(?:/|$)")
_SIZE = re.compile(r"/(\d+)x(\d+)(?:/|$)")


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _prepare_email_message__(self, message, smtp_session):  # noqa: PLW3201
        # EXTENDS base: nothing of a document is fetched from Odoo when it is read
        smtp_from, smtp_to_list, message = super()._prepare_email_message__(message, smtp_session)
        document, _part = self.env["sengerio.mail.document"].sudo()._read_token(message[TOKEN_HEADER])
        policy = self.env["sengerio.mail.document.type"]._policy(document.type_id.id)
        if policy and not policy.is_other:
            images.embed(message, partial(self._sengerio_fetch_image, document))
        return smtp_from, smtp_to_list, message

    @api.model
    def _sengerio_of_domain(self, alias_domain_sudo):
        """Return the mail servers as Odoo uses them for mail of a company with an alias domain, maybe none."""
        return self.with_context(
            domain_notifications_email=alias_domain_sudo.default_from_email,
            domain_bounce_address=alias_domain_sudo.bounce_email,
        )

    @api.model
    def _sengerio_fetch_image(self, document_sudo, url):
        """Return ``(content, mimetype)`` of an image in a document's message, ``None`` if Odoo does not serve it."""
        try:
            parts = urlsplit(url)
        except ValueError:  # no URL after all
            return None
        record = self.env[document_sudo.res_model].sudo().browse(document_sudo.res_id)  # for its address alone
        if parts.netloc not in {"", *(urlsplit(one.get_base_url()).netloc for one in (document_sudo, record))}:
            return None
        return self._sengerio_image(parts.path, parse_qs(parts.query))

    @api.model
    def _sengerio_image(self, path, params):
        """Return ``(content, mimetype)`` of an image that Odoo serves, ``None`` if it is none.

        No more than the reader could fetch with the link, but for the pictures of products, which a document is about.
        """
        if path in LOGO_PATHS:
            company_id = params.get("company", [""])[0]
            company_sudo = self.env["res.company"].sudo()  # logos are public
            company = company_sudo.browse(int(company_id)).exists() if company_id.isdigit() else company_sudo
            content = base64.b64decode((company or self.env.company.sudo()).logo_web or b"")
            return content, guess_mimetype(content)
        found = _RECORD.match(path) or _ATTACHMENT.match(path)
        if not found:
            return None
        found = {"model": "ir.attachment", "field": "raw", **found.groupdict()}
        size = _SIZE.search(path)
        width, height = map(int, size.groups()) if size else (0, 0)
        try:
            content = self._sengerio_image_content(found, params.get("access_token", [None])[0])
            if width or height:
                content = image_process(content, size=(width, height))
        except (AccessError, MissingError, UserError, ValueError, KeyError):
            return b"", ""
        mimetype = guess_mimetype(content or b"")
        return (content, mimetype) if mimetype.startswith("image/") else (b"", "")

    @api.model
    def _sengerio_image_content(self, found, access_token):
        reader = self.env["ir.binary"].with_user(self.env.ref("base.public_user"))
        if found["model"] in PRODUCTS:
            reader = reader.sudo()
        record = reader._find_record(
            res_model=found["model"], res_id=int(found["id"]), access_token=access_token, field=found["field"]
        )
        if record._fields[found["field"]].type != "binary":
            raise ValueError(found["field"])
        content = record.with_context(bin_size=False)[found["field"]] or b""
        return content if found["field"] == "raw" else base64.b64decode(content)
