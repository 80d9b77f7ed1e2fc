"""What of a mapped file is in memory for this process, as Linux tells it."""

import re
import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a map has in memory")


def resident_bytes(path: Path) -> int:
    """Bytes in memory of all maps of a file."""
    maps = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text(), flags=re.MULTILINE)
    sizes = [re.search(r"Rss: +(\d+)", one) for one in maps if str(path) in one]
    return sum(int(size[1]) * 1024 for size in sizes if size)
