"""The page about tables and columns describes what a project holds."""

import json
import re

import pandas as pd
import pytest

from documents import DOCS

PAGE = (DOCS / "reference/tables.md").read_text("utf-8")
NOT_DESCRIBED = {"network_sha256", "fingerprint"}  # of every JSON file; the introduction describes them


def documented() -> dict[str, list[str]]:
    """Names of columns or keys of each table, by the headings of the third level."""
    sections = re.split(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE)[1:]
    tables = dict(zip(sections[::2], sections[1::2], strict=True))
    return {name: names(re.split(r"^## ", text, flags=re.MULTILINE)[0]) for name, text in tables.items()}


def names(text: str) -> list[str]:
    """Names in the first cells of the rows of a table; "`a_0` to `a_9`" stands for ten."""
    found = []
    for cell in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE):
        if series := re.fullmatch(r"`(\w*?)0` to `\1(\d)`", cell):
            found += [f"{series[1]}{number}" for number in range(int(series[2]) + 1)]
        else:
            found += re.findall(r"`(\w+)`", cell)
    return found


def held(path) -> list[str]:
    """Columns of a Parquet file or keys of a JSON file, without the limits of intervals and parameters of trainings."""
    columns = pd.read_parquet(path).columns if path.suffix == ".parquet" else json.loads(path.read_text("utf-8"))
    columns = [name for name in columns if name not in NOT_DESCRIBED and "." not in name]
    return [name for name in columns if re.sub("_(low|high|lower|upper)$", "", name) == name or not base(name, columns)]


def base(name, columns) -> bool:
    """Whether a column is the limit of another one."""
    return re.sub("_(low|high|lower|upper)$", "", name) in columns


@pytest.fixture(scope="module")
def project(explained, tmp_path_factory, empty_database):
    """A project in which every pipeline that leaves tables has run, except the prediction of many images."""
    project = explained.copy(tmp_path_factory.mktemp("documented") / "project", empty_database)
    project.succeed("run", "--env", "smoke", "--pipeline", "train", "--params", "training.epochs=1")
    for pipeline in (
        "compare",
        "export",
        "robustness",
        "landscape",
        "compress",
        "family",
        "active",
        "continual",
        "meta",
    ):
        project.succeed("run", "--env", "smoke", "--pipeline", pipeline)
    sweep, tune = "sweep.seeds=1,sweep.pairs=[],sweep.recipe.training.epochs=1", "tune.trials=1"
    project.succeed("run", "--env", "smoke", "--pipeline", "sweep", "--params", sweep)
    project.succeed("run", "--env", "smoke", "--pipeline", "tune", "--params", tune)
    search = "search.seeds=1,search.budget_multiply_adds=1.2e9"
    project.succeed("run", "--env", "smoke", "--pipeline", "search", "--params", search)
    return project


def test_every_column_is_described(project):
    results = {}
    for folder in (project.folder / "data").glob("0[678]_*/*.*"):
        if folder.suffix in (".parquet", ".json") and not folder.stem.endswith("_figure"):
            results[folder.stem] = held(max(folder.glob(f"*/{folder.name}")))
    described = documented()
    assert results.keys() >= described.keys() - {"drift_report"}
    for name, columns in described.items():
        assert sorted(columns) == sorted(results.get(name, columns)), name


def test_every_table_is_described(project):
    tables = {folder.stem for folder in (project.folder / "data").glob("0[678]_*/*.parquet")}
    assert tables - set(re.findall(r"`(\w+)`", PAGE)) == set()
