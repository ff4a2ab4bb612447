"""tieout install and uninstall on Windows and macOS laid out in a folder: all or nothing, twice is once, nothing is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import excel_settings, install, interpreter, placing
from addin.cli import main
from addin.install import Wish
from addin.machine import LINUX, MACOS, WINDOWS, Ran, here
from recon_core.problems import ReconError
from tests.machines import PIN, SYSTEMS, VERSION, layout, program, speaking, tree, with_

FOREIGN = '"ONEDRIVE_WIN","C:\\Users\\priya\\OneDrive"\r\n"SHOW CONSOLE","False"\r\n'


@pytest.fixture(params=SYSTEMS)
def machine(request, tmp_path):
    return layout(tmp_path, request.param)


@pytest.fixture
def windows(tmp_path):
    return layout(tmp_path, WINDOWS)


def settings_of(machine):
    return excel_settings.parse(machine.settings_file.read_bytes().decode(machine.encoding))


def refusal(machine, wish=None):
    with pytest.raises(ReconError) as caught:
        install.install(machine, wish or Wish())
    return caught.value.problem


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
    assert all(f"tieout {word}" in problem.fix for word in ("open", "watch", "run"))
    assert tree(tmp_path) == before


def conda(prefix):
    (prefix / "conda-meta").mkdir(parents=True)
    return prefix


def private(folder, home):
    (folder / "venv").mkdir()
    (folder / "venv" / "pyvenv.cfg").write_text(f"home = {home}\nversion = 3.11\n")
    return speaking(folder / "venv" / "Scripts" / "python.exe")


STORE = "AppData/Local/Microsoft/WindowsApps/PythonSoftwareFoundation"
BARE = "import sys; sys.exit(\"ModuleNotFoundError: No module named 'xlwings'\")"
# A known bad kind of Python: system, how it comes to be in a folder, what is said, what is to be done.
PAINS = {
    "store": (WINDOWS, lambda at: speaking(at / STORE / "python.exe"), "Microsoft Store", "python.org"),
    "private of store": (WINDOWS, lambda at: private(at, at / STORE), "Microsoft Store", "python.org"),
    "conda": (WINDOWS, lambda at: speaking(conda(at / "conda") / "python.exe"), "conda", "--venv"),
    "private of conda": (WINDOWS, lambda at: private(at, conda(at / "conda")), "conda", "--venv"),
    "letters": (WINDOWS, lambda at: speaking(at / "प्रिया" / "python.exe"), "a letter that Excel's VBA cannot read", "plain letters"),
    "percent": (WINDOWS, lambda at: speaking(at / "100%TEMP%" / "python.exe"), "between % signs", "another folder"),
    "blank on macOS": (MACOS, lambda at: speaking(at / "Application Support" / "bin" / "python3"), "a blank or a special letter", "--venv"),
    "not full": (WINDOWS, lambda at: Path("python"), "not a full path", "tieout install"),
    "absent": (WINDOWS, lambda at: at / "no" / "python.exe", "is not there", "tieout install"),
    "broken": (WINDOWS, lambda at: program(at / "py" / "python.exe", "import sys; sys.exit('DLL load failed')"), "DLL load failed", "--venv"),
    "bare": (WINDOWS, lambda at: program(at / "py" / "python.exe", BARE), "lacks xlwings", "-m pip install tieout"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAINS)
def test_a_python_that_excel_could_not_start_is_refused_with_the_way_out(tmp_path, name):
    system, make, what, fix = PAINS[name]
    machine = with_(layout(tmp_path, system), interpreter=make(tmp_path))
    before = tree(tmp_path)
    problem = refusal(machine)
    assert (problem.code, what in problem.what, fix in problem.fix) == ("I-972", True, True), problem
    assert tree(tmp_path) == before


def test_a_private_python_made_from_a_bad_one_is_refused_before_it_is_made(windows, tmp_path):
    machine = with_(windows, interpreter=speaking(conda(tmp_path / "conda") / "python.exe"))
    assert refusal(machine, Wish(venv=tmp_path / "private", download=True)).code == "I-972"
    assert not (tmp_path / "private").exists()


@pytest.mark.parametrize(
    ("says", "named"), [({"xlwings": "0.36.0"}, "xlwings 0.36.0"), ({"tieout": "0.0.9"}, "tieout 0.0.9")]
)
def test_versions_must_be_exactly_those_of_the_addin(windows, says, named):
    speaking(windows.interpreter, **says)
    problem = refusal(windows)
    assert problem.code == "I-973"
    assert named in problem.what
    assert "-m pip install" in problem.fix
    assert not windows.addin_folder.exists()


def test_the_script_of_another_xlwings_is_not_installed(tmp_path):
    problem = refusal(with_(layout(tmp_path, MACOS), xlwings="0.36.0"))
    assert problem.code == "I-973"
    assert "0.36.0" in problem.what


def test_an_install_that_was_killed_before_its_record_is_completed_by_the_next(windows, tmp_path):
    before = tree(tmp_path)
    install.install(windows, Wish())
    windows.record_file.unlink()
    install.install(windows, Wish())
    install.uninstall(windows)
    assert {name for name in tree(tmp_path) if name not in before} <= {
        f"Users/priya/{name}"
        for name in (
            "AppData/Roaming",
            "AppData/Roaming/Microsoft",
            "AppData/Roaming/Microsoft/Excel",
            "AppData/Roaming/Microsoft/Excel/XLSTART",
            ".tieout",
        )
    }


def test_ctrl_c_half_way_takes_back_what_was_done(tmp_path):
    class Interrupted:
        """A path whose writing is interrupted by the user."""

        def __init__(self, path):
            self.path = path

        parents = ()

        def read_bytes(self):
            raise KeyboardInterrupt

    changes = [
        placing.Change("one", tmp_path / "new" / "file", b"1"),
        placing.Change("two", Interrupted(tmp_path), b"2"),
    ]
    with pytest.raises(KeyboardInterrupt):
        placing.place(changes)
    assert tree(tmp_path) == {}


def test_a_copy_without_the_built_addin_says_how_to_build_it(windows):
    windows.addin.unlink()
    problem = refusal(windows)
    assert problem.code == "I-974"
    assert "workbook_templates.build" in problem.fix


def test_a_mac_on_which_excel_never_ran(tmp_path):
    machine = layout(tmp_path, MACOS)
    machine.office.rmdir()
    problem = refusal(machine)
    assert problem.code == "I-977"
    assert problem.fix.startswith("Start Excel once")


@pytest.mark.parametrize(
    ("prepare", "wish", "what"),
    [
        (None, {}, "nothing is downloaded unless you say so"),
        ("something", {"download": True}, "holds other things"),
        (None, {"wheels": "empty"}, "holds no wheel of Tieout"),
    ],
)
def test_a_private_python_is_made_only_in_a_new_folder_and_from_what_was_named(windows, tmp_path, prepare, wish, what):
    if prepare:
        (tmp_path / "private").mkdir()
        (tmp_path / "private" / prepare).write_bytes(b"")
    (tmp_path / "empty").mkdir()
    if "wheels" in wish:
        wish = {"wheels": tmp_path / wish["wheels"]}
    problem = refusal(windows, Wish(venv=tmp_path / "private", **wish))
    assert problem.code == "I-976"
    assert what in problem.what


def test_a_dry_run_with_a_private_python_makes_none(windows, tmp_path):
    report = install.install(windows, Wish(venv=tmp_path / "private", download=True, dry_run=True))
    assert report.steps[0] == ("new", "private Python", str(tmp_path / "private"))
    assert not (tmp_path / "private").exists()


def wheel(folder, name, version, modules, requires=()):
    """A wheel with empty-handed modules: what pip needs, no more."""
    info = f"{name}-{version}.dist-info"
    lines = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        *(f"Requires-Dist: {one}\n" for one in requires),
    ]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        for module in modules:
            file.writestr(f"{module}.py", f"__version__ = '{version}'\n")
        file.writestr(f"{info}/METADATA", "".join(lines))
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


@pytest.mark.parametrize(("wall", "says", "code"), [(True, {}, "I-975"), (False, {"xlwings": "0.36.0"}, "I-973")])
def test_a_private_python_is_removed_again_when_a_later_step_fails(windows, tmp_path, wall, says, code):
    def run(command, seconds):
        if command[1:3] == ["-m", "venv"]:
            speaking(interpreter.python_of(Path(command[3]), windows), **says)
        return Ran(0, "", "") if "-m" in command else windows.run(command, seconds)

    if wall:
        (windows.home / ".tieout").write_bytes(b"a file where a folder must be")
    before = tree(tmp_path)
    problem = refusal(with_(windows, run=run), Wish(venv=tmp_path / "private", download=True))
    assert problem.code == code
    assert tree(tmp_path) == before


@pytest.mark.slow
def test_a_private_python_from_a_folder_of_wheels_from_making_to_removing(tmp_path):
    machine = with_(layout(tmp_path / "mac", MACOS), interpreter=Path(sys.executable))
    wheels, private = tmp_path / "wheels", tmp_path / "private"
    wheels.mkdir()
    wheel(wheels, "tieout", VERSION, ["addin", "recon_core"], [f"xlwings=={PIN}", "pandas"])
    wheel(wheels, "xlwings", PIN, ["xlwings"])
    before = tree(tmp_path / "mac")
    problem = refusal(machine, Wish(venv=private, wheels=wheels))  # pandas is missing among the wheels
    assert problem.code == "I-976"
    assert str(wheels) in problem.fix
    assert not private.exists()
    assert tree(tmp_path / "mac") == before

    wheel(wheels, "pandas", "3.1.1", ["pandas"])
    install.install(machine, Wish(venv=private, wheels=wheels))
    python = private / "bin" / "python"
    assert settings_of(machine)["INTERPRETER_MAC"] == str(python)
    assert interpreter.ask(python, machine).versions["xlwings"] == PIN
    assert {step.state for step in install.install(machine, Wish(venv=private)).steps} == {"same"}

    inside = with_(machine, interpreter=python)
    assert any("Delete that folder" in note for note in install.uninstall(inside, dry_run=True).notes)
    install.uninstall(machine)
    assert not private.exists()
    assert tree(tmp_path / "mac") == before


def test_uninstalling_what_was_never_installed_says_so(machine):
    with pytest.raises(ReconError) as caught:
        install.uninstall(machine)
    assert caught.value.problem.code == "I-978"
    assert str(machine.addin_folder) in caught.value.problem.fix


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
