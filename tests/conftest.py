"""What all tests share: how random data is drawn, and the folder of sample files beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline and no complaint about slow drawing: the machine may be busy with something else.
settings.register_profile("local", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite`: text cases take what the program says now as what is expected; review the diff."""
    parser.addoption("--rewrite", action="store_true", help="write the present outcome into the text cases")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the project: sample files that are not part of it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder of sample files, shared, beside the project")
    return folder
