"""A payout in two files where no marketplace is set up: a copy in another form stops the run, an overlap is named."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from addin.cli import main
from recon_core.engine import reconcile
from recon_core.problems import Problem
from recon_core.recipe import Recipe, SideOf
from tests.raws import leg, raw, use
from tests.recipes.made import bank, call, make, table

HEADER = ("UTR", "Settlement Date", "Order ID", "Amount paid to you")
Line = tuple[str, ...]
UTR = "ICICN52026060100001"


def line(number: int, utr: str = UTR) -> Line:
    return (utr, "2026-06-01", f"O{number}", f"{90 + number}.00")


def other_form(lines: list[Line]) -> list[Line]:
    """The cells as another program keeps them: day first, no zeros, another case."""
    return [(utr.lower(), "01-Jun-2026", order.lower(), amount.removesuffix(".00")) for utr, _, order, amount in lines]


def found(*files: list[Line], source: str = "paid") -> list[Problem]:
    """Settlement files against one bank credit -> what is said of ids in two files."""
    raws = [raw(source, {header: [one[at] for one in lines] for at, header in enumerate(HEADER)}, file=f"s{at}.csv", sha256=str(at)) for at, lines in enumerate(files)]  # fmt: skip
    statement = raw("bank", {"ref": [UTR], "amount": ["500.00"], "day": ["2026-06-02"]}, file="bank.csv")
    uses = [use("A", "amount", "Amount paid to you"), use("A", "date", "Settlement Date"), use("B", "id", "ref"), use("B", "amount", "amount"), use("B", "date", "day")]  # fmt: skip
    sides = {"a": SideOf(sources=("paid",), group_by="UTR", label="Payouts"), "b": SideOf(sources=("bank",), label="Bank")}  # fmt: skip
    outcome = reconcile(Recipe(legs=(leg(uses, **sides),)), {"paid": raws, "bank": [statement]})
    return [problem for problem in outcome.problems if problem.code in ("F-331", "F-332")]


def test_a_copy_in_another_form_stops_and_names_both_files() -> None:
    lines = [line(number) for number in range(6)]
    (problem,) = found(lines, other_form(lines))
    assert (problem.code, problem.severity, problem.raw) == ("F-331", "stop", UTR)
    assert all(word in problem.what for word in (f"UTR {UTR}", "s0.csv and s1.csv", "6 of its 6 lines"))


def test_every_pair_of_files_is_told() -> None:
    lines = [line(number) for number in range(3)]
    assert len(found(lines, other_form(lines), other_form(lines)[::-1])) == 3


def test_a_payout_split_over_two_files_is_one_payout() -> None:
    assert found([line(number) for number in range(6)], [line(number) for number in range(6, 12)]) == []


def test_lines_of_equal_amount_are_other_lines() -> None:
    """Twelve orders of one price, six in each file: what else a row says parts them."""
    same = [(UTR, "2026-06-01", f"O{number}", "90.00") for number in range(12)]
    assert found(same[:6], same[6:]) == []


def test_equal_lines_of_two_payouts_are_no_copy() -> None:
    assert found([line(1), line(2)], [line(1, "AXISN1234567890"), line(2, "AXISN1234567890")]) == []


def test_one_line_of_many_is_named_and_the_run_goes_on() -> None:
    (problem,) = found([line(number) for number in range(6)], other_form([line(number) for number in range(5, 12)]))
    assert (problem.code, problem.severity) == ("F-332", "note")
    assert problem.what == f"1 line of UTR {UTR} stands in s0.csv and s1.csv, and counts twice."


@given(st.lists(st.integers(0, 19), unique=True, min_size=1, max_size=9), st.lists(st.integers(0, 19), unique=True, min_size=1, max_size=9))  # fmt: skip
def test_half_of_the_smaller_file_is_a_copy(first: list[int], second: list[int]) -> None:
    said = found([line(number) for number in first], other_form([line(number) for number in second]))
    shared, fewest = len({*first} & {*second}), min(len(first), len(second))
    assert [one.code for one in said] == ([] if not shared else ["F-331"] if 2 * shared >= fewest else ["F-332"])


FILES = {
    "settlement_1.csv": table("|".join(HEADER), *("|".join(line(number)) for number in range(3))),
    "bank_june.csv": bank(f"02/06/26|NEFT CR-PORTAL|{UTR}|273.00"),
}  # fmt: skip


def copy_as_workbook(folder: Path) -> None:
    """settlement_1 saved again as settlement_1.xlsx, numbers as numbers."""
    book = openpyxl.Workbook()
    book.active.append(list(HEADER))
    for number in range(3):
        *texts, amount = line(number)
        book.active.append([*texts, float(amount)])
    book.save(folder / "settlement_1.xlsx")


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_recipe_payout_to_bank(tmp_path: Path, form: str) -> None:
    """One file agrees with the bank; its copy, as a workbook or saved again with another line end, would double the payout."""
    made = make(tmp_path, "payout_to_bank", FILES)
    assert (made.gaps("Bank"), made.codes() & {"F-331"}) == ({}, set())
    if form == "xlsx":
        copy_as_workbook(tmp_path)
        stored = openpyxl.load_workbook(made.book)
        cell = next(cell for row in stored["Setup"].iter_rows() for cell in row if cell.value == "settlement_*.csv")
        cell.value = "settlement_*.*"
        stored.save(made.book)
    else:
        (tmp_path / "settlement_1_again.csv").write_text(FILES["settlement_1.csv"].replace(".00", ".0"), encoding="utf-8")  # fmt: skip
    done = CliRunner().invoke(main, ["run", str(made.book)])
    assert (done.exit_code != 0, "F-331" in done.output) == (True, True), done.output


def test_the_same_bytes_twice_are_read_once(tmp_path: Path) -> None:
    call("new", tmp_path / "book.xlsx", "--recipe", "payout_to_bank")
    for name, text in (*FILES.items(), ("settlement_2.csv", FILES["settlement_1.csv"])):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(tmp_path / "book.xlsx")])
    assert (done.exit_code, "F-331" in done.output, "F-322" in done.output) == (0, False, True), done.output
