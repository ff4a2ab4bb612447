"""A credit whose narration shows a part of a payout's UTR: taken only where nothing but that payout is meant.

The payouts and the decoy are those of April: an IMPS or NEFT credit of another payer, of the amount and day of a payout.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from recon_core.engine import Outcome
from recon_core.model import Status
from tests.raws import leg, raw, run, use
from tests.recipes.made import amount, make
from tests.recipes.made import table as rows_of
from tests.recipes.test_gateway_payout import FILES

PAYOUTS = {
    "utr": ["HSBCN52026041000511", "HSBCN52026041700512", "HSBCN52026042400513"],
    "amount": ["110355.63", "111823.02", "129645.16"], "day": ["2026-04-10", "2026-04-17", "2026-04-24"],
}  # fmt: skip
USES = [
    *(use("A", meaning, column) for meaning, column in (("id", "utr"), ("amount", "amount"), ("date", "day"))),
    *(use("B", meaning, column) for meaning, column in (("id", "ref"), ("amount", "amount"), ("date", "day"), ("narration", "text"))),
]  # fmt: skip
TEN = ("NEFT CR-AJIO-HSBCN52026041000511", "HSBCN52026041000511", "110355.63", "2026-04-10")
LAST = ("NEFT CR-AJIO-HSBCN5202604", "HSBCN52026042400513", "129645.16", "2026-04-24")
OWN = "HSBCN52026041800999"
CUT = "NEFT CR-HSBC0110002-AJIO-HSBCN5202604170"


def outcome(*rows: tuple[str, str, str, str]) -> Outcome:
    text, ref, amounts, day = (list(cells) for cells in zip(*rows, strict=True))
    return run(
        leg(USES, days=5), raw("a", PAYOUTS), raw("b", {"ref": ref, "amount": amounts, "day": day, "text": text})
    )


def taken(found: Outcome, utr: str = "HSBCN52026041700512") -> tuple[str, list[int]]:
    """Status of a payout and the rows of the statement (from 1) that stand under its id."""
    lines = found.results["L"].lines
    ours = lines[(lines["side"] == 0) & (lines["key"] == utr)]
    theirs = lines[(lines["side"] == 1) & (lines["key"] == utr)]
    return str(list(Status)[ours["status"].item()]), [row - 1 for row in theirs["row"].tolist()]


def proposed(found: Outcome) -> list[int]:
    """The rows of the statement that are proposed for a payout."""
    result = found.results["L"]
    return sorted(result.lines["row"].to_numpy()[result.suggestions["pos_b"].to_numpy(int)] - 1)


def credit(text: str, ref: str = "", amount_: str = "111823.02", day: str = "2026-04-17") -> tuple[str, str, str, str]:
    return text, ref, amount_, day


@pytest.mark.parametrize(
    "decoy",
    [
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN5202604", OWN),  # bank and month, and its own UTR
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN5202604"),  # bank and month: three payouts begin so
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN520260417"),  # bank and day: only one payout begins so
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN52026041700", OWN),  # more than that, but it has its own UTR
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN52026041700", "610700000914"),
        credit("NEFT CR-HSBC0110002-RAO TRADERS-HSBCN5202604170 9512"),  # broken, not cut: another UTR
    ],
)
def test_the_credit_of_another_payer_stays_a_suggestion(decoy: tuple[str, str, str, str]) -> None:
    found = outcome(TEN, decoy, LAST)
    assert taken(found) == ("Unmatched", [])
    assert proposed(found) == [2]
    assert taken(found, LAST[1]) == ("Matched", [3])


@pytest.mark.parametrize("cut", [CUT, "HSBCN520260417005", "HSBCN52026041700 FERNWAY"])
@pytest.mark.parametrize("own", ["", "-", "S77", "HSBCN5202604170", "HSBCN52026"])
def test_a_credit_cut_behind_the_day_is_taken(cut: str, own: str) -> None:
    assert taken(outcome(TEN, credit(cut, own), LAST)) == ("Matched", [2])


def test_beside_the_true_credit_cut_too_the_decoy_is_left() -> None:
    for decoy in (credit("NEFT CR-RAO-HSBCN5202604"), credit("NEFT CR-RAO-HSBCN520260417"), credit(CUT, OWN)):
        for rows in permutations([TEN, credit(CUT), decoy]):
            assert taken(outcome(*rows)) == ("Matched", [rows.index(credit(CUT)) + 1])


def test_two_rows_cut_alike_are_neither_taken() -> None:
    found = outcome(TEN, credit(CUT), credit("NEFT CR-RAO-HSBCN52026041700"), LAST)
    assert taken(found) == ("Unmatched", [])
    assert "1 other pair equally possible" in found.results["L"].suggestions["because"].item()


@pytest.mark.parametrize("true", [credit("NEFT CR-AJIO-HSBCN52026041700512"), credit("NEFT CR", "HSBCN52026041700512")])
def test_an_id_that_stands_whole_is_not_found_cut_again(true: tuple[str, str, str, str]) -> None:
    for rows in permutations([TEN, true, credit(CUT, amount_="5.00")]):
        assert taken(outcome(*rows)) == ("Matched", [rows.index(true) + 1])


def test_a_credit_without_a_reference_is_an_exception_not_skipped() -> None:
    """Of the three credits without one, two of equal text and amount: none joins another, none is left out."""
    rows = (
        TEN,
        credit("INTEREST", "-", "412.00", "2026-04-30"),
        credit("CASH", "", "5.00"),
        credit("CASH", "", "5.00"),
    )
    lines = outcome(*rows).results["L"].lines
    theirs = lines[lines["side"] == 1]
    assert [list(Status)[code] for code in theirs["status"]] == [Status.MATCHED, *[Status.UNMATCHED] * 3]
    assert theirs["code"].nunique() == 4
    assert "T-232" not in {one.code for one in outcome(*rows).problems}


def test_a_payout_without_an_id_and_a_credit_without_one_never_join() -> None:
    both = [*USES, use("A", "narration", "note")]
    ours = {
        "utr": [PAYOUTS["utr"][0], ""],
        "amount": ["110355.63", "412.00"],
        "day": ["2026-04-10"] * 2,
        "note": ["", "x"],
    }
    bank = {
        "ref": ["", "-"],
        "amount": ["110355.63", "412.00"],
        "day": ["2026-04-10"] * 2,
        "text": [TEN[0], "INTEREST"],
    }
    result = run(leg(both, days=5), raw("a", ours), raw("b", bank)).results["L"]
    statuses = [str(list(Status)[code]) for code in result.lines["status"]]
    assert statuses == ["Matched", "Unmatched", "Matched", "Unmatched"]
    assert len(result.suggestions) == 1


def test_the_sheets_name_a_credit_without_a_reference(tmp_path: Path) -> None:
    files = dict(FILES)
    files["bank_june.csv"] += rows_of("30/06/26|INTEREST|-|30/06/26||412.00|1")
    made = make(tmp_path, "gateway_payout", files)
    assert [
        amount(row["Amount B"]) for row in made.rows("Exceptions") if row["Leg"] == "Bank" and not row["Id"].strip("-")
    ] == ["412.00"]
    assert not [row for row in made.rows("Skipped") if row["Leg"] == "Bank" and row["Kind"] == "No id"]
    payouts = made.rows("Payouts")
    unknown = next(row for row in payouts if amount(row["Bank amount"]) == "412.00")
    assert (unknown["Status"], unknown["Bank file"], unknown["Bank reference"]) == (
        "Only in the bank",
        "bank_june.csv",
        None,
    )
    assert int(unknown["Bank row"]) > 1
    narrated = next(row for row in payouts if row["Payout"] == "AXISN0061234567")
    assert (narrated["Bank reference"], narrated["Bank file"]) == ("AXISN0061234567", "bank_june.csv")
    assert made.ties()
