"""Trainings of the search for architectures: of given widths, and of a network that grows layer by layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from mnist_growth.compression import ImportanceName, importances, narrow_training, training_probe, units_within
from mnist_growth.growth import (
    Probe,
    operator_named,
    widen_together,
    widths_within,
)
from mnist_growth.network import MLPSpec, build
from mnist_growth.studies.cool_down import Member, Trunk
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.trial import Trial
from mnist_growth.training import (
    Machine,
    Training,
    TrainingSetup,
    TrainingState,
    start_training,
)


@dataclass(frozen=True)
class Architecture(Trial):
    """A training of a perceptron of given widths.

    Attributes:
        spec: The network.
        images: Number of images of an epoch.
        widest: The training of the widest network of the study.
    """

    spec: MLPSpec = field(kw_only=True)
    images: int = field(kw_only=True)
    widest: TrainingSetup = field(kw_only=True)

    @property
    def beyond_setup(self) -> Mapping[str, Any]:
        """The widths, of which the setup has none."""
        return {"widths": list(self.spec.widths)}

    @property
    def largest_training(self) -> TrainingSetup:
        """The training of the widest network, whatever this one does."""
        return self.widest

    @property
    def work(self) -> int:
        """Multiply-adds of the training."""
        return self.setup.training.epochs * self.images * self.spec.training_multiply_adds

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training of a network with random weights."""
        network = build(self.spec, data.pixels, torch.Generator().manual_seed(self.setup.training.seed))
        return start_training(self.setup, data.train, data.split, data.pixels, machine, network=network)


@dataclass(frozen=True)
class LayerByLayer(Trunk):
    """A training at a constant rate whose network is widened before each stage, where that helps most.

    Attributes:
        limits: Largest number of multiply-adds of an image in each stage, the first one included.
        max_width: Largest width of a layer.
        width_step: Number of units by which a layer is widened at a time.
        importance: Which units are important.
        probe_digits: Number of training digits on which that is measured.
        widest: The training of the widest network of the study.
    """

    limits: tuple[int, ...] = field(kw_only=True)
    max_width: int = field(kw_only=True)
    width_step: int = field(kw_only=True)
    importance: ImportanceName = field(kw_only=True)
    probe_digits: int = field(kw_only=True)
    widest: TrainingSetup = field(kw_only=True)

    @property
    def beyond_setup(self) -> Mapping[str, Any]:
        """How the network is widened, of which the setup knows nothing."""
        names = ("stage_epochs", "limits", "max_width", "width_step", "importance", "probe_digits")
        return {name: getattr(self, name) for name in names}

    @property
    def largest_training(self) -> TrainingSetup:
        """The training of the widest network, whatever this one does."""
        return self.widest

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training, at its start or at the end of its newest stage."""
        training = super().assemble(data, machine)
        probe = training_probe(data.train, data.split, self.probe_digits, training.state.device)

        def widen_before_a_stage(state: TrainingState) -> bool:
            stage, epoch = divmod(state.epochs_done, self.stage_epochs)
            return epoch == 0 and stage > 0 and self.widen(state, self.limits[stage], probe)

        return replace(training, before_epoch=widen_before_a_stage)

    def widen(self, state: TrainingState, limit: int, probe: Probe) -> bool:
        """Widen the layers whose units are most important per multiply-add, and return whether one was widened.

        Args:
            state: Between two epochs.
            limit: Largest number of multiply-adds of an image.
            probe: Training digits on which the importance is measured.
        """
        before = state.network.widths
        gains = [float(values.sum()) for values in importances(state.average, probe, self.importance)]
        after = widths_within(state.network.spec, gains, limit, self.max_width, self.width_step)
        if after == before:
            return False
        counts = [new - old for new, old in zip(after, before, strict=True)]
        operator = operator_named(self.setup.growth.operator, probe)
        (network, average), widenings = widen_together(
            [state.network, state.average], counts, operator, state.data_generator
        )
        state.optimizer.grow(network, widenings)
        state.network, state.average = network, average.requires_grad_(False)
        return True


@dataclass(frozen=True)
class Pruned(Member):
    """A copy of the trunk from which the least important units leave before it is cooled down.

    Attributes:
        limit: Largest number of multiply-adds of an image.
        min_width: Smallest width of a layer.
    """

    trunk: LayerByLayer = field(kw_only=True)
    limit: int = field(kw_only=True)
    min_width: int = field(kw_only=True)

    @property
    def beyond_setup(self) -> Mapping[str, Any]:
        """The trunk, and which units leave."""
        return {**super().beyond_setup, "limit": self.limit, "min_width": self.min_width}

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training, which begins with a narrower copy of the trunk."""
        training = super().assemble(data, machine)
        probe = training_probe(data.train, data.split, self.trunk.probe_digits, training.state.device)
        average = training.state.average
        kept = units_within(average, importances(average, probe, self.trunk.importance), self.limit, self.min_width)
        narrow_training(training.state, kept, probe)
        return training
