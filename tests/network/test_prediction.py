import pytest
import torch
import torch.nn.functional as F

from mnist_growth.network import GrowingMLP, score
from mnist_growth.network.prediction import CHUNK


def test_a_score_covers_all_indices_and_no_others():
    generator = torch.Generator().manual_seed(0)
    count = 2 * CHUNK + 3
    images = torch.randint(0, 256, (count + 40, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 10, (count + 40,), generator=generator)
    chosen = torch.randperm(count + 40, generator=generator)[:count]
    network = GrowingMLP([4], generator=generator).eval()

    found = score(network, images, labels, chosen)

    with torch.no_grad():
        logits = network(images[chosen])
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels[chosen]).item(), rel=1e-5)
    assert found.accuracy == (logits.argmax(1) == labels[chosen]).sum().item() / count
