import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mapped_memory import linux_only, resident_bytes
from mnist_growth.machine import bound_compiled_products, forget_pages, return_freed_memory

SIZE = 8_000_000  # bytes


@linux_only
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


def test_pyarrow_is_asked_for_what_it_keeps_for_later_if_it_is_there(monkeypatch):
    asked = []
    pool = SimpleNamespace(release_unused=lambda: asked.append("pool"))
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(default_memory_pool=lambda: pool))
    return_freed_memory()
    assert asked == ["pool"]
    monkeypatch.delitem(sys.modules, "pyarrow")
    return_freed_memory()
    assert asked == ["pool"]


@pytest.mark.parametrize("theirs", ["ONEDNN_PRIMITIVE_CACHE_CAPACITY", "DNNL_PRIMITIVE_CACHE_CAPACITY"])
def test_few_compiled_products_are_kept_unless_the_user_wants_more(monkeypatch, theirs):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    for one in (name, "DNNL_PRIMITIVE_CACHE_CAPACITY"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(theirs, "7")
    bound_compiled_products(3)
    assert os.environ.get(name, "7") == "7"
    monkeypatch.delenv(theirs)
    bound_compiled_products(3)
    assert int(os.environ[name]) >= 2 * (3 * 3 + 2)  # an update in pieces of two sizes
