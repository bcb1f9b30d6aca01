"""What accelerations bring to steps of Adam: problems and networks of PINNs-Torch, side by side.

Each problem is trained in every configuration, the processes of one problem alternately. What
counts is the time of an iteration as a speed-up over eager code in float32, and the error after a
given number of iterations, the mean over fields, derived quantities and unknown parameters. Then
the same against the points of a batch, and against depth. On a GPU the time in kernels stands apart
from what else an iteration takes. What cannot be measured says why. Source: Bafghi & Raissi (2023),
PINNs-Torch, tables 1 and 3 to 17, figures 2 and 5. Eager code is Taylor mode, and theirs nested
autograd, which is a configuration here; so is not half precision, but float32 within float64.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from pinnsolve.accuracy.measure import measure
from pinnsolve.bench.rows import Row
from pinnsolve.bench.timing import Work, ratios, rounds, spread
from pinnsolve.errors import CompilerError, ProblemError
from pinnsolve.methods import METHODS
from pinnsolve.optimizers.adam import RUN
from pinnsolve.problem import load
from pinnsolve.process import Process
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.training.phases import Training

SINGLE = {"solver.precision": "float32"}
CONFIGURATIONS: dict[str, Mapping[str, Any]] = {
    "eager": SINGLE,  # the first, which all others are told in
    "autograd": {**SINGLE, "solver.derivatives": "autograd"},
    "float64": {},
    "mixed": {"solver.precision": "mixed"},
    "compile": {**SINGLE, "solver.accelerate": "compile"},
    "cuda-graph": {**SINGLE, "solver.accelerate": "cuda-graph"},
    "mixed, cuda-graph": {"solver.precision": "mixed", "solver.accelerate": "cuda-graph"},
    "compile+cuda-graph": {**SINGLE, "solver.accelerate": "compile+cuda-graph"},
}
ALWAYS = {"solver.baseline": "never", "network.features": "mlp", "solver.slabs": None}
BATCHES = tuple(2**k for k in range(9, 16))
DEPTHS = (2, 4, 6, 8, 10)
BATCH = 8192  # of the study of depth
NO_GPU = "no GPU"


@dataclass(frozen=True)
class Case:
    """A problem with the network that is trained for it.

    Attributes
    ----------
    problem
        Name of the shipped problem.
    hidden
        Widths of its network.
    batch
        Points of each condition in a step; None for all.
    settings
        What else differs from the file.
    """

    problem: str
    hidden: tuple[int, ...]
    batch: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def overrides(self, configuration: str, iterations: int) -> dict[str, Any]:
        """Return all that differs from the file."""
        phase: dict[str, Any] = {"optimizer": "adam", "iterations": iterations}
        if self.batch is not None:
            phase["batch"] = self.batch
        own = {"network.hidden": list(self.hidden), "training": [phase]}
        return {**ALWAYS, **self.settings, **own, **CONFIGURATIONS[configuration]}


PAPER = (
    Case("schrodinger", (100,) * 4),
    Case("navier_stokes_inverse", (20,) * 8),
    Case("allen_cahn_discrete", (200,) * 4),
    Case("kdv_discrete_inverse", (50,) * 3),
    Case("burgers", (20,) * 8, settings={"reference.solver": "cole-hopf"}),
    Case("burgers_inverse", (20,) * 8),
    Case("burgers_discrete", (50,) * 3),
    Case("burgers_discrete_inverse", (50,) * 4),
)
STUDIED = (  # the first that is there, with more points than the largest batch
    Case("hidden_fluid_3d", (250,) * 10, settings={"nodes.count": 8000}),
    Case("burgers", (20,) * 8, settings={"nodes.count": 400}),
)


def cases(study: str, folder: Path, names: Sequence[str] = ()) -> list[Case]:
    """Return the cases of a study.

    Parameters
    ----------
    study
        ``problems``, ``batch`` or ``depth``.
    folder
        Of the shipped problems.
    names
        Of the problems that are wanted; by default all.
    """
    wanted = [
        case
        for case in (PAPER if study == "problems" else STUDIED)
        if not names or case.problem in names
    ]
    if study == "problems":
        return wanted
    first = next(case for case in wanted if (folder / f"{case.problem}.toml").exists())
    if study == "batch":
        return [Case(first.problem, first.hidden, b, first.settings) for b in BATCHES]
    width = first.hidden[:1]
    return [Case(first.problem, width * depth, BATCH, first.settings) for depth in DEPTHS]


def accelerations(
    wanted: Sequence[Case],
    folder: Path,
    configurations: Sequence[str] = tuple(CONFIGURATIONS),
    iterations: int = 0,
    repeats: int = 5,
    watch: Watch = unwatched,
) -> Iterator[Row]:
    """Yield a row for each case and configuration.

    Parameters
    ----------
    wanted, configurations
        What to measure; eager code always is.
    folder
        Of the shipped problems.
    iterations
        After which errors are told, as many at least as are timed; none are with 0.
    repeats
        Of each measurement of ten iterations.
    watch
        Told how far the work has come.
    """
    names = ["eager", *(name for name in configurations if name != "eager")]
    for k, case in enumerate(wanted):
        watch(Progress("accelerations", k / len(wanted), note=case.problem))
        yield from _of_case(case, folder, names, iterations, repeats)


COLUMNS = {
    "problem": "24s",
    "network": "8s",
    "batch": "6d",
    "configuration": "18s",
    "ms": "8.2f",
    "speed_up": "6.2f",
    "lowest_speed_up": "6.2f",
    "highest_speed_up": "6.2f",
    "host_ms": "8.2f",
    "device_ms": "8.2f",
    "error": "9.1e",
    "note": "4s",
}


def _of_case(
    case: Case, folder: Path, names: Sequence[str], iterations: int, repeats: int
) -> Iterator[Row]:
    """Yield the rows of one case."""
    running, notes = dict[str, _Running](), dict[str, str]()
    least = RUN * (2 * repeats + 3)  # for what is timed, each after as many to warm up
    for name in names:
        try:
            running[name] = _begun(case, name, folder, max(iterations, least))
        except (CompilerError, _NotMeasured) as reason:
            notes[name] = f"not measured: {reason}"
    works: dict[str, Work] = {name: own.training.step for name, own in running.items()}
    times = rounds(works, repeats) if works else {}
    for name in names:
        row: dict[str, Any] = {
            "problem": case.problem,
            "network": f"{len(case.hidden)} x {case.hidden[0]}",
            "batch": case.batch,
            "configuration": name,
            "note": notes.get(name, ""),
        }
        if name in times:
            own, first = times[name], times["eager"]
            ms = {key: value / RUN for key, value in spread(own, "ms").items()}
            device = running[name].in_kernels()
            host = ms["ms"] if device is None else ms["ms"] - device
            row |= {**ms, **spread(ratios(first, own), "speed_up")}
            row |= {"host_ms": host, "device_ms": device, **running[name].ended(iterations > 0)}
        yield row


class _NotMeasured(Exception):
    """Why a configuration is left out."""


@dataclass(frozen=True)
class _Running:
    """A training that has begun."""

    setup: Setup
    training: Training[Fields]

    def in_kernels(self) -> float | None:
        """Return the milliseconds of an iteration within kernels; None on a CPU."""
        if not torch.cuda.is_available():
            return None
        activities = [torch.profiler.ProfilerActivity.CUDA]
        with torch.profiler.profile(activities=activities) as seen:
            self.training.step()
        return sum(event.self_device_time_total for event in seen.key_averages()) / 1e3 / RUN

    def ended(self, has_errors: bool) -> dict[str, Any]:
        """Return the errors after all iterations, and their mean, if they are wanted."""
        if not has_errors:
            return {}
        while not self.training.step().done:
            pass
        problem, answer = self.setup.problem, self.training.answer()
        sample = METHODS[problem.settings.solver.method].sample(self.setup, answer)
        errors = measure(answer, sample, problem, self.setup.domain, self.setup.truth)
        known = {} if errors is None else dict(errors.relative_l2)
        unknowns = getattr(self.training.objective.model, "unknowns", None)
        if unknowns is not None:
            found = zip(unknowns.names, unknowns().tolist(), strict=True)
            truth = {name: parameter.true for name, parameter in problem.parameters.items()}
            known |= {name: abs(v / truth[name] - 1) for name, v in found if truth[name]}
        mean = fmean(known.values()) if known else nan
        iterations = problem.settings.training[0].iterations
        return {"iterations": iterations, "error": mean, "errors": known}


def _begun(case: Case, name: str, folder: Path, iterations: int) -> _Running:
    """Return a training that has taken its first steps."""
    if name.endswith("cuda-graph") and not torch.cuda.is_available():
        raise _NotMeasured(NO_GPU)
    path = folder / f"{case.problem}.toml"
    if not path.exists():
        raise _NotMeasured("no such problem is shipped")
    try:
        setup = Setup(load(path, case.overrides(name, iterations)))
    except ProblemError:
        raise _NotMeasured("not solved by a network") from None
    process: Process[Fields] = METHODS[setup.problem.settings.solver.method].start(setup)
    if not isinstance(process, Training):
        raise _NotMeasured("not solved by a network")
    process.step()
    return _Running(setup, process)
