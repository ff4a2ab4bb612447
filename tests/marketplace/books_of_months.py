"""A random month of tests/months.py as files, with the recipe and the rate card by which it was charged."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recon_core.dates import to_date
from recon_core.market import Market, Role, Says
from recon_core.model import Raw
from recon_core.money import to_text
from recon_core.problems import Place
from recon_core.ratecard import TAX_ROWS, parse_cards
from recon_core.recipe import Recipe
from recon_core.terms import Term
from tests.marketplace import ajio
from tests.months import CATALOG, FIRST_DAY, Month, bank_texts, order_texts, settlement_texts
from tests.raws import raw

ORDERS = {
    Says.ORDER: "order_no", Says.INVOICE: "invoice_no", Says.AWB: "awb", Says.ITEM: "sku", Says.QUANTITY: "qty", Says.AMOUNT: "line_total_incl_gst",
    Says.TAXABLE: "taxable_value", Says.ORDER_DATE: "order_date", Says.INVOICE_DATE: "invoice_date", Says.STATUS: "status", Says.CATEGORY: "category",
    Says.BRAND: "brand", Says.WEIGHT: "weight_g",
}  # fmt: skip
_ALL = {"Portal": "P", "From": "2020-01-01", "GST %": "18", "Charged on": "Shipped"}
_BACK = {**_ALL, "Charged on": "Customer return"}
CARD = (  # what months.plain_charge charges
    {**_ALL, "Fee": "Commission", "Base": "price incl. GST", "%": "12", "RTO %": "100", "Return %": "100"},
    {**_ALL, "Fee": "Fixed", "Fixed": "17", "RTO %": "100"},
    {**_ALL, "Fee": "Logistics", "Weight to": "500", "Fixed": "44"},
    {**_ALL, "Fee": "Logistics", "Weight from": "500", "Fixed": "88"},
    {**_BACK, "Fee": "Reverse logistics", "Weight to": "500", "Fixed": "44"},
    {**_BACK, "Fee": "Reverse logistics", "Weight from": "500", "Fixed": "88"},
)
SUMMED = ("line_total_incl_gst", "taxable_value")


def market() -> Market:
    cards, problems = parse_cards([*CARD, *TAX_ROWS], lambda at, column: Place(sheet="Rates", row=at, column=column))
    assert problems == ()
    uses = [
        *ajio.uses_of(Role.ORDERS, "OMS", ORDERS), *ajio.uses_of(Role.RETURNS, "RTV", ajio.RETURNS),
        *ajio.uses_of(Role.SETTLEMENTS, "Settlements", {Says.ORDER: "Order ID"}),
    ]  # fmt: skip
    return Market(uses=tuple(uses), cards=cards, terms=(Term(days=10),), within_minor=500, portal="P")


def recipe(month: Month) -> Recipe:
    return ajio.recipe(
        1, legs=(ajio.settlement_leg(), ajio.bank_leg()), market=market(), lookups=(), as_of=to_date(month.as_of)
    )


def files(month: Month) -> dict[str, list[Raw]]:
    bank = bank_texts(month)
    known = month.bank["payout"].to_numpy()
    bank["Chq./Ref.No."] = [str(month.payouts["utr"].iloc[at]) if at >= 0 else text for at, text in zip(known, bank["Chq./Ref.No."], strict=True)]  # fmt: skip
    return {
        "OMS": [raw("OMS", orders(month))], "RTV": [raw("RTV", returns(month))], "Bank": [raw("Bank", bank)],
        "Settlements": [raw("Settlements", settlement_texts(month, at), file=f"settlement_{at}.csv") for at in range(len(month.payouts))],
    }  # fmt: skip


def orders(month: Month) -> dict[str, list[str]]:
    """Our order lines: equal units of an order on one row, with their number."""
    rows = pd.DataFrame(order_texts(month))
    minor = pd.DataFrame(
        {"line_total_incl_gst": month.units["price_minor"], "taxable_value": month.units["taxable_minor"]}
    )
    code = rows.groupby(["order_no", "sku", *SUMMED], sort=False).ngroup().to_numpy()
    first = rows.assign(code=code).drop_duplicates("code")
    count = np.bincount(code)
    goods = CATALOG.set_index("sku").loc[first["sku"]]
    same = {name: first[name].tolist() for name in rows.columns if name not in SUMMED}
    sums = {name: [to_text(int(one)) for one in minor[name].to_numpy()[first.index] * count] for name in SUMMED}
    return {
        **same, **sums, "qty": [str(one) for one in count], "category": goods["category"].tolist(), "brand": goods["brand"].tolist(),
        "weight_g": [str(one) for one in goods["weight_g"]],
    }  # fmt: skip


def returns(month: Month) -> dict[str, list[str]]:
    """The portal's report of returns, one row a unit."""
    back = month.units[month.units["is_returned"].to_numpy()]
    blank = [""] * len(back)
    return {
        "Return no": [str(at) for at in back.index], "Cust Order No": back["order_id"].tolist(), "FWD B2B INVOICE No": blank, "FWD AWB": blank,
        "SELLER SKU": back["sku"].tolist(), "Return QTY": ["1"] * len(back), "Return Value": [to_text(int(one)) for one in back["price_minor"]], "Return Delivered Date": [str(to_date(FIRST_DAY + 20))] * len(back),
        "Return Type": ["Customer return"] * len(back),
    }  # fmt: skip
