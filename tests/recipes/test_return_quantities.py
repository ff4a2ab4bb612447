"""The shipped recipes read the quantity of a return, so that two equal settlement lines of a return of two are two units."""

from __future__ import annotations

import pytest

from addin.new_book import load_recipe

QUANTITY = {"marketplace_generic": "Quantity", "fee_audit": "Quantity", "ajio_marketplace": "Return QTY"}


@pytest.mark.parametrize(("recipe", "column"), QUANTITY.items())
def test_both_tables_name_the_quantity_of_a_return(recipe: str, column: str) -> None:
    tables = load_recipe(recipe)
    for table in ("Mapping", "Marketplace"):
        named = [
            row["Column"] for row in tables[table] if row.get("Source") == "Returns" and row["Meaning"] == "quantity"
        ]
        assert named == [column], table
