"""Checkpoints: a training in a file, so that it can continue bit for bit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mnist_growth.learning import GrowingAdamW, averaged_copy
from mnist_growth.network import check_header, load_tensors, rebuild_network
from mnist_growth.training.checkpoint_header import CheckpointHeader, check_moments, check_progress
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    Attributes:
        path: Its file.
        tensors: On the CPU.
        header: Plain values, among them the setup that it was written with.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    header: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | Path) -> "Checkpoint":
        """Read a checkpoint and check its header.

        Raises:
            ValueError: The file is damaged, or not a checkpoint of this version.
            OSError: The file cannot be read.
        """
        tensors, header = load_tensors(path, "checkpoint")
        try:
            check_header(header, CheckpointHeader)
        except ValueError as error:
            raise ValueError(f"{path} is not a complete training ({error}): choose another version") from None
        return cls(Path(path), tensors, header)

    @property
    def run_id(self) -> str:
        """Id of the tracked run of the training; empty without one."""
        return str(self.header["run_id"])

    def restore(self, device: torch.device, dtype: torch.dtype = torch.float32) -> TrainingState:
        """Return the state of the training.

        Args:
            device: Of the network.
            dtype: Of its parameters.

        Raises:
            ValueError: The file is not a complete training.
        """
        try:
            return _restore(self.tensors, check_header(self.header, CheckpointHeader), device, dtype)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{self.path} is not a complete training ({error}): choose another version") from error


def contents(state: TrainingState, setup: TrainingSetup) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the state of a training as named tensors, not copied, and plain values for a JSON header."""
    moments, extents = state.optimizer.state()
    tensors = {
        **{f"network.{name}": tensor for name, tensor in state.network.state_dict().items()},
        **{f"average.{name}": tensor for name, tensor in state.average.state_dict().items()},
        **{f"optimizer.{name}": tensor for name, tensor in moments.items()},
        "data_generator": state.data_generator.get_state(),
        "warp_generator": state.warp_generator.get_state(),
        "order": state.progress.order,
        "loss_sum": state.progress.loss_sum,
        "correct_count": state.progress.correct_count,
    }
    header = {
        "spec": state.network.spec.model_dump(mode="json"),
        "extents": extents,
        "weight_decay": state.optimizer.weight_decay,
        "device": state.device.type,
        "epochs_done": state.epochs_done,
        "updates": state.updates,
        "batches": state.progress.batches,
        "seconds": state.progress.seconds,
        "grew": state.progress.grew,
        "batch_size": state.progress.batch_size,
        "records": [asdict(record) for record in state.records],
        "events": [asdict(event) for event in state.events],
        "run_id": state.run_id,
        "setup": setup.to_dict(),
    }
    return tensors, header


def _restore(
    tensors: Mapping[str, Tensor], header: CheckpointHeader, device: torch.device, dtype: torch.dtype
) -> TrainingState:
    check_progress(tensors, header)
    network = rebuild_network(header.spec, _named("network.", tensors), dtype).to(device)
    average = averaged_copy(rebuild_network(header.spec, _named("average.", tensors), dtype).to(device))
    moments = _named("optimizer.", tensors)
    check_moments(network, header.extents, moments)
    optimizer = GrowingAdamW(network, weight_decay=header.weight_decay)
    optimizer.load_state(moments, header.extents)
    state = TrainingState(
        network=network.train(),
        average=average,
        optimizer=optimizer,
        data_generator=torch.Generator(),
        warp_generator=torch.Generator(device),
        progress=EpochProgress(
            order=tensors["order"],
            batches=header.batches,
            loss_sum=tensors["loss_sum"].to(device),
            correct_count=tensors["correct_count"].to(device),
            seconds=header.seconds,
            grew=header.grew,
            batch_size=header.batch_size,
        ),
        epochs_done=header.epochs_done,
        updates=header.updates,
        records=list(header.records),
        events=list(header.events),
        run_id=header.run_id,
    )
    state.data_generator.set_state(tensors["data_generator"])
    if header.device == device.type:
        state.warp_generator.set_state(tensors["warp_generator"])
    else:  # generators of different devices have different states: derive a seed from the old one
        seed = int(tensors["warp_generator"].to(torch.int64).sum()) + header.updates
        state.warp_generator.manual_seed(seed)
    return state


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
