"""A late file, the same file twice, expected files and the list of changes, read from the sheets of the workbook."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from addin import presenting
from addin.demo import make_demo
from addin.new_book import make
from recon_core.expected_files import due_days
from recon_core.recipe import ExpectedFile, Recipe
from recon_core.reports.case import TABLE_ROW
from tests.demo_runs import rows_of, run_book
from tests.marketplace import ajio

pytestmark = pytest.mark.xdist_group("late")
KINDS = {"money": "Money", "due_days_only": "Days only"}
LEG = {"MATCHED": "Matched", "PARTIAL": "Partially matched", "UNMATCHED_A": "Only in A", "UNMATCHED_B": "Only in B"}
HEADED = (1, 2, 3, 4, 5, 6)  # rows above the tables name the run


def block(book: Path, title: str) -> list[tuple[object, ...]]:
    """The rows below a title of Summary, to the first blank one."""
    rows = list(openpyxl.load_workbook(book, data_only=True)["Summary"].iter_rows(values_only=True))
    start = next(at for at, row in enumerate(rows) if str(row[0]).startswith(title))
    end = next((at for at in range(start, len(rows)) if rows[at][0] is None), len(rows))
    return rows[start + 2 : end]


class Late:
    """The demo run three times in one workbook: as it is; noted, sorted, with the late file; with a copy of that file."""

    def __init__(self, folder: Path) -> None:
        self.book = make_demo(folder)
        self.first = run_book(self.book)
        self.one = folder / "run1.xlsx"
        shutil.copyfile(self.book, self.one)
        _note_and_sort(self.book)
        shutil.move(folder / "late" / "settlement_W4.csv", folder / "settlement_W4.csv")
        self.second = run_book(self.book, dt.date(2026, 5, 6))
        self.two = folder / "run2.xlsx"
        shutil.copyfile(self.book, self.two)
        shutil.copyfile(folder / "settlement_W4.csv", folder / "settlement_again.csv")
        self.third = run_book(self.book, dt.date(2026, 5, 6))


def _note_and_sort(book: Path) -> None:
    """What a user does between two runs: a comment on each exception, tables sorted backwards, a filter that hides rows."""
    sheets = openpyxl.load_workbook(book)
    for name in ("Exceptions", "Orders", "Payouts", "Files"):
        sheet = sheets[name]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=TABLE_ROW + 1)]
        rows = [row for row in rows if row[0] is not None]
        if name == "Exceptions":
            comment, key = (
                next(cell.column for cell in sheet[TABLE_ROW] if cell.value == word) - 1
                for word in ("Comment", "Exc key")
            )
            rows = [[*row[:comment], f"note {row[key]}", *row[comment + 1 :]] for row in rows]
        if name != "Files":
            rows.reverse()
        for at, row in enumerate(rows, TABLE_ROW + 1):
            for column, value in enumerate(row, 1):
                sheet.cell(at, column).value = value
            sheet.row_dimensions[at].hidden = at % 3 == 0
    sheets.save(book)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Late:
    return Late(tmp_path_factory.mktemp("late") / "demo")


def test_a_first_run_has_no_list_of_changes(late: Late) -> None:
    assert "Changes" not in openpyxl.load_workbook(late.one).sheetnames
    assert (late.first.number, late.first.changes) == (1, "")


def test_the_list_has_exactly_the_orders_that_changed(late: Late) -> None:
    rows = {str(row["Id"]): row for row in rows_of(late.two, "Changes") if row["Of"] == "Order"}
    want = {row["order_id"]: row for row in ajio.expected("changes_run1_to_run2.csv").to_dict("records")}
    assert sorted(rows) == sorted(want)
    for name, one in want.items():
        row = rows[name]
        assert row["Change"] == KINDS[one["kind"]], name
        for run, word in ((1, "before"), (2, "after")):
            assert row[f"Status {word}"] == LEG[one[f"oms_vs_settlement_{run}"]], name
            assert row[f"Payment {word}"] == one[f"payment_status_{run}"], name
            assert f"{row[f'Amount {word}']:.2f}" == one[f"actual_net_{run}"], name
        cause = "settlement_W4.csv" if one["kind"] == "money" else "as of 30 Apr 2026 → 6 May 2026"
        assert row["Cause"] == cause, name


def test_the_changes_add_up_to_the_late_payout(late: Late) -> None:
    rows = rows_of(late.two, "Changes")
    moved = {
        of: round(sum(float(str(row["Change of amount"] or 0)) for row in rows if row["Of"] == of), 2)
        for of in ("Order", "Payout")
    }
    payout = next(row for row in rows if row["Of"] == "Payout" and row["Id"] == "FNSET-0428")
    assert moved["Order"] == payout["Amount after"] == 71686.12
    assert [(row["Id"], row["Change"], row["What else"]) for row in rows if row["Of"] == "File"] == [
        ("settlement_W4.csv", "New", "97 rows")
    ]
    credit = next(row for row in rows if row["Of"] == "Payout" and row["Id"] != "FNSET-0428")
    assert (credit["Id"], credit["Change"], credit["Status before"], credit["Status after"]) == ("HSBCN52026042800514", "Closed", "Only in the bank", "Explained")  # fmt: skip


def test_exceptions_that_closed_are_those_that_are_gone(late: Late) -> None:
    before, after = (
        {(row["Leg"], row["Exc key"]): row for row in rows_of(book, "Exceptions")} for book in (late.one, late.two)
    )
    listed = {(row["Leg"], row["Key"]): row for row in rows_of(late.two, "Changes") if row["Of"] == "Exception"}
    assert {key for key, row in listed.items() if row["Change"] == "Closed"} == before.keys() - after.keys()
    assert {key for key, row in listed.items() if row["Change"] == "New"} == after.keys() - before.keys()
    fields = ("Status", "Type", "Difference")
    assert {key for key, row in listed.items() if row["Change"] == "Changed"} == {
        key for key in before.keys() & after.keys() if [before[key][name] for name in fields] != [after[key][name] for name in fields]
    }  # fmt: skip
    assert {row["Status after"] for row in listed.values() if row["Change"] == "Closed"} <= {
        "Matched",
        "Skipped",
        "Not in the files",
    }


def test_notes_and_keys_stay_with_their_rows(late: Late) -> None:
    after = rows_of(late.two, "Exceptions")
    known = {row["Exc key"] for row in rows_of(late.one, "Exceptions")}
    assert len(after) > 50
    for row in after:
        assert (row["Comment"], row["First seen run"]) == (
            (f"note {row['Exc key']}", 1) if row["Exc key"] in known else (None, 2)
        )


def test_a_copy_of_the_file_under_another_name_changes_nothing(late: Late) -> None:
    assert late.third.result_hash == late.second.result_hash
    assert [one.code for one in late.third.problems if one not in late.second.problems] == ["F-322"]
    assert late.third.changes == "Nothing changed since run 2."
    two, three = (openpyxl.load_workbook(book, data_only=True) for book in (late.two, late.book))
    assert two.sheetnames == three.sheetnames
    for name in set(two.sheetnames) - {"Run log", "Data checks", "Summary"}:
        values = [
            [[cell.value for cell in row] for row in sheets[name].iter_rows() if row[0].row not in HEADED[:3]]
            for sheets in (two, three)
        ]
        if name not in (
            "A data",
            "B data",
            "Exceptions",
            "Matched",
            "Skipped",
            "Releases",
            "Payouts",
            "Files",
            "Source Settlements",
        ):
            assert values[0] == values[1], name
        else:  # the copy comes first in the order of names, so it is the one that is read and named
            assert values[0] == [["settlement_W4.csv" if value == "settlement_again.csv" else value for value in row] for row in values[1]] or name == "Files", name  # fmt: skip
    assert len(rows_of(late.book, "Files")) == len(rows_of(late.two, "Files"))
    assert block(late.book, "Since run 2")[-1:] == [] or "Nothing changed" in str(
        openpyxl.load_workbook(late.book, data_only=True)["Changes"]["A3"].value
    )
    assert rows_of(late.book, "Changes") == rows_of(late.two, "Changes")  # the list of run 2 stays


def test_what_a_user_typed_over_a_result_is_no_change(late: Late, tmp_path: Path) -> None:
    shutil.copytree(late.book.parent, tmp_path / "typed")
    book = tmp_path / "typed" / late.book.name
    sheets = openpyxl.load_workbook(book)
    sheets["Orders"].cell(TABLE_ROW + 3, 7).value = 1.0
    sheets.save(book)
    done = run_book(book, dt.date(2026, 5, 6))
    assert done.changes == "Nothing changed since run 3."


def test_a_deleted_sheet_is_said_and_the_rest_is_compared(late: Late, tmp_path: Path) -> None:
    shutil.copytree(late.book.parent, tmp_path / "gone")
    book = tmp_path / "gone" / late.book.name
    sheets = openpyxl.load_workbook(book)
    del sheets["Orders"]
    sheets.save(book)
    (book.parent / "settlement_W1.csv").unlink()
    done = run_book(book, dt.date(2026, 5, 6))
    assert "The sheet Orders of run 3 could not be read" in done.changes
    rows = [row for row in rows_of(book, "Changes") if row["Run"] == 4]
    assert ("File", "Gone", "settlement_W1.csv") in {(row["Of"], row["Change"], row["Id"]) for row in rows}
    assert Counter(row["Of"] for row in rows)["Exception"] > 50
    assert "Order" not in {row["Of"] for row in rows}
    assert any("settlement_W1.csv is gone" in str(row["Cause"]) for row in rows if row["Of"] == "Exception")


def test_the_list_survives_tables_in_files_beside_the_workbook(late: Late, tmp_path: Path) -> None:
    folder = tmp_path / "big"
    book = make_demo(folder)
    sheets = openpyxl.load_workbook(book)
    item = next(cell for cell in sheets["Setup"]["A"] if cell.value == "Rows per sheet")
    sheets["Setup"].cell(item.row, 2).value = 100
    sheets.save(book)
    run_book(book)
    shutil.move(folder / "late" / "settlement_W4.csv", folder / "settlement_W4.csv")
    done = run_book(book, dt.date(2026, 5, 6))
    assert done.changes == late.second.changes
    assert f"{book.stem}.Changes.parquet" in done.files


def test_the_missing_file_is_named_with_its_days(late: Late) -> None:
    before, after = ({str(row[0]): row for row in block(book, "Expected files")} for book in (late.one, late.two))
    assert [before["Settlement of 28 April"][at] for at in (1, 2, 3, 6)] == [
        dt.datetime(2026, 4, 28),
        2,
        "Missing",
        None,
    ]
    assert [before["Settlement of 24 April"][at] for at in (2, 3, 6)] == [None, "Here", "settlement_W3.csv"]
    assert [after["Settlement of 28 April"][at] for at in (2, 3, 6)] == [None, "Here", "settlement_W4.csv"]
    codes = [[one.code for one in done.problems if one.code == "L-603"] for done in (late.first, late.second)]
    assert codes == [["L-603"], []]
    told = presenting.closing(late.first)
    assert "Settlement of 28 April of source Settlements was due on 2026-04-28 and has not come: 2 days late." in told
    assert late.second.changes in presenting.closing(late.second)
    assert presenting.to_json(late.second)["changes"] == late.second.changes


# ---- two sides without a marketplace ----


def two_sided(folder: Path, **tables: list[dict[str, object]]) -> Path:
    (folder / "a.csv").write_text("id,amount\nO1,10.00\nO2,20.00\nO3,30.00\n")
    (folder / "b_1.csv").write_text("id,amount\nO1,10.00\nO3,29.00\n")
    book = folder / "Book.xlsx"
    make(book, {
        "Sources": [{"Source": "A", "File or pattern": "a.csv"}, {"Source": "B", "File or pattern": "b_*.csv"}],
        "Legs": [{"Leg": "Rows", "Side A": "A", "Side B": "B"}],
        "Mapping": [{"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": meaning} for side in "AB" for meaning in ("id", "amount")],
        **tables,
    })  # fmt: skip
    return book


def test_two_sides(tmp_path: Path) -> None:
    book = two_sided(tmp_path)
    assert run_book(book).changes == ""
    (tmp_path / "b_2.csv").write_text("id,amount\nO2,20.00\nO3,2.00\nO9,9.00\n")
    done = run_book(book)
    assert (
        done.changes
        == "Since run 1: 1 file new, 1 row of Exceptions closed, 1 row of Exceptions new, 2 rows of Exceptions changed."
    )
    columns = ("Id", "Change", "Status before", "Status after", "Amount before", "Amount after", "Cause")
    told = [tuple(row[column] for column in columns) for row in rows_of(book, "Changes")]
    assert told == [
        ("b_2.csv", "New", None, None, None, None, None),
        ("O2", "Closed", "Unmatched", "Matched", 20, 0, "b_2.csv"),
        ("O9", "New", None, "Unmatched", None, -9, "b_2.csv"),
        ("O3", "Changed", "Partially matched", "Partially matched", 1, -1, "b_2.csv"),
        (
            "O3",
            "Changed",
            "Partially matched",
            "Partially matched",
            None,
            None,
            "b_2.csv",
        ),  # stood beside the other one before
    ]
    assert [row[:4] for row in block(book, "Since run 1")] == [("File", 1, 0, "New"), ("Exception", 1, -20, "Closed"), ("Exception", 1, -9, "New"), ("Exception", 2, -2, "Changed")]  # fmt: skip
    assert run_book(book).changes == "Nothing changed since run 2."


def test_a_corrected_file_under_its_old_name_is_re_issued(tmp_path: Path) -> None:
    book = two_sided(tmp_path)
    run_book(book)
    (tmp_path / "b_1.csv").write_text("id,amount\nO1,10.00\nO3,30.00\n")
    run_book(book)
    rows = {str(row["Id"]): row for row in rows_of(book, "Changes")}
    assert (rows["b_1.csv"]["Change"], rows["O3"]["Change"], rows["O3"]["Cause"]) == ("Re-issued", "Closed", "b_1.csv")


def test_a_changed_setup_is_a_cause(tmp_path: Path) -> None:
    book = two_sided(tmp_path)
    run_book(book)
    sheets = openpyxl.load_workbook(book)
    header = next(cell for row in sheets["Setup"].iter_rows() for cell in row if cell.value == "Tolerance")
    sheets["Setup"].cell(header.row + 1, header.column).value = 1
    sheets.save(book)
    run_book(book)
    assert [(row["Id"], row["Change"], row["Cause"]) for row in rows_of(book, "Changes")] == [
        ("O3", "Closed", "Setup was changed")
    ]


def test_a_sheet_of_the_users_own_that_is_called_changes_is_not_touched(tmp_path: Path) -> None:
    book = two_sided(tmp_path)
    sheets = openpyxl.load_workbook(book)
    sheets.create_sheet("Changes")["A1"] = "mine"
    sheets.save(book)
    before = book.read_bytes()
    done = run_book(book)
    assert [one.code for one in done.problems if one.severity == "stop"] == ["N-112"]
    assert book.read_bytes() == before


def test_a_run_does_not_stop_for_a_file_that_is_expected(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,amount\nO1,10.00\n")
    expected = [{"Source": "B", "What": "Their file", "Due": "2026-04-10", "Days allowed": 3}]
    period = [{"Item": "As of", "Value": "2026-04-15"}]
    book = two_sided(tmp_path, **{"Expected files": expected, "Reconciliation": period})
    (tmp_path / "b_1.csv").unlink()
    sheets = openpyxl.load_workbook(book)
    setup = sheets["Setup"]
    place = {cell.value: cell for row in setup.iter_rows() for cell in row if cell.value in ("Source", "Leg")}
    source, leg = (next(cell.row for cell in setup["A"] if cell.value == word and setup.cell(cell.row, 2).value == other) for word, other in (("Source", "File or pattern"), ("Leg", "Side A")))  # fmt: skip
    assert place
    for column, value in ((1, "C"), (2, "c.csv")):
        setup.cell(source + 3, column).value = value
    for column, value in ((1, "Other"), (2, "A"), (3, "C")):
        setup.cell(leg + 2, column).value = value
    mapping = sheets["Mapping"]
    first = next(cell.row for cell in mapping["A"] if cell.value == "Leg") + 5
    for at, (side, meaning) in enumerate((side, meaning) for side in "AB" for meaning in ("id", "amount")):
        for column, value in ((1, "Other"), (2, side), (4, meaning), (5, meaning)):
            mapping.cell(first + at, column).value = value
    sheets.save(book)
    done = run_book(book)
    assert {one.code for one in done.problems} >= {"L-601", "L-602", "L-603"}
    assert (done.outcome, list(done.results)) == ("warn", ["Other"])
    assert [row[:4] for row in block(book, "Expected files")] == [
        ("Their file", dt.datetime(2026, 4, 10), 2, "Missing")
    ]
    (tmp_path / "b_1.csv").write_text("id,amount\nO1,10.00\n")
    assert list(run_book(book).results) == ["Rows", "Other"]


PERIOD = Recipe(period_from=dt.date(2026, 4, 1), period_to=dt.date(2026, 4, 30))


@pytest.mark.parametrize(
    ("row", "days"),
    [
        (ExpectedFile(source="S", weekdays=(4,)), ["2026-04-03", "2026-04-10", "2026-04-17", "2026-04-24"]),
        (ExpectedFile(source="S", month_days=(10,)), ["2026-04-10"]),
        (ExpectedFile(source="S", anchor="end", days=3), ["2026-05-03"]),
        (ExpectedFile(source="S", anchor="start", days=-1), ["2026-03-31"]),
        (ExpectedFile(source="S", day=20554), ["2026-04-11"]),
    ],
    ids=["Fridays", "the 10th", "3 days after period end", "1 day before period start", "a date"],
)  # fmt: skip
def test_due_days(row: ExpectedFile, days: list[str]) -> None:
    found = [(dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat() for day in due_days(row, PERIOD)]
    assert found == days


def test_a_weekly_file_answers_the_week_its_rows_are_of(tmp_path: Path) -> None:
    expected = [{"Source": "B", "What": "Weekly", "Due": "every Friday"}]
    period = [{"Item": "Period from", "Value": "2026-04-01"}, {"Item": "Period to", "Value": "2026-04-30"}]
    book = two_sided(tmp_path, **{"Expected files": expected, "Reconciliation": period}, Mapping=[
        {"Leg": "Rows", "Side": side, "Meaning": meaning, "Column": meaning} for side in "AB" for meaning in ("id", "amount", "date")
    ])  # fmt: skip
    (tmp_path / "a.csv").write_text("id,amount,date\nO1,10.00,2026-04-02\nO8,1.00,2026-04-02\n")
    (tmp_path / "b_1.csv").write_text("id,amount,date\nO1,10.00,2026-04-02\n")
    (tmp_path / "b_2.csv").write_text("id,amount,date\nO2,10.00,2026-04-13\nO3,1.00,2026-04-17\n")
    done = run_book(book)
    assert done.outcome == "warn", done.problems
    assert [row[:4] + row[6:7] for row in block(book, "Expected files")] == [
        ("Weekly", dt.datetime(2026, 4, 3), None, "Here", "b_1.csv"), ("Weekly", dt.datetime(2026, 4, 10), 20, "Missing", None),
        ("Weekly", dt.datetime(2026, 4, 17), None, "Here", "b_2.csv"), ("Weekly", dt.datetime(2026, 4, 24), 6, "Missing", None),
    ]  # fmt: skip
    assert Counter(one.code for one in done.problems)["L-603"] == 2
