-- a copy of the database for tests: no copies to real people, nothing left to be sent
UPDATE sengerio_mail_copy SET active = false;
UPDATE sengerio_mail_delivery SET state = 'cancelled' WHERE state = 'queued';
UPDATE sengerio_mail_document SET state = 'cancelled' WHERE state = 'queued';
