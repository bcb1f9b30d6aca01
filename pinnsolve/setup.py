"""What a problem is solved with: domain, nodes, operators, references.

Each is made when it is first asked for, and once: by the method that needs it, by the checks, by
the report. A problem in many dimensions never asks for operators, a direct solution never for an
ansatz. Several runs on the same nodes share what they have in common (`Setup.sharing`): what is
kept is kept under what it depends on.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, TypeVar

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.data import Observed, observations
from pinnsolve.conditions.nodal import placed
from pinnsolve.conditions.oscillation import Oscillation, oscillation
from pinnsolve.conditions.placement import Placement
from pinnsolve.conditions.points import points_of
from pinnsolve.conditions.snapshots import begun, splines
from pinnsolve.conditions.splines import Spline
from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.constraints.build import ansatz, hard
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.regions import region_domains
from pinnsolve.geometry.sources import widths
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import with_widths, without_sources
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.quadrature import order_for, weights_for
from pinnsolve.rbffd.solve import assemble
from pinnsolve.references import REFERENCES, TRUTHS
from pinnsolve.references.exact import exact_truth
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.reference import Reference

T = TypeVar("T")


@dataclass
class Lap:
    """The time of a stage, without that of the stages within it."""

    seconds: float = 0.0


@dataclass(frozen=True)
class _Made:
    """Something that has been made, on which stage, how long it took, and what it needed."""

    value: Any
    stage: str
    seconds: float
    needs: frozenset[Hashable]


class Setup:
    """What a problem is solved with, made at the first request.

    Parameters
    ----------
    problem
        What is to be solved.
    watch
        Told of the progress; may raise `Stopped`.
    nodes
        The nodes of an earlier run; None to make them.

    Attributes
    ----------
    problem
        What is solved, which may be the potentials of the fields that are asked for, and begins
        with what was observed first, if that is so.
    asked
        What is asked for.
    seconds
        Time by stage of what has been made for this problem, whoever made it.
    """

    def __init__(
        self, problem: Problem, watch: Watch = unwatched, nodes: Nodes | None = None
    ) -> None:
        self.asked = problem = with_widths(problem, lambda: self.widths)
        self.problem, self.watch = begun(problem.solved or problem, self._begun), watch
        self.seconds: dict[str, float] = {}
        self._made: dict[Hashable, _Made] = {}
        self._used: set[Hashable] = set()  # keys whose time is booked here
        self._needed: set[Hashable] = set()  # keys asked for while something is made
        self._within = 0.0  # time of the stages within the present one
        if nodes is not None:
            self._made["nodes"] = _Made(nodes, "nodes", 0.0, frozenset())

    def sharing(self, problem: Problem, watch: Watch = unwatched) -> "Setup":
        """Return the setup of the same problem with another method or other settings of it.

        Parameters
        ----------
        problem
            It differs in ``[solver]``, ``[network]`` and ``[training]`` alone.
        watch
            Told of its progress.
        """
        other = Setup(problem, watch)
        other._made = self._made
        return other

    def shortened(self, end: float) -> "Setup":
        """Return the setup of the same problem up to some instant, where the work has ended."""
        problem = self.asked
        assert problem.time is not None
        assert problem.times is not None
        times = [float(t) for t in problem.times if t < end]
        overrides = {
            "domain.time": [problem.time[0], end],
            "evolution.output_times": [*times, end],
        }
        other = Setup(problem.replace(overrides), self.watch, nodes=self.nodes)
        other.seconds = self.seconds
        truth = self.truth
        if truth is not None and problem.exact is None:  # not to be solved for again
            other._made["truth"] = _Made(
                _shown(truth, other.asked, self.nodes), "reference", 0.0, frozenset()
            )
        return other

    @property
    def domain(self) -> Domain:
        """Where the problem is posed."""
        return self._once("domain", "nodes", lambda: build_domain(self.problem))

    @property
    def parts(self) -> tuple[Domain, ...]:
        """The parts of the domain in which its regions lie; none if there is one."""
        if not self.problem.regions:
            return ()
        return self._once("parts", "nodes", lambda: region_domains(self.problem, self.domain))

    @property
    def nodes(self) -> Nodes:
        """The nodes, ghosts included."""
        return self._once(
            "nodes",
            "nodes",
            lambda: node_set(
                without_sources(self.problem), self.domain, self.watch, parts=self.parts
            ),
        )

    @property
    def widths(self) -> Mapping[str, float]:
        """How wide the point sources are spread on the nodes, by name."""
        return self._once("widths", "nodes", lambda: widths(self.asked, self.domain, self.nodes))

    @property
    def placement(self) -> Placement:
        """Where on the nodes the equations and conditions hold."""
        return self._once(
            ("placement", order_for(self.problem)),
            "nodes",
            lambda: placed(self.problem, self.nodes, quadrature=self.quadrature),
        )

    @property
    def quadrature(self) -> NodalQuadrature | None:
        """Weights of integrals at the nodes; None if no constraint needs them."""
        return self._once(
            ("quadrature", order_for(self.problem)),
            "nodes",
            lambda: weights_for(self.problem, self.nodes, self.domain),
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The equations and conditions, bound to the nodes."""
        key = ("conditions", order_for(self.problem))
        return self._once(key, "nodes", lambda: self.placement.at())

    @property
    def oscillation(self) -> Oscillation:
        """Waves in the data of a problem without unknown parameters."""

        def make() -> Oscillation:
            regions = self.nodes.regions
            locate = None if regions is None else regions.locate
            return oscillation(self.problem, self.domain, locate)

        return self._once("oscillation", "nodes", make)

    @property
    def observed(self) -> tuple[Observed, ...]:
        """What has been observed, read from files or made of a known solution.

        Raises
        ------
        ProblemError
            If a file holds no such data.
        """

        def truth(name: str) -> Fields | None:
            found = self.truth if name == "reference" else self.reference(name)
            return None if found is None else found.fields

        return self._once("observed", "nodes", lambda: observations(self.asked, self.domain, truth))

    @property
    def splines(self) -> Mapping[str, Spline]:
        """Smoothing splines through what was observed when the first of long steps begins."""
        return self._once(
            "splines", "nodes", lambda: splines(self.asked, self.nodes, self.observed)
        )

    def discretisation(self, order: int | None = None) -> Discretisation:
        """Return the discrete problem of an order of accuracy, by default the problem's.

        Raises
        ------
        ProblemError
            If the nodes cannot carry it.
        """
        order = order or self.problem.settings.solver.order

        def make() -> Discretisation:
            conditions = self.conditions
            self.watch(Progress("operators"))
            return assemble(self.problem, self.nodes, conditions, self.watch, order=order)

        return self._once(("discretisation", order, order_for(self.problem)), "operators", make)

    def ansatz(self) -> Ansatz:
        """Return the fields in terms of a network's outputs.

        Raises
        ------
        ProblemError
            If there is none with the hard conditions asked for.
        """
        key = ("ansatz", tuple(condition.key for condition in hard(self.problem)))
        return self._once(key, "nodes", lambda: ansatz(self.problem, self.nodes))

    def reference(self, name: str) -> Reference | None:
        """Return another solution of the problem, to hold a method's against; None if it has none.

        Parameters
        ----------
        name
            A key of `REFERENCES`.
        """
        order = self.problem.settings.solver.order
        key = ("reference", name, order, order_for(self.problem))
        stage = "errors" if name == "exact" else "baseline"

        def make() -> Reference | None:
            found = REFERENCES[name](self)
            return None if found is None else replace(found, name=name)

        return self._once(key, stage, make)

    @property
    def truth(self) -> Reference | None:
        """The solution that errors are measured against: exact, else as stated; None without."""
        problem, stated = self.asked, self.asked.stated
        if problem.exact is not None:
            return self._once("truth", "errors", lambda: exact_truth(problem, self.nodes))
        if stated is None:
            return None
        name = stated.solver or "file"

        def make() -> Reference | None:
            start = perf_counter()
            found = TRUTHS[name](self)
            if found is None or found.fields is None:
                return None
            found = replace(found, name=name, seconds=perf_counter() - start)
            return _shown(found, problem, self.nodes)

        return self._once("truth", "reference", make)

    @contextmanager
    def stage(self, name: str) -> Iterator[Lap]:
        """Book the time of what is done within on a stage; stages within it count apart."""
        lap, outer, start = Lap(), self._within, perf_counter()
        self._within = 0.0
        try:
            yield lap
        finally:
            elapsed = perf_counter() - start
            lap.seconds = elapsed - self._within
            self._within = outer + elapsed
            self.seconds[name] = self.seconds.get(name, 0.0) + lap.seconds

    def _begun(self, name: str) -> Spline:
        """Return an initial value that was observed."""
        return self.splines[name]

    def _once(self, key: Hashable, stage: str, make: Callable[[], T]) -> T:
        """Return the value made under a key, or make it; book the time that it took."""
        if key not in self._made:
            outer, self._needed = self._needed, set()
            try:
                with self.stage(stage) as lap:
                    value = make()
                self._made[key] = _Made(value, stage, lap.seconds, frozenset(self._needed))
            finally:
                self._needed = outer
            self._used.add(key)
        self._needed.add(key)
        self._book(key)
        return self._made[key].value

    def _book(self, key: Hashable) -> None:
        """Book the time of what another setup has made, and of what that needed."""
        if key in self._used:
            return
        self._used.add(key)
        made = self._made[key]
        self.seconds[made.stage] = self.seconds.get(made.stage, 0.0) + made.seconds
        for needed in made.needs:
            self._book(needed)


def _shown(reference: Reference, problem: Problem, nodes: Nodes) -> Reference:
    """Return a reference with its values at the nodes, where the instants are told."""
    points = points_of(problem, nodes)
    if reference.fields is None or points.shape[-1] != len(
        problem.equations[0].symbols.coordinates
    ):
        return reference
    values = reference.fields(points.reshape(-1, points.shape[-1]))
    return replace(reference, values=values.reshape(*points.shape[:-1], -1))
