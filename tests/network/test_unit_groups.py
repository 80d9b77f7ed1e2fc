"""Groups of units and the tensors that have an axis over them."""

import pytest
import torch

from mnist_growth.network import GrowingMLP
from mnist_growth.network.units import UnitAxis, UnitGroup


def test_a_group_of_a_normalised_layer_names_every_tensor_over_its_units():
    first, last = GrowingMLP((3, 4)).unit_groups()

    assert first == UnitGroup(
        "hidden.0",
        3,
        (
            UnitAxis("hidden.0.linear.weight", 0, "incoming"),
            UnitAxis("hidden.0.norm.weight", 0, "scale"),
            UnitAxis("hidden.0.norm.bias", 0, "shift"),
            UnitAxis("hidden.0.norm.running_mean", 0, "mean"),
            UnitAxis("hidden.0.norm.running_var", 0, "variance"),
            UnitAxis("hidden.1.linear.weight", 1, "outgoing"),
        ),
        title="hidden layer 1",
    )
    assert (last.name, last.size) == ("hidden.1", 4)
    assert last.of_role("outgoing") == (UnitAxis("output.weight", 1, "outgoing"),)
    assert first.is_normalised


def test_a_group_of_a_layer_with_biases():
    [group] = GrowingMLP((3,), batch_norm=False).unit_groups()

    assert group.axes == (
        UnitAxis("hidden.0.linear.weight", 0, "incoming"),
        UnitAxis("hidden.0.linear.bias", 0, "bias"),
        UnitAxis("output.weight", 1, "outgoing"),
    )
    assert not group.is_normalised


@pytest.mark.parametrize("batch_norm", [True, False])
def test_every_axis_of_the_state_belongs_to_the_pixels_the_classes_or_one_group(batch_norm):
    network = GrowingMLP((3, 5, 7), batch_norm=batch_norm, classes=4)
    sizes = {}
    for group in network.unit_groups():
        for axis in group.axes:
            assert (axis.tensor, axis.axis) not in sizes
            sizes[axis.tensor, axis.axis] = group.size

    for name, tensor in network.state_dict().items():
        for axis, size in enumerate(tensor.shape):
            ends = {("hidden.0.linear.weight", 1): 784, ("output.weight", 0): 4, ("output.bias", 0): 4}
            assert {**sizes, **ends}[name, axis] == size


def test_the_place_of_a_group_is_found_by_its_name_whatever_its_size():
    network = GrowingMLP((3, 5, 7))

    assert [network.group_index(group) for group in GrowingMLP((4, 4, 4)).unit_groups()] == [0, 1, 2]


def test_the_module_of_a_tensor():
    assert UnitAxis("hidden.0.norm.weight", 0, "scale").module == "hidden.0.norm"


def test_the_entries_of_a_unit_follow_each_other():
    units = torch.tensor([2, 0])

    assert UnitAxis("heads", 0, "incoming").indices(units).tolist() == [2, 0]
    assert UnitAxis("heads", 0, "incoming", entries=3).indices(units).tolist() == [6, 7, 8, 0, 1, 2]
