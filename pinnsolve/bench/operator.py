"""What a step of training branch and trunk costs, by every way to differentiate.

Against the number of functions ``M``, of points ``N`` and the order ``P`` of

    sum over k = 0 … P of (∂_x + ∂_y)^k u = 0        (Leng, Shankar & Thiyagalingam, eq. 15)

or for the problems of that paper, each with its ``M`` and ``N``. A step draws functions and points
(inputs), evaluates the fields there (forward), differentiates and makes residuals of them
(residual), and takes the gradient by all weights (backward). Memory is what the graph holds when
the residual is there, and the most at once. What would not fit into the free memory, or take
longer than is allowed, is left out and named: memory is a sum of terms in ``M``, ``N`` and ``M N``,
which four small cases determine. `error` is the distance of the gradient from that by Taylor mode.
Source: arXiv:2311.00860, figure 2 and table 1.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.bench.operator_cases import VALUE, Case
from pinnsolve.bench.rows import Row
from pinnsolve.bench.timing import (
    MIB,
    Clock,
    Work,
    free_mebibytes,
    held_mebibytes,
    rounds,
    spread,
    synchronise,
)
from pinnsolve.derivatives.of_families import EXACT, Derive, Strategy, by_differences
from pinnsolve.diffop import Term
from pinnsolve.networks.deeponet import DeepONet
from pinnsolve.networks.mlp import MLP
from pinnsolve.problem.abilities import NODAL
from pinnsolve.progress import Progress, Watch, unwatched

STRATEGIES = (*EXACT, NODAL)
WIDTHS = (128, 128, 128)  # of branch and trunk, as in the paper
STAGES = ("inputs", "forward", "residual", "backward")
PROBES = (4, 8), (32, 64)  # functions and points of the cases that determine the memory
SHARE = 0.8  # of the free memory, which a case may take
DTYPES = {"float64": torch.float64, "float32": torch.float32}
COLUMNS = {
    "case": "20s",
    "strategy": "10s",
    "functions": "9d",
    "points": "7d",
    "order": "5d",
    **{f"{stage}_ms": "8.2f" for stage in STAGES},
    "total_ms": "8.2f",
    "lowest_total_ms": "8.2f",
    "highest_total_ms": "8.2f",
    "graph_mib": "8.1f",
    "peak_mib": "8.1f",
    "error": "7.0e",
    "note": "4s",
}


class Stepped:
    """A step of training, whose stages can be taken one by one.

    Parameters
    ----------
    case
        The equation.
    strategy
        A name in `STRATEGIES`.
    dtype, device
        Of everything.
    """

    def __init__(self, case: Case, strategy: str, dtype: torch.dtype, device: str) -> None:
        self.case = case
        draw = torch.Generator().manual_seed(0)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=draw, dtype=torch.float64).to(device, dtype)

        trunk = MLP([0, 0], [1, 1], WIDTHS, 1, seed=1).to(device, dtype)
        rng, layers = np.random.default_rng(0), []
        for n, m in zip((case.inputs, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers.append((rng.standard_normal((m, n)) / n**0.5, np.zeros(m)))
        self.net = DeepONet(trunk, 1 + WIDTHS[-1], layers)
        self.net.initialise(0)
        self.net.factor = case.factor
        self._x = _spread(case.points).to(device, dtype)
        self._sides = torch.rand(case.sides, 2, generator=draw, dtype=torch.float64)
        self._sides = self._sides.to(device, dtype)
        self._p, self._f = (normal(2 * case.functions, n) for n in (case.inputs, case.points))
        self._strategy = _strategy(strategy, case, self._x)
        self._evaluate = self._strategy(self._x, case.terms)
        self._value = EXACT["taylor"](self._sides, [Term(0, VALUE)]) if case.sides else None
        self._optimizer = torch.optim.Adam(self.net.weights, lr=1e-3)
        self._count = 0

    def inputs(self) -> tuple[Tensor, Tensor]:
        """Return some functions."""
        self._count += 1
        M = self.case.functions
        which = (torch.arange(M, device=self._p.device) + self._count) % len(self._p)
        return self._p[which], self._f[which]

    def forward(self, p: Tensor) -> list[Derive]:
        """Return the fields of these functions, to be differentiated."""
        found = [self._evaluate(self.net, p)]
        return found if self._value is None else [*found, self._value(self.net, p)]

    def loss(self, fields: Sequence[Derive], f: Tensor) -> Tensor:
        """Return the sum of the mean squares of all residuals."""
        jets = [derive() for derive in fields]
        loss = self.case.residual([jets[0][term] for term in self.case.terms], f).square().mean()
        return loss + jets[1][Term(0, VALUE)].square().mean() if len(jets) > 1 else loss

    def gradient(self) -> Float[Tensor, " P"]:
        """Return the gradient on the first functions."""
        self._count = 0
        p, f = self.inputs()
        slopes = torch.autograd.grad(
            self.loss(self.forward(p), f), self.net.weights, materialize_grads=True
        )
        return torch.cat([slope.flatten() for slope in slopes])

    def step(self) -> dict[str, float]:
        """Take a step of Adam; return the milliseconds of its stages."""
        clock = _clock(self._p.device.type)
        times = [clock()]

        def lap() -> None:
            synchronise()
            times.append(clock())

        self._optimizer.zero_grad()
        p, f = self.inputs()
        lap()
        fields = self.forward(p)
        lap()
        loss = self.loss(fields, f)
        lap()
        loss.backward()
        self._optimizer.step()
        lap()
        took = 1e3 * np.diff(times)
        return {f"{stage}_ms": float(ms) for stage, ms in zip(STAGES, took, strict=True)}

    def graph(self) -> Any:
        """Return the loss, and with it all that its gradient needs."""
        p, f = self.inputs()
        return self.loss(self.forward(p), f)


def measured(
    cases: Sequence[Case],
    strategies: Sequence[str] = STRATEGIES,
    precision: str = "float64",
    device: str = "cpu",
    repeats: int = 5,
    longest: float = 60.0,
    watch: Watch = unwatched,
    *,
    against: bool = False,
) -> Iterator[Row]:
    """Yield a row for each case and strategy.

    Parameters
    ----------
    cases, strategies
        What to measure.
    precision, device
        Of everything.
    repeats
        Rounds, in each of which all strategies take a step in turn.
    longest
        Seconds that a step may take.
    watch
        Told how far the work has come.
    against
        Whether DeepXDE's steps are measured, too, where it can pose the case.

    Raises
    ------
    PackageError
        If DeepXDE is asked for and not installed.
    """
    forecast = _Forecast(DTYPES[precision], device)
    for k, case in enumerate(cases):
        watch(Progress("steps", k / len(cases), note=case.name))
        yield from _of_case(
            case, strategies, precision, device, repeats, longest, against, forecast
        )


def _of_case(
    case: Case,
    strategies: Sequence[str],
    precision: str,
    device: str,
    repeats: int,
    longest: float,
    against: bool,
    forecast: "_Forecast",
) -> Iterator[Row]:
    """Yield the rows of one case."""
    running, notes = dict[str, Any](), dict[str, str]()
    for name in strategies:
        note = forecast.objection(case, name, longest)
        if note:
            notes[name] = f"left out: {note}"
        else:
            running[name] = Stepped(case, name, DTYPES[precision], device)
    if against:
        from pinnsolve.bench.against import DeepXDE, poses

        if poses(case.name):
            running["deepxde"] = DeepXDE(case)
    stages: dict[str, list[dict[str, float]]] = {name: [] for name in running}
    works: dict[str, Work] = {
        name: partial(_taken, own, stages[name]) for name, own in running.items()
    }
    times = rounds(works, repeats, clock=_clock(device)) if works else {}
    reference = Stepped(case, "taylor", DTYPES[precision], device).gradient() if running else None
    for name in [*strategies, *(["deepxde"] if "deepxde" in running else [])]:
        row: dict[str, Any] = {
            "case": case.name,
            "strategy": name,
            "functions": case.functions,
            "points": case.points,
            "order": case.order,
            "precision": precision,
            "note": notes.get(name, ""),
        }
        if name in running:
            own, taken = running[name], stages[name][1::2]  # every first one warms up
            row |= {key: float(np.median([s[key] for s in taken])) for key in taken[0]}
            row |= spread(times[name], "total_ms")
            row |= dict(zip(("graph_mib", "peak_mib"), _memory(own, device), strict=True))
            if isinstance(own, Stepped) and reference is not None:
                fresh = Stepped(case, name, DTYPES[precision], device).gradient()
                row["error"] = float(torch.linalg.norm(fresh - reference) / reference.norm())
                forecast.learn(case, name, row["total_ms"])
        yield row


def _taken(own: Any, stages: list[dict[str, float]]) -> None:
    """Take a step, and note the times of its stages."""
    stages.append(own.step())


def _memory(own: Any, device: str) -> tuple[float | None, float]:
    """Return the memory that the graph holds, and the most of a step, in MiB."""
    held, _ = held_mebibytes(own.graph, device) if isinstance(own, Stepped) else (None, 0.0)
    _, peak = held_mebibytes(own.step, device)
    return held, peak


class _Forecast:
    """What cases would take, from what smaller ones have taken.

    Parameters
    ----------
    dtype, device
        Of everything.
    """

    def __init__(self, dtype: torch.dtype, device: str) -> None:
        self._dtype, self._device = dtype, device
        self._coefficients: dict[tuple[str, str, int], Float[np.ndarray, " 4"]] = {}
        self._rates: dict[tuple[str, str], float] = {}  # the most seconds for a MiB, by strategy

    def objection(self, case: Case, name: str, longest: float) -> str:
        """Return the reason to leave out a case; empty if there is none."""
        peak, free = self.mebibytes(case, name), SHARE * free_mebibytes(self._device)
        if peak > free:
            return f"the forecast of {peak:,.0f} MiB is more than {free:,.0f} MiB"
        seconds = self._rates.get((case.name, name), 0.0) * peak
        if seconds > longest:
            return f"a step is forecast to take {seconds:,.0f} s"
        return ""

    def mebibytes(self, case: Case, name: str) -> float:
        """Return the forecast of the most memory of a step."""
        key = case.name, name, case.order
        if key not in self._coefficients:
            sizes = [(M, N) for M in PROBES[0] for N in PROBES[1]]
            if name == NODAL:  # whose stencils need more nodes
                sizes = [(M, 8 * N) for M, N in sizes]
            found = []
            for M, N in sizes:
                step = Stepped(case.at(M, N), name, self._dtype, self._device)
                step.step()
                found.append(held_mebibytes(step.step, self._device)[1])
            rows = [_powers(M, N) for M, N in sizes]
            self._coefficients[key] = np.linalg.solve(np.array(rows), np.array(found))
        return float(np.dot(_powers(case.functions, case.points), self._coefficients[key]))

    def learn(self, case: Case, name: str, ms: float) -> None:
        """Take down what a case has taken."""
        key = case.name, name
        rate = ms / 1e3 / max(self.mebibytes(case, name), 1 / MIB)
        self._rates[key] = max(rate, self._rates.get(key, 0.0))


def _clock(device: str) -> Clock:
    """Return the clock of the processor, or of the wall where that is not what works."""
    return perf_counter if device == "cuda" else process_time


def _powers(functions: int, points: int) -> list[float]:
    return [1.0, float(functions), float(points), float(functions) * points]


def _spread(count: int) -> Float[Tensor, "N 2"]:
    """Return points spread evenly over the unit square, as a sequence of low discrepancy."""
    k = torch.arange(1, count + 1, dtype=torch.float64)
    g = 1.32471795724474602596  # of the plane what the golden section is of the line
    return torch.stack([(k / g) % 1.0, (k / g**2) % 1.0], 1)


def _strategy(name: str, case: Case, x: Float[Tensor, "N 2"]) -> Strategy:
    if name in EXACT:
        return EXACT[name]
    return by_differences(x.cpu().double().numpy(), [1.0, 1.0], case.stencil)
