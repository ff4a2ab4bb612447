"""The VBA of the functions add-in: as text, and run by LibreOffice Basic with a stand-in for Python."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

import udfs
from workbook_templates import udf_wrappers
from workbook_templates.udf_wrappers import LONGEST_HELP, modules

NAMES = sorted(name for name in dir(udfs) if name.startswith("RECON_"))


@pytest.fixture(scope="module")
def vba() -> dict[str, str]:
    return modules()


@pytest.fixture(scope="module")
def functions() -> list[dict]:
    return udf_wrappers.generated()["functions"]


def test_every_function_has_a_wrapper_with_its_arguments(vba):
    found = dict(re.findall(r"^Function (\w+)\((.*)\)\r$", vba["TieoutFunctions"], re.MULTILINE))
    wanted = {}
    for name in NAMES:
        args = inspect.signature(getattr(udfs, name)).parameters.values()
        wanted[name] = ", ".join(one.name if one.default is one.empty else f"Optional {one.name}" for one in args)
    assert found == wanted


def test_each_call_hands_over_the_callers_workbook_and_turns_marks_into_errors(vba):
    text = vba["TieoutFunctions"]
    for name in NAMES:
        body = text[text.index(f"Function {name}(") :].split("End Function")[0]
        assert f'{name} = WithErrors(XLPy.CallUDF("udfs", "{name}", Array(' in body
        assert "CallersBook(), Application.Caller))" in body
        assert body.rstrip().endswith(f"failed:\r\n    {name} = CVErr(2015)")
    assert not re.search("ActiveWorkbook|ThisWorkbook|Err.Description|Volatile", text)


def test_the_marks_of_python_are_those_of_vba(vba):
    for code in udfs.CODES.values():
        mark = f"{udfs.MARK}{code}"
        assert (
            f'Case Chr$({ord(mark[0])}) & "{mark[1:]}"\r\n            OneCell = CVErr({code})' in vba["TieoutResults"]
        )


def test_names_are_no_cell_addresses_and_no_words_of_vba():
    words = {
        "line input",
        "end",
        "next",
        "for",
        "to",
        "type",
        "date",
        "string",
        "input",
        "print",
        "is",
        "in",
        "loop",
        "rem",
        "get",
        "put",
        "let",
        "set",
    }
    for name in NAMES:
        assert not re.fullmatch(r"[A-Z]{1,3}[0-9]+", name)
        assert not set(inspect.signature(getattr(udfs, name)).parameters) & words


def test_the_wizard_gets_every_text_whole(vba, functions):
    assert [one["name"] for one in functions] == NAMES
    for one in functions:
        assert one["doc"] == getattr(udfs, one["name"]).__doc__
        assert not one["volatile"]
        assert len(one["doc"]) <= LONGEST_HELP
        assert all(3 < len(arg["doc"]) <= LONGEST_HELP and "Positional" not in arg["doc"] for arg in one["args"])
        texts = [one["doc"], *(arg["doc"] for arg in one["args"])]
        at = vba["TieoutHelp"].index(f'Describe "{one["name"]}"')
        for text in texts:
            at = vba["TieoutHelp"].index('"' + text.replace('"', '""') + '"', at)
    assert 'Category:="Reconciliation"' in vba["TieoutHelp"]


def test_a_text_that_the_wizard_would_cut_is_refused():
    with pytest.raises(ValueError, match="longer than 255"):
        udf_wrappers._quoted("x" * 256)


def test_the_text_is_that_of_a_vba_project(vba):
    for text in vba.values():
        assert text.isascii()
        assert text.count("\n") == text.count("\r\n")
        assert text.endswith("\r\n")
        assert max(map(len, text.splitlines())) < 1_000  # VBA takes 1,023
        assert "Attribute" not in text
        assert re.search(r"^Option Explicit\r$", text, re.MULTILINE)
    assert modules() == vba


def test_a_changed_generator_is_noticed(monkeypatch):
    made = udf_wrappers.generated()
    changed = made | {"vba": made["vba"].replace("= XLPy.CallUDF(", "= Py.CallUDF(")}
    monkeypatch.setattr(udf_wrappers, "generated", lambda: changed)
    with pytest.raises(ValueError, match="another way"):
        udf_wrappers.wrapper_module()


def test_the_start_takes_nothing_from_a_workbook(vba):
    code = "\n".join(line for line in vba["TieoutServer"].splitlines() if not line.startswith("'"))
    assert "Workbook" not in code
    assert "-P -B -c" in code  # without -P Python would look for xlwings in the current folder first
    assert "LICENSE" not in code
    assert "'xlwings is distributed under a BSD 3-clause license." in vba["TieoutServer"]


def test_the_declarations_are_those_of_the_installed_xlwings(vba):
    upstream = (Path(inspect.getfile(udfs.xw)).parent / "xlwings_custom_addin.bas").read_text("ascii")
    declared = re.findall(r"^ *Private (Declare .*?)\r?$", vba["TieoutServer"], re.MULTILINE)
    assert len(declared) == 3
    assert all(line in upstream for line in declared)
    names = set(re.findall(r'"(xlwings\d\d-[\d.]+\.dll)"', vba["TieoutServer"]))
    assert names == set(re.findall(r'XLPyDLLName As String = "(.*?)"', upstream))


def test_nothing_runs_by_itself(vba):
    subs = re.findall(r"(?:Sub|Function) (\w+)", "".join(vba.values()))
    assert not {"auto_open", "workbook_open", "autoexec", "auto_close", "workbook_addininstall"} & {
        one.lower() for one in subs
    }


# ---- LibreOffice Basic ----

BENCH = """\
Option Explicit
Function XLPy() As Object
    Set XLPy = New PythonDouble
End Function

Function Told(ByVal value As Variant) As String
    If IsError(value) Then
        Told = "error " & CLng(value)
    Else
        Told = CStr(value)
    End If
End Function

Function Mark(ByVal code As Long) As String
    Mark = Chr$(30) & "TIEOUT:" & code
End Function

Sub Main()
    Dim file As Integer, table(1, 1) As Variant, row(2) As Variant, found As Variant
    file = FreeFile
    Open "{out}" For Output As #file
    Print #file, Told(WithErrors(Mark(2042))) & "|" & Told(WithErrors(Mark(2015))) & "|" & Told(WithErrors(Mark(2036)))
    Print #file, Told(WithErrors("plain")) & "|" & Told(WithErrors(12.5)) & "|" & Told(WithErrors("TIEOUT:2042")) & "|" & Told(WithErrors(Chr$(30) & "TIEOUT:7"))
    row(0) = 1: row(1) = Mark(2042): row(2) = "x"
    found = WithErrors(row)
    Print #file, Told(found(0)) & "|" & Told(found(1)) & "|" & Told(found(2))
    table(0, 0) = "a": table(0, 1) = Mark(2036): table(1, 0) = 3: table(1, 1) = Mark(2015)
    found = WithErrors(table)
    Print #file, Told(found(0, 0)) & "|" & Told(found(0, 1)) & "|" & Told(found(1, 0)) & "|" & Told(found(1, 1))
{calls}    Print #file, "end"
    Close #file
End Sub
"""
DOUBLE = """\
Option ClassModule
Public Function CallUDF(ByVal home As String, ByVal called As String, ByVal args As Variant, Optional book As Variant, Optional cell As Variant) As Variant
    CallUDF = Array(called, UBound(args) + 1, Chr$(30) & "TIEOUT:2042")
End Function
"""
EXCEL_ONLY = {  # a macro outside of a workbook has no Application; Base is a name in VBA ([MS-VBAL] 3.3.5.2) and a keyword here
    "(fee, base, ": "(fee, amount, ",
    "If TypeOf Application.Caller Is Range Then On Error GoTo failed": "On Error GoTo failed",
    "CallersBook(), Application.Caller)": "Nothing, Nothing)",
}
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" library:passwordprotected="false">{elements}</library:library>"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="{name}" script:language="StarBasic">{text}</script:module>"""


def run_basic(folder: Path, sources: dict[str, str]) -> str:
    """What Bench.Main prints, the modules being those of a profile of its own; '' where one does not compile."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    command = [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
    basic = folder / "profile" / "user" / "basic" / "Standard"
    for _ in range(2):  # a fresh profile may end with code 81 and must be started again
        if not basic.exists():
            _ended([*command, "--terminate_after_init"])
    for name, text in sources.items():
        whole = MODULE.format(name=name, text=escape("Option VBASupport 1\n" + text.replace("\r\n", "\n")))
        (basic / f"{name}.xba").write_text(whole, encoding="utf-8")
    elements = "".join(f'<library:element library:name="{name}"/>' for name in sources)
    (basic / "script.xlb").write_text(LIBRARY.format(elements=elements), encoding="utf-8")
    _ended([*command, "macro:///Standard.Bench.Main"])
    out = folder / "out.txt"
    return out.read_text() if out.exists() else ""


def _ended(command: list[str]) -> None:
    """Run to the end; one that hangs, as on a message nobody sees, is ended with all that it started."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def bench(folder: Path, calls: str = "") -> str:
    return BENCH.replace("{out}", str(folder / "out.txt")).replace("{calls}", calls)


@pytest.mark.office
def test_marks_become_errors_in_basic(vba, tmp_path):
    sources = {"TieoutResults": vba["TieoutResults"], "PythonDouble": DOUBLE, "Bench": bench(tmp_path)}
    assert run_basic(tmp_path, sources).rstrip("\n").split("\n") == [
        "error 2042|error 2015|error 2036",
        "plain|12.5|TIEOUT:2042|\x1eTIEOUT:7",
        "1|error 2042|x",
        "a|error 2036|3|error 2015",
        "end",
    ]


@pytest.mark.office
def test_the_wrappers_compile_and_run_in_basic(vba, functions, tmp_path):
    functions_of_basic = vba["TieoutFunctions"]
    for excel, basic in EXCEL_ONLY.items():
        functions_of_basic = functions_of_basic.replace(excel, basic)
    calls = "".join(
        f"    found = {one['name']}({', '.join(['1'] * sum(not arg['optional'] for arg in one['args'])) or Q})\n    Print #file, Told(found(0)) & Told(found(1)) & Told(found(2))\n"
        for one in functions
    )
    sources = {
        "TieoutResults": vba["TieoutResults"], "TieoutFunctions": functions_of_basic, "TieoutHelp": vba["TieoutHelp"], "PythonDouble": DOUBLE,
        "Bench": bench(tmp_path, calls),
    }  # fmt: skip
    told = run_basic(tmp_path, sources).rstrip("\n").split("\n")[4:]
    assert told == [*(f"{one['name']}{len(one['args'])}error 2042" for one in functions), "end"]


Q = '"engine"'
