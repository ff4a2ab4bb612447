"""Why an open workbook is left alone, as Problems with an order to carry out. Codes H-121 to H-129, H-133 and H-134.

What a file and an open workbook can both suffer from (a sheet in the way, a name taken) is said by `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from addin.hosts.refusals import refusal
from recon_core.problems import Place, Problem, ReconError, Severity

AS_BEFORE = "Every sheet is as it was."


def busy() -> ReconError:
    """H-121: a cell is being edited, or a dialog is open."""
    return refusal(
        "H-121",
        "Excel is busy: a cell is being edited, or a dialog is open.",
        "Press Enter or Esc to leave the cell, close every dialog, and run again.",
    )


def not_saved(name: str) -> ReconError:
    """H-122: a new workbook, or one that lies at an address (OneDrive, SharePoint)."""
    if "://" in name:
        return refusal(
            "H-122",
            f"The workbook is open from an address, not from a folder: {name}.",
            "Save a copy into a folder of this computer, open that copy and run again.",
            raw=name,
        )
    return refusal(
        "H-122",
        f"The workbook {name} was never saved, so the folder of its files is unknown.",
        "Save it into the folder of the files to reconcile, and run again.",
    )


def protected(sheet: str) -> ReconError:
    """H-123: a sheet of ours is protected."""
    return refusal(
        "H-123",
        f"The sheet '{sheet}' is protected, and we write to it.",
        "Switch off Review > Unprotect Sheet and run again.",
        sheet=sheet,
    )


def stopped() -> ReconError:
    """H-124: the user asked for an end."""
    return refusal("H-124", f"Stopped, as you asked. {AS_BEFORE}", "Run again whenever you like.")


def refused(words: str) -> ReconError:
    """H-125: the program refused a change; everything was put back."""
    return refusal(
        "H-125",
        f"The spreadsheet program refused a change: {words}. {AS_BEFORE}",
        "Close every dialog and run again. Where it comes again, save and close the workbook and use 'tieout run'.",
    )


def not_put_back(words: str) -> ReconError:
    """H-126: a change was refused, and so was the way back."""
    return refusal(
        "H-126",
        f"The run failed, and the sheets could not all be put back: {words}.",
        "Close the workbook without saving it, open it again and run again.",
    )


def changed_meanwhile(sheet: str) -> ReconError:
    """H-129: what was read of a sheet is not what stands there now, and its figures or notes would not be the user's."""
    return refusal(
        "H-129",
        f"The sheet '{sheet}' was changed while the run was going on. Nothing was written. {AS_BEFORE}",
        "Run again; it takes up the change. A formula that changes by itself (NOW, RAND) there must become a value.",
        sheet=sheet,
    )


def no_program(why: str) -> ReconError:
    """H-127: nothing here can open a workbook."""
    return refusal("H-127", why, "Run without --live: 'tieout run' needs no spreadsheet program.")


def not_opened(file: str, error: Exception) -> ReconError:
    """H-128: the program cannot open the file."""
    return refusal(
        "H-128",
        f"{file} cannot be opened: {words_of(error)}.",
        "Open it once by hand, repair it or remove its password, close it and run again.",
    )


def not_kept(parts: Sequence[str]) -> ReconError:
    """H-133: LibreOffice would save the workbook without some of its contents."""
    return refusal(
        "H-133",
        f"LibreOffice cannot save this workbook whole: it would lose its {_and(parts)}. Nothing was written.",
        "Run without --live: 'tieout run' writes the same sheets into the closed file and keeps every other part.",
        raw=", ".join(parts),
    )


def would_lose(file: str, parts: Sequence[str]) -> Problem:
    """H-134, before the user works in LibreOffice."""
    what = f"If you save this workbook in LibreOffice, it loses its {_and(parts)}."
    fix = f"Work on a copy, or close it without saving and use 'tieout run {file}', which keeps them."
    return Problem("H-134", Severity.NOTE, Place(file=file), ", ".join(parts), what, fix)


def saved_without(file: str, parts: Sequence[str]) -> Problem:
    """H-134, after a run that LibreOffice has saved."""
    what = f"LibreOffice has saved this workbook without its {_and(parts)}."
    fix = "Where you need them, take the workbook from before the run and run it without --live, which keeps them."
    return Problem("H-134", Severity.NOTE, Place(file=file), ", ".join(parts), what, fix)


def _and(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


def words_of(error: BaseException) -> str:
    """What an exception says, on one line and not too long."""
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
