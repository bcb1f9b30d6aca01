"""What an evolution has lost: by fits, and by what the rates of its weights leave of the equations.

Beside it stands how hard the rates were to solve for, now and after the last fit.

In the norm of the solution, by component of the state,

    |e(t)| <= sum of |fit errors| + sum of |step errors| + int |residual| dt

where nothing is amplified. Residuals are those at points that the rates have not been fitted to.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.objectives.velocity import Solved
from pinnsolve.process import State

DOUBLED = 2.0  # times the residual after the last fit
LARGER, LONGER = 10.0, 3.0  # times the eigenvalue and the iterations after the last fit
FEW = 30  # iterations
FEE = 0.1  # of what has been lost, that a fit may add
NOTHING = 1e-6  # residual below which more of it elsewhere is no doubt
LEAST = 1e-300
PER_WEIGHT = 4  # points for each weight, at least
BLIND = 2.0  # times the residual at the points that were seen
UNSOLVED = 1e-5  # of a gradient, that iterations may leave


def beyond(limit: float | None, residual: float) -> str:
    """Return a clause on a residual that is above its limit; empty if it is not."""
    if limit is None or residual <= limit:
        return ""
    return (
        f"the weights leave {residual:.2g} of the equations, more than residual_limit = {limit:g},"
    )


class Ledger:
    """Losses and residuals of the components of a state.

    Parameters
    ----------
    count
        How many components there are.

    Attributes
    ----------
    lost
        What has been lost of each.
    blind
        The largest ratio of what was left at unseen points to what was left at those of a step.
    unsolved
        The most that iterations have left of the gradient of a linear system.
    """

    def __init__(self, count: int) -> None:
        self.lost, self.blind, self.unsolved = np.zeros(count), 0.0, 0.0
        self._system = np.zeros((2, 2))  # largest eigenvalue and iterations: now, after the fit
        self._left = np.zeros((3, count))  # relative: unseen, seen, and unseen after the last fit
        self._absolute = np.zeros((2, count))  # unseen: now, and after the last fit
        self._fit = np.zeros(count)  # the error of the last fit

    @property
    def residual(self) -> float:
        """What is left at unseen points, relative to the rates."""
        return float(self._left[0].max())

    @property
    def after_fit(self) -> float:
        """The same after the last fit."""
        return float(self._left[2].max())

    @property
    def at_own_points(self) -> float:
        """The same at the points of a step."""
        return float(self._left[1].max())

    @property
    def conditioning(self) -> dict[str, float]:
        """How hard the last linear system was to solve."""
        return dict(
            zip(("largest eigenvalue", "iterations"), self._system[0].tolist(), strict=True)
        )

    def warnings(self, points: int, weights: int) -> tuple[str, ...]:
        """Return doubts about what points have told of weights.

        Parameters
        ----------
        points, weights
            Of a step, and of the largest network.
        """
        found = scarce(points, weights)
        if self.blind > BLIND:
            found.append(
                f"the weights leave up to {self.blind:.2g} times as much of the equations at "
                "points that they have not seen as at their own: raise evolution.samples."
            )
        if self.unsolved > UNSOLVED:
            found.append(
                f"conjugate gradients have left up to {self.unsolved:.1g} of a linear system: "
                "raise evolution.regularization or evolution.preconditioner_rank."
            )
        return tuple(found)

    def solved(self, found: Solved) -> None:
        """Note how a linear system was solved."""
        self._system[0] = found.largest, found.iterations
        if not self._system[1].any():
            self._system[1] = self._system[0]
        self.unsolved = max(self.unsolved, found.unsolved)

    def fitted(self, errors: Float[ndarray, " s"]) -> None:
        """Note the errors of a fit."""
        self._fit, self.lost = errors, self.lost + errors
        self._left[2], self._system[1] = 0, 0

    def measured(self, unseen: Solved, seen: Solved, least: Float[ndarray, " s"]) -> None:
        """Note what rates of the weights leave.

        Parameters
        ----------
        unseen, seen
            At points that they have not been fitted to, and at the others.
        least
            Rates that count as no smaller than this.
        """
        for row, own in enumerate((unseen, seen)):
            sizes = np.maximum(np.sqrt(own.size), np.maximum(least, LEAST))
            self._left[row] = np.sqrt(own.left) / sizes
        self._absolute[0] = np.sqrt(unseen.left)
        if not self._left[2].any():
            self._left[2], self._absolute[1] = self._left[0], self._absolute[0]
        if self.residual > NOTHING:
            self.blind = max(self.blind, self.residual / max(self.at_own_points, LEAST))

    def stepped(self, h: float, errors: Float[ndarray, " s"]) -> None:
        """Note a step of some length, and its own errors."""
        self.lost = self.lost + h * self._absolute[0] + errors

    def pays(self, time: float) -> bool:
        """Return whether a fit takes more off the residual of some time than it costs itself.

        Or costs little beside what has been lost, where linear systems have become harder to solve.
        """
        has_grown = self.residual > DOUBLED * self.after_fit > 0
        saved = (self._absolute[0] - self._absolute[1]) * time
        first = np.maximum(self._system[1], [0.0, FEW])
        is_hard = bool((self._system[0] > np.array([LARGER, LONGER]) * first).any())
        is_cheap = bool((self._fit <= FEE * self.lost).all())
        return bool(has_grown and (saved > self._fit).any()) or (is_hard and is_cheap)

    def state(self) -> State:
        """Return all of it."""
        return {
            "lost": self.lost.copy(),
            "blind": self.blind,
            "left": self._left.copy(),
            "absolute": self._absolute.copy(),
            "fit": self._fit.copy(),
            "unsolved": self.unsolved,
            "system": self._system.copy(),
        }

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self.lost, self.blind = np.array(state["lost"]), float(state["blind"])
        self._left, self._absolute = np.array(state["left"]), np.array(state["absolute"])
        self._fit = np.array(state["fit"])
        self.unsolved, self._system = float(state["unsolved"]), np.array(state["system"])


def scarce(points: int, weights: int) -> list[str]:
    """Return a warning of points that are too few for so many weights; none if they are not."""
    if points >= PER_WEIGHT * weights:
        return []
    few = f"{points} samples are fewer than {PER_WEIGHT} for each of {weights} weights"
    return [f"{few}: raise evolution.samples."]
