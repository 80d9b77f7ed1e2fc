"""Trial runs (`--quick`) of benchmarks with the slow parts replaced: they measure, print and write their results."""

import json
import sys

import numpy as np
import pytest

from benchmarks.accuracy import photographs
from benchmarks.accuracy.scenes import SCENES
from benchmarks.common import results
from benchmarks.common.networks import network_file, network_or_untrained, untrained
from benchmarks.serving import load
from benchmarks.serving.services import OURS
from benchmarks.speed import gpu, sparse, start_up
from benchmarks.stress import suite
from mnist_growth.digits import sample_digits
from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.network import save_network


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """Runs the main function of a benchmark as a trial; gives its results."""
    monkeypatch.setattr(results, "QUICK_RESULTS", tmp_path)

    def run(module, *arguments):
        monkeypatch.setattr(sys, "argv", [module.NAME, "--quick", *arguments])
        module.main()
        entry = json.loads((tmp_path / f"{module.NAME}.json").read_text())
        results.check_facts({**entry, "commit": entry["commit"] or "none", "clean": bool(entry["clean"])})
        return entry

    return run


def test_start_up_measures_each_command_once(trial, monkeypatch, capsys):
    commands = {name: [sys.executable, "-c", "pass"] for name in start_up.COMMANDS}
    monkeypatch.setattr(start_up, "COMMANDS", commands)
    monkeypatch.setattr(start_up, "run_kedro", lambda *_: None)
    entry = trial(start_up)
    assert entry["n"] == 1
    assert {name: len(seconds) for name, seconds in entry["seconds"].items()} == dict.fromkeys(commands, 1)
    assert capsys.readouterr().out.count("\n| `") == len(commands)


# Kedro reads the fields of parameters in the way that pydantic is going to take away.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")
def test_training_on_a_gpu_is_tried_on_the_cpu(trial, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "QUICK_DIGITS", 200)
    monkeypatch.setattr(gpu, "QUICK_UPDATES", 2)
    monkeypatch.setattr(gpu, "WIDTH", 32)
    monkeypatch.setattr(gpu, "ENVIRONMENTS", ("base",))
    monkeypatch.setattr(gpu, "RUNS", 1)
    entry = trial(gpu)
    assert [(each["batch"], each["kernels"]) for each in entry["updates"]] == [
        (256, "ours"),
        (256, "torch's"),
        (1024, "ours"),
        (1024, "torch's"),
    ]
    assert all(each["microseconds"] > 0 for each in entry["updates"])
    assert [race["accuracy"] for race in entry["races"]] == [0.98, 0.99]
    assert [training["environment"] for training in entry["trainings"]] == ["base"]
    assert "training, `base`" in capsys.readouterr().out


def test_photographs_counts_right_and_doubtful_digits(trial, tmp_path, monkeypatch, capsys):
    trained, digits = network_or_untrained(), sample_digits().test
    save_network(tmp_path / photographs.NETWORK, trained)
    folder = tmp_path / "test_digits"
    folder.mkdir()
    write_images(folder / "images.idx3-ubyte", np.array(digits.images))
    write_labels(folder / "labels.idx1-ubyte", np.array(digits.labels))
    monkeypatch.setattr(photographs, "newest", lambda name: tmp_path / name)
    kinds = list(SCENES)[:2]
    monkeypatch.setattr(photographs, "SCENES", {name: SCENES[name] for name in kinds})
    entry = trial(photographs)
    assert list(entry["kinds"]) == kinds
    assert all(0 <= found["right"] <= entry["n"] == 5 for found in entry["kinds"].values())
    assert entry["several_digits"]["pages"] == 5
    assert kinds[0].replace("_", " ") in capsys.readouterr().out


@pytest.mark.slow
def test_our_service_is_measured_with_drift_watching(tmp_path):
    digits = sample_digits().test.images
    found = load.memory(network_file(tmp_path), tmp_path, digits, load.MEMORY_STEPS)
    assert found["drift_watching"]
    assert [row["requests"] for row in found["memory"]] == list(range(load.MEMORY_STEPS + 1))
    assert (tmp_path / f"{OURS.name}.log").exists()


def test_the_stress_suite_writes_what_failed(trial, monkeypatch):
    codes = {name: int(name == "leak") for name in suite.TESTS}
    monkeypatch.setattr(suite, "exit_code_of", lambda name, *_: codes[name])
    with pytest.raises(SystemExit) as end:
        trial(suite)
    assert end.value.code == 1
    monkeypatch.setattr(suite, "exit_code_of", lambda *_: 0)
    with pytest.raises(SystemExit) as end:
        trial(suite, "--only", "kill", "fuzz")
    assert end.value.code == 0
    entry = json.loads((results.QUICK_RESULTS / "stress.json").read_text())
    assert {name: test["exit_code"] for name, test in entry["tests"].items()} == {"kill": 0, "fuzz": 0}


def test_sparse_times_the_same_answers_in_every_form(trial, monkeypatch, capsys):
    monkeypatch.setattr(sparse, "default_network", lambda: untrained([24, 16]))
    monkeypatch.setattr(sparse, "BATCHES", (3,))
    forms = sparse.forms_of(sparse.pruned(0.9))
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    logits = {name: np.asarray(answer(images)) for name, answer in forms.items()}
    for name, found in logits.items():
        np.testing.assert_allclose(found, logits["torch"], rtol=1e-4, atol=1e-4, err_msg=name)
    entry = trial(sparse)
    assert {row["form"] for row in entry["cpu"]} == set(forms)
    assert "onnxruntime" in capsys.readouterr().out
