"""The built files are their sources, hold nothing else, and every button in them leads to a macro that is there."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import olefile
import openpyxl
import pytest
from oletools.olevba import VBA_Parser
from openxml_audit import OpenXmlValidator

from addin.commands import ACTIONS, CONDITIONS, GROUPS, REQUEST, RUNNING, STATUS
from addin.hosts import live
from recon_core import __version__
from tests.hosts.pkgcheck import check
from tests.workbook_templates import ribbonschema
from workbook_templates import addin_path, functions_path, launcher, ribbon, standalone_path, template_path, vba
from workbook_templates.build import files
from workbook_templates.package import RIBBON, TYPES, read_parts, write_parts

ROOT = Path(__file__).resolve().parents[2]
PATHS = {path.name: path for path in (template_path(), addin_path(), functions_path(), standalone_path())}
MACROS = [name for name in PATHS if not name.endswith(".xlsx")]
COMMANDS = ["Tieout.xlam", "Tieout_standalone.xlsm"]
FIX = "run: python -m workbook_templates.build"
SCHEMA = "TIEOUT_CUSTOMUI_XSD"  # names a copy of Microsoft's customui14.xsd


@pytest.fixture(scope="session")
def built() -> dict[str, bytes]:
    return files()


def differing(mine: bytes, theirs: bytes) -> list[str]:
    """Names of parts that are not equal. Containers may differ: another zlib packs the same part in another way."""
    one, other = read_parts(mine), read_parts(theirs)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def read_back(name: str, package: bytes) -> dict[str, str]:
    """The VBA as olevba reads it, which did not write it: module -> text with line feeds."""
    parser = VBA_Parser(name, data=package)
    try:
        found = {stream.rsplit(".", 1)[0]: code for _, _, stream, code in parser.extract_macros()}
    finally:
        parser.close()
    return {module: re.sub(r"\r?\n", "\n", code) for module, code in found.items()}


def public_subs(name: str) -> dict[str, str]:
    """`Module.Sub` -> its arguments, of a built file."""
    return {
        f"{module}.{sub}": arguments
        for module, code in read_back(name, PATHS[name].read_bytes()).items()
        for sub, arguments in re.findall(r"^Public Sub (\w+)\((.*)\)$", code, re.MULTILINE)
    }


def ribbon_of(name: str) -> ET.Element:
    return ET.fromstring(read_parts(PATHS[name].read_bytes())[RIBBON])


def buttons_of(name: str) -> list[dict[str, str]]:
    return [one.attrib for one in ribbon_of(name).iter() if one.tag.endswith("}button")]


def code_of(name: str) -> str:
    return "\n".join(map(launcher.code_of, read_back(name, PATHS[name].read_bytes()).values()))


@pytest.mark.parametrize("name", PATHS)
def test_a_committed_file_is_what_its_sources_make(built, name):
    assert differing(built[name], PATHS[name].read_bytes()) == [], FIX


def test_every_file_that_is_built_is_committed_and_no_other(built):
    standing = {path.name for path in template_path().parent.iterdir() if path.suffix in {".xlsx", ".xlsm", ".xlam"}}
    assert standing == set(built) == set(PATHS)


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("7", "Asia/Tokyo")])
def test_another_process_makes_equal_parts(built, tmp_path, seed, zone):
    code = (
        "import sys; from pathlib import Path; from workbook_templates.build import files\n"
        "for name, content in files().items(): (Path(sys.argv[1]) / name).write_bytes(content)"
    )
    surroundings = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, timeout=120)
    found = {name: differing(built[name], (tmp_path / name).read_bytes()) for name in built}
    assert found == {key: [] for key in built}


@pytest.mark.parametrize("name", PATHS)
def test_no_clock_and_no_machine_in_the_container(built, name):
    with zipfile.ZipFile(io.BytesIO(built[name])) as archive:
        entries = archive.infolist()
    assert {(one.date_time, one.create_system, one.external_attr) for one in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0, 0o600 << 16)
    }
    assert entries[0].filename == TYPES


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [("xl/worksheets/sheet3.xml", b"1", b"2"), ("xl/styles.xml", b"1", b"2"), (RIBBON, b"Reconcile", b"Reconcilf")],
)
def test_the_comparison_sees_one_changed_byte(built, part, old, new):
    parts = read_parts(built["Tieout_standalone.xlsm"])
    changed = write_parts(parts | {part: parts[part].replace(old, new, 1)})
    assert differing(changed, built["Tieout_standalone.xlsm"]) == [part]


def test_the_comparison_sees_one_changed_word_of_vba(built, monkeypatch):
    clean = vba.command_modules()
    evil = {name: text.replace("from addin.commands", "from addin.kommands") for name, text in clean.items()}
    assert evil != clean
    monkeypatch.setattr("workbook_templates.build.command_modules", lambda: evil)
    changed = files()
    assert {name: differing(changed[name], built[name]) for name in built} == {
        name: [vba.VBA_PART] if name in COMMANDS else [] for name in built
    }
    assert read_back("x.xlam", changed["Tieout.xlam"]) != read_back("x.xlam", built["Tieout.xlam"])


@pytest.mark.parametrize("name", MACROS)
def test_the_vba_read_back_is_the_vba_of_the_sources(name):
    sources = vba.function_modules() if name == "Tieout_functions.xlam" else vba.command_modules()
    wanted = {module: text.replace("\r\n", "\n") for module, text in sources.items()}
    found = read_back(name, PATHS[name].read_bytes())
    rest = {module: code for module, code in found.items() if module not in wanted}
    assert {module: found[module] for module in wanted} == wanted
    assert all(re.fullmatch(r"ThisWorkbook|Sheet\d+", module) for module in rest)
    assert not [module for module, code in rest.items() if re.sub(r"(?m)^Attribute .*$", "", code).strip()]


@pytest.mark.parametrize("name", MACROS)
def test_nothing_of_a_compiler_is_inside(name):
    with olefile.OleFileIO(io.BytesIO(read_parts(PATHS[name].read_bytes())[vba.VBA_PART])) as project:
        assert project.openstream("VBA/_VBA_PROJECT").read() == bytes.fromhex("cc61ffff000000")
        assert not [stream for stream in project.listdir() if "__SRP_" in stream[-1]]


@pytest.mark.parametrize("name", MACROS)
def test_nothing_runs_by_itself(name):
    parser = VBA_Parser(name, data=PATHS[name].read_bytes())
    try:
        assert [found for found in parser.analyze_macros() if found[0] == "AutoExec"] == []
    finally:
        parser.close()


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_call_no_windows_api_and_read_no_settings_of_a_workbook(name):
    code = code_of(name)
    forbidden = r"\bDeclare\b|VBComponents|LoadLibrary|WithEvents|\bSheets\(|\.conf\"\)|Kernel32|Auto_?Open"
    assert re.findall(forbidden, code, re.IGNORECASE) == []
    assert code.count("ThisWorkbook.") == 1  # the address of CheckAnswer
    assert "WaitOnReturn = False" in code


def test_the_launcher_keeps_the_notice_of_its_licence():
    text = read_back("Tieout.xlam", addin_path().read_bytes())["xlwings"]
    assert "BSD 3-clause" in text
    assert "Copyright (C) 2014-present, Zoomer Analytics LLC" in text
    assert 'PROJECT_NAME As String = "tieout"' in text


@pytest.mark.parametrize(
    "word", ["'Version: 0.37.8", "WindowStyle, WaitOnReturn)", 'CondaPath = GetConfig("CONDA PATH")']
)
def test_another_launcher_upstream_is_refused(monkeypatch, word):
    text = launcher.upstream(launcher.MODULE)
    assert word in text
    monkeypatch.setattr(launcher, "upstream", lambda _: text.replace(word, "'changed upstream"))
    with pytest.raises(ValueError, match=r"xlwings"):
        launcher.launcher_module("tieout")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_ribbon_callback_is_there_with_its_signature(name):
    subs = public_subs(name)
    callbacks = [
        (key, value)
        for one in ribbon_of(name).iter()
        for key, value in one.attrib.items()
        if key.startswith(("on", "get", "load"))
    ]
    assert {key for key, _ in callbacks} == {"onAction"}
    assert [subs.get(value) for _, value in callbacks] == ["control As IRibbonControl"] * len(ACTIONS)


@pytest.mark.parametrize("name", COMMANDS)
def test_ribbon_vba_and_actions_are_one_list(name):
    found = read_back(name, PATHS[name].read_bytes())
    listed = re.findall(r'Case "(\w+)": LabelOf = "(.*)"$', found["ReconActionList"], re.MULTILINE)
    assert [name for name, _ in listed] == list(ACTIONS)
    assert [label for _, label in listed] == [action.label for action in ACTIONS.values()]
    assert re.findall(r'DoAction "(\w+)"', found["ReconRibbon"]) == list(ACTIONS)
    in_order = [name for group in GROUPS for name, action in ACTIONS.items() if action.group == group]
    assert [button["tag"] for button in buttons_of(name)] == in_order


def test_vba_and_python_have_the_same_words_in_the_cells():
    code = read_back("Tieout.xlam", addin_path().read_bytes())["ReconActions"]
    words = dict(re.findall(r'^Private Const (\w+) As String = "(.*?)"', code, re.MULTILINE))
    assert (words["RUNNING"], words["REQUEST_CELL"], words["STATUS_CELL"]) == (RUNNING, REQUEST, STATUS)
    assert words["BAR"].startswith(live.TITLE)


def test_the_tab_shows_every_action_as_it_is_described():
    groups = [one for one in ribbon_of("Tieout.xlam").iter() if one.tag.endswith("}group")]
    assert [group.get("label") for group in groups] == list(GROUPS)
    tab = next(one for one in ribbon_of("Tieout.xlam").iter() if one.tag.endswith("}tab"))
    assert (tab.get("label"), tab.get("keytip")) == ("Reconcile", "RC")
    for button in buttons_of("Tieout.xlam"):
        action = ACTIONS[button["tag"]]
        shown = (button["label"], button["keytip"], button["imageMso"], button["screentip"], button["size"] == "large")
        assert shown == (action.label, action.keytip, action.image, action.screentip, action.is_large)
        assert button["supertip"].startswith(action.supertip)
        assert button["supertip"].endswith(CONDITIONS[action.enabled_when])
    assert [one.get("label") for one in groups[-1] if one.tag.endswith("}labelControl")] == [f"Tieout {__version__}"]


@pytest.mark.parametrize("name", COMMANDS)
def test_ids_and_keytips_do_not_clash(name):
    elements = list(ribbon_of(name).iter())
    ids = [one.get("id") for one in elements if one.get("id")]
    tips = [button["keytip"] for button in buttons_of(name)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Z0-9]{1,3}", tip) for tip in tips)
    assert [
        (one, two) for i, one in enumerate(tips) for j, two in enumerate(tips) if i != j and two.startswith(one)
    ] == []


def test_add_in_and_stand_alone_workbook_have_tabs_of_their_own():
    tabs = [next(one.get("id") for one in ribbon_of(name).iter() if one.tag.endswith("}tab")) for name in COMMANDS]
    assert len(set(tabs)) == 2


@pytest.mark.skipif(SCHEMA not in os.environ, reason=f"{SCHEMA} does not name Microsoft's customui14.xsd")
def test_the_ribbon_keeps_microsofts_schema():
    assert ribbonschema.faults(Path(os.environ[SCHEMA]), ribbon.ribbon_xml("tabTieout")) == []
    for good, bad in ((b'size="large"', b'size="huge"'), (b'keytip="M"', b'keytip="MMMM"'), (b"onAction", b"onClick")):
        broken = ribbon.ribbon_xml("tabTieout").replace(good, bad, 1)
        assert ribbonschema.faults(Path(os.environ[SCHEMA]), broken) != []


def test_every_form_button_leads_to_a_macro_without_arguments():
    parts = read_parts(standalone_path().read_bytes())
    subs = public_subs("Tieout_standalone.xlsm")
    drawn = {
        name: re.findall(r"<x:FmlaMacro>\[0\]!(.*?)</x:FmlaMacro>", content.decode())
        for name, content in parts.items()
        if name.endswith(".vml")
    }
    start = [f"ReconActions.Button{name.capitalize()}" for name, action in ACTIONS.items() if action.is_form]
    assert [macros for macros in drawn.values() if len(macros) > 1] == [start]
    assert {macro for macros in drawn.values() for macro in macros} == set(start)
    assert [subs[macro] for macro in start] == [""] * len(start)


def test_the_shortcut_belongs_to_the_macro_of_run():
    code = read_back("Tieout.xlam", addin_path().read_bytes())
    keys = [line for text in code.values() for line in text.split("\n") if "VB_Invoke_Func" in line]
    assert keys == ['Attribute ButtonRun.VB_ProcData.VB_Invoke_Func = "R\\n14"']  # a capital: with Shift
    assert "Ctrl+Shift+R" in ACTIONS["run"].screentip


@pytest.mark.parametrize("name", PATHS)
def test_excel_would_open_it_without_repair(name):
    assert check(PATHS[name], is_ours=True) == []
    result = OpenXmlValidator().validate(str(PATHS[name]))
    assert [error.description for error in result.errors] == []


def test_the_macro_free_template_has_no_trace_of_macros():
    parts = read_parts(template_path().read_bytes())
    everything = b"".join([*parts.values(), *(name.encode() for name in parts)])
    assert [
        word
        for word in (b"FmlaMacro", b"customUI", b"vba", b"macroEnabled", b".vml", b"ReconActions")
        if word in everything
    ] == []
    parser = VBA_Parser("template.xlsx", data=template_path().read_bytes())
    try:
        assert not parser.detect_vba_macros()
    finally:
        parser.close()


def test_the_stand_alone_workbook_is_the_template_with_macros_and_buttons():
    books = [openpyxl.load_workbook(path, keep_vba=False) for path in (template_path(), standalone_path())]
    for plain, macro in zip(*(book.worksheets for book in books), strict=True):
        assert plain.title == macro.title
        if plain.title != "Start":
            assert [[c.value for c in row] for row in plain] == [[c.value for c in row] for row in macro], plain.title
    for book in books:
        assert {name for name in book.defined_names if name.startswith("tieout_")} == {
            "tieout_request",
            "tieout_status",
        }
    texts = [cell.value for row in books[1]["Start"] for cell in row if isinstance(cell.value, str)]
    assert any("macros are blocked" in text and "Unblock" in text for text in texts)


def broken(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: re.sub(old, new, content, count=1)


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "header of a table": ("xl/tables/table2.xml", broken(rb'(<tableColumn id="2" name=")', rb"\1X")),
    "two tables of one id": ("xl/tables/table2.xml", broken(rb'(<table [^>]*?)id="2"', rb'\1id="1"')),
    "two tables of one name": ("xl/tables/table2.xml", broken(rb'displayName="\w+"', b'displayName="tblExceptions"')),
    "a table named as a cell is": ("xl/tables/table2.xml", broken(rb'displayName="\w+"', b'displayName="tieout_status"')),
    "columns of a table": ("xl/tables/table2.xml", broken(rb'ref="A5:\w6"', b'ref="A5:B6"')),
    "a style that is not there": ("xl/worksheets/sheet3.xml", broken(rb' s="\d+"', b' s="999"')),
    "a colour that is not there": ("xl/worksheets/sheet3.xml", broken(rb'dxfId="\d+"', b'dxfId="99"')),
    "buttons cut off": ("xl/drawings/vmlDrawing1.vml", broken(rb"</xml>\s*$", b"")),
    "type of the project": (TYPES, broken(rb'<Default Extension="bin"[^>]*/>', b"")),
    "type of the workbook": (TYPES, broken(rb"application/vnd.ms-excel.sheet.macroEnabled.main", b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main")),
    "ribbon cut off": (RIBBON, broken(rb"</customUI>\s*$", b"")),
    "ribbon without a way": ("_rels/.rels", broken(rb'<Relationship Id="rIdRibbon"[^>]*/>', b"")),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_package_check_sees_what_excel_would_repair(tmp_path, damage):
    part, change = DAMAGE[damage]
    parts = read_parts(standalone_path().read_bytes())
    damaged = change(parts[part])
    assert damaged != parts[part]
    path = tmp_path / "damaged.xlsm"
    path.write_bytes(write_parts(parts | {part: damaged}))
    assert check(path, is_ours=True) != []
