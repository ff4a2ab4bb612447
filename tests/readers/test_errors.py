"""How the readers speak: one sentence that names the thing, an order that can be carried out, no blame."""

from __future__ import annotations

import pytest

from recon_core.problems import Problem
from recon_core.readers import CODES

BROKEN: dict[str, tuple[str, bytes | str, dict[str, object], str]] = {
    "empty": ("a.csv", b"", {}, "F-103"),
    "pdf": ("a.csv", b"%PDF-1.4", {}, "F-106"),
    "figures": ("a.csv", "1,2\n3,4\n", {}, "F-201"),
    "header row": ("a.csv", "Id,Net\n1,2\n", {"header_row": 40}, "F-201"),
    "column": ("a.csv", "Id,Net\n1,2\n", {"wanted": ("Amount",)}, "F-202"),
    "no rows": ("a.csv", "Id,Net\n", {}, "F-204"),
    "no fit": ("a.csv", "Id,Net\n1,2,3\n", {}, "F-205"),
    "quote": ("a.csv", 'Id,Net\n1,"2\n', {}, "F-206"),
    "nul tail": ("a.csv", b"Id,Net\n1,2\n\0\0\0\0", {}, "F-107"),
    "nul": ("a.csv", b"Id,Net\n1,\x002\n", {}, "F-303"),
    "page": ("a.csv", "Id,Name\n1,é\n".encode("cp1252"), {}, "F-301"),
    "cut": ("a.csv", "Id,Name,Net\n1,a,2\n2,b", {}, "F-304"),
    "twice": ("a.csv", "Id,Net,net\n1,2,3\n", {}, "F-305"),
    "name": ("a.xlsx", "Id,Net\n1,2\n", {}, "F-302"),
    "half": ("a.xlsx", b"PK\x03\x04\x14\x00", {}, "F-107"),
}


@pytest.mark.parametrize(("name", "content", "setup", "code"), BROKEN.values(), ids=BROKEN)
def test_messages(read_bytes, name, content, setup, code):
    _, problems = read_bytes(content, name, **setup)
    assert [problem.code for problem in problems] == [code]
    check(problems[0])
    assert code in CODES


def check(problem: Problem) -> None:
    assert problem.where.file
    for words in (problem.what, problem.fix):
        assert not words[0].islower() or words.startswith(problem.where.file)
        assert words.endswith(".")
        assert not {"invalid", "please", "error:", "traceback", "exception"} & set(words.casefold().split())
    assert problem.fix.split()[0] in {
        "Check", "Choose", "Close", "Compare", "Copy", "Correct", "Delete", "Download", "Export", "Look", "Nothing",
        "Open", "Remove", "Show", "Type", "Unpack", "Use", "Wait",
    }  # fmt: skip


def test_the_name_shown_is_the_name_given(tmp_path):
    from recon_core.model import Source
    from recon_core.readers import read

    raw, problems = read(Source(name="s", path=str(tmp_path / "x.csv")), "Bank April.csv")
    assert raw is None
    assert problems[0].what.startswith("Bank April.csv was not found")
