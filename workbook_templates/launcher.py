"""The VBA that starts Python: xlwings' own module (BSD 3-clause), cut down to RunPython when the add-in is built.

It is read from the installed package, never copied into the project; its notice stays at the head. Gone are the UDF
server, every DLL `Declare`, the import of VBA, embedded code, conda, Python from PATH, and each setting that a sheet,
a file beside the workbook or the workbook's path could supply: a received workbook must not choose what a button
executes. Python starts with -P, so that no module of the folder that Excel stands in can run. It is not waited for, so
that Cancel can be clicked; its errors stay in a log that `PythonLog` returns.

Each cut names lines of the module, so that another release of xlwings fails here and not in Excel.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

VERSION = "0.37.8"
MODULE = "xlwings_custom_addin.bas"  # the variant that acts on ActiveWorkbook, as our actions do
ROOTS = (
    "RunPython",
    "GetConfig",
    "CleanUp",
    "CanStartPython",
    "PythonLog",
)  # CleanUp is called by Python on macOS when it ends
FORBIDDEN = (
    "Declare ",
    "VBComponents",
    "ThisWorkbook",
    "XLPy",
    "LoadLibrary",
    "LICENSE",
    ".pro",
    "Conda",
    "Dictionary",
    ".Sheets",
)

PROCEDURE = re.compile(
    r"^(?:Public |Private )?(?:Sub|Function) (\w+)\(.*?^End (?:Sub|Function)[ \t]*$", re.MULTILINE | re.DOTALL
)

HEAD = """\
'Trimmed for Tieout from xlwings {version}: RunPython and what it calls, see workbook_templates/launcher.py.

Public Const XLWINGS_VERSION As String = "{version}"
Public Const PROJECT_NAME As String = "{project}"
Private Const NO_INTERPRETER As Integer = -1 ' ReconActions knows it as NO_PYTHON

' Where the Python that was started last writes what it cannot say in Excel.
Private last_log As String"""
OURS = {
    "CanStartPython": """\
Public Function CanStartPython() As Boolean
    ' Excel says Windows or Macintosh; LibreOffice on Linux says Unix, and has no way to start Python from here.
    CanStartPython = Application.OperatingSystem <> "Unix"
End Function""",
    "PythonLog": """\
Public Function PythonLog() As String
    ' What the Python started last had to say before it could report in Excel; usually nothing.
    On Error Resume Next
    If last_log <> "" Then PythonLog = ReadFile(last_log)
End Function""",
}


def launcher_module(project: str) -> str:
    """The module `xlwings` of a project. ValueError when the installed xlwings is not the one the cuts were made for."""
    text = upstream(MODULE)
    if f"'Version: {VERSION}\n" not in text:
        raise ValueError(f"{MODULE} is not of xlwings {VERSION}: review each cut, then change VERSION")
    notice = text[: text.index('\'Attribute VB_Name = "Main"')].rstrip()
    procedures = {found[1]: found[0] for found in PROCEDURE.finditer(text)}
    for name, edits in EDITS.items():
        for first, last, new in edits:
            procedures[name] = _cut(procedures[name], first, last, new)
    procedures |= OURS
    kept = _reachable(procedures)
    bodies = [body for name, body in procedures.items() if name in kept]
    module = "\n\n".join([notice, HEAD.format(version=VERSION, project=project), *bodies]) + "\n"
    _refuse_leftovers(module)
    return module


def upstream(name: str) -> str:
    """A VBA source of the installed xlwings, with line feeds; found without importing the package."""
    spec = find_spec("xlwings")
    if spec is None or spec.origin is None:
        raise ValueError("xlwings is not installed")
    return (Path(spec.origin).parent / name).read_bytes().decode("ascii").replace("\r\n", "\n")


def _refuse_leftovers(module: str) -> None:
    code = code_of(module)
    if left := [word for word in FORBIDDEN if word in code]:
        raise ValueError(f"the trimmed module still holds {left}")
    if len(re.findall(r"^\s*#If ", code, re.MULTILINE)) != len(re.findall(r"^\s*#End If", code, re.MULTILINE)):
        raise ValueError("the trimmed module has an #If without its #End If")


def code_of(module: str) -> str:
    """The lines that are not comments."""
    return "\n".join(line for line in module.split("\n") if not line.lstrip().startswith("'"))


def _reachable(procedures: dict[str, str]) -> set[str]:
    """The names that the roots call, directly or not."""
    kept: set[str] = set()
    todo = list(ROOTS)
    while todo:
        name = todo.pop()
        if name not in kept:
            kept.add(name)
            todo += [one for one in procedures if re.search(rf"\b{one}\b", code_of(procedures[name]))]
    return kept


def _cut(body: str, first: str, last: str, new: str) -> str:
    """Replace the lines from the one that starts with `first` to the next that starts with `last` ('' = the same line).

    Blanks before a line do not count. ValueError unless there is exactly one such block.
    """
    until = rf".*?^[ \t]*{re.escape(last)}" if last else ""
    block = re.compile(rf"^[ \t]*{re.escape(first)}{until}[^\n]*\n", re.MULTILINE | re.DOTALL)
    if len(block.findall(body)) != 1:
        raise ValueError(f"xlwings has changed: expected one block {first!r} to {last!r}")
    return block.sub(lambda _: new, body)


# For each procedure: the first and the last line of a block as they begin, and what stands there instead.
EDITS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "RunPython": (
        ("Dim i As Integer", "SourcePythonCommand = PythonCommand", "    Dim interpreter As String, PYTHONPATH As String\n\n"),
        ('If interpreter = "" Then', "End If",
         ("    ' Never the first Python on PATH: only the one that 'tieout install' wrote down.\n"
         '    If interpreter = "" Then\n        RunPython = NO_INTERPRETER\n        Exit Function\n    End If\n')),
        ("' Check for embedded Python code", "' PythonCommand with embedded code",
         ("    ' xlwings.utils.prepare_sys_path: the first six fields would be paths of workbooks, where no code of ours is.\n"
          "    ' An empty seventh would put the current folder before Python's own modules.\n"
         '    PYTHONPATH = "false"\n'
         '    If GetConfig("PYTHONPATH") <> "" Then PYTHONPATH = "false;;;;;;" & GetConfig("PYTHONPATH")\n\n')),
        ("If uses_embedded_code = True Then", "' Call Python platform-dependent", "    ' Call Python platform-dependent\n"),
        ("If OPTIMIZED_CONNECTION = True Then", "End If", "        RunPython = ExecuteWindows(False, PythonCommand, interpreter, PYTHONPATH)\n"),
    ),
    "ExecuteMac": (
        ("Dim ParameterString As String, ExitCode", "", "    Dim ParameterString As String, ExitCode As String, Log As String, LOG_FILE As String\n"),
        ("Dim PythonInterpreter As String", "", "    Dim PythonInterpreter As String\n"),
        ("LOG_FILE =", "", "    LOG_FILE = Environ(\"HOME\") + \"/xlwings.log\" ' the name that CleanUp and the AppleScript know\n    last_log = LOG_FILE\n"),
        ('ParameterString = PYTHONPATH + ";"', "", "    ParameterString = PYTHONPATH ' nothing after it: that would be the current folder\n"),
        ('ParameterString = ParameterString + "|" + PythonInterpreter', "", '    ParameterString = ParameterString + "|" + PythonInterpreter + " -P"\n'),
        ('MsgBox "To enable RunPython', "", "    MsgBox \"Excel may not start Python yet. Run 'tieout install' in the Terminal, then click again.\", vbCritical, \"Tieout\"\n"),
    ),
    "ExecuteWindows": (
        ("Dim WaitOnReturn As Boolean", "", "    Dim WaitOnReturn As Boolean: WaitOnReturn = False ' so that Cancel can be clicked\n"),
        ("Dim DriveCommand As String", "", "    Dim DriveCommand As String, RunCommand\n"),
        ("Dim PythonInterpreter As String", "", "    Dim PythonInterpreter As String, PythonDir As String\n"),
        ("Dim ExitCode As Long", "", ""),
        ("LOG_FILE =", "",
         ('    LOG_FILE = TempDir & "\\xlwings-" & CreateGUID() & ".log"\n'
         "    On Error Resume Next\n        If last_log <> \"\" Then Kill last_log ' of the start before; in use when that one still runs\n"
         "    On Error GoTo 0\n    last_log = LOG_FILE\n")),
        ('MsgBox "Could not find Interpreter!"', "", "            ExecuteWindows = NO_INTERPRETER\n"),
        ("CondaPath = GetConfig", "CondaPath = Replace(", ""),
        ('If CondaPath <> "" And', 'CondaCmd = ""\n    End If', ""),
        ("If IsFrozen = False Then", "End If",
         '    RunCommand = PythonInterpreter & " -P -B -c ""import xlwings.utils;xlwings.utils.prepare_sys_path(\\""" & PYTHONPATH & "\\""); " & PythonCommand & """ "\n'),
        ("ExitCode = WScript.Run(", "", '    WScript.Run "cmd.exe /C " & DriveCommand & _\n'),
        ("WindowStyle, WaitOnReturn)", "", "                       WindowStyle, WaitOnReturn\n"),
        ("'If ExitCode <> 0 then", "On Error GoTo 0", ""),
    ),
    "GetConfig": (
        ("' If source is provided", "Dim configValue", "    ' Only the user's own file: never a sheet of a workbook, never a file beside it.\n    Dim configValue As String\n"),
        ("' Sheet", "' User Config", "    ' User Config\n"),
    ),
    "ShowError": (
        ("Dim ErrorSheet", "", ""),
        ('If GetConfig("SHOW_ERROR_POPUPS"', 'ErrorSheet.Range("A1").Value = Content\n    Else', ""),
        ("#End If\n    End If", "", "        #End If\n"),
    ),
}  # fmt: skip
