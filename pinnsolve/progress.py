"""How long work tells its watcher where it stands.

Every stage that can take longer than two seconds calls a `Watch` now and then. The watcher
shows a bar, keeps a log, or raises `Stopped` to end the work; the stages know none of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """Where the work stands.

    Attributes
    ----------
    stage
        What is being done, as ``nodes``, ``operators``, ``training: gauss-newton``.
    fraction
        Part of the stage that is done, 0 to 1; None if that cannot be known.
    iteration
        Iterations done in this stage, if it iterates.
    loss
        Weighted mean square of the residuals, if it is training.
    relative_l2
        Relative error on the nodes, where it has just been measured.
    note
        What in particular is being done, where a stage has many parts.
    """

    stage: str
    fraction: float | None = None
    iteration: int | None = None
    loss: float | None = None
    relative_l2: float | None = None
    note: str = ""


Watch: TypeAlias = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """Watch nothing; the default of every stage."""
