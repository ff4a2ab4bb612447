"""Microsoft's schema of the ribbon for lxml. The schema itself is Microsoft's and not part of the project.

libxml2 refuses it as it stands ("Duplicate attribute use"): derived types and groups name an attribute again. Here every
group is written out where it is used, and the first of each name kept.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
ATTRIBUTES = (f"{XS}attribute", f"{XS}attributeGroup")


def faults(schema: Path, xml: bytes) -> list[str]:
    """What the schema finds wrong with a customUI part."""
    root = etree.parse(str(schema)).getroot()
    groups = {node.get("name"): node for node in root.findall(f"{XS}attributeGroup")}
    types = {node.get("name"): node for node in root.iter(f"{XS}complexType") if node.get("name")}
    names = {name: inherited(name, types, groups) for name in types}
    for node in [*root.iter(f"{XS}complexType"), *root.iter(f"{XS}extension")]:
        known = set(names.get(node.get("base"), ())) if node.tag == f"{XS}extension" else set()
        flatten(node, known, groups)
    grammar = etree.XMLSchema(root)
    grammar.validate(etree.fromstring(xml))
    return [error.message for error in grammar.error_log]


def flatten(node: etree._Element, known: set[str], groups: dict[str, etree._Element]) -> None:
    """Write the groups of a type out, without attributes that are known already."""
    kept = []
    for one in list(flat(node, groups)):
        if one.get("name") not in known:
            known.add(one.get("name"))
            kept.append(copy.deepcopy(one))
    for one in [child for child in node if child.tag in ATTRIBUTES]:
        node.remove(one)
    node.extend(kept)


def flat(node: etree._Element, groups: dict[str, etree._Element]) -> Iterator[etree._Element]:
    for one in node:
        if one.tag == f"{XS}attribute":
            yield one
        elif one.tag == f"{XS}attributeGroup":
            yield from flat(groups[one.get("ref")], groups)


def inherited(name: str, types: dict[str, etree._Element], groups: dict[str, etree._Element]) -> set[str]:
    """The attributes that a type has from itself and its bases."""
    node = types.get(name)
    if node is None:
        return set()
    found: set[str] = set()
    for kind in ("extension", "restriction"):
        derived = node.find(f"{XS}complexContent/{XS}{kind}")
        if derived is not None:
            found, node = inherited(derived.get("base"), types, groups), derived
    for one in flat(node, groups):
        (found.discard if one.get("use") == "prohibited" else found.add)(one.get("name"))
    return found
