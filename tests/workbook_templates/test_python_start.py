"""What Python is told when VBA starts it: nothing of a workbook or of the current folder may take the place of our code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from xlwings.utils import prepare_sys_path

from workbook_templates.launcher import PROCEDURE, code_of, launcher_module
from workbook_templates.udf_wrappers import STUBS, modules

# A workbook with a sheet 'udfs.py' under an xlwings PRO licence: whoever opens it would get code of its own.
SERVED = """\
import sys, types
for name in {stubs}:
    sys.modules[name] = types.ModuleType(name)
sys.modules["pythoncom"].CoInitialize = lambda: None
sys.modules["pywintypes"].com_error = type("com_error", (Exception,), {{}})
opened = []
sys.modules["win32com.client"].Dispatch = lambda book: opened.append(book) or sys.exit("the workbook was opened for code")
import xlwings
from xlwings import udfs as server
xlwings.get_udf_module = server.get_udf_module
xlwings._xlwindows = types.SimpleNamespace(Book=lambda xl: xl)
xlwings.serve = lambda clsid: print("served", clsid)
{command}
print(server.get_udf_module("udfs", object()).__file__, opened)
"""


def procedure(name: str) -> str:
    found = {match[1]: match[0] for match in PROCEDURE.finditer(launcher_module("Tieout"))}
    return code_of(found[name])


def serve_command() -> str:
    text = re.search(r'"(import xlwings;.*?)"', modules()["TieoutServer"])
    assert text
    return text[1]


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    code = SERVED.format(stubs=STUBS, command=command)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.run(
        [sys.executable, "-P", "-B", "-c", code], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


def test_the_functions_module_is_loaded_before_a_workbook_can_bring_one(tmp_path):
    (tmp_path / "udfs.py").write_text("raise SystemExit('the current folder')", "utf-8")
    done = run(tmp_path, serve_command())
    assert done.returncode == 0, done.stderr
    served, module = done.stdout.splitlines()
    assert served == "served $(CLSID)"
    assert module.endswith("udfs.py []")
    assert str(tmp_path) not in module


def test_without_that_the_workbook_would_be_asked_for_code(tmp_path):
    done = run(tmp_path, "")
    assert done.returncode == 1
    assert "the workbook was opened for code" in done.stderr


@pytest.mark.parametrize("name", ["ExecuteWindows", "ExecuteMac"])
def test_python_starts_without_the_current_folder(name):
    assert '" -P' in procedure(name)


def test_the_launcher_hands_over_no_empty_folder(monkeypatch):
    """An empty field after the sixth would be the current folder, before every module of Python's own."""
    text = procedure("RunPython")
    bare, full = re.findall(r'PYTHONPATH = "(false[;]*)"', text)
    assert 'If GetConfig("PYTHONPATH") <> "" Then PYTHONPATH = "false;;;;;;" & GetConfig("PYTHONPATH")' in text
    assert '+ ";"' not in procedure("ExecuteMac")
    for handed, wanted in ((bare, []), (f"{full}/opt/mine", ["/opt/mine"])):
        monkeypatch.setattr(sys, "path", [])
        prepare_sys_path(handed)
        assert sys.path == wanted


def test_the_first_of_a_doubled_setting_counts_everywhere():
    """As `excel_settings.parse` reads it and the launcher does; `tieout doctor` reports the second one."""
    reads = modules()["TieoutServer"].replace("\r\n", "\n")
    setting = reads[reads.index("Function Setting(") : reads.index("Function Interpreter(")]
    assert re.search(r"Setting = value\n\s+Exit Do\n", setting)
    assert re.search(r"GetConfigFromFile = True\n\s+Exit Do\n", procedure("GetConfigFromFile"))
