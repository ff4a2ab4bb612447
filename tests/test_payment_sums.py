"""A payment is booked row by row: amounts that do not add up to what was paid are named, all of them, and nothing is written."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from addin.cli import main
from addin.payment_files import Booked, Transfer, book_payment
from recon_core.money import MINOR_PER_MAJOR

HEADER = "Order ID,SKU,Amount paid to you,Amount paid by customer,Fee: Commission,Fee: Ads,Tax on fees,TCS"
GOOD = ("T-1,A,820,1000,-120,-20,-25,-15", "T-2,,-20,0,,-20,,", ",,0,,,,,")
SIGNLESS = ("T-1,A,820,1000,120,20,25,15", "T-2,B,400,500,80,0,20,")


def booked(folder: Path, rows: tuple[str, ...], amount: str = "") -> Booked:
    path, out = folder / "filled.csv", folder / "out.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    total = amount or str(sum(float(row.split(",")[2]) for row in rows))
    done = book_payment(path, out, Transfer(day=dt.date(2026, 5, 4), amount=total, reference="UTR1"))
    assert out.exists() == (not done.problems)
    return done


def test_rows_that_add_up_are_booked(tmp_path: Path) -> None:
    done = booked(tmp_path, GOOD)
    assert (done.rows, done.total_minor, done.problems) == (3, 800 * MINOR_PER_MAJOR, ())


def test_each_row_that_does_not_add_up_is_named(tmp_path: Path) -> None:
    done = booked(tmp_path, (GOOD[0], "T-2,B,441,500,-50,,-9.5,", *GOOD[1:], "T-3,B,10,10,,,,-0.01"))
    found = [(one.code, one.where.row, one.where.column, one.raw) for one in done.problems]
    assert found == [("T-305", 3, "Amount paid to you", "441"), ("T-305", 6, "Amount paid to you", "10")]
    assert "add up to 440.50" in done.problems[0].what
    assert "0.50 apart" in done.problems[0].what
    assert "0.01 apart" in done.problems[1].what


def test_fees_without_a_minus_are_said_once(tmp_path: Path) -> None:
    done = booked(tmp_path, SIGNLESS)
    assert [one.code for one in done.problems] == ["T-262"]
    assert "2 rows" in done.problems[0].what


def test_signless_fees_of_some_rows_do_not_hide_another_mistake(tmp_path: Path) -> None:
    done = booked(tmp_path, (*SIGNLESS, "T-3,B,10,20,,,,"))
    assert [(one.code, one.where.row) for one in done.problems] == [("T-305", 2), ("T-305", 3), ("T-305", 4)]


def test_every_amount_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = booked(tmp_path, ("T-1,A,820,1000,n.a,-20,-25,-15", "T-2,A,,500,,,,", "T-3,A,soon,500,=1+1,,,"), "1")
    found = [(one.code, one.where.row, one.where.column, one.raw) for one in done.problems]
    assert found == [("T-281", 3, "Amount paid to you", ""), ("T-281", 4, "Amount paid to you", "soon"), ("T-281", 2, "Fee: Commission", "n.a"), ("T-281", 4, "Fee: Commission", "=1+1")]  # fmt: skip


def test_the_command_names_the_rows_and_ends_as_stopped(tmp_path: Path) -> None:
    (tmp_path / "filled.csv").write_text("\n".join([HEADER, GOOD[0], "T-2,B,441,500,-50,,-9.5,"]) + "\n")
    words = ["payment", tmp_path / "filled.csv", tmp_path / "out.csv", "--date", "2026-05-04", "--amount", "1261", "--reference", "U1"]  # fmt: skip
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 4
    told = re.sub(r"\s+", " ", done.output)
    assert "T-305 filled.csv row 3" in told
    assert not (tmp_path / "out.csv").exists()


def paise(amount: int) -> str:
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


@given(st.lists(st.lists(st.integers(-(10**7), 10**7), min_size=5, max_size=5), min_size=1, max_size=6), st.data())
def test_a_row_is_named_exactly_if_its_amounts_do_not_add_up(tmp_path_factory: pytest.TempPathFactory, rows: list[list[int]], data: st.DataObject) -> None:  # fmt: skip
    off = [data.draw(st.sampled_from([0, 0, 1, -500])) for _ in rows]
    cells = [(sum(row) + gap, *row) for row, gap in zip(rows, off, strict=True)]
    done = booked(
        tmp_path_factory.mktemp("sums"),
        tuple(f"T-{at},A,{','.join(map(paise, row))}" for at, row in enumerate(cells)),
        paise(sum(row[0] for row in cells)),
    )
    wrong = [at + 2 for at, gap in enumerate(off) if gap]
    if [one.code for one in done.problems] != ["T-262"]:
        assert [one.where.row for one in done.problems] == wrong
    else:
        assert wrong
