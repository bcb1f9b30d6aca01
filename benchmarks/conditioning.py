"""How hard the linear systems of evolving weights become, with restarts and without.

    python benchmarks/conditioning.py [--problems advection_2d wave_2d] [--out FOLDER]
        [--hidden 16] [--samples 2000] [--rtol 1e-3] [--records 8] [--fresh] [--draw]

For each problem, all weights moving, and for ``restarts = 0`` and ``"auto"``, the state at some
instants: the largest eigenvalue of ``M = J^T J``, how many are above 1e-8 of it, iterations of
conjugate gradients until the gradient has fallen by 1e-7 at ``mu = 1e-8`` of it, without and under
a preconditioner of 50 and of 200 columns; and of every step its length, the norm of the rates and
the residual at unseen points. Of waves the matrix is that of the rate, the harder one. ``--fresh``
adds the same network fitted to the truth at each instant. All goes to ``FOLDER/NAME.json``, and
``FOLDER/conditioning.png`` is drawn of the files that are there; ``--draw`` measures nothing.
"""

import argparse
import json
from pathlib import Path
from time import process_time
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pinnsolve import load
from pinnsolve.conditions.resampling import Places, evenly
from pinnsolve.diffop import Term, partial
from pinnsolve.leastsquares.jacobian import DenseJacobian
from pinnsolve.leastsquares.krylov import conjugate_gradients
from pinnsolve.leastsquares.network import trace
from pinnsolve.leastsquares.nystrom import Nystrom
from pinnsolve.methods import METHODS
from pinnsolve.output.figures.figures import COLOURS, INK, PALE, STYLE, WIDTH
from pinnsolve.references import TRUTHS
from pinnsolve.setup import Setup
from pinnsolve.training.evolution import Evolving
from pinnsolve.training.fitting import fit

PROBLEMS = Path(__file__).parents[1] / "problems"
SMALL, TOLERANCE, MOST = 1e-8, 1e-7, 3000
RANKS = (0, 50, 200)
RESTARTS = {"none": 0, "auto": "auto"}
SERIES = {
    "largest eigenvalue": "largest eigenvalue",
    "rank": "eigenvalues above 1e-8 of it",
    "0": "CG iterations to 1e-7",
    "50": "the same under rank 50",
    "200": "the same under rank 200",
    "step": "step",
    "rate of the weights": "norm of the rates",
    "residual": "residual, unseen points",
}


def conditioning(process: Evolving, places: Places, time: float) -> dict[str, Any]:
    """Return the difficulty of the system of the last network, as its weights are."""
    velocity = process._velocity
    net = velocity.nets[-1]
    value = velocity._value
    factors = torch.as_tensor(places.factors * velocity.factors(places.x)[-1])
    seen = trace(net, torch.as_tensor(places.x), [value])
    with torch.enable_grad():
        J = seen.jacobian([factors * seen.values[value][:, 0]]).dense()
    b = factors * velocity.rates(places.x, time)[-1]
    Q, R = torch.linalg.qr(J)  # of which the iterations are those of J
    squares = torch.linalg.svdvals(R) ** 2
    mu, small = SMALL * float(squares[0]), DenseJacobian(R)
    found: dict[str, Any] = {
        "largest eigenvalue": float(squares[0]),
        "rank": int((squares > mu).sum()),
        "spectrum": squares.tolist(),
    }
    for rank in RANKS:
        known = Nystrom(small, R, rank) if rank else None
        precondition = None if known is None else lambda s, own=known: own.preconditioned(s, mu)
        iterated = conjugate_gradients(
            small, Q.mT @ b, mu, precondition, tolerance=TOLERANCE, most=MOST
        )
        found[str(rank)] = iterated.iterations
    return found


def started(name: str, given: argparse.Namespace, restarts: int | str) -> tuple[Evolving, Setup]:
    """Return the evolution of all weights of a problem."""
    settings = {
        "network.hidden": [given.hidden, given.hidden],
        "evolution.weights": "moving",
        "evolution.samples": given.samples,
        "evolution.rtol": given.rtol,
        "evolution.restarts": restarts,
    }
    setup = Setup(load(PROBLEMS / f"{name}.toml", settings))
    process = METHODS["neural-ivp"].start(setup)
    assert isinstance(process, Evolving)
    return process, setup


def evolved(name: str, given: argparse.Namespace, restarts: int | str) -> dict[str, Any]:
    """Return the course of an evolution, and how hard its systems are at some instants."""
    process, setup = started(name, given, restarts)
    begin, end = setup.problem.time
    due = np.linspace(begin, end, given.records).tolist()
    rows: dict[str, list[Any]] = {key: [] for key in SERIES}
    spectra, fits, before = [], [], process_time()
    while True:
        step = process.step()
        if step.ended and step.stage == "evolution":
            fits.append(step.at)
        for key in ("step", "rate of the weights", "residual"):
            if key in step.series:
                rows[key].append((step.at, step.series[key]))
        if step.stage == "evolution" and due and step.at >= due[0] - 1e-12:
            process._velocity.set(process._theta)
            places, _ = process._pool.of_step(process._velocity, step.at, 0)
            found = conditioning(process, places, step.at)
            spectra.append((step.at, found.pop("spectrum")))
            for key, value in found.items():
                rows[key].append((step.at, value))
            while due and step.at >= due[0] - 1e-12:
                due.pop(0)
            print(f"  t = {step.at:.4f}", found, flush=True)
        if step.done or process_time() - before > given.seconds:
            break
    print(f"  {step.done or 'stopped'} t = {step.at:.4g}, {process_time() - before:.0f} s of CPU")
    return {"series": rows, "spectrum": spectra[0][1], "fits": fits[:-1] if step.done else fits}


def fresh(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Return the difficulty of the systems where networks are fitted to the truth."""
    process, setup = started(name, given, 0)
    problem, velocity, pool = setup.problem, process._velocity, process._pool
    settings = problem.settings.reference
    truth = TRUTHS[settings.solver](setup).fields if settings else problem.exact
    rows: dict[str, list[Any]] = {key: [] for key in SERIES}
    dim = len(problem.coordinates)
    for time in np.linspace(*problem.time, given.records):
        x = np.column_stack([pool.seen, np.full(len(pool.seen), time)])
        for i, (net, (field, order)) in enumerate(zip(velocity.nets, velocity.states, strict=True)):
            term = Term(field, partial([0] * dim + [order]))
            values = (
                truth[field](x) if isinstance(truth, tuple | list) else truth.jet(x, {term})[term]
            )
            factors = velocity.factors(pool.seen)[i]
            values = values / np.where(factors == 0, 1.0, factors)
            if not np.abs(values).max() > 1e-12:  # a field at rest
                values = velocity.rates(pool.seen, time)[i].cpu().numpy()
            training = fit(net, evenly(pool.seen), values, factors, i)
            while not training.step().done:
                pass
        places, _ = pool.of_step(velocity, float(time), 0)
        found = conditioning(process, places, float(time))
        found.pop("spectrum")
        for key, value in found.items():
            rows[key].append((float(time), value))
        print(f"  fitted afresh, t = {time:.4f}", found, flush=True)
    return {"series": rows, "fits": []}


def drawn(folder: Path) -> None:
    """Draw all that has been measured."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    with matplotlib.rc_context(STYLE):
        rows, columns = len(SERIES) + 1, len(found)
        size = (0.6 * WIDTH * columns, 1.5 * rows)
        figure = Figure(size, layout="constrained", facecolor="white")
        panels = figure.subplots(rows, columns, squeeze=False)
        styles = {"none": (COLOURS[0], "-"), "auto": (COLOURS[1], "-"), "fresh": (PALE, "o")}
        labels = {"none": "no restarts", "auto": "restarts", "fresh": "fitted to the truth"}
        for column, (name, variants) in zip(panels.T, found.items(), strict=True):
            for key, told in variants.items():
                colour, style = styles[key]
                if "spectrum" in told and key == "none":
                    column[0].semilogy(told["spectrum"], color=INK, lw=1)
                for axes, quantity in zip(column[1:], SERIES, strict=True):
                    if told["series"][quantity]:
                        t, values = np.array(told["series"][quantity]).T
                        line = {"lw": 1} if style == "-" else {"ms": 3}
                        axes.semilogy(t, values, style, color=colour, label=labels[key], **line)
                    for at in told["fits"]:
                        axes.axvline(at, color=colour, lw=0.6, ls=":")
            column[0].set(title=f"{name}: spectrum", ylim=(1e-18, None))
            for axes, title in zip(column[1:], SERIES.values(), strict=True):
                axes.set_title(title)
            for axes in column:
                axes.yaxis.set_major_locator(LogLocator(numticks=5))
                axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
                axes.yaxis.set_minor_formatter(NullFormatter())
            column[-1].set_xlabel("time; dotted where networks were fitted afresh")
        figure.legend(
            *panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3
        )
        figure.savefig(folder / "conditioning.png", dpi=150)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", nargs="*", default=["advection_2d", "wave_2d"])
    parser.add_argument("--variants", nargs="*", default=list(RESTARTS))
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--records", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=400, help="of CPU, for an evolution")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("conditioning"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    given.out.mkdir(exist_ok=True)
    for name in () if given.draw else given.problems:
        path = given.out / f"{name}.json"
        variants = json.loads(path.read_text()) if path.exists() else {}
        for key in given.variants:
            print(f"{name}, restarts: {key}", flush=True)
            variants[key] = evolved(name, given, RESTARTS[key])
        if given.fresh:
            variants["fresh"] = fresh(name, given)
        path.write_text(json.dumps(variants))
    drawn(given.out)


if __name__ == "__main__":
    main()
