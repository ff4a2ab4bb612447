"""tieout doctor: a well machine has nothing to say, and each known trouble is found with its remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from addin import doctor, install
from addin import findings as findings_of
from addin.cli import main
from addin.findings import Outcome
from addin.install import Wish
from addin.machine import LINUX, MACOS, WINDOWS
from addin.policies import CHILD_RULE
from tests.machines import PIN, SYSTEMS, layout, program, speaking, with_

POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender"
RULES = rf"{POLICY}\Windows Defender Exploit Guard\ASR\Rules"
SECURITY = r"HKCU\Software\Policies\Microsoft\Office\16.0\Excel\Security"
DISABLED = r"HKCU\Software\Microsoft\Office\16.0\Excel\Resiliency\DisabledItems"
OFFICE = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"


def installed(tmp_path, system, **options):
    """A machine on which install has just run, worksheet functions included."""
    machine = layout(tmp_path, system, **options)
    install.install(machine, Wish(functions=True))
    if system == WINDOWS:
        for bits in (32, 64):
            (machine.interpreter.parent / f"xlwings{bits}-{PIN}.dll").write_bytes(b"MZ")
    return machine


@pytest.fixture
def windows(tmp_path):
    return installed(tmp_path, WINDOWS)


@pytest.fixture
def mac(tmp_path):
    return installed(tmp_path, MACOS)


def finding(machine, name, **look):
    return next(one for one in doctor.report(machine, **look) if one.name == name)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_machine_on_which_install_has_run_is_well(tmp_path, system):
    machine = installed(tmp_path, system)
    findings = doctor.report(machine)
    wrong = {one.name: one.outcome for one in findings if one.outcome is not Outcome.OK}
    assert wrong == {"Excel": Outcome.UNKNOWN}
    assert findings_of.worst(findings) is Outcome.OK
    names = {"Worksheet functions", "Macros", "Starting programs"} if system == WINDOWS else {"AppleScript"}
    assert {one.name for one in findings} == {"Python", "Versions", "Add-in", "Settings", "Excel"} | names


def test_the_fingerprint_of_the_addin_is_told(windows):
    assert f"SHA-256 {install.digest(b'PK add-in')}" in finding(windows, "Add-in").seen


def settings(text):
    return lambda machine: machine.settings_file.write_text(text, encoding="utf-8")


def changed(**values):
    """The settings file with other values; None takes the line away."""

    def change(machine):
        lines = machine.settings_file.read_text(encoding="utf-8").splitlines()
        for key, value in values.items():
            lines = [
                line
                for line in lines
                if not line.startswith(f'"{key.replace("_", " ") if key == "UDF_MODULES" else key}"')
            ]
            lines += [f'"{key}","{value}"'] if value is not None else []
        machine.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return change


def added(line):
    return lambda machine: machine.settings_file.write_text(machine.settings_file.read_text() + line)


def addin(machine):
    return machine.addin_folder / "Tieout.xlam"


def marked(machine):
    Path(f"{addin(machine)}{install.MARK}").write_bytes(b"[ZoneTransfer]\nZoneId=3\n")


def no_library(machine):
    for path in machine.interpreter.parent.glob("*.dll"):
        path.unlink()


def in_store(machine):
    stub = speaking(machine.home / "AppData" / "Local" / "Microsoft" / "WindowsApps" / "python.exe")
    changed(INTERPRETER_WIN=stub)(machine)


def in_conda(machine):
    (machine.interpreter.parent / "conda-meta").mkdir()


def older_script(machine):
    script = machine.script_folder / f"xlwings-{PIN}.applescript"
    script.rename(script.with_name("xlwings-0.30.0.applescript"))


# What goes wrong, on which system, and which check says what, how gravely and what to do.
TROUBLES = {
    "no or wrong interpreter": (WINDOWS, changed(INTERPRETER_WIN="C:\\gone\\python.exe"), "Python", "fail", "not a full path", "tieout install"),
    "the interpreter was removed": (WINDOWS, lambda m: m.interpreter.unlink(), "Python", "fail", "is not there", "tieout install"),
    "the Store's stub": (WINDOWS, in_store, "Python", "fail", "Microsoft Store", "python.org"),
    "conda": (WINDOWS, in_conda, "Python", "fail", "conda", "--venv"),
    "python from PATH": (WINDOWS, changed(INTERPRETER_WIN="python"), "Python", "fail", "not a full path", "tieout install"),
    "pandas does not load": (WINDOWS, lambda m: program(m.interpreter, "sys.exit('ImportError: DLL load failed')"), "Python", "fail", "DLL load failed", "--venv"),
    "xlwings was upgraded": (WINDOWS, lambda m: speaking(m.interpreter, xlwings="0.40.0"), "Versions", "fail", "xlwings is 0.40.0", f"xlwings=={PIN}"),
    "Tieout was upgraded": (WINDOWS, lambda m: m.addin.write_bytes(b"PK add-in 2"), "Add-in", "fail", "another version", "tieout install"),
    "the add-in is gone": (WINDOWS, lambda m: addin(m).unlink(), "Add-in", "fail", "is not there", "tieout install"),
    "the add-in was changed": (WINDOWS, lambda m: addin(m).write_bytes(b"PK evil"), "Add-in", "fail", "it was changed", "tieout install"),
    "the web mark": (WINDOWS, marked, "Add-in", "fail", "from the internet", "Unblock"),
    "nothing to compare with": (WINDOWS, lambda m: m.addin.unlink(), "Add-in", "not known", "lacks Tieout.xlam", "complete wheel"),
    "the DLL is gone (error 53)": (WINDOWS, no_library, "Worksheet functions", "fail", f"xlwings64-{PIN}.dll", "virus scanner"),
    "older functions": (WINDOWS, lambda m: m.functions.write_bytes(b"2"), "Worksheet functions", "fail", "not the file", "--functions"),
    "no settings": (WINDOWS, lambda m: m.settings_file.unlink(), "Settings", "fail", "is not there", "tieout install"),
    "a blank line": (WINDOWS, added("\n"), "Settings", "fail", "line 5 is not a pair", "text editor"),
    "a note": (WINDOWS, added("my note\n"), "Settings", "fail", "line 5 is not a pair", "text editor"),
    "a key twice": (WINDOWS, added('"START","run"\n'), "Settings", "fail", "START stands there twice", "text editor"),
    "a byte order mark": (WINDOWS, settings('\ufeff"START","run"\n'), "Settings", "fail", "line 1 is not a pair", "text editor"),
    "another code page": (MACOS, lambda m: m.settings_file.write_bytes(b'"X","\xe9"\n'), "Settings", "fail", "not in the code page utf-8", "text editor"),
    "no interpreter named": (WINDOWS, changed(INTERPRETER_WIN=None), "Settings", "fail", "does not name INTERPRETER_WIN", "tieout install"),
    "START is a slip": (WINDOWS, changed(START="wach"), "Settings", "fail", "START is 'wach'", "--start"),
    "no functions named": (WINDOWS, changed(UDF_MODULES=None), "Settings", "fail", "UDF MODULES", "tieout install"),
    "code beside the workbook": (WINDOWS, changed(ADD_WORKBOOK_TO_PYTHONPATH="True"), "Settings", "warn", "code of its own", "tieout install"),
    "the record is broken": (WINDOWS, lambda m: m.record_file.write_bytes(b"{"), "Settings", "warn", "record", "installed.json"),
    "no AppleScript": (MACOS, lambda m: next(m.script_folder.iterdir()).unlink(), "AppleScript", "fail", "is not there", "tieout install"),
    "an AppleScript of another version": (MACOS, older_script, "AppleScript", "fail", "xlwings-0.30.0.applescript", "tieout install"),
    "an AppleScript that was changed": (MACOS, lambda m: next(m.script_folder.iterdir()).write_bytes(b"x"), "AppleScript", "warn", "differs", "delete it"),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_is_found_with_its_remedy(tmp_path, name):
    system, spoil, check, outcome, seen, fix = TROUBLES[name]
    machine = installed(tmp_path, system)
    spoil(machine)
    found = finding(machine, check)
    assert (found.outcome, seen in found.seen, fix in found.fix) == (outcome, True, True), found
    assert found.code == doctor.CHECKS[check].code


def test_an_install_for_another_xlwings_is_noticed_by_its_record(windows):
    record = json.loads(windows.record_file.read_text())
    windows.record_file.write_text(json.dumps(record | {"xlwings": "0.30.0"}))
    found = finding(windows, "Versions")
    assert found.outcome is Outcome.FAIL
    assert "xlwings 0.30.0" in found.seen


# What the registry holds, and what the check says of it.
POLICIES = {
    "block": ("Starting programs", {RULES: {CHILD_RULE: "1"}}, "fail", "forbids Office", "tieout watch"),
    "warn": ("Starting programs", {RULES: {CHILD_RULE: "6"}}, "fail", "forbids Office", "tieout watch"),
    "block, by device management": ("Starting programs", {rf"{POLICY}\Policy Manager": {"asrrules": f"x=1|{CHILD_RULE.upper()}=1"}}, "fail", "forbids Office", "tieout watch"),
    "block, set on the machine": ("Starting programs", {RULES.replace("Policies\\", ""): {CHILD_RULE: 1}}, "fail", "forbids Office", "tieout watch"),
    "audit": ("Starting programs", {RULES: {CHILD_RULE: "2"}}, "warn", "may forbid it", "--start watch"),
    "off": ("Starting programs", {RULES: {CHILD_RULE: "0"}}, "ok", "No rule", ""),
    "another rule": ("Starting programs", {RULES: {"92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b": "1"}}, "ok", "No rule", ""),
    "disabled after a crash": ("Add-in", {DISABLED: {"1": b"\x01\x00\x00\x00" + "C:\\XLSTART\\Tieout.xlam\0".encode("utf-16-le")}}, "fail", "disabled items", "Manage: Disabled Items"),
    "another one disabled": ("Add-in", {DISABLED: {"1": "C:\\XLSTART\\Other.xlam\0".encode("utf-16-le")}}, "ok", "SHA-256", ""),
    "no macros at all": ("Macros", {SECURITY: {"vbawarnings": 4}, rf"{SECURITY}\Trusted Locations": {"alllocationsdisabled": 1}}, "fail", "switched off", "Ask your IT"),
    "signed macros only": ("Macros", {SECURITY: {"vbawarnings": 3}, rf"{SECURITY}\Trusted Locations": {"alllocationsdisabled": 1}}, "fail", "only with a signature", "Ask your IT"),
    "trusted folders off": ("Macros", {rf"{SECURITY}\Trusted Locations": {"alllocationsdisabled": 1}}, "warn", "switched off", "enable the macros"),
    "no macros, but trusted folders": ("Macros", {SECURITY: {"vbawarnings": 4}}, "ok", "start-up folder", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
def test_the_rules_of_a_company(tmp_path, name):
    check, registry, outcome, seen, fix = POLICIES[name]
    found = finding(installed(tmp_path, WINDOWS, registry=registry), check)
    assert (found.outcome, seen in found.seen, fix in found.fix) == (outcome, True, True), found


def test_who_already_watches_needs_nothing_more(tmp_path):
    machine = installed(tmp_path, WINDOWS, registry={RULES: {CHILD_RULE: "1"}})
    install.install(machine, Wish(start="watch"))
    assert finding(machine, "Starting programs").outcome is Outcome.OK


def test_a_registry_that_may_not_be_read_is_not_known_rather_than_well(windows):
    def closed(key):
        raise PermissionError(13, "access is denied")

    machine = with_(windows, registry=closed)
    for name in ("Starting programs", "Macros"):
        assert finding(machine, name).outcome is Outcome.UNKNOWN
    assert "tieout watch" in finding(machine, "Starting programs").fix
    assert finding(machine, "Worksheet functions").outcome is Outcome.OK


@pytest.mark.parametrize(("platform", "outcome"), [("x64", Outcome.OK), ("x86", Outcome.FAIL)])
def test_only_the_library_that_this_excel_loads_counts(tmp_path, platform, outcome):
    machine = installed(tmp_path, WINDOWS, registry={OFFICE: {"platform": platform}})
    (machine.interpreter.parent / f"xlwings32-{PIN}.dll").unlink()
    assert finding(machine, "Worksheet functions").outcome is outcome


def test_the_library_may_lie_a_folder_above_as_in_a_private_python(windows):
    for path in windows.interpreter.parent.glob("*.dll"):
        path.rename(windows.interpreter.parent.parent / path.name)
    assert finding(windows, "Worksheet functions").outcome is Outcome.OK


ANSWERS = {
    "well": ("print('tieout:{\"version\": \"16.0\", \"calculation\": \"automatic\"}')", "ok", "Excel 16.0 answers", ""),
    "by hand": ("print('tieout:{\"version\": \"16.0\", \"calculation\": \"manual\"}')", "warn", "only by hand", "Automatic"),
    "none runs": ("print('tieout:{}')", "not known", "No Excel is running", "Start Excel"),
    "a cell is being edited": ("sys.exit('H-121 Excel is busy: a cell is being edited.')", "not known", "a cell is being edited", "Start Excel"),
    "it hangs": ("import time; time.sleep(60)", "fail", "no answer within", "Press Esc"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_excel_is_asked_only_on_request_and_not_for_ever(windows, monkeypatch, name):
    text, outcome, seen, fix = ANSWERS[name]
    monkeypatch.setattr(doctor, "SECONDS_FOR_EXCEL", 1)
    program(windows.interpreter, text, about="state_of_excel")
    assert finding(windows, "Excel").seen == "Not looked at."
    found = finding(windows, "Excel", excel=True)
    assert (found.outcome, seen in found.seen, fix in found.fix) == (outcome, True, True), found


def test_a_workbook_in_onedrive_is_named_by_an_address(windows, tmp_path):
    machine = with_(windows, env=windows.env | {"OneDriveCommercial": str(tmp_path / "Acme - Books")})
    for folder in ("Acme - Books", "OneDrive - Acme", "plain"):
        book = tmp_path / folder / "April.xlsx"
        book.parent.mkdir()
        book.write_bytes(b"PK")
        found = finding(machine, "Workbook", book=book)
        assert found.outcome is (Outcome.OK if folder == "plain" else Outcome.WARN), found
        assert ("tieout run" in found.fix) is (folder != "plain")
    Path(f"{book}{install.MARK}").write_bytes(b"")
    assert "Unblock" in finding(machine, "Workbook", book=book).fix
    assert finding(machine, "Workbook", book=tmp_path / "none.xlsx").outcome is Outcome.FAIL


def test_letters_that_a_mac_may_misread_are_a_warning(tmp_path):
    machine = installed(tmp_path / "élan", MACOS)
    assert finding(machine, "Python").outcome is Outcome.WARN


def test_on_linux_only_what_linux_has_is_looked_at(tmp_path):
    machine = with_(layout(tmp_path, WINDOWS), system=LINUX)
    assert [one.name for one in doctor.report(machine)] == ["Python", "Versions", "LibreOffice"]


def test_nothing_is_changed_by_looking(windows, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    doctor.report(windows, tmp_path / "none.xlsx")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_report_as_lines_as_one_message_and_as_json(windows):
    addin(windows).unlink()
    findings = doctor.report(windows)
    lines = findings_of.lines(findings)
    assert any(line.startswith("fail") and "I-981" in line for line in lines)
    assert any(line.strip().startswith("-> Quit Excel") for line in lines)
    message = findings_of.told(findings)
    assert message.startswith("6 of 8 checks found nothing wrong.\nI-981 Add-in: ")
    assert message.endswith("Not looked at: Excel.")
    found = json.loads(json.dumps(findings_of.as_json(findings)))
    assert found["outcome"] == "fail"
    assert set(found["findings"][0]) == {"code", "name", "outcome", "seen", "fix"}


def test_the_command_fails_where_a_check_fails(tmp_path):
    done = CliRunner().invoke(main, ["doctor", str(tmp_path / "none.xlsx"), "--json"])
    assert done.exit_code == 4
    assert json.loads(done.stdout)["outcome"] == "fail"
    book = tmp_path / "book.xlsx"
    book.write_bytes(b"PK")
    found = json.loads(CliRunner().invoke(main, ["doctor", str(book), "--json"]).stdout)
    assert next(one for one in found["findings"] if one["name"] == "Workbook")["outcome"] == "ok"


def test_the_manual_names_every_check_and_every_option():
    page = (Path(__file__).resolve().parent.parent / "docs" / "manual" / "install.md").read_text(encoding="utf-8")
    assert [name for name in doctor.CHECKS if f"| {name} |" not in page] == []
    options = {
        name
        for command in ("install", "uninstall", "doctor")
        for one in main.commands[command].params
        for name in one.opts
    }
    assert [name for name in options if name.startswith("--") and name not in page] == []
