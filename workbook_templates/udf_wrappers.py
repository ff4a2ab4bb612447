"""The VBA of Tieout_functions.xlam: a wrapper for each function of udfs.py, made without Excel, Windows or pywin32.

xlwings' own generator writes the wrappers as text; only its imports want pywin32, so it runs in a process of its own
where stand-ins take their place. Three things are then changed in the text: the workbook handed over is that of the
calling cell, marks become real Excel errors, and a failure is #VALUE! instead of a text that SUM skips. `python -m
workbook_templates.udf_wrappers` prints the modules.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

CATEGORY = "Reconciliation"
LONGEST_HELP = 255  # characters that Excel's function wizard shows
NEWLINE = "\r\n"
STUBS = (
    "pythoncom", "pywintypes", "win32com", "win32com.client", "win32com.server", "win32com.server.dispatcher",
    "win32com.server.policy", "win32com.server.util", "win32api", "win32event",
)  # fmt: skip

FUNCTIONS_HEAD = """\
'Worksheet functions of Tieout. Generated from udfs.py: change it there and build again.
Option Explicit
#Const App = "Microsoft Excel"
"""

RESULTS = """\
'What a call into Python comes back as.
Option Explicit

'The workbook whose cell calls: while it is worked out another one may be in front.
Public Function CallersBook() As Object
    If TypeName(Application.Caller) = "Range" Then
        Set CallersBook = Application.Caller.Worksheet.Parent
    Else
        Set CallersBook = ActiveWorkbook
    End If
End Function

'A value, a row or a table with marks -> the same with Excel errors.
Public Function WithErrors(ByVal found As Variant) As Variant
    Dim row As Long, column As Long
    Select Case Dimensions(found)
    Case 0
        found = OneCell(found)
    Case 1
        For row = LBound(found) To UBound(found)
            found(row) = OneCell(found(row))
        Next row
    Case Else
        For row = LBound(found, 1) To UBound(found, 1)
            For column = LBound(found, 2) To UBound(found, 2)
                found(row, column) = OneCell(found(row, column))
            Next column
        Next row
    End Select
    WithErrors = found
End Function

Private Function OneCell(ByVal value As Variant) As Variant
    OneCell = value
    If VarType(value) = vbString Then
        Select Case value
        Case Chr$(30) & "TIEOUT:2042"
            OneCell = CVErr(2042)
        Case Chr$(30) & "TIEOUT:2015"
            OneCell = CVErr(2015)
        Case Chr$(30) & "TIEOUT:2036"
            OneCell = CVErr(2036)
        End Select
    End If
End Function

'0 for a single value, 1 for a row, 2 for a table.
Private Function Dimensions(ByRef found As Variant) As Long
    Dim last As Long
    If Not IsArray(found) Then Exit Function
    Dimensions = 1
    On Error GoTo OneOnly
    last = UBound(found, 2)
    Dimensions = 2
OneOnly:
End Function
"""

SERVER_HEAD = """\
'How Tieout reaches the Python that serves its worksheet functions: the declarations of xlwings' DLL, and a start that
'takes the interpreter from the user's own settings file only. A workbook must not choose what runs.
"""
SERVER = """\
Private Function Setting(ByVal wanted As String) As String
    Dim path As String, key As String, value As String, file As Integer
    path = Environ$("USERPROFILE") & "\\.tieout\\tieout.conf"
    If Dir$(path) = "" Then Exit Function
    file = FreeFile
    Open path For Input As #file
    Do While Not EOF(file)
        Input #file, key, value
        If LCase$(key) = LCase$(wanted) Then
            Setting = value
            Exit Do
        End If
    Loop
    Close #file
End Function

Private Function Interpreter() As String
    Interpreter = Setting("INTERPRETER_WIN")
    If Interpreter = "" Then Err.Raise 1000, "Tieout", "No INTERPRETER_WIN in the settings: run 'tieout install'."
End Function

Private Function FolderOf(ByVal path As String) As String
    FolderOf = Left$(path, InStrRev(path, "\\") - 1)
End Function

'The DLL lies in the interpreter's folder, or above it in a virtual environment.
Private Sub LoadDLL()
    Dim folder As String
    folder = FolderOf(Interpreter())
    If LoadLibrary(folder & "\\" & XLPyDLLName) <> 0 Then Exit Sub
    If LoadLibrary(FolderOf(folder) & "\\" & XLPyDLLName) <> 0 Then Exit Sub
    Err.Raise 1000, "Tieout", "The file " & XLPyDLLName & " is not beside the interpreter: run 'tieout doctor'."
End Sub

'-P keeps the current folder off Python's path: no module of a folder that Excel happens to stand in may run.
'Our module is loaded before any workbook calls: with an xlwings PRO licence a sheet named udfs.py would be it otherwise.
Private Function StartCommand() As String
    Dim quote As String
    quote = Chr$(34)
    StartCommand = "cmd.exe  /K " & quote & quote & Interpreter() & quote & " -P -B -c " & quote & _
        "import xlwings; xlwings.get_udf_module('udfs', None); xlwings.serve('$(CLSID)')" & quote & quote
End Function

Public Function XLPy() As Variant
    #If Mac Then
        Err.Raise 1000, "Tieout", "Worksheet functions need Excel on Windows."
    #Else
        LoadDLL
        If 0 <> XLPyDLLActivateAuto(XLPy, StartCommand(), 1) Then Err.Raise 1000, "Tieout", CStr(XLPy)
    #End If
End Function

'Ends the Python behind the functions; the next calculation starts it anew, for example after an upgrade.
Public Sub EndPython()
    #If Not Mac Then
        Dim unused As Variant
        LoadDLL
        If 0 <> XLPyDLLActivateAuto(unused, StartCommand(), -1) Then Err.Raise 1000, "Tieout", CStr(unused)
    #End If
End Sub
"""

HELP_HEAD = """\
'Texts of the function wizard. 'tieout install' calls RegisterFunctions once; nothing here runs by itself.
Option Explicit

Private Sub Describe(ByVal name As String, ByVal text As String, ByVal helps As Variant)
    Application.MacroOptions Macro:="'" & ThisWorkbook.Name & "'!" & name, Description:=text, _
        Category:="{category}", ArgumentDescriptions:=helps
End Sub

'A workbook must be open: Excel registers no functions without one.
Public Sub RegisterFunctions()
"""


def modules() -> dict[str, str]:
    """Every VBA module of the functions add-in, by name: ASCII, lines ended by CR LF, without `Attribute` lines."""
    found = {
        "TieoutFunctions": wrapper_module(),
        "TieoutResults": RESULTS,
        "TieoutServer": server_module(),
        "TieoutHelp": help_module(),
    }
    return {name: _clean(text) for name, text in found.items()}


def wrapper_module() -> str:
    """One VBA function for each function of udfs.py."""
    text = generated()["vba"]
    text = text.replace(", ActiveWorkbook, Application.Caller)", ", CallersBook(), Application.Caller)")
    text = re.sub(r"(RECON_\w+) = (XLPy\.CallUDF\(.*\))$", r"\1 = WithErrors(\2)", text, flags=re.MULTILINE)
    text = re.sub(r"(RECON_\w+) = Err\.Description", r"\1 = CVErr(2015)", text)
    names = [one["name"] for one in generated()["functions"]]
    if any(
        text.count(f"{name} = WithErrors(XLPy.CallUDF(") != 2 or f"{name} = CVErr(2015)" not in text for name in names
    ):
        raise ValueError("xlwings writes its wrappers in another way: review the three changes, then move the pin")
    return FUNCTIONS_HEAD + text


def help_module() -> str:
    """The Sub that gives the functions their category, description and help on arguments."""
    lines = []
    for one in generated()["functions"]:
        helps = [_quoted(arg["doc"]) for arg in one["args"]]
        joined = "Array( _\n        " + ", _\n        ".join(helps) + ")" if helps else "Array()"
        lines += [f'    Describe "{one["name"]}", _', f"        {_quoted(one['doc'])}, _", f"        {joined}"]
    return HELP_HEAD.replace("{category}", CATEGORY) + "\n".join(lines) + "\nEnd Sub\n"


def server_module() -> str:
    """The declarations of the installed xlwings, with its notice, and our own start of the server."""
    text = files("xlwings").joinpath("xlwings_custom_addin.bas").read_text("ascii").replace("\r\n", "\n")
    notice = text[text.index("'xlwings is distributed under") : text.index("'Attribute VB_Name")].strip()
    wanted = version("xlwings")
    if f"'Version: {wanted}\n" not in text:
        raise ValueError(f"the VBA of xlwings is not that of {wanted}")
    activate, load = (_declared(text, name) for name in ("XLPyDLLActivateAuto", "LoadLibrary"))
    declared = [
        "Option Explicit", "#If Win64 Then", f'    Private Const XLPyDLLName As String = "xlwings64-{wanted}.dll"', f"    {activate[0]}", "#Else",
        f'    Private Const XLPyDLLName As String = "xlwings32-{wanted}.dll"', f"    {activate[1]}", "#End If", load[0], "",
    ]  # fmt: skip
    return SERVER_HEAD + notice + "\n" + "\n".join(declared) + "\n" + SERVER


def _declared(text: str, name: str) -> list[str]:
    """The declarations of a DLL function that fit VBA 7: 64 bits, then 32."""
    found = re.findall(rf"^ *(?:Private )?(Declare PtrSafe Function {name} .*)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"the VBA of xlwings does not declare {name}: review the server module, then move the pin")
    return [f"Private {line}" for line in found]


def generated() -> dict[str, Any]:
    """What xlwings makes of udfs.py, in a process of its own: {'vba': text, 'functions': [{name, doc, args}]}."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "workbook_templates.udf_wrappers", "--generate"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _generate() -> dict[str, Any]:
    """Inside the process: stand-ins for pywin32, xlwings' real decorators, our module, xlwings' generator."""
    import io
    import types

    for name in STUBS:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["pythoncom"].CoInitialize = lambda: None
    sys.modules["pywintypes"].com_error = type("com_error", (Exception,), {})
    sys.modules["win32com.client"].Dispatch = lambda found: found
    import xlwings as xw
    from xlwings import udfs as generator

    xw.func, xw.arg, xw.ret = generator.xlfunc, generator.xlarg, generator.xlret
    import udfs

    out = io.StringIO()
    generator.generate_vba_wrapper("udfs", udfs, out, type("Book", (), {"Name": "Tieout_functions.xlam"}))
    known = [getattr(udfs, name).__xlfunc__ for name in dir(udfs) if hasattr(getattr(udfs, name), "__xlfunc__")]
    functions = [
        {
            "name": one["name"],
            "doc": one["ret"]["doc"],
            "volatile": one["volatile"],
            "args": [{"name": arg["name"], "doc": arg["doc"], "optional": "optional" in arg} for arg in one["args"]],
        }
        for one in known
    ]
    return {"vba": out.getvalue(), "functions": functions}


def _quoted(text: str) -> str:
    """A VBA text. Raises ValueError for what the wizard would cut."""
    if len(text) > LONGEST_HELP or "\n" in text:
        raise ValueError(f"longer than {LONGEST_HELP} characters or several lines: {text}")
    return '"' + text.replace('"', '""') + '"'


def _clean(text: str) -> str:
    """Text as a VBA project holds it. Raises ValueError for a sign outside ASCII, UnicodeEncodeError being one."""
    lines = [line.rstrip() for line in text.splitlines()]
    return (NEWLINE.join(lines).rstrip() + NEWLINE).encode("ascii").decode("ascii")


if __name__ == "__main__":
    if sys.argv[1:] == ["--generate"]:
        print(json.dumps(_generate()))
    else:
        for name, text in modules().items():
            print(f"' --- {name}\n{text}")
