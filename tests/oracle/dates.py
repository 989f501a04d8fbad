"""Fields of dates, by Python's datetime: of every STEPth day from 0001-01-01 to 9999-12-31, in lines of days since
1970-01-01, year, month, day, quarter, ordinal, weekday, ISO week, ISO year, whether the year is leap.

    dates.py STEP
"""

import calendar
import datetime
import sys

EPOCH = datetime.date(1970, 1, 1).toordinal()
LAST = datetime.date.max.toordinal()

for ordinal in range(1, LAST + 1, int(sys.argv[1])):
    date = datetime.date.fromordinal(ordinal)
    iso = date.isocalendar()
    print(
        ordinal - EPOCH,
        *(date.year, date.month, date.day, (date.month + 2) // 3, date.timetuple().tm_yday),
        *(date.weekday(), iso.week, iso.year, int(calendar.isleap(date.year))),
    )
