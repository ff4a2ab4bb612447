"""xlwings' own tests on our engine: `python -m tests.calc.upstream CHECKOUT`.

CHECKOUT is a source tree of xlwings (https://github.com/xlwings/xlwings) near the installed version. Its test
files run as they are; only a conftest.py of two lines stands beside them, in a temporary folder. Some of them
need `pytz`, which is no dependency of ours: install it for the run, or name a folder with it in PYTHONPATH.
What fails must be listed in upstream_expected.txt with its reason, and what is listed must fail.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXPECTED = HERE / "upstream_expected.txt"
FILES = (
    "test_range.py",
    "test_sheet.py",
    "test_names.py",
    "test_table.py",
    "test_book.py",
    "test_app.py",
    "test_conversion.py",
    "test_active.py",
    "test_chunking.py",
    "test_font.py",
    "test_ndim.py",
)
CONFTEST = """import addin.calc
addin.calc.register(macros=True)
"""
OUTCOMES = ("passed", "failed", "skipped")


def expected() -> dict[str, str]:
    """Test -> reason for each test that is known to fail."""
    lines = [line for line in EXPECTED.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {test.strip(): reason.strip() for test, _, reason in (line.partition(" ") for line in lines)}


def run(checkout: Path, files: tuple[str, ...], more: list[str]) -> dict[str, tuple[str, str]]:
    """Test -> (outcome, first line of the message) for the test files of a checkout."""
    present = [checkout / "tests" / name for name in files if (checkout / "tests" / name).is_file()]
    if not present:
        sys.exit(f"{checkout} holds no tests of xlwings (tests/test_range.py).")
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder)
        (beside / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (beside / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # neither their settings nor ours
        command = [sys.executable, "-m", "pytest", "-q", "-x" if "-x" in more else "-q", "--rootdir", str(checkout)]
        command += [
            "-c",
            str(beside / "pytest.ini"),
            "-p",
            "conftest",
            "-p",
            "no:cacheprovider",
            "--import-mode=importlib",
            "--junitxml=report.xml",
        ]
        command += [*(one for one in more if one != "-x"), *map(str, present)]
        paths = [str(beside), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(command, cwd=beside, env=environment, check=False, timeout=1800, stdout=subprocess.DEVNULL)
        return outcomes(beside / "report.xml")


def outcomes(report: Path) -> dict[str, tuple[str, str]]:
    """Test -> (outcome, message) of a JUnit report."""
    found: dict[str, tuple[str, str]] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        bad = next((one for one in case if one.tag in {"failure", "error"}), None)
        skipped = case.find("skipped")
        told = bad if bad is not None else skipped
        outcome = "failed" if bad is not None else "skipped" if skipped is not None else "passed"
        found[name] = (
            outcome,
            (told.get("message") or "").splitlines()[0][:160] if told is not None and told.get("message") else "",
        )
    return found


def table(found: dict[str, tuple[str, str]]) -> str:
    """How many passed, failed and were skipped, file by file, as the documentation shows it."""
    by_file: dict[str, Counter[str]] = {}
    for test, (outcome, _) in found.items():
        by_file.setdefault(test.split(".")[0].split("::")[0], Counter())[outcome] += 1
    by_file["all"] = sum(by_file.values(), Counter())
    lines = ["| file | tests | passed | failed | skipped |", "|---|--:|--:|--:|--:|"]
    for name, counts in by_file.items():
        lines.append(f"| {name} | {sum(counts.values())} | " + " | ".join(str(counts[one]) for one in OUTCOMES) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run, print the table and the surprises; 1 where something failed or passed against the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--file", action="append", help="only this test file")
    options, more = parser.parse_known_args()
    if find_spec("pytz") is None:
        sys.exit("xlwings' tests need pytz: install it for this run (python -m pip install pytz).")
    found = run(options.checkout.resolve(), tuple(options.file or FILES), more)
    reasons = expected()
    print(table(found))
    failed = {test: told for test, (outcome, told) in found.items() if outcome == "failed"}
    surprises = [f"FAILED {test}: {told}" for test, told in failed.items() if test not in reasons]
    surprises += [
        f"PASSED {test}, though listed: {reasons[test]}" for test in reasons if test in found and test not in failed
    ]
    print("\n".join(["", *surprises]) if surprises else f"\nAs expected: {len(failed)} known failures.")
    return bool(surprises)


if __name__ == "__main__":
    raise SystemExit(main())
