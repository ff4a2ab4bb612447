"""The journal as CSV and as Tally's XML: a golden case by hand, any text at all, and the signs of debits and credits."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import re
from xml.etree import ElementTree as ET

import pytest

from recon_core.journal_files import journal_csv, tally_xml
from recon_core.money import to_minor
from recon_core.plain_csv import shown
from recon_core.posting import entry_of
from recon_core.vouchers import Posting, fingerprints, last_exports, status

DAY = dt.date(2026, 4, 10)


def posting(account: str, debit: str = "0", credit: str = "0", **more: object) -> Posting:
    given = {"no": "P1-J", "day": DAY, "voucher": "Journal", "text": f"{account} of payout P1", "payout": "P1", "entry": "SALE", "order": "", "key": "00ff"}  # fmt: skip
    return Posting(**{**given, "account": account, "debit": to_minor(debit), "credit": to_minor(credit), **more})


SMALL = [
    posting("Clearing", debit="75.28", text="Payout P1", entry="PAYOUT"), posting("Debtors", credit="100.00"), posting("Commission & fees", debit="20.00", entry="COMMISSION"),
    posting("Input GST", debit="3.60", entry="TAX_ON_FEE"), posting("TCS", debit="1.12", entry="TCS"),
    posting("Bank", debit="75.28", no="P1-R", voucher="Receipt", day=dt.date(2026, 4, 13), entry="BANK"), posting("Clearing", credit="75.28", no="P1-R", voucher="Receipt", day=dt.date(2026, 4, 13), entry="PAYOUT"),
]  # fmt: skip
GOLDEN_CSV = """No,Date,Voucher,Account,Debit,Credit,Text,Payout,Entry,Order id,Key
P1-J,2026-04-10,Journal,Clearing,75.28,,Payout P1,P1,PAYOUT,,00ff
P1-J,2026-04-10,Journal,Debtors,,100.00,Debtors of payout P1,P1,SALE,,00ff
P1-J,2026-04-10,Journal,Commission & fees,20.00,,Commission & fees of payout P1,P1,COMMISSION,,00ff
P1-J,2026-04-10,Journal,Input GST,3.60,,Input GST of payout P1,P1,TAX_ON_FEE,,00ff
P1-J,2026-04-10,Journal,TCS,1.12,,TCS of payout P1,P1,TCS,,00ff
P1-R,2026-04-13,Receipt,Bank,75.28,,Bank of payout P1,P1,BANK,,00ff
P1-R,2026-04-13,Receipt,Clearing,,75.28,Clearing of payout P1,P1,PAYOUT,,00ff
"""


def vouchers(text: str) -> list[ET.Element]:
    root = ET.fromstring(text.encode())
    assert root.tag == "ENVELOPE"
    assert root.findtext("HEADER/TALLYREQUEST") == "Import Data"
    assert root.findtext("BODY/IMPORTDATA/REQUESTDESC/REPORTNAME") == "Vouchers"
    return root.findall("BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/VOUCHER")


def test_the_csv_of_a_small_journal() -> None:
    assert journal_csv(SMALL) == GOLDEN_CSV.replace("\n", "\r\n")


def test_the_vouchers_of_a_small_journal() -> None:
    journal, receipt = vouchers(tally_xml(SMALL, "Fernway & Co"))
    assert ET.fromstring(tally_xml(SMALL, "Fernway & Co").encode()).findtext(".//SVCURRENTCOMPANY") == "Fernway & Co"
    assert "SVCURRENTCOMPANY" not in tally_xml(SMALL)
    assert journal.attrib == {"VCHTYPE": "Journal", "ACTION": "Create", "OBJVIEW": "Accounting Voucher View"}
    head = {name: journal.findtext(name) for name in ("DATE", "VOUCHERTYPENAME", "VOUCHERNUMBER", "REFERENCE", "NARRATION", "ISINVOICE")}  # fmt: skip
    assert head == {
        "DATE": "20260410", "VOUCHERTYPENAME": "Journal", "VOUCHERNUMBER": "P1-J", "REFERENCE": "P1", "NARRATION": "Payout P1 (00ff)", "ISINVOICE": "No",
    }  # fmt: skip
    rows = [(row.findtext("LEDGERNAME"), row.findtext("ISDEEMEDPOSITIVE"), row.findtext("AMOUNT")) for row in journal.findall("ALLLEDGERENTRIES.LIST")]  # fmt: skip
    assert rows == [
        ("Clearing", "Yes", "-75.28"), ("Debtors", "No", "100.00"), ("Commission & fees", "Yes", "-20.00"), ("Input GST", "Yes", "-3.60"), ("TCS", "Yes", "-1.12"),
    ]  # fmt: skip
    assert (receipt.get("VCHTYPE"), receipt.findtext("DATE"), receipt.findtext("VOUCHERNUMBER")) == ("Receipt", "20260413", "P1-R")  # fmt: skip
    for voucher in (journal, receipt):
        assert sum(to_minor(row.text or "") for row in voucher.iter("AMOUNT")) == 0


LETTERS = [chr(code) for code in (*range(32), *range(32, 127), 0x7F, 0x85, 0xA0, 0x20B9, 0x0915, 0x2028, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x1F600)] + ["]]>", "<!--", "&amp;", "\r\n"]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_any_text_survives_as_xml(seed: int) -> None:
    """Signs that XML cannot hold become '?', line breaks a blank; everything else comes back letter by letter."""
    draw = random.Random(seed)
    texts = ["".join(draw.choices(LETTERS, k=draw.randint(1, 40))) for _ in range(20)]
    rows = [posting(text, debit="1.00", text=text, payout=text, no=f"V{at}-J") for at, text in enumerate(texts)]
    data = tally_xml(rows, texts[0]).encode("utf-8")
    root = ET.fromstring(data)
    found = root.findall(".//LEDGERNAME")
    legal = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert [one.text or "" for one in found] == [" ".join(legal.sub("?", text).split()) for text in texts]
    assert len(root.findall(".//VOUCHER")) == len(rows)


@pytest.mark.parametrize("seed", range(10))
def test_random_vouchers_come_back_from_the_xml_as_they_were(seed: int) -> None:
    draw = random.Random(seed)
    rows: list[Posting] = []
    for at in range(draw.randint(1, 6)):
        amounts = [draw.randint(-(10**12), 10**12) * 100 for _ in range(draw.randint(1, 8))]
        for number, minor in enumerate([*amounts, -sum(amounts)]):
            rows.append(
                posting(f"Account {number}", no=f"P{at}-J")._replace(debit=max(minor, 0), credit=max(-minor, 0))
            )
    rows = [row for row in rows if row.debit or row.credit]
    got = [
        (voucher.findtext("VOUCHERNUMBER"), row.findtext("LEDGERNAME"), -to_minor(row.findtext("AMOUNT") or ""))
        for voucher in vouchers(tally_xml(rows)) for row in voucher.findall("ALLLEDGERENTRIES.LIST")
    ]  # fmt: skip
    assert got == [(row.no, row.account, row.debit - row.credit) for row in rows]


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1"])
def test_no_text_of_a_csv_is_a_formula(text: str) -> None:
    assert shown(text) == f"'{text}"
    rows = list(csv.reader(io.StringIO(journal_csv([posting(text, debit="5.00", payout=text, order=text)]), newline="")))  # fmt: skip
    assert [cell for cell in rows[1] if cell.lstrip(" ")[:1] in "=+-@\t\r＝" and cell] == []
    assert f"'{text}" in rows[1]


@pytest.mark.parametrize("text", ["", "A=1", "Fee: Packaging", "₹ 5", "1-2"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


def test_a_fingerprint_is_of_what_is_posted() -> None:
    marks = fingerprints(SMALL)
    assert list(marks) == ["P1-J", "P1-R"]
    assert fingerprints(SMALL[::-1]) == marks
    changed = [SMALL[0]._replace(debit=SMALL[0].debit + 100), *SMALL[1:]]
    assert fingerprints(changed)["P1-J"] != marks["P1-J"]
    assert fingerprints(changed)["P1-R"] == marks["P1-R"]
    log = last_exports([
        {"No": "P1-J", "When": dt.datetime(2026, 5, 7, 9, 30), "Fingerprint": "old"}, {"No": "P1-J", "When": dt.datetime(2026, 5, 8), "Fingerprint": marks["P1-J"]},
    ])  # fmt: skip
    said = [status(no, mark, log) for no, mark in (("P1-J", marks["P1-J"]), ("P1-J", "other"), ("P1-R", marks["P1-R"]))]
    assert said == ["Exported 08-May-2026", "Changed since the export 08-May-2026", "Proposed"]


@pytest.mark.parametrize(
    ("text", "entry"),
    [("SALE", "SALE"), ("comission", "COMMISSION"), ("Payout", "PAYOUT"), ("sale (Not Ours)", "SALE (not ours)"), ("TCS (not ours)", None), ("Fee:  Packaging", "Fee: Packaging"), ("wages", None)],
)  # fmt: skip
def test_words_of_the_table_accounts(text: str, entry: str | None) -> None:
    assert entry_of(text) == entry
