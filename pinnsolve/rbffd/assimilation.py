"""A beginning and constants from data: what was seen first and later, and the equations between.

Unknowns are the coefficients of the beginning and the constants of the equations; the solution
between is eliminated, for it is what long steps (`stages`) make of them. So what is left of the
data is a function of few unknowns, whose derivatives for Gauss-Newton's method follow from the
factors that the steps have used (`sensitivities`). The equations are held exactly: only data are
random. Weather forecasts call it variational assimilation with a strong constraint. Source: Le
Dimet & Talagrand (1986), Tellus A 38, doi:10.3402/tellusa.v38i2.11706.

The way is gone with a third of the stages, which cost a third of the time, and the last of it with
all. A step that raises the misfit is halved; where steps bring little although much is left, the
search looks around once and begins elsewhere. Positive constants are sought by their logarithm,
bounds are kept by staying at them.
"""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.errors import DivergedError
from pinnsolve.process import State, Step
from pinnsolve.progress import Watch
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.least_squares import least_squares
from pinnsolve.rbffd.search import Assimilated, Search

MOST_STEPS, HALVINGS = 40, 10
CONVERGED = 1e-8  # part of the misfit that a further step would take away
STILL = 1e-8  # relative change of what is seen by a further step
FARTHEST = 2.0  # of a logarithm in one step
SLOW, UNEXPLAINED = 0.8, 0.01  # part of the misfit that a step leaves; that is not small
LOOKS = (0.5, 1.0, 1.5, 2.0, 3.0)  # times a constant's scale, to either side
LEAST_FALL = 1e-12  # of the misfit, relative: less is rounding


class Assimilation:
    """The search, an iteration of Gauss-Newton's method a step.

    Parameters
    ----------
    search
        What is sought.
    watch
        Told how far the work has come.

    Attributes
    ----------
    search, watch
        The same.
    unknowns
        Where the search stands.
    at
        What is known there, with as many stages as are in use; None before the first step.
    """

    condition = 0.0

    def __init__(self, search: Search, watch: Watch) -> None:
        self.search, self.unknowns = search, search.first
        self.at: Assimilated | None = None
        self._coarse = search.coarse()
        self._is_fine = self._coarse is search
        self.watch, self._iteration = watch, 0
        self._scales = np.empty(0)  # of the constants, until the search has looked around

    def step(self) -> Step:
        """Return the report of one more step.

        Raises
        ------
        DivergedError
            If the equations cannot be solved with the constants with which the search begins.
        """
        if self.at is None:
            self.at = self._begun()
            effects = np.linalg.norm(self.at.derivative, axis=0)
            effects = effects[len(effects) - self.search.n_constants :]
            self._scales = 1 / np.maximum(effects, 1 / FARTHEST)
            return self._said("")
        end = self._improved(self.at)
        if end and not self._is_fine:
            self._refine()
            end = ""
        return self._said(end)

    def answer(self) -> NodalFields:
        """Return the fields so far."""
        search = self.search
        nodes, order = search.system.nodes, search.system.order
        times = search.times[list(search.shown)]
        if self.at is None:
            columns = [search.initial[f, 0] for f in range(search.system.n_fields)]
            values = np.broadcast_to(
                np.stack(columns, axis=1), (len(times), search.system.n_nodes, len(columns))
            )
            return NodalFields(nodes.x, values, order, times, nodes.sight)
        return NodalFields(nodes.x, self.at.levels[list(search.shown)], order, times, nodes.sight)

    def state(self) -> State:
        """Return all that decides how the search goes on."""
        state: dict[str, ndarray | float | int | str] = {
            "iteration": self._iteration,
            "is_fine": int(self._is_fine),
            "unknowns": self.unknowns.copy(),
            "scales": self._scales,
        }
        if self.at is not None:
            state |= {
                "residual": self.at.residual,
                "derivative": self.at.derivative,
                "levels": self.at.levels,
                "slopes": np.stack(self.at.slopes),
                "changes": np.stack(self.at.changes),
            }
        return state

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._iteration, self._is_fine = int(str(state["iteration"])), bool(int(state["is_fine"]))
        self.unknowns, self._scales = np.array(state["unknowns"]), np.array(state["scales"])
        if "residual" in state:
            known = [np.array(state[name]) for name in ("residual", "derivative", "levels")]
            slopes, changes = (list(np.array(state[name])) for name in ("slopes", "changes"))
            self.at = Assimilated(known[0], known[1], known[2], slopes, changes)

    @property
    def _in_use(self) -> Search:
        return self.search if self._is_fine else self._coarse

    def _begun(self) -> Assimilated:
        """Return the knowledge at the beginning; with all stages if fewer do not get through."""
        try:
            return self._in_use.evaluated(self.unknowns, (), self.watch)
        except DivergedError:
            if self._is_fine:
                raise
        self._is_fine = True
        return self.search.evaluated(self.unknowns, (), self.watch)

    def _improved(self, now: Assimilated) -> str:
        """Return the reason for which there is no further step; go one if there is none."""
        delta = self._direction(now)
        expected = now.derivative @ delta
        if expected @ expected <= max(CONVERGED * now.loss, STILL**2):
            if self._look_around():
                return ""
            return "converged: no further step would lower the misfit noticeably"
        found = self._lowered(now, delta)
        if found is None:
            return "" if self._look_around() else "no shorter step lowers the misfit either"
        self.unknowns, self.at = found
        self._iteration += 1
        if self.at.loss > SLOW * now.loss:
            self._look_around()
        return f"stopped after {MOST_STEPS} steps" if self._iteration >= MOST_STEPS else ""

    def _refine(self) -> None:
        """Go on with all stages, Newton's method beginning with what fewer have found."""
        assert self.at is not None
        guesses = self.search.interpolated(self.at.slopes)
        self.at = self.search.evaluated(self.unknowns, guesses, self.watch)
        self._is_fine = True

    def _direction(self, now: Assimilated) -> Float[ndarray, " u"]:
        """Return the step of Gauss-Newton's method, without constants kept at their bounds."""
        is_free, delta = np.ones(len(self.unknowns), dtype=bool), np.zeros(len(self.unknowns))
        for _ in range(self.search.n_constants + 1):  # as many bounds as can be met
            delta = np.zeros(len(self.unknowns))
            delta[is_free] = least_squares(now.derivative[:, is_free], -now.residual)
            is_kept = self._kept(delta) & is_free
            if not is_kept.any():
                break
            is_free &= ~is_kept
        return delta

    def _lowered(
        self, now: Assimilated, delta: Float[ndarray, " u"]
    ) -> tuple[Float[ndarray, " u"], Assimilated] | None:
        """Return unknowns of a lower misfit on the way of a step; None if there are none."""
        share = self._first_share(delta)
        for _ in range(HALVINGS):
            tried = self._within(self.unknowns + share * delta)
            guesses = [
                own + by @ (tried - self.unknowns)
                for own, by in zip(now.slopes, now.changes, strict=True)
            ]
            try:
                found = self._in_use.evaluated(tried, guesses, self.watch)
            except DivergedError:
                found = None
            if found is not None and found.loss < (1 - LEAST_FALL) * now.loss:
                return tried, found
            share /= 2
        return None

    def _look_around(self) -> bool:
        """Begin anew with the best of some values of each constant, if these explain far more.

        They are as far from the first as would change data by about as much as they vary. Waves
        that have gone too far, or not far enough, leave a misfit that no small step lowers. To
        either side it looks no farther than the equations can be solved.
        """
        assert self.at is not None
        if self.at.loss < UNEXPLAINED or not self._scales.size:
            return False
        scales, first = self._scales, self.search.first
        self._scales = np.empty(0)  # once is enough
        best, place = self.at.loss, self.unknowns
        for j, scale in enumerate(scales):
            for size in (-scale, scale):
                for share in LOOKS:
                    tried = first.copy()
                    tried[len(first) - len(scales) + j] += share * size
                    loss = self._in_use.loss(self._within(tried), self.watch)
                    if not np.isfinite(loss):
                        break
                    if loss < best:
                        best, place = loss, self._within(tried)
        if not best < self.at.loss:
            return False
        self.unknowns = place
        self.at = self._in_use.evaluated(place, (), self.watch)
        return True

    def _kept(self, delta: Float[ndarray, " u"]) -> Bool[ndarray, " u"]:
        """Return a mask of the constants at a bound that a step would leave."""
        found = np.zeros(len(delta), dtype=bool)
        k = self.search.n_constants
        for j, parameter in enumerate(self.search.parameters.values()):
            i = len(delta) - k + j
            below = parameter.lower is not None and self.unknowns[i] <= parameter.lower
            above = parameter.upper is not None and self.unknowns[i] >= parameter.upper
            found[i] = (below and delta[i] < 0) or (above and delta[i] > 0)
        return found

    def _within(self, u: Float[ndarray, " u"]) -> Float[ndarray, " u"]:
        """Return unknowns with constants moved to their bounds where these are passed."""
        found, k = u.copy(), self.search.n_constants
        for j, parameter in enumerate(self.search.parameters.values()):
            i = len(u) - k + j
            low = -np.inf if parameter.lower is None else parameter.lower
            high = np.inf if parameter.upper is None else parameter.upper
            found[i] = np.clip(u[i], low, high)
        return found

    def _first_share(self, delta: Float[ndarray, " u"]) -> float:
        """Return the share of a step with which no logarithm moves too far."""
        parts, k = self.search.parameters.values(), self.search.n_constants
        ends = zip(parts, delta[len(delta) - k :], strict=True)
        most = max((abs(d) for p, d in ends if p.transform == "exp"), default=0.0)
        return min(1.0, FARTHEST / most) if most else 1.0

    def _said(self, done: str) -> Step:
        """Return the report of what has been reached."""
        assert self.at is not None
        constants = self.search.constants(self.unknowns)
        note = ", ".join(f"{name} = {value:.6g}" for name, value in constants.items())
        stage = "solution: from data"
        return Step(self.at.loss, self._iteration, done, None, stage, note=note)
