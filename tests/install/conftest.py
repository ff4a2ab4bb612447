"""Machines laid out in a folder: Windows and macOS, or Windows alone."""

from __future__ import annotations

import pytest

from addin.machine import WINDOWS
from tests.machines import SYSTEMS, layout


@pytest.fixture(params=SYSTEMS)
def machine(request, tmp_path):
    return layout(tmp_path, request.param)


@pytest.fixture
def windows(tmp_path):
    return layout(tmp_path, WINDOWS)
