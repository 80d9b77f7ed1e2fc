import json
import re
import struct
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from mnist_growth.network import (
    GrowingMLP,
    TrainedNetwork,
    load_network,
    load_tensors,
    read_header,
    rebuild_network,
    save_network,
    save_tensors,
)

IMAGES = torch.randint(0, 256, (8, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def trained(widths=(5, 7), batch_norm=True):
    network = GrowingMLP(list(widths), batch_norm=batch_norm, pixel_mean=0.25, pixel_std=0.5).eval()
    return TrainedNetwork(network=network, dataset="sample", fingerprint="ab" * 32, epochs=3, split="cd" * 32)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.booleans())
def test_a_network_of_any_widths_is_rebuilt_from_its_file_alone(tmp_path_factory, widths, batch_norm):
    path = tmp_path_factory.mktemp("network") / "network.safetensors"
    original = trained(widths, batch_norm)
    save_network(path, original)
    loaded = load_network(path)
    assert torch.equal(loaded.network(IMAGES), original.network(IMAGES))
    assert (loaded.dataset, loaded.fingerprint, loaded.epochs) == ("sample", "ab" * 32, 3)
    assert loaded.split == "cd" * 32
    assert not loaded.network.training


def test_the_digest_of_a_network_changes_with_its_weights_alone(tmp_path):
    path = tmp_path / "network.safetensors"
    original = trained()
    save_network(path, original)
    other = trained()
    with torch.no_grad():
        next(other.network.parameters())[0, 0] += 1e-3

    assert load_network(path).sha256 == original.sha256
    assert replace(original, epochs=4, version="1", dataset="mnist").sha256 == original.sha256
    assert other.sha256 != original.sha256


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(path, trained())
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="its checksum does not match"):
        load_network(path)


@pytest.mark.parametrize(
    ("tensors", "header"),
    [
        ({"a": torch.arange(6.0).reshape(2, 3)}, {"epochs": 4}),
        ({"b": torch.arange(6.0).reshape(2, 3)}, {"epochs": 3}),
        ({"a": torch.arange(6.0).reshape(2, 3).view(torch.int32)}, {"epochs": 3}),
        ({"a": torch.arange(6.0).reshape(3, 2)}, {"epochs": 3}),
        ({"a": -torch.arange(6.0).reshape(2, 3)}, {"epochs": 3}),
    ],
    ids=["header", "name", "dtype", "shape", "values"],
)
def test_a_change_that_the_format_cannot_notice_is_noticed_by_the_checksum(tmp_path, tensors, header):
    path = tmp_path / "file.safetensors"
    save_tensors(path, "test", {"a": torch.arange(6.0).reshape(2, 3)}, {"epochs": 3})
    with safe_open(path, framework="pt") as file:
        content = json.loads(file.metadata()["mnist-growth"])
    save_file(tensors, path, {"mnist-growth": json.dumps({**content, "header": header})})

    with pytest.raises(ValueError, match="its checksum does not match"):
        load_tensors(path, "test")


@pytest.mark.parametrize("content", [b"", b"12345678", struct.pack("<Q", 2**60) + b"{}", b"\0" * 100])
def test_rubbish_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "network.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        load_network(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_tensors(path, "checkpoint", {"a": torch.zeros(2)}, {})
    with pytest.raises(ValueError, match="is a checkpoint file; expected a network file"):
        load_network(path)


def with_metadata(path, metadata):
    """Write a file that holds one tensor and this metadata."""
    save_file({"a": torch.zeros(2)}, path, metadata)
    return path


def test_a_file_of_the_old_format_is_refused_with_what_to_do(tmp_path):
    old = {"kind": "mnist-growth network 1", "header": "{}", "sha256": "ab" * 32}
    with pytest.raises(ValueError, match="has the old format 'mnist-growth network 1', .*: train the network again"):
        load_network(with_metadata(tmp_path / "network.safetensors", old))


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({}, "is not a file of mnist-growth"),
        ({"format": "pt"}, "is not a file of mnist-growth"),
        ({"mnist-growth": "{"}, "has metadata that cannot be read"),
        ({"mnist-growth": "[" * 100_000}, "has metadata that cannot be read"),
        ({"mnist-growth": "[]"}, "has the format \\[\\]; expected 2"),
        ({"mnist-growth": '{"format": 3}'}, "has the format 3; expected 2"),
        ({"mnist-growth": '{"format": 2}'}, "has incomplete metadata"),
        ({"mnist-growth": '{"format": 2, "kind": "network", "header": 1, "sha256": ""}'}, "has incomplete metadata"),
    ],
)
def test_metadata_that_this_version_did_not_write_are_refused(tmp_path, metadata, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_network(with_metadata(tmp_path / "network.safetensors", metadata))


SAVE = """
import sys
from pathlib import Path
import torch
from mnist_growth.network import save_tensors
tensors = {name: torch.arange(6.0).reshape(2, 3) for name in "bca"} | {"n": torch.tensor(1)}
header = {"widths": [5, 7], "dataset": "sample", "epochs": 3, "rate": 0.1}
for kind in ("network", "checkpoint"):
    for number in range(20):
        save_tensors(Path(sys.argv[1]) / kind / f"{number}", kind, tensors, header)
"""


def test_equal_contents_give_equal_bytes_in_every_process(tmp_path):
    """The order of a set of names, for one, changes with the process."""
    kinds = ("network", "checkpoint")
    for process in range(2):
        for kind in kinds:
            (tmp_path / f"{process}" / kind).mkdir(parents=True)
        subprocess.run([sys.executable, "-c", SAVE, tmp_path / f"{process}"], check=True)

    for kind in kinds:
        written = list(tmp_path.glob(f"*/{kind}/*"))
        assert len(written) == 40
        assert len({path.read_bytes() for path in written}) == 1


def test_a_network_that_was_loaded_is_saved_as_the_same_bytes(tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    save_network(first, trained())
    save_network(second, load_network(first))
    assert first.read_bytes() == second.read_bytes()


def test_a_header_that_does_not_fit_the_tensors_is_refused(tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(path, trained())
    header = read_header(path)
    header["spec"]["hidden_widths"] = [5, 8]
    save_tensors(path, "network", trained().network.state_dict(), header)
    sentence = (
        f"{path} is not a complete network (hidden.1.linear.weight is torch.float32 [7, 5]; expected torch.float32 "
        "[8, 5]): choose another version"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        load_network(path)


def test_a_tensor_too_few_or_too_many_is_named(tmp_path):
    spec, tensors = trained().network.spec, trained().network.state_dict()

    with pytest.raises(ValueError, match=r"^output\.bias is missing; expected torch\.float32 \[10\]$"):
        rebuild_network(spec, {name: tensor for name, tensor in tensors.items() if name != "output.bias"})
    with pytest.raises(ValueError, match=r"^extra is torch\.float32 \[2\]; expected none$"):
        rebuild_network(spec, {**tensors, "extra": torch.zeros(2)})


def test_the_order_of_a_header_does_not_change_the_file(tmp_path):
    tensors = {"a": torch.ones(2)}
    save_tensors(tmp_path / "one", "network", tensors, {"first": 1, "second": 2})
    save_tensors(tmp_path / "other", "network", tensors, {"second": 2, "first": 1})

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_tensors_that_share_memory_are_written_each_for_itself(tmp_path):
    whole = torch.arange(6.0)
    tensors = {"whole": whole, "again": whole, "head": whole[:2], "tail": whole[4:]}

    save_tensors(tmp_path / "file", "test", tensors, {})

    loaded, _ = load_tensors(tmp_path / "file", "test")
    assert {name: tensor.tolist() for name, tensor in loaded.items()} == {
        name: tensor.tolist() for name, tensor in tensors.items()
    }


def test_a_header_is_read_without_the_tensors(tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(path, trained())
    assert read_header(path)["dataset"] == "sample"

    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} is damaged .*: restore it from a copy or choose"):
        read_header(path)


def test_tensors_and_header_round_trip(tmp_path):
    path = tmp_path / "file.safetensors"
    tensors = {"b": torch.arange(6).reshape(2, 3).T, "a": torch.tensor(1.5), "empty": torch.empty(0)}
    save_tensors(path, "test", tensors, {"list": [1, "two"], "none": None})
    loaded, header = load_tensors(path, "test")
    assert header == json.loads('{"list": [1, "two"], "none": null}')
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "network.safetensors"
    save_network(path, trained())
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mnist_growth.machine.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_network(path, trained((9, 9)))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=f"^{tmp_path} is a folder, expected a file"):
        load_network(tmp_path)
    with pytest.raises(ValueError, match=f"^{tmp_path} is a folder, expected a file"):
        read_header(tmp_path)
