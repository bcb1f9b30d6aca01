"""What came out: the solution, how it was found, and how far it can be trusted.

A `Solution` is complete in itself. It can be called at points; its parts say what the answer is and
where it is shown, how the work went and ended, how good the answer is, which unknown constants were
found, and with what it was computed. What the problem knows is read there. Whoever knows that his
points lie in the domain asks the `answer` itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from dataclasses import field as made
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.errors import PointsError, suggestion
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem, sources
from pinnsolve.problem.family_mode import mode
from pinnsolve.solution.accuracy import Accuracy, accuracy_from
from pinnsolve.solution.course import Course, GrowthStep, Outcome, PhaseResult, Record
from pinnsolve.solution.eigenvalues import FoundEigenvalue
from pinnsolve.solution.field import Field
from pinnsolve.solution.fields import Fields, OfFamily
from pinnsolve.solution.flow import FlowBalance, flow_from
from pinnsolve.solution.found import Fit, FoundConstant
from pinnsolve.solution.functions import FoundFunction
from pinnsolve.solution.interfaces import InterfaceFlux, fluxes_from
from pinnsolve.solution.observables import Observables, observables_from
from pinnsolve.solution.points import formula_at, formula_of, inside, points_in, values_where
from pinnsolve.solution.provenance import Provenance
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.shown import html_of, lines_of
from pinnsolve.solution.verdict import Verdict


@dataclass(frozen=True)
class Sample:
    """The fields where files and figures show them.

    Attributes
    ----------
    nodes
        The nodes that were computed on; the fields are shown at the interior and boundary ones.
    values
        The fields there, in their order; with the time levels first if there are any.
    times
        The time levels, ascending; None if the problem is stationary.
    """

    nodes: Nodes
    values: Float[ndarray, "n c"] | Float[ndarray, "K n c"]
    times: Float[ndarray, " K"] | None = None

    @property
    def x(self) -> Float[ndarray, "n d"]:
        """The interior and boundary nodes."""
        return self.nodes.x[self.nodes.rows]


@dataclass(frozen=True, repr=False)
class Solution:
    """The outcome of one solve.

    Attributes
    ----------
    problem
        What was solved, and how: method, derivatives, seed.
    answer
        The fields as functions of space, or of space and time.
    sample
        Their values on the nodes.
    outcome
        How it ended, and what casts doubt on it.
    course
        How it came about.
    accuracy
        What is known of its error.
    provenance
        With what it was computed.
    verdict
        Whether it can be used.
    constants
        The unknown constants of the equations by name.
    eigenvalues
        Those of the modes that the fields are, ascending; none of other problems.
    functions
        The unknown functions in the equations by name.
    data
        What was observed, and what became of it.
    flow
        Forces, fluxes and the Reynolds number of an incompressible flow; None of anything else.
    fluxes
        Through the interfaces between regions; none where there are none, or they are not known.
    observables
        Slices, marginals, moments and what is conserved; None where none are asked for.
    """

    problem: Problem
    answer: Fields
    sample: Sample
    outcome: Outcome
    course: Course
    accuracy: Accuracy
    provenance: Provenance
    verdict: Verdict
    constants: Mapping[str, FoundConstant] = made(default_factory=dict)
    eigenvalues: tuple[FoundEigenvalue, ...] = ()
    functions: Mapping[str, FoundFunction] = made(default_factory=dict)
    data: tuple[Fit, ...] = ()
    flow: FlowBalance | None = None
    fluxes: tuple[InterfaceFlux, ...] = ()
    observables: Observables | None = None

    def __call__(
        self, points: Any, at: Any = None, *, extrapolate: bool = False
    ) -> Float[ndarray, "*M n c"]:
        """Return the fields at points, one column for each field; NaN outside the domain.

        Of a family ``solution(functions, points)`` are those of many problems, one behind another;
        of ``solution(points)`` the problem is the one that is shown.

        Parameters
        ----------
        points
            An array or lists of shape (n, d); of a time-dependent problem with the time as last
            coordinate; in one dimension also of shape (n,).
        at
            Of a family the points; the first argument are then functions, a row of values at
            ``problem.family.inputs[0].family.sensors`` for each, or such arrays by name of the
            input.
        extrapolate
            Whether to give outside the domain what the formula of the answer makes there, which
            solves nothing.

        Raises
        ------
        PointsError
            If they are no points of the problem, or no functions of its family.
        """
        if at is not None:
            return self._of_functions(points, points_in(self.problem, at), extrapolate)
        x = points_in(self.problem, points)
        wanted = self._wanted(x, extrapolate)
        return values_where(self.answer, x, wanted, len(self.problem.fields))

    def __getitem__(self, name: str) -> Field:
        """Return a field as a function of points."""
        return self.field(name)

    def field(self, name: str) -> Field:
        """Return a field as a function of points.

        Raises
        ------
        PointsError
            If there is no such field.
        """
        if name not in self.problem.fields:
            known = suggestion(str(name), self.problem.fields)
            raise PointsError(f'the solution has no field "{name}". {known}')
        return Field(name, self, self.problem.fields.index(name))

    def derivative(
        self, formula: str, points: Any, *, extrapolate: bool = False
    ) -> Float[ndarray, " n"] | Float[ndarray, "n k"]:
        """Return a derivative of the fields at points, NaN outside the domain.

        Derivatives of a network are exact, those of values at nodes are the interpolant's.

        Parameters
        ----------
        formula
            ``"u_x"``, ``"laplace(u)"``, or any formula of the fields as in the equations; a vector,
            ``"grad(u)"``, has one column for each component.
        points, extrapolate
            As of a call.

        Raises
        ------
        ProblemError
            If it is no formula of the fields.
        PointsError
            If they are no points of the problem.
        """
        components = formula_of(self.problem, formula)
        x = points_in(self.problem, points)
        constants = {name: constant.found for name, constant in self.constants.items()}

        def values(x: ndarray) -> ndarray:
            return formula_at(components, self.answer, x, constants)

        found = values_where(values, x, self._wanted(x, extrapolate), len(components))
        return found[:, 0] if len(components) == 1 else found

    def __repr__(self) -> str:
        """Return the solution in a few lines."""
        return "\n".join(lines_of(self))

    def _repr_html_(self) -> str:
        """Return these lines as notebooks show them."""
        return html_of(self)

    def _of_functions(
        self, functions: Any, x: Float[ndarray, "n D"], extrapolate: bool
    ) -> Float[ndarray, "M n c"]:
        """Return the fields for many functions at points."""
        family, answer = self.problem.family, self.answer
        if family is None or not isinstance(answer, OfFamily):
            raise PointsError("the solution is that of one problem: it takes points alone.")
        given = functions if isinstance(functions, Mapping) else {family.inputs[0].name: functions}
        codes = []
        for own in family.inputs:
            sensors = own.family.sensors
            values = np.asarray(given.get(own.name, ()), dtype=float)
            if values.ndim != 2 or values.shape[1] != len(sensors) or not np.isfinite(values).all():
                message = f"{own.name} must be an array of shape (M, {len(sensors)}), of each "
                raise PointsError(message + "function its values at the sensors, all finite.")
            codes.append(own.family.codes_of(np.log(values) if own.is_exponent else values))
        found = answer.evaluated(codes, x)
        found[:, ~self._wanted(x, extrapolate)] = np.nan
        return found

    def _wanted(self, x: Float[ndarray, "n D"], extrapolate: bool) -> Bool[ndarray, " n"]:
        """Return a mask of the points at which the solution is to be evaluated."""
        if extrapolate:
            return np.isfinite(x).all(axis=1)
        return inside(self.problem, self._domain, self.sample.nodes.spacing, x)

    @cached_property
    def _domain(self) -> Domain:
        """The domain, built when points are first compared with it."""
        return build_domain(self.problem)

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.problem.settings.solver.method

    def metrics(self) -> dict[str, Any]:
        """Return the figures of ``metrics.json``, numbers and strings only."""
        solver, course = self.problem.settings.solver, self.course
        baseline = self.accuracy.baseline
        return {
            "problem": self.problem.name,
            "method": solver.method,
            "derivatives": solver.derivatives,
            "verdict": self.verdict.word,
            "verdict_reason": self.verdict.reason,
            "verdict_error": self.verdict.error,
            "remedy": self.verdict.remedy,
            "status": self.outcome.status,
            "message": self.outcome.message,
            "warnings": list(self.outcome.warnings),
            **self.accuracy.metrics(),
            "nodes": self.sample.nodes.rows.stop,
            **self._metrics_in_time(),
            "unknown_parameters": {k: p.metrics() for k, p in self.constants.items()},
            **self._metrics_of_modes(),
            **self._metrics_of_functions(),
            **({"data": [fit.metrics() for fit in self.data]} if self.data else {}),
            **(self.flow.metrics() if self.flow else {}),
            **sources.metrics(self.problem),
            **({"interfaces": [own.metrics() for own in self.fluxes]} if self.fluxes else {}),
            **(self.observables.metrics() if self.observables else {}),
            "parameters": self.answer.size,
            "seconds": dict(course.seconds),
            "iterations": course.iterations,
            "phases": [asdict(phase) for phase in course.phases],
            "growth": [asdict(step) for step in course.growth],
            "baseline": baseline
            and {
                "method": baseline.name,
                "relative_l2": baseline.relative_l2 and dict(baseline.relative_l2),
                "max_error": baseline.max_error and dict(baseline.max_error),
                "seconds": baseline.seconds,
                "error_in_time": baseline.error_in_time,
                "message": baseline.message,
            },
            "device": self.provenance.device,
            "precision": self.provenance.precision,
            "threads": self.provenance.threads,
            "seed": solver.seed,
            **({} if self.problem.family is None else {"mode": mode(self.problem)}),
            "versions": dict(self.provenance.versions),
        }

    def _metrics_of_modes(self) -> dict[str, Any]:
        """Return the eigenvalues, if there are any."""
        told = [own.metrics() for own in self.eigenvalues]
        return {"eigenvalues": told} if told else {}

    def _metrics_of_functions(self) -> dict[str, Any]:
        """Return the figures that only a solution with unknown functions has."""
        told = {name: own.metrics() for name, own in self.functions.items()}
        return {"unknown_functions": told} if told else {}

    def _metrics_in_time(self) -> dict[str, Any]:
        """Return the figures that only a solution in time has."""
        times, errors = self.sample.times, self.accuracy.errors
        if times is None:
            return {}
        at_end = errors.relative_l2_at_end if errors else None
        derived = (errors.derived.relative_l2_at_end if errors and errors.derived else None) or {}
        return {
            "time_levels": len(times),
            "time": [float(times[0]), float(times[-1])],
            "relative_l2_at_end": None if at_end is None else {**at_end, **derived},
            **({"conditioning": hard} if (hard := self.course.conditioning()) else {}),
        }


def from_metrics(
    problem: Problem,
    answer: Fields,
    sample: Sample,
    history: tuple[Record, ...],
    metrics: Mapping[str, Any],
) -> Solution:
    """Return a solution of which the fields, the history and the figures were stored.

    Fields of estimated errors, and those of classical solutions, are not among the figures.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the figures are not those of `Solution.metrics`.
    """
    baseline = None
    if metrics["baseline"] is not None:
        told = metrics["baseline"]
        baseline = Reference(
            told["method"],
            None,
            relative_l2=told["relative_l2"],
            max_error=told["max_error"],
            seconds=told["seconds"],
            error_in_time=told["error_in_time"],
            message=told["message"],
        )
    return Solution(
        problem=problem,
        answer=answer,
        sample=sample,
        outcome=Outcome(metrics["status"], metrics["message"], tuple(metrics["warnings"])),
        course=Course(
            history,
            tuple(PhaseResult(**phase) for phase in metrics["phases"]),
            metrics["seconds"],
            metrics["iterations"],
            {
                name.replace("_", " "): np.array(rows)
                for name, rows in metrics.get("conditioning", {}).items()
            },
            growth=tuple(GrowthStep(**step) for step in metrics.get("growth", ())),
        ),
        accuracy=replace(
            accuracy_from(metrics), references=() if baseline is None else (baseline,)
        ),
        provenance=Provenance(
            metrics["device"], metrics["precision"], metrics["threads"], metrics["versions"]
        ),
        verdict=Verdict(
            metrics["verdict"],
            metrics["verdict_reason"],
            metrics["remedy"],
            metrics["verdict_error"],
        ),
        constants={
            name: FoundConstant.of(told) for name, told in metrics["unknown_parameters"].items()
        },
        eigenvalues=tuple(map(FoundEigenvalue.of, metrics.get("eigenvalues", ()))),
        functions={
            name: FoundFunction.from_metrics(told)
            for name, told in metrics.get("unknown_functions", {}).items()
        },
        flow=flow_from(metrics),
        fluxes=fluxes_from(metrics),
        observables=observables_from(metrics),
    )
