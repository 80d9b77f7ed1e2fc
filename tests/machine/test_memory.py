import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_growth.machine import bound_compiled_products, forget_pages

SIZE = 8_000_000  # bytes


def resident_bytes(path):
    """Bytes of a mapped file that are in memory for this process, as Linux tells it."""
    maps = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text(), flags=re.MULTILINE)
    return sum(int(re.search(r"Rss: +(\d+)", one)[1]) * 1024 for one in maps if str(path) in one)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a map has in memory")
def test_what_was_read_of_a_map_is_let_go_of_and_can_be_read_again(tmp_path):
    path = tmp_path / "bytes"
    content = np.arange(SIZE, dtype=np.uint32).astype(np.uint8)
    path.write_bytes(content.tobytes())
    mapped = np.memmap(path, np.uint8, mode="r")
    assert mapped.sum() == content.sum()
    assert resident_bytes(path) == pytest.approx(SIZE, rel=0.01)
    forget_pages(mapped[100:])  # a part stands for the whole map
    assert resident_bytes(path) == 0
    assert np.array_equal(mapped, content)


def test_an_array_that_is_no_map_stays_as_it_is():
    array = np.arange(5, dtype=np.uint8)
    forget_pages(array)
    assert array.tolist() == [0, 1, 2, 3, 4]


def test_few_compiled_products_are_kept_unless_the_user_wants_more(monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, "7")
    bound_compiled_products()
    assert os.environ[name] == "7"
    monkeypatch.delenv(name)
    bound_compiled_products()
    assert os.environ[name] == "32"
