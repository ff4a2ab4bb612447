"""Rate cards: what a portal may charge for each unit, by agreed rules with dates, worked out over whole columns.

Rows of the table Rates become cards (`parse_cards`), a portal's file becomes rows (`from_csv_rows`), and cards with
units become charges (`expected`). A fee that cannot be worked out says why; it is never zero in silence.
"""

from recon_core.ratecard.card import Band, Base, Basis, Card, Combine, Event, Grain, Rule, State
from recon_core.ratecard.charges import expected, prorated
from recon_core.ratecard.files import from_csv_rows
from recon_core.ratecard.rows import COLUMNS, MORE_COLUMNS, parse_cards
from recon_core.ratecard.taxes import TAX_ROWS
from recon_core.ratecard.units import ANSWERS, INPUTS, UNKNOWN, Answer, Charge, Units

__all__ = [
    "ANSWERS", "COLUMNS", "INPUTS", "MORE_COLUMNS", "TAX_ROWS", "UNKNOWN", "Answer", "Band", "Base", "Basis", "Card", "Charge",
    "Combine", "Event", "Grain", "Rule", "State", "Units", "expected", "from_csv_rows", "parse_cards", "prorated",
]  # fmt: skip
