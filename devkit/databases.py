"""Databases: the cached template, its clones, and their file stores."""

import os
import re
import shutil

from .cache import ADDON, addon_digest, digest
from .ui import DevError, note, step

PREFIX = "sengerio_"
DEV_DATABASE = "sengerio_dev"
# The generic chart of accounts is a part of "account" in Odoo 19.
TEMPLATE_MODULES = ("account", "sale_management", "purchase")


def list_databases(server):
    """Return the names of this project's databases on a server."""
    rows = server.query(f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%' ORDER BY 1")
    return [name for name in rows if name.startswith(PREFIX)]


def _stamp(bench, database):
    """Return the name of the stamp with the digest of the addon that the database has."""
    return f"{bench.server.name}-{database}"


def drop(bench, database):
    """Remove a database and its file store; one that is not there is fine.

    :param Workbench bench: where it is
    :param str database: its name
    """
    bench.server.run("dropdb", "--if-exists", "--force", database)
    shutil.rmtree(bench.filestore(database), ignore_errors=True)


def discard(bench, database):
    """Remove a database that is no longer needed, its file store, configuration and stamp.

    :param Workbench bench: where it is
    :param str database: its name
    """
    drop(bench, database)
    bench.cache.drop_stamp(_stamp(bench, database))
    bench.config_file(database).unlink(missing_ok=True)


def rename(bench, old, new):
    """Give a database another name, with its file store; one of that name is replaced.

    :param Workbench bench: where it is
    :param str old: its name
    :param str new: the name it gets
    """
    drop(bench, new)
    bench.server.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
    if bench.filestore(old).exists():
        bench.filestore(old).rename(bench.filestore(new))


def ensure_template(bench):
    """Return the name of the template database for this Odoo; make it when missing (about a minute).

    :param Workbench bench: where it is
    :raises DevError: when Odoo cannot make it
    """
    template = f"{PREFIX}tpl_" + digest(bench.odoo.version, str(bench.odoo.path), *TEMPLATE_MODULES)
    if template in list_databases(bench.server):
        return template
    with bench.cache.lock("template"):
        if template in list_databases(bench.server):
            return template
        new = f"{template}_new"
        drop(bench, new)
        bench.server.run("createdb", "-T", "template0", "-E", "UTF8", "--lc-collate=C", new)
        modules = ", ".join(TEMPLATE_MODULES)
        what = f"Making the template database with {modules} (about a minute, once)"
        bench.install(new, what, init=TEMPLATE_MODULES, with_addon=False)
        rename(bench, new, template)
        discard(bench, new)
    return template


def clone(bench, database):
    """Make a database as a copy of the template, with its file store; one of that name is replaced.

    :param Workbench bench: where it is
    :param str database: the new name
    """
    template = ensure_template(bench)
    with bench.cache.lock("template"):
        return copy_database(bench, template, database)


def copy_database(bench, source, database):
    """Make a database as a copy of another, with its file store; one of that name is replaced.

    :param Workbench bench: where they are
    :param str source: the one to copy
    :param str database: the new name
    """
    with step(f"Copying {source} to {database}"):
        drop(bench, database)
        bench.server.run("createdb", "-T", source, database)
        if bench.filestore(source).exists():
            # Odoo never changes a stored file in place, so links are copies.
            shutil.copytree(bench.filestore(source), bench.filestore(database), copy_function=os.link)
    return database


def clone_with_addon(bench, database):
    """Make a database as a copy of the template and install the addon in it.

    :param Workbench bench: where it is
    :param str database: the new name
    :raises DevError: when the installation fails or warns
    """
    clone(bench, database)
    bench.install(database, f"Installing {ADDON} in {database}", init=[ADDON])
    return database


def ensure_with_addon(bench, database):
    """Make a lasting database with the addon, or bring the addon in it up to date.

    :param Workbench bench: where it is
    :param str database: its name
    :raises DevError: when the installation or update fails or warns
    """
    with bench.cache.lock(database):
        now = addon_digest()
        if database not in list_databases(bench.server):
            clone_with_addon(bench, database)
        elif bench.cache.read_stamp(_stamp(bench, database)) != now:
            update_addon(bench, database)
        bench.cache.write_stamp(_stamp(bench, database), now)
    return database


def update_addon(bench, database):
    """Update the addon in an existing database, or install it there.

    :param Workbench bench: where it is
    :param str database: its name
    :raises DevError: when there is no such database, or the update fails or warns
    """
    check_name(database)
    if database not in list_databases(bench.server):
        raise DevError(f"There is no database {database}. Known ones: {', '.join(list_databases(bench.server))}")
    state = bench.server.query(f"SELECT state FROM ir_module_module WHERE name = '{ADDON}'", database)
    how = {"update": [ADDON]} if state == ["installed"] else {"init": [ADDON]}
    bench.install(database, f"Updating {ADDON} in {database}", **how)


def check_name(database):
    """Refuse a database name that this project must not touch.

    :raises DevError: when the name does not start with ``sengerio_``
    """
    if not re.fullmatch(rf"{PREFIX}\w+", database):
        raise DevError(f"The name of a database here starts with {PREFIX!r} and has letters, digits and _: {database}")


def drop_all(bench):
    """Remove all databases of this project, with their file stores and stamps."""
    for database in list_databases(bench.server):
        note(f"Removing {database}")
        discard(bench, database)
