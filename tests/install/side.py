"""What the tests of `tieout install` share."""

from __future__ import annotations

import pytest

from addin import excel_settings, install
from addin.install import Wish
from recon_core.problems import ReconError


def settings_of(machine):
    return excel_settings.parse(machine.settings_file.read_bytes().decode(machine.encoding))


def refusal(machine, wish=None):
    with pytest.raises(ReconError) as caught:
        install.install(machine, wish or Wish())
    return caught.value.problem
