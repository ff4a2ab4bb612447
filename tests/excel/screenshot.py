"""A picture of the screen, for a failed run: `python tests/excel/screenshot.py FILE.png`. Windows only, by PowerShell."""

from __future__ import annotations

import subprocess
import sys

SHOT = """
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$area = [System.Windows.Forms.SystemInformation]::VirtualScreen
$picture = New-Object System.Drawing.Bitmap $area.Width, $area.Height
$drawing = [System.Drawing.Graphics]::FromImage($picture)
$drawing.CopyFromScreen($area.Location, [System.Drawing.Point]::Empty, $area.Size)
$picture.Save($args[0])
"""

if __name__ == "__main__":
    if sys.platform != "win32" or len(sys.argv) != 2:
        sys.exit("Use on Windows: python tests/excel/screenshot.py FILE.png")
    command = ["powershell", "-NoProfile", "-Command", f"& {{{SHOT}}} '{sys.argv[1]}'"]
    sys.exit(subprocess.run(command, check=False, timeout=60).returncode)
