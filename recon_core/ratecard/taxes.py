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

# Where each row was looked up, November 2026, in stored copies of public pages; none of them is the Gazette itself.
#   TCS from 2018-10-01: Notification 51/2018-CT brings s. 52 into force on that day (a2ztaxcorp.com/?p=28488); 52/2018-CT: half per
#     cent CGST (text: web.lawcrux.com, gtnoti_cgst18_52.htm), 02/2018-Integrated Tax: one per cent (quoted by the next).
#   TCS from 2024-07-10: 15/2024-CT, 0.25 per cent CGST (same text, amended; gstsafar.com), 01/2024-Integrated Tax, half per cent, "from
#     the date of its publication" (text: taxguru.in, igst-e-commerce-operator-tcs-collection-rate-reduced-0-50-percent).
#   TDS 0.75 % to 2021-03-31: taxguru.in, section-194o-tds-e-commerce-operator-analysis; whytax.in/?p=1763 (both: 5 % without PAN).
#     From 2020-10-01: whytax.in; blog.tdsman.com/2025/03, section-194o.
#   TDS 0.1 % from 2024-10-01: Finance (No. 2) Bill 2024, clause 61 (taxguru.in, section-194-o-amendment-lower-tds-rate-e-commerce-payments);
#     in force: taxtmi.com/manuals?id=1919.
#   GST of 18 % on a marketplace's fees: busy.in/gst-rates/ecommerce-operator. Its notification (11/2017-CT (Rate)) was not found there.
#   Not confirmed: that s. 194-O is taken on the value without GST. The section says gross amount; CBDT circular 13/2021, para 4.3.2, leaves
#     GST out for s. 194-Q where it is shown apart and tax is deducted on credit (syamtaddi.blogspot.com/2021/11); portals do the same here.
# Product rates (apparel and footwear: 5 % to 2,500 a piece from 2025-09-22, 18 % above; before, 5 % to 1,000, 12 % above) are no rows: each
# order line states its own.

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
