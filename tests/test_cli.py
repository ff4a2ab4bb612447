"""The commands as a user types them: what they make, what they say, how they end. Bad input leaves nothing behind."""

from __future__ import annotations

import json

import openpyxl
import pytest
from click.testing import CliRunner

from addin import job, quick
from addin.cli import main
from addin.hosts.file import FileHost

OURS = "order_no,order_date,total\n" + "".join(
    f"FN-{n:04d},2026-04-{n % 28 + 1:02d},{n * 7 + 100}.50\n" for n in range(40)
)
THEIRS = "Order ID,Date,Paid\n" + "".join(
    f"fn-{n:04d} ,2026-04-{n % 28 + 1:02d},{n * 7 + 100}.50\n" for n in range(2, 42)
)


@pytest.fixture(autouse=True)
def _own_log(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "log"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ours.csv").write_text(OURS)
    (tmp_path / "theirs.csv").write_text(THEIRS)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def reconcile(folder, *options, a="ours.csv", b="theirs.csv", book="r.xlsx"):
    """`tieout quick --json`: (exit code, the object, what was told)."""
    done = call("quick", folder / a, folder / b, "-o", folder / book, "--json", *options)
    return done.exit_code, json.loads(done.stdout), done.stderr


def codes(found, severity):
    return [problem["code"] for problem in found["problems"] if problem["severity"] == severity]


def test_quick_proposes_the_columns_and_shows_them(folder):
    code, found, told = reconcile(folder)
    assert code == 0
    assert "order_no = Order ID" in told
    assert "total = Paid" in told
    leg = found["legs"][0]
    assert (leg["a"]["rows"], leg["a"]["fully_matched"]["rows"], leg["a"]["unmatched"]["rows"]) == (40, 38, 2)
    assert leg["links"] == {"Cleaned id": 38}
    assert (folder / "r.xlsx").exists()


def test_the_json_has_the_documented_fields_and_adds_up(folder):
    _, found, _ = reconcile(folder)
    assert set(found) == {
        "outcome",
        "run_id",
        "result_hash",
        "workbook",
        "changes",
        "verdict",
        "exceptions",
        "legs",
        "problems",
    }
    for side in (found["legs"][0]["a"], found["legs"][0]["b"]):
        parts = [side[name] for name in ("fully_matched", "partially_matched", "unmatched", "skipped")]
        assert sum(part["rows"] for part in parts) == side["rows"]
        assert sum(round(float(part["amount"]) * 100) for part in parts) == round(float(side["amount"]) * 100)
        assert side["amount"].split(".")[1] == "00" or len(side["amount"].split(".")[1]) == 2


def test_named_columns_tolerance_window_and_compare(folder):
    (folder / "a.csv").write_text(
        "id,day,net,tax,gst\n1,2026-04-01,90,10,5\n2,2026-04-01,50,0,5\n3,2026-04-01,70,0,5\n"
    )
    (folder / "b.csv").write_text("ref,on,paid,gst\n1,2026-04-03,100.04,5\n2,2026-04-09,50,5\n3,2026-04-02,70,6\n")
    options = [
        "--key",
        "id=ref",
        "--amount",
        "net+tax=paid",
        "--date",
        "day=on",
        "--compare",
        "gst",
        "--tolerance",
        "0.05",
        "--date-window",
        "3",
    ]
    code, found, _ = reconcile(folder, *options, a="a.csv", b="b.csv")
    assert code == 0
    assert found["legs"][0]["links"] == {"Tolerance": 1, "Partial": 2}
    rows = table(folder / "r.xlsx", "Exceptions")
    assert {row["Id"]: row["Type"] for row in rows} == {"2": "DATE-OUTSIDE", "3": "COMPARED-DIFFERS"}


def table(book, sheet):
    header, *rows = openpyxl.load_workbook(book, data_only=True)[sheet].iter_rows(min_row=5, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]


def test_a_composite_id(folder):
    (folder / "a.csv").write_text("order,line,amount\nX,1,10.00\nX,2,20.00\nY,1,30.00\n")
    (folder / "b.csv").write_text("o,l,amt\nX,2,20.00\nX,1,10.00\nY,2,30.00\n")
    _, found, _ = reconcile(
        folder, "--key", "order=o", "--key", "line=l", "--amount", "amount=amt", a="a.csv", b="b.csv"
    )
    assert found["legs"][0]["links"] == {"Exact": 2}


def test_pair_lines_matches_equal_lines_of_an_id_that_does_not_tie(folder):
    (folder / "a.csv").write_text("account,amount\nC1,10.00\nC1,20.00\nC1,5.00\n")
    (folder / "b.csv").write_text("account,amount\nC1,20.00\nC1,10.00\nC1,7.00\n")
    names = ["--key", "account", "--amount", "amount"]
    together = reconcile(folder, *names, a="a.csv", b="b.csv")[1]["legs"][0]["links"]
    apart = reconcile(folder, *names, "--pair-lines", a="a.csv", b="b.csv", book="p.xlsx")[1]["legs"][0]["links"]
    assert (together, apart) == ({"Partial": 1}, {"Exact": 2, "Partial": 1})


def test_quick_on_its_own_workbook_keeps_the_log_and_the_notes(folder):
    reconcile(folder)
    book = openpyxl.load_workbook(folder / "r.xlsx")
    column = next(cell.column for cell in book["Exceptions"][5] if cell.value == "Comment")
    book["Exceptions"].cell(6, column).value = "chased"
    book.save(folder / "r.xlsx")
    assert reconcile(folder)[0] == 0
    assert [row["Run"] for row in table(folder / "r.xlsx", "Run log")] == [1, 2]
    assert "chased" in [row["Comment"] for row in table(folder / "r.xlsx", "Exceptions")]


def test_two_equally_good_proposals_are_asked_about(folder):
    (folder / "a.csv").write_text("k1,k2,amount\n" + "".join(f"A{n:03d},B{n:03d},{n}.5\n" for n in range(30)))
    (folder / "b.csv").write_text(
        "k1,k2,amount\n" + "".join(f"A{n:03d},B{(n * 7) % 30:03d},{n}.5\n" for n in range(30))
    )
    code, found, _ = reconcile(folder, a="a.csv", b="b.csv")
    assert (code, found["outcome"], codes(found, "ask")) == (3, "ask", ["P-802"])
    assert not (folder / "r.xlsx").exists()


BAD = {
    "missing file": ("nosuch.csv", None, "F-101"),
    "empty file": ("empty.csv", "", "F-103"),
    "header only twice over": ("cut.csv", 'order_no,total\n"FN-1,5\n', "F-206"),
    "no common id": ("other.csv", "Order ID,Paid\n" + "".join(f"ZZ{n},{n}.00\n" for n in range(30)), "P-801"),
    "not a table": ("page.xls", "<html><table><tr><td>1</td></tr></table></html>", "F-106"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_stops_and_leaves_nothing(folder, name):
    file, text, expected = BAD[name]
    if text is not None:
        (folder / file).write_text(text)
    before = sorted(path.name for path in folder.iterdir())
    code, found, _ = reconcile(folder, b=file)
    assert (code, found["outcome"]) == (4, "stop")
    assert expected in codes(found, "stop")
    assert all(problem["fix"] and problem["message"] for problem in found["problems"])
    assert sorted(path.name for path in folder.iterdir() if path.name != "log") == [
        name for name in before if name != "log"
    ]


def test_a_named_column_that_is_not_there_is_corrected(folder):
    code, found, _ = reconcile(folder, "--key", "order_np=Order ID", "--amount", "total=Paid")
    assert code == 4
    assert any("order_no" in problem["message"] for problem in found["problems"] if problem["severity"] == "stop")


def test_unreadable_cells_blank_and_repeated_ids_are_listed_and_the_run_goes_on(folder):
    (folder / "theirs.csv").write_text(
        THEIRS + "fn-0039,2026-04-01,twelve\n,2026-04-01,9.00\nfn-0038,2026-13-45,1.00\nTotal,,999.00\n"
    )
    code, found, _ = reconcile(
        folder, "--key", "order_no=Order ID", "--amount", "total=Paid", "--date", "order_date=Date"
    )
    assert (code, found["outcome"]) == (0, "warn")
    assert codes(found, "left_out") == ["T-211"]
    assert {"T-222", "T-232", "T-241", "D-602"} <= set(codes(found, "note"))
    where = next(problem["where"] for problem in found["problems"] if problem["code"] == "T-211")
    assert (where["file"], where["row"], where["column"]) == ("theirs.csv", 42, "Paid")


def test_a_number_form_that_reads_two_ways_is_asked_about(folder):
    (folder / "a.csv").write_text("id,amount\n" + "".join(f"K{n},1.{n:03d}\n" for n in range(100, 120)))
    (folder / "b.csv").write_text("id,amount\n" + "".join(f"K{n},1{n:03d}\n" for n in range(100, 120)))
    code, found, _ = reconcile(folder, "--key", "id", "--amount", "amount", a="a.csv", b="b.csv")
    assert (code, codes(found, "ask")) == (3, ["T-214"])
    assert not (folder / "r.xlsx").exists()


def test_a_result_that_is_open_elsewhere_is_left_alone(folder):
    reconcile(folder)
    before = (folder / "r.xlsx").read_bytes()
    (folder / "~$r.xlsx").write_text("")
    code, found, _ = reconcile(folder)
    assert (code, codes(found, "stop")) == (4, ["H-107"])
    assert (folder / "r.xlsx").read_bytes() == before


def test_a_workbook_of_somebody_else_is_not_overwritten(folder):
    openpyxl.Workbook().save(folder / "r.xlsx")
    before = (folder / "r.xlsx").read_bytes()
    code, found, _ = reconcile(folder)
    assert (code, codes(found, "stop")) == (4, ["N-105"])
    assert (folder / "r.xlsx").read_bytes() == before


def test_run_on_a_workbook_without_setup_stops(folder):
    openpyxl.Workbook().save(folder / "plain.xlsx")
    done = call("run", folder / "plain.xlsx", "--json")
    assert (done.exit_code, codes(json.loads(done.stdout), "stop")) == (4, ["S-101"])


def test_run_on_what_is_no_workbook_stops(folder):
    done = call("run", folder / "ours.csv", "--json")
    assert (done.exit_code, codes(json.loads(done.stdout), "stop")) == (4, ["H-102"])
    done = call("run", folder / "nosuch.xlsx", "--json")
    assert (done.exit_code, codes(json.loads(done.stdout), "stop")) == (4, ["H-101"])


def test_a_workbook_changed_while_we_ran_is_left_as_it_is(folder, monkeypatch):
    reconcile(folder)
    honest = job.reconcile

    def meanwhile(*arguments, **options):
        book = openpyxl.load_workbook(folder / "r.xlsx")
        book["Start"]["A60"] = "somebody else was here"
        book.save(folder / "r.xlsx")
        return honest(*arguments, **options)

    monkeypatch.setattr(job, "reconcile", meanwhile)
    done = call("run", folder / "r.xlsx", "--json")
    assert (done.exit_code, codes(json.loads(done.stdout), "stop")) == (4, ["H-109"])
    assert openpyxl.load_workbook(folder / "r.xlsx")["Start"]["A60"].value == "somebody else was here"


def test_new_check_run(folder):
    book = folder / "New.xlsx"
    assert call("new", book, "--entity", "Fernway").exit_code == 0
    assert call("new", book).exit_code == 4  # it is there already
    assert call("new", folder / "x.xlsx", "--recipe", "nosuch").exit_code == 4
    (folder / "ours.csv").write_text(OURS.replace("order_no,order_date,total", "order_id,order_date,amount"))
    (folder / "theirs.csv").write_text(THEIRS.replace("Order ID,Date,Paid", "order_id,Date,amount"))
    before = book.read_bytes()
    assert call("check", book).exit_code == 0
    assert book.read_bytes() == before
    assert call("run", book).exit_code == 0
    assert len(table(book, "Matched")) == 76


def test_a_rule_changed_in_the_workbook_changes_the_result(folder):
    (folder / "theirs.csv").write_text(THEIRS.replace(".50", ".52"))
    reconcile(folder, "--key", "order_no=Order ID", "--amount", "total=Paid")
    assert FileHost(folder / "r.xlsx").cells("Matched")[5:] == []
    book = openpyxl.load_workbook(folder / "r.xlsx")
    row = next(cell.row for cell in book["Setup"]["A"] if cell.value == "Rows")
    column = next(cell.column for cell in book["Setup"][row - 1] if cell.value == "Tolerance")
    book["Setup"].cell(row, column).value = 0.05
    book.save(folder / "r.xlsx")
    assert call("run", folder / "r.xlsx").exit_code == 0
    assert len(table(folder / "r.xlsx", "Matched")) == 76


def test_usage_errors_end_with_two(folder):
    assert call("quick", folder / "ours.csv").exit_code == 2
    assert call("run", folder / "r.xlsx", "--as-of", "yesterday").exit_code == 2


def test_a_fault_of_ours_is_told_without_a_traceback(folder, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("boom")

    monkeypatch.setattr(quick, "propose", broken)
    done = call("quick", folder / "ours.csv", folder / "theirs.csv", "-o", folder / "r.xlsx")
    assert done.exit_code == 1
    assert "E-999" in done.stderr
    assert "Traceback" not in done.output
    assert "boom" in (folder / "log" / "runs.jsonl").read_text()


def test_recipes_are_listed():
    told = call("recipes").stdout
    assert all(name in told for name in ("two_files", "ajio_marketplace", "payout_to_bank"))


def test_a_file_name_with_the_signs_of_a_pattern_is_that_file(folder):
    (folder / "theirs[1].csv").write_text(THEIRS)
    (folder / "theirs1.csv").write_text(THEIRS[:200])
    code, found, _ = reconcile(folder, b="theirs[1].csv")
    assert (code, found["legs"][0]["b"]["rows"]) == (0, 40)
    again = folder / "in [x]"
    again.mkdir()
    (again / "ours.csv").write_text(OURS)
    (again / "theirs.csv").write_text(THEIRS)
    assert reconcile(again)[0] == 0
    book = openpyxl.load_workbook(again / "r.xlsx")
    cell = next(cell for row in book["Setup"].iter_rows() for cell in row if cell.value == "theirs.csv")
    cell.value = "their*.csv"
    book.save(again / "r.xlsx")
    assert call("run", again / "r.xlsx").exit_code == 0


def test_a_header_with_a_plus_in_it_is_one_column(folder):
    (folder / "ours.csv").write_text(OURS.replace("total", "Price + GST"))
    (folder / "theirs.csv").write_text(THEIRS.replace("Paid", "Paid - fee"))
    code, found, _ = reconcile(folder)
    assert (code, found["legs"][0]["a"]["fully_matched"]["rows"]) == (0, 38)


def test_a_minus_without_blanks_is_one_where_the_names_say_so(folder):
    (folder / "ours.csv").write_text(
        OURS.replace("total", "price").replace("\n", ",1\n").replace("price,1", "price,less")
    )
    (folder / "theirs.csv").write_text(THEIRS.replace(".50", ".50").replace("Paid", "paid"))
    code, found, _ = reconcile(folder, "--key", "order_no=Order ID", "--amount", "price-less=paid", "--tolerance", "1")
    assert found["problems"] == [] or found["legs"], found["problems"]
    assert (code, found["legs"][0]["a"]["fully_matched"]["rows"]) == (0, 38)


def test_the_answer_to_a_form_that_reads_two_ways(folder):
    (folder / "a.csv").write_text("id,amount\n" + "".join(f"K{n},1.{n:03d}\n" for n in range(100, 120)))
    (folder / "b.csv").write_text("id,amount\n" + "".join(f"K{n},1{n:03d}\n" for n in range(100, 120)))
    names = ["--key", "id", "--amount", "amount"]
    code, found, _ = reconcile(folder, *names, a="a.csv", b="b.csv")
    assert "--numbers" in next(problem["fix"] for problem in found["problems"] if problem["code"] == "T-214")
    code, found, _ = reconcile(folder, *names, "--numbers", "1.234,50", a="a.csv", b="b.csv")
    assert (code, found["legs"][0]["a"]["fully_matched"]["rows"]) == (0, 20)


def test_one_file_on_both_sides_stops(folder):
    code, found, _ = reconcile(folder, b="ours.csv")
    assert (code, codes(found, "stop")) == (4, ["F-323"])


def test_currencies_of_a_column_are_part_of_the_id(folder):
    for name, currency in (("a", "USD"), ("b", "INR")):
        (folder / f"{name}.csv").write_text(
            "order,Currency,amount\n" + "".join(f"X{n:03d},{currency if n == 7 else 'INR'},{n}.50\n" for n in range(20))
        )
    code, found, _ = reconcile(folder, a="a.csv", b="b.csv")
    assert (code, found["outcome"], found["legs"][0]["a"]["unmatched"]["rows"]) == (0, "warn", 1)
    assert "K-404" in codes(found, "note")


def test_ids_that_a_spreadsheet_has_cut_are_left_out(folder):
    for name in "ab":
        (folder / f"{name}.csv").write_text(
            "order,amount\n" + "".join(f"40512345678901{n}0000,{n}.50\n" for n in range(5)) + "X1,9.00\n"
        )
    (folder / "b.csv").write_text((folder / "b.csv").read_text() + "X2,8.00\n")
    _, found, _ = reconcile(folder, "--key", "order", "--amount", "amount", a="a.csv", b="b.csv")
    assert codes(found, "left_out").count("T-231") == 10


def test_columns_of_the_user_and_dates_stay_and_a_tick_goes_with_its_amount(folder):
    (folder / "theirs.csv").write_text(THEIRS.replace("107.50", "107.00").replace("114.50", "115.00"))
    names = ["--key", "order_no=Order ID", "--amount", "total=Paid"]
    reconcile(folder, *names)
    book = openpyxl.load_workbook(folder / "r.xlsx")
    sheet = book["Exceptions"]
    header = {cell.value: cell.column for cell in sheet[5]}
    row = next(cell.row for cell in sheet[openpyxl.utils.get_column_letter(header["Id"])] if cell.value == "FN-0002")
    import datetime as dt

    last = len(header) + 1
    sheet.cell(5, last).value = "Team"
    for column, value in (
        (last, "North"),
        (header["Tick"], "✓"),
        (header["Comment"], "seen"),
        (header["Due"], dt.datetime(2026, 6, 1)),
    ):
        sheet.cell(row, column).value = value
    sheet.tables["tblExceptions"].ref = f"A5:{openpyxl.utils.get_column_letter(last)}{sheet.max_row}"
    sheet.tables["tblExceptions"].tableColumns.append(openpyxl.worksheet.table.TableColumn(id=last, name="Team"))
    book.save(folder / "r.xlsx")
    assert call("run", folder / "r.xlsx").exit_code == 0
    kept = next(one for one in table(folder / "r.xlsx", "Exceptions") if one["Id"] == "FN-0002")
    assert (kept["Team"], kept["Tick"], kept["Comment"], kept["Due"]) == ("North", "✓", "seen", dt.datetime(2026, 6, 1))
    (folder / "theirs.csv").write_text((folder / "theirs.csv").read_text().replace("115.00", "118.00"))
    done = call("run", folder / "r.xlsx", "--json")
    assert "R-701" in codes(json.loads(done.stdout), "note")
    kept = next(one for one in table(folder / "r.xlsx", "Exceptions") if one["Id"] == "FN-0002")
    assert (kept["Team"], kept["Tick"], kept["Comment"]) == ("North", None, "seen")


def test_the_sheets_print_ids_as_side_a_has_them(folder):
    (folder / "ours.csv").write_text(OURS.replace("FN-", "fn-"))
    (folder / "theirs.csv").write_text(THEIRS.upper().replace("ORDER ID,DATE,PAID", "Order ID,Date,Paid"))
    assert reconcile(folder)[0] == 0
    assert {row["Id"] for row in table(folder / "r.xlsx", "Matched")} == {f"fn-{n:04d}" for n in range(2, 40)}
    assert {row["Id"] for row in table(folder / "r.xlsx", "Exceptions")} == {"fn-0000", "fn-0001", "FN-0040", "FN-0041"}


def test_a_recipe_lends_what_its_first_leg_allows(folder):
    (folder / "theirs.csv").write_text(THEIRS.replace(".50", ".54"))
    names = ["--key", "order_no=Order ID", "--amount", "total=Paid"]
    assert reconcile(folder, *names)[1]["legs"][0]["links"] == {"Partial": 38}
    lent = reconcile(folder, *names, "--recipe", "ajio_marketplace", book="l.xlsx")[1]
    assert lent["legs"][0]["links"] == {"Tolerance": 38}
    own = reconcile(folder, *names, "--recipe", "ajio_marketplace", "--tolerance", "0.01", book="o.xlsx")[1]
    assert own["legs"][0]["links"] == {"Partial": 38}
    assert codes(reconcile(folder, *names, "--recipe", "nosuch", book="n.xlsx")[1], "stop") == ["N-101"]


def test_a_sheet_of_the_workbook_itself_is_a_source(folder):
    (folder / "ours.csv").write_text(OURS.replace("order_no,order_date,total", "order_id,day,amount"))
    book = folder / "Own.xlsx"
    assert call("new", book).exit_code == 0
    sheets = openpyxl.load_workbook(book)
    portal = sheets.create_sheet("Portal")
    for line in THEIRS.replace("Order ID,Date,Paid", "order_id,day,amount").splitlines():
        portal.append(line.split(","))
    cell = next(cell for row in sheets["Setup"].iter_rows() for cell in row if cell.value == "theirs.csv")
    sheets["Setup"].cell(cell.row, cell.column + 1).value, cell.value = "Portal", None
    sheets.save(book)
    assert call("run", book).exit_code == 0
    assert len(table(book, "Matched")) == 76
    assert openpyxl.load_workbook(book)["Portal"]["A2"].value.startswith("fn-0002")


def test_verbose_tells_the_stages_and_quiet_only_the_result(folder):
    files = ("quick", folder / "ours.csv", folder / "theirs.csv", "-o")
    told = call(*files, folder / "v.xlsx", "--verbose").stderr
    assert all(stage in told for stage in ("read ", "propose ", "match ", "write "))
    quiet = call(*files, folder / "s.xlsx", "--quiet")
    assert quiet.stderr == ""
    assert "Tie-out: agrees" in quiet.stdout
