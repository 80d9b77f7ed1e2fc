import psutil
import pytest
import torch

from mnist_growth.machine import atomic_path, choose_device, gpu_memory_bytes, peak_rss_bytes, rss_bytes


def test_auto_is_the_best_available_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu").type == "cpu"


def test_an_unavailable_device_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="'device' is 'cuda', but this machine has only cpu"):
        choose_device("cuda")
    with pytest.raises(ValueError, match="expected auto, cpu, cuda or mps"):
        choose_device("tpu")


def test_memory_is_measured_for_this_process():
    assert rss_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
    before = peak_rss_bytes()
    block = bytearray(50_000_000)
    block[::4096] = b"x" * len(block[::4096])
    assert peak_rss_bytes() >= max(before, rss_bytes() - 1_000_000)
    assert gpu_memory_bytes(torch.device("cpu")) == 0


def test_a_file_appears_with_its_full_content(tmp_path):
    path = tmp_path / "folder" / "file"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_is_unchanged(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def write_half():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
