"""Options of `kedro run` that Kedro defines."""

import shutil

import pandas as pd

METRICS, NETWORK, SPLIT = "08_reporting/test_metrics.json", "06_models/network.safetensors", "03_primary/split.parquet"


def test_only_missing_outputs_are_computed(trained):
    before = trained.files()

    for pipeline in ((), ("--pipeline", "evaluate"), ("--pipeline", "report")):
        complete = trained.succeed("run", "--env", "smoke", *pipeline, "--only-missing-outputs")
        assert "Nothing to do: all outputs exist." in complete.stdout
    assert trained.files() == before
    assert trained.recorded_runs() == 0

    shutil.rmtree(trained.folder / "data" / METRICS)
    trained.succeed("run", "--env", "smoke", "--only-missing-outputs")

    assert [len(trained.versions(entry)) for entry in (METRICS, NETWORK, SPLIT)] == [1, 1, 1]


def test_the_outputs_of_another_network_do_not_count(trained):
    trained.succeed("run", "--env", "smoke", "--pipeline", "train", "--params", "training.epochs=1")

    evaluated = trained.succeed("run", "--env", "smoke", "--pipeline", "evaluate", "--only-missing-outputs")

    assert "1 epoch" in evaluated.stdout
    assert len(trained.versions(METRICS)) == 2
    assert len(trained.versions("08_reporting/class_metrics.parquet")) == 2


def test_a_plan_of_growth_is_a_parameter(project):
    plan = "growth.trigger=plan,growth.plan=[{epoch:1,neurons:64}],training.epochs=2"

    project.succeed("run", "--env", "smoke", "--params", plan, "--to-nodes", "train.train_network")

    history = pd.read_parquet(project.path("06_models/training_history.parquet"))
    assert history["widths"].tolist() == ["32-32-32", "64-64-64"]


def test_options_that_cannot_be_followed_are_answered_in_a_sentence(project):
    for arguments, sentence in (
        (("run", "--runner=ParallelRunner"), "use SequentialRunner or ThreadRunner\n"),
        (("run", "--runner-params", "max_workers=2"), "SequentialRunner has no parameter 'max_workers'"),
        (("run", "--conf-source", "src"), "has no folder 'base'; expected a folder such as conf"),
        (("run", "--config", "pyproject.toml"), "expected YAML such as `run: {pipeline: evaluate}`"),
        (("run", "--runner", "FastRunner"), "There is no runner 'FastRunner'; expected Sequen"),
        (("run", "--load-versions", "network=x"), "expected <dataset>:<version>, such as network:20"),
        (("run", "--params", "predict.folder=a,b"), "Put a value with commas into quotes"),
        (("run", "--pipeline", "train", "--pipelines", "train"), "cannot be used together"),
        (("jupyter", "nonsense"), "No such command 'nonsense'"),
        (("jupyter", "lab"), "The package jupyterlab is not installed: install it with `pip install jupyterlab`\n"),
    ):  # fmt: skip
        result = project.kedro(*arguments)

        assert result.code != 0
        assert sentence in result.stdout + result.stderr
        assert "NoneType" not in result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
    assert project.recorded_runs() == 0


def test_parameters_without_effect_are_refused_or_named(trained):
    for parameters, sentence in (
        ("growth.plateau_epochs=3", "set growth.trigger=plateau, or leave out growth.plateau_epochs.\n"),
        ("growth.trigger=plan,growth.plan=[{epoch: 1, neurons: [64, 32]}]", "'growth.plan' has 2 widths at epoch 1"),
    ):
        result = trained.kedro("run", "--env", "smoke", "--params", parameters)

        assert result.code == 1
        assert sentence in result.stderr
    for arguments in (
        ("predict",),
        ("predict", "--params", "predict.folder=nowhere"),
        ("evaluate", "--from-inputs", "predictions"),
        ("evaluate", "--load-versions", "test_metrics:2026-01-31T12.00.00.000Z"),
    ):
        assert trained.kedro("run", "--pipeline", *arguments).code == 1
    assert trained.recorded_runs() == 0

    result = trained.succeed(
        "run", "--pipeline", "evaluate", "--params", "training.epochs=3,evaluation.sample_digits=9"
    )

    assert "training.epochs: not used by the pipeline evaluate\n" in result.stdout
    assert "sample_digits" not in result.stdout
