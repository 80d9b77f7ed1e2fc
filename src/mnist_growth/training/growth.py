"""Growing within a training: deciding, doing, and measuring what it did."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.network import (
    GrowingMLP,
    GrowthConfig,
    Moment,
    Probe,
    equal_width,
    gradient_directions,
    gradient_gain,
    neurons_to_add,
    neurons_wanted,
    operator_named,
    parameters_of_a_unit,
    planned_widths,
    widen_together,
)
from mnist_growth.training.history import GrowthEvent
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState

CHECK_IMAGES = 256  # validation images on which a growth is checked to have changed nothing
PROBE_IMAGES = 512  # training images on which the gradient is measured; as many as ``micro_batch`` measures with


def grow_if_due(state: TrainingState, data: TrainingData, setup: TrainingSetup) -> GrowthEvent | None:
    """Grow before the epoch that is about to begin, if it is time.

    Args:
        state: between two epochs; its network, average, optimizer and events follow the growth.
        data: on the device of the network.
        setup: all parameters.

    Returns:
        What was done; None if nothing was. If it fails, for want of memory, the state is as before.
    """
    drawn = state.data_generator.get_state()
    try:
        return _grow(state, data, setup) if is_growth_due(state, setup) else None
    except Exception:
        state.data_generator.set_state(drawn)
        raise


def newest_factor(age: int | None, growth: GrowthConfig, batches: int) -> float:
    """Multiple of the learning rate for the units born last: ``new_unit_learning_rate_scale``, after a linear warm-up.

    Args:
        age: updates that they have had; None if none were born by a growth.
        growth: scale and length of the warm-up in epochs.
        batches: of an epoch.
    """
    if age is None:
        return 1.0
    warmup_updates = growth.new_unit_warmup_epochs * batches
    return growth.new_unit_learning_rate_scale * min(1.0, (age + 1) / max(warmup_updates, 1.0))


def is_growth_due(state: TrainingState, setup: TrainingSetup) -> bool:
    """Whether the trigger wants a wider network for the epoch that is about to begin.

    Args:
        state: between two epochs.
        setup: all parameters.
    """
    if setup.growth.trigger == "plan":
        return any(_planned_units(state, setup))
    return _neurons_wanted(state, setup) > equal_width(state.network.widths)


def _planned_units(state: TrainingState, setup: TrainingSetup) -> list[int]:
    """How many units each hidden layer lacks of its width in the plan."""
    widths = state.network.widths
    planned = planned_widths(state.epochs_done, setup.growth, len(widths))
    return [max(wanted - width, 0) for wanted, width in zip(planned, widths, strict=True)]


def _neurons_wanted(state: TrainingState, setup: TrainingSetup) -> int:
    """Width at which equally wide hidden layers cost what the trigger wants to spend."""
    widths = state.network.widths
    moment = Moment(
        epoch=state.epochs_done,
        epochs=setup.training.epochs,
        neurons=equal_width(widths),
        hidden_layers=len(widths),
        history=state.records,
    )
    return neurons_wanted(moment, setup.growth)


def _new_units(state: TrainingState, setup: TrainingSetup, values: Sequence[Tensor]) -> list[int]:
    """How many units each hidden layer gains, by the singular values of its gradient matrix."""
    widths, growth = state.network.widths, setup.growth
    if growth.trigger == "plan":
        return _planned_units(state, setup)
    costs = [parameters_of_a_unit(widths, layer, batch_norm=state.network.batch_norm) for layer in range(len(widths))]
    neurons = _neurons_wanted(state, setup)
    portion = neurons - equal_width(widths)
    per_parameter = [
        gradient_gain(found, portion) / (portion * cost) for found, cost in zip(values, costs, strict=True)
    ]
    return neurons_to_add(widths, neurons, growth, per_parameter)


def _grow(state: TrainingState, data: TrainingData, setup: TrainingSetup) -> GrowthEvent | None:
    """Widen the network, its average and the optimizer's state, and measure that the function is the same."""
    before, growth = state.network, setup.growth
    probe = _probe(data, state.device)
    values = [found.values for found in gradient_directions(before, probe)]
    counts = _new_units(state, setup, values)
    if not any(counts):  # what is left to spend does not pay for a whole unit
        return None
    gains = [gradient_gain(found, count) for found, count in zip(values, counts, strict=True)]
    operator = operator_named(growth.operator, probe)
    (network, average), widenings = widen_together([before, state.average], counts, operator, state.data_generator)
    check, _ = data.batch(data.validation[:CHECK_IMAGES], state.device)
    old_logits, new_logits = (_evaluate(either, check) for either in (before, network))
    event = GrowthEvent(
        epoch=state.epochs_done + 1,
        operator=growth.operator,
        trigger=growth.trigger,
        layers=tuple(layer + 1 for layer, count in enumerate(counts) if count > 0),
        widths_before=before.widths,
        widths_after=network.widths,
        parameters_before=before.parameter_count,
        parameters_after=network.parameter_count,
        largest_logit_change=float((old_logits - new_logits).abs().max()),
        largest_logit=float(old_logits.abs().max()),
        gradient_gains=tuple(gain for gain, count in zip(gains, counts, strict=True) if count > 0),
    )
    state.optimizer.grow(network, widenings)  # the last that takes memory: it is done or not, like the rest
    state.network, state.average = network, average.requires_grad_(False)
    state.events.append(event)
    return event


def _probe(data: TrainingData, device: torch.device) -> Probe:
    """Some training images, evenly spread over the training part and the same in every growth."""
    stride = max(1, len(data.train) // PROBE_IMAGES)
    return Probe(*data.batch(data.train[::stride][:PROBE_IMAGES], device))


@torch.inference_mode()
def _evaluate(network: GrowingMLP, images: Tensor) -> Tensor:
    """Logits in evaluation mode; the network is left in the mode it was in."""
    was_training = network.training
    network.eval()
    logits: Tensor = network(images)
    network.train(was_training)
    return logits
