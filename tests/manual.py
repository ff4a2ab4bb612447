"""The pages of the manual that are drawn from the code. `python -m tests.manual` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from addin.cli import main
from recon_core.schema import BASICS, TABLES

MANUAL = Path(__file__).resolve().parent.parent / "docs" / "manual"


def setup_page() -> str:
    """Every Setup table with its columns, in the words the template shows."""
    lines = [
        "# Setup",
        "",
        "What each table of the sheets Setup, Mapping and Rules holds. A user fills them; `tieout new` fills them from a recipe.",
        "",
    ]
    for table in TABLES:
        lines += [
            f"## {table.title} (sheet {table.sheet})",
            "",
            table.help,
            "",
            "| column | what to write | example |",
            "|---|---|---|",
        ]
        lines += [f"| {field.name} | {_help(field)} | {field.example} |" for field in table.fields] + [""]
        if table.title == "Reconciliation":
            lines += [
                "| item | what it is for |",
                "|---|---|",
                *(f"| {name} | {words} |" for name, words in BASICS),
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def _help(field: object) -> str:
    choices = getattr(field, "choices", ())
    return getattr(field, "help", "") + (f" One of: {', '.join(choices)}." if choices else "")


def commands_page() -> str:
    """Every command with its options, as `--help` has them."""
    lines = ["# Commands", "", "`tieout --help` lists the commands; each has its own `--help`.", ""]
    for name, command in _commands():
        with click.Context(command, info_name=f"tieout {name}") as context:
            usage = " ".join([f"tieout {name}", *command.collect_usage_pieces(context)])
            lines += [f"## {name}", "", (command.help or "").strip(), "", f"`{usage}`", ""]
            records = [param.get_help_record(context) for param in command.params]
            rows = [f"| `{record[0]}` | {record[1]} |" for record in records if record]
            lines += ["| option | what it does |", "|---|---|", *rows, ""] if rows else []
    return "\n".join(lines).rstrip() + "\n"


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, those of a group under it."""
    for name, command in sorted(main.commands.items()):
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", one) for below, one in sorted(command.commands.items()))


PAGES = {"setup.md": setup_page, "commands.md": commands_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (MANUAL / name).write_text(page(), encoding="utf-8")
