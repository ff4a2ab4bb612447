"""The ribbon and the VBA that follows from `ACTIONS`: the tab, its callbacks, the closed list, the macros of form buttons.

Nothing of it is checked in as text, so nothing can drift: a new row of ACTIONS is a new button in every file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from addin.commands import ACTIONS, CONDITIONS, GROUPS, Action
from recon_core import __version__

NAMESPACE = "http://schemas.microsoft.com/office/2009/07/customui"
TAB, TAB_KEYTIP = "Reconcile", "RC"
SHORTCUT = "R"  # a capital: Ctrl+Shift+R
TIP_LIMIT = 1024  # letters Excel shows of a supertip


def ribbon_xml(tab_id: str) -> bytes:
    """The customUI part. Each button carries its action as its tag; a tip says what has to be open first.

    No getEnabled: why buttons stay clickable, and who says that one cannot work, stands in ReconActions.bas.
    """
    root = ET.Element("customUI", xmlns=NAMESPACE)
    tabs = ET.SubElement(ET.SubElement(root, "ribbon"), "tabs")
    tab = ET.SubElement(tabs, "tab", id=tab_id, label=TAB, keytip=TAB_KEYTIP, insertAfterMso="TabData")
    for group in GROUPS:
        box = ET.SubElement(tab, "group", id=f"group{group.title().replace(' ', '')}", label=group)
        for name, action in ACTIONS.items():
            if action.group == group:
                ET.SubElement(box, "button", _button(name, action))
    ET.SubElement(box, "labelControl", id="labelVersion", label=f"Tieout {__version__}")
    ET.indent(root)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _button(name: str, action: Action) -> dict[str, str]:
    tip = " ".join(filter(None, (action.supertip, CONDITIONS[action.enabled_when])))
    if len(tip) > TIP_LIMIT or len(action.screentip) > TIP_LIMIT or not 1 <= len(action.keytip) <= 3:
        raise ValueError(f"{name}: a tip has at most {TIP_LIMIT} letters, a keytip one to three")
    return {
        "id": f"button{_camel(name)}", "tag": name, "onAction": f"ReconRibbon.{callback(name)}", "label": action.label,
        "size": "large" if action.is_large else "normal", "imageMso": action.image, "keytip": action.keytip,
        "screentip": action.screentip, "supertip": tip,
    }  # fmt: skip


def callback(name: str) -> str:
    """The Sub of a ribbon button: `ClickRun`; the prefix keeps it off the words of VBA, such as Open or Close."""
    return f"Click{_camel(name)}"


def button_macro(name: str) -> str:
    """The Sub of a form button: `ButtonRun`."""
    return f"Button{_camel(name)}"


def form_buttons() -> Mapping[str, str]:
    """Caption -> macro of the form buttons, in the order of ACTIONS."""
    return {action.label: f"ReconActions.{button_macro(name)}" for name, action in ACTIONS.items() if action.is_form}


def ribbon_module() -> str:
    """Layer 1: one line for each ribbon button."""
    head = 'Attribute VB_Name = "ReconRibbon"\nOption Explicit\n\' Made from ACTIONS of addin/commands.py. Callbacks of the ribbon, one line each: all behaviour is in ReconActions.\n'
    subs = (
        f'\nPublic Sub {callback(name)}(control As IRibbonControl)\n    ReconActions.DoAction "{name}"\nEnd Sub\n'
        for name in ACTIONS
    )
    return head + "".join(subs)


def list_module() -> str:
    """The closed list: what there is, its label, what it needs, whether it is only a request."""
    labels = {name: action.label for name, action in ACTIONS.items()}
    needs = {name: action.enabled_when for name, action in ACTIONS.items()}
    requests = " Or ".join(f'action = "{name}"' for name, action in ACTIONS.items() if action.is_request)
    return "\n".join([
        'Attribute VB_Name = "ReconActionList"', "Option Explicit",
        "' Made from ACTIONS and CONDITIONS of addin/commands.py: the only words that Python is ever asked for.", "",
        f'Public Const TIEOUT_VERSION As String = "{__version__}"', "",
        *_choice("LabelOf", "action", labels, "Empty: there is no such action."),
        *_choice("ConditionOf", "action", needs, "What must hold for the action to work."),
        *_choice("TextOf", "condition", CONDITIONS, "What to do where a condition does not hold."),
        "Public Function IsRequest(ByVal action As String) As Boolean",
        "    ' Never starts Python: it is written for one that is at work.",
        f"    IsRequest = {requests or 'False'}", "End Function", "",
    ])  # fmt: skip


def button_subs() -> str:
    """The macros of form buttons, for the end of ReconActions; the shortcut belongs to the macro of Run."""
    subs = []
    for name, action in ACTIONS.items():
        if action.is_form:
            sub = button_macro(name)
            key = f'Attribute {sub}.VB_ProcData.VB_Invoke_Func = "{SHORTCUT}\\n14"\n' if name == "run" else ""
            subs.append(f'\nPublic Sub {sub}()\n{key}    DoAction "{name}"\nEnd Sub\n')
    return "".join(subs)


def _choice(function: str, argument: str, answers: Mapping[str, str], promise: str) -> Iterator[str]:
    """A function from a word to a word, as lines of VBA."""
    yield f"Public Function {function}(ByVal {argument} As String) As String"
    yield f"    ' {promise}"
    yield f"    Select Case {argument}"
    yield from (f'    Case "{word}": {function} = "{_quoted(answer)}"' for word, answer in answers.items())
    yield from ("    End Select", "End Function", "")


def _quoted(text: str) -> str:
    """Text for a VBA string. ValueError for a line break, which a string cannot hold."""
    if "\n" in text or "\r" in text:
        raise ValueError(f"a line break in {text!r}")
    return text.replace('"', '""')


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
