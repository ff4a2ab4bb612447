"""The taxes on marketplace sales as dated cards: rows of the Rates table, each with its source, for the user to edit.

A change by notification is a new row. Both taxes are taken on the unit's taxable value and come back in full when the
unit does. Supplies between a state's own parties split TCS into equal halves of CGST and SGST; the sum is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recon_core.ratecard.card import GST_ON_FEES

_TCS = {"Fee": "TCS", "Date basis": "invoice", "Base": "taxable", "GST %": "0", "Charged on": "Shipped", "RTO %": "100", "Return %": "100"}  # fmt: skip
_TDS = {**_TCS, "Fee": "TDS"}

# The card of GST on fees serves every rule whose GST % is empty; its percentage is of the fee itself, so it names no base.
TAX_ROWS: tuple[Mapping[str, str], ...] = tuple(MappingProxyType(row) for row in (
    {"Fee": GST_ON_FEES, "From": "2017-07-01", "%": "18", "GST %": "0",
     "Contract ref": "Notification 11/2017-Central Tax (Rate): 9% CGST and 9% SGST, or 18% IGST", "Note": "Credit for it can be claimed"},
    {**_TCS, "From": "2018-10-01", "To": "2024-07-09", "%": "1",
     "Contract ref": "CGST Act s. 52; Notification 52/2018-Central Tax", "Note": "On taxable supplies less returns of the month, without GST"},
    {**_TCS, "From": "2024-07-10", "%": "0.5",
     "Contract ref": "CGST Act s. 52; Notification 15/2024-Central Tax", "Note": "0.25% CGST and 0.25% SGST within a state, else 0.5% IGST"},
    {**_TDS, "From": "2020-10-01", "To": "2021-03-31", "%": "0.75",
     "Contract ref": "Income-tax Act 1961 s. 194-O, reduced rate of 2020-21", "Note": "5% without PAN: change the percentage"},
    {**_TDS, "From": "2021-04-01", "To": "2024-09-30", "%": "1",
     "Contract ref": "Income-tax Act 1961 s. 194-O", "Note": "5% without PAN: change the percentage"},
    {**_TDS, "From": "2024-10-01", "%": "0.1",
     "Contract ref": "Income-tax Act 1961 s. 194-O, Finance (No. 2) Act 2024", "Note": "5% without PAN: change the percentage"},
))  # fmt: skip
