"""The buttons: one function each. The ribbon, the form buttons, the watcher and VBA's closed list are made from `ACTIONS`.

A button brings a name out of the list, never a path and never code. What is imported late makes a click answer at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from addin.hosts import LiveBook
from recon_core.problems import Place, Problem, ReconError, Severity

if TYPE_CHECKING:
    from addin.job import Done

REQUEST, STATUS = "tieout_request", "tieout_status"  # names of two cells on the sheet Start
RUNNING = "Running: "  # the status while Python is at work; ReconActions.bas waits for another one
SETUP = "Setup"  # a workbook without this sheet is not one of ours
GROUPS = ("Data", "Reconcile", "Review", "Sign off", "Help")  # of the tab, from left to right

# When a button can work; the message of one that cannot says this (V-903, B-602). VBA asks the same (ReconActions.IsEnabled).
CONDITIONS: Mapping[str, str] = {
    "always": "",
    "workbook": "Open a Tieout workbook first: make one with 'tieout new Book.xlsx'.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One button. `image` is an imageMso name; `keytip` has one to three letters; `do` ends in one closing message.

    `is_request`: the button never starts Python, it only writes the request cell that a running one reads.
    `is_form`: the stand-alone workbook has it as a button on its sheet Start.
    """

    label: str
    group: str
    keytip: str
    image: str
    screentip: str
    supertip: str
    do: Callable[[LiveBook], None]
    enabled_when: str = "workbook"
    is_large: bool = False
    is_request: bool = False
    is_form: bool = False


def dispatch(name: str) -> None:
    """What VBA calls: the workbook that asks is taken once, first; later another one may be in front."""
    from addin.hosts import live_programs

    obey(name, live_programs.caller())


def obey(name: str, host: LiveBook) -> None:
    """Do what a button asks for and end in one message. Nothing is raised: there is nobody above to tell it."""
    from addin import faults, settings

    settings.keep_memory()
    try:
        action = _allowed(name, host)
        host.status(f"{RUNNING}{action.label} since {settings.now():%H:%M:%S}")
        action.do(host)
        if str(host.named(STATUS) or "").startswith(RUNNING):
            host.status(f"{action.label} was done at {settings.now():%H:%M:%S}.")
    except ReconError as error:
        _end(host, str(error.problem), str(error.problem), grave=True)
    except Exception as error:  # noqa: BLE001 - the last fence: a fault of ours is told and logged, never shown raw
        text = str(faults.logged(error, ACTIONS[name].label if name in ACTIONS else name, _place_of(host)).problem)
        _end(host, text, text, grave=True)


def _place_of(host: LiveBook) -> str:
    """Where the workbook lies, as far as it can still be asked: its address where it is no file, '' where nobody answers."""
    try:
        return str(host.path)
    except ReconError as error:
        return error.problem.raw
    except Exception:  # noqa: BLE001 - the program may be gone, which may be the very fault that is being told
        return ""


def _allowed(name: str, host: LiveBook) -> Action:
    """The action, if there is one and it can work now. Raises ReconError B-601, B-602."""
    action = ACTIONS.get(name)
    if action is None:
        fix = "Install the add-in and the engine from the same release: 'tieout doctor' says what differs."
        raise ReconError(Problem("B-601", Severity.STOP, Place(), name, f"There is no button '{name}'.", fix))
    if action.enabled_when == "workbook" and SETUP not in host.sheet_names():
        what = f"This workbook has no sheet {SETUP}, so there is nothing to reconcile."
        raise ReconError(Problem("B-602", Severity.STOP, Place(), "", what, CONDITIONS["workbook"]))
    return action


def _end(host: LiveBook, line: str, text: str, *, grave: bool = False) -> None:
    """The line into the status cell, so that the next click may start; then the text before the user."""
    host.status(line)
    host.tell(text, grave=grave)


def run(host: LiveBook) -> None:
    """Read the files, reconcile, write the sheets."""
    done = _run(host, write=True)
    _told(host, done, written=True, ties=done.outcome in ("stop", "ask") or _ties(host))
    host.go_to("Summary")


def check(host: LiveBook) -> None:
    """Read and judge the inputs; only Data checks is written."""
    from addin import settings
    from recon_core.reports import checks
    from recon_core.reports.case import day
    from recon_core.sheets import Cell

    done = _run(host, write=False)
    at = settings.now()
    lines = (
        ("Data checks", "title"),
        (f"Inputs checked on {day(at.date())} at {at:%H:%M}; not reconciled, the other sheets are those of the last run", "subtitle"),
        ("What was read with doubt or not at all." if done.problems else "Nothing to see: every cell that matters could be read.", "subtitle"),
    )  # fmt: skip
    head = tuple(Cell(row=row, column=1, value=text, style=style) for row, (text, style) in enumerate(lines, 1))
    host.write([checks.listed(done.problems, head)])
    _told(host, done, written=False)
    host.go_to("Data checks")


def _run(host: LiveBook, *, write: bool) -> Done:
    from addin import job, settings
    from addin.live_sources import LiveReader

    reader = LiveReader(host)
    return job.run(host, host.path, settings.load(), settings.now, write=write, reader=reader, changed=reader.changed)


def _ties(host: LiveBook) -> bool:
    """What the workbook itself shows in Summary!B5, worked out by the program before the user."""
    grid = host.cells("Summary")
    return len(grid) > 4 and len(grid[4]) > 1 and grid[4][1] is True


def _told(host: LiveBook, done: Done, *, written: bool, ties: bool = True) -> None:
    from addin import presenting, settings

    line = presenting.brief(done, f"{settings.now():%H:%M}", written=written, ties=ties)
    text = presenting.closing(done, written=written, ties=ties)
    _end(host, line, text, grave=done.outcome in ("stop", "ask") or not ties)


def cancel(host: LiveBook) -> None:
    """A running command reads the request by itself; when it comes here, nothing is going on."""
    _end(host, "Nothing is running.", "Nothing is running, so there is nothing to stop.")


RENAMED = "It was renamed or deleted; a run adds result sheets again."
NO_RATES = "It was renamed or deleted, or the workbook was made by an earlier version: make a new one with 'tieout new', which has the table Rates."
NO_JOURNAL = "Fill the tables Marketplace and Accounts, each on the sheet of its name, then click Run Reconciliation: it proposes a voucher for each payout."


def _show(sheet: str, fix: str = RENAMED) -> Callable[[LiveBook], None]:
    def show(host: LiveBook) -> None:
        if not host.go_to(sheet):
            what = f"The workbook has no sheet '{sheet}'."
            raise ReconError(Problem("B-603", Severity.STOP, Place(sheet=sheet), "", what, fix))

    return show


def explain(host: LiveBook) -> None:
    """Say in a sentence why the selected row is as it is; clicked on the sheet Start, of the row selected on Exceptions."""
    from recon_core.explaining import explain_row

    sheet, row, _ = host.selected()
    if sheet == "Start" and host.go_to("Exceptions", row=0):
        sheet, row, _ = host.selected()
    host.tell(explain_row(host.cells, sheet, row))


def go_to_source(host: LiveBook) -> None:
    """Lead to the row of the file that the selected row came from."""
    from recon_core.explaining import source_of_row

    sheet, row, _ = host.selected()
    found = source_of_row(host.cells, sheet, row)
    if found.file == host.path.name and host.go_to(found.sheet, found.row):
        return
    host.tell(f"This row was read from {found}.\n\nSetup names the folder; without one it is {host.path.parent}.")


def examine(host: LiveBook) -> None:
    """Look for what commonly keeps the add-in from working."""
    from addin import doctor, findings

    found = doctor.report(book=host.path)
    host.tell(findings.told(found), grave=findings.worst(found) is findings.Outcome.FAIL)


ACTIONS: dict[str, Action] = {
    "map": Action(
        label="Map Columns", group="Data", keytip="M", image="MailMergeMatchFields", screentip="Map columns",
        supertip="Goes to the sheet Mapping, where each column that is used has its meaning. Changes nothing.", do=_show("Mapping"),
    ),
    "check": Action(
        label="Check Inputs", group="Data", keytip="I", image="ErrorChecking", screentip="Check the inputs without reconciling",
        supertip="Reads every file and lists on Data checks what could not be read or was read with doubt. No other sheet changes.", do=check, is_form=True,
    ),
    "files": Action(
        label="Files", group="Data", keytip="F", image="VersionHistory", screentip="Files in this period",
        supertip="Goes to the sheet Files: what the last run read, with fingerprints and control totals. Changes nothing.", do=_show("Files"),
    ),
    "run": Action(
        label="Run Reconciliation", group="Reconcile", keytip="R", image="MacroPlay", screentip="Run Reconciliation (Ctrl+Shift+R)",
        supertip="Reads the files, matches both sides and fills the result sheets. Your reason codes, owners and comments are kept, as are Setup, Mapping, Rules and your own sheets. Anything else typed on a result sheet is replaced. Excel cannot undo a run with Ctrl+Z.",
        do=run, is_large=True, is_form=True,
    ),
    "cancel": Action(
        label="Cancel", group="Reconcile", keytip="Q", image="CancelRequest", screentip="Stop the run that is going on",
        supertip="Ends the run at the next step and puts every sheet back as it was.", do=cancel, is_request=True, is_form=True,
    ),
    "rules": Action(
        label="Rules", group="Reconcile", keytip="U", image="RulesAndAlerts", screentip="Go to the matching rules",
        supertip="Goes to the sheet Rules. Changes nothing.", do=_show("Rules"),
    ),
    "rates": Action(
        label="Fee Rates", group="Reconcile", keytip="E", image="AccountingFormat", screentip="Go to contracted fee rates",
        supertip="Goes to the sheet Rates: the agreed fees of a marketplace with their dates, and when it pays. Changes nothing.", do=_show("Rates", NO_RATES),
    ),
    "explain": Action(
        label="Explain", group="Review", keytip="X", image="TracePrecedents", screentip="Explain the selected row",
        supertip="Says in a sentence why the selected row of a result sheet is matched or not: rule, fields, difference. Clicked on the sheet Start, it goes to Exceptions and explains the row selected there. Changes nothing.", do=explain, is_form=True,
    ),
    "source": Action(
        label="Go to Source", group="Review", keytip="G", image="HyperlinkInsert", screentip="Go to the source row",
        supertip="Leads from the selected row of a result sheet to the file, sheet and row it was read from. Changes nothing.", do=go_to_source,
    ),
    "journal": Action(
        label="Journal", group="Sign off", keytip="L", image="NewJournalEntry", screentip="Go to the proposed journal entries",
        supertip="Goes to the sheet Journal: the voucher that the last run proposed for each payout, in the ledger accounts of the sheet Accounts. Posts nothing and changes nothing; 'tieout export journal' writes the vouchers into a file.",
        do=_show("Journal", NO_JOURNAL),
    ),
    "doctor": Action(
        label="Self-test", group="Help", keytip="T", image="PropertySheet", screentip="Look for what keeps Tieout from working",
        supertip="Looks for what commonly keeps the add-in from working and says what to do. Changes nothing.", do=examine, enabled_when="always",
    ),
    "help": Action(
        label="Help", group="Help", keytip="P", image="Help", screentip="Help",
        supertip="Goes to the sheet Start: the steps, the sheets, what to do when macros are blocked. Changes nothing.", do=_show("Start"),
    ),
}  # fmt: skip
