import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mapped_memory import linux_only, resident_bytes
from mnist_growth.machine import limit_primitive_cache, release_pages, return_freed_memory

SIZE = 8_000_000  # bytes


@linux_only
def test_released_pages_of_a_memory_map_can_be_read_again(tmp_path):
    path = tmp_path / "bytes"
    content = np.arange(SIZE, dtype=np.uint32).astype(np.uint8)
    path.write_bytes(content.tobytes())
    mapped = np.memmap(path, np.uint8, mode="r")
    assert mapped.sum() == content.sum()
    assert resident_bytes(path) == pytest.approx(SIZE, rel=0.01)
    release_pages(mapped[100:])  # a part stands for the whole map
    assert resident_bytes(path) == 0
    assert np.array_equal(mapped, content)


def test_releasing_pages_does_not_change_other_arrays():
    array = np.arange(5, dtype=np.uint8)
    release_pages(array)
    assert array.tolist() == [0, 1, 2, 3, 4]


def test_unused_memory_of_pyarrow_is_released_if_it_is_imported(monkeypatch):
    asked = []
    pool = SimpleNamespace(release_unused=lambda: asked.append("pool"))
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(default_memory_pool=lambda: pool))
    return_freed_memory()
    assert asked == ["pool"]
    monkeypatch.delitem(sys.modules, "pyarrow")
    return_freed_memory()
    assert asked == ["pool"]


@pytest.mark.parametrize("theirs", ["ONEDNN_PRIMITIVE_CACHE_CAPACITY", "DNNL_PRIMITIVE_CACHE_CAPACITY"])
def test_the_primitive_cache_is_limited_unless_the_user_sets_it(monkeypatch, theirs):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    for one in (name, "DNNL_PRIMITIVE_CACHE_CAPACITY"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(theirs, "7")
    limit_primitive_cache(3)
    assert os.environ.get(name, "7") == "7"
    monkeypatch.delenv(theirs)
    limit_primitive_cache(3)
    assert int(os.environ[name]) >= 2 * (3 * 3 + 2)  # an update in pieces of two sizes
