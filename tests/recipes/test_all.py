"""Every shipped recipe: its Setup parses without a stop, has a row in the manual, and payout_to_bank follows narrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from addin.hosts.file import FileHost
from recon_core.problems import Severity
from recon_core.schema import SETUP_SHEETS
from recon_core.setup import parse_recipe
from tests.recipes.made import bank, call, make, table
from workbook_templates import recipe_names

MANUAL = Path(__file__).parents[2] / "docs" / "manual" / "recipes.md"


@pytest.mark.parametrize("name", recipe_names())
def test_its_setup_has_no_mistake(name: str, tmp_path: Path) -> None:
    call("new", tmp_path / "book.xlsx", "--recipe", name)
    host = FileHost(tmp_path / "book.xlsx")
    recipe, problems = parse_recipe({sheet: host.cells(sheet) for sheet in SETUP_SHEETS})
    assert [str(one) for one in problems if one.severity is not Severity.NOTE] == []
    assert {one.code for one in problems} <= {"S-120"}  # no rates, no terms yet
    assert recipe.legs
    assert f"## {name}\n" in MANUAL.read_text(encoding="utf-8")


def test_payouts_by_narration(tmp_path: Path) -> None:
    lines = [
        "2026-06-10|CITIN26061000777|100.00",
        "2026-06-10|CITIN26061000777|50.50",
        "2026-06-17|CITIN26061700888|75.25",
    ]
    files = {
        "settlement_june.csv": table("Settlement Date|UTR|Amount paid to you", *lines),
        "bank_june.csv": bank("11/06/26|NEFT CR CITIN2606 1000777 PORTAL||150.50", "17/06/26|UPI-SOMEBODY|616400003333|75.25", "18/06/26|NEFT-CITIN260617||75.25"),
    }  # fmt: skip
    made = make(tmp_path, "payout_to_bank", files)
    assert made.outcome("Bank")["matched"] == [
        "CITIN26061000777",
        "CITIN26061700888",
        "b:CITIN26061000777",
        "b:CITIN26061700888",
    ]
    assert made.outcome("Bank")["alone"] == ["b:616400003333"]
    assert made.ties()


def test_settlement_lines_of_the_same_utr_added_twice_would_not_tie(tmp_path: Path) -> None:
    """The same file under another name is read once; the payout still ties."""
    text = table(
        "Settlement Date|UTR|Amount paid to you",
        "2026-06-10|CITIN26061000777|100.00",
        "2026-06-10|CITIN26061000777|50.50",
    )
    files = {
        "settlement_1.csv": text,
        "settlement_2.csv": text,
        "bank_june.csv": bank("11/06/26|PORTAL|CITIN26061000777|150.50"),
    }
    made = make(tmp_path, "payout_to_bank", files)
    assert "F-322" in made.codes()
    assert made.gaps("Bank") == {}
