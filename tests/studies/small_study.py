"""Small trainings, and what a study tells about them."""

import contextlib

import configured
from bar_digits import make_digits
from mnist_growth.digits import PixelStatistics, stratified_split
from mnist_growth.studies import OutcomeStore, Recipe, Study, StudyData, Trial
from mnist_growth.training import Machine


class Record:
    """The record of one training."""

    def __init__(self, recorder, name, tags):
        self.recorder, self.name, self.tags = recorder, name, tags
        self.epochs, self.metrics, self.pruned, self.ended = [], {}, None, None

    def log_epoch(self, row):
        self.epochs.append(row["epoch"])
        self.recorder.on_epoch(self)

    def log_metrics(self, metrics):
        self.metrics |= metrics

    def mark_pruned(self, epoch):
        self.pruned = epoch


class Records:
    """A recorder that keeps the records; ``on_epoch`` is called after every epoch."""

    def __init__(self, on_epoch=lambda _: None):
        self.all, self.on_epoch = [], on_epoch

    @contextlib.contextmanager
    def child_run(self, name, _parameters, tags=None):
        record = Record(self, name, tags)
        self.all.append(record)
        try:
            yield record
        except BaseException as error:
            record.ended = error
            raise
        record.ended = "finished"


class Laboratory:
    """Trainings on small images."""

    def __init__(self, folder):
        digits = make_digits()
        split = stratified_split(digits.labels, configured.split(validation_fraction=0.25))
        self.data = StudyData(digits, digits, split, PixelStatistics(mean=0.13, std=0.31, count=180))
        self.store = OutcomeStore(folder)
        self.recipe = Recipe(
            configured.network(hidden_layers=1),
            configured.growth(initial_neurons=8, max_neurons=8),
            configured.training(epochs=2, batch_size=45, precision="float32"),
            configured.warps(enabled=False),
        )

    def trial(self, **values):
        names = {"seed": "training.seed", "epochs": "training.epochs", "rate": "training.learning_rate"}
        dotted = {names[name]: value for name, value in values.items()}
        return Trial.define(self.recipe, dotted, self.data.train, self.data.split)

    def study(self, records=None, workers=1, store=None):
        return Study(self.data, store or self.store, records or Records(), workers, Machine("cpu", 1, 0.5))
