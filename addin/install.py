"""Put the add-in where Excel finds it, with settings that name one Python; take exactly that away again.

Everything is decided before anything is touched: a list of changes, then all of them or none. A record of what was put
lies in the user's folder, so that uninstall knows its own files from those of others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, NoReturn

from addin import excel_settings, interpreter
from addin.machine import MACOS, WINDOWS, Machine
from addin.placing import BlockedError, Change, missing_folders, place, read, remove_empty, state_of
from recon_core.problems import Place, Problem, ReconError, Severity

SECONDS_FOR_EXCEL = 30
MARK = ":Zone.Identifier"  # the stream of a file in which Windows notes that it came from the internet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for. `start` '' keeps what was chosen before, and is `run` at first."""

    start: str = ""
    functions: bool = False
    venv: Path | None = None
    wheels: Path | None = None
    download: bool = False
    dry_run: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object]) -> Wish:
        """From the options of the command. Folders become full paths: Python is started elsewhere."""
        venv, wheels = (
            one.absolute() if isinstance(one := options[name], Path) else None for name in ("venv", "wheels")
        )
        return cls(
            start=str(options["start"] or ""), venv=venv, wheels=wheels, functions=bool(options["functions"]),
            download=bool(options["download"]), dry_run=bool(options["dry_run"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What an earlier install put: path -> SHA-256, the keys of the settings file, the folders and the environment it made."""

    files: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    environment: str = ""
    xlwings: str = ""
    tieout: str = ""


class Step(NamedTuple):
    """One line of the report. `state`: new, changed, same, removed or kept."""

    state: str
    what: str
    path: str


class Report(NamedTuple):
    """What was done, or with `dry_run` what would be."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    dry_run: bool


def install(machine: Machine, wish: Wish) -> Report:
    """Put everything, or nothing. Doing it twice changes nothing. ReconError I-971 to I-977 says why it cannot be."""
    if not machine.has_excel:
        what = f"Excel's add-in is for Windows and macOS, and this is {machine.name}: nothing was installed."
        fix = "Use 'tieout open BOOK', which opens the workbook in LibreOffice Calc and obeys its buttons, or 'tieout run BOOK'."
        _refuse("I-971", what, fix)
    record = read_record(machine)
    python, is_new = _python(machine, wish)
    _judge(machine, python, is_made=not is_new)
    changes = _changes(machine, wish, record, python, made=str(wish.venv) if is_new else "")
    steps = [Step("new", "private Python", str(wish.venv))] if is_new else []
    if wish.dry_run:
        if not is_new:
            _ask(machine, python)
        return Report((*steps, *_steps(changes)), _notes(machine, wish, record), dry_run=True)
    if is_new and wish.venv is not None and (remark := interpreter.make(wish.venv, machine, wish.wheels)):
        _refuse("I-976", *remark)
    try:
        _ask(machine, python)
        steps += _steps(changes)
        _place(machine, changes)
    except BaseException:
        if is_new and wish.venv is not None:
            interpreter.remove(wish.venv)
        raise
    notes = _notes(machine, wish, record)
    if machine.system == WINDOWS and wish.functions:
        notes = (*notes, _register(machine, python))
    return Report(tuple(steps), notes, dry_run=False)


def uninstall(machine: Machine, *, dry_run: bool = False) -> Report:
    """Take away what install put and nobody changed since; the settings and files of others stay."""
    record = read_record(machine)
    if not record.files and not record.keys:
        what = f"There is no record of an installation at {machine.record_file}: nothing was removed."
        _refuse("I-978", what, _by_hand(machine))
    ours = [Path(name) for name, known in record.files.items() if digest(_bytes(Path(name))) == known]
    kept = [name for name in record.files if Path(name) not in ours and Path(name).exists()]
    changes = [Change("file", path, None) for path in ours]
    changes += _settings_without(machine, record)
    changes.append(Change("record", machine.record_file, None))
    steps = [*_steps(changes), *(Step("kept", "file changed since", name) for name in kept)]
    notes = [f"{name} was changed after the installation and stays. Delete it if you do not need it." for name in kept]
    environment = Path(record.environment) if record.environment else None
    if environment and environment.is_dir():
        in_use = machine.interpreter.is_relative_to(environment)
        steps.append(Step("kept" if in_use else "removed", "private Python", record.environment))
        if in_use:
            notes.append(f"This command runs by the Python in {environment}. Delete that folder when it has ended.")
    if not dry_run:
        _place(machine, changes)
        if environment and environment.is_dir() and not in_use and not interpreter.remove(environment):
            notes.append(f"{environment} could not be removed whole. Close what uses it and delete the folder.")
        remove_empty(Path(name) for name in record.folders)
    return Report(tuple(steps), tuple(notes), dry_run)


def read_record(machine: Machine) -> Record:
    """What the last install put; an empty Record where there was none. ReconError I-978 when it cannot be read."""
    try:
        text = read(machine.record_file)
        found = json.loads(text) if text is not None else {}
        return Record(
            files=dict(found.get("files", {})), keys=tuple(found.get("keys", ())), folders=tuple(found.get("folders", ())),
            environment=found.get("environment", ""), xlwings=found.get("xlwings", ""), tieout=found.get("tieout", ""),
        )  # fmt: skip
    except (OSError, ValueError, AttributeError, TypeError):
        what = f"The record of the installation, {machine.record_file}, cannot be read."
        _refuse("I-978", what, "Delete it and run 'tieout install' again.")


def shipped(path: Path) -> bytes:
    """A file that comes with Tieout. ReconError I-974 where this copy of Tieout lacks it."""
    found = read(path)
    if found is None:
        what = f"This copy of Tieout lacks {path.name}."
        _refuse(
            "I-974",
            what,
            "Install Tieout again from a complete wheel; from source, run 'python -m workbook_templates.build' first.",
        )
    return found


def lines(report: Report) -> list[str]:
    """The report as a person reads it."""
    verb = "would be " if report.dry_run else ""
    words = {
        "new": f"{verb}put",
        "changed": f"{verb}replaced",
        "same": "as it is",
        "removed": f"{verb}removed",
        "kept": "stays",
    }
    width = max((len(word) for word in words.values()), default=0)
    told = [f"{words[step.state]:<{width}}  {step.what}: {step.path}" for step in report.steps]
    return [*told, *(["Nothing was changed: this was a dry run."] if report.dry_run else []), *report.notes]


def as_json(report: Report) -> dict[str, object]:
    """The report for programs."""
    steps = [step._asdict() for step in report.steps]
    return {"outcome": "ok", "dry_run": report.dry_run, "steps": steps, "notes": list(report.notes), "problems": []}


def _python(machine: Machine, wish: Wish) -> tuple[Path, bool]:
    """The Python that the settings will name, and whether it is still to be made."""
    if wish.venv is None:
        return machine.interpreter, False
    folder = wish.venv
    python = interpreter.python_of(folder, machine)
    if python.is_file():
        return python, False
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        _refuse("I-976", f"{folder} holds other things.", "Name a new folder with --venv.")
    if wish.wheels is None and not wish.download:
        what = "A private Python needs packages, and nothing is downloaded unless you say so."
        _refuse("I-976", what, "Add --wheels FOLDER, or --download.")
    if wish.wheels is not None and not any(wish.wheels.glob("tieout-*.whl")):
        _refuse("I-976", f"{wish.wheels} holds no wheel of Tieout.", "Name the folder that the wheels lie in.")
    return python, True


def _judge(machine: Machine, python: Path, *, is_made: bool) -> None:
    remark = interpreter.judge(python, machine, is_made=is_made)
    if remark is None and not is_made:
        remark = interpreter.judge_origin(machine.interpreter, machine)
    if remark:
        _refuse("I-972", *remark)


def _ask(machine: Machine, python: Path) -> None:
    """Refuse a Python that lacks something, or whose xlwings is not the one the add-in was built for."""
    answer = interpreter.ask(python, machine)
    if answer.remark:
        _refuse("I-972", *answer.remark)
    for name, wanted in (("xlwings", machine.pin), ("tieout", machine.version)):
        found = answer.versions[name]
        if found != wanted:
            what = f"{python} has {name} {found}, and the add-in is made for {name} {wanted}."
            _refuse("I-973", what, f'Run: "{python}" -m pip install {name}=={wanted}')


def _changes(machine: Machine, wish: Wish, record: Record, python: Path, *, made: str) -> list[Change]:
    """Everything to put, in order; the record comes last, so that it never tells of what is not there."""
    if machine.system == MACOS and not (machine.container.is_dir() and machine.office.is_dir()):
        _refuse(
            "I-977",
            "Excel has not been started on this Mac yet, so its folders are not there.",
            "Start Excel once, quit it, and install again.",
        )
    files = _files(machine, wish, record)
    keys = _keys(machine, wish, python)
    changes = [*files, _settings_with(machine, keys)]
    put = {str(change.path): digest(change.wanted) for change in files if change.wanted is not None}
    folders = [str(folder) for folder in missing_folders([*changes, Change("", machine.record_file, b"")])]
    written = {
        "tieout": machine.version,
        "xlwings": machine.pin,
        "files": put,
        "keys": list(keys),
        "folders": [*record.folders, *(folder for folder in folders if folder not in record.folders)],
        "environment": made or record.environment,
    }
    text = json.dumps(written, ensure_ascii=True, indent=2) + "\n"
    return [*changes, Change("record for uninstall", machine.record_file, text.encode("ascii"))]


def _files(machine: Machine, wish: Wish, record: Record) -> list[Change]:
    addin = machine.addin_folder / machine.addin.name
    functions = machine.addin_folder / machine.functions.name
    wanted = [Change("add-in", addin, shipped(machine.addin))]
    if machine.system == WINDOWS and (wish.functions or str(functions) in record.files):
        wanted.append(Change("worksheet functions", functions, shipped(machine.functions)))
    if machine.system == MACOS:
        if machine.xlwings != machine.pin:
            what = f"The xlwings beside Tieout is {machine.xlwings or 'missing'}, and the add-in is made for {machine.pin}."
            _refuse("I-973", what, f'Run: "{machine.interpreter}" -m pip install xlwings=={machine.pin}')
        script = machine.script_folder / machine.applescript.name
        if read(script) is None or str(script) in record.files:  # another's script of this name is left as it is
            wanted.append(Change("AppleScript of xlwings", script, shipped(machine.applescript)))
        return wanted
    marks = [Change("web mark", Path(f"{change.path}{MARK}"), None) for change in wanted]
    return [*(mark for mark in marks if mark.path.exists()), *wanted]


def _keys(machine: Machine, wish: Wish, python: Path) -> dict[str, str]:
    chosen = excel_settings.parse(_text(machine)).get("START", "").lower()
    return {
        excel_settings.INTERPRETER[machine.system]: str(python),
        "START": wish.start or (chosen if chosen in excel_settings.STARTS else "run"),
        "UDF MODULES": "udfs",
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",
    }


def _settings_with(machine: Machine, keys: Mapping[str, str]) -> Change:
    text = excel_settings.merged(_text(machine), keys, _newline(machine))
    return Change("settings", machine.settings_file, text.encode(machine.encoding, "surrogateescape"))


def _settings_without(machine: Machine, record: Record) -> list[Change]:
    if read(machine.settings_file) is None:
        return []
    text = excel_settings.without(_text(machine), record.keys, _newline(machine))
    return [
        Change("settings", machine.settings_file, text.encode(machine.encoding, "surrogateescape") if text else None)
    ]


def _by_hand(machine: Machine) -> str:
    """What is left to do where no record says what was installed."""
    if machine.has_excel:
        return f"If the add-in still shows, remove Tieout.xlam from Excel's start-up folder by hand. It is {machine.addin_folder}."
    return f"Nothing is to be removed: on {machine.name} Tieout adds nothing to a spreadsheet program. 'pip uninstall tieout' removes Tieout itself."


def _text(machine: Machine) -> str:
    """The settings file as VBA reads it; a byte that the code page lacks survives the way back."""
    return (_bytes(machine.settings_file) or b"").decode(machine.encoding, "surrogateescape")


def _newline(machine: Machine) -> str:
    return "\r\n" if machine.system == WINDOWS else "\n"


def _bytes(path: Path) -> bytes | None:
    try:
        return read(path)
    except OSError as error:
        _refuse("I-975", f"{path} cannot be read: {error.strerror or error}.", "Give yourself the right to read it.")


def digest(content: bytes | None) -> str:
    """SHA-256 in hexadecimal, '' for a file that is not there."""
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def _steps(changes: Sequence[Change]) -> list[Step]:
    return [Step(state_of(change), change.what, str(change.path)) for change in changes]


def _place(machine: Machine, changes: Sequence[Change]) -> None:
    try:
        place(changes)
    except BlockedError as blocked:
        reason = blocked.error.strerror or str(blocked.error)
        what = f"The {blocked.change.what} at {blocked.change.path} could not be written: {reason}. Everything is as it was."
        if blocked.left:
            names = ", ".join(str(path) for path in blocked.left)
            what = what.replace("Everything is as it was.", f"These could not be put back: {names}.")
        fix = "Quit Excel, see that you may write there, and try again."
        if machine.system == MACOS:
            fix += " If macOS refuses, allow your terminal under System Settings, Privacy & Security, Full Disk Access."
        _refuse("I-975", what, fix)


_REGISTER = (
    "import sys; from addin.hosts import live_programs; print('tieout:', live_programs.register_functions(sys.argv[1]))"
)


def _register(machine: Machine, python: Path) -> str:
    """Ask a running Excel to take the texts of the function wizard; what came of it. An Excel that hangs is left alone."""
    ran = machine.run([str(python), "-B", "-c", _REGISTER, machine.functions.name], SECONDS_FOR_EXCEL)
    if ran.code == 0 and "tieout: True" in ran.out:
        return "The function wizard has the texts of the worksheet functions."
    return "The function wizard has no texts yet: start Excel, open a workbook, and run 'tieout install --functions' again."


def _notes(machine: Machine, wish: Wish, record: Record) -> tuple[str, ...]:
    notes = [
        "Quit Excel and start it again: the tab Reconcile is then there. 'tieout doctor' looks at everything once more."
    ]
    if wish.functions and machine.system == MACOS:
        notes.append("Excel for macOS has no worksheet functions of this kind: only the commands were installed.")
    script = machine.script_folder / machine.applescript.name
    if (
        machine.system == MACOS
        and str(script) not in record.files
        and _bytes(script) not in {None, shipped(machine.applescript)}
    ):
        notes.append(f"{script} differs from the one xlwings ships and was left as it is.")
    if wish.venv and record.environment and Path(record.environment) != wish.venv:
        notes.append(
            f"The private Python of the earlier installation is in no use any more. Delete {record.environment}."
        )
    return tuple(notes)


def _refuse(code: str, what: str, fix: str) -> NoReturn:
    raise ReconError(Problem(code, Severity.STOP, Place(), "", what, fix))
