"""How a workbook that we opened in a program of our own gets back into its file: never over what somebody has saved since.

The file is looked at before it is opened, and again before it is saved, as the file host does (`package.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from addin.hosts.calc_keeps import check_kept, check_kept_by_calc
from addin.hosts.package import named
from addin.hosts.refusals import changed, no_space
from addin.hosts.replacing import State, check_free, check_unlocked, state_of, swap, sweep
from addin.hosts.zipparts import fingerprint, resolved
from recon_core.problems import ReconError


class Original:
    """The file as it was when it was opened. Raises H-101 to H-108 for one that must not be opened, each with the file's name."""

    def __init__(self, path: Path) -> None:
        with named(path):
            self.path = resolved(path)
            self.fingerprint = fingerprint(self.path)
            check_free(self.path)

    def check_kept_by_calc(self) -> None:
        """Raises H-133 where Calc would not keep all of it."""
        with named(self.path):
            check_kept_by_calc(self.path)

    def check(self) -> None:
        """Raises H-109 where the file is another by now."""
        with named(self.path):
            self._unchanged()

    def save_in_place(self, save: Callable[[], None]) -> None:
        """Have the program write its file (Excel, which has it locked while it is open). Raises H-109 where it is another by now."""
        self.check()
        save()
        self.fingerprint = fingerprint(self.path)

    def save_beside(self, save_copy: Callable[[Path], None]) -> None:
        """Have Calc write a copy beside, which takes the place of the old one in one step.

        Calc writes for seconds, a large workbook for a minute: what somebody saves in that time is seen too. Raises H-107 to
        H-110, and H-133 where Calc has dropped a part; the old file is then as it was.
        """
        with named(self.path):
            sweep(self.path)
            temporary = self.path.with_name(f".{self.path.stem}.tieout-{os.getpid()}.tmp{self.path.suffix}")
            try:
                save_copy(temporary)
                check_kept(self.path, temporary)
                _flush(temporary)
                swap(temporary, self.path, self._unchanged())
            except OSError as error:
                raise no_space(error.strerror or str(error)) from error
            finally:
                temporary.unlink(missing_ok=True)
            self.fingerprint = fingerprint(self.path)

    def _unchanged(self) -> State:
        """The state of the file, whose content is still the one that was opened. Raises H-109."""
        try:
            state = state_of(self.path)
        except OSError as error:  # it is gone
            raise changed() from error
        try:
            same = fingerprint(self.path).same_content(self.fingerprint)
        except ReconError as error:
            if error.problem.code != "H-108":  # no workbook any more
                raise changed() from error
            same = state[:2] == (self.fingerprint.size, self.fingerprint.modified_ns)  # Excel lets nobody read it
        if not same:
            raise changed()
        return state


def check_not_open(path: Path) -> None:
    """Refuse a workbook that another program has open (H-107), with the file's name."""
    with named(path):
        check_unlocked(resolved(path))


def _flush(file: Path) -> None:
    handle = os.open(file, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
