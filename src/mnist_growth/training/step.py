"""One update of the weights from one batch."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mnist_growth.digits import apply_warps, draw_warps
from mnist_growth.learning import BatchResult, Objective, kept_share, update_average
from mnist_growth.machine import is_out_of_memory
from mnist_growth.training.growth import newest_factor
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace, learning_rate, warp_strength
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState
from mnist_growth.training.team import Team

AVERAGE_EVERY = 8
"""Updates between two averages of the weights. Successive weights differ little: averaging only after every eighth
update, with the decay of eight updates, is as accurate for an eighth of the cost."""


class Piece(NamedTuple):
    """A micro-batch.

    Attributes:
        images: Warped, float [N, 28, 28] on the 0-255 scale, or uint8 without warps.
        labels: int64 [N].
    """

    images: Tensor
    labels: Tensor


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
        # Ages are counted here: reading them from a GPU would synchronise with it.
        self._first_age, self._first_update = state.optimizer.newest_age, state.updates
        self._order = torch.empty(0)
        self.is_over_budget = False

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
        state, batch = self.state, self.state.progress.batches
        result = self._update_in_fitting_pieces(self.pace(batch))
        kept = self.kept_share(batch)
        state.count_batches(1, result)
        if state.progress.batches % AVERAGE_EVERY == 0 or state.progress.batches == self.batches:
            update_average(state.average, state.network, kept)
        self._keep_to_budget()
        state.progress.seconds += time.perf_counter() - started

    def update(self, chosen: Tensor, pace: Pace, prepared: Iterable[Piece] | None = None) -> BatchResult:
        """Compute the gradients of all micro-batches, and make one step of the optimizer.

        Args:
            chosen: Indices of the images of the batch, int64 [B], on the device of the images.
            pace: Learning rate and strength of the warps for this update.
            prepared: The micro-batches; None to prepare one after the other.

        Returns:
            Loss and accuracy before the step.
        """
        self.objective.begin()
        results = [
            self.objective.add(piece.images, piece.labels, len(piece.labels) / len(chosen))
            for piece in prepared or self.pieces(chosen, pace)
        ]
        total = _total(results, self.state.progress.loss_sum.dtype)
        exchange = self.team.start_exchange(total)
        self.objective.finish()
        total = self.team.finish_exchange(total, exchange)
        self.state.optimizer.step(pace.rate, pace.newest_factor)
        return total

    def pieces(self, chosen: Tensor, pace: Pace) -> Iterator[Piece]:
        """Gather and warp the images of a batch, one micro-batch at a time.

        Args:
            chosen: Indices of the images of the batch, int64 [B], on the device of the images.
            pace: Strength of the warps for this update.
        """
        state = self.state
        warps = draw_warps(len(chosen), self.setup.warps, state.warp_generator, pace.warp_strength)
        for piece in self.micro_batches.split(len(chosen)):
            own = self.team.sharding.take(piece, len(chosen)) if self.team.sharding else piece
            images, labels = self.data.batch(chosen[own], state.device)
            yield Piece(apply_warps(images, warps and warps[own]), labels)

    def pace(self, batch: int, ahead: int = 0) -> Pace:
        """Return the pace of a batch that has not been trained yet.

        Args:
            batch: Number of the batch in its epoch, from 0.
            ahead: Number of epochs from the current one to its epoch.
        """
        setup, epochs, batches = self.setup, self.state.epochs_done + ahead, self.batches
        age = self.newest_age
        return Pace(
            rate=learning_rate(epochs + (batch + 1) / batches, setup.training, setup.schedule_start),
            newest_factor=newest_factor(
                None if age is None else age + self._until(batch, ahead), setup.growth, batches
            ),
            warp_strength=warp_strength(
                epochs + batch / batches, setup.training.epochs, setup.warps, setup.schedule_start
            ),
        )

    def kept_share(self, batch: int, ahead: int = 0) -> float:
        """Return the share of the old average that an average after a batch keeps; see ``pace``."""
        state, config = self.state, self.setup.training
        # A larger batch counts for as many of the initial size, so that the average covers as many images.
        span = (batch % AVERAGE_EVERY + 1) * state.progress.batch_size / config.batch_size
        return kept_share(config.ema_decay, state.updates + self._until(batch, ahead), span)

    def _until(self, batch: int, ahead: int) -> int:
        """Return the number of updates before that of a batch."""
        return ahead * self.batches + batch - self.state.progress.batches

    def _update_in_fitting_pieces(self, pace: Pace) -> BatchResult:
        """Make one update; if memory runs out, start it again with smaller micro-batches."""
        chosen, generator = self._chosen(), self.state.warp_generator
        drawn = generator.get_state()
        torch._foreach_copy_(self._saved_buffers, self._buffers)
        while True:
            try:
                return self.update(chosen, pace)
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

    def _chosen(self) -> Tensor:
        """Return the indices of the images of the batch, on the device of the images."""
        progress, size = self.state.progress, self.state.progress.batch_size
        if progress.batches == 0 or len(self._order) == 0:
            self._order = progress.order.to(self.data.images.device)
        return self._order[progress.batches * size : (progress.batches + 1) * size]


def _total(results: Sequence[BatchResult], dtype: torch.dtype) -> BatchResult:
    """Return the sum of the results of some micro-batches; that of the losses in a dtype."""
    if len(results) == 1:
        return results[0]
    losses = torch.stack([result.loss_sum.to(dtype) for result in results])
    return BatchResult(losses.sum(), torch.stack([result.correct_count for result in results]).sum())
