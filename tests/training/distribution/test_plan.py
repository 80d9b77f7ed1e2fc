import pytest
import torch
from distributed_training import distribution
from example_training import Training

from mnist_growth.machine import default_threads
from mnist_growth.training import Machine
from mnist_growth.training.distribution import divide, plan, share_machine


def test_processes_share_threads_and_memory_of_a_processor():
    assert share_machine(Machine("cpu", 6, 0.9), distribution(processes=3)) == Machine("cpu", 2, pytest.approx(0.3))
    assert share_machine(Machine("cpu", 1, 1.0), distribution(processes=2)).threads == 1
    assert share_machine(Machine("cpu", None, 1.0), distribution()).threads == max(1, default_threads() // 2)


def test_every_process_needs_a_gpu_and_has_all_of_its_memory(monkeypatch):
    monkeypatch.setattr(plan, "choose_device", lambda _: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert share_machine(Machine("cuda", 4, 0.8), distribution()) == Machine("cuda", 2, 0.8)
    with pytest.raises(ValueError, match=r"processes' is 3, but this machine has 2 GPUs, .* needs one of its own; set"):
        share_machine(Machine("cuda", 4, 0.8), distribution(processes=3))


def test_a_setup_says_how_many_processes_share_it():
    training = Training()
    config = distribution(processes=2, nodes=3, rendezvous="first:29500", batch_norm="local")
    divided = divide(training.setup, config, training.split)
    assert divided.distribution == {"processes": 6, "batch_norm": "local"}


@pytest.mark.parametrize(
    ("changes", "config", "sentence"),
    [
        ({"training": {"batch_size": 2}}, {"processes": 3}, "'training.batch_size' is 2, too few for 3 processes"),
        (
            {"training": {"batch_size": 5}},
            {"processes": 3, "batch_norm": "local"},
            "'training.batch_size' is 5, too few for 3 processes .* at least 6",
        ),
        ({"training": {"micro_batch_size": 2}}, {"processes": 3}, "'training.micro_batch_size' is 2, too few"),
        (
            {"training": {"batch_size_schedule": {"schedule": "steps", "steps": [{"epoch": 1, "batch_size": 2}]}}},
            {"processes": 3},
            r"steps\[0\]\.batch_size' is 2, too few",
        ),
        ({"training": {"batch_size": 1000}}, {"processes": 900}, "There are 180 training images, too few"),
    ],
)
def test_more_processes_than_images_are_refused(changes, config, sentence):
    training = Training(**changes)
    with pytest.raises(ValueError, match=sentence):
        divide(training.setup, distribution(**config), training.split)


def test_several_machines_need_a_place_to_meet():
    with pytest.raises(ValueError, match=r"distribution\.nodes' is 2, but 'distribution\.rendezvous' is null; give"):
        distribution(nodes=2)
    with pytest.raises(ValueError, match="rendezvous"):
        distribution(nodes=2, rendezvous="no port")
