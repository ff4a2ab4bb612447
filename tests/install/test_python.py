"""The Python that Excel is to start: one that it cannot start is refused, a private one is made whole or not at all."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from addin import install, interpreter, placing
from addin.install import Wish
from addin.machine import MACOS, WINDOWS, Ran
from tests.install.side import refusal, settings_of
from tests.machines import PIN, VERSION, layout, program, speaking, tree, with_


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
