"""The worksheet functions call the engine's own code, cell by cell over a range."""

import udfs
from recon_core import __version__


def test_cleanid_is_the_engines_cleaning():
    assert udfs.RECON_CLEANID([[" fn-12\u00a0", 12345.0], [None, "#ord-7"]], "separators; prefix #") == [
        ["FN12", "12345"],
        ["", "ORD7"],
    ]


def test_version():
    assert udfs.RECON_VERSION() == __version__
