import pytest
import torch
from example_training import Training


class Recorder:
    """A monitor that writes down what it is told."""

    run_id = "run-1"

    def __init__(self):
        self.calls, self.records, self.events, self.reasons = [], [], [], []

    def started(self, epochs_done, epochs, batches_per_epoch):
        self.calls.append(("started", epochs_done, epochs, batches_per_epoch))

    def batch(self, batches_done):
        self.calls.append(("batch", batches_done))

    def grew(self, event):
        self.calls.append(("grew", event.epoch))
        self.events.append(event)

    def epoch(self, record):
        self.calls.append(("epoch", record.epoch))
        self.records.append(record)

    def shrank(self, epoch, size, reason):
        self.calls.append(("shrank", epoch, size))
        self.reasons.append(reason)

    def should_stop(self):
        return False

    def finished(self):
        self.calls.append(("finished",))


@pytest.fixture
def make_training():
    return Training


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-equality is promised for one number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
