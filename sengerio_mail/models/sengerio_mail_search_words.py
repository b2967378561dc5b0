from datetime import date, datetime

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import parse_date

DATES = frozenset({"date", "datetime"})


class SengerioMailSearchWords(models.AbstractModel):
    """Says a search in words, in the user's language, to who was not there when it was made.

    What it says is what the search means: where there are no words for a part of it, there are none for the whole.
    """

    _name = "sengerio.mail.search.words"
    _description = "Search in Words"

    @api.model
    def _in_words(self, model_name, domain):
        """Return a search in words, with the names that the user may see.

        :param str model_name: what is searched for
        :param domain: the search
        :return: text, or ``None`` if there are no words for it
        """
        try:
            return self._domain_words(self.env[model_name], domain)
        except (KeyError, TypeError, ValueError):
            return None

    @api.model
    def _domain_words(self, model, domain):
        """Return the conditions joined as the domain joins them.

        :raise KeyError, TypeError, ValueError: there are no words for one of them
        """
        _ = self.env._
        stack = []  # (operator that joined it, text)
        for item in reversed(list(Domain(domain))):
            if item == "!":
                stack.append((None, _("not (%s)", stack.pop()[1])))
            elif item in ("&", "|"):
                one, other = (
                    text if joined in (item, None) else f"({text})" for joined, text in (stack.pop(), stack.pop())
                )
                words = _("%(one)s and %(other)s") if item == "&" else _("%(one)s or %(other)s")
                stack.append((item, words % {"one": one, "other": other}))
            else:
                stack.append((None, self._condition_words(model, *item)))
        [(_joined, text)] = stack
        return text

    @api.model
    def _condition_words(self, model, path, operator, value):
        if path in (0, 1):
            return self.env._("Everything") if path == value else self.env._("Nothing")
        field, label = self._field_words(model, path)
        positive = Domain.NEGATIVE_OPERATORS.get(operator, operator)
        if positive in ("=", "in"):
            values = value if isinstance(value, (list, tuple)) else [value]
            return self._equality_words(label, self._value_words(field, values), negative=positive != operator)
        if positive == "any":
            nested = self._domain_words(self.env[field.comodel_name], value)
            words = self.env._("%(field)s with (%(condition)s)", field=label, condition=nested)
        else:
            words = self._comparison_words(field, label, positive, value)
        return words if positive == operator else self.env._("not (%s)", words)

    @api.model
    def _field_words(self, model, path):
        """Return the field at the end of a path, and the labels on the way."""
        name, _dot, rest = path.partition(".")
        label = model.fields_get([name], ["string"])[name]["string"]  # nothing of what the user may not read
        field = model._fields[name]
        if not rest:
            return field, label
        field, labels = self._field_words(self.env[field.comodel_name], rest)
        return field, f"{label} › {labels}"

    @api.model
    def _equality_words(self, label, values, *, negative):
        _ = self.env._
        if len(values) == 1:
            words = _("%(field)s is not %(value)s") if negative else _("%(field)s is %(value)s")
        else:
            words = _("%(field)s is none of (%(value)s)") if negative else _("%(field)s is one of (%(value)s)")
        return words % {"field": label, "value": ", ".join(values)}

    @api.model
    def _comparison_words(self, field, label, operator, value):
        _ = self.env._
        if operator in ("<", "<=", ">", ">=") and field.type not in DATES:
            return f"{label} {operator} {self._number(value)}"
        contains, is_like = _("%(field)s contains %(value)s"), _("%(field)s is like %(value)s")
        templates = {
            ">": _("%(field)s after %(value)s"),
            ">=": _("%(field)s not before %(value)s"),
            "<": _("%(field)s before %(value)s"),
            "<=": _("%(field)s not after %(value)s"),
            # a field of the search view decides itself what it finds
            "like": contains, "ilike": _("%(field)s: %(value)s") if field.search else contains,
            "=like": is_like, "=ilike": is_like,
            "child_of": _("%(field)s is or belongs to %(value)s"),
        }  # fmt: skip
        values = value if isinstance(value, (list, tuple)) else [value]
        if not value:
            raise ValueError(f"{operator} {value!r}")  # finds nothing, or everything
        if "like" in operator:
            words = [_("“%(text)s”", text=value)]
        else:
            words = self._value_words(field, values)
        return templates[operator] % {"field": label, "value": ", ".join(words)}

    @api.model
    def _number(self, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{value!r} is no number")
        return value

    @api.model
    def _value_words(self, field, values):
        """Return values of a field as they are shown."""
        _ = self.env._
        if not values or field.type != "boolean" and any(value is True for value in values):
            raise ValueError(f"{field} {values!r}")
        names = {}
        if field.type == "boolean":
            names = {True: _("Yes"), False: _("No")}
        elif field.type == "selection":
            names = dict(field._description_selection(self.env))
        elif field.comodel_name:
            names = self._names(field.comodel_name, [value for value in values if type(value) is int])
        elif field.type in DATES:
            names = {value: self._date_words(field, value) for value in values if value}
        return [self._value_word(field, names, value) for value in values]

    @api.model
    def _value_word(self, field, names, value):
        if value in (None, False) and type(value) is not int and field.type != "boolean":  # 0 is a value
            return self.env._("empty")
        if value in names:
            return names[value]
        return self.env._("“%(text)s”", text=value) if isinstance(value, str) else str(value)

    @api.model
    def _names(self, model_name, ids):
        """Return the names of those records that the user may see."""
        model = self.env[model_name].with_context(active_test=False)
        if not ids or not model.has_access("read"):
            return {}
        return {record.id: record.display_name for record in model.search([("id", "in", ids)])}

    @api.model
    def _date_words(self, field, value):
        """Return a day, or a moment in the user's time zone; relative ones as they are now."""
        value = parse_date(value, self.env) if isinstance(value, str) else value
        if not isinstance(value, date):
            raise TypeError(f"{value!r} is no date")
        if not isinstance(value, datetime):
            return value.isoformat()
        if field.type == "datetime":
            value = fields.Datetime.context_timestamp(self, value)
        return value.replace(tzinfo=None).isoformat(" ", "seconds" if value.second else "minutes")
