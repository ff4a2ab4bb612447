"""Functions that no derived column may use, and why: what changes by the day, reaches outside the table, or is a program."""

VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"})
REACHING = frozenset({
    "OFFSET", "INDIRECT", "INFO", "CELL", "HYPERLINK", "WEBSERVICE", "FILTERXML", "ENCODEURL", "RTD", "GETPIVOTDATA", "DDE", "CALL",
    "REGISTER.ID", "IMAGE", "STOCKHISTORY", "CUBEMEMBER", "CUBEVALUE", "CUBESET", "CUBERANKEDMEMBER", "CUBEKPIMEMBER", "CUBESETCOUNT",
    "CUBEMEMBERPROPERTY", "PY", "FORMULATEXT", "SHEET", "SHEETS",
})  # fmt: skip
LAMBDAS = frozenset({"LAMBDA", "MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "MAKEARRAY", "ISOMITTED"})
UNAVAILABLE = VOLATILE | REACHING | LAMBDAS


def why(name: str) -> tuple[str, str]:
    """What is wrong with such a function in a derived column, and what to do."""
    if name in VOLATILE:
        is_day = name in {"NOW", "TODAY"}
        what = f"{name} changes {'from day to day' if is_day else 'with every run'}, and a reconciliation must give the same result again."
        return what, f"Write {'the date, such as DATE(2026,4,30)' if is_day else 'a number'}, or name a column."
    what = f"{name} cannot be used in a derived column."
    return (
        what,
        "Write the steps with LET or in several columns." if name in LAMBDAS else "Name the table and column instead.",
    )
