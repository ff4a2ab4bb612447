"""The functional core of Tieout: no spreadsheet program, clock, network or environment.

Plain values go in and come out; only `recon_core.readers` opens files.
"""

__version__ = "0.1.0"
