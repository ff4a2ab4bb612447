"""Dependencies point down: every import of our code against the table of floors.

A module imports only lower floors; modules on the same floor are strangers. Inside a package that is one
machine members may import each other without a cycle at run time; members of a table never do. The core stays pure:
no clock, chance, environment or network, and only its readers open files.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("recon_core", "addin", "udfs.py", "workbook_templates")

# A package counts as one: everything in it stands on its floor. The bare roots hold no code and stand lowest.
FLOOR = {
    "recon_core": -1,
    "addin": -1,
    "workbook_templates": -1,
    "recon_core.problems": 0,
    "recon_core.texts": 0,
    "recon_core.money": 1,
    "recon_core.keys": 1,
    "recon_core.dates": 1,
    "recon_core.model": 1,
    "recon_core.sheets": 1,
    "recon_core.subset": 1,
    "recon_core.schema": 2,
    "recon_core.ratecard": 2,
    "recon_core.entries": 2,
    "recon_core.formula": 2,
    "recon_core.readers": 2,
    "recon_core.terms": 2.5,
    "recon_core.posting": 2.5,
    "recon_core.market": 2.7,
    "recon_core.recipe": 3,
    "recon_core.typed": 3,
    "recon_core.standard_template": 3,
    "recon_core.releases": 3,
    "recon_core.readings": 3,
    "recon_core.market_rows": 3.5,
    "recon_core.market_cells": 3.7,
    "recon_core.line_sums": 3.7,
    "recon_core.owed": 3.5,
    "recon_core.expected": 4,
    "recon_core.derivations": 4,
    "recon_core.market_setup": 4.5,
    "recon_core.expected_files": 4.5,
    "recon_core.agreed_fees": 5,
    "recon_core.setup": 5,
    "recon_core.prepare": 5,
    "recon_core.narrations": 1,
    "recon_core.absent": 5,
    "recon_core.references": 5,
    "recon_core.duplicates": 5,
    "recon_core.controls": 5,
    "recon_core.nothing_expected": 5,
    "recon_core.doubts": 5,
    "recon_core.matching": 5,
    "recon_core.dues": 5,
    "recon_core.carry": 5,
    "recon_core.statuses": 6,
    "recon_core.partition": 6,
    "recon_core.engine": 7,
    "recon_core.proposal": 7,
    "recon_core.marketplace": 6.5,
    "recon_core.plain_csv": 6,
    "recon_core.vouchers": 7,
    "recon_core.journal_files": 8,
    "recon_core.settlement_file": 8,
    "recon_core.reports": 8,
    "recon_core.result_sheets": 9,
    "recon_core.explaining": 10,
    "recon_core.answers": 11,
    "addin.hosts": 9,
    "addin.calc": 8.5,  # the live host opens workbooks with it
    "addin.settings": 8,
    "addin.history": 9,
    "addin.runner": 9,
    "addin.detail_files": 9,
    "addin.setup_sheets": 9,
    "addin.progress": 9,
    "addin.findings": 9,
    "addin.faults": 9.5,
    "addin.machine": 9,
    "addin.placing": 9,
    "addin.excel_settings": 9,
    "addin.source_paths": 9,
    "addin.locking": 9,
    "addin.earlier": 9.5,
    "addin.load": 10,
    "addin.job": 10,
    "addin.interpreter": 10,
    "addin.policies": 10,
    "addin.live_sources": 10,
    "addin.new_book": 10,
    "addin.export_files": 10,
    "addin.results_book": 10.5,
    "addin.exporting": 11,
    "addin.plain_xlsx": 10,
    "addin.payment_files": 11,
    "addin.quick": 11,
    "addin.install": 11,
    "addin.demo": 11,
    "addin.preview": 11,
    "addin.permissions": 11,
    "addin.presenting": 12,
    "addin.doctor": 12,
    "addin.commands": 13,
    "addin.watch": 14,
    "addin.cli_talk": 15,
    "addin.cli_machine": 16,
    "addin.cli_files": 16,
    "addin.cli": 17,
    "udfs": 17,
    "workbook_templates.package": 18,
    "workbook_templates.launcher": 18,
    "workbook_templates.start_texts": 18,
    "workbook_templates.ribbon": 18,
    "workbook_templates.udf_wrappers": 18,
    "workbook_templates.template": 19,
    "workbook_templates.vba": 19,
    "workbook_templates.build": 20,
}
BARE = {name for name, floor in FLOOR.items() if floor < 0}
MACHINES = {"recon_core.formula", "recon_core.ratecard", "recon_core.readers", "addin.hosts", "addin.calc"}
# Modules of a table's package that its members may share: what they pass on to each other.
SHARED = frozenset(
    {
        "recon_core.prepare.rows",
        "recon_core.matching.found",
        "recon_core.marketplace.facts",
        "recon_core.marketplace.settled",
        "recon_core.marketplace.words",
        "recon_core.reports.blocks",
        "recon_core.reports.case",
        "recon_core.reports.card_block",
        "recon_core.reports.late_blocks",
        "recon_core.reports.market_blocks",
        "recon_core.reports.tieout",
        "recon_core.reports.verdict",
    }
)

# Where a third-party package may be imported; a name covers what is under it.
ONLY_IN = {
    "xlwings": (
        "addin.hosts.live",
        "addin.hosts.live_busy",
        "addin.hosts.live_programs",
        "addin.calc",
        "udfs",
        "workbook_templates.udf_wrappers",
    ),
    "formulas": ("recon_core.formula.fallback",),
    "duckdb": ("addin.runner",),
    "pyspark": ("addin.runner",),
}
# What the core must not import, and what it must not touch as an attribute: (base, name).
IMPURE_MODULES = {
    "time",
    "random",
    "secrets",
    "socket",
    "http",
    "subprocess",
    "urllib.request",
    "numpy.random",
}
IMPURE_MODULES |= {"os.environ", "os.getenv", "os.urandom", "uuid.uuid1", "uuid.uuid4"}
# Workbook parsers abort on hostile files, which no `except` catches: one module runs them in a child.
ALLOWED = {("recon_core.readers.launch", "subprocess")}
IMPURE_ATTRIBUTES = {("np", "random"), *(tuple(name.split(".")) for name in IMPURE_MODULES if "." in name)}
CLOCKS = ("datetime", "date", "Timestamp", "dt")
IMPURE_ATTRIBUTES |= {(clock, name) for clock in CLOCKS for name in ("now", "today", "utcnow")}
OPENERS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "read_csv",
    "read_excel",
    "read_parquet",
}


class Module(NamedTuple):
    """One file of our code."""

    name: str  # dotted; a package's own name for its __init__
    tree: ast.Module
    is_package: bool


def modules(root: Path) -> dict[str, Module]:
    """Every module of our code under `root`, by dotted name."""
    found = {}
    for top in CODE:
        start = root / top
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start] * start.is_file():
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = Module(name, ast.parse(path.read_text(encoding="utf-8"), path.as_posix()), is_package)
    return found


def imports(module: Module) -> Iterator[tuple[str, str]]:
    """What a module imports, anywhere in it: (module, name taken from it or '')."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = origin_of(module, node)
            yield from ((origin, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            yield from ((arg.value, "") for arg in node.args[:1] if isinstance(arg, ast.Constant))


def origin_of(module: Module, node: ast.ImportFrom) -> str:
    """The dotted module a `from ... import` names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join(kept + ([node.module] if node.module else []))


def called(node: ast.Call) -> str:
    """The last name of what is called: `open` for `open(...)` and for `path.open(...)`."""
    return last_name(node.func)


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def own_targets(module: Module, known: Mapping[str, Module]) -> set[str]:
    """The modules of our own that a module imports. `from package import member` is the member."""
    targets = set()
    for origin, name in imports(module):
        full = f"{origin}.{name}" if name else origin
        if full in known or origin.split(".")[0] in BARE | {"udfs"}:
            targets.add(full if full in known else origin)
    return targets - {module.name}


def unit_of(name: str) -> str | None:
    """The row of FLOOR a module belongs to; None when it has none. Under a bare root nothing is implied."""
    parts = name.split(".")
    rows = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    row = next((row for row in rows if row in FLOOR), None)
    return None if row in BARE and row != name else row


def is_under(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


def floor_offence(here: Module, there: str) -> str | None:
    """What is wrong with one import of ours, or None."""
    unit, target = unit_of(here.name), unit_of(there)
    if unit is None or target is None:
        return f"{here.name if unit is None else there} has no row in FLOOR"
    if unit != target:
        return None if FLOOR[target] < FLOOR[unit] else f"{here.name} imports {there}, which is not below it"
    if unit in MACHINES or here.name == unit or there in SHARED:
        return None
    return f"{here.name} imports {there}, a member of the same table"


def foreign_offences(here: Module) -> Iterator[str]:
    for origin, _ in imports(here):
        places = ONLY_IN.get(origin.split(".")[0])
        if places is not None and not is_under(here.name, places):
            yield f"{here.name} imports {origin}, which belongs to {', '.join(places)}"


def impurities(here: Module) -> Iterator[str]:
    """Clock, chance, environment, network or files in a module of the core."""
    for origin, name in imports(here):
        if (here.name, origin) in ALLOWED:
            continue
        if is_under(origin, tuple(IMPURE_MODULES)) or f"{origin}.{name}" in IMPURE_MODULES:
            yield f"{here.name} imports {origin} {name}".rstrip()
    for node in ast.walk(here.tree):
        if isinstance(node, ast.Attribute) and (last_name(node.value), node.attr) in IMPURE_ATTRIBUTES:
            yield f"{here.name} line {node.lineno} uses {last_name(node.value)}.{node.attr}"
        elif isinstance(node, ast.Call) and called(node) in OPENERS and unit_of(here.name) != "recon_core.readers":
            yield f"{here.name} line {node.lineno} opens a file with {called(node)}"


class _Types(ast.NodeTransformer):
    """Takes away what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST:
        return ast.Pass() if last_name(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def at_run_time(module: Module) -> Module:
    """The module without `if TYPE_CHECKING`: the type of a part may name the whole it belongs to, as a book its app."""
    return module._replace(tree=_Types().visit(copy.deepcopy(module.tree)))


def cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """One cycle among the modules as a path, or [] when there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        found = next(filter(None, (walk(there, [*path, name]) for there in sorted(edges.get(name, ())))), [])
        done.add(name)
        return found

    return next(filter(None, (walk(name, []) for name in sorted(edges))), [])


def offences(root: Path) -> list[str]:
    """Everything under `root` that breaks a rule of this page, in words."""
    known = modules(root)
    edges = {name: own_targets(module, known) for name, module in known.items()}
    found = [f"{name} has no row in FLOOR" for name in known if unit_of(name) is None]
    for name, module in known.items():
        found += filter(None, (floor_offence(module, there) for there in sorted(edges[name])))
        found += foreign_offences(module)
        if name.startswith("recon_core"):
            found += impurities(module)
    if ring := cycle({name: own_targets(at_run_time(module), known) for name, module in known.items()}):
        found.append("a cycle: " + " -> ".join(ring))
    return list(dict.fromkeys(found))


def test_our_code_keeps_the_floors():
    assert offences(ROOT) == []


def test_our_code_is_found():
    assert {"recon_core", "recon_core.model", "addin"} <= set(modules(ROOT))


CLEAN = {
    "recon_core/__init__.py": '__version__ = "1"',
    "recon_core/problems.py": "from recon_core import __version__",
    "recon_core/model.py": "import datetime\nfrom recon_core.problems import Problem",
    "recon_core/readers/__init__.py": "from recon_core.readers import delimited",
    "recon_core/readers/delimited.py": "from .preflight import size\nopen('x')",
    "recon_core/readers/preflight.py": "from pathlib import Path\nsize = Path('x').read_bytes()",
    "recon_core/matching/__init__.py": "from recon_core.matching.pairs import pair\nfrom . import groups",
    "recon_core/matching/pairs.py": "from recon_core import model",
    "recon_core/matching/groups.py": "from ..model import Raw\nimport os.path",
    "recon_core/formula/fallback.py": "import formulas",
    "addin/hosts/live.py": "import xlwings as xw",
    "addin/job.py": "from datetime import datetime\ndatetime.now()\nfrom addin.hosts import live",
    "udfs.py": "import xlwings\nfrom recon_core.readers import delimited",
}
OFFENDING = {
    "up": ("recon_core/problems.py", "import recon_core.model", "recon_core.problems imports recon_core.model, which is not below it"),
    "up, late": ("recon_core/model.py", "def f():\n    from addin import job", "recon_core.model imports addin.job, which is not below it"),
    "same floor": ("recon_core/money.py", "from recon_core import model", "recon_core.money imports recon_core.model, which is not below it"),
    "strangers": ("addin/cli.py", "import udfs", "addin.cli imports udfs, which is not below it"),
    "not in the table": ("recon_core/utils.py", "", "recon_core.utils has no row in FLOOR"),
    "member to member": ("recon_core/matching/subset.py", "from .pairs import pair", "recon_core.matching.subset imports recon_core.matching.pairs, a member of the same table"),
    "member to table": ("recon_core/matching/subset.py", "from . import PASSES", "recon_core.matching.subset imports recon_core.matching, a member of the same table"),
    "a ring": ("recon_core/readers/preflight.py", "from recon_core.readers import delimited", "a cycle: recon_core.readers.delimited -> recon_core.readers.preflight -> recon_core.readers.delimited"),
    "xlwings": ("addin/job.py", "from xlwings import App", "addin.job imports xlwings, which belongs to addin.hosts.live, addin.hosts.live_busy, addin.hosts.live_programs, addin.calc, udfs, workbook_templates.udf_wrappers"),
    "xlwings by name": ("addin/settings.py", "import importlib\nimportlib.import_module('xlwings')", "addin.settings imports xlwings, which belongs to addin.hosts.live, addin.hosts.live_busy, addin.hosts.live_programs, addin.calc, udfs, workbook_templates.udf_wrappers"),
    "formulas": ("recon_core/formula/evaluate.py", "def f():\n    import formulas.functions", "recon_core.formula.evaluate imports formulas.functions, which belongs to recon_core.formula.fallback"),
    "duckdb": ("recon_core/partition.py", "import duckdb", "recon_core.partition imports duckdb, which belongs to addin.runner"),
    "clock": ("recon_core/dues.py", "import datetime\nx = datetime.date.today()", "recon_core.dues line 2 uses date.today"),
    "clock of pandas": ("recon_core/dues.py", "import pandas as pd\nx = pd.Timestamp.now", "recon_core.dues line 2 uses Timestamp.now"),
    "time": ("recon_core/dues.py", "from time import monotonic", "recon_core.dues imports time monotonic"),
    "chance": ("recon_core/dues.py", "import numpy as np\nx = np.random.default_rng()", "recon_core.dues line 2 uses np.random"),
    "environment": ("recon_core/dues.py", "from os import environ", "recon_core.dues imports os environ"),
    "environment, plain": ("recon_core/dues.py", "import os\nx = os.environ['HOME']", "recon_core.dues line 2 uses os.environ"),
    "a file": ("recon_core/dues.py", "x = open('x')", "recon_core.dues line 1 opens a file with open"),
}  # fmt: skip


def build(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_clean_tree_has_no_offence(tmp_path):
    assert offences(build(tmp_path, CLEAN)) == []


@pytest.mark.parametrize(("path", "text", "message"), OFFENDING.values(), ids=OFFENDING)
def test_an_offending_tree_fails_with_the_reason(tmp_path, path, text, message):
    assert message in offences(build(tmp_path, CLEAN | {path: text}))
