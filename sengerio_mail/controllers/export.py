import tempfile

from werkzeug.wsgi import wrap_file

from odoo.exceptions import UserError
from odoo.http import Controller, Response, content_disposition, request, route
from odoo.tools.osutil import clean_filename

from ..tools import spreadsheet


class ExportController(Controller):
    """Downloads of exports that are small enough to be made at once."""

    @route("/sengerio_mail/export/<int:export_id>", type="http", auth="user", methods=["GET"])
    def download(self, export_id):
        """Make the workbook of an export and send it.

        :param int export_id: id of the user's own ``sengerio.mail.export``
        """
        export = request.env["sengerio.mail.export"].search([("id", "=", export_id)])
        if not export:
            raise request.not_found()
        file = tempfile.TemporaryFile(prefix="sengerio_mail_")  # the response closes it
        try:
            if export._must_wait():
                raise request.not_found()
            export._as_owner()._write_part(file)
        except UserError as error:
            file.close()
            return Response(str(error), status=400, content_type="text/plain; charset=utf-8")
        except BaseException:
            file.close()
            raise
        headers = [
            ("Content-Type", spreadsheet.MIMETYPE),
            ("Content-Length", str(spreadsheet.file_size(file))),
            ("Content-Disposition", content_disposition(clean_filename(export._filename()))),
            ("Cache-Control", "no-store"),
        ]
        return Response(
            wrap_file(request.httprequest.environ, file), headers=headers, direct_passthrough=True
        )
