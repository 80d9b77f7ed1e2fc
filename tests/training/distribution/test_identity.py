from dataclasses import replace

import pytest
import torch
from example_training import Training

from mnist_growth.training.distribution.identity import Identity, check_alike


@pytest.fixture(scope="module")
def own():
    return Identity.own(Training().setup, torch.device("cpu"))


def test_processes_with_the_same_version_parameters_and_digits_train_together(own):
    check_alike([own, replace(own, host="elsewhere")])


def test_the_number_of_threads_may_differ(own):
    setup = replace(Training().setup, threads=7)
    check_alike([own, Identity.own(setup, torch.device("cpu"))])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": "0.0.1 (code 0)"}, r"process 1 on there has 0\.0\.1 \(code 0\); install the same version on all"),
        ({"setup": {"training": {"epochs": 9}}}, "different parameters or digits: .* in process 1 on there; start all"),
    ],
)
def test_what_differs_is_named(own, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_alike([own, replace(own, host="there", **changes)])


def test_the_code_is_a_part_of_the_version(own, monkeypatch, tmp_path):
    import mnist_growth
    from mnist_growth.training.distribution.identity import project_version

    (tmp_path / "__init__.py").write_text("changed")
    monkeypatch.setattr(mnist_growth, "__file__", str(tmp_path / "__init__.py"))
    assert project_version() != own.version


def test_two_processes_cannot_have_one_gpu(own):
    with pytest.raises(ValueError, match=r"Process 0 and process 2 on .* ask for the same GPU"):
        check_alike([replace(own, gpu="a"), replace(own, gpu="b"), replace(own, gpu="a")])
