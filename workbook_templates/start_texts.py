"""The words of the blank workbook: the sheet Start, the headings of the Setup sheets."""

from __future__ import annotations

WHAT = (
    "Compares two sets of records row by row: what agrees, what differs, what is missing on one side.",
    "Every figure leads to rows of your files, and the tie-out on Summary proves that no row was lost.",
)
STEPS = (
    "Put your files beside this workbook and name them on the sheet Setup.",
    "Say on the sheet Mapping which column means what.",
    "Click Check Inputs, then Run Reconciliation, on the ribbon tab Reconcile. Without the add-in: 'tieout check Book.xlsx', then 'tieout run Book.xlsx'.",
    "Work through Exceptions. Your comments are kept on every run.",
    "Look at the tie-out on Summary and hand the file to your auditor.",
)
CONTENTS = {
    "Start": "This page.",
    "Summary": "Outcome of the run, the tie-out with its formulas, rows and amounts by outcome, type and age.",
    "Exceptions": "Work to do: rows that are partially matched or unmatched, and why. The blue columns are yours.",
    "Suggestions": "Possible matches without a common id, for you to check. No figure depends on them.",
    "Matched": "Rows that closed with the other side: class, rule and difference of each match.",
    "Data checks": "What could not be read, or was read with doubt: the place and what to do.",
    "Skipped": "Rows that take no part, each with its reason.",
    "A data": "Every row of side A, our records, as printed and as read.",
    "B data": "Every row of side B, their records, as printed and as read.",
    "Setup": "Title, period, files, legs, skip rules, supporting data.",
    "Mapping": "Which column of which file means what.",
    "Rules": "The ladder of matching rules. Empty: the shipped one.",
    "Marketplace": "Which columns say what of orders, returns and settlement lines. Empty: no sheets of a marketplace.",
    "Rates": "Agreed fees and payment terms of a marketplace, with their dates.",
    "Accounts": "The ledger account of each entry of a payout. Empty: no journal is proposed.",
    "Files": "What was read: fingerprint and control total of each file.",
    "Notes history": "Notes of exceptions that are closed; they return with their row.",
    "Run log": "One row for each run, each chained to the one before.",
}
LATER = (
    ("label", "Changes", "What a run changed since the one before, and which file did it."),
    (
        "label",
        "Orders, Releases",
        "Was I paid? Each order from its invoice to the cash; every entry of a settlement behind it.",
    ),
    ("label", "Fees, Claims", "Were the fees right? Each fee against the rate card; what to dispute, with GST."),
    (
        "label",
        "Payouts, Money chain",
        "Where is the money? Each transfer against the bank; order value to cash in live sums.",
    ),
    (
        "label",
        "Commercial",
        "What did the terms cost? Agreed fees against charged ones, by item, category and channel.",
    ),
    ("label", "Settlements", "Each payout from expected to arrived; the sheet Differences says why, by order."),
    (
        "label",
        "Journal, Exports",
        "The vouchers of each payout for the books; which of them were written to a file, and when.",
    ),
)  # sheets that a run adds behind the last one
LEGEND = (
    ("matched", "Matched", "The row closed with the other side, within the tolerance."),
    ("partial", "Partially matched", "The id is on both sides, but amount, date or a compared column does not agree."),
    ("unmatched", "Unmatched", "The row is on one side only."),
    ("skipped", "Skipped", "The row takes no part: blank, total, duplicate, skip rule, unreadable cell."),
    ("input", "Input", "Blue letters on light yellow: type here."),
    ("note", "", "Colour is never the only signal: each colour stands beside its word."),
)
HELP_PLAIN = (
    (
        "Macros blocked",
        "Macros are not needed: this workbook has none. If Excel blocks those of the add-in, close Excel, right-click Tieout.xlam in its folder, Properties, tick Unblock; 'tieout install' does the same.",
    ),
)
HELP_MACROS = (
    ("Macros blocked", "If Excel says that macros are blocked: close this file, right-click it in its folder, Properties, tick Unblock, open it again. If your company forbids macros, make a workbook without any: 'tieout new Book.xlsx'."),
)  # fmt: skip
HELP = (
    ("Engine not found", "The buttons need the engine on this computer. In a terminal: 'pip install tieout', then 'tieout install'. 'tieout doctor' says what is missing."),
    ("Button does nothing", "Your company may not let Excel start programs. Run 'tieout install --start watch' once, then leave 'tieout watch' open in a terminal while you work. 'tieout run Book.xlsx' needs no button at all."),
    ("Workbook is open", "Save and close the workbook before you run it from the command line."),
    ("Survives a run", "Start, Setup, Mapping, Rules, Marketplace, Rates, Accounts; on Exceptions the columns Reason code, Owner, Due, Comment and Tick; Notes history; Exports; Run log; sheets of your own."),
    ("Is rewritten", "Summary, Exceptions, Suggestions, Matched, Data checks, Skipped, A data, B data, Files, and the sheets that a run adds but Exports. Anything else you type there is lost."),
)  # fmt: skip
HEADINGS = {
    "Setup": ("Setup", "Type in the yellow cells. 'tieout check Book.xlsx' says what is still missing."),
    "Mapping": ("Column mapping", "One row for each column that is used. Type in the yellow cells."),
    "Marketplace": (
        "Columns of a marketplace",
        "One row for each column. Type in the yellow cells. Without rows nothing is said of fees and payments.",
    ),
    "Rates": (
        "Payment terms and rate cards",
        "What a marketplace may charge and when it pays. Type in the yellow cells.",
    ),
    "Accounts": (
        "Ledger accounts",
        "Where the journal posts each entry of a payout, as your books name it. Type in the yellow cells.",
    ),
    "Rules": ("Matching rules", "Leave the table empty for the shipped ladder of rules. Type in the yellow cells."),
}  # A1 must not be a table's title, or the parser takes it for that
