"""What Windows and a company's policies say of Excel, read from the registry; OSError where they may not be read.

The key of the rule against child processes (group policy) is that of Microsoft's public templates for Defender. The
others are named from memory; none was tried on Windows (docs/excel-checklist.md).
"""

from __future__ import annotations

from addin.machine import Machine

CHILD_RULE = "d4f940ab-401b-4efc-aadc-ad5f3c50688a"  # "Block all Office applications from creating child processes"
_DEFENDER = r"Microsoft\Windows Defender"
_EXCEL = r"Microsoft\Office\16.0\Excel"
_ROOTS = (r"HKCU\Software\Policies", r"HKCU\Software")  # the company's word comes before the user's


def macro_level(machine: Machine) -> int:
    """1 all macros, 2 asks first (Excel's own choice), 3 only signed ones, 4 none; outside trusted folders."""
    found = [machine.registry(rf"{root}\{_EXCEL}\Security") or {} for root in _ROOTS]
    return next((int(str(one["vbawarnings"])) for one in found if str(one.get("vbawarnings", "")).isdigit()), 2)


def is_trusting(machine: Machine) -> bool:
    """Whether trusted folders are in use; Excel's start-up folder is one of them."""
    found = [machine.registry(rf"{root}\{_EXCEL}\Security\Trusted Locations") or {} for root in _ROOTS]
    return all(str(one.get("alllocationsdisabled", "0")) != "1" for one in found)


def is_disabled(machine: Machine) -> bool:
    """Excel keeps the files it has disabled as binary values that hold the path in UTF-16."""
    try:
        values = machine.registry(rf"HKCU\Software\{_EXCEL}\Resiliency\DisabledItems") or {}
    except OSError:
        return False
    texts = [value.decode("utf-16-le", "replace").lower() for value in values.values() if isinstance(value, bytes)]
    return any("tieout.xlam" in text for text in texts)


def child_rule(machine: Machine) -> str:
    """The state of the rule as Defender writes it: '1' block, '2' audit, '6' warn, '0' or '' off. Policies come first."""
    policy = rf"HKLM\SOFTWARE\Policies\{_DEFENDER}"
    listed = str((machine.registry(rf"{policy}\Policy Manager") or {}).get("asrrules", ""))
    managed = dict(pair.lower().split("=", 1) for pair in listed.split("|") if "=" in pair)
    rules = [
        machine.registry(rf"{root}\Windows Defender Exploit Guard\ASR\Rules") or {}
        for root in (policy, rf"HKLM\SOFTWARE\{_DEFENDER}")
    ]
    found = [managed.get(CHILD_RULE), *(rule.get(CHILD_RULE) for rule in rules)]
    return next((str(state) for state in found if state is not None), "")


def bits_of_excel(machine: Machine) -> tuple[int, ...]:
    """Which of the two libraries this Excel loads; both where that cannot be told."""
    try:
        office = machine.registry(r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration") or {}
    except OSError:
        office = {}
    return {"x64": (64,), "x86": (32,)}.get(str(office.get("platform")), (64, 32))
