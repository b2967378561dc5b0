"""Plain Python without the ORM: addresses, links, SMTP session, states and the rules of addressing."""
