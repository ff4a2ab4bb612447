"""A screen without a monitor: Xvfb, a real mouse on it, and pictures of it. Needs Xvfb and xdotool, nothing else."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE = (1500, 1000)
SECONDS = 30


def missing() -> str:
    """What this machine lacks, or ''."""
    lacking = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    return f"needs {' and '.join(lacking)}" if lacking else ""


class Screen:
    """A display of our own and the folder of its picture."""

    def __init__(self, display: str, folder: Path) -> None:
        self.display = display
        self.folder = folder

    def mouse(self, *words: object) -> None:
        """What xdotool is told: moves, clicks, keys."""
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["xdotool", *map(str, words)], env=environment, check=True, timeout=SECONDS, capture_output=True)

    def click(self, control: Any) -> None:
        """A real click in the middle of a form control that is on the screen."""
        place, size = control.AccessibleContext.getLocationOnScreen(), control.AccessibleContext.getSize()
        self.mouse("mousemove", place.X + size.Width // 2, place.Y + size.Height // 2, "sleep", 0.2, "click", 1)

    def picture(self, path: Path) -> Path:
        """What stands on the screen, as a PNG."""
        path.write_bytes(png((self.folder / "Xvfb_screen0").read_bytes()))
        return path


@contextmanager
def screen() -> Iterator[Screen]:
    """An Xvfb on a free display number; ended, and its files removed, on leaving."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-screen-"))
    reading, writing = os.pipe()
    size = "x".join(map(str, (*SIZE, 24)))
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-fbdir", str(folder), "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()  # Xvfb writes it when it is ready, and closes when it cannot start
        if not number:
            raise TimeoutError("Xvfb did not start")
        yield Screen(f":{number}", folder)
    finally:
        server.terminate()
        try:
            server.wait(SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def png(dump: bytes) -> bytes:
    """The PNG of an X window dump of 32 bits a pixel, blue first, as Xvfb writes it."""
    header = struct.unpack(">25I", dump[:100])
    size, width, height, bits, line, colours = header[0], header[4], header[5], header[11], header[12], header[19]
    assert bits == 32
    start = size + 12 * colours
    rows = bytearray()
    for at in range(start, start + height * line, line):
        pixels = dump[at : at + width * 4]
        row = bytearray(3 * width)
        row[0::3], row[1::3], row[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
        rows += b"\0" + row
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows), 6)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
