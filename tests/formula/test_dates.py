"""Dates, times, weeks and working days: laws that hold for any date, Excel's own quirks, and columns against single values."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.formula import calendar
from recon_core.formula.evaluate import Scope, evaluate
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table
from recon_core.formula.values import ExcelError, Values

VALUE, NUM, NA = ExcelError.VALUE, ExcelError.NUM, ExcelError.NA
ZERO = dt.date(1899, 12, 30)
DATES = st.integers(61, calendar.LAST)


def calc(formula, row=None, free=(), *, day_first=False):
    """The values of a formula over the columns of `row`; H[d] are the holidays."""
    own = Table.of("own", {name: Values.of(values) for name, values in row.items()}) if row else None
    tables = {"h": Table.of("H", {"d": Values.of(free)})} if free else {}
    return evaluate(parse(formula), Scope(own=own, tables=tables, day_first=day_first)).values.items()


def one(formula, **names):
    """The value of a formula for single values."""
    return calc(formula, {name: [value] for name, value in names.items()} or None)[0]


def as_date(serial):
    return ZERO + dt.timedelta(serial)


# -- parts ------------------------------------------------------------------------------------------------


@given(DATES)
def test_date_undoes_year_month_day(serial):
    assert one("=DATE(YEAR([@a]),MONTH([@a]),DAY([@a]))", a=serial) == serial
    assert one("=WEEKDAY([@a],2)", a=serial) == as_date(serial).isoweekday()
    assert one("=ISOWEEKNUM([@a])", a=serial) == one("=WEEKNUM([@a],21)", a=serial) == as_date(serial).isocalendar()[1]


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), DATES)
def test_time_undoes_hour_minute_second(hour, minute, second, serial):
    time = one("=TIME([@h],[@m],[@s])", h=hour, m=minute, s=second)
    for add in (0, serial):
        assert calc("=HOUR([@t])*10000+MINUTE([@t])*100+SECOND([@t])", {"t": [time + add]}) == [
            hour * 10_000 + minute * 100 + second
        ]


@given(DATES, st.sampled_from([1, 2, *range(11, 18)]))
def test_weeknum_changes_on_its_first_day_only(serial, kind):
    first = {1: 7, 2: 1}.get(kind, kind - 10)
    today, before = (one("=WEEKNUM([@a],[@k])", a=day, k=kind) for day in (serial, serial - 1))
    if as_date(serial).strftime("%m%d") == "0101":
        assert today == 1
    else:
        assert today - before == (as_date(serial).isoweekday() == first)


@pytest.mark.parametrize(
    ("formula", "answer"),
    [
        # the last half second of a day belongs to the next
        ("=DAY(41484.9999942129)", 29), ("=DAY(41484.999994213)", 30), ("=HOUR(41484.999994213)", 0), ("=SECOND(41484.9999942129)", 59),
        ("=YEAR(2958465.9999)", 9999), ("=YEAR(2958465.999999)", NUM), ("=HOUR(2958466)", NUM), ("=MINUTE(-0.0001)", NUM),
        ("=EDATE(41484.999999,0)", 41484), ("=WEEKDAY(41484.999999)", 2), ("=DAYS(41484.999999,41484)", 0),
        # the first days
        ("=WEEKDAY(0)", 7), ("=WEEKDAY(1)", 1), ("=WEEKDAY(60)", 4), ("=WEEKNUM(0)", 0), ("=WEEKNUM(1)", 1), ("=ISOWEEKNUM(0)", 52), ("=ISOWEEKNUM(1)", 52),
        ("=ISOWEEKNUM(2)", 1), ("=DATE(1900,1,0)", 0), ("=DATE(1900,1,-1)", NUM), ("=EDATE(0,0)", 0), ("=EDATE(0,1)", 31), ("=EOMONTH(0,0)", 31), ("=EDATE(31,1)", 60),
        ("=EOMONTH(31,1)", 60), ("=EOMONTH(31,-1)", NUM), ("=EDATE(60,12)", 425), ("=DAYS360(0,1)", 1),
        # the last days, and beyond
        ("=DATE(9999,12,31)", 2958465), ("=DATE(9999,13,-1)", NUM), ("=DATE(9998,25,0)", NUM), ("=EDATE(2958465,1)", NUM), ("=EOMONTH(2958465,0)", 2958465),
        ("=DATE(1E+300,1,1)", NUM), ("=DATE(2024,1E+300,1)", NUM), ("=DATE(2024,1,-1E+300)", NUM), ("=EDATE(45000,1E+300)", NUM), ("=TIME(0,0,1E+300)", NUM),
        ("=YEAR(1E+300)", NUM), ("=WORKDAY(45000,1E+300)", NUM), ("=WORKDAY(45000,-1E+300)", NUM), ("=NETWORKDAYS(1,1E+300)", NUM), ("=WEEKDAY(1,1E+300)", NUM),
        ("=YEARFRAC(1,2,1E+300)", NUM), ('=DATEDIF(1,1E+300,"D")', NUM), ("=WEEKNUM(1,-1E+300)", NUM), ("=NETWORKDAYS.INTL(1,2,1E+300)", NUM),
        # TIME adds up before it looks
        ("=TIME(12,-2,10)", 43_090 / 86_400), ("=TIME(0,-1,0)", NUM), ("=TIME(32767,0,0)", 7 / 24), ("=TIME(32768,0,0)", NUM), ("=TIME(23,59,59.999)", 86_399 / 86_400),
        # the Analysis ToolPak takes no booleans
        ("=EDATE(TRUE,1)", VALUE), ("=EOMONTH(45000,FALSE)", VALUE), ("=WEEKNUM(TRUE)", VALUE), ("=YEARFRAC(TRUE,5)", VALUE), ("=NETWORKDAYS(TRUE,5)", VALUE),
        ("=WORKDAY(1,TRUE)", VALUE), ("=NETWORKDAYS(1,5,TRUE)", VALUE), ("=DAYS(TRUE,FALSE)", 1), ("=YEAR(TRUE)", 1900), ("=DAYS360(FALSE,TRUE)", 1),
        ("=WEEKDAY(45296,)", NUM), ("=EDATE(45296,)", 45296),
    ],
)  # fmt: skip
def test_edges(formula, answer):
    assert one(formula) == (answer if isinstance(answer, ExcelError) else pytest.approx(answer, abs=1e-12))


# -- texts ------------------------------------------------------------------------------------------------


def test_datevalue_and_timevalue():
    texts = ["2024-01-05 06:00", "1/5/2024", "18:00", "30:00", "", "abc", None, 45296.0, True, NA]
    assert calc("=DATEVALUE([@t])", {"t": texts}) == [45296, 45296, 0, 1, VALUE, VALUE, VALUE, VALUE, VALUE, NA]
    assert calc("=TIMEVALUE([@t])", {"t": texts}) == [0.25, 0, 0.75, 0.25, VALUE, VALUE, VALUE, VALUE, VALUE, NA]
    assert calc('=TIMEVALUE("2024-01-05 10:00")') == [10 / 24]


def test_the_day_order_of_the_setting():
    for formula in (
        '=DATEVALUE("5/1/2024")',
        '=EDATE("5/1/2024",0)',
        '=DATE(2024,1,DAY("5/1/2024"))',
        '=WORKDAY("5/1/2024",0)',
    ):
        assert calc(formula, day_first=True) == [45296]
    assert calc('=DATEVALUE("5/1/2024")') == [45413]


# -- months -----------------------------------------------------------------------------------------------


@given(DATES, st.integers(-600, 600))
def test_edate_keeps_the_day_or_takes_the_last(serial, months):
    moved, end = (one(f"={name}([@a],[@m])", a=serial, m=months) for name in ("EDATE", "EOMONTH"))
    year, month = divmod(as_date(serial).year * 12 + as_date(serial).month - 1 + months, 12)
    if not 1900 <= year <= 9999:
        assert moved == end == NUM
        return
    assert calendar.from_serial(moved)[:2] == calendar.from_serial(end)[:2] == (year, month + 1)
    assert calendar.from_serial(moved)[2] == min(as_date(serial).day, calendar.from_serial(end)[2])
    assert end == calendar.LAST or calendar.from_serial(end + 1)[2] == 1


@given(st.integers(61, 100_000), st.integers(0, 40_000))
def test_datedif_adds_up(serial, days):
    end = serial + days
    parts = {unit: one(f'=DATEDIF([@a],[@b],"{unit}")', a=serial, b=end) for unit in ("D", "M", "Y", "YM", "MD", "YD")}
    assert parts["D"] == days
    assert parts["M"] == parts["Y"] * 12 + parts["YM"]
    assert 0 <= parts["YM"] < 12
    assert one("=EDATE([@a],[@m])", a=serial, m=parts["M"]) <= end
    assert -3 <= parts["MD"] <= 30
    if as_date(serial).day <= 28:
        assert one("=EDATE([@a],[@m])", a=serial, m=parts["M"]) + parts["MD"] == end
    if parts["Y"] == 0:
        assert abs(parts["YD"] - days) <= 1  # one off where a 29-Feb lies in the end's year only


@pytest.mark.parametrize(
    ("start", "end", "unit", "answer"),
    [
        ("1998-10-31", "2000-03-21", "MD", 19), ("1998-10-31", "2000-03-01", "MD", -1), ("2021-01-31", "2021-03-01", "MD", -2), ("2021-01-31", "2021-02-28", "md", 28),
        ("1999-02-15", "2003-03-15", "YD", 28), ("2000-02-15", "2003-03-15", "YD", 29), ("2000-02-29", "2002-03-08", "YD", 7), ("2000-02-29", "2000-03-08", "YD", 8),
        ("2012-02-29", "2013-02-28", "YD", 365), ("2011-02-28", "2012-03-01", "yd", 2), ("2020-02-29", "2021-02-28", "Y", 0), ("2020-02-29", "2021-03-01", "Y", 1),
        ("2024-01-31", "2024-02-29", "M", 0), ("2024-01-05", "2024-01-04", "D", NUM), ("2024-01-05", "2024-01-05", "W", NUM), ("2024-01-05", "2024-01-05", "", NUM),
        ("1970-01-01 12:00:00", "1970-01-02 11:59:59", "D", 1),
    ],
)  # fmt: skip
def test_datedif_quirks(start, end, unit, answer):
    assert one("=DATEDIF([@a],[@b],[@u])", a=start, b=end, u=unit) == answer


@pytest.mark.parametrize(
    ("start", "end", "american", "european"),
    [
        ("2021-02-28", "2021-03-31", 30, 32), ("2021-02-28", "2021-03-01", 1, 3), ("2021-02-28", "2021-02-28", -2, 0), ("2020-02-28", "2020-03-31", 33, 32),
        ("2021-01-30", "2021-02-28", 28, 28), ("2021-01-15", "2021-01-31", 16, 15), ("2021-01-31", "2021-01-31", 0, 0), ("2008-03-31", "2008-01-01", -89, -89),
        ("2021-12-31", "2020-12-31", -360, -360),
    ],
)  # fmt: skip
def test_days360(start, end, american, european):
    assert one("=DAYS360([@a],[@b])", a=start, b=end) == american
    assert one("=DAYS360([@a],[@b],TRUE)", a=start, b=end) == european


@pytest.mark.parametrize(
    ("start", "end", "basis", "answer"),
    [
        # 30/360 as YEARFRAC counts it: two ends of February are two 30ths
        ("2021-02-28", "2022-02-28", 0, 1), ("2021-02-28", "2021-03-31", 0, 31 / 360), ("2020-02-29", "2021-02-28", 0, 1), ("2020-02-29", "2021-02-28", 4, 359 / 360),
        ("2021-01-31", "2021-03-31", 0, 60 / 360), ("2021-01-30", "2021-03-31", 0, 60 / 360), ("2021-01-29", "2021-03-31", 0, 62 / 360),
        # actual: 366 where a 29-Feb counts, the mean of the years beyond one year
        ("2024-01-01", "2024-02-01", 1, 31 / 366), ("2023-03-01", "2024-02-28", 1, 364 / 365), ("2023-03-01", "2024-02-29", 1, 365 / 366), ("2023-03-01", "2024-03-01", 1, 1),
        ("2024-03-01", "2025-03-01", 1, 1), ("2020-01-01", "2024-01-01", 1, 1461 / (1827 / 5)), ("2024-01-01", "2020-01-01", 1, 1461 / (1827 / 5)),
        ("2024-01-01", "2024-12-31", 2, 365 / 360), ("2024-01-01", "2024-12-31", 3.9, 1),
    ],
)  # fmt: skip
def test_yearfrac(start, end, basis, answer):
    assert one("=YEARFRAC([@a],[@b],[@c])", a=start, b=end, c=basis) == pytest.approx(answer, abs=1e-15)


# -- working days -----------------------------------------------------------------------------------------

WEEKENDS = st.one_of(
    st.sampled_from([*range(1, 8), *range(11, 18)]), st.integers(0, 126).map(lambda bits: f"{bits:07b}")
)


def off_days(weekend):
    """ISO weekdays off."""
    if isinstance(weekend, str):
        return {at for at, mark in enumerate(weekend, 1) if mark == "1"}
    if weekend > 10:
        return {(weekend - 12) % 7 + 1}
    return {(weekend + 4) % 7 + 1, (weekend + 5) % 7 + 1}


def works(serial, off, free):
    return as_date(serial).isoweekday() not in off and serial not in free


@given(st.integers(61, 70_000), st.integers(-200, 200), WEEKENDS, st.lists(st.integers(-220, 220), max_size=12))
def test_networkdays_counts_day_by_day(start, step, weekend, near):
    free = [max(start + one, 1) for one in near]
    end = max(start + step, 61)
    off = off_days(weekend)
    plain = sum(works(day, off, free) for day in range(min(start, end), max(start, end) + 1))
    formula = "=NETWORKDAYS.INTL([@a],[@b],[@w]" + (",H[d])" if free else ")")
    assert calc(formula, {"a": [start], "b": [end], "w": [weekend]}, free) == [plain if end >= start else -plain]


@given(st.integers(3000, 70_000), st.integers(-150, 150), WEEKENDS, st.lists(st.integers(-220, 220), max_size=12))
def test_workday_walks_day_by_day(start, steps, weekend, near):
    free = [start + one for one in near]
    off, day, left = off_days(weekend), start, abs(steps)
    while left:
        day += 1 if steps > 0 else -1
        left -= works(day, off, free)
    formula = "=WORKDAY.INTL([@a],[@n],[@w]" + (",H[d])" if free else ")")
    assert calc(formula, {"a": [start], "n": [steps], "w": [weekend]}, free) == [day]


def test_holidays_blank_repeated_on_weekends_and_as_texts():
    free = [45299.0, None, 45299.5, 45298.0, "2024-01-09", "10-Jan-2024"]  # Mon, Mon, Sun, Tue, Wed
    assert calc("=NETWORKDAYS(45296,45303,H[d])", free=free) == [3]
    assert calc("=WORKDAY(45296,1,H[d])", free=free) == [45302]
    assert calc("=WORKDAY(45303,-2,H[d])", free=free) == [45296]
    for wrong, error in (("", VALUE), ("soon", VALUE), (True, VALUE), (NA, NA), (-1.0, NUM), (3e6, NUM)):
        assert calc("=NETWORKDAYS(45296,45303,H[d])", free=[45299.0, wrong]) == [error]


def test_weekends():
    columns = {"w": [1, "0000011", 11, "1111111", 8, "000", "0000012", None, True, NA, 1.9], "a": [45296.0] * 11}
    assert calc("=NETWORKDAYS.INTL([@a],[@a]+6,[@w])", columns) == [5, 5, 6, 0, NUM, VALUE, VALUE, NUM, VALUE, NA, 5]
    assert calc("=WORKDAY.INTL([@a],1,[@w])", columns) == [
        45299,
        45299,
        45297,
        VALUE,
        NUM,
        VALUE,
        VALUE,
        NUM,
        VALUE,
        NA,
        45299,
    ]
    assert one("=NETWORKDAYS.INTL(45296,45302,,45299)") == 4


def test_a_holiday_of_each_row():
    columns = {"a": [45296.0] * 4, "h": [45299.0, None, 45297.0, "x"]}
    assert calc("=WORKDAY([@a],1,[@h])", columns) == [45300, 45299, 45299, VALUE]
    assert calc("=NETWORKDAYS([@a],45303,[@h])", columns) == [5, 6, 6, VALUE]


def test_workday_at_the_ends_of_the_calendar():
    assert one("=WORKDAY(0,1)") == 2
    assert one("=WORKDAY(2,-1)") == NUM
    assert one("=WORKDAY(2958465,1)") == NUM
    assert one("=WORKDAY(2,2113189)") == 2958465
    assert one("=NETWORKDAYS(0,2958465)") == one("=NETWORKDAYS(1,2958465)") == 2113190
    assert one("=NETWORKDAYS(-1,5)") == NUM


# -- columns ----------------------------------------------------------------------------------------------

ANY = [45296.0, 45351.75, 0.0, 60.0, -1.0, 2958466.0, 1e308, "2024-01-05", "x", "", True, None, NA, 13.0, 1.0, -2.5]
CALLS = [
    "YEAR([@a])", "MONTH([@a])", "DAY([@a])", "HOUR([@a])", "MINUTE([@a])", "SECOND([@a])", "DATEVALUE([@a])", "TIMEVALUE([@a])", "ISOWEEKNUM([@a])", "DATE([@a],[@b],[@a])",
    "TIME([@a],[@b],[@b])", "WEEKDAY([@a],[@b])", "WEEKNUM([@a],[@b])", "EDATE([@a],[@b])", "EOMONTH([@a],[@b])", "DAYS([@a],[@b])", "DAYS360([@a],[@b])", "DAYS360([@a],[@b],[@a])",
    'DATEDIF([@a],[@b],"md")', "DATEDIF(1,[@a],[@b])", "YEARFRAC([@a],[@b])", "YEARFRAC(1,[@a],[@b])", "NETWORKDAYS([@a],[@b])", "NETWORKDAYS([@a],50000,[@b])",
    "NETWORKDAYS.INTL(1,[@a],[@b])", "NETWORKDAYS.INTL(1,[@a],[@b],[@b])", "WORKDAY([@a],[@b])", "WORKDAY([@a],5,[@b])", "WORKDAY.INTL([@a],5,[@b])", "WORKDAY.INTL([@a],5,[@b],[@b])",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_column_answers_as_single_values_do(call):
    first = [a for a in ANY for _ in ANY]
    second = ANY * len(ANY)
    singles = [calc(f"={call}", {"a": [a], "b": [b]})[0] for a, b in zip(first, second, strict=True)]
    assert calc(f"={call}", {"a": first, "b": second}) == singles


def test_lists_and_ranges():
    assert calc("=YEAR({45296,1})") == [2024, 1900]
    assert calc("=EDATE({45296,1},1)") == [45327, 32]
    assert calc("=SUM(EDATE(H[d],1))", free=[45296.0, 1.0]) == [VALUE]  # as in Excel; +H[d] would do
    assert calc("=SUM(EDATE(H[d]+0,1))", free=[45296.0, 1.0]) == [45359]


def test_a_million_rows_take_no_time_to_speak_of():
    rows = 1_000_000
    draw = np.random.default_rng(5)
    own = Table.of(
        "own",
        {
            "a": Values.numbers(draw.uniform(1, 2.9e6, rows)),
            "n": Values.numbers(draw.integers(-9000, 9000, rows) * 1.0),
        },
    )
    found = evaluate(parse("=WORKDAY([@a],[@n])"), Scope(own=own)).values
    at = np.arange(0, rows, 40_011)
    a, n = (own.along_rows((name,)).take(at).items() for name in "an")
    assert found.take(at).items() == calc("=WORKDAY([@a],[@n])", {"a": a, "n": n})
