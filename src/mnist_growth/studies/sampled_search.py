"""The search for architectures by evolution, and by random choices."""

from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.search_config import MethodName, SearchConfig
from mnist_growth.studies.search_objectives import objectives
from mnist_growth.studies.search_space import SearchSpace
from mnist_growth.studies.search_trials import Architecture
from mnist_growth.studies.trial import Trial


class SampledSearch:
    """Chooses widths and depth with a sampler of Optuna, as long as the budget pays for the training.

    Its choices depend on nothing but the seed and the outcomes before, so an interrupted search makes them again.

    Args:
        method: ``evolution`` (NSGA-II, Deb et al., 2002) or ``random``.
        space: Defines the trainings.
        config: Widths, depths and budget.
    """

    def __init__(self, method: MethodName, space: SearchSpace, config: SearchConfig) -> None:
        import optuna
        from optuna.distributions import BaseDistribution, IntDistribution
        from optuna.samplers import NSGAIISampler, RandomSampler

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.method, self.seed = method, space.seed
        self.ended: list[tuple[Trial, Outcome]] = []
        self.is_done = False
        self._space, self._config = space, config
        self._left = config.budget_multiply_adds
        self._asked: dict[int, optuna.Trial] = {}
        units = config.min_width // config.width_step, config.max_width // config.width_step
        self._distributions: dict[str, BaseDistribution] = {
            "hidden_layers": IntDistribution(config.min_hidden_layers, config.max_hidden_layers),
            **{f"width_{layer}": IntDistribution(*units, log=True) for layer in range(config.max_hidden_layers)},
        }
        sampler: optuna.samplers.BaseSampler = (
            RandomSampler(seed=space.seed)
            if method == "random"
            else NSGAIISampler(population_size=config.population, seed=space.seed)
        )
        self._study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)

    def ask(self) -> Architecture | None:
        """Return the next training; see ``Search.ask``. That of evolution depends on all before it."""
        if self.is_done or (self._asked and self.method == "evolution"):
            return None
        asked = self._study.ask(self._distributions)
        layers = asked.params["hidden_layers"]
        widths = tuple(asked.params[f"width_{layer}"] * self._config.width_step for layer in range(layers))
        trial = self._space.architecture(self.method, asked.number + 1, widths)
        if trial.work > self._left:
            self.is_done = True
            return None
        self._left -= trial.work
        self._asked[trial.changes["number"]] = asked
        return trial

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn the error and the cost of a network. Both are compared on a logarithmic scale."""
        from optuna.trial import TrialState

        asked = self._asked.pop(trial.changes["number"])
        if outcome.state == "finished":
            values = objectives(outcome.forward_multiply_adds, outcome.value("validation_accuracy"))
            self._study.tell(asked, values.tolist())
        else:
            self._study.tell(asked, state=TrialState.FAIL)
        self.ended.append((trial, outcome))
