"""The recipe gst_report: taxable value, CGST, SGST and IGST each by itself; credit notes; the month of the return."""

from __future__ import annotations

import pytest

from recon_core.model import Status
from tests.recipes.made import Made, make, money, table

REPORT = "Invoice Number|Invoice Date|Transaction Type|Order Id|Quantity|Invoice Amount|Tax Exclusive Gross|Total Tax Amount|Cgst Tax|Sgst Tax|Utgst Tax|Igst Tax|Credit Note No|Credit Note Date"
FILES = {
    "tax_invoices_june.csv": table(
        "document_no|document_date|order_no|taxable_value|cgst|sgst|igst|invoice_value",
        "T-1|2026-06-02|O1|1000|25|25|0|1050", "T-2|2026-06-03|O2|2000|0|0|100|2100", "T-3|2026-06-04|O3|1000|0|0|180|1180",
        "T-4|2026-06-05|O4|400|10|10|0|420", "T-5|2026-06-30|O5|600|15|15|0|630", "CN-1|2026-06-20|O1|-1000|-25|-25|0|-1050", "T-6|2026-06-06|O6|500|0|0|25|525",
    ),
    "gst_report_june.csv": table(
        REPORT,
        "T-1|2026-06-02|Shipment|O1|1|1050.00|1000.00|50.00|25.00|25.00|0|0||", "T-2|2026-06-03|Shipment|O2|1|2100.00|2000.00|100.00|50.00|50.00|0|0||",
        "T-3|2026-06-04|Shipment|O3|1|1180.00|1123.81|56.19|0|0|0|56.19||", "T-5|2026-07-01|Shipment|O5|1|630.00|600.00|30.00|15.00|0|15.00|0||",
        "T-1|2026-06-02|Refund|O1|1|-1050.00|-1000.00|-50.00|-25.00|-25.00|0|0|CN-1|2026-06-20", "T-9|2026-06-09|Shipment|O9|1|210.00|200.00|10.00|0|0|0|10.00||",
        "T-4|2026-06-05|Cancel|O4|1|||||||||", "T-6|2026-06-06|Shipment|O6|1|535.00|509.52|25.48|0|0|0|25.48||",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("gst"), "gst_report", FILES)


def test_each_tax_by_itself(june: Made) -> None:
    assert june.outcome("Documents")["matched"] == ["CN-1", "T-1", "T-5", "b:CN-1", "b:T-1", "b:T-5"]
    assert june.differs("Documents") == {"T-2": "CGST; SGST; IGST", "T-3": "Taxable; IGST", "T-6": "Taxable; IGST"}
    assert june.gaps("Documents") == {
        "T-4": "420.00",
        "T-6": "-10.00",
        "T-9": "-210.00",
    }  # T-2 and T-3 agree in the total
    assert june.outcome("Documents")["skipped"] == ["b:T-4"]
    assert june.ties()


def test_the_return_of_each_month(june: Made) -> None:
    lines = june.done.results["Months"].lines
    names = june.done.results["Months"].compare_names
    assert names == ("Taxable", "CGST", "SGST", "IGST")
    sums = {
        (row.side, row.key): [money(row.amount_minor), *(money(getattr(row, f"compare_{at}")) for at in range(4))] for row in lines.itertuples()
        if row.status != list(Status).index(Status.SKIPPED)
    }  # fmt: skip
    assert sums == {
        (0, "2026-06"): ["4855.00", "4500.00", "25.00", "25.00", "305.00"], (1, "2026-06"): ["4025.00", "3833.33", "50.00", "50.00", "91.67"],
        (1, "2026-07"): ["630.00", "600.00", "15.00", "15.00", "0.00"],
    }  # fmt: skip
    assert june.gaps("Months") == {"2026-06": "830.00", "2026-07": "-630.00"}
