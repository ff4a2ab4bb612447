"""What ships as files: the workbook template, the recipes of `tieout new`, the demo files, the add-ins. Here is where they stand."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def template_path() -> Path:
    """The blank workbook; `workbook_templates.build` makes it."""
    return _FOLDER / "Tieout_template.xlsx"


def addin_path() -> Path:
    """The add-in with the ribbon and its commands."""
    return _FOLDER / "Tieout.xlam"


def functions_path() -> Path:
    """The add-in with the worksheet functions, for Windows."""
    return _FOLDER / "Tieout_functions.xlam"


def standalone_path() -> Path:
    """The blank workbook that holds the commands itself, for those who cannot load an add-in."""
    return _FOLDER / "Tieout_standalone.xlsm"


def recipe_names() -> tuple[str, ...]:
    """The recipes that ship, by name, sorted."""
    return tuple(sorted(path.stem for path in (_FOLDER / "recipes").glob("*.toml")))


def recipe_path(name: str) -> Path:
    """The file of a shipped recipe. KeyError for a name that `recipe_names` does not hold."""
    if name not in recipe_names():
        raise KeyError(name)
    return _FOLDER / "recipes" / f"{name}.toml"


def demo_files() -> tuple[Path, ...]:
    """The files of the demo, sorted; empty where none ship."""
    return tuple(sorted(path for path in (_FOLDER / "demo").rglob("*") if path.is_file()))
