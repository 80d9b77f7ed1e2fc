import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node
from versioned import zero

from mnist_growth.hooks import ContentHooks

NODE = Node(zero, ["start", "given"], "made", name="count")


@pytest.mark.parametrize("value", [{"a": 1}, pd.DataFrame({"a": [1]})])
def test_a_key_that_an_input_from_a_file_does_not_have_names_the_file(catalog, tmp_path, value):
    catalog.save("given", {"a": 1})
    path = tmp_path / "given.json"

    with pytest.raises(ValueError, match=rf"^{path}/.*/given.json has no 'layer', which the node count reads: "):
        ContentHooks().on_node_error(KeyError("layer"), NODE, catalog, {"start": {}, "given": value})


@pytest.mark.parametrize(
    ("error", "value"),
    [
        (KeyError("a"), {"a": 1}),  # of something else
        (KeyError("b"), 1),
        (KeyError(), {"a": 1}),
        (ValueError("b"), {"a": 1}),
    ],
)
def test_other_errors_stay_as_they_are(catalog, error, value):
    catalog.save("given", {"a": 1})

    ContentHooks().on_node_error(error, NODE, catalog, {"given": value})


def test_what_a_node_made_in_the_same_run_is_not_a_file():
    ContentHooks().on_node_error(KeyError("b"), NODE, DataCatalog({"given": MemoryDataset({})}), {"given": {}})
