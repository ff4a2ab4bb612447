"""Expected files: which due days a file answers by the days of its rows, read from the block of Summary."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.demo_runs import run_book
from tests.test_late_file import block, two_sided

PERIOD = [{"Item": "Period from", "Value": "2025-09-01"}, {"Item": "Period to", "Value": "2025-09-30"}]
DATED = [{"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": meaning} for side in "AB" for meaning in ("id", "amount", "date")]  # fmt: skip
HERE, MISSING = "Here", "Missing"


def days(texts: str) -> str:
    """A file with a row of 1.00 on each day of September 2025."""
    return "id,amount,date\n" + "".join(f"O{at},1.00,2025-09-{int(day):02}\n" for at, day in enumerate(texts.split()))


CASES = {
    "a month in one file answers each of its Fridays": (
        "Friday", {"b_1.csv": "5 12 19 26"}, {5: (HERE, "b_1.csv"), 12: (HERE, "b_1.csv"), 19: (HERE, "b_1.csv"), 26: (HERE, "b_1.csv")},
    ),
    "two payouts in a file, the second also in another": (
        "Friday", {"b_1.csv": "5 11", "b_2.csv": "12"}, {5: (HERE, "b_1.csv"), 12: (HERE, "b_2.csv"), 19: (MISSING, None), 26: (MISSING, None)},
    ),
    "a gap within a file of the month is named": (
        "Friday", {"b_1.csv": "5 12 26"}, {5: (HERE, "b_1.csv"), 12: (HERE, "b_1.csv"), 19: (MISSING, None), 26: (HERE, "b_1.csv")},
    ),
    "rows of the due day before answer that one alone": (
        "Friday", {"b_1.csv": "12"}, {5: (MISSING, None), 12: (HERE, "b_1.csv"), 19: (MISSING, None), 26: (MISSING, None)},
    ),
    "rows older than the due day before the first answer nothing": (
        "10", {"b_1.csv": "11"}, {10: (MISSING, None)},
    ),
    "days of a month": (
        "10, 20", {"b_1.csv": "1 20"}, {10: (HERE, "b_1.csv"), 20: (HERE, "b_1.csv")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("due", "files", "wanted"), CASES.values(), ids=CASES)
def test_due_days_that_repeat(
    tmp_path: Path, due: str, files: dict[str, str], wanted: dict[int, tuple[str, str | None]]
) -> None:
    expected = [{"Source": "B", "What": "Payouts", "Due": due}]
    book = two_sided(tmp_path, **{"Expected files": expected, "Reconciliation": PERIOD}, Mapping=DATED)
    (tmp_path / "a.csv").write_text(days("1 2 3"))
    (tmp_path / "b_1.csv").unlink()
    for name, held in files.items():
        (tmp_path / name).write_text(days(held))
    done = run_book(book)
    assert done.results, done.problems
    told = {row[1]: (row[3], row[6]) for row in block(book, "Expected files")}
    assert told == {dt.datetime(2025, 9, day): state for day, state in wanted.items()}
    late = [one.what for one in done.problems if one.code == "L-603"]
    assert len(late) == sum(state == MISSING for state, _ in wanted.values())


def test_rows_of_another_month_answer_no_due_day_of_this_one(tmp_path: Path) -> None:
    expected = [{"Source": "B", "What": "Payouts", "Due": "Friday"}]
    book = two_sided(tmp_path, **{"Expected files": expected, "Reconciliation": PERIOD}, Mapping=DATED)
    (tmp_path / "a.csv").write_text(days("1 2 3"))
    (tmp_path / "b_1.csv").write_text("id,amount,date\nO1,1.00,2025-08-29\n")
    run_book(book)
    assert {row[3] for row in block(book, "Expected files")} == {MISSING}


def test_a_file_without_dates_answers_the_oldest_due_day_alone(tmp_path: Path) -> None:
    expected = [{"Source": "B", "What": "Payouts", "Due": "Friday"}]
    book = two_sided(tmp_path, **{"Expected files": expected, "Reconciliation": PERIOD})
    run_book(book)
    assert [row[3] for row in block(book, "Expected files")] == [HERE, MISSING, MISSING, MISSING]
