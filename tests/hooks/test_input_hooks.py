from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from versioned import OLD, OTHERS, RUN, numbers, zero

import configured
from mnist_growth.datasets import CheckpointsDataset, DigitArchiveDataset
from mnist_growth.hooks import InputHooks


def check(catalog, *nodes, **options):
    InputHooks().before_pipeline_run(RUN | options, Pipeline(list(nodes)), catalog)


def of_set(name):
    """A network or digits of a data set."""
    return MemoryDataset(SimpleNamespace(dataset=name, fingerprint=name), copy_mode="assign")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Pipelines of which one makes what another one needs."""
    pipelines = {"first": Pipeline([Node(zero, "start", "given")])}
    monkeypatch.setattr("mnist_growth.hooks.inputs.pipelines", pipelines)


def test_an_input_that_is_missing_is_refused(catalog):
    with pytest.raises(FileNotFoundError, match=r"no given in .*: create it with `kedro run --pipeline first`$"):
        check(catalog, Node(zero, ["start", "given"], "made"))

    check(catalog, Node(zero, ["start", "given"], "made"), only_missing_outputs=True)
    catalog.save("given", 1)
    check(catalog, Node(zero, ["start", "given"], "made"))


def test_a_version_that_does_not_exist_is_refused_with_those_that_do(catalog, tmp_path):
    numbers(tmp_path, "given", save=OLD).save(1)
    catalog["given"] = numbers(tmp_path, "given", load=OTHERS)

    with pytest.raises(FileNotFoundError, match=f"given has no version {OTHERS}; expected one of {OLD}$"):
        check(catalog, Node(zero, "given", "made"))


def test_a_new_training_needs_no_checkpoints(tmp_path):
    handle = CheckpointsDataset(filepath=str(tmp_path / "checkpoints"), version=Version(None, OLD), newest=2)

    check(DataCatalog({"checkpoints": handle}), Node(zero, "checkpoints", "network"))


def test_a_network_that_is_missing_is_refused_first(catalog):
    with pytest.raises(DatasetError, match="network"):
        check(catalog, Node(zero, ["given", "network"], "made"))


def test_what_the_run_makes_itself_need_not_exist(catalog):
    check(catalog, Node(zero, "start", "given", name="first"), Node(zero, "given", "made", name="second"))


@pytest.mark.parametrize("network", ["network", "baseline_network"])
@pytest.mark.parametrize("digits", ["test_digits", "train_digits"])
def test_digits_of_another_set_than_that_of_the_network_are_refused(network, digits):
    catalog = DataCatalog({network: of_set("mnist"), digits: of_set("kmnist")})

    with pytest.raises(ValueError, match=r"(?s)trained on 'mnist'.*'kmnist'"):
        check(catalog, Node(zero, [network, digits], "table"))

    check(catalog, Node(zero, network, "a", name="one"), Node(zero, digits, "b", name="other"))
    check(DataCatalog({network: of_set("mnist"), digits: of_set("mnist")}), Node(zero, [network, digits], "table"))


@pytest.mark.parametrize(
    ("name", "own", "message"),
    [
        ("cifar", None, "There is no dataset named 'cifar'"),
        ("folder", None, "archive.path is not set"),
        ("folder", "nowhere", "nowhere does not exist"),
        ("sample", None, None),
    ],
)
def test_a_data_set_that_does_not_exist_is_refused(tmp_path, name, own, message):
    options = configured.archive(path=own and str(tmp_path / own)).model_dump()
    catalog = DataCatalog({"digit_archive": DigitArchiveDataset(name, str(tmp_path), archives={}, own=options)})
    node = Node(zero, "digit_archive", "digits")

    if message is None:
        check(catalog, node)
    else:
        with pytest.raises(ValueError, match=message):
            check(catalog, node)


def test_a_version_of_what_the_run_does_not_load_is_refused(catalog):
    catalog.save("given", 1)
    node = Node(zero, ["given", "params:training"], "made")

    with pytest.raises(ValueError, match="version of made is given, but this run does not load made; it loads given$"):
        check(catalog, node, load_versions={"made": OLD})


def test_a_dataset_that_an_earlier_node_keeps_in_memory_is_refused(monkeypatch):
    first, second = Node(zero, "start", "provenance", name="describe"), Node(zero, "provenance", "figure")
    monkeypatch.setattr("mnist_growth.hooks.inputs.pipelines", {"all": Pipeline([first, second])})
    catalog = DataCatalog({"start": MemoryDataset(1)})

    check(catalog, first, second)
    with pytest.raises(ValueError, match="needs provenance, .* made by the node describe"):
        check(catalog, second)
