"""Another kind of network goes through everything without a change in the package."""

import base64
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from fastapi.testclient import TestClient

import configured
from bypass_network import Bypass, BypassSpec
from mnist_growth.digits import PixelStatistics, pixel_statistics, sample_digits, stratified_split
from mnist_growth.growth import OperatorName, Probe, gradient_directions, operator_named, widen
from mnist_growth.inspection import gradient_norms, landscape, unit_cohorts
from mnist_growth.learning import Autograd, objective_for
from mnist_growth.network import NetworkConfig, build, load_network, predict_logits, save_network
from mnist_growth.pipelines.evaluate import nodes as evaluate
from mnist_growth.pipelines.explain import attributions as explain_attributions
from mnist_growth.pipelines.explain import boundary as explain_boundary
from mnist_growth.pipelines.explain import inputs as explain_inputs
from mnist_growth.pipelines.explain import unit_drawing
from mnist_growth.pipelines.explain import units as explain_units
from mnist_growth.pipelines.robustness import nodes as robustness
from mnist_growth.pipelines.robustness.attacks import attack_network
from mnist_growth.pipelines.robustness.sample import choose_digits
from mnist_growth.pipelines.robustness.surrogate import train_surrogate
from mnist_growth.serving import ServedModel
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service
from mnist_growth.training import (
    CheckpointStore,
    Machine,
    NoCheckpoints,
    ResumeConfig,
    TerminalMonitor,
    continue_training,
    define_training,
    growth_table,
    start_training,
)

PIXELS = PixelStatistics(0.13, 0.31, count=100)
DIGITS = sample_digits()
IMAGES = torch.from_numpy(DIGITS.train.images[:64].copy())
LABELS = torch.from_numpy(DIGITS.train.labels[:64].copy())
GROUPS = ["first", "second"]
MACHINE = Machine("cpu", 1, 1.0)
PRESERVING = [name for name in get_args(OperatorName) if name != "random"]


class StopHereError(Exception):
    pass


class StoppingStore(CheckpointStore):
    """Saves, and stops the training in the middle of the second epoch, after a growth."""

    def save(self, state, setup):
        super().save(state, setup)
        if state.epochs_done == 1 and state.progress.batches == 5:
            raise StopHereError


def assembled(**training):
    """A training of three epochs that grows twice, on the digits of the sample."""
    split = stratified_split(DIGITS.train.labels, configured.split())
    setup = define_training(
        DIGITS.train,
        split,
        network=NetworkConfig.model_validate({"kind": "bypass"}),
        growth=configured.growth(initial_neurons=24, growth_rate=12, growth_epochs=1, max_neurons=48),
        training=configured.training(epochs=3, batch_size=100, learning_rate=0.005, ema_decay=0.9, **training),
        warps=configured.warps(enabled=False),
    )
    return setup, split, pixel_statistics(DIGITS.train.images, split.train)


@pytest.fixture(scope="module")
def training():
    setup, split, pixels = assembled(precision="float32")
    training = start_training(setup, DIGITS.train, split, pixels, MACHINE)
    training.run(NoCheckpoints(), TerminalMonitor())
    return training


@pytest.fixture(scope="module")
def trained(training):
    return training.trained()


def test_the_directions_of_a_group_with_two_followers_are_those_of_both():
    network = Bypass(BypassSpec(sizes=(7, 5)), PIXELS, torch.Generator().manual_seed(1)).double()
    [first, second] = gradient_directions(network, Probe(IMAGES, LABELS))
    inputs = torch.cat([network.normalised(IMAGES), torch.ones(64, 1, dtype=torch.float64)], dim=1)
    hidden = torch.relu(network.first(inputs[:, :-1]))
    sums = network.second(hidden)
    logits = network.last(torch.relu(sums)) + network.bypass(hidden)
    after = torch.autograd.grad(F.cross_entropy(logits, LABELS), [sums, logits])
    expected = torch.linalg.svdvals(torch.cat(after, dim=1).T @ inputs)
    torch.testing.assert_close(first.values, expected[: len(first.values)], rtol=1e-6, atol=1e-12)
    assert len(second.values) <= 9


def test_it_is_trained_by_autograd_grows_and_learns(training):
    assert isinstance(objective_for(training.state.network, None, 0.0), Autograd)
    assert [record.widths for record in training.state.records] == ["24-24", "36-36", "48-48"]
    assert all(event.largest_logit_change <= 1e-6 * event.largest_logit for event in training.state.events)
    assert training.state.records[-1].validation_accuracy > 0.85
    spec = training.state.network.spec
    assert spec.parameter_count == training.state.network.parameter_count


def test_it_continues_from_a_checkpoint_in_the_middle_of_an_epoch_with_the_same_bits(training, tmp_path):
    setup, split, pixels = assembled(precision="float32", checkpoint_seconds=1e-9)
    first = start_training(setup, DIGITS.train, split, pixels, MACHINE)
    with pytest.raises(StopHereError):
        first.run(StoppingStore(tmp_path / "first"), TerminalMonitor())
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    resumed = continue_training(setup, DIGITS.train, split, checkpoint, MACHINE, ResumeConfig(schedule="continue"))
    assert isinstance(resumed.state.network, Bypass)
    resumed.run(NoCheckpoints(), TerminalMonitor())
    for name, tensor in training.state.average.state_dict().items():
        assert torch.equal(resumed.state.average.state_dict()[name], tensor), name


def test_it_is_saved_loaded_and_evaluated(trained, tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(path, trained)
    loaded = load_network(path)
    assert loaded.network.spec == BypassSpec(sizes=(48, 48))
    assert loaded.sha256 == trained.sha256
    predictions = evaluate.predict(loaded, DIGITS.test)
    manifest = {"dataset": "sample", "requested": "sample"}
    metrics = evaluate.measure(predictions, loaded, DIGITS.test, manifest, configured.evaluation())
    assert metrics["accuracy"] > 0.85
    assert metrics["hidden_widths"] == [48, 48]


def test_units_and_gradients_are_measured(training, trained):
    cohorts = unit_cohorts(
        trained.network, growth_table(training.state.events, GROUPS), DIGITS.test.images, DIGITS.test.labels, epochs=3
    )
    assert cohorts["units"].tolist() == [24, 12, 12] * 2
    assert cohorts["loss_increase"].iloc[0] > 0
    norms = gradient_norms(trained.network, DIGITS.test.images[:3], DIGITS.test.labels[:3])
    twin = build(trained.network.spec, PIXELS)
    twin.load_state_dict(trained.network.state_dict())
    for image, label, norm in zip(DIGITS.test.images, DIGITS.test.labels, norms, strict=False):
        loss = F.cross_entropy(twin(torch.from_numpy(image[None].copy())), torch.tensor([label]))
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        assert norm == pytest.approx(float(torch.cat([g.flatten() for g in gradients]).norm()), rel=1e-4)


def test_its_loss_landscape_is_measured_through_its_growths(training, trained):
    config = configured.landscape()
    hessian = config.hessian.model_copy(
        update={"trace_probes": 3, "density_probes": 2, "density_steps": 5, "block_steps": 4, "sharpness_steps": 3}
    )
    events = growth_table(training.state.events, GROUPS)
    found = landscape.measure_curvature(trained.network, events, IMAGES, LABELS, IMAGES, LABELS, hessian, seed=0)
    assert found.metrics["hessian_largest"] > found.metrics["hessian_smallest"]
    assert found.metrics["sharpness"] > 0
    assert found.blocks["parameters"][found.blocks["layer"] == 0].tolist() == [48 * 10 + 10 + 48 * 10]
    narrow = Bypass(BypassSpec(sizes=(24, 24)), PIXELS, torch.Generator().manual_seed(1)).eval()
    wider = operator_named("zero_fan_out")(narrow, narrow.unit_groups()[0], 24, torch.Generator().manual_seed(2))
    grown = widen(narrow, wider)
    path = [landscape.Moment(0, narrow), landscape.Moment(0, grown), landscape.Moment(2, trained.network)]
    # The last network is wider in its second group, too: units that appear without a snapshot of their growth.
    table = landscape.trajectory(path, IMAGES, LABELS).table
    assert table["event"].tolist() == ["start", "after growth", "end"]
    assert table["loss"][0] == pytest.approx(table["loss"][1], rel=1e-5)
    plane = landscape.random_plane(trained.network, seed=0)
    weights = landscape.WeightSpace(trained.network, batch_statistics=True)
    surface = landscape.loss_surface(weights, IMAGES, LABELS, weights.vector(), plane, [0.0, 1.0], [0.0])
    assert surface["loss"][0] == pytest.approx(table["loss"][2], rel=1e-5)  # it has no batch norm
    assert surface["loss"][1] > surface["loss"][0]
    shuffled = landscape.permuted(trained.network, trained.network.unit_groups()[0], torch.arange(48).flip(0))
    again = landscape.matched(shuffled, trained.network, seed=0)
    assert torch.equal(again.first.weight, trained.network.first.weight)


def test_its_answers_units_and_boundaries_are_explained(training, trained):
    few = {"integration_steps": 8, "noise_samples": 2, "occlusion_side": 7, "occlusion_stride": 7}
    config = configured.explanation(
        attributions=few, quality_digits=10, randomisation_digits=3, unit_digits=60, shown_units=3, margin_digits=10
    )
    predictions = evaluate.predict(trained, DIGITS.test)
    chosen = explain_inputs.choose_digits(predictions, config)
    mean = DIGITS.train.images.mean(axis=0)
    metrics, quality, _, randomisation = explain_attributions.measure_attributions(
        trained, DIGITS.test, mean, chosen, config
    )
    assert max(metrics["completeness_error"].values()) < 1e-3
    assert quality.set_index("method").loc["integrated_gradients", "deletion_gain_low"] > 0
    assert set(randomisation["layer"]) == {"first", "second", "output"}
    units, growths = explain_units.measure_explained_units(
        trained, growth_table(training.state.events, GROUPS), DIGITS.test, chosen, config
    )
    assert growths["units"].tolist() == [24, 12, 12] * 2
    assert growths[growths["layer"] == 1]["share"].sum() == pytest.approx(1, abs=0.02)  # the second has a bypass
    weights, exciting = unit_drawing.draw_unit_images(trained, units, DIGITS.test, chosen, config, "sample")
    assert len(weights.layout.annotations) == 6
    assert exciting.layout.meta["grid"]["images"] == 6
    margins = explain_boundary.measure_margins(trained, DIGITS.test, chosen, config)
    assert (margins["margin"] > 0).all()
    assert np.isfinite(margins["margin"]).all()


def test_its_robustness_is_measured(training, trained):
    config = configured.robustness(
        digits=30,
        attacks={"epsilons": [0.05], "l2_epsilons": [0.5], "steps": 5, "relative_step_size": 0.3, "refinements": 1},
        surrogate={"neurons": 8, "epochs": 1},
        bounds={"search_points": 2, "search_steps": 2, "smoothed_digits": 2, "samples": 50},
        weight_noise={"levels": [1.0], "repeats": 2},
    )
    sample = choose_digits(evaluate.predict(trained, DIGITS.test), DIGITS.test, config)
    split = stratified_split(DIGITS.train.labels, configured.split())
    surrogate = train_surrogate(trained, DIGITS.train, split, config)
    assert surrogate.widths == (8, 8)
    attacks, _, digits, _ = attack_network(trained, surrogate, sample, config)
    accuracy = attacks.set_index("attack")["accuracy"]
    assert accuracy["pgd"] <= accuracy["fgsm"] < 1
    assert (digits["smallest_l2"] < np.inf).all()
    bounds, _ = robustness.bound_changes(trained, sample, config)
    assert bounds["upper"] is None
    assert bounds["lower"] > 0
    noise = robustness.disturb_weights(trained, growth_table(training.state.events, GROUPS), sample, config)
    assert set(noise["layer"]) >= {"first", "second", "last", "bypass"}


def test_it_is_trained_on_adversarial_examples():
    setup, split, pixels = assembled(precision="float32", adversarial={"epsilon": 0.1})
    hardened = start_training(setup, DIGITS.train, split, pixels, MACHINE)
    hardened.run(NoCheckpoints(), TerminalMonitor())
    records = hardened.state.records
    assert records[-1].validation_accuracy > records[-1].train_accuracy  # the training images are attacked
    assert records[-1].validation_accuracy > 0.75


def test_it_is_served_and_explained(trained):
    service = Service(lambda: ServedModel.of(trained, "1"), configured.serving())
    image = DIGITS.test.images[0]
    encoded = base64.b64encode(image.tobytes()).decode()  # 784 grey values
    with TestClient(create_app(service)) as client:
        answer = client.post("/predict", json={"image": encoded}).json()
        explained = client.post("/explain", json={"image": encoded}).json()
        model = client.get("/model").json()
    logits = predict_logits(trained.network, image[None])[0]
    assert answer["prediction"] == logits.argmax()
    assert np.abs(explained["saliency"]).max() == 1
    assert model["hidden_widths"] == [48, 48]


def test_a_network_that_cannot_be_deepened_says_what_to_do():
    network = Bypass(BypassSpec(sizes=(7, 5)), PIXELS)
    with pytest.raises(ValueError, match="kind 'bypass' cannot be deepened.*as many widths as the network has groups"):
        network.with_identity_layer(1, IMAGES)
