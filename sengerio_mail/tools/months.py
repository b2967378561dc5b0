"""When the months of a time zone begin."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo


def beginnings(zone, today, count):
    """Return when some months began, and when the one after them begins.

    Where midnight is skipped or comes twice, a month begins with its first moment.

    :param str zone: name of the time zone (IANA)
    :param date today: a day of the last of the months
    :param int count: how many months
    :return: two lists of ``count + 1`` :class:`datetime` without zone: as clocks show them, and in UTC; both empty
        where the zone is not known
    """
    try:
        clock = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not found; no name at all; the name of a folder
        return [], []
    last = 12 * today.year + today.month  # the month after today's, counted from 0
    months = (divmod(number, 12) for number in range(last - count, last + 1))
    in_zone = [datetime(year, month + 1, 1) for year, month in months]
    return in_zone, [
        moment.replace(tzinfo=clock, fold=0).astimezone(timezone.utc).replace(tzinfo=None) for moment in in_zone
    ]
