import torch

from mnist_growth.learning import averaged_copy, kept_share, update_average
from mnist_growth.network import GrowingMLP


def test_the_average_follows_its_recurrence_with_a_short_memory_at_first():
    network = GrowingMLP([3])
    average = averaged_copy(network)
    expected = network.output.weight.detach().clone()
    for updates in range(30):
        with torch.no_grad():
            network.output.weight.add_(1.0)
        update_average(average, network, kept_share(0.7, updates))
        decay = min(0.7, (1 + updates) / (10 + updates))
        expected = decay * expected + (1 - decay) * network.output.weight.detach()
    torch.testing.assert_close(average.output.weight, expected)


def test_batch_norm_statistics_are_averaged_and_counted():
    network = GrowingMLP([3]).train()
    average = averaged_copy(network)
    network(torch.randint(0, 256, (32, 28, 28), dtype=torch.uint8))
    update_average(average, network, kept_share(0.0, 5))
    norm, averaged = network.hidden[0].norm, average.hidden[0].norm
    assert torch.equal(norm.running_mean, averaged.running_mean)
    assert averaged.num_batches_tracked == 1
    assert not average.training
    assert not any(parameter.requires_grad for parameter in average.parameters())


def test_one_call_for_several_updates_equals_one_call_for_each():
    network = GrowingMLP([3])
    average, each = averaged_copy(network), averaged_copy(network)
    with torch.no_grad():
        network.output.weight.add_(1.0)
    update_average(average, network, kept_share(0.9, 100, span=8))
    for updates in range(93, 101):  # the decay does not depend on these numbers: they are large
        update_average(each, network, kept_share(0.9, updates))
    torch.testing.assert_close(average.output.weight, each.output.weight)
