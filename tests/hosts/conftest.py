"""Workbooks that the tests of the hosts write to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts import samples


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return samples.rich(tmp_path / "Book.xlsx")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return samples.plain(tmp_path / "Book.xlsx")
