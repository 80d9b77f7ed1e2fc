"""Checkpoints: a training on disk, so that it can go on bit for bit."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mnist_growth.network import GrowingAdamW, GrowingMLP, averaged_copy, load_tensors, save_tensors
from mnist_growth.training.history import EpochRecord, GrowthEvent
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was read.

    Attributes:
        path: its file.
        tensors: on the CPU.
        header: plain values, among them the setup it was written with.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    header: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """Name of the tracked run that the training belongs to; empty if none."""
        return str(self.header["run_id"])

    def restore(self, device: torch.device) -> TrainingState:
        """Make the state of the training again.

        Raises:
            ValueError: the file does not hold a whole training state.
        """
        try:
            return _restore(self.tensors, self.header, device)
        except (KeyError, TypeError, RuntimeError) as error:
            raise ValueError(f"{self.path} does not hold a whole training ({error}): choose another version") from error


class CheckpointStore:
    """Where a training leaves its checkpoints and finds earlier ones.

    Args:
        folder: takes the checkpoints of this training.
        earlier: folder of the training to go on from; None if there is none.
        keep: number of checkpoints that stay in the folder.
    """

    def __init__(self, folder: Path, earlier: Path | None = None, keep: int = 2) -> None:
        self.folder = folder
        self.earlier = earlier
        self.keep = keep

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Write a checkpoint, then delete all but the newest ones of this training.

        Raises:
            OSError: the folder cannot be written to, or the disk is full; earlier checkpoints are left as they were.
        """
        path = self.folder / f"update-{state.updates:09d}-epochs-{state.epochs_done:05d}.safetensors"
        tensors, header = _contents(state)
        save_tensors(path, "checkpoint", tensors, {**header, "setup": setup.to_dict()})
        for old in _checkpoint_files(self.folder)[self.keep :]:
            old.unlink(missing_ok=True)

    def latest(self) -> Checkpoint:
        """Read the newest checkpoint that can be read.

        Raises:
            FileNotFoundError: there is none.
        """
        files = _checkpoint_files(self.earlier) if self.earlier else []
        for path in files:
            try:
                return Checkpoint(path, *load_tensors(path, "checkpoint"))
            except ValueError as error:
                logger.warning("%s; the checkpoint before it is taken", error)
        where = self.earlier or self.folder.parent
        raise FileNotFoundError(f"no readable checkpoint in {where}: start a training with `kedro run` first")


def _checkpoint_files(folder: Path) -> list[Path]:
    """Checkpoints of a folder, the newest first."""
    return sorted(folder.glob("update-*.safetensors"), reverse=True)


def _contents(state: TrainingState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The state as named tensors and plain values."""
    moments, extents = state.optimizer.state()
    tensors = {
        **{f"network.{name}": tensor for name, tensor in state.network.state_dict().items()},
        **{f"average.{name}": tensor for name, tensor in state.average.state_dict().items()},
        **{f"optimizer.{name}": tensor for name, tensor in moments.items()},
        "data_generator": state.data_generator.get_state(),
        "warp_generator": state.warp_generator.get_state(),
        "order": state.progress.order,
        "loss_sum": state.progress.loss_sum,
        "right_sum": state.progress.right_sum,
    }
    header = {
        "widths": list(state.network.widths),
        "batch_norm": state.network.batch_norm,
        "extents": extents,
        "weight_decay": state.optimizer.weight_decay,
        "device": state.device.type,
        "epochs_done": state.epochs_done,
        "updates": state.updates,
        "batches": state.progress.batches,
        "seconds": state.progress.seconds,
        "grew": state.progress.grew,
        "records": [asdict(record) for record in state.records],
        "events": [asdict(event) for event in state.events],
        "run_id": state.run_id,
    }
    return tensors, header


def _restore(tensors: Mapping[str, Tensor], header: Mapping[str, Any], device: torch.device) -> TrainingState:
    network = GrowingMLP(header["widths"], batch_norm=header["batch_norm"]).to(device)
    network.load_state_dict(_named("network.", tensors))
    average = averaged_copy(network)
    average.load_state_dict(_named("average.", tensors))
    optimizer = GrowingAdamW(network, weight_decay=header["weight_decay"])
    optimizer.load_state(_named("optimizer.", tensors), header["extents"])
    state = TrainingState(
        network=network.train(),
        average=average,
        optimizer=optimizer,
        data_generator=torch.Generator(),
        warp_generator=torch.Generator(device),
        progress=EpochProgress(
            order=tensors["order"],
            batches=header["batches"],
            loss_sum=tensors["loss_sum"].to(device),
            right_sum=tensors["right_sum"].to(device),
            seconds=header["seconds"],
            grew=header["grew"],
        ),
        epochs_done=header["epochs_done"],
        updates=header["updates"],
        records=[EpochRecord(**record) for record in header["records"]],
        events=[_event(event) for event in header["events"]],
        run_id=header["run_id"],
    )
    state.data_generator.set_state(tensors["data_generator"])
    if header["device"] == device.type:
        state.warp_generator.set_state(tensors["warp_generator"])
    else:  # generators of different devices have different states: go on from a number that the old one decides
        seed = int(tensors["warp_generator"].to(torch.int64).sum()) + header["updates"]
        state.warp_generator.manual_seed(seed)
    return state


def _event(values: Mapping[str, Any]) -> GrowthEvent:
    """A growth event from JSON, where tuples have become lists."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return GrowthEvent(**fields)


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
