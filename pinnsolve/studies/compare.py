"""Many solves of one problem, side by side: methods, orders, optimisers, seeds, node sets.

What the runs have in common they share: the nodes of each set, and for each order the operators
and the direct solution on them. The seeds are the outer loop and the configurations the inner
one, so that what slows the machine down for a while slows all of them down, and a comparison
that is stopped has as many seeds of each. Before the first run every configuration takes one
iteration that is not counted, in which libraries are loaded and set up. A run that fails becomes
a trial with its message.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from math import nan
from time import perf_counter
from typing import TypeVar

from pinnsolve import run
from pinnsolve.checks.preflight import preflight
from pinnsolve.errors import PinnsolveError, Stopped
from pinnsolve.machine import processor, threads, usable_cores
from pinnsolve.networks.sizes import layers_by_region
from pinnsolve.problem import Problem
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.references.truth import truth_at_nodes
from pinnsolve.setup import Setup
from pinnsolve.solution.course import Record
from pinnsolve.solution.norms import overall_l2
from pinnsolve.solution.solution import Solution
from pinnsolve.studies.plan import DEFAULT, Plan
from pinnsolve.studies.trials import Comparison, Configuration, Trial

SPENT = "the time is spent"
STAGES = ("operators", "set-up", "training", "solution")  # what a method needs
Result = TypeVar("Result")


def compare(plan: Plan, watch: Watch = unwatched) -> Comparison:
    """Run what is planned.

    Parameters
    ----------
    plan
        What to run.
    watch
        Told of the progress; where it raises `Stopped`, what has been done until then is kept.

    Raises
    ------
    PinnsolveError
        If not a single run succeeds: the error of the first.
    Stopped
        If it is stopped before anything has been done.
    """
    board = _Board(watch, plan.runs)
    status, message = "finished", "all runs have been made."
    try:
        for problem in plan.problems:
            _on_nodes(plan, problem, board)
    except Stopped as stop:
        if not board.trials:
            raise
        status, message = "stopped", str(stop)
    if board.error is not None and all(trial.status == "failed" for trial in board.trials):
        raise board.error
    return Comparison(
        problem=plan.problems[0],
        trials=tuple(board.trials),
        reference=plan.reference,
        budget=plan.grid.seconds,
        planned=plan.runs,
        status=status,
        message=message,
        machine=f"{processor()}, {usable_cores()} usable cores, {threads()} threads",
        bug=board.bug,
    )


class _Board:
    """Keeps the trials, and shows each run as a part of the whole.

    Parameters
    ----------
    watch
        Told of the progress of the whole; may raise `Stopped`.
    runs
        How many there will be.
    """

    def __init__(self, watch: Watch, runs: int) -> None:
        self.trials: list[Trial] = []
        self.error: Exception | None = None
        self.bug: Exception | None = None
        self._stop: Stopped | None = None
        self._watch, self._runs = watch, runs
        self._done = 0.0

    def keep(self, trial: Trial) -> None:
        """Add a trial; raise `Stopped` if it was the last because the work was to stop."""
        self.trials.append(trial)
        self._done = len(self.trials) / self._runs
        if self._stop is not None:
            raise self._stop

    def attempt(
        self,
        work: Callable[[Watch], Result],
        name: str,
        seconds: float | None = None,
        *,
        is_run: bool = False,
    ) -> Result | Exception:
        """Do a part of the work under watch; return what it gives, or the error that it raises.

        Parameters
        ----------
        work
            Given a watch to report to.
        name
            What to call it.
        seconds
            Time for its training; None if that is limited otherwise.
        is_run
            Whether it is one of the runs, and not work for several.

        Raises
        ------
        Stopped
            If it was stopped and has nothing to give.
        """
        began: float | None = None

        def watch(progress: Progress) -> None:
            nonlocal began
            is_training = progress.stage.startswith("training")
            if is_run and is_training and progress.fraction is not None:
                ahead = (len(self.trials) + progress.fraction) / self._runs
                self._done = max(self._done, min(ahead, 1.0))
            try:
                self._watch(replace(progress, stage="runs", fraction=self._done, note=name))
            except Stopped as stop:  # a training ends early by it, and returns what it has
                self._stop = stop
                raise
            if is_training and seconds is not None:
                began = perf_counter() if began is None else began
                if perf_counter() - began >= seconds:
                    raise Stopped(SPENT)

        try:
            result = work(watch)
            if self._stop is not None and not is_run:
                raise self._stop
            return result
        except Stopped:
            raise
        except Exception as error:  # of one run of many: it is told beside the others
            self.error = self.error or error
            return error


def _on_nodes(plan: Plan, problem: Problem, board: _Board) -> None:
    """Run all configurations on one node set."""
    is_first = problem is plan.problems[0]
    direct = {
        configuration: problem.replace(settings) for configuration, settings in plan.direct.items()
    }
    networks = [
        configuration for configuration in plan.entries if configuration.optimizer is not None
    ]
    if is_first:
        once = next(iter(direct.values()))
        board.attempt(lambda watch: run.solve(once, watch=watch), "warming up")
        board.error = None  # if there was one, it will come again
    setup = Setup(problem)
    ready: dict[int | None, Exception | None] = {}
    for configuration, there in direct.items():
        found = board.attempt(
            partial(_prepare, setup, there),
            f"nodes, operators p = {configuration.order}",
        )
        ready[configuration.order] = found if isinstance(found, Exception) else None
    # of what does not depend on the order, any will do
    ready[None] = None if None in ready.values() else ready[plan.orders[0]]
    size = problem.settings.nodes.count if ready[None] else setup.nodes.rows.stop
    floors: dict[int | None, float | None] = {}
    for configuration, there in direct.items():
        trial = _trial(
            plan, configuration, there, None, ready[configuration.order] or setup, size, board
        )
        floors[configuration.order] = trial.curve[-1].relative_l2 if trial.curve else None
        if configuration in plan.entries:
            board.keep(trial)
    for configuration in networks if is_first else ():
        _warm_up(
            configuration,
            problem.replace(plan.entries[configuration]),
            ready[configuration.order] or setup,
            board,
        )
    for seed, configuration in product(range(plan.grid.seeds), networks):
        there = problem.replace({**plan.entries[configuration], "solver.seed": seed})
        trial = _trial(
            plan, configuration, there, seed, ready[configuration.order] or setup, size, board
        )
        board.keep(replace(trial, floor=floors.get(configuration.order)))


def _prepare(setup: Setup, problem: Problem, watch: Watch) -> None:
    """Make what all runs of an order share: nodes, operators, checks of both."""
    shared = setup.sharing(problem, watch)
    preflight(shared)
    shared.discretisation()


def _trial(
    plan: Plan,
    configuration: Configuration,
    problem: Problem,
    seed: int | None,
    setup: Setup | Exception,
    size: int | None,
    board: _Board,
) -> Trial:
    """Run one configuration once, on nodes of which there are so many."""
    found: Solution | Exception
    if isinstance(setup, Exception):
        found = setup
    else:
        found = board.attempt(
            lambda watch: run.solve(problem, watch=watch, setup=setup),
            configuration.label + ("" if seed is None else f", seed {seed}") + f", {size} nodes",
            plan.grid.seconds if configuration.optimizer == DEFAULT else None,
            is_run=True,
        )
    if isinstance(found, Solution):
        return _judged(configuration, found, seed)
    message = str(found)
    if not isinstance(found, PinnsolveError):
        message = f"{type(found).__name__}: {found}"
        if not isinstance(found, MemoryError) and "OutOfMemory" not in message:  # as torch's is
            board.bug = board.bug or found
    return Trial(configuration, size, seed, "failed", message.partition("\n")[0])


def _warm_up(
    configuration: Configuration, problem: Problem, setup: Setup | Exception, board: _Board
) -> None:
    """Take one iteration that is not counted."""
    if isinstance(setup, Exception):
        return
    names = (
        ("head", "gauss-newton")
        if configuration.optimizer == DEFAULT
        else (configuration.optimizer,)
    )
    short = problem.replace({"training": [{"optimizer": name, "iterations": 1} for name in names]})
    error = board.error
    board.attempt(
        lambda watch: run.solve(short, watch=watch, setup=setup),
        f"warming up: {configuration.label}",
    )
    board.error = error  # if there was one, the run will have it too


def _judged(configuration: Configuration, solution: Solution, seed: int | None) -> Trial:
    """Return the trial that a solution is, with times from when the method began."""
    needed = {
        stage: solution.course.seconds[stage]
        for stage in STAGES
        if stage in solution.course.seconds
        and (stage != "operators" or configuration.order is not None)
    }
    lead = sum(needed.get(stage, 0.0) for stage in ("operators", "set-up"))
    curve = tuple(
        replace(record, seconds=lead + record.seconds) for record in solution.course.history
    )
    hidden: tuple[int, ...] = ()
    if configuration.optimizer is None:
        exact = truth_at_nodes(solution)
        error = None if exact is None else overall_l2(solution.sample.values, exact)
        curve = (Record(sum(needed.values()), "direct", solution.course.iterations, nan, error),)
    else:
        hidden = max(layers_by_region(solution.problem, solution.sample.nodes))
    is_spent = solution.outcome.status == "stopped" and solution.outcome.message == SPENT
    return Trial(
        configuration=configuration,
        nodes=solution.sample.nodes.rows.stop,
        seed=seed,
        status="finished" if is_spent else solution.outcome.status,
        message=solution.outcome.message,
        relative_l2=max(solution.accuracy.errors.relative_l2.values())
        if solution.accuracy.errors
        else None,
        seconds=needed,
        iterations=solution.course.iterations,
        parameters=solution.answer.size,
        hidden=hidden,
        device=solution.provenance.device,
        curve=curve,
    )
