"""The moments at which the smoke training is killed."""

import random
from dataclasses import dataclass

BATCHES = 63  # per epoch of the smoke training
EPOCHS = 4
GROWTHS = (1, 2)  # epochs after which the network grows


@dataclass(frozen=True)
class Moment:
    """When to kill: some time after the checkpoint of an update, or after the start of the process.

    Attributes:
        name: Kind of moment.
        update: Number of the update whose checkpoint is waited for; None: no checkpoint is waited for.
        seconds: Time to wait after that.
        writing: Whether to wait then until a checkpoint is being written.
    """

    name: str
    update: int | None
    seconds: float
    writing: bool = False


def moments(kills: int, seed: int, before_first: float) -> list[Moment]:
    """Return random moments of each kind in random order, the same for the same seed.

    Args:
        kills: Number of moments.
        seed: Seed of the choice.
        before_first: Seconds from the start of the process to its first checkpoint.
    """
    generator = random.Random(seed)
    last = EPOCHS * BATCHES

    def moment(number: int) -> Moment:
        late = generator.uniform(0, 0.05)
        match number % 10:
            case 0 | 1 | 2:
                return Moment("anywhere", generator.randint(1, last - 1), late)
            case 3 | 4 | 5 | 6:
                return Moment("writing", generator.randint(1, last - 2), late, writing=True)
            case 7 | 8:
                return Moment("growth", generator.choice(GROWTHS) * BATCHES - 1, late)
            case _ if number // 10 % 2:
                return Moment("end", last - 1, generator.uniform(0, 1))
            case _:
                return Moment("start", None, generator.uniform(0, before_first))

    chosen = [moment(number) for number in range(kills)]
    generator.shuffle(chosen)
    return chosen
