"""One solve, from the problem to the solution: check, start, drive, judge."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from pinnsolve.accuracy.axis import REMEDY, doubt_on_axis
from pinnsolve.accuracy.extremes import overshoot
from pinnsolve.accuracy.flow import balance
from pinnsolve.accuracy.interface_fluxes import fluxes
from pinnsolve.accuracy.inverted import estimate_of_fields, reference_of_fields
from pinnsolve.accuracy.measure import compared, estimated_by_region, measure
from pinnsolve.accuracy.observables import doubts, is_asked, observables
from pinnsolve.accuracy.total_variation import with_total_variation
from pinnsolve.accuracy.trivial import trivial
from pinnsolve.accuracy.verdict import LIMIT, judged, verdict
from pinnsolve.checks import interface_corners
from pinnsolve.checks.enclosed import Contradiction
from pinnsolve.checks.preflight import afterwards, contradictions, preflight
from pinnsolve.conditions.points import points_of
from pinnsolve.equations.incompressible import incompressible
from pinnsolve.errors import FileError, ProblemError, Stopped
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.from_problem import stored_nodes
from pinnsolve.machine import threads
from pinnsolve.methods import METHODS
from pinnsolve.problem import Problem, load
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.load import build
from pinnsolve.problem.sources import is_far
from pinnsolve.problem.text.source import Source
from pinnsolve.process import Budget, State, nested, part
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.setup import Setup
from pinnsolve.solution.accuracy import Accuracy, Estimate
from pinnsolve.solution.course import Outcome
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.flow import FlowBalance
from pinnsolve.solution.found import FoundConstant, Places
from pinnsolve.solution.inverted import fields_of, inverted
from pinnsolve.solution.norms import overall_l2
from pinnsolve.solution.observables import Observables
from pinnsolve.solution.provenance import Provenance, versions
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.solution import Sample, Solution, from_metrics
from pinnsolve.storage.fingerprint import fingerprint, must_agree
from pinnsolve.storage.solutions import read_solution
from pinnsolve.training.loop import drive, seconds_spent


def solve(
    problem: Problem | str | Path,
    *,
    watch: Watch = unwatched,
    setup: Setup | None = None,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    asked: Event | None = None,
    spent: float = 0.0,
    **settings: Any,
) -> Solution:
    """Solve a problem.

    Parameters
    ----------
    problem
        A problem, or the path of its file.
    watch
        Told of the progress; may raise `Stopped`.
    setup
        That of another run on the same nodes, to be used again.
    state
        What `keep` was given in an earlier run of the same problem, to continue from there.
    keep
        Given all that is needed to continue, every ``[output] checkpoint`` seconds of the work.
    asked
        Set when that is to be kept at once.
    spent
        Seconds of starting up, which count as a stage of their own.
    settings
        Keys of the ``[solver]`` section, as ``order=5``, which override the file's.

    Raises
    ------
    ProblemError
        If the problem is not well posed, or its nodes cannot carry the discretisation.
    FileError
        If a file cannot be read, or the nodes or values in files are not those of the earlier run.
    DivergedError
        If a direct solution leaves the finite numbers; a network's is kept as the status.
    MemoryLimitError
        If the work will not fit into memory.
    """
    problem = problem if isinstance(problem, Problem) else load(problem)
    if settings:
        problem = problem.replace({f"solver.{key}": value for key, value in settings.items()})
    setup = Setup(problem, watch) if setup is None else setup.sharing(problem, watch)
    asked_for, problem = setup.asked, setup.problem
    if spent:
        setup.seconds["start-up"] = spent
    solver, output = problem.settings.solver, problem.settings.output
    method, able = METHODS[solver.method], ABILITIES[solver.method]

    run = fingerprint(problem, setup.nodes)
    if state is not None:
        must_agree(part(state, "run"), run)
    warnings = preflight(setup)
    reference = setup.reference(problem.reference) if problem.reference else None
    truth = setup.truth
    with setup.stage("set-up"):
        process = method.start(setup)
    earlier = seconds_spent(state)
    with setup.stage("errors"):
        outcome, course = drive(
            process,
            Budget(),
            watch,
            state=state,
            keep=keep and (lambda kept: keep({**kept, **nested(run=run)})),
            keep_every=output.checkpoint or inf,
            asked=asked,
            error=_error(setup, truth),
        )
    for stage, seconds in course.seconds.items():  # the work stands apart from its measuring
        setup.seconds["errors"] -= seconds - earlier
        setup.seconds[stage] = setup.seconds.get(stage, 0.0) + seconds
    until = method.until(setup, process)
    if until is not None and problem.time is not None:
        warnings += (_ended(problem, until, outcome),)
        if until > problem.time[0]:
            setup = setup.shortened(until)
            problem, asked_for, truth = setup.problem, setup.asked, setup.truth
    with setup.stage("errors"):
        answer, of_family = method.family(setup, process.answer())
    warnings += afterwards(setup, method.condition(setup, process), reference)
    contradicted = contradictions(setup, answer if reference is None else reference.fields)
    warnings += tuple(own.text for own in contradicted)
    sample = method.sample(setup, answer)
    # values of potentials, or of one problem of many, would tell nobody anything
    if problem is asked_for and problem.family is None:
        warnings += overshoot(setup.placement, sample) + trivial(problem, sample)
    with setup.stage("estimate"):
        estimate = _unless_stopped(
            lambda: method.estimate(setup, process, answer, sample), problem, outcome
        )
        beside = method.found(setup, process, answer)
        constants = beside.constants
        device = method.device(answer)
        estimate = _doubted(setup, estimate_of_fields(asked_for, sample, estimate), answer)
        reference = reference_of_fields(asked_for, sample, reference)
        problem, (answer, sample) = asked_for, inverted(asked_for, answer, sample)
    with setup.stage("errors"):
        if outcome.status == "finished":
            watch(Progress("errors"))
        errors = measure(answer, sample, problem, setup.domain, truth, beside.shown)
        errors = with_total_variation(errors, answer, problem, setup.domain, truth, beside.places)
        if of_family is not None:
            errors, truth = of_family.errors, of_family.truth
            estimate = of_family.estimate
        reference = compared(reference, truth, problem, sample.nodes)
        estimate = estimated_by_region(problem, sample, estimate)
        through = fluxes(problem, setup.parts, answer, sample)
    held_out = None if of_family is None else of_family.held_out
    references = () if reference is None else (reference,)
    accuracy = Accuracy(errors, estimate, references, truth, held_out)
    seen = _observables(setup, answer, sample, truth, beside.places)
    warnings = (*warnings, *beside.warnings, *(estimate.warnings if estimate else ()))
    warnings += doubts(seen)
    outcome = replace(_all_finite(outcome, sample, constants), warnings=warnings)
    flow, outcome = _flow(setup, answer, sample, outcome, constants)
    doubt = _contradicted(problem, contradicted) or (beside.doubt, beside.remedy)
    found = verdict(problem, sample, outcome, accuracy, constants, doubt, beside.functions)
    precision = solver.precision if able.has_network else "float64"
    return Solution(
        problem=problem,
        answer=answer,
        sample=sample,
        outcome=judged(outcome, found, solver.accuracy),
        course=replace(course, seconds={**setup.seconds, "total": sum(setup.seconds.values())}),
        accuracy=accuracy,
        provenance=Provenance(device, precision, threads(), versions()),
        verdict=found,
        constants=constants,
        eigenvalues=beside.eigenvalues,
        functions=beside.functions,
        data=beside.data,
        flow=flow,
        fluxes=through,
        observables=seen,
    )


def write(
    solution: Solution, directory: str | Path, overwrite: bool = False, watch: Watch = unwatched
) -> list[Path]:
    """Write a solution's files and return their paths.

    Parameters
    ----------
    solution
        What to write.
    directory
        Where; if an earlier run has filled it, ``directory-2``, ``directory-3`` … is taken.
    overwrite
        Whether to replace an earlier run instead.
    watch
        Told of the progress. It cannot stop the writing: what has been computed is kept.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    began = perf_counter()
    from pinnsolve.output.run_directory import write_run  # loads matplotlib

    def show(progress: Progress) -> None:
        with suppress(Stopped):
            watch(progress)

    formats = solution.problem.settings.output.formats
    domain = build_domain(solution.problem)
    return write_run(solution, domain, Path(directory), formats, overwrite, show, began)


def load_solution(run: str | Path) -> Solution:
    """Return the solution that a run has written, its fields equal to the bit.

    Parameters
    ----------
    run
        The run's folder, or its ``solution.hdf``.

    Raises
    ------
    FileError
        If there is none, or it is truncated, damaged, or not one of the project's.
    """
    path = Path(run) / "solution.hdf" if Path(run).is_dir() else Path(run)
    stored = read_solution(path)
    try:
        named = path.with_name(f"{stored.metrics['problem']}.toml")
        problem = build(Source(named, stored.problem))
        nodes = stored_nodes(problem, stored.nodes, stored.pieces)
        setup = Setup(problem, nodes=nodes)
        problem = setup.asked
        method = METHODS[problem.settings.solver.method]
        answer = method.read(setup, stored.answer)
        sample = method.sample(setup, answer)
        answer, sample = inverted(problem, answer, sample)
        return from_metrics(problem, answer, sample, stored.history, stored.metrics)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(f"{path}: the solution is incomplete or broken ({error}).") from error


def _unless_stopped(
    estimate: Callable[[], Estimate | None], problem: Problem, outcome: Outcome
) -> Estimate | None:
    """Return an estimate; of work that was stopped none, if that takes too long as well."""
    try:
        return estimate()
    except Stopped as stop:
        if outcome.status != "stopped":
            raise
        nothing = dict.fromkeys(problem.fields)
        return Estimate(nothing, nothing, message=str(stop))


def _contradicted(
    problem: Problem, contradictions: Sequence[Contradiction]
) -> tuple[str, str] | None:
    """Return the reason for which nothing is resolved, with a remedy, where data contradict."""
    largest = max((own.share for own in contradictions), default=0.0)
    if largest <= (problem.settings.solver.accuracy or LIMIT):
        return None
    reason = "the data contradict one another, and no fields meet them all; a warning tells where."
    return reason, "Let sources and fluxes balance."


def _doubted(setup: Setup, estimate: Estimate | None, answer: Fields) -> Estimate | None:
    """Return an estimate with the reason for which it may be far too small, if there is one.

    Networks are smooth where materials meet at a corner, and gradients are infinite; and what is
    divided by the distance from an axis may not vanish there.
    """
    problem = setup.problem
    if estimate is not None and problem.eigenvalue is None:
        doubt = doubt_on_axis(problem, setup.nodes, answer)
        if doubt:
            told = (*estimate.warnings, f"{doubt}.")
            return replace(estimate, warnings=told, doubt=doubt, remedy=REMEDY)
    has_network = ABILITIES[problem.settings.solver.method].has_network
    if estimate is None or not problem.regions or not has_network:
        return estimate
    doubt = interface_corners.corners(problem, setup.parts)
    return replace(estimate, doubt=doubt, remedy=interface_corners.REMEDY) if doubt else estimate


def _observables(
    setup: Setup,
    answer: Fields,
    sample: Sample,
    truth: Reference | None,
    places: Places | None,
) -> Observables | None:
    """Return slices, marginals, moments and integrals; None of fields that are not finite."""
    if not is_asked(setup.asked) or not np.isfinite(sample.values).all():
        return None
    with setup.stage("observables"):
        return observables(setup.asked, setup.domain, answer, truth, places)


def _ended(problem: Problem, until: float, outcome: Outcome) -> str:
    """Return a warning of a solution that ends before time does."""
    assert problem.time is not None
    begin, end = problem.time
    why = f" ({outcome.message.removesuffix('.')})" if outcome.message else ""
    if until <= begin:
        return f"No step in time has been taken{why}: what is shown solves nothing."
    return (
        f"The solution ends at t = {until:.6g}, not at t = {end:g}{why}: all else is of it alone."
    )


def _all_finite(
    outcome: Outcome, sample: Sample, constants: Mapping[str, FoundConstant]
) -> Outcome:
    """Return the outcome of the work, diverged if a result is not finite whatever it says."""
    found = [constant.found for constant in constants.values()]
    if outcome.status == "diverged" or (
        np.isfinite(sample.values).all() and np.isfinite(found).all()
    ):
        return outcome
    return replace(outcome, status="diverged", message="the result is not finite.")


def _flow(
    setup: Setup,
    answer: Fields,
    sample: Sample,
    outcome: Outcome,
    constants: Mapping[str, FoundConstant],
) -> tuple[FlowBalance | None, Outcome]:
    """Return the balance of an incompressible flow, and the outcome, warned if there is none."""
    is_mode = setup.problem.eigenvalue is not None
    if outcome.status == "diverged" or is_mode or incompressible(setup.problem.equations) is None:
        return None, outcome
    found = {name: constant.found for name, constant in constants.items()}
    with setup.stage("flow"):
        try:
            return balance(setup.problem, setup.domain, answer, sample, found), outcome
        except ProblemError as error:
            warning = f"Forces and fluxes could not be told: {error}"
            return None, replace(outcome, warnings=(*outcome.warnings, warning))


def _error(setup: Setup, truth: Reference | None) -> Callable[[Fields], float] | None:
    """Return the relative error on the nodes as a function of an answer; None if it is unknown."""
    if truth is None or truth.values is None or not np.any(truth.values):
        return None
    problem, method = setup.asked, METHODS[setup.asked.settings.solver.method]
    far = is_far(problem, points_of(problem, setup.nodes)) if problem.sources else ...
    exact = truth.values[far]

    def error(answer: Fields) -> float:
        with np.errstate(over="ignore"):  # of a network that is about to leave the finite numbers
            return overall_l2(fields_of(problem, method.sample(setup, answer).values)[far], exact)

    return error
