"""Training a family of networks, saving its members, and drawing them."""

import logging
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures, progress, studies
from mnist_growth.datasets import NetworkVersions
from mnist_growth.pipelines.study_inputs import describe_digits
from mnist_growth.studies import FamilyConfig, OutcomeStore, Recipe, Recorder, StudiesConfig, StudyData
from mnist_growth.training import Machine

logger = logging.getLogger(__name__)


def train_family(
    data: StudyData,
    recipe: Recipe,
    config: FamilyConfig,
    common: StudiesConfig,
    machine: Machine,
    store: OutcomeStore,
    recorder: Recorder,
    versions: NetworkVersions,
) -> pd.DataFrame:
    """Train the trunk, then its members, and save each member as a version of the network, the widest last.

    Returns:
        The table of ``studies.family_table``, with the version as ``network``.

    Raises:
        ValueError: The network cannot have these widths, or so many workers need too much memory.
        RuntimeError: The trunk or all members have failed.
    """
    trunk = studies.define_trunk(config, recipe, data.train, data.split, store.folder)
    alone = studies.Study.shared(data, store, recorder, machine, common, [trunk])
    ended = list(alone.run([trunk]))
    studies.check_finished(ended)
    members = studies.define_members(config, recipe, trunk)
    study = studies.Study.shared(data, store, recorder, machine, common, members)
    cooled = list(progress.track(study.run(members), len(members)))
    studies.check_finished(cooled)
    outcomes = {trial.key: outcome for trial, outcome in cooled}
    pairs = [(member, outcomes[member.key]) for member in members]
    table = studies.family_table(pairs, ended[0][1], len(data.test))
    by_key = {member.key: member for member in members}
    table["network"] = [versions.save(studies.load_member(by_key[key])) for key in table["key"]]
    return table


def describe_family(table: pd.DataFrame, data: StudyData, manifest: dict[str, Any]) -> str:
    """Return the subtitle of the figure: which set of digits, and how many networks."""
    dataset = describe_digits(data, manifest)
    return f"dataset {dataset} · {len(data.test):,} test digits · {len(table)} networks from one trunk"


def draw_family(table: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of accuracy and cost by width."""
    return figures.stamp(figures.family(table), provenance)
