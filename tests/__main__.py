"""The one check: `python -m tests` runs ruff, ruff format, mypy and pytest, one after the other.

A step that fails does not stop the next one; the exit code is 1 when any failed. pytest comes last, so
its closing line ends the output but for the summary. What follows `--` goes to pytest: `python -m tests -- -k money`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "pytest": ["pytest", "-n", "2", "--dist", "loadgroup"],
}


def run(name: str, command: list[str]) -> tuple[bool, float]:
    """Run one step with its output on ours; whether it held, and its seconds."""
    print(f"== {name}", flush=True)
    start = time.perf_counter()
    code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
    seconds = time.perf_counter() - start
    print(f"== {name}: {'ok' if code == 0 else 'FAILED'}, {seconds:.1f} s\n", flush=True)
    return code == 0, seconds


def main(args: list[str]) -> int:
    """Run all steps; 0 when all held, 1 when one failed, 2 when the arguments make no sense."""
    if args and args[0] != "--":
        print("Use: python -m tests [-- options for pytest]", file=sys.stderr)
        return 2
    results = {}
    for name, command in STEPS.items():
        results[name] = run(name, command + (args[1:] if name == "pytest" else []))
    failed = [name for name, (held, _) in results.items() if not held]
    seconds = sum(taken for _, taken in results.values())
    print(f"The check {'FAILED in ' + ', '.join(failed) if failed else 'holds'}, {seconds:.1f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
