"""Training: one epoch after another."""

import contextlib
import logging
import math
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial

import torch

from mnist_growth.learning import ObjectiveFactory, adversarial_factory, objective_for
from mnist_growth.machine import (
    MemoryBudget,
    StopRequest,
    is_out_of_memory,
    raise_for_signal,
    return_freed_memory,
    stop_on_request,
)
from mnist_growth.training.batch_size import batch_size_of_epoch
from mnist_growth.training.checkpoints import Checkpoints
from mnist_growth.training.epoch import batches_per_epoch, begin_epoch, finish_epoch
from mnist_growth.training.growth import GrowthTarget, due_growth, grow
from mnist_growth.training.micro_batch import MicroBatches, bytes_per_image
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.recorded_steps import RecordedSteps, recorded_on_gpu
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState
from mnist_growth.training.step import TrainingStep
from mnist_growth.training.team import Requests, Team

logger = logging.getLogger(__name__)

Change = Callable[[TrainingState], bool]
"""Changes a training in place between two epochs, and returns whether the shapes of its network changed."""


def train(
    state: TrainingState,
    data: TrainingData,
    setup: TrainingSetup,
    checkpoints: Checkpoints,
    monitor: Monitor,
    budget: MemoryBudget,
    objective_factory: ObjectiveFactory = objective_for,
    before_epoch: Change | None = None,
    team: Team | None = None,
) -> None:
    """Train in place until ``setup.training.epochs`` epochs are completed or the monitor asks to stop.

    A checkpoint is saved at the start, before every growth step, at the end, and whenever ``checkpoint_seconds`` have
    passed since the last one, also within an epoch. After SIGINT, SIGTERM or SIGHUP the batch is completed and a
    checkpoint saved.

    Args:
        state: State of a new training run, or of one that continues.
        data: Images and labels, on the CPU or on the device of the network.
        setup: All parameters.
        checkpoints: Receives the checkpoints.
        monitor: Receives every batch, growth step and epoch; it can end the training after an epoch.
        budget: Memory that may be used; if it is scarce, a batch is divided into micro-batches.
        objective_factory: Creates the objective, which computes the gradients; called again after every growth step.
        before_epoch: Called before every epoch; pruning is such a change.
        team: The processes that train together; None for this one alone.

    Raises:
        FloatingPointError: The mean training loss of an epoch is not finite.
        MemoryError: Memory ran out even with the smallest micro-batch, or during growth or validation. A checkpoint was
            saved if memory was left for it.
        KeyboardInterrupt: After SIGINT; ``machine.Terminated`` after SIGTERM or SIGHUP.
    """
    training, team = setup.training, team or Team()
    micro_batches = MicroBatches(
        training.micro_batch_size or state.progress.batch_size or training.batch_size,
        min_images=team.min_images(state.network.spec.min_batch_size),
        budget=budget,
        on_shrink=lambda size, reason: monitor.shrank(state.epochs_done + 1, size, reason),
        processes=team.processes,
    )
    last_checkpoint = -math.inf

    def checkpoint() -> None:
        nonlocal last_checkpoint
        checkpoints.save(state, setup)
        last_checkpoint = time.monotonic()

    def requests(stop: StopRequest, step: TrainingStep | RecordedSteps) -> Requests:
        is_checkpoint_due = time.monotonic() - last_checkpoint > training.checkpoint_seconds
        return Requests(stop.signal, is_checkpoint_due, step.is_over_budget)

    def new_step() -> TrainingStep | RecordedSteps:
        """Create the step for the current widths; its locals would otherwise keep the memory of an old network."""
        dtype = training.product_dtype
        # The measurement draws from a generator of its own.
        measured = adversarial_factory(objective_factory, training.adversarial, torch.Generator(state.device))
        micro_batches.fit(
            partial(bytes_per_image, state.network, warps=setup.warps, dtype=dtype, objective=measured), data.images
        )
        factory = adversarial_factory(
            team.distributed(objective_factory), training.adversarial, state.warp_generator, team.sharding
        )
        objective = factory(state.network, dtype, training.label_smoothing)
        batches = batches_per_epoch(len(data.train), state.progress.batch_size)
        created = TrainingStep(state, data, setup, batches, micro_batches, objective, team)
        return_freed_memory()  # of the growth step and the measurement: training needs less
        return recorded_on_gpu(created)

    step: TrainingStep | RecordedSteps | None = None
    # Widths, and a target for which the multiply-add budget does not cover one more unit.
    unaffordable: tuple[tuple[int, ...], GrowthTarget] | None = None
    monitor.started(state.epochs_done, training.epochs, batches_per_epoch(len(data.train), training.batch_size))
    try:
        with stop_on_request() as stop, checkpoint_when_out_of_memory(checkpoint, state, budget, team):
            checkpoint()
            checkpoints.note_start(state, setup)
            while state.epochs_done < training.epochs:
                if len(state.progress.order) == 0:
                    event = None
                    target = team.decide(lambda: due_growth(state, setup))
                    if target is not None and (state.network.widths, target) != unaffordable:
                        checkpoint()  # also writes the best epoch, and frees the memory of its copy
                        checkpoints.note_growth(state, setup, is_done=False)
                        state.optimizer.zero_grad()
                        step = None
                        budget.collect()
                        event = team.grow(state, setup, partial(grow, state, data, setup, target))
                        if event is None:
                            unaffordable = state.network.widths, target
                        else:
                            checkpoints.note_growth(state, setup, is_done=True)
                            monitor.grew(event)
                    if before_epoch is not None and before_epoch(state):
                        step = None
                    batch_size = team.decide(lambda: batch_size_of_epoch(state, data, setup, objective_factory))
                    if step is not None and batch_size != state.records[-1].batch_size:
                        step = None
                    begin_epoch(state, data, grew=event is not None, batch_size=batch_size)
                    if training.micro_batch_size is None:
                        micro_batches.request(batch_size)
                if step is None:
                    step = new_step()
                while state.progress.batches < step.batches:
                    team.requests = requests(stop, step)
                    step()
                    monitor.batch(state.progress.batches * state.progress.batch_size // training.batch_size)
                    agreed = team.agreed if team.processes else requests(stop, step)
                    if agreed.signal is not None or agreed.checkpoint:
                        checkpoint()
                    if agreed.signal is not None:
                        raise_for_signal(agreed.signal)
                team.finish_epoch(state, lambda: finish_epoch(state, data, setup, micro_batches))
                checkpoints.note_epoch(state, setup)
                monitor.epoch(state.records[-1])
                if team.decide(monitor.should_stop):
                    logger.info("Stopped after epoch %d of %d, as a monitor asked", state.epochs_done, training.epochs)
                    break
            checkpoint()
            stop.raise_if_requested()
    finally:
        monitor.finished()


@contextlib.contextmanager
def checkpoint_when_out_of_memory(
    checkpoint: Callable[[], None], state: TrainingState, budget: MemoryBudget, team: Team
) -> Iterator[None]:
    """Save a checkpoint when memory runs out for good, and say how to continue.

    With several processes, the others wait for this one and cannot save a checkpoint with it: the error stays as it is.

    Raises:
        MemoryError: With a sentence that says what to do.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error) or team.processes:
            raise
        what = str(error) if isinstance(error, MemoryError) and str(error) else "Memory ran out"
        traceback.clear_frames(error.__traceback__)  # they hold activations and half-grown networks
        state.optimizer.zero_grad()
        budget.collect()
        saved = "a checkpoint was written"
        try:
            checkpoint()
        except Exception as failed:
            if not is_out_of_memory(failed):
                raise
            saved = "not enough memory for a checkpoint; the previous one is intact"
        raise MemoryError(
            f"{what}: {saved}; free memory or increase memory.budget_fraction, then continue with "
            "`kedro run --pipeline resume`, or start again with a smaller growth.max_neurons"
        ) from error
