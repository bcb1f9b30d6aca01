"""Unknown constants from data: the equations weigh ever more, until what is found stays the same.

From the first weights all at once the search ends wrong: fields that are random tell nothing of the
constants, and drive them away. So fields are fitted to the data first, constants then to the
fields, which is linear most of the time, and both together after that, with the weight of the
equations raised from one level to the next. At each level is told how well the constants are known
(`pinnsolve.leastsquares.inference`). With too small a weight the fit follows the noise; with too
large a one it is bent by what the network cannot represent. Between the two lies a plateau, where
the constants stay within their errors, and those are the least: there it ends. Where there is none
the level with the least errors, the shift counted in, is the best that the network can give; that
the constants move from it to its neighbour is told, and counts. Where nothing but fields is sought
there is no plateau to be found, and the level with the least risk of the fit is the best.

Where functions alone are sought the best level is the one that leaves least to be unknown of them,
by noise and by what equations bend that the network cannot meet. Where it cannot at all, the misfit
grows by more than the noise that a stiffer fit takes up less of, and no level from there on counts.

A small network can be improved as a whole, by Gauss-Newton's method. Else the features are drawn,
at the frequency that leaves the least errors, and the last layer is solved for with the constants,
by QR factors: variable projection (Golub & Pereyra, 2003, doi:10.1088/0266-5611/19/2/201).
"""

from dataclasses import replace
from math import inf, isfinite

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.functions import suited
from pinnsolve.objectives.inferred import inferred, regressed
from pinnsolve.objectives.objective import Linearisable
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.scaled import scaled
from pinnsolve.optimizers.gauss_newton import GaussNewton
from pinnsolve.optimizers.head import newton
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part
from pinnsolve.training.initialisation import next_frequency
from pinnsolve.training.levels import Level, level_of

FREQUENCY = 2.0  # of such a one's first layer, per half width of the domain
FAINT = 1e-3  # weight of the equations while fields are fitted to the data
WARM, FIRST = 0.3, 1.2  # factor of the equations' rows before the first level, and at it
FASTER, MOST = 4.0, 12  # the next factor, and how many
PROMISING = 2.0  # times the least loss at the first level: more is that of unfit features
FIRST_OF_ALL, FASTER_OF_ALL = 0.4, 2.0  # the same where all weights are improved
WORSE = 2  # levels in turn that are worse than the best: it will not come back
NEWTON, CONVERGED = 30, 1 - 1e-6
FITTING, TOGETHER, PATIENCE = 100, 100, 15  # iterations of Gauss-Newton, and those that must pay
SMOOTHINGS, STILL = 8, 0.1  # solutions at a level, and a change that is none, of a logarithm


class Continuation:
    """Raise the weight of the equations, one level after the other.

    Parameters
    ----------
    objective
        What is to be lowered, with data among its rows.
    budget
        How long it may take.
    seed
        Of the first weights.
    whole
        Whether all weights of the network are improved, or those of its last layer.
    """

    def __init__(
        self, objective: PointwiseObjective, budget: Budget, seed: int, *, whole: bool
    ) -> None:
        self._stated, self._budget, self._seed = objective, budget, seed
        self._rule = StoppingRule(budget)
        self._whole = whole
        # where nothing but fields is sought, to bend them less may be best
        self._is_alone = objective.model.unknowns is None and not objective.rough
        self._first = FIRST_OF_ALL if whole else WARM if self._is_alone else FIRST
        self._losses: dict[float, float] = {}  # at the first level, by the frequency
        self._levels: list[Level] = []  # at this frequency
        self._best: Level | None = None
        self._near: Level | None = None  # the neighbour that the best is compared with
        self._kept = objective.model.vector()
        self._frequency = FREQUENCY  # of the best level
        self._inner: GaussNewton | None = None
        self._factor = 0.0  # of the level that is at work; 0 while fields are fitted to the data
        self._smooth = (1.0,) * len(objective.rough)  # of the rows of roughness, there
        self._count = 0

    @property
    def objective(self) -> PointwiseObjective:
        """What has been lowered at the best level."""
        return self._stated if self._best is None else self._best.of_objective(self._stated)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The best level, and the one that tells how far the constants move from it."""
        return tuple(level for level in (self._best, self._near) if level is not None)

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more iteration, or of one more level."""
        self._count += 1
        with self._rule.running():
            loss, is_over = self._improve() if self._whole else self._solve()
        is_over |= self._rule.seconds >= self._budget.seconds
        is_over |= self._count >= self._budget.iterations
        if is_over and self._best is not None:
            self._stated.model.set(self._kept.clone())
            loss = _loss(self.objective)
        step = self._rule.report(self._count, loss, self._told() if is_over else "")
        return replace(step, fraction=None)  # how many levels it takes nobody knows

    def state(self) -> State:
        """Return the levels, all weights, those of the best level, and the inner search."""
        mine: State = {
            "count": self._count,
            "factor": self._factor,
            "frequency": self._frequency,
            "smooth": np.array(self._smooth),
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
            "levels": np.array([level.row() for level in self._levels]),
            "best": np.array([level.row() for level in self.levels]),
        }
        inner = {} if self._inner is None else self._inner.state()
        weights = arrays(weights=self._stated.model.vector(), kept=self._kept)
        return {**mine, **weights, **nested(rule=self._rule.state(), inner=inner)}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._count, self._factor = int(state["count"]), float(state["factor"])
        self._frequency = float(state["frequency"])
        self._smooth = tuple(np.asarray(state["smooth"]).tolist())
        self._rule.restore(part(state, "rule"))
        names = (np.asarray(state[name]).tolist() for name in ("frequencies", "losses"))
        self._losses = dict(zip(*names, strict=True))
        self._levels = [Level.of(row) for row in np.atleast_2d(state["levels"]) if len(row)]
        best = [Level.of(row) for row in np.atleast_2d(state["best"]) if len(row)]
        self._best, self._near = (*best, None, None)[:2]
        weights = torch.empty_like(self._kept)
        self._kept = torch.empty_like(self._kept)
        refill({"weights": weights, "kept": self._kept}, state)
        self._stated.model.set(weights)
        self._inner = None
        if inner := part(state, "inner"):
            self._inner = self._search()
            self._inner.restore(inner)

    def _solve(self) -> tuple[float, bool]:
        """Solve for the last layer and the constants at the next level; draw features before."""
        net = self._stated.model
        if not self._levels:
            frequency = self._next()
            if frequency is None:
                return inf, True
            net.draw(self._seed, frequency)
            self._losses[frequency] = inf
            self._factor = self._first
            net.set_head(self._fitted())
        objective, loss = self._solved()
        is_last = self._close(objective, loss)
        if is_last:
            self._levels = []
        return loss, is_last and self._next() is None

    def _solved(self) -> tuple[PointwiseObjective, float]:
        """Solve at the present level, functions as smooth as data ask for; return it and the loss.

        How smooth that is follows from the solution, and the other way round.
        """
        net = self._stated.model
        for left in reversed(range(SMOOTHINGS)):
            objective = self._stated.emphasised(self._factor, self._smooth)
            head = objective.gathered_head()
            c, loss = newton(head, net.head_vector(), NEWTON, CONVERGED)
            net.set_head(c)
            if not (objective.rough and left):
                break
            better = suited(objective, self._smooth)
            changes = np.abs(np.log(np.divide(better, self._smooth)))
            if changes.max() < STILL:
                break
            self._smooth = tuple(better)
        return objective, loss

    def _next(self) -> float | None:
        """Return the frequency to try next; the first alone for features that have none."""
        has_none = not any(net.layers for net in self._stated.model.nets)
        return None if has_none and self._losses else next_frequency(self._losses)

    def _fitted(self) -> Float[Tensor, " q"]:
        """Return the head's weights fitted to the data, and the constants that go with them best.

        What the constants were thought to be is tried as well as what the fields tell.
        """
        net, faint = self._stated.model, self._stated.emphasised(FAINT)
        k = 0 if net.unknowns is None else len(net.unknowns)
        start = net.head_of(torch.as_tensor(self._stated.sizes).to(net.head_vector()))
        c, _ = newton(faint.gathered_head(), start, NEWTON, held=k)
        net.set_head(c)
        if not k:
            return c
        told = c.clone()
        told[-k:] = regressed(self._stated)
        problem = self._stated.emphasised(WARM).gathered_head()
        tries = (newton(problem, start, NEWTON, CONVERGED) for start in (told, c))
        return min(tries, key=lambda found: found[1])[0]

    def _improve(self) -> tuple[float, bool]:
        """Improve all weights and constants by one iteration; raise the weight where none pays."""
        net = self._stated.model
        if self._inner is None:
            if not self._losses:
                assert isinstance(net, MLP)  # several take no data
                net.draw(self._seed, FREQUENCY)
                net.randomise_head(self._seed)
                self._losses[FREQUENCY] = inf
            self._inner = self._search()
        step = self._inner.step()
        if not step.done:
            return step.loss, False
        self._inner = None
        if self._factor:
            objective = self._stated.emphasised(self._factor, self._smooth)
            return step.loss, self._close(objective, step.loss)
        if net.unknowns is not None:
            c = net.head_vector()
            c[-len(net.unknowns) :] = regressed(self._stated)
            net.set_head(c)
        self._factor = self._first
        return step.loss, False

    def _search(self) -> GaussNewton:
        """Return the search at the present level."""
        objective = self._stated.emphasised(self._factor, self._smooth)
        iterations = TOGETHER if self._factor else FITTING
        lowered = scaled(objective)
        assert isinstance(lowered, Linearisable)
        return GaussNewton(lowered, Budget(iterations, patience=PATIENCE))

    def _close(self, objective: PointwiseObjective, loss: float) -> bool:
        """Tell what was found at a level, and go on to the next; return whether it was the last."""
        frequency = next(reversed(self._losses))
        if not self._levels:
            self._losses[frequency] = loss
            if loss > PROMISING * min(self._losses.values()):
                return True
            others = [own for f, own in self._losses.items() if f != frequency]
            if others and min(others) > PROMISING * loss:
                self._best = None  # its features could not follow
        found, sizes = inferred(objective, whole=self._whole)
        level = level_of(objective, self._factor, self._smooth, found, sizes)
        before = self._levels[-1] if self._levels else None
        level = level.beside(self._levels or [level])
        self._levels.append(level)
        is_settled = before is not None and level.is_settled(before)
        is_plateau = is_settled and not self._is_alone
        best = level if is_plateau else min(self._levels, key=lambda own: own.score)
        if isfinite(level.score) and level is best:
            is_next = before is not None and before is self._best  # on the same plateau
            if self._best is None or is_next or level.score < self._best.score:
                self._best, self._near, self._frequency = level, before, frequency
                self._kept = objective.model.vector()
        elif before is self._best and before is not None:
            self._near = level  # which shows how far it moves
        self._factor *= FASTER_OF_ALL if self._whole else FASTER
        since = len(self._levels) - 1 - self._levels.index(best)
        is_worse = since >= (WORSE if isfinite(level.score) else 1)
        return is_settled or is_worse or len(self._levels) >= MOST

    def _told(self) -> str:
        """Return the end of the work in words."""
        if self._best is None:
            return "no level was finished"
        text = f"the equations weigh {self._best.factor**2:.3g} times as much as stated"
        if not self._whole and any(net.layers for net in self._stated.model.nets):
            text = f"features of frequency {self._frequency:g} drawn; {text}"
        return text


def _loss(objective: PointwiseObjective) -> float:
    """Return the loss."""
    r = objective.value()
    return float(r @ r)
