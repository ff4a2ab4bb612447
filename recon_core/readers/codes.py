"""What can be wrong with a file, as a table of codes, and the two short ways to say it.

F-1xx is the file itself, F-2xx its structure, F-3xx a note on what was seen while reading.
"""

from __future__ import annotations

from recon_core.problems import Place, Problem, Severity

CODES: dict[str, str] = {
    "F-101": "The file is not there.",
    "F-102": "The path is a folder, not a file.",
    "F-103": "The file is empty.",
    "F-104": "The file cannot be opened, or is still being written.",
    "F-105": "The file is protected by a password.",
    "F-106": "The kind of file is not one that can be read.",
    "F-107": "The file is damaged or cut off.",
    "F-108": "The file, or what it would unpack to, is too large.",
    "F-109": "The workbook holds a document type definition or another trick of archives.",
    "F-110": "The workbook could not be read within the limits of memory and time.",
    "F-201": "No header row was found.",
    "F-202": "A column that Setup names is not in the file.",
    "F-203": "The sheet that Setup names is not in the workbook, or no sheet holds data.",
    "F-204": "There is a header but no row below it.",
    "F-205": "No row fits the header.",
    "F-206": "A quotation mark is opened and never closed.",
    "F-301": "The text is not UTF-8; the encoding was detected.",
    "F-302": "The name of the file says another kind than its content.",
    "F-303": "Characters without meaning (NUL) were removed.",
    "F-304": "The last line stops early; the file may be cut off.",
    "F-305": "Two columns have the same header.",
    "F-306": "One cell runs over many lines: a quotation mark may be missing.",
    "F-307": "Several sheets hold data and Setup names none.",
    "F-308": "The workbook has hidden sheets, rows or columns.",
    "F-309": "Formulas have no stored result; their cells are read as empty.",
    "F-310": "Cells hold an error such as #N/A.",
    "F-311": "The file is open in another program; the version saved last was read.",
    "F-312": "Leading zeros were put back from the number format.",
}


def stop(code: str, place: Place, what: str, fix: str, raw: str = "") -> Problem:
    """A problem with which the file cannot be used."""
    return Problem(code, Severity.STOP, place, raw, what, fix)


def note(code: str, place: Place, what: str, fix: str, raw: str = "") -> Problem:
    """Something seen while reading that deserves eyes; the file is used."""
    return Problem(code, Severity.NOTE, place, raw, what, fix)


def counted(count: int, noun: str, plural: str = "") -> str:
    """'1 row', '12,000 rows'."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: list[str], most: int = 30) -> str:
    """'A, B, C' and, past `most`, how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
