"""A database with an earlier version of the addon can be updated: nothing that was sent is lost."""

import os

import pytest

from devkit.databases import PREFIX, clone_with_addon, discard, update_addon
from devkit.odoo_side import queue_mails
from devkit.smtp import smtp_server
from devkit.workbench import run_odoo_script, workbench

EARLIER = "UPDATE ir_module_module SET latest_version = '19.0.1.0.0' WHERE name = 'sengerio_mail'"
LISTED = """
    SELECT id, to_addresses, copy_addresses, state, date_sent, write_date FROM sengerio_mail_document ORDER BY id
"""


class Sent:
    """A database with three documents that were sent."""

    def __init__(self, bench, database):
        self.bench, self.database = bench, database

    def query(self, sql):
        """Run SQL and return the rows as lines."""
        return self.bench.server.query(sql, self.database)

    def update(self):
        """Update the addon as from the earlier version."""
        self.query(EARLIER)
        update_addon(self.bench, self.database)


@pytest.fixture
def sent(tmp_path):
    """Give a database of its own with three documents that were sent."""
    database = f"{PREFIX}update_{os.getpid()}"
    with workbench(printer=False) as bench, smtp_server(bench, tmp_path / "mails") as port:
        try:
            clone_with_addon(bench, database)
            config = bench.config(database, smtp_server="127.0.0.1", smtp_port=port)
            for args in (("fill", "3"), ("run",)):
                assert run_odoo_script(bench, database, queue_mails.__file__, *args, config=config) == 0
            yield Sent(bench, database)
        finally:
            discard(bench, database)


def test_addresses_listed(sent):
    """Documents sent before their addresses were kept with them list the same."""
    before = sent.query(LISTED)
    sent.query("ALTER TABLE sengerio_mail_document DROP COLUMN to_addresses, DROP COLUMN copy_addresses")
    sent.update()
    assert len(before) == 3
    assert all("@" in row for row in before)
    assert sent.query(LISTED) == before


def test_messages_forgotten(sent):
    """Addresses stay with the messages of those documents alone that keep theirs, but for blind copies sent again."""
    [kept, removed, again] = sent.query("SELECT id FROM sengerio_mail_document ORDER BY id")
    for statement in (
        """UPDATE mail_message SET outgoing_email_to = 'plain@x.example'
            WHERE id IN (SELECT mail_message_id FROM sengerio_mail_document)""",
        """INSERT INTO mail_notification (mail_message_id, mail_email_address, notification_type, notification_status)
           SELECT mail_message_id, 'plain@x.example', 'email', 'sent' FROM sengerio_mail_document""",
        f"UPDATE sengerio_mail_document SET anonymised = TRUE WHERE id = {removed}",
        f"UPDATE sengerio_mail_document SET resend_of_id = {kept} WHERE id = {again}",
        f"DELETE FROM sengerio_mail_delivery WHERE document_id = {again} AND header != 'to'",
        f"UPDATE sengerio_mail_delivery SET resent_in_id = {again} WHERE document_id = {kept} AND header = 'bcc'",
    ):
        sent.query(statement)
    sent.update()
    left = sent.query(
        """SELECT document.id, outgoing_email_to, mail_email_address
             FROM sengerio_mail_document document
             JOIN mail_message message ON message.id = mail_message_id
             LEFT JOIN mail_notification notification
               ON notification.mail_message_id = message.id AND res_partner_id IS NULL
            ORDER BY document.id"""
    )
    assert left == [f"{kept}|plain@x.example|plain@x.example", f"{removed}||", f"{again}||"]
