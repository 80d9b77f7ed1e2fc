"""A training of large batches under a limit of the process's memory: `python limited_training.py <bytes to spare>`.

Prints the losses and the sizes of the pieces of each epoch as JSON. 0 is no limit.
"""

import json
import resource
import sys
from pathlib import Path

import torch
from example_training import Training

from bar_digits import make_digits
from conftest import Recorder
from mnist_growth.training import NoCheckpoints, train


def data_bytes():
    """Private writable memory of this process, which RLIMIT_DATA limits."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))


torch.set_num_threads(1)
training = Training(
    training={"batch_size": 16_384, "epochs": 3, "learning_rate": 1e-3},
    network={"batch_norm": False},
    growth={"initial_neurons": 32, "growth_rate": 16, "growth_epochs": 1, "max_neurons": 64},
    digits=make_digits(22_000),
)
state = training.begin()
spare = int(sys.argv[1])
if spare:
    limit = data_bytes() + spare
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
train(state, training.data, training.setup, NoCheckpoints(), Recorder(), training.budget)
print(json.dumps([[record.train_loss, record.validation_loss, record.micro_batch_size] for record in state.records]))
