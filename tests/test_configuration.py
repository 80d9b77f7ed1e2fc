"""What conf/ holds."""

from pathlib import Path

import pytest
import yaml
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel, ValidationError

from mnist_growth.configuration import CONFIG_LOADER_ARGS, ConfigLoader, configure, load_parameters
from mnist_growth.growth import GrowthConfig, scheduled_neurons
from mnist_growth.network import NetworkConfig
from mnist_growth.parameters import UNGROUPED, check_parameters
from mnist_growth.pipeline_registry import register_pipelines

CONF = Path(__file__).parents[1] / "conf"
ENVIRONMENTS = sorted(
    path.name for path in CONF.iterdir() if path.is_dir() and path.name not in ("base", "local", "tuned")
)
TYPES = {**UNGROUPED, **TypeExtractor(register_pipelines()).extract_types_from_pipelines()}
MODELS = {name: kind for name, kind in TYPES.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}
LAYERS = {
    "01_raw": "raw",
    "02_intermediate": "intermediate",
    "03_primary": "primary",
    "06_models": "models",
    "07_model_output": "model_output",
    "08_reporting": "reporting",
}


def load(environment="base", **runtime_params):
    return ConfigLoader(str(CONF), env=environment, runtime_params=runtime_params, **CONFIG_LOADER_ARGS)


def leaves(tree, prefix=""):
    """Dotted names and values of nested mappings and models."""
    for name, value in (tree.model_dump() if isinstance(tree, BaseModel) else tree).items():
        if isinstance(value, dict | BaseModel):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def fields(model):
    """Dotted names and fields of a model and of the models inside it."""
    for name, field in type(model).model_fields.items():
        yield name, field
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from ((f"{name}.{inner}", field) for inner, field in fields(value))


def growth_of(parameters):
    growth, training = (GrowthConfig.model_validate(parameters["growth"]), parameters["training"])
    return [scheduled_neurons(epoch, growth) for epoch in range(training["epochs"])]


def test_the_documented_environments_exist():
    assert {"fixed", "best", "documented", "smoke"} <= set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ["base", *ENVIRONMENTS])
def test_every_environment_is_valid(environment):
    check_parameters(load(environment)["parameters"], register_pipelines())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_contains_only_differences_from_base(environment):
    base = dict(leaves(load()["parameters"])) | dict(leaves(load()["globals"]))
    given = {}
    for path in (CONF / environment).glob("*.yml"):
        if not path.name.startswith("catalog"):
            given |= dict(leaves(yaml.safe_load(path.read_text())))

    assert given
    assert given.keys() <= base.keys()
    assert {name for name, value in given.items() if base[name] == value} == set()


def test_the_wide_environment_grows_to_at_most_12_million_parameters():
    parameters = load("wide")["parameters"]
    widths = growth_of(parameters)
    spec = NetworkConfig.model_validate(parameters["network"]).spec(widths[-1])

    assert (widths[0], widths[-1]) == (512, 2048)
    assert 0.5 <= widths.count(512) / len(widths) < 1
    assert spec.parameter_count <= 12_000_000


def test_base_has_exactly_the_groups_with_a_type():
    assert load()["parameters"].keys() == TYPES.keys()
    assert len(MODELS) >= 7


@pytest.mark.parametrize("group", MODELS)
def test_models_have_no_defaults(group):
    model = MODELS[group].model_validate(load()["parameters"][group])

    assert [name for name, field in fields(model) if not field.is_required()] == []


def test_every_entry_of_the_catalog_is_used_and_has_the_layer_of_its_folder():
    catalog = {name: entry for name, entry in load()["catalog"].items() if not name.startswith("_")}
    used = set().union(*(pipeline.datasets() for pipeline in register_pipelines().values()))

    assert set(catalog) - {"{name}_figure"} <= used
    for name, entry in catalog.items():
        if entry["type"] == "MemoryDataset" or name == "tuned_environment":  # a part of the configuration
            continue
        layer = entry["metadata"]["kedro-viz"]["layer"]
        assert entry["filepath"].split("/")[:2] == ["data", next(key for key in LAYERS if LAYERS[key] == layer)], name
        assert entry.get("versioned", False) == (
            name not in ("digit_archive", "finished_candidates", "finished_trainings", "network_versions")
        ), name


def test_only_temporary_datasets_are_missing_from_the_catalog():
    catalog = load()["catalog"]
    used = set().union(*(pipeline.datasets() for pipeline in register_pipelines().values()))

    missing = {name for name in used if not name.endswith("_figure") and not name.startswith("params:")} - set(catalog)

    predictions = {"compared_predictions", "baseline_predictions"}
    studied = {f"{name}_provenance" for name in ("sweep", "tuning", "family")}
    drawn = {"provenance", "training_provenance", "batch_provenance", *studied}
    explained = {"attribution_metrics", "average_digit", "explained_digits", "path_images"}
    attacked = {"adversarial_digits", "attacked_digits", "lipschitz_bounds", "surrogate_network"}
    landscape = {f"{name}_numbers" for name in ("curvature", "paths", "surface", "trajectory")}
    inspected = {*explained, *attacked, *landscape}
    assert missing == {
        "monitor",
        "tracker",
        "setup",
        "parameters",
        "run_facts",
        "results",
        *drawn,
        *predictions,
        *inspected,
    }


def test_a_dataset_given_on_the_command_line_reaches_the_catalog():
    entry = load("smoke", dataset="folder", archive={"path": "mine"})["catalog"]["digit_archive"]

    assert (entry["name"], entry["own"]["path"]) == ("folder", "mine")
    assert load("smoke")["catalog"]["digit_archive"]["name"] == "sample"
    assert load()["catalog"]["digit_archive"]["name"] == "mnist"


def test_fixed_starts_with_the_final_width_of_base():
    base, fixed = load()["parameters"], load("fixed")["parameters"]

    assert set(growth_of(fixed)) == {growth_of(base)[-1]} == {512}
    assert base | {"growth": fixed["growth"]} == fixed


def test_documented_is_the_original_schedule():
    widths = growth_of(load("documented")["parameters"])

    assert widths == [min(128 + 64 * (epoch // 20), 512) for epoch in range(150)]
    assert widths[-1] == 512


def test_smoke_grows_within_a_few_small_epochs():
    parameters = load("smoke")["parameters"]
    widths = growth_of(parameters)

    assert parameters["dataset"] == "sample"
    assert len(widths) <= 5
    assert len(set(widths)) >= 3
    assert max(widths) <= 64


def test_parameters_outside_a_run_equal_those_of_a_run():
    assert load_parameters(CONF, "smoke") == load("smoke")["parameters"]
    assert load_parameters(CONF)["training"]["epochs"] == 100
    assert load_parameters(CONF, runtime_params={"dataset": "sample"})["training"]["epochs"] == 150


def test_parameters_are_read_once_and_may_be_changed_by_each_caller(tmp_path):
    (tmp_path / "base").mkdir()
    path = tmp_path / "base" / "parameters.yml"
    path.write_text("split: {seed: 1}\n")
    loader = ConfigLoader(str(tmp_path), env="base", **CONFIG_LOADER_ARGS)

    loader["parameters"]["split"]["seed"] = 2
    path.write_text("split: {seed: 3}\n")

    assert loader["parameters"] == {"split": {"seed": 1}}
    loader["parameters"] = {"split": {"seed": 4}}  # as a user of Kedro may set them
    assert loader["parameters"] == {"split": {"seed": 4}}


@pytest.mark.parametrize("content", [b"report: caf\xe9\n", b"- 1\n", b"report: [\n", b"\0\1"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "parameters_train.yml").write_bytes(b"training: {}\n")
    (tmp_path / "base" / "parameters_report.yml").write_bytes(content)

    with pytest.raises(ValueError, match=r"base/parameters_report\.yml is not a file of parameters or datasets \("):
        load_parameters(tmp_path)


def test_a_configured_model_has_the_values_of_its_group_and_the_changes():
    drift = load_parameters(CONF)["drift"]

    changed = configure(MODELS["drift"], drift, {"window": 200, "style": {"kl": 2.0}})

    assert changed.model_dump() == drift | {"window": 200, "style": drift["style"] | {"kl": 2.0}}
    with pytest.raises(ValidationError, match="windows"):
        configure(MODELS["drift"], drift, {"windows": 200})


def test_every_node_is_in_a_namespace_that_kedro_viz_folds():
    pipelines = register_pipelines()
    namespaces = {name: {node.namespace for node in pipeline.nodes} for name, pipeline in pipelines.items()}

    assert namespaces["__default__"] == {"ingest", "preprocess", "train", "evaluate", "report"}
    assert namespaces["resume"] == {"train", "evaluate", "report"}
    assert None not in set().union(*namespaces.values())
    assert all("." not in name for pipeline in pipelines.values() for name in pipeline.datasets())
