-- a copy of the database for tests: no copies to real people, no document left to be sent
UPDATE sengerio_mail_copy SET active = false;
UPDATE mail_mail SET state = 'cancel'
 WHERE state IN ('outgoing', 'exception')
   AND mail_message_id IN (SELECT mail_message_id FROM sengerio_mail_document);
UPDATE sengerio_mail_delivery SET state = 'cancelled' WHERE state = 'queued';
UPDATE sengerio_mail_document SET state = 'cancelled' WHERE state = 'queued';
