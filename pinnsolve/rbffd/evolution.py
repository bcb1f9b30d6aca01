"""The classical solution of a problem in time: RBF-FD in space, Radau IIA in time.

The conditions are a system of differential-algebraic equations ``F(t, u, u_t, …) = 0`` for the
nodal values, ghosts included: boundary conditions hold no derivative in time, as a rule. Source:
Hairer & Wanner (1996), doi:10.1007/978-3-642-05221-7, sections IV.8 and VI.1.

Steps. Each interval between two time levels is divided into the same number of steps, doubled
until the error that they leave at the levels is below a tolerance, or `MOST_DOUBLINGS` times. That
error is known from the last two changes: if they are ``q`` and then ``c``, the next ones are
expected to be ``c (c/q)``, ``c (c/q)^2`` and so on, which is in sum

    error = c / (q/c - 1),    q/c at most 2^(2s-1), its value for smooth solutions.

Where small changes hardly fall what is left is rounding, as where chaos lets it grow. Systems of
ordinary equations, and others where equal steps are lost, take steps of any length that bisection
finds (`bisection`), with a tolerance a sixteenth as large each time.

The work can be left at every time level; matrices are factorised again where they were taken.
"""

from collections.abc import Mapping
from math import inf

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from threadpoolctl import ThreadpoolController

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.process import State, Step
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.bisection import Bisection
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.flow import Flow, Moment
from pinnsolve.rbffd.stage_equations import Bind
from pinnsolve.timestepping.radau import radau

MOST_DOUBLINGS = 6  # of the steps between two levels
FEW_DOUBLINGS = 3  # the same of ordinary equations, of which steps of any length cost little
# where equal steps were lost: times that an interval is halved at most, and steps that are tried
DEEPER, TRIES = 14, 1024
DEEPEST, MANY_TRIES = 48, 50_000  # the same of ordinary equations, of which a step is cheap
# steps of any length: how often from level to level, the first tolerance if none is larger, and
# what share of it the next one is; the last is no smaller than what Newton's method leaves
SWEEPS, COARSE, FINER = 4, 1e-6, 2.0**-4
UNKNOWN_RATIO = 2.0  # of two changes, where only one is known
SMALLEST_RATIO = 1.25  # taken for changes that fall no faster, or not at all
# a change, relative to the solution, that is rounding if it falls less than of order two
ROUNDING, SECOND_ORDER = 1e-6, 4.0
ALIKE = 1e-9  # relative differences between changes everywhere: nothing depends on a place
BEYOND = "The equations, linearised there, determine no step: it blows up, as at a shock. "
BEYOND += "End before that, or add diffusion."


class Evolution:
    """The integration from the first time level to the last, an interval between two a step.

    Where Newton's method fails, or finds no unique solution of a nonlinear problem, the steps are
    halved at once; where nothing helps, they are taken in other variables, if there are any.

    Parameters
    ----------
    system
        The discretisation in space, with derivatives in time as further fields.
    bind
        Its conditions at other instants.
    initial
        Values at all nodes by field and order in time.
    times
        The time levels, evenly spaced.
    tolerance, doubling
        Relative error of the steps that is small enough, and how often they are halved at first.
    is_ordinary
        Whether the equations are ordinary ones.
    watch
        Told before each interval how far the work has come.

    Attributes
    ----------
    change
        Relative change of the solution when the steps were last halved.
    between
        Instants between the levels, at most one in each interval, and the values there: stages of
        steps, of a lower order than what is found at the levels. What has been taken up again knows
        them from then on.
    """

    def __init__(
        self,
        system: Discretisation,
        bind: Bind,
        initial: Mapping[tuple[int, int], Float[ndarray, " N"]],
        times: Float[ndarray, " K"],
        *,
        tolerance: float,
        doubling: int = 0,
        is_ordinary: bool = False,
        watch: Watch = unwatched,
    ) -> None:
        self.change, self._before = inf, inf
        self._flow = Flow(system, bind, initial, radau(system.order))
        self._times, self._tolerance, self._watch = times, tolerance, watch
        self._threads = ThreadpoolController()
        self._doubling, self._message = min(doubling, MOST_DOUBLINGS - 1), ""
        self._shallowest = self._doubling
        self._limits = (DEEPEST, MANY_TRIES) if is_ordinary else (DEEPER, TRIES)
        self._bisects = False
        self._found: Float[ndarray, "K N c"] | None = None  # by the last steps that were finished
        self._levels: list[Float[ndarray, "N c"]] = []  # by the present steps
        self._inner: list[tuple[float, Float[ndarray, "N c"]]] = []  # the same, between the levels
        self.between = np.empty(0), np.empty((0, system.n_nodes, system.n_fields))
        self._is_ordinary = is_ordinary
        self._begin()

    @property
    def condition(self) -> float:
        """Largest estimated condition number of the matrices of steps so far, scaled."""
        return self._flow.condition

    @property
    def error(self) -> float:
        """Relative error that the steps in time have left, estimated; infinite if unknown."""
        if not self.change:
            return 0.0
        ratio = self._before / self.change if self._before < inf else UNKNOWN_RATIO
        highest = 2.0 ** (2 * len(self._flow.method.c) - 1)
        return self.change / (min(max(ratio, SMALLEST_RATIO), highest) - 1)

    @property
    def _is_fine(self) -> bool:
        """Whether shorter steps are not worth while."""
        is_rounding = self.change <= ROUNDING and self._before < SECOND_ORDER * self.change
        return self.error <= self._tolerance or is_rounding

    def step(self) -> Step:
        """Return the report of the steps across one more interval.

        Raises
        ------
        SingularError
            If the equations do not determine how the fields go on.
        DivergedError
            If Newton's method fails however small the steps.
        """
        last = len(self._times) - 1
        while not self._is_fine and self._doubling <= self._most:
            if self._level == last:
                self._refine()
                self._begin()
                continue
            try:
                # thousands of small triangular solves: threads would wait for one another
                with self._threads.limit(limits=1, user_api="blas"):
                    self._advance()
            except DivergedError as error:
                self._lose(str(error))
            except SingularError:  # perhaps only where steps overshoot
                if self._flow.system.is_linear:
                    raise
                self._lose(BEYOND)
            else:
                if self._level == last:
                    self._compare()
                break
            self._refine(is_lost=True)
            self._begin()
        return self._said()

    def answer(self) -> Float[ndarray, "K N c"]:
        """Return the best values so far; where there are none, those of the last level reached."""
        if self._found is None:
            newest = self._levels[-1] if self._levels else self._flow.values(self._moment)
            found = np.repeat(newest[None], len(self._times), axis=0)
        else:
            found = self._found.copy()
        found[: len(self._levels)] = np.stack(self._levels) if self._levels else 0.0
        return found

    def state(self) -> State:
        """Return the fields at the last level, and all that decides how they go on."""
        moment, matrices = self._moment, self._moment.matrices
        state: dict[str, ndarray | float | int | str] = {
            "doubling": self._doubling,
            "level": self._level,
            "change": self.change,
            "change_before": self._before,
            "message": self._message,
            "condition": self._flow.condition,
            "loss": moment.loss,
            "changed": int(self._flow.has_changed),
            "bisects": int(self._bisects),
            "steps": self._steps,
            "fields": moment.state.copy(),
            "slopes": moment.slopes.copy(),
        }
        if self._levels:
            state["levels"] = np.stack(self._levels)
        if self._found is not None:
            state["found"] = self._found.copy()
        if matrices is not None:
            state["matrices_interval"] = self._taken
            state["matrices_instant"] = matrices.at
            state["matrices_fields"] = matrices.fields.copy()
        return state

    def restore(self, state: State) -> None:
        """Continue from a state; matrices are factorised again where they were taken."""
        self._doubling, self._level = (int(str(state[name])) for name in ("doubling", "level"))
        self.change, self._message = float(state["change"]), str(state["message"])
        self._before = float(state["change_before"])
        self._bisects, self._steps = bool(int(str(state["bisects"]))), int(str(state["steps"]))
        self._levels = list(np.array(state["levels"])) if "levels" in state else []
        self._found = np.array(state["found"]) if "found" in state else None
        if int(str(state["changed"])):
            self._flow.changes_variables()
        matrices = None
        if "matrices_fields" in state:
            self._taken = int(str(state["matrices_interval"]))
            at, fields = int(str(state["matrices_instant"])), np.array(state["matrices_fields"])
            begin, end = self._times[self._taken : self._taken + 2]
            instants = self._flow.instants(begin, end, self._n, self._h)
            matrices = self._flow.matrices(self._flow.bind(instants), at, fields, self._h)
        self._flow.condition = float(state["condition"])
        fields, slopes = np.array(state["fields"]), np.array(state["slopes"])
        self._moment = Moment(fields, slopes, matrices, float(state["loss"]))

    @property
    def _most(self) -> int:
        """How often all is done again with finer steps."""
        return SWEEPS - 1 if self._bisects else MOST_DOUBLINGS

    def _refine(self, *, is_lost: bool = False) -> None:
        """Make steps finer, or take other ones: in other variables, or of any length."""
        if self._bisects:  # where that is lost, it is with smaller tolerances
            self._doubling = SWEEPS if is_lost else self._doubling + 1
            return
        self._doubling += 1
        nothing = self._doubling > MOST_DOUBLINGS and self._found is None
        if nothing and self._flow.changes_variables():
            self._doubling = 0
        elif nothing or (self._is_ordinary and self._doubling > FEW_DOUBLINGS):
            self._bisects, self._doubling = True, 0

    @property
    def _n(self) -> int:
        """Steps between two levels."""
        return int(2 ** min(self._doubling, MOST_DOUBLINGS))

    @property
    def _h(self) -> float:
        """Their size."""
        return float(self._times[1] - self._times[0]) / self._n

    @property
    def _stage(self) -> str:
        return "time integration" + ("" if self._bisects else f", {self._n} steps a level")

    def _lose(self, reason: str) -> None:
        """Say when the steps failed; equal ones have said it, if there have been any."""
        if not (self._bisects and self._message):
            begin, end = self._times[self._level : self._level + 2]
            when = f"between t = {begin:.4g} and t = {end:.4g}{self._where()}"
            self._message = f"the solution was lost {when}. {reason}"

    def _where(self) -> str:
        """Return a clause on where the last level that was reached differs most from the first."""
        nodes, levels = self._flow.system.nodes, self._levels
        if len(levels) < 2:
            return ""
        first, last = (level[nodes.rows] for level in (levels[0], levels[-1]))
        change = np.abs(last - first)
        change /= np.maximum(np.abs(first).max(axis=0), np.finfo(float).tiny)
        if np.ptp(change, axis=0).max() <= ALIKE * change.max():
            return ""
        node, _ = np.unravel_index(np.argmax(change), change.shape)
        place = ", ".join(f"{x:.4g}" for x in nodes.x[node])
        return f"; until then it had changed most at ({place})"

    def _begin(self) -> None:
        """Go to the first level."""
        self._moment, self._level, self._levels = self._flow.beginning(), 0, []
        self._inner, self._steps = [], 0
        self._taken = 0  # the interval in which the matrices were taken

    def _advance(self) -> None:
        """Go to the next level."""
        k, before, intervals = self._level, self._moment.matrices, len(self._times) - 1
        self._watch(Progress(self._stage, k / intervals))
        begin, end = self._times[k : k + 2]
        if self._bisects:
            known = np.stack([*self._levels, self._flow.values(self._moment)])
            crossing = Bisection(
                self._flow,
                float(begin),
                float(end),
                max(self._tolerance, COARSE) * FINER**self._doubling,
                np.linalg.norm(known, axis=1).max(axis=0),
                self._shallowest,
                *self._limits,
                lambda part: self._watch(
                    Progress(self._stage, (k + part) / (len(self._times) - 1))
                ),
            ).across(self._moment)
        else:
            crossing = self._flow.across(self._moment, begin, end, self._n, self._h)
        self._moment = crossing.moment
        if self._moment.matrices is not before:
            self._taken = k
        if k == 0:
            self._levels = [crossing.first]
        self._levels.append(self._flow.values(self._moment))
        self._inner.append((crossing.within, crossing.inner))
        self._steps += crossing.steps
        self._level += 1

    def _compare(self) -> None:
        """Take the values for the best, and tell by how much they are better."""
        finer = np.stack(self._levels)
        if self._found is not None:
            difference = np.linalg.norm(finer - self._found)
            self._before, self.change = self.change, float(difference / np.linalg.norm(finer))
        self._found = finer
        instants, inner = zip(*self._inner, strict=True)
        self.between = np.array(instants), np.stack(inner)
        self._message = f"solved in {self._steps} steps"

    def _said(self) -> Step:
        """Return the report of what has been reached.

        Raises
        ------
        DivergedError
            If nothing has been, and no smaller steps are left.
        """
        last = len(self._times) - 1
        if self._is_fine:
            return Step(self._moment.loss, self._steps, self._message, 1.0, self._stage)
        if self._doubling <= self._most:
            fraction = self._level / last
            return Step(self._moment.loss, self._steps, "", fraction, self._stage)
        if self._found is None:
            raise DivergedError(self._message)
        left = (
            "an error that is not known"
            if self.error == inf
            else f"an error of about {self.error:.1e}"
        )
        message = f"{self._message}, which leave {left}"
        return Step(self._moment.loss, self._steps, message, 1.0, self._stage)
