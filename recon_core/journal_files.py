"""The journal as a file for the books: a CSV with one row a posting, or vouchers in Tally's XML import format.

Tally reads an ENVELOPE with `Import Data` and one TALLYMESSAGE a voucher. In it a debit is ISDEEMEDPOSITIVE Yes with a negative
AMOUNT, a credit No with a positive one, so that the amounts of a voucher add up to 0. Its ledgers must be there before.
Source: Tally Solutions, developer reference, "Case Study I: XML Request and Response Formats" and "Understanding Integration: Transactions",
and public programs that write the format; never run in Tally here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from recon_core.money import to_text
from recon_core.plain_csv import csv_text
from recon_core.sheets import Column, Kind
from recon_core.vouchers import Posting

CSV_COLUMNS = (
    Column(name="No", kind=Kind.ID), Column(name="Date", kind=Kind.DATE), Column(name="Voucher"), Column(name="Account"), Column(name="Debit", kind=Kind.AMOUNT),
    Column(name="Credit", kind=Kind.AMOUNT), Column(name="Text"), Column(name="Payout", kind=Kind.ID), Column(name="Entry"), Column(name="Order id", kind=Kind.ID),
    Column(name="Key", kind=Kind.ID),
)  # fmt: skip
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def journal_csv(postings: Sequence[Posting]) -> str:
    """The postings as CSV, rows as they stand on the sheet; a blank cell where a side is 0."""
    rows = (
        (one.no, one.day, one.voucher, one.account, one.debit or None, one.credit or None, one.text, one.payout, one.entry, one.order, one.key)
        for one in postings
    )  # fmt: skip
    return csv_text(CSV_COLUMNS, rows)


def tally_xml(postings: Sequence[Posting], company: str = "") -> str:
    """The vouchers as one Tally import. Postings of a voucher stand together. `company`: the company of Tally, '' for the open one."""
    static = f"<STATICVARIABLES><SVCURRENTCOMPANY>{text_of(company)}</SVCURRENTCOMPANY></STATICVARIABLES>" if company else ""  # fmt: skip
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', "<ENVELOPE>", " <HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER>", " <BODY><IMPORTDATA>",
        f"  <REQUESTDESC><REPORTNAME>Vouchers</REPORTNAME>{static}</REQUESTDESC>", "  <REQUESTDATA>",
    ]  # fmt: skip
    for _, rows in groupby(postings, key=lambda one: one.no):
        lines += _voucher(list(rows))
    return "\n".join([*lines, "  </REQUESTDATA>", " </IMPORTDATA></BODY>", "</ENVELOPE>", ""])


def _voucher(rows: Sequence[Posting]) -> Iterator[str]:
    """One TALLYMESSAGE. The narration is of the voucher; what each row is about stands in its own NARRATION."""
    first = rows[0]
    kind, day = first.voucher, f"{first.day:%Y%m%d}"
    yield '   <TALLYMESSAGE xmlns:UDF="TallyUDF">'
    yield f'    <VOUCHER VCHTYPE={quoteattr(kind)} ACTION="Create" OBJVIEW="Accounting Voucher View">'
    yield f"     <DATE>{day}</DATE><EFFECTIVEDATE>{day}</EFFECTIVEDATE><VOUCHERTYPENAME>{text_of(kind)}</VOUCHERTYPENAME>"
    yield "     <PERSISTEDVIEW>Accounting Voucher View</PERSISTEDVIEW><ISINVOICE>No</ISINVOICE>"
    yield f"     <VOUCHERNUMBER>{text_of(first.no)}</VOUCHERNUMBER><REFERENCE>{text_of(first.payout)}</REFERENCE>"
    yield f"     <NARRATION>{text_of(first.text)} ({text_of(first.key)})</NARRATION>"
    for row in rows:
        debit = row.debit - row.credit
        yield "     <ALLLEDGERENTRIES.LIST>"
        yield f"      <LEDGERNAME>{text_of(row.account)}</LEDGERNAME><ISDEEMEDPOSITIVE>{'Yes' if debit > 0 else 'No'}</ISDEEMEDPOSITIVE>"
        yield f"      <AMOUNT>{to_text(-debit)}</AMOUNT><NARRATION>{text_of(row.text)} ({text_of(row.key)})</NARRATION>"
        yield "     </ALLLEDGERENTRIES.LIST>"
    yield "    </VOUCHER>"
    yield "   </TALLYMESSAGE>"


def text_of(text: str) -> str:
    """Any text as XML character data on one line: &, <, > escaped, line breaks as blanks, signs that XML cannot hold as '?'."""
    return escape(" ".join(_NO_XML.sub("?", text).split()))
