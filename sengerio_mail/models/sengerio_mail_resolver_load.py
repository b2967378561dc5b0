from contextlib import contextmanager

from odoo import api, models
from odoo.tools import SQL

from ..tools.resolver import Row
from ..tools.together import asked_together, together


class SengerioMailResolverLoad(models.AbstractModel):
    """Fetches role addresses and copies for the resolver, in as few statements as can be: each mail pays for them."""

    _inherit = "sengerio.mail.resolver"

    @contextmanager
    def _together(self, records):
        """Within this block, it is asked at once who gets each of several records' documents."""
        with together(records) as found:
            for record in records:
                found.partner_ids.update(record._mail_get_customer().ids, self._sender(record).sudo().partner_id.ids)
            for partner in self.env["res.partner"].browse(found.partner_ids):
                found.partner_ids.update(self._chain(partner).ids)
            yield found

    @api.model
    def _load(self, policy, partners, chain, sender, company):
        """Fetch the role addresses of some partners and the copies that apply.

        :param chain: those of the partners on whose customer's rules copies depend
        :return: ``({partner id: [Row]}, [values of a copy])``
        """
        asked = asked_together(self.env)
        if not asked:
            return self._fetch(policy, partners, chain, sender, company)
        everybody = self._everybody(asked, partners)
        rows, copies = asked.answer(
            ("copies", policy.code, policy.role, sender.id, company.id, everybody),
            lambda: self._fetch(policy, everybody, everybody, sender, company),
        )
        customers = {*chain.ids, False, None}
        return rows, [
            copy for copy in copies if copy["direction"] == "sent_by" or copy["partner_id"] in customers
        ]

    @api.model
    def _everybody(self, asked, partners):
        """Return all partners of a block in which it is asked at once, some partners with them.

        :param asked: :class:`..tools.together.Together`
        """
        asked.partner_ids.update(partners.ids)
        return self.env["res.partner"].browse(sorted(asked.partner_ids))

    @api.model
    def _fetch(self, policy, partners, chain, sender, company):
        """Fetch what :meth:`_load` returns.

        In one query where no copy may apply, which is planned in a third of the time that one for both takes.

        """
        for model in ("sengerio.mail.address", "sengerio.mail.copy"):
            self.env[model].flush_model()
        [(rows, copy_ids)] = self.env.execute_query(
            SQL(
                """
                SELECT (%(addresses)s), (
                    SELECT array_agg(id)
                      FROM sengerio_mail_copy
                     WHERE active AND (company_id IS NULL OR company_id = %(company_id)s)
                       AND (partner_id IS NULL
                            OR direction = 'sent_by' AND partner_id = %(sender_id)s
                            OR direction = 'sent_to' AND partner_id IN %(customer_ids)s)
                       AND (role IS NULL OR role = %(role)s)
                )
                """,
                addresses=self._addresses_query(SQL("partner_id IN %s", tuple(partners.ids) or (0,)), company),
                customer_ids=tuple(chain.ids) or (0,),
                sender_id=sender.sudo().partner_id.id or 0,
                company_id=company.id,
                role=policy.role,
            )
        )
        persons, copies = self._load_copies(policy, copy_ids, partners, company) if copy_ids else ([], [])
        return self._by_partner([*(rows or []), *persons]), copies

    @api.model
    def _load_addresses(self, partners, company):
        """Fetch the role addresses of some partners.

        :return: ``{partner id: [Row]}``, others may be in it
        """
        asked = asked_together(self.env)
        if not asked:
            return self._fetch_addresses(partners, company)
        everybody = self._everybody(asked, partners)
        return asked.answer(("addresses", company.id, everybody), lambda: self._fetch_addresses(everybody, company))

    @api.model
    def _fetch_addresses(self, partners, company):
        self.env["sengerio.mail.address"].flush_model()
        condition = SQL("partner_id IN %s", tuple(partners.ids) or (0,))
        [(rows,)] = self.env.execute_query(self._addresses_query(condition, company))
        return self._by_partner(rows or [])

    @api.model
    def _by_partner(self, rows):
        """Return ``{partner id: [Row]}`` of rows of :meth:`_addresses_query`."""
        by_partner = {}
        for partner_id, role, email, name, company_id, bounce_state in rows:
            row = Row(role, email, name or "", company_id, bounce_state != "none")
            by_partner.setdefault(partner_id, []).append(row)
        return by_partner

    @api.model
    def _load_copies(self, policy, copy_ids, partners, company):
        """Fetch those of some copies that apply to a type, and the role addresses of their persons.

        :param partners: whose role addresses are known
        :return: ``(rows of _addresses_query, values of the copies)``
        """
        for model in ("res.partner", "res.users"):
            self.env[model].flush_model()
        [(rows, copies)] = self.env.execute_query(
            SQL(
                """
                WITH copy AS (
                    SELECT c.*, p.name AS person_name, p.email AS person_email,
                           p.sengerio_bounced_email AS person_bounced,
                           p.active AND (u.active IS NULL OR u.active) AS person_active,
                           p.id IS DISTINCT FROM p.commercial_partner_id AS person_has_company
                      FROM sengerio_mail_copy c
                      LEFT JOIN res_partner p ON p.id = c.copy_partner_id
                      LEFT JOIN LATERAL (
                           SELECT bool_or(active) AS active FROM res_users WHERE partner_id = p.id
                      ) u ON TRUE
                     WHERE c.id = ANY(%(copy_ids)s)
                       AND (NOT EXISTS (SELECT FROM sengerio_mail_copy_document_type_rel r WHERE r.copy_id = c.id)
                            OR EXISTS (SELECT FROM sengerio_mail_copy_document_type_rel r
                                         JOIN sengerio_mail_document_type t ON t.id = r.type_id
                                        WHERE r.copy_id = c.id AND t.code = %(code)s))
                )
                SELECT (%(addresses)s), (SELECT json_agg(row_to_json(copy) ORDER BY id) FROM copy)
                """,
                copy_ids=copy_ids,
                code=policy.code,
                addresses=self._addresses_query(
                    SQL(
                        "partner_id IN (SELECT copy_partner_id FROM copy) AND partner_id NOT IN %s",
                        tuple(partners.ids) or (0,),
                    ),
                    company,
                ),
            )
        )
        return rows or [], copies or []

    @api.model
    def _addresses_query(self, condition, company):
        """Return the SQL for the role addresses that a company uses, as one JSON array."""
        return SQL(
            """
            SELECT json_agg(json_build_array(partner_id, role, email, name, company_id, bounce_state) ORDER BY id)
              FROM sengerio_mail_address
             WHERE %s AND active AND (company_id IS NULL OR company_id = %s)
            """,
            condition,
            company.id,
        )
