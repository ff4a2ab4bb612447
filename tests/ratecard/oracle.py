"""The same fees one unit at a time, in Decimal, as slow and as plain as the agreement reads. No code of the engine is used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

Row = Mapping[str, str]
Unit = Mapping[str, str]
PAISA = Decimal("0.01")
BASES = {"price incl. GST": "price", "taxable": "taxable", "net of discount": "net", "collected": "collected"}
WORDS = {"Portal": "portal", "Category": "category", "Brand": "brand", "Zone": "zone", "Payment mode": "payment_mode"}


def rounded(value: Decimal) -> Decimal:
    return value.quantize(PAISA, ROUND_HALF_UP)  # of Decimal: halves away from zero


def fee_of(rows: Sequence[Row], unit: Unit) -> str | tuple[Decimal, Decimal, Decimal, Decimal]:  # noqa: C901 - it reads as the agreement does, from top to bottom
    """(fee, tax, fee back, tax back) of the rows of one fee, or the words of why not."""
    event = rows[0].get("Charged on", "Shipped")
    times = {"Shipped": 1, "Customer return": int(unit.get("returned", 0))}[event]
    if not times:
        return "not charged"
    held: list[Row] = []
    lacking = ""
    for row in rows:
        verdict = holds(row, unit)
        if verdict == "yes":
            held.append(row)
            if row.get("Combine") == "FIRST":
                break
        elif verdict != "no":
            lacking = verdict
            break
    if lacking:
        return f"{lacking} is not known"
    if not held:
        return "no rule" if any(card_holds(row, unit) for row in rows) else "no card"
    values = []
    for row in held:
        if row.get("%") and BASES[row["Base"]] not in unit:
            return f"{row['Base']} is not known"
        values.append(value_of(row, unit))
    combine = held[0].get("Combine", "")
    amount = {"GREATEST": max, "LEAST": min}.get(combine, sum)(values)
    decides = held[values.index(amount)] if combine in ("GREATEST", "LEAST") else held[0]
    gross = rounded(amount)
    fee, tax = taxed(gross, decides)
    back = [Decimal(0), Decimal(0)]
    for happened, share in (("returned", "Return %"), ("rto", "RTO %")):
        if int(unit.get(happened, 0)):
            part = taxed(rounded(gross * Decimal(decides.get(share) or 0) / 100), decides)
            back = [one + other for one, other in zip(back, part, strict=True)]
    return fee, tax, back[0], back[1]


def card_holds(row: Row, unit: Unit) -> bool:
    return days_test(row, unit) == "yes" and word_test(row, unit, "Portal") == "yes"


def holds(row: Row, unit: Unit) -> str:
    """'yes', 'no', or the first input that is not known while nothing known rules the row out."""
    tests = [
        days_test(row, unit),
        *(word_test(row, unit, name) for name in WORDS),
        band_test(row, unit, "Price", "price"),
        band_test(row, unit, "Weight", "weight"),
    ]
    return "no" if "no" in tests else next((one for one in tests if one != "yes"), "yes")


def days_test(row: Row, unit: Unit) -> str:
    if unit["order"] == "?":
        return "date"
    day = dt.date.fromisoformat(unit["order"])
    after = day >= dt.date.fromisoformat(row["From"])
    return "yes" if after and (not row.get("To") or day <= dt.date.fromisoformat(row["To"])) else "no"


def word_test(row: Row, unit: Unit, name: str) -> str:
    if not row.get(name):
        return "yes"
    value = unit.get(WORDS[name], "")
    if not value:
        return name.lower()
    return "yes" if value.upper() in [one.strip().upper() for one in row[name].split(";")] else "no"


def band_test(row: Row, unit: Unit, name: str, key: str) -> str:
    low, high = row.get(f"{name} from", ""), row.get(f"{name} to", "")
    if not low and not high:
        return "yes"
    if key not in unit:
        return "price incl. GST" if key == "price" else "weight"
    value = Decimal(unit[key])
    return "yes" if (not low or value > Decimal(low)) and (not high or value <= Decimal(high)) else "no"


def value_of(row: Row, unit: Unit) -> Decimal:
    parts = []
    if row.get("%"):
        parts.append(Decimal(unit[BASES[row["Base"]]]) * Decimal(row["%"]) / 100)
    if row.get("Fixed"):
        parts.append(Decimal(row["Fixed"]))
    value = {"GREATEST": max, "LEAST": min}.get(row.get("Combine", ""), sum)(parts)
    size = max(abs(value), Decimal(row.get("Min") or 0))
    size = min(size, Decimal(row["Max"])) if row.get("Max") else size
    return -size if value < 0 else size


def taxed(gross: Decimal, row: Row) -> tuple[Decimal, Decimal]:
    rate = Decimal(row["GST %"]) / 100
    if row.get("Tax inclusive") == "yes":
        fee = rounded(gross / (1 + rate))
        return fee, gross - fee
    return gross, rounded(gross * rate)
