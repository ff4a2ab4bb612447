"""Why a workbook is refused, as Problems with an order to carry out. Codes H-101 to H-115.

Lower modules do not know the file's name; `package.py` adds it once, at its edge.
"""

from __future__ import annotations

from recon_core.problems import Place, Problem, ReconError, Severity

AGAIN = "Open the workbook in Excel, save it as .xlsx under a new name and run again."


def refusal(code: str, what: str, fix: str, *, sheet: str = "", cell: str = "", raw: str = "") -> ReconError:
    """A Stop: nothing is written."""
    return ReconError(Problem(code, Severity.STOP, Place(sheet=sheet, cell=cell), raw, what, fix))


def placed(error: ReconError, file: str) -> ReconError:
    """The same refusal with the file's name as its place, unless it names one."""
    problem = error.problem
    if problem.where.file:
        return error
    return ReconError(problem._replace(where=problem.where._replace(file=printable(file))))


def printable(name: str) -> str:
    """The name as every terminal and file takes it: bytes that are no letters as their code."""
    return name.encode("utf-8", "backslashreplace").decode()


def missing(file: str) -> ReconError:
    """H-101."""
    return refusal("H-101", f"There is no file '{printable(file)}'.", "Check the name and the folder and run again.")


def not_a_workbook(why: str) -> ReconError:
    """H-102: not a zip, damaged, or a zip without a workbook."""
    return refusal("H-102", f"The file is not a workbook Excel 2007 or later could have saved: {why}.", AGAIN)


def old_or_locked() -> ReconError:
    """H-103: an OLE file, which is either a password or the format of Excel 97-2003."""
    return refusal(
        "H-103",
        "The file has a password or is in the format of Excel 97-2003.",
        "Open it in Excel, remove the password (File > Info > Protect Workbook), save it as .xlsx and run again.",
    )


def dangerous(why: str) -> ReconError:
    """H-104: a zip directory that no spreadsheet program writes."""
    return refusal("H-104", f"The file is not safe to open: {why}.", AGAIN)


def unreadable_part(part: str, why: str) -> ReconError:
    """H-105: an XML part we must change and cannot read."""
    return refusal("H-105", f"The part {part} of the file cannot be read: {why}.", AGAIN)


def signed() -> ReconError:
    """H-106: any write would break the signature."""
    return refusal(
        "H-106",
        "The workbook carries a digital signature, which any change would break.",
        "Remove the signature in Excel (File > Info > View Signatures), or run on a copy saved under a new name.",
    )


def open_elsewhere(lock: str = "") -> ReconError:
    """H-107: another program holds the file; `lock` is the lock file that says so."""
    rest = f" If no program has it open, delete the file {lock} beside it." if lock else ""
    return refusal("H-107", "The workbook is open in another program.", f"Close it there and run again.{rest}")


def write_protected() -> ReconError:
    """H-108: the file or the folder does not let us write."""
    return refusal(
        "H-108",
        "The workbook or its folder is write-protected.",
        "Close the workbook in every program, allow writing to the file and its folder, and run again.",
    )


def not_opened(why: str) -> ReconError:
    """H-108: the file may not be read, or its name is too long for this system."""
    return refusal(
        "H-108",
        f"The workbook cannot be opened: {why}.",
        "Allow reading the file, or copy it under a short name into a folder of your own, and run again.",
    )


def changed() -> ReconError:
    """H-109: the source is not the file we read."""
    return refusal(
        "H-109",
        "The workbook changed while we ran; nothing was written.",
        "Save and close it in every other program and run again.",
    )


def no_space(why: str) -> ReconError:
    """H-110: the disk is full or gone."""
    return refusal("H-110", f"The workbook could not be written: {why}.", "Free space on the drive and run again.")


def not_a_worksheet(sheet: str) -> ReconError:
    """H-111: a chart or dialog sheet bears the name of a sheet of ours."""
    return refusal(
        "H-111",
        f"'{sheet}' is a chart or macro sheet, and we write a worksheet of this name.",
        f"Rename the sheet '{sheet}' and run again.",
        sheet=sheet,
    )


def structure_locked(sheet: str) -> ReconError:
    """H-112: a new sheet is due and the workbook's structure is protected."""
    return refusal(
        "H-112",
        f"The structure of the workbook is protected, so the sheet '{sheet}' cannot be added.",
        "Switch off Review > Protect Workbook and run again.",
        sheet=sheet,
    )


def in_the_way(sheet: str, cell: str, thing: str) -> ReconError:
    """H-113: something of the user's stands where a table must go."""
    return refusal(
        "H-113",
        f"{thing} stands where we write.",
        "Move it to another sheet or out of the way and run again.",
        sheet=sheet,
        cell=cell,
    )


def name_taken(sheet: str, name: str, where: str) -> ReconError:
    """H-114: a table or a defined name elsewhere bears the name of a table of ours."""
    return refusal(
        "H-114",
        f"The name {name} is used {where}, and we need it for a table on '{sheet}'.",
        f"Rename or delete {name} (Formulas > Name Manager) and run again.",
        sheet=sheet,
    )


def too_wide_or_long(sheet: str, what: str) -> ReconError:
    """H-115: more cells than a worksheet, or this machine, holds."""
    return refusal(
        "H-115",
        f"{what}.",
        "Delete the empty rows and columns around the data, or split the data over several files, and run again.",
        sheet=sheet,
    )
