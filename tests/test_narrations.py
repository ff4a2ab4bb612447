"""Ids found in narrations: whole, cut, with blanks, never by chance; and what a leg makes of them."""

from __future__ import annotations

import random

import pytest

from recon_core.model import Status
from recon_core.narrations import Found, Ids, least_of
from tests.raws import leg, raw, run, use

UTRS = [
    "HSBCN52026041000511",
    "HSBCN52026041700512",
    "HSBCN52026041700599",
    "3100077",
    "N105260415",
    "NEFT-/XUTR/8812005",
    "CITIN26101000777",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NEFT CR-HSBC0110002-AJIO-HSBCN52026041000511", "HSBCN52026041000511"),
        ("neft cr hsbcn52026041000511 fernway", "HSBCN52026041000511"),
        ("UTRHSBCN52026041000511", "HSBCN52026041000511"),  # no sign before it
        ("HSBCN5202604 1000511", "HSBCN52026041000511"),  # a blank inside
        ("HSBCN520 2604 100 0511 AJIO", "HSBCN52026041000511"),
        ("HSBCN5202604-1000511", None),  # a hyphen parts fields
        ("NEFT CR-HSBCN520260410005", "HSBCN52026041000511"),  # cut at the end
        ("HSBCN52026041000 FERNWAY", "HSBCN52026041000511"),  # cut before the next word
        ("HSBCN520260410009 FERNWAY", None),  # another UTR of the day, not a cut one
        ("HSBCN5202604100051", "HSBCN52026041000511"),
        ("HSBCN520260410005112", None),  # a longer number
        ("HSBCN52026041700", None),  # two begin so
        ("HSBCN5202604", None),  # all three do
        ("HSBCN520260410", None),  # one does, but so does every transfer of this bank on that day
        ("HSBCN5202604100", "HSBCN52026041000511"),
        ("CITIN26101", None),  # bank and day again: NEFT in 16 signs, the 101st day of 2026
        ("CITIN261010", "CITIN26101000777"),
        ("HSBCN52026041000 CITIN261010", None),  # two cut ones
        ("HSBCN5202604100 9511 AJIO", None),  # not cut: another UTR with a blank inside
        ("HSBCN520", None),  # too little of it
        ("IMPS-610700000914-MEHROTRA TRADERS", None),
        ("HSBCN52026041000511 HSBCN52026041700512", None),  # two of them
        ("NEFT CR-CLR 3100077", "3100077"),
        ("CLR0000003100077", "3100077"),  # padded with zeros
        ("CLR 73100077", None),
        ("CLR 31000771", None),
        ("CLR 310 0077", None),  # a short number with a blank is rather something else
        ("NEFT DR-N105260415-X", "N105260415"),
        ("XUTR/8812005", None),
        ("NEFT XUTR 8812005 KART", "NEFT-/XUTR/8812005"),
        ("", None),
    ],
)  # fmt: skip
def test_one_text(text: str, found: str | None) -> None:
    seen = Ids(UTRS).find(text, 10)
    assert (seen and seen.one) == found


def test_whole_and_cut() -> None:
    ids = Ids(UTRS)
    assert ids.find("HSBCN520260410005", 0) is None
    assert ids.find("HSBCN520260410005", 18) is None
    assert ids.find("HSBCN520260410005", 14) == Found("HSBCN52026041000511", is_cut=True)
    assert ids.find("HSBCN52026041000511", 14) == Found("HSBCN52026041000511", is_cut=False)


@pytest.mark.parametrize(
    ("reference", "alike"),
    [
        ("", True), ("HSBCN520260410", True), ("UTR HSBCN520260410005", True), ("HSBCN52026041000999", False), ("610700000914", False),
        ("R10", True), ("77120", True), ("771204", False),  # a counter of the bank, a cheque number
    ],
)  # fmt: skip
def test_an_own_reference_that_speaks_against_a_cut_id(reference: str, alike: bool) -> None:
    assert Ids(UTRS).is_cut_alike(reference, "HSBCN52026041000511", 10) is alike


def test_the_form_says_how_much() -> None:
    assert [least_of(form) for form in ("", "auto", "whole id", "from 8 characters", "From 16 characters")] == [10, 10, 0, 8, 16]  # fmt: skip


def test_ids_that_differ_by_signs_alone_are_no_ids_to_look_for() -> None:
    assert Ids(["AB-123456", "AB123-456"]).find("AB123456", 10) is None


def test_every_id_is_found_whole_and_only_itself() -> None:
    """Random UTRs in random texts: each narration gives its own id or, where cut too short, none; never another."""
    chance = random.Random(5)
    ids = sorted({f"{chance.choice(['SBIN', 'HDFCN', 'UTIB'])}{chance.randrange(10**12):012d}" for _ in range(400)})
    known = Ids(ids)
    for one in ids:
        before, after = (
            chance.choice(["NEFT CR-", "RTGS/", "", "UTR "]),
            chance.choice(["-AJIO", "", " FERNWAY 12", "/X9"]),
        )
        assert known.find(f"{before}{one}{after}", 10) == Found(one, is_cut=False)
        cut = one[: chance.randrange(8, len(one))]
        alike = [other for other in ids if other.startswith(cut)]
        expected = Found(one, is_cut=True) if len(cut) >= 11 and alike == [one] else None  # 10 may be bank and day
        assert known.find(f"{before}{cut}", 11) == expected


PAYOUTS = {
    "utr": ["HSBCN52026041000511", "HSBCN52026041700512", "HSBCN52026042400513"],
    "amount": ["100.00", "250.00", "90.00"],
}
USES = [use("A", "id", "utr"), use("A", "amount", "amount"), use("B", "id", "ref"), use("B", "amount", "amount"), use("B", "narration", "text", "Narration")]  # fmt: skip


def test_a_leg_follows_its_narrations() -> None:
    bank = {
        "ref": ["HSBCN52026041000511", "", "", "610700000914"], "amount": ["100.00", "250.00", "90.00", "250.00"],
        "text": ["NEFT CR", "NEFT CR-AJIO-HSBCN5202604 1700512", "NEFT CR-HSBCN52026042400", "IMPS-610700000914-MEHROTRA"],
    }  # fmt: skip
    result = run(leg(USES), raw("a", PAYOUTS), raw("b", bank)).results["L"]
    theirs = result.lines[result.lines["side"] == 1]
    assert theirs["key"].tolist() == [*PAYOUTS["utr"], "610700000914"]
    assert theirs["linked_by"].tolist() == ["", "Narration", "Narration", ""]
    statuses = list(Status)
    assert [statuses[code] for code in theirs["status"]] == [Status.MATCHED] * 3 + [Status.UNMATCHED]
    assert "narration" not in result.lines


def test_a_reversal_that_names_the_payout_keeps_it_from_being_green() -> None:
    bank = {
        "ref": [PAYOUTS["utr"][0], "CHG1"],
        "amount": ["100.00", "-100.00"],
        "text": ["NEFT CR", f"RETURN OF {PAYOUTS['utr'][0]}"],
    }
    lines = run(leg(USES), raw("a", PAYOUTS), raw("b", bank)).results["L"].lines
    statuses = list(Status)
    assert {statuses[code] for code in lines["status"][lines["key"] == PAYOUTS["utr"][0]]} == {Status.PARTIALLY_MATCHED}


def test_the_narration_may_stand_on_our_side() -> None:
    uses = [use({"A": "B", "B": "A"}[one.side], one.meaning.value, one.column, one.name) for one in USES]
    cash_book = {"ref": [""], "amount": ["250.00"], "text": ["By NEFT HSBCN52026041700512"]}
    lines = run(leg(uses), raw("a", cash_book), raw("b", PAYOUTS)).results["L"].lines
    assert list(Status)[lines["status"][lines["side"] == 0].item()] is Status.MATCHED
