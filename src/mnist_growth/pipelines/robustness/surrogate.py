"""The network of the black-box attack."""

import torch

from mnist_growth import evaluation
from mnist_growth.digits import Digits, Split
from mnist_growth.inspection.robustness.config import RobustnessConfig
from mnist_growth.learning import GrowingAdamW, objective_for
from mnist_growth.network import Network, TrainedNetwork, build
from mnist_growth.progress import track
from mnist_growth.training import training_parts

_BATCH, _LEARNING_RATE = 128, 0.003


def train_surrogate(trained: TrainedNetwork, train_digits: Digits, split: Split, config: RobustnessConfig) -> Network:
    """Train another network of the same kind on the same training digits, from other initial weights.

    It knows neither the weights nor the answers of the attacked network, so that its adversarial examples are those of
    an attacker who has only the training data.

    Raises:
        ValueError: The training digits are of another set than the network was trained on.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, train_digits)
    spec, settings = trained.network.spec.untrained, config.surrogate
    generator = torch.Generator().manual_seed(config.seed)
    network = build(spec.with_widths([settings.neurons] * len(spec.widths)), trained.network.pixels, generator).train()
    objective, optimizer = objective_for(network, None, 0.0), GrowingAdamW(network)
    rows = torch.from_numpy(next(iter(training_parts(trained, split, len(train_digits)).values())))
    batches = [
        batch
        for _ in range(settings.epochs)
        for batch in rows[torch.randperm(len(rows), generator=generator)].chunk(-(-len(rows) // _BATCH))
        if len(batch) >= spec.min_batch_size
    ]
    for number, batch in enumerate(track(batches, len(batches))):
        images, labels = (torch.from_numpy(part[batch.numpy()]) for part in (train_digits.images, train_digits.labels))
        objective.begin()
        objective.add(images, labels)
        objective.finish()
        optimizer.step(_LEARNING_RATE * (1 - number / len(batches)))
    return network.eval().requires_grad_(False)
