"""The Chromium that the browser tests drive: ``python -m tests.browser.program`` says which."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def find_chromium() -> str | None:
    """The first that runs. Ubuntu's ``chromium`` is only a note that there is a snap."""
    for name in NAMES:
        program = shutil.which(name)
        if program is not None and not program.startswith("/snap/") and version(program):
            return program
    return None


def version(program: str) -> str | None:
    """What it says it is, if it is a Chromium at all."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.match(r"(?:Chromium|Google Chrome) [\d.]+", done.stdout)
    return said[0] if said and done.returncode == 0 else None


def missing() -> str:
    """Why there is none, and what to do."""
    return (
        f"none of {', '.join(NAMES)} runs here: apt-get install chromium fonts-noto-cjk, or on"
        " Ubuntu, where chromium is only a snap, Google Chrome from its maker"
    )


if __name__ == "__main__":
    found = find_chromium()
    print(f"{version(found)} ({found})" if found else missing())
    sys.exit(found is None)
