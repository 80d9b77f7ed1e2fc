"""A training whose checkpoints stop it."""

from mnist_growth.training import CheckpointStore, train


class StopHereError(Exception):
    pass


class InterruptingStore(CheckpointStore):
    """Saves, and stops the training after a number of checkpoints."""

    def __init__(self, folder, after):
        super().__init__(folder)
        self.left = after

    def save(self, state, setup):
        super().save(state, setup)
        self.left -= 1
        if self.left == 0:
            raise StopHereError


def finish(training, store, recorder, state=None):
    state = state or training.begin()
    train(state, training.data, training.setup, store, recorder, training.budget)
    return state
