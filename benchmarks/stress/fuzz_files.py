"""Damaged and forged files of networks and checkpoints, for the functions that read them and continue with them."""

import contextlib
import json
import math
import pickle
import random
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmarks.common.base_parameters import base_with
from benchmarks.common.training import define, machine, noise, start
from benchmarks.stress.fuzz_cases import Evil, Report, run_case
from benchmarks.stress.fuzz_mutations import changed, changed_tensors, mutated, with_number
from mnist_growth.network import load_network, load_tensors, save_network, save_tensors
from mnist_growth.network import tensor_file as tensor_files
from mnist_growth.training import Checkpoint, CheckpointStore, Monitors, ResumeConfig, continue_training

CPU = torch.device("cpu")


def fuzz_files(folder: Path, cases: int, seed: int, deadline: float = math.inf) -> Report:
    """Mutate the files of a network and a checkpoint, read them, and continue the training with them.

    Args:
        folder: Empty folder for the files.
        cases: Number of cases.
        seed: Seed of the mutations.
        deadline: Value of `time.monotonic()` after which no case begins.
    """
    training = FinishedTraining(folder / "training")
    report = Report()
    for number in range(cases):
        if time.monotonic() > deadline:
            break
        chance = random.Random(f"{seed} {number}")
        kind = chance.choice(("network", "checkpoint"))
        original = training.files[kind]
        path = folder / f"case-{number}" / "update-999999999-epochs-00009.safetensors"
        path.parent.mkdir()
        (path.parent / training.files["checkpoint"].name).write_bytes(training.files["checkpoint"].read_bytes())
        forged = chance.random() < 0.4
        if forged:
            with contextlib.suppress(ValueError, OSError, TypeError, RuntimeError, OverflowError):  # not writable
                forge(original, path, kind, chance)
        else:
            path.write_bytes(damaged(original, chance))

        def case(kind: str = kind, forged: bool = forged, path: Path = path, original: Path = original) -> str:
            if kind == "checkpoint":
                CheckpointStore(path.parent / "new", earlier=path.parent).latest()  # an intact checkpoint precedes it
            return (read_network if kind == "network" else training.read_checkpoint)(path, None if forged else original)

        run_case(case, f"{'forged' if forged else 'damaged'} {kind}, file case {number} of seed {seed}", report)
        for left in (*path.parent.glob("new/*"), *path.parent.iterdir()):
            if left.is_file():
                left.unlink()
    return report


class FinishedTraining:
    """A finished training on noise, and its files.

    Attributes:
        files: Files of its network and of a checkpoint, by kind.
    """

    def __init__(self, folder: Path) -> None:
        self.digits = noise(80)
        self.parameters = base_with(
            device="cpu",
            split={"validation_fraction": 0.25},
            network={"hidden_layers": 2},
            growth={"initial_neurons": 4, "growth_rate": 2, "growth_epochs": 1, "max_neurons": 6},
            training={"epochs": 3, "batch_size": 20, "checkpoint_seconds": 1e-9, "precision": "float32"},
        )
        training = start(self.digits, self.parameters, run_id="run")
        self.setup = training.setup
        store = CheckpointStore(folder, newest=4)  # one of them is in the middle of an epoch
        training.run(store, Monitors([]))
        network = folder / "network.safetensors"
        save_network(network, training.trained())
        middle = sorted(folder.glob("update-*"))[1]
        assert len(Checkpoint.read(middle).restore(CPU).progress.order) > 0
        self.files = {"network": network, "checkpoint": middle}

    def read_checkpoint(self, path: Path, original: Path | None) -> str:
        """Read a checkpoint, continue from it, and return the outcome."""
        checkpoint = Checkpoint.read(path)
        state = checkpoint.restore(CPU)
        again = path.with_name("again")
        CheckpointStore(again).save(state, self.setup)
        written = load_tensors(next(again.iterdir()), "checkpoint")
        header = {**written[1], "setup": checkpoint.header["setup"]}
        if not same(written[0], header, checkpoint.tensors, checkpoint.header):
            return "DEFECT: restored with other content"
        if original is not None and not same(
            checkpoint.tensors, checkpoint.header, *load_tensors(original, "checkpoint")
        ):
            return "DEFECT: read with other content"
        setup, split = define(self.digits, self.parameters)
        continued = continue_training(
            setup, self.digits, split, checkpoint, machine(self.parameters), ResumeConfig(schedule="continue")
        )
        continued.run(CheckpointStore(again), Monitors([]))
        for left in again.iterdir():
            left.unlink()
        return "read correctly" if original else "forged but consistent"


def read_network(path: Path, original: Path | None) -> str:
    """Read a network and return the outcome."""
    trained = load_network(path)
    again = path.with_name("network-again")
    save_network(again, trained)
    content = load_tensors(path, "network")
    if not same(*load_tensors(again, "network"), *content):
        return "DEFECT: restored with other content"
    if original is not None and not same(*content, *load_tensors(original, "network")):
        return "DEFECT: read with other content"
    trained.network(torch.zeros(2, 28, 28, dtype=torch.uint8))
    return "read correctly" if original else "forged but consistent"


def same(
    tensors: Mapping[str, Tensor], header: Mapping[str, Any], others: Mapping[str, Tensor], other: Mapping[str, Any]
) -> bool:
    """Return whether two files have the same content, bit for bit; 1 and 1.0 in a header are equal."""
    return (
        canonical(header) == canonical(other)
        and tensors.keys() == others.keys()
        and all(
            tensors[name].dtype == others[name].dtype
            and tensors[name].shape == others[name].shape
            and tensors[name].numpy().tobytes() == others[name].numpy().tobytes()
            for name in tensors
        )
    )


def canonical(header: Mapping[str, Any]) -> str:
    """Format a header as JSON in which integers and floats are written alike."""
    tree = json.loads(json.dumps(header), parse_int=lambda digits: float(digits) if len(digits) < 300 else digits)
    return json.dumps(tree, sort_keys=True)


def damaged(path: Path, chance: random.Random) -> bytes:
    """Return the content of a file with damage that its checksum reveals."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    text, payload = content[8 : 8 + length], content[8 + length :]
    match chance.randrange(8):
        case 0 | 1:
            return mutated(content, chance)
        case 2:
            return with_number(content, chance, "<Q", 0)
        case 3:
            return struct.pack("<Q", length) + mutated(text, chance) + payload
        case 4 | 5:
            tree = changed(json.loads(text), chance)
            new = json.dumps(tree).encode(errors="surrogatepass")
            return struct.pack("<Q", chance.choice((len(new), len(new), length))) + new + payload
        case 6:
            return struct.pack("<Q", length) + text + mutated(payload, chance)
        case _:
            return chance.choice(
                (
                    lambda: b"",
                    lambda: pickle.dumps({"widths": [1]}),
                    lambda: pickle.dumps(Evil()),
                    lambda: content + content,
                    lambda: struct.pack("<Q", 2) + b"{}",
                    lambda: struct.pack("<Q", 10**6) + b"[" * 10**6,
                    lambda: struct.pack("<Q", 14) + b'{"a":' + b"9" * 8 + b"}",
                    lambda: content,
                )
            )()


def forge(original: Path, path: Path, kind: str, chance: random.Random) -> None:
    """Write a file with a correct checksum and content that may be wrong."""
    tensors, header = load_tensors(original, kind)
    match chance.randrange(6):
        case 0 | 1 | 2:
            save_tensors(path, kind, tensors, changed(header, chance))
        case 3 | 4:
            name = chance.choice(sorted(tensors))
            save_tensors(path, kind, changed_tensors(tensors, name, chance), header)
        case _:
            text = chance.choice(("[" * 10**5, "[]", "1", "null", '"x"', "", "{", '{"a": 1e999}', "9" * 10**4, "\0"))
            claimed = chance.choice((kind, "network", "checkpoint", "model"))
            checksum = tensor_files._digest(tensors, text)
            content = (
                f'{{"format": {chance.choice((1, 2))}, "kind": "{claimed}", "header": {text}, "sha256": "{checksum}"}}'
            )
            save_file(tensors, path, {tensor_files._METADATA: content})
