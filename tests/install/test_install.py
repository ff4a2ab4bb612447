"""tieout install and uninstall on Windows and macOS laid out in a folder: all or nothing, twice is once, nothing is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import install, placing
from addin.cli import main
from addin.install import Wish
from addin.machine import LINUX, MACOS, WINDOWS, here
from recon_core.problems import ReconError
from tests.install.side import refusal, settings_of
from tests.machines import PIN, layout, program, tree, with_

FOREIGN = '"ONEDRIVE_WIN","C:\\Users\\priya\\OneDrive"\r\n"SHOW CONSOLE","False"\r\n'


def test_windows_has_the_addin_in_its_start_up_folder_and_settings_that_name_the_python(windows):
    install.install(windows, Wish())
    assert (windows.home / "AppData/Roaming/Microsoft/Excel/XLSTART/Tieout.xlam").read_bytes() == b"PK add-in"
    assert not (windows.addin_folder / "Tieout_functions.xlam").exists()
    text = (windows.home / ".tieout" / "tieout.conf").read_bytes().decode("cp1252")
    assert text == (
        f'"INTERPRETER_WIN","{windows.interpreter}"\r\n"START","run"\r\n"UDF MODULES","udfs"\r\n"ADD_WORKBOOK_TO_PYTHONPATH","False"\r\n'
    )


def test_macos_has_the_addin_the_settings_in_the_container_and_the_script_of_xlwings(tmp_path):
    machine = layout(tmp_path, MACOS)
    report = install.install(machine, Wish(functions=True))
    office = machine.home / "Library/Group Containers/UBF8T346G9.Office/User Content.localized/Startup.localized/Excel"
    assert [path.name for path in office.iterdir()] == ["Tieout.xlam"]
    scripts = machine.home / "Library/Application Scripts/com.microsoft.Excel"
    assert (scripts / f"xlwings-{PIN}.applescript").read_bytes() == b"on VbaHandler"
    assert settings_of(machine)["INTERPRETER_MAC"] == str(machine.interpreter)
    assert "no worksheet functions" in " ".join(report.notes)


def test_functions_come_on_windows_when_asked_for_and_stay_on_the_next_install(windows):
    install.install(windows, Wish(functions=True))
    windows.functions.write_bytes(b"PK functions 2")
    install.install(windows, Wish())
    assert (windows.addin_folder / "Tieout_functions.xlam").read_bytes() == b"PK functions 2"


def test_a_running_excel_is_given_the_texts_of_the_wizard_and_an_absent_one_is_noted(windows):
    assert "no texts yet" in install.install(windows, Wish(functions=True)).notes[-1]
    program(
        windows.interpreter,
        "assert sys.argv[-1] == 'Tieout_functions.xlam'; print('tieout: True')",
        about="register_functions",
    )
    assert "has the texts" in install.install(windows, Wish(functions=True)).notes[-1]


def test_installing_twice_changes_nothing(machine, tmp_path):
    install.install(machine, Wish(start="watch"))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    report = install.install(machine, Wish())
    assert {step.state for step in report.steps} == {"same"}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert settings_of(machine)["START"] == "watch"


def test_a_dry_run_says_each_step_and_touches_nothing(machine, tmp_path):
    before = tree(tmp_path)
    planned = install.install(machine, Wish(dry_run=True))
    assert tree(tmp_path) == before
    assert {step.state for step in planned.steps} == {"new"}
    assert planned.steps == install.install(machine, Wish()).steps
    after = tree(tmp_path)
    assert {step.state for step in install.uninstall(machine, dry_run=True).steps} == {"removed"}
    assert tree(tmp_path) == after


def test_uninstalling_leaves_nothing(machine, tmp_path):
    before = tree(tmp_path)
    install.install(machine, Wish(functions=True))
    assert tree(tmp_path) != before
    install.uninstall(machine)
    assert tree(tmp_path) == before


def test_lines_and_files_of_others_stay_on_install_and_uninstall(windows):
    windows.settings_file.parent.mkdir()
    windows.settings_file.write_bytes(FOREIGN.encode())
    windows.addin_folder.mkdir(parents=True)
    (windows.addin_folder / "PERSONAL.XLSB").write_bytes(b"mine")
    install.install(windows, Wish())
    assert windows.settings_file.read_bytes().endswith(FOREIGN.encode())
    assert settings_of(windows)["START"] == "run"
    install.uninstall(windows)
    assert windows.settings_file.read_bytes() == FOREIGN.encode()
    assert [path.name for path in windows.addin_folder.iterdir()] == ["PERSONAL.XLSB"]


def test_our_lines_come_first_because_a_stray_line_shifts_what_is_below_it(windows):
    windows.settings_file.parent.mkdir()
    windows.settings_file.write_text('a note of mine\n\n"START","watch"\n')
    install.install(windows, Wish())
    lines = windows.settings_file.read_text().splitlines()
    assert lines[0].startswith('"INTERPRETER_WIN"')
    assert lines[1] == '"START","watch"'
    assert lines[-1] == "a note of mine"
    assert "" not in lines


def test_a_byte_that_the_code_page_lacks_survives(windows):
    windows.settings_file.parent.mkdir()
    windows.settings_file.write_bytes(b'"NOTE","\x81"\r\n')
    install.install(windows, Wish())
    assert windows.settings_file.read_bytes().endswith(b'"NOTE","\x81"\r\n')


@pytest.mark.parametrize("user", ["Priya & Sons", "100% José", "a^b (2) !", "O'Neil, Ltd"])
def test_windows_names_with_blanks_and_signs(tmp_path, user):
    machine = layout(tmp_path, WINDOWS, user=user)
    install.install(machine, Wish())
    assert settings_of(machine)["INTERPRETER_WIN"] == str(machine.interpreter)
    install.uninstall(machine)
    assert not machine.settings_file.exists()


def test_a_changed_addin_is_kept_on_uninstall_and_said_so(windows):
    install.install(windows, Wish())
    (windows.addin_folder / "Tieout.xlam").write_bytes(b"signed by IT")
    report = install.uninstall(windows)
    assert (windows.addin_folder / "Tieout.xlam").read_bytes() == b"signed by IT"
    assert ("kept", "file changed since") in {step[:2] for step in report.steps}
    assert "was changed after the installation" in report.notes[0]


def test_a_newer_tieout_replaces_its_own_files(windows):
    install.install(windows, Wish())
    windows.addin.write_bytes(b"PK add-in 2")
    assert "changed" in {step.state for step in install.install(windows, Wish()).steps}
    install.uninstall(windows)
    assert not windows.addin_folder.exists()


def test_the_web_mark_is_taken_off_an_addin_put_by_hand(windows):
    windows.addin_folder.mkdir(parents=True)
    (windows.addin_folder / "Tieout.xlam").write_bytes(b"PK add-in")
    mark = Path(f"{windows.addin_folder / 'Tieout.xlam'}{install.MARK}")
    mark.write_bytes(b"[ZoneTransfer]\r\nZoneId=3\r\n")
    install.install(windows, Wish())
    assert not mark.exists()


def test_a_script_that_the_user_had_before_is_neither_replaced_nor_removed(tmp_path):
    machine = layout(tmp_path, MACOS)
    script = machine.script_folder / f"xlwings-{PIN}.applescript"
    script.parent.mkdir(parents=True)
    script.write_bytes(b"my own")
    report = install.install(machine, Wish())
    assert any("differs from the one xlwings ships" in note for note in report.notes)
    install.uninstall(machine)
    assert script.read_bytes() == b"my own"


@pytest.mark.parametrize(
    ("system", "wall", "fails"),
    [
        (WINDOWS, ".tieout", "settings"),  # after the add-in
        (MACOS, ".tieout", "record"),  # last of all
        (MACOS, "Library/Application Scripts", "AppleScript"),
    ],
)
def test_a_failure_half_way_leaves_all_as_it_was(tmp_path, system, wall, fails):
    machine = layout(tmp_path, system)
    (machine.home / wall).write_bytes(b"a file where a folder must be")
    before = tree(tmp_path)
    problem = refusal(machine)
    assert problem.code == "I-975"
    assert fails in problem.what
    assert problem.what.endswith("Everything is as it was.")
    assert problem.fix.startswith("Quit Excel")
    assert tree(tmp_path) == before


def test_a_settings_file_that_cannot_be_read_is_not_overwritten(machine, tmp_path):
    machine.settings_file.mkdir(parents=True)
    before = tree(tmp_path)
    assert refusal(machine).code == "I-975"
    assert tree(tmp_path) == before


def test_the_changes_before_the_failing_one_are_taken_back(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "gone").write_bytes(b"gone")
    (tmp_path / "wall").write_bytes(b"a file where a folder must be")
    before = tree(tmp_path)
    changes = [
        placing.Change("one", tmp_path / "new" / "deep" / "file", b"1"),
        placing.Change("two", tmp_path / "old", b"2"),
        placing.Change("three", tmp_path / "gone", None),
        placing.Change("four", tmp_path / "wall" / "file", b"4"),
    ]
    with pytest.raises(placing.BlockedError) as caught:
        placing.place(changes)
    assert caught.value.change.what == "four"
    assert caught.value.left == ()
    assert tree(tmp_path) == before
    placing.place(changes[:3])
    expected = before | {"new": b"<folder>", "new/deep": b"<folder>", "new/deep/file": b"1", "old": b"2"}
    del expected["gone"]
    assert tree(tmp_path) == expected


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="whoever may write everywhere is not stopped by a read-only folder",
)
def test_a_folder_that_allows_no_writing(windows, tmp_path):
    windows.addin_folder.mkdir(parents=True)
    windows.addin_folder.chmod(0o500)
    before = tree(tmp_path)
    try:
        problem = refusal(windows)
    finally:
        windows.addin_folder.chmod(0o700)
    assert problem.code == "I-975"
    assert "Quit Excel" in problem.fix
    assert tree(tmp_path) == before


def test_linux_is_told_what_it_can_do_and_nothing_is_put(tmp_path):
    machine = with_(layout(tmp_path, WINDOWS), system=LINUX)
    before = tree(tmp_path)
    problem = refusal(machine)
    assert problem.code == "I-971"
    assert [word for word in ("open", "watch", "run") if f"tieout {word}" in problem.fix] == ["open", "run"]
    assert tree(tmp_path) == before


def test_uninstalling_what_was_never_installed_says_so(machine):
    with pytest.raises(ReconError) as caught:
        install.uninstall(machine)
    assert caught.value.problem.code == "I-978"
    assert str(machine.addin_folder) in caught.value.problem.fix


def test_uninstalling_on_linux_speaks_of_no_excel(tmp_path):
    machine = with_(layout(tmp_path, WINDOWS), system=LINUX)
    with pytest.raises(ReconError) as caught:
        install.uninstall(machine)
    problem = caught.value.problem
    assert problem.code == "I-978"
    assert "Excel" not in str(problem)
    assert "pip uninstall tieout" in problem.fix


def test_a_broken_record_says_what_to_delete(machine):
    machine.record_file.parent.mkdir(exist_ok=True)
    machine.record_file.write_bytes(b"[]")
    problem = refusal(machine)
    assert problem.code == "I-978"
    assert str(machine.record_file) in problem.what


def test_the_report_as_lines_and_as_json(windows):
    report = install.install(windows, Wish(dry_run=True))
    lines = install.lines(report)
    assert any(line.startswith("would be put ") and " add-in: " in line for line in lines)
    assert "Nothing was changed: this was a dry run." in lines
    found = json.loads(json.dumps(install.as_json(report)))
    assert (found["outcome"], found["dry_run"], found["problems"]) == ("ok", True, [])
    assert {"state", "what", "path"} == set(found["steps"][0])


def test_the_machine_we_run_on_knows_its_pin_and_the_script_of_xlwings():
    machine = here()
    assert machine.pin == machine.xlwings == PIN
    assert machine.applescript.is_file()
    assert machine.interpreter.is_absolute()


def test_a_program_that_does_not_end_is_ended(tmp_path):
    slow = program(tmp_path / "python", "import time; time.sleep(60)")
    ran = here().run([str(slow)], 0.5)
    assert ran.code is None
    assert "no answer within" in ran.err


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="it would install into this machine's Excel")
def test_the_commands_on_linux():
    done = CliRunner().invoke(main, ["install", "--dry-run", "--json"])
    assert done.exit_code == 4
    assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == ["I-971"]


def test_asking_the_machine_costs_no_import_of_xlwings():
    code = (
        "import sys; from addin.machine import here; here(); print('xlwings' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
