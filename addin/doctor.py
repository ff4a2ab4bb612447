"""What commonly keeps the add-in from working, each looked at on its own, each with the one thing to do.

`CHECKS` is the list, in the order a click meets them: Python, the files, the settings, Excel, the rules of the company.
Nothing is changed. What could not be looked at is said to be not known, never to be well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from addin import excel_settings, install, interpreter, policies
from addin.findings import Finding, Outcome, Seen
from addin.machine import LINUX, MACOS, WINDOWS, Machine, here
from addin.placing import read
from recon_core.problems import ReconError

SECONDS_FOR_EXCEL = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the checks look at. `python` is the one that Excel would start; `asked` what it answered."""

    machine: Machine
    book: Path | None
    excel: bool
    settings: bytes | None
    keys: Mapping[str, str]
    record: install.Record
    python: Path
    asked: interpreter.Answer

    @property
    def has_functions(self) -> bool:
        """Whether the worksheet functions were installed."""
        return (self.machine.addin_folder / self.machine.functions.name).exists()


def report(machine: Machine | None = None, book: Path | None = None, *, excel: bool = False) -> list[Finding]:
    """Every check that this system knows, in order; None is the machine we run on.

    Takes seconds: the Python of the settings is started once.
    """
    machine = machine or here()
    look = _look(machine, book, excel=excel)
    found = []
    for name, check in CHECKS.items():
        if machine.system in check.systems and (seen := check.see(look)) is not None:
            found.append(Finding(check.code, name, *seen))
    return found


def _look(machine: Machine, book: Path | None, *, excel: bool) -> Look:
    settings = _content(machine.settings_file) if machine.has_excel else None
    text = (settings or b"").decode(machine.encoding, "replace")
    keys = excel_settings.parse(text)
    named = keys.get(excel_settings.INTERPRETER.get(machine.system, ""), "")
    python = Path(named) if named else machine.interpreter
    try:
        record = install.read_record(machine)
    except ReconError:  # told by the check of the settings
        record = install.Record()
    remark = interpreter.judge(python, machine) if machine.has_excel else None
    asked = interpreter.Answer({}, remark) if remark else interpreter.ask(python, machine)
    return Look(
        machine=machine, book=book, excel=excel, settings=settings, keys=keys, record=record, python=python, asked=asked
    )


def _content(path: Path) -> bytes | None:
    try:
        return read(path)
    except OSError:
        return None


def see_python(look: Look) -> Seen:
    """The Python that Excel starts is there, is not one of the known bad kinds, and has what the add-in needs."""
    if look.asked.remark:
        return Seen(Outcome.FAIL, *look.asked.remark)
    has = ", ".join(f"{name} {look.asked.versions[name]}" for name in ("python", "pandas", "xlwings"))
    if look.machine.system == MACOS and not str(look.python).isascii():
        fix = (
            "If buttons do nothing, make a private Python in a folder with plain letters: tieout install --venv FOLDER."
        )
        return Seen(Outcome.WARN, f"{look.python} ({has}). Its path has letters that Excel for macOS may misread.", fix)
    return Seen(Outcome.OK, f"{look.python} ({has})")


def see_versions(look: Look) -> Seen:
    """Package, pin and installed add-in are of one version: the VBA of another xlwings does not fit."""
    if look.asked.remark:
        return Seen(Outcome.UNKNOWN, "The Python could not be asked for its versions.")
    machine, has = look.machine, look.asked.versions
    if not machine.pin:
        return Seen(
            Outcome.UNKNOWN,
            "Tieout is not installed as a package, so its versions are not recorded.",
            "Install it with pip.",
        )
    for name, wanted in (("xlwings", machine.pin), ("tieout", machine.version)):
        if has[name] != wanted:
            fix = f'Run: "{look.python}" -m pip install {name}=={wanted}'
            return Seen(Outcome.FAIL, f"{name} is {has[name]}, and this Tieout is made for {wanted}.", fix)
    if look.record.xlwings not in {"", machine.pin}:
        seen = f"The add-in was installed for xlwings {look.record.xlwings}, and the package is {machine.pin}."
        return Seen(Outcome.FAIL, seen, "Quit Excel and run 'tieout install' again.")
    return Seen(Outcome.OK, f"Tieout {machine.version}, xlwings {machine.pin}")


def see_addin(look: Look) -> Seen:
    """The add-in lies in Excel's start-up folder, is the one we ship, and neither Windows nor Excel blocks it."""
    machine = look.machine
    path = machine.addin_folder / machine.addin.name
    found, ours = _content(path), _content(machine.addin)
    if found is None:
        return Seen(Outcome.FAIL, f"{path} is not there, or may not be read.", "Quit Excel and run 'tieout install'.")
    if ours is None:
        return Seen(
            Outcome.UNKNOWN,
            f"This copy of Tieout lacks {machine.addin.name} to compare {path} with.",
            "Install Tieout again from a complete wheel.",
        )
    if found != ours:
        seen = f"{path} is not the file that this Tieout ships: another version, or it was changed."
        return Seen(Outcome.FAIL, seen, "Quit Excel and run 'tieout install' again.")
    if machine.system == WINDOWS and Path(f"{path}{install.MARK}").exists():
        return Seen(
            Outcome.FAIL,
            f"Windows marks {path} as coming from the internet, so its macros are blocked.",
            "Run 'tieout install' again, or: right-click the file, Properties, Unblock.",
        )
    if machine.system == WINDOWS and policies.is_disabled(machine):
        fix = "In Excel: File, Options, Add-ins, Manage: Disabled Items, Go; enable Tieout and restart Excel."
        return Seen(Outcome.FAIL, "Excel has put the add-in on its list of disabled items.", fix)
    return Seen(Outcome.OK, f"{path}, SHA-256 {install.digest(found)}")


def see_functions(look: Look) -> Seen | None:
    """The library that the worksheet functions need lies beside the Python, or one folder above it."""
    if not look.has_functions:
        return None
    machine = look.machine
    if _content(machine.addin_folder / machine.functions.name) != _content(machine.functions):
        return Seen(
            Outcome.FAIL,
            f"{machine.functions.name} is not the file that this Tieout ships.",
            "Quit Excel and run 'tieout install --functions' again.",
        )
    folders = (look.python.parent, look.python.parent.parent)
    bits = policies.bits_of_excel(machine)
    names = [f"xlwings{one}-{machine.pin}.dll" for one in bits]
    found = [name for name in names if any((folder / name).is_file() for folder in folders)]
    if found:
        return Seen(Outcome.OK, ", ".join(found))
    fix = f'Let your virus scanner allow it, then: "{look.python}" -m pip install --force-reinstall --no-deps xlwings=={machine.pin}'
    return Seen(
        Outcome.FAIL,
        f"{' or '.join(names)} not found in {folders[0]} or {folders[1]}: worksheet functions cannot start.",
        fix,
    )


def see_settings(look: Look) -> Seen:
    """The settings file is there, VBA can read each line, and the values make sense."""
    if look.settings is None:
        return Seen(
            Outcome.FAIL, f"{look.machine.settings_file} is not there, or may not be read.", "Run 'tieout install'."
        )
    seen = Seen(Outcome.OK, f"(START {look.keys.get('START', '')})")
    seen = next(_settings_troubles(look, look.settings), seen)
    return seen._replace(seen=f"{look.machine.settings_file}: {seen.seen}")


def _settings_troubles(look: Look, content: bytes) -> Iterator[Seen]:
    """The gravest first: what cannot be read at all, then a value at a time."""
    again = "Run 'tieout install' again."
    try:
        flaws = excel_settings.flaws(content.decode(look.machine.encoding))
    except UnicodeDecodeError:
        flaws = [f"it is not in the code page {look.machine.encoding}"]
    if flaws:
        fix = f"Correct it in a text editor, or delete the file. {again}"
        yield Seen(Outcome.FAIL, f"{'; '.join(flaws)}. Excel misreads it.", fix)
    keys = look.keys
    if not keys.get(key := excel_settings.INTERPRETER[look.machine.system]):
        yield Seen(Outcome.FAIL, f"It does not name {key}.", again)
    if (start := keys.get("START", "")).lower() not in excel_settings.STARTS:
        yield Seen(Outcome.FAIL, f"START is '{start}'.", "Run 'tieout install --start run' or '--start watch'.")
    if look.has_functions and keys.get("UDF MODULES") != "udfs":
        yield Seen(Outcome.FAIL, "UDF MODULES is not 'udfs', so worksheet functions find nothing.", again)
    if keys.get("ADD_WORKBOOK_TO_PYTHONPATH", "").lower() != "false":
        yield Seen(Outcome.WARN, "The folder of the workbook may bring code of its own.", again)
    if not look.record.keys:
        fix = f"Delete {look.machine.record_file} if it is there. {again}"
        yield Seen(Outcome.WARN, "The record of the installation is missing or unreadable.", fix)


def see_applescript(look: Look) -> Seen:
    """The script by which Excel for macOS starts Python is in the only folder it may come from."""
    machine = look.machine
    path = machine.script_folder / f"xlwings-{machine.pin}.applescript"
    found = _content(path)
    if found is None:
        others = sorted(one.name for one in machine.script_folder.glob("xlwings-*.applescript"))
        seen = f"{path} is not there" + (f"; {', '.join(others)} is of another version." if others else ".")
        return Seen(Outcome.FAIL, seen, "Run 'tieout install' again.")
    if found != _content(machine.applescript):
        return Seen(
            Outcome.WARN,
            f"{path} differs from the one xlwings ships.",
            "If buttons do nothing, delete it and run 'tieout install' again.",
        )
    return Seen(Outcome.OK, str(path))


def see_macros(look: Look) -> Seen:
    """Excel's own switches for macros; the start-up folder is trusted unless trusted folders are off."""
    try:
        level, is_trusting = policies.macro_level(look.machine), policies.is_trusting(look.machine)
    except OSError as error:
        return Seen(Outcome.UNKNOWN, f"Excel's macro settings could not be read: {error}.")
    if is_trusting:
        return Seen(Outcome.OK, "Excel trusts its start-up folder")
    if level in {3, 4}:
        what = "switched off" if level == 4 else "allowed only with a signature"
        fix = "Ask your IT to trust Excel's start-up folder or a signed add-in; meanwhile use 'tieout run BOOK'."
        return Seen(Outcome.FAIL, f"Macros are {what}, and trusted folders are switched off.", fix)
    return Seen(
        Outcome.WARN,
        "Trusted folders are switched off.",
        "When Excel asks on starting, enable the macros of Tieout.xlam.",
    )


def see_child_rule(look: Look) -> Seen:
    """Whether Defender forbids Office to start programs: then a button cannot start Python."""
    try:
        state = policies.child_rule(look.machine)
    except OSError as error:
        return Seen(
            Outcome.UNKNOWN,
            f"Could not tell whether Office may start programs: {error}.",
            "If a button does nothing, use 'tieout watch'.",
        )
    is_watching = look.keys.get("START", "").lower() == "watch"
    fix = "Run 'tieout install --start watch', then keep 'tieout watch' running while you work."
    if state in {"1", "6"}:
        seen = "Defender forbids Office to start programs."
        return (
            Seen(Outcome.OK, f"{seen} The buttons wait for 'tieout watch'.")
            if is_watching
            else Seen(Outcome.FAIL, seen, fix)
        )
    if state == "2":
        return Seen(
            Outcome.WARN,
            "Defender notes when Office starts a program, and may forbid it one day.",
            "Nothing now. If a button stops working: tieout install --start watch.",
        )
    return Seen(Outcome.OK, "No rule of Defender against it was found")


# Asked in the Python of the settings, so that an Excel that does not answer holds up nobody.
_ASK_EXCEL = (
    "import json; from addin.hosts import live_programs; print('tieout:' + json.dumps(live_programs.state_of_excel()))"
)


def see_excel(look: Look) -> Seen:
    """With --excel: a running Excel answers, edits no cell, and calculates by itself."""
    if not look.excel:
        return Seen(Outcome.UNKNOWN, "Not looked at.", "Start Excel and run 'tieout doctor --excel'.")
    ran = look.machine.run([str(look.python), "-B", "-c", _ASK_EXCEL], SECONDS_FOR_EXCEL)
    told = next((line for line in ran.out.splitlines() if line.startswith("tieout:")), "")
    if ran.code is None:
        return Seen(
            Outcome.FAIL,
            f"Excel gave {ran.err}.",
            "Press Esc in Excel to leave the cell being edited, close its dialogs, and try again.",
        )
    if not told:
        lines = [line for line in ran.err.splitlines() if line.strip()]
        return Seen(
            Outcome.UNKNOWN,
            f"Excel could not be asked: {lines[-1] if lines else 'no answer'}",
            "Start Excel and try again.",
        )
    state = json.loads(told.removeprefix("tieout:"))
    if not state.get("version"):
        return Seen(Outcome.UNKNOWN, "No Excel is running.", "Start Excel and run 'tieout doctor --excel'.")
    if state.get("calculation") != "automatic":
        return Seen(
            Outcome.WARN,
            f"Excel {state['version']} calculates only by hand ({state.get('calculation')}).",
            "In Excel: Formulas, Calculation Options, Automatic.",
        )
    return Seen(Outcome.OK, f"Excel {state['version']} answers and calculates by itself")


def see_book(look: Look) -> Seen | None:
    """The workbook named: there, not marked by the web, not in a synchronised folder whose path Excel shows as an address."""
    book, machine = look.book, look.machine
    if book is None:
        return None
    if not book.is_file():
        return Seen(Outcome.FAIL, f"{book} is not there.", "Name the workbook with its folder.")
    if machine.system == WINDOWS and Path(f"{book}{install.MARK}").exists():
        return Seen(
            Outcome.WARN,
            f"Windows marks {book} as coming from the internet: Excel opens it in Protected View.",
            "Right-click the file, Properties, Unblock.",
        )
    roots = [Path(value) for name, value in machine.env.items() if name.upper().startswith("ONEDRIVE") and value]
    if any(book.is_relative_to(root) for root in roots) or any(
        part.lower().startswith("onedrive") for part in book.parts[:-1]
    ):
        fix = "Keep the workbook and its files in a folder that is not synchronised, or use 'tieout run BOOK' on it."
        return Seen(
            Outcome.WARN,
            f"{book} is in OneDrive: Excel names it by a web address, which is no folder to read files from.",
            fix,
        )
    return Seen(Outcome.OK, str(book))


def see_calc(look: Look) -> Seen:
    """On Linux: whether 'tieout open' and 'tieout run --live' find LibreOffice Calc."""
    try:
        from addin import calc
    except ImportError as error:
        return Seen(Outcome.UNKNOWN, f"Could not look for LibreOffice: {error}.")
    if why := calc.why_not():
        return Seen(
            Outcome.WARN,
            str(why),
            "Install it (Debian: apt install libreoffice-calc python3-uno), or use 'tieout run BOOK'.",
        )
    return Seen(Outcome.OK, "LibreOffice Calc can be driven")


class Check(NamedTuple):
    """One thing to look at. `see` returns None where there is nothing to look at here."""

    code: str
    see: Callable[[Look], Seen | None]
    systems: tuple[str, ...]


BOTH = (WINDOWS, MACOS)
EVERYWHERE = (WINDOWS, MACOS, LINUX)

CHECKS: dict[str, Check] = {
    "Python": Check("I-979", see_python, EVERYWHERE),
    "Versions": Check("I-980", see_versions, EVERYWHERE),
    "Add-in": Check("I-981", see_addin, BOTH),
    "Worksheet functions": Check("I-982", see_functions, (WINDOWS,)),
    "Settings": Check("I-983", see_settings, BOTH),
    "AppleScript": Check("I-984", see_applescript, (MACOS,)),
    "Macros": Check("I-985", see_macros, (WINDOWS,)),
    "Starting programs": Check("I-986", see_child_rule, (WINDOWS,)),
    "Excel": Check("I-987", see_excel, BOTH),
    "LibreOffice": Check("I-988", see_calc, (LINUX,)),
    "Workbook": Check("I-989", see_book, EVERYWHERE),
}
