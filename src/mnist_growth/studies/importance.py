"""Which parameters matter: functional analysis of variance."""

from collections.abc import Sequence

import pandas as pd

_SEED = 0  # of the random forest


def importances(trainings: pd.DataFrame, names: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    """Return the share of the variance of each measure that each parameter alone explains.

    fANOVA: a random forest is fitted to the measure, and its variance over all combinations of values is decomposed
    (Hutter, Hoos & Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014). All
    values of a parameter that were tried have the same weight.

    Args:
        trainings: One row per training, with a column for each parameter and measure.
        names: Parameters.
        measures: Columns to explain; trainings without a value are left out.

    Returns:
        Columns ``parameter`` and ``measure`` with ``importance`` in [0, 1]; no row for a measure with fewer than two
        values, or that is the same for all.
    """
    import optuna
    from optuna.distributions import BaseDistribution, IntDistribution
    from optuna.importance import FanovaImportanceEvaluator

    levels = {name: sorted(trainings[name].unique()) for name in names}
    varied = [name for name in names if len(levels[name]) > 1]
    distributions: dict[str, BaseDistribution] = {name: IntDistribution(0, len(levels[name]) - 1) for name in varied}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = []
    for measure in measures:
        measured = trainings[trainings[measure].notna()]
        if measured[measure].nunique() < 2 or not varied:
            continue
        study = optuna.create_study()
        for _, row in measured.iterrows():
            numbers = {name: levels[name].index(row[name]) for name in varied}
            study.add_trial(
                optuna.trial.create_trial(params=numbers, distributions=distributions, value=float(row[measure]))
            )
        found = FanovaImportanceEvaluator(seed=_SEED).evaluate(study, params=list(varied))
        rows += [{"parameter": name, "measure": measure, "importance": float(found.get(name, 0.0))} for name in names]
    return pd.DataFrame(rows, columns=["parameter", "measure", "importance"])
