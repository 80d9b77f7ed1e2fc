import logging

import pytest
import torch

from mnist_growth.kernels import are_usable, usable

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def ask_again():
    are_usable.cache_clear()
    yield
    are_usable.cache_clear()


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(usable, "find_spec", lambda _name: object())
    monkeypatch.delenv(usable.VARIABLE, raising=False)


def test_only_a_gpu_uses_them(installed):
    assert not are_usable(CPU)
    assert not are_usable(torch.device("mps"))


def test_a_gpu_on_which_a_kernel_runs_uses_them(installed, monkeypatch):
    trial = pytest.importorskip("mnist_growth.kernels.trial", exc_type=ImportError)
    tried = []
    monkeypatch.setattr(trial, "run_trial", tried.append)
    assert are_usable(GPU)
    assert are_usable(GPU)
    assert tried == [GPU]  # once


def test_the_environment_variable_turns_them_off(installed, monkeypatch):
    monkeypatch.setenv(usable.VARIABLE, "0")
    assert not are_usable(GPU)


def test_without_triton_it_says_what_it_does_once(monkeypatch, caplog):
    monkeypatch.setattr(usable, "find_spec", lambda _name: None)
    with caplog.at_level(logging.WARNING):
        assert not are_usable(GPU)
        assert not are_usable(GPU)
    assert [record.message for record in caplog.records] == [
        "Triton is not installed: the GPU computes with torch's own kernels, which takes longer."
    ]


def test_without_a_compiler_it_says_why(installed, monkeypatch, caplog):
    trial = pytest.importorskip("mnist_growth.kernels.trial", exc_type=ImportError)

    def fail(device):
        raise RuntimeError("Triton looks for gcc.\nFailed to find C compiler.")

    monkeypatch.setattr(trial, "run_trial", fail)
    with caplog.at_level(logging.WARNING):
        assert not are_usable(GPU)
    assert "compiles no kernel (Failed to find C compiler.)" in caplog.text


def test_the_trial_computes(device):
    trial = pytest.importorskip("mnist_growth.kernels.trial", exc_type=ImportError)
    trial.run_trial(device)
