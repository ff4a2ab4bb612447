"""Excel formulas over whole columns, with Excel's own answers. A library: it knows nothing of reconciliation.

tree = parse("=ROUND([@Price]*(1-[@Discount]%),2)")        # FormulaError with the place of a mistake
check(tree, text, headers, {"Products": ("SKU", "Rate")})   # unknown names, numbers of arguments
evaluate(tree, Scope(own=table, tables={...})).values       # one value a row
to_workbook(tree, "Orders")                                 # the live formula for the sheet
"""

from __future__ import annotations

from recon_core.formula.arrays import needs_array
from recon_core.formula.check import check, in_order, is_date, references
from recon_core.formula.evaluate import Answer, Scope, evaluate
from recon_core.formula.excel import number_to_text
from recon_core.formula.fallback import known as fallback_functions
from recon_core.formula.functions import FUNCTIONS
from recon_core.formula.listing import Listed, listed
from recon_core.formula.parse import parse
from recon_core.formula.tables import Table, folded
from recon_core.formula.tree import FormulaError, Node, TableRef
from recon_core.formula.values import ExcelError, Scalar, Tag, Values
from recon_core.formula.write import to_text, to_workbook

__all__ = [
    "FUNCTIONS",
    "Answer",
    "ExcelError",
    "FormulaError",
    "Listed",
    "Node",
    "Scalar",
    "Scope",
    "Table",
    "TableRef",
    "Tag",
    "Values",
    "check",
    "evaluate",
    "fallback_functions",
    "folded",
    "in_order",
    "is_date",
    "listed",
    "needs_array",
    "number_to_text",
    "parse",
    "references",
    "to_text",
    "to_workbook",
]
