"""One update of the weights from one batch."""

import time

import torch
from torch import Tensor

from mnist_growth.digits import apply_warps, draw_warps
from mnist_growth.learning import BatchResult, Objective, update_average
from mnist_growth.machine import is_out_of_memory
from mnist_growth.training.graph import GraphedUpdate
from mnist_growth.training.growth import newest_factor
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace, learning_rate, warp_strength
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState
from mnist_growth.training.team import Team

AVERAGE_EVERY = 8
"""Updates between two averages of the weights. Successive weights differ little: averaging only after every eighth
update, with the decay of eight updates, is as accurate for an eighth of the cost."""


class TrainingStep:
    """Updates of a network of fixed widths; created again after a growth step.

    Args:
        state: Trained in place.
        data: Images and labels, on the CPU or on the device of the network.
        setup: All parameters.
        batches: Number of batches of an epoch.
        micro_batches: Divides a batch into micro-batches.
        objective: Computes the gradients of the network.
        team: The processes that train together; None for this one alone.
    """

    def __init__(
        self,
        state: TrainingState,
        data: TrainingData,
        setup: TrainingSetup,
        batches: int,
        micro_batches: MicroBatches,
        objective: Objective,
        team: Team | None = None,
    ) -> None:
        self.state, self.data, self.setup, self.batches = state, data, setup, batches
        self.micro_batches = micro_batches
        self.objective = objective
        self.team = team or Team()
        self._buffers = list(state.network.buffers())
        self._saved_buffers = [buffer.clone() for buffer in self._buffers]
        self._order = torch.empty(0)
        self.is_over_budget = False
        # Ages are counted here: reading them from a GPU would synchronise with it.
        self._first_age, self._first_update = state.optimizer.newest_age, state.updates
        is_graphed = state.device.type == "cuda" and data.images.device == state.device and not self.team.processes
        self._graph = GraphedUpdate(self.update, state.warp_generator, micro_batches) if is_graphed else None

    @property
    def newest_age(self) -> int | None:
        """Number of updates of the newest units; None if the network has not grown."""
        return None if self._first_age is None else self._first_age + self.state.updates - self._first_update

    def __call__(self) -> None:
        """Train one batch, in as many micro-batches as the memory requires.

        Raises:
            MemoryError: The smallest micro-batch does not fit, and the state is as before; or the memory budget is
                exceeded after the update.
        """
        started = time.perf_counter()
        state = self.state
        result = self._update_in_fitting_pieces(self._pace())
        state.progress.loss_sum += result.loss_sum
        state.progress.correct_count += result.correct_count
        state.updates += 1
        state.progress.batches += 1
        self._average()
        self._keep_to_budget()
        state.progress.seconds += time.perf_counter() - started

    def update(self, chosen: Tensor, pace: Pace) -> BatchResult:
        """Gather and warp the images, compute the gradients of all micro-batches, and make one step of the optimizer.

        Args:
            chosen: Indices of the images of the batch, int64 [B], on the device of the images.
            pace: Learning rate and strength of the warps for this update.

        Returns:
            Loss and accuracy before the step.
        """
        state = self.state
        total = BatchResult(torch.zeros_like(state.progress.loss_sum), torch.zeros_like(state.progress.correct_count))
        warps = draw_warps(len(chosen), self.setup.warps, state.warp_generator, pace.warp_strength)
        self.objective.begin()
        for piece in self.micro_batches.split(len(chosen)):
            own = self.team.sharding.take(piece, len(chosen)) if self.team.sharding else piece
            images, labels = self.data.batch(chosen[own], state.device)
            warped = apply_warps(images, warps and warps[own])
            result = self.objective.add(warped, labels, len(labels) / len(chosen))
            total.loss_sum.add_(result.loss_sum)
            total.correct_count.add_(result.correct_count)
        exchange = self.team.start_exchange(total)
        self.objective.finish()
        total = self.team.finish_exchange(total, exchange)
        state.optimizer.step(pace.rate, pace.newest_factor)
        return total

    def _pace(self) -> Pace:
        """Return the pace of the next batch."""
        setup, progress = self.setup, self.state.progress
        done, after = (self.state.epochs_done + (progress.batches + more) / self.batches for more in (0, 1))
        return Pace(
            rate=learning_rate(after, setup.training, setup.schedule_start),
            newest_factor=newest_factor(self.newest_age, setup.growth, self.batches),
            warp_strength=warp_strength(done, setup.training.epochs, setup.warps, setup.schedule_start),
        )

    def _update_in_fitting_pieces(self, pace: Pace) -> BatchResult:
        """Make one update; if memory runs out, start it again with smaller micro-batches."""
        update = self.update if self._graph is None else self._graph.update
        chosen, generator = self._chosen(), self.state.warp_generator
        drawn = generator.get_state()
        torch._foreach_copy_(self._saved_buffers, self._buffers)
        while True:
            try:
                return update(chosen, pace)
            except Exception as error:
                if not is_out_of_memory(error) or self.team.processes:  # the others wait for this process
                    raise
            generator.set_state(drawn)
            torch._foreach_copy_(self._buffers, self._saved_buffers)
            self.micro_batches.halve()

    def _keep_to_budget(self) -> None:
        """Make micro-batches smaller if more memory is used than allowed, in all processes at the same time."""
        if not self.team.processes:
            self.micro_batches.check_budget()
            return
        if self.team.agreed.shrink:
            self.micro_batches.keep_to_budget()
        self.is_over_budget = self.micro_batches.is_over_budget()

    def _average(self) -> None:
        """Average the weights after every eighth batch, and at the end of an epoch, before the validation."""
        done, state = self.state.progress.batches, self.state
        if done % AVERAGE_EVERY == 0 or done == self.batches:
            # A larger batch counts for as many of the initial size, so that the average covers as many images.
            span = ((done - 1) % AVERAGE_EVERY + 1) * state.progress.batch_size / self.setup.training.batch_size
            update_average(state.average, state.network, self.setup.training.ema_decay, state.updates - 1, span)

    def _chosen(self) -> Tensor:
        """Return the indices of the images of the batch, on the device of the images."""
        progress, size = self.state.progress, self.state.progress.batch_size
        if progress.batches == 0 or len(self._order) == 0:
            self._order = progress.order.to(self.data.images.device)
        return self._order[progress.batches * size : (progress.batches + 1) * size]
