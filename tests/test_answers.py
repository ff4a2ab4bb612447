"""Answers about the last run, held against the demo's own sheets and results; small workbooks for the odd cases."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from recon_core import answers
from recon_core.explaining import explain_row, source_of_row
from recon_core.keys import Cleaning
from recon_core.model import Result, Status
from recon_core.money import to_major
from recon_core.problems import ReconError
from recon_core.readings import NoAnswer
from recon_core.recipe import Leg, Recipe, SideOf
from recon_core.reports.case import Case, Overflow, Run, detail_sheet
from recon_core.reports.summary import _terms
from recon_core.result_sheets import Results, read_table
from recon_core.schema import as_text
from tests.answered import Demo, run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("answers"))


def summary_block(demo: Demo, leg: str, title: str) -> Iterator[list[object]]:
    """The rows of a block of a leg on Summary, below its header."""
    rows = iter(demo.grids["Summary"])
    for row in rows:
        if row[:2] == ["Leg", leg]:
            break
    for row in rows:
        if row and row[0] == title:
            break
    for row in rows:
        if not row or row[0] is None:
            return
        yield row


# ---- against the demo ----


@pytest.mark.parametrize("leg", ["Orders", "Settlements", "Bank"])
def test_totals_are_those_of_summary_and_of_the_engine(demo, leg):
    results, tallies = demo.results, demo.done.results[leg].tallies
    block = {as_text(row[0]): row[1:5] for row in summary_block(demo, leg, "Outcome")}
    for word in (*Status, "Total"):
        asked = "" if word == "Total" else word
        found = [answers.total(results, side, asked, measure, leg) for side in "AB" for measure in ("rows", "amount")]
        assert found == block[word]
        if word in list(Status):
            wanted = [tallies[side, word] for side in (0, 1)]
            assert found == [
                wanted[0].rows,
                to_major(wanted[0].amount_minor),
                wanted[1].rows,
                to_major(wanted[1].amount_minor),
            ]


def test_rows_are_counted_over_all_legs_and_amounts_are_not_added_up(demo):
    assert answers.total(demo.results, "A", "Exceptions", "rows") == 38 + 192
    assert answers.total(demo.results, "B", "", "rows") == 1067
    assert answers.total(demo.results, "A", "Matched") is NoAnswer.SEVERAL


@pytest.mark.parametrize("leg", ["Orders", "Settlements", "Bank"])
def test_every_row_has_the_outcome_and_difference_of_the_engine(demo, leg):
    """Each compared id, by the engine's own frame: the worst outcome, and A - B of its whole links and loose rows."""
    results, result = demo.results, demo.done.results[leg]
    lines = result.lines[result.lines["key"] != ""]
    words = list(Status)
    signed = lines["amount_minor"].where(lines["side"] == 0, -lines["amount_minor"])
    judged = signed.where(lines["status"] != words.index(Status.SKIPPED), 0)
    gap = judged.groupby(lines["link"].where(lines["link"] >= 0, -1 - lines["pos"])).sum()
    keys, wanted, gaps = [], [], []
    for key, rows in lines.groupby("key"):
        keys.append(key)
        wanted.append(min((words[code] for code in rows["status"]), key=answers.ORDER.index))
        whole = {int(link) if link >= 0 else -1 - int(pos) for link, pos in zip(rows["link"], rows["pos"], strict=True)}
        skipped = (rows["status"] == words.index(Status.SKIPPED)).all()
        gaps.append(NoAnswer.NOT_FOUND if skipped else to_major(int(sum(gap[one] for one in whole))))
    assert answers.status(results, keys, leg=leg) == wanted
    assert answers.diff(results, keys, leg) == gaps
    assert len(keys) > 5


def test_differences_of_open_ids_add_up_to_the_sheet_exceptions(demo):
    table = demo.results.table("Exceptions")
    for leg in demo.results.legs:
        rows = [at for at, name in enumerate(table.texts("Leg")) if name == leg and table.texts("Id")[at].strip("-")]
        keys = list(dict.fromkeys(table.texts("Id")[at] for at in rows))
        shown = sum(table.minor("Difference")[at] or 0 for at in rows)
        matched = answers.diff(demo.results, keys, leg)
        assert not any(isinstance(one, NoAnswer) for one in matched)
        assert round(sum(float(one) for one in matched) * 10_000) == shown


def test_tie_out_lines_are_those_of_summary(demo):
    results = demo.results
    for leg in results.legs:
        block = list(summary_block(demo, leg, "Tie-out"))
        assert len(block) == 11
        assert [answers.tie_out(results, number, leg) for number in range(1, 12)] == [row[3] for row in block]
        assert answers.tie_out(results, "A - B =", leg) == 0.0
        assert answers.tie_out(results, 12, leg) is NoAnswer.NOT_FOUND
    assert answers.tie_out(results) == 0.0
    assert answers.tie_out(results, 3) is NoAnswer.SEVERAL
    assert answers.tie_out(results, "side a: amount", "bank") is NoAnswer.SEVERAL


def test_open_items_are_the_sheet_exceptions(demo):
    results, table = demo.results, demo.results.table("Exceptions")
    whole = answers.open_items(results)
    assert [row[1] for row in whole[1:]] == table.texts("Id")
    assert sum(row[8] or 0 for row in whole[1:]) == pytest.approx(
        sum(table.minor("Difference")[at] or 0 for at in range(len(table.rows))) / 10_000
    )
    for least in (100.0, 5000.0):
        found = answers.open_items(results, "", least)
        alone = [row for row in whole[1:] if row[2] == "Unmatched"]
        assert [row for row in found[1:] if row[2] == "Unmatched"] == [row for row in alone if abs(row[8]) >= least]


def test_ages_and_reasons_are_those_of_exceptions(demo):
    results, table = demo.results, demo.results.table("Exceptions")
    at = next(at for at, word in enumerate(table.texts("Status")) if word == "Partially matched")
    key, leg = table.texts("Id")[at], table.texts("Leg")[at]
    rows = [n for n in range(len(table.rows)) if (table.texts("Id")[n], table.texts("Leg")[n]) == (key, leg)]
    assert answers.age(results, [key], leg=leg) == [max(table.number("Age days", n) for n in rows)]
    day = min(line.day for line in next(results.find([key], leg))[0].lines if line.status in answers.OPEN)
    assert answers.age(results, [key], day + dt.timedelta(days=100), leg) == [100]
    assert answers.age(results, [key], (day - dt.date(1899, 12, 30)).days + 3.0, leg) == [3]
    assert answers.reason(results, [key], leg=leg) == [table.texts("Type")[at]]
    assert answers.reason(results, [key], "owner", leg) == [""]


def test_every_row_of_every_sheet_has_a_sentence_and_a_source(demo):
    for sheet in ("Exceptions", "Suggestions", "Matched", "Skipped", "A data", "B data"):
        table = demo.results.table(sheet)
        for row in table.rows[:: max(1, len(table.rows) // 5)]:
            at, words = table.rows.index(row), explain_row(demo.cells, sheet, row)
            assert words.startswith(table.text("Leg", at))
            found = source_of_row(demo.cells, sheet, row)
            side = next(s for s in ("", " A", " B") if f"File{s}" in table.columns and table.text(f"File{s}", at))
            assert (found.file, found.row) == (table.text(f"File{side}", at), table.number(f"Row{side}", at))


def test_a_sentence_of_each_kind(demo):
    found = answers.explain(demo.results, ["FN-410202", "FN-411170", "FN-410820", "FN-410906"], "Settlements")
    assert found == [
        ("Settlements, FN-410202: Matched (Exact, rule 'Same id, same amount', 4 days later on B): A 74.24 against B 74.24, difference 0.00; "
        "Skipped on side A (Duplicate row, oms_orders.csv › row 122): equal to another row in every column."),
        ("Settlements, FN-411170: Unmatched, NOT_DUE: Not paid, and not due yet: a lag of time. 340.42 on side A, 0 days old; possible: FN-990001 (same amount, 13 days apart, "
        "ids differ, no other candidate)."),
        ("Settlements, FN-410820: Unmatched, NOT_DUE: Not paid, and not due yet: a lag of time. 419.73 on side A, 9 days old; no candidate among the suggestions; "
        "Unmatched, NOT_DUE: Not paid, and not due yet: a lag of time. 299.18 on side A, 9 days old; no candidate among the suggestions."),
        "Settlements, FN-410906: Unmatched, NOT_DUE: Not paid, and not due yet: a lag of time. 4,000.88 on side A, 7 days old; no candidate among the suggestions.",
    ]  # fmt: skip


def test_what_is_no_row_of_a_result_is_refused(demo):
    for sheet, row in (("Summary", 9), ("Exceptions", 5), ("Exceptions", 9999), ("My notes", 6)):
        for ask in (explain_row, source_of_row):
            with pytest.raises(ReconError) as caught:
                ask(demo.cells, sheet, row)
            assert caught.value.problem.code == "U-961"
    table = demo.results.table("Exceptions")
    row = table.rows[table.texts("Type").index("BANK_UNKNOWN")]
    assert source_of_row(demo.cells, "Exceptions", row).file == "bank_hdfc_april.csv"
    with pytest.raises(ReconError) as caught:
        source_of_row(demo.cells, "Exceptions", row, "A")
    assert caught.value.problem.code == "U-963"


# ---- small workbooks ----

DATA = ["Leg", "No", "Id as printed", "Id", "Date", "Amount", "Outcome", "Type", "Match id", "File", "Sheet", "Row"]


def book(
    a: list[list[object]], b: list[list[object]], cleaning: str = "standard", **more: list[list[object]]
) -> Results:
    """A workbook of one leg: rows are printed id, id, amount, outcome, match id."""
    grids = {
        "Summary": [
            ["Summary"],
            [
                "Leg",
                "L",
                f"Tolerance 0.00; dates not compared; id cleaning {cleaning}; an id whose totals differ stays together.",
            ],
        ],
        **more,
    }
    for side, rows in (("A", a), ("B", b)):
        lines = [
            ["L", at, printed, key, None, amount, status, "", match, "f.csv", None, at + 1]
            for at, (printed, key, amount, status, match) in enumerate(rows, 1)
        ]
        grids[f"{side} data"] = [["t"], ["s"], ["h"], [], list(DATA), *lines]
    return Results(lambda sheet: grids.get(sheet, []))


def test_the_outcome_of_an_id_is_the_worst_of_its_rows():
    results = book(
        [["X", "X", 1.0, "Matched", "m1"], ["X", "X", 2.0, "Unmatched", None], ["Y", "Y", 2.0, "Skipped", None], ["Y", "Y", 2.0, "Matched", "m2"]],
        [["X", "X", 1.0, "Matched", "m1"], ["Y", "Y", 2.0, "Matched", "m2"], ["Z", "Z", 1.0, "Partially matched", "m3"], ["Z", "Z", 1.0, "Matched", "m4"]],
    )  # fmt: skip
    assert answers.status(results, ["X", "Y", "Z"]) == ["Unmatched", "Matched", "Partially matched"]
    assert answers.status(results, ["X", "Y", "Z"], "B") == ["Matched", "Matched", "Partially matched"]
    assert answers.status(results, ["X", "Z"], "side a") == ["Unmatched", NoAnswer.NOT_FOUND]


def test_an_id_is_found_as_printed_as_compared_and_as_cleaned():
    results = book(
        [["ORD-12", "12", 1.0, "Matched", "m"], ["inv/7", "7", 1.0, "Unmatched", None]], [["12.0", "12", 1.0, "Matched", "m"]], "separators; prefix ORD"
    )  # fmt: skip
    assert (
        answers.status(results, ["ord-12", "12", 12.0, "ORD 12", " 1-2 ", "INV 7", "8", "NA", None])
        == ["Matched"] * 5 + [NoAnswer.NOT_FOUND] * 4
    )
    assert answers.match(results, ["12"]) == ["12.0"]


def test_ids_that_cleaning_would_merge_stay_apart():
    """'A-1' and 'A1' are two orders: what could be either has no answer."""
    results = book(
        [["A-1", "A-1", 1.0, "Matched", "m"], ["A1", "A1", 2.0, "Unmatched", None]],
        [["A-1", "A-1", 1.0, "Matched", "m"]],
        "separators",
    )
    assert answers.status(results, ["a-1", "a1", "A 1"]) == ["Matched", "Unmatched", NoAnswer.SEVERAL]


def test_one_printed_id_on_two_ids_has_no_answer():
    results = book(
        [["P", "K1", 1.0, "Matched", "m"], ["P", "K2", 2.0, "Unmatched", None]], [["K1", "K1", 1.0, "Matched", "m"]]
    )
    assert answers.status(results, ["P", "K1", "K2"]) == [NoAnswer.SEVERAL, "Matched", "Unmatched"]
    assert answers.explain(results, ["P"]) == [NoAnswer.SEVERAL]


def test_the_difference_is_that_of_whole_matches():
    """A match by hand ties X to Y: the difference of X is that of the match, not the amount of X."""
    results = book(
        [["X", "X", 100.0, "Matched", "m"], ["X", "X", 7.0, "Unmatched", None], ["X", "X", 50.0, "Skipped", None]],
        [["Y", "Y", 60.0, "Matched", "m"], ["Z", "Z", 39.5, "Matched", "m"]],
    )  # fmt: skip
    assert answers.diff(results, ["X", "Y"]) == [7.5, 0.5]
    assert answers.match(results, ["X", "Y"]) == ["Y; Z", "X"]
    assert answers.match(results, ["X"], "id") == ["m"]


def test_matches_that_differ_have_no_answer_and_a_partial_link_no_rule():
    matched = [
        ["t"],
        ["s"],
        ["h"],
        [],
        ["Leg", "Match id", "Class", "Rule"],
        ["L", "m1", "Exact", "r1"],
        ["L", "m2", "Manual", "r2"],
    ]
    rows = [
        ["X", "X", 1.0, "Matched", "m1"],
        ["X", "X", 2.0, "Matched", "m2"],
        ["P", "P", 2.0, "Partially matched", "m3"],
    ]
    results = book(rows, rows, Matched=matched)
    assert answers.match(results, ["X", "P"], "class") == [NoAnswer.SEVERAL, "Partial"]
    assert answers.match(results, ["X", "P"], "rule") == [NoAnswer.SEVERAL, NoAnswer.NOT_FOUND]
    assert answers.match(results, ["X", "P"]) == ["X", "P"]


def test_a_data_sheet_that_was_changed_is_refused_with_its_place():
    results = book([["X", "X", 1.0, "Matched", "m"]], [["X", "X", 1.0, "Fine", "m"]])
    with pytest.raises(ReconError, match="U-962 sheet B data row 6, Outcome: 'Fine' is no outcome"):
        answers.status(results, ["X"])
    results = book([["X", "X", "one", "Matched", "m"]], [])
    with pytest.raises(ReconError, match="'one' is no amount"):
        answers.status(results, ["X"])
    results = book([["X", "X", 1.0, "Matched", "m"]], [])
    grid = results.cells("A data")
    grid[4][grid[4].index("Outcome")] = "Result"
    with pytest.raises(ReconError, match="no column 'Outcome'"):
        answers.status(results, ["X"])


def test_rows_a_user_put_below_a_table_are_not_rows_of_it():
    results = book([["X", "X", 1.0, "Matched", "m"]], [])
    results.cells("A data").extend([["Total", None, None, None, None, 1.0], [None, 5]])
    assert answers.total(results, "A") == 1.0


def test_a_table_in_a_file_beside_the_workbook_gives_no_answers(demo):
    """Half of the rows would be a wrong answer; the file's name is that which the report writes."""
    done = demo.done.results["Orders"]
    case = Case(
        results={"Orders": done},
        recipe=Recipe(),
        problems=(),
        run=Run(number=1, started=dt.datetime(2026, 1, 1), ended=dt.datetime(2026, 1, 1)),
    )
    frame = done.lines.iloc[:0]
    case = replace(
        case, details={"tblA": frame}, overflow={"tblA": Overflow(file="Book_A.csv", rows=2_000_000, sha256="x")}
    )
    sheet = detail_sheet(case, "A data", "tblA", (), "hint")
    top: list[list[object]] = [[], [], [], []]
    for cell in sheet.cells:
        top[cell.row - 1] = [cell.value]
    table = read_table("A data", [*top, DATA])
    assert table.file == "Book_A.csv"
    results = Results(lambda name: [*top, DATA] if name == "A data" else demo.cells(name))
    assert answers.status(results, ["FN-410906"]) == [NoAnswer.NOT_FOUND]
    assert answers.total(results, "A", leg="Orders") is NoAnswer.NOT_FOUND
    assert answers.total(results, "B", leg="Orders") == 817706.16
    row = demo.results.table("Exceptions").rows[0]
    assert explain_row(results.cells, "Exceptions", row).startswith(
        "Leg: Bank; Status: Unmatched; Type: BANK_UNKNOWN; Id: 610700000914"
    )


@pytest.mark.parametrize(
    "cleaning", [Cleaning(), Cleaning(separators=True), Cleaning(separators=True, prefixes=("ORD", "#"), zeros=True)]
)
@pytest.mark.parametrize("whole", [True, False])
def test_the_cleaning_that_summary_prints_is_read_back(cleaning, whole):
    leg = Leg(name="L", a=SideOf(), b=SideOf(), cleaning=cleaning, whole_ids=whole)
    result = Result(
        leg="L",
        label_a="A",
        label_b="B",
        lines=None,
        entries=None,
        suggestions=None,
        files=(),
        rule_names=(),
        compare_names=(),
        tallies={},
        problems=(),
    )
    case = Case(
        results={},
        recipe=Recipe(legs=(leg,)),
        problems=(),
        run=Run(number=1, started=dt.datetime(2026, 1, 1), ended=dt.datetime(2026, 1, 1)),
    )
    results = Results(lambda sheet: [["Leg", "L", _terms(case, result)]] if sheet == "Summary" else [])
    assert results.cleanings == {"L": cleaning}


def test_a_hundred_thousand_ids_in_one_call():
    """Linear: the index is one dictionary. The bar is far above what an idle machine takes (0.2 s)."""
    count = 100_000
    rows = [[f"FN-{at}", f"FN-{at}", 1.5, "Matched", f"{at:016x}"] for at in range(count)]
    results = book(rows, rows)
    answers.status(results, ["FN-1"])
    began = time.process_time()
    found = answers.status(results, [f"fn-{at}" for at in range(count)])
    assert time.process_time() - began < 2.0
    assert found == ["Matched"] * count
