"""Growing within a training: deciding, doing, and measuring what it did."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.growth import (
    Deepening,
    GrowthConfig,
    Moment,
    Probe,
    Widening,
    deepen,
    equal_width,
    gradient_gain,
    gradient_values,
    neurons_to_add,
    neurons_wanted,
    operator_named,
    parameters_of_a_unit,
    planned_widths,
    widen_together,
)
from mnist_growth.network import Network, NetworkSpec, evaluation_mode
from mnist_growth.training.history import GrowthEvent
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState

CHECK_IMAGES = 256  # validation images on which a growth is checked to have changed nothing
PROBE_IMAGES = 512  # training images on which the gradient is measured; as many as ``micro_batch`` measures with


@dataclass(frozen=True)
class GrowthTarget:
    """What a trigger asks for.

    Attributes:
        neurons: Number at which groups of as many neurons cost what may be spent; 0 for a plan.
        widths: Width of each group, by a plan; empty for the other triggers.
    """

    neurons: int = 0
    widths: tuple[int, ...] = ()


def due_growth(state: TrainingState, setup: TrainingSetup) -> GrowthTarget | None:
    """Decide whether the network grows before the epoch that is about to begin, and how far.

    Args:
        state: Between two epochs.
        setup: All parameters.

    Returns:
        The target; None if no growth is due.
    """
    spec, growth = state.network.spec, setup.growth
    if growth.trigger == "plan":
        first = setup.initial_spec
        planned = first.with_neurons(planned_widths(state.epochs_done, growth, first)).widths
        return GrowthTarget(widths=planned) if planned != spec.widths else None
    moment = Moment(epoch=state.epochs_done, epochs=setup.training.epochs, spec=spec, history=state.records)
    neurons = neurons_wanted(moment, growth)
    return GrowthTarget(neurons=neurons) if neurons > equal_width(spec) else None


def grow(state: TrainingState, data: TrainingData, setup: TrainingSetup, target: GrowthTarget) -> GrowthEvent | None:
    """Deepen and widen the network, its average and the optimizer's state, and measure that the function is the same.

    Args:
        state: Between two epochs; its network, average, optimizer and events follow the growth.
        data: On the device of the network.
        setup: All parameters.
        target: Of ``due_growth``.

    Returns:
        What was done; None if the target does not afford one more unit. If the growth fails, for lack of memory, the
        state is as before.
    """
    drawn = state.data_generator.get_state()
    try:
        return _grow(state, data, setup, target)
    except Exception:
        state.data_generator.set_state(drawn)
        raise


def newest_factor(age: int | None, growth: GrowthConfig, batches: int) -> float:
    """Return the factor of the learning rate for the units added by the last growth step.

    It is ``new_unit_learning_rate_scale``, after a linear warm-up.

    Args:
        age: Number of their updates; None if the network has not grown.
        growth: Scale and length of the warm-up in epochs.
        batches: Number of batches of an epoch.
    """
    if age is None:
        return 1.0
    warmup_updates = growth.new_unit_warmup_epochs * batches
    return growth.new_unit_learning_rate_scale * min(1.0, (age + 1) / max(warmup_updates, 1.0))


def _grow(state: TrainingState, data: TrainingData, setup: TrainingSetup, target: GrowthTarget) -> GrowthEvent | None:
    before, growth = state.network, setup.growth
    probe = _probe(data, state.device)
    networks, deepenings = _deepened([before, state.average], len(target.widths), probe.images)
    values = gradient_values(networks[0], probe)
    counts = _new_units(networks[0].spec, target, growth, values)
    if not any(counts) and not deepenings:  # the budget does not cover one more unit
        return None
    added = [count * size for count, size in zip(counts, networks[0].spec.unit_sizes, strict=True)]
    gains = [0.0 if found is None else gradient_gain(found, count) for found, count in zip(values, added, strict=True)]
    operator = operator_named(growth.operator, probe)
    (network, average), widenings = widen_together(networks, counts, operator, state.data_generator)
    check, _ = data.batch(data.validation[:CHECK_IMAGES], state.device)
    old_logits, new_logits = (_evaluate(either, check) for either in (before, network))
    old_widths = (*before.widths, *[0] * len(deepenings))
    grown = [index for index, pair in enumerate(zip(old_widths, network.widths, strict=True)) if pair[0] != pair[1]]
    event = GrowthEvent(
        epoch=state.epochs_done + 1,
        operator=growth.operator,
        trigger=growth.trigger,
        layers=tuple(index + 1 for index in grown),
        widths_before=old_widths,
        widths_after=network.widths,
        parameters_before=before.parameter_count,
        parameters_after=network.parameter_count,
        largest_logit_change=float((old_logits - new_logits).abs().max()),
        largest_logit=float(old_logits.abs().max()),
        gradient_gains=tuple(gains[index] for index in grown),
    )
    changes: list[Widening | Deepening] = [*deepenings, *widenings]
    state.optimizer.grow(network, changes)  # the last step that allocates memory
    state.network, state.average = network, average.requires_grad_(False)
    state.events.append(event)
    return event


def _deepened(networks: Sequence[Network], groups: int, images: Tensor) -> tuple[list[Network], list[Deepening]]:
    """Append layers that compute the identity after the last group until there are as many groups; 0 adds none.

    Each network is deepened with its own statistics, so that both functions are preserved.
    """
    deeper, deepenings = list(networks), []
    while len(deeper[0].widths) < groups:
        last = len(deeper[0].widths) - 1
        done = [deepen(network, last, images) for network in deeper]
        deeper = [network for network, _ in done]
        deepenings.append(done[0][1])
    return deeper, deepenings


def _new_units(
    spec: NetworkSpec, target: GrowthTarget, growth: GrowthConfig, values: Sequence[Tensor | None]
) -> list[int]:
    """Return how many units each group gains, by the singular values of its gradient matrix."""
    if target.widths:
        return [wanted - width for wanted, width in zip(target.widths, spec.widths, strict=True)]
    if growth.where == "all":
        return neurons_to_add(spec, target.neurons, growth, [])
    portion = target.neurons - equal_width(spec)
    per_parameter = []
    for group, found in enumerate(values):
        assert found is not None, "refused at the start"
        units = portion / spec.unit_sizes[group]
        per_parameter.append(gradient_gain(found, portion) / (units * parameters_of_a_unit(spec, group)))
    return neurons_to_add(spec, target.neurons, growth, per_parameter)


def _probe(data: TrainingData, device: torch.device) -> Probe:
    """Return some training images, evenly spread over the training part and the same in every growth."""
    stride = max(1, len(data.train) // PROBE_IMAGES)
    return Probe(*data.batch(data.train[::stride][:PROBE_IMAGES], device))


@torch.inference_mode()
def _evaluate(network: Network, images: Tensor) -> Tensor:
    """Return logits in evaluation mode."""
    with evaluation_mode(network):
        logits: Tensor = network(images)
    return logits
