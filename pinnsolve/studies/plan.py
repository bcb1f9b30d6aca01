"""What a comparison is to run: every method with every setting that means something to it.

An order belongs to the methods that use RBF-FD, derivatives to those that have a choice of them,
an optimiser and a seed to networks. So a network with exact derivatives is trained once and not
once for each order, and a direct solution is made once and not once for each seed. Everything is
tried on the problem file before the first run, so that a wrong setting costs no time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, get_args

from pinnsolve.errors import Fault, ProblemError, suggestion
from pinnsolve.output.numbers import duration
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.schema.file import Phase
from pinnsolve.studies.trials import Configuration

METHODS = tuple(name for name, able in ABILITIES.items() if able.is_general)
DIRECT = next(name for name, able in ABILITIES.items() if not able.has_network)
NETWORKS = tuple(name for name in METHODS if ABILITIES[name].has_network)
DEFAULT = "default"  # the optimiser of that name is the method's own schedule
OWN = ("continuation", "grow")  # are no optimisers of the same network as the others are
OPTIMIZERS = tuple(
    name
    for name in (DEFAULT, *get_args(Phase.model_fields["optimizer"].annotation))
    if name not in OWN
)
HIDDEN = (50, 50, 50, 50)  # of single optimisers, for which the schedules' networks are too wide
UNLIMITED = 10**9  # iterations of those that stop by themselves or when their time is over
ENDLESS = ("lbfgs", "gauss-newton", "variable-projection")


@dataclass(frozen=True)
class Grid:
    """What to compare.

    Attributes
    ----------
    methods, optimizers
        Names out of `METHODS` and `OPTIMIZERS`.
    derivatives
        Of the methods that do without RBF-FD; empty for their default.
    orders
        Of RBF-FD; empty for the problem's.
    precisions
        Of the networks, by method; the problem's where there are none.
    seeds
        How many: 0, 1, 2 …
    nodes
        Sizes of the node sets; empty for the problem's own.
    seconds
        Time that each training is given.
    iterations
        How many iterations a single optimiser is given; by default its time is the limit, and
        Adam has the iterations that its learning rate needs.
    hidden
        Widths of the hidden layers of every network; None for the problem's, or else those of
        the default schedule, and `HIDDEN` for single optimisers.
    """

    methods: tuple[str, ...] = METHODS
    derivatives: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    optimizers: tuple[str, ...] = (DEFAULT, "lbfgs")
    precisions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeds: int = 1
    nodes: tuple[int, ...] = ()
    seconds: float = 30.0
    iterations: int | None = None
    hidden: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Plan:
    """A comparison that can begin.

    Attributes
    ----------
    grid
        What is compared.
    problems
        The problem on each node set.
    entries
        For each configuration the settings that make it.
    direct
        The same for the direct solution of each order, compared or not.
    orders
        Of RBF-FD, for which there will be operators.
    reference
        The configuration that speed-ups refer to.
    """

    grid: Grid
    problems: tuple[Problem, ...]
    entries: Mapping[Configuration, Mapping[str, Any]]
    direct: Mapping[Configuration, Mapping[str, Any]]
    orders: tuple[int, ...]
    reference: Configuration

    @property
    def trainings(self) -> int:
        """How many networks are trained."""
        networks = sum(configuration.optimizer is not None for configuration in self.entries)
        return networks * self.grid.seeds * len(self.problems)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        direct = sum(configuration.optimizer is None for configuration in self.entries)
        return self.trainings + direct * len(self.problems)

    @property
    def announcement(self) -> str:
        """How much there is to do."""
        if not self.trainings:
            return f"{self.runs} runs, no training"
        most = duration(self.trainings * self.grid.seconds)
        return (
            f"{self.runs} runs, {self.trainings} of them trainings of at most "
            f"{duration(self.grid.seconds)} each: {most} in all, nodes and operators not counted"
        )


def plan(problem: Problem, grid: Grid, reference: str | None = None) -> Plan:
    """Settle what is to be run, and refuse what cannot be.

    Parameters
    ----------
    problem, grid
        What to compare.
    reference
        Name of the configuration that speed-ups refer to, or the beginning of it; None for the
        first without RBF-FD, or else the first.

    Raises
    ------
    ProblemError
        If a name is unknown, a setting does not fit, or no exact solution is given.
    """
    if problem.exact is None and problem.stated is None:
        message = "a comparison measures errors, and no exact solution is given."
        remedy = "Add [exact] with a formula for each field, from which sources that are "
        remedy += '"manufactured" follow; or [reference], as solver = "rbf-fd".'
        raise problem.source.error(Fault(("exact",), message, remedy))
    _refuse_unknown("methods", "method", grid.methods, METHODS)
    _refuse_unknown("optimizers", "optimizer", grid.optimizers, OPTIMIZERS)
    _refuse_unknown("precision", "method with a network", grid.precisions, NETWORKS)
    if grid.nodes and getattr(problem.settings.domain, "shape", "") == "points":
        message = "the domain is given by its nodes, so there are no others."
        raise ProblemError(Fault((), message, "Remove it.", place="--nodes"))
    orders = tuple(dict.fromkeys(grid.orders)) or (problem.settings.solver.order,)
    entries = dict(_entries(problem, grid, orders))
    if not entries:
        message, remedy = "there is nothing to compare.", f"Known: {', '.join(METHODS)}."
        raise ProblemError(Fault((), message, remedy, place="--methods, --optimizers"))
    if not any(configuration.order for configuration in entries):
        orders = orders[:1]  # of the direct solution beside them
    exact = (configuration for configuration in entries if configuration.order is None)
    return Plan(
        grid,
        tuple(problem.replace({"nodes.count": n}) for n in dict.fromkeys(grid.nodes)) or (problem,),
        entries,
        dict(map(_direct, orders)),
        orders,
        _named(reference, list(entries)) if reference else next(exact, next(iter(entries))),
    )


def _entries(
    problem: Problem, grid: Grid, orders: tuple[int, ...]
) -> Iterator[tuple[Configuration, dict[str, Any]]]:
    """Yield each configuration with the settings that make it, as the problem accepts them."""
    for method in grid.methods:
        base: dict[str, Any] = {"solver.method": method}
        uses_order = "operators" in ABILITIES[method].needs
        is_network = method in NETWORKS
        axes = product(
            (None,) if uses_order else grid.derivatives or (None,),
            grid.precisions.get(method, (None,)) if is_network else ("float64",),
            orders if uses_order else (None,),
            grid.optimizers if is_network else (None,),
        )
        for derivatives, precision, order, optimizer in axes:
            chosen = {"derivatives": derivatives, "precision": precision, "order": order}
            given = {f"solver.{key}": value for key, value in chosen.items() if value}
            settings = base | given | (_training(problem, grid, optimizer) if optimizer else {})
            solver = problem.replace(settings).settings.solver
            yield (
                Configuration(method, solver.derivatives, solver.precision, order, optimizer),
                settings,
            )


def _direct(order: int) -> tuple[Configuration, dict[str, Any]]:
    """Return the direct solution of an order, and the settings that make it."""
    derivatives = ABILITIES[DIRECT].derivatives[0]
    settings = {
        "solver.method": DIRECT,
        "solver.derivatives": derivatives,
        "solver.order": order,
    }
    return Configuration(DIRECT, derivatives, "float64", order, None), settings


def _training(problem: Problem, grid: Grid, optimizer: str) -> dict[str, Any]:
    """Return the settings of the network and its training."""
    hidden = grid.hidden or problem.settings.network.hidden
    if optimizer == DEFAULT:
        return {"training": []} | ({"network.hidden": list(hidden)} if hidden else {})
    phase = {"optimizer": optimizer, "seconds": grid.seconds}
    iterations = grid.iterations or (UNLIMITED if optimizer in ENDLESS else None)
    if iterations:
        phase["iterations"] = iterations
    return {"training": [phase], "network.hidden": list(hidden or HIDDEN)}


def _named(text: str, configurations: list[Configuration]) -> Configuration:
    """Return the first configuration of a name, or that begins so."""
    for is_meant in (
        lambda configuration: text == configuration.label,
        lambda configuration: configuration.label.startswith(text),
    ):
        for configuration in configurations:
            if is_meant(configuration):
                return configuration
    known = (configuration.label for configuration in configurations)
    message = f'there is no configuration "{text}".'
    raise ProblemError(Fault((), message, suggestion(text, known), place="--reference"))


def _refuse_unknown(option: str, kind: str, chosen: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are not among the known ones."""
    faults = [
        Fault((), f'there is no {kind} "{name}".', suggestion(name, known), place=f"--{option}")
        for name in chosen
        if name not in known
    ]
    if faults:
        raise ProblemError(*faults)


def names(text: str) -> tuple[str, ...]:
    """Return the entries of a list that is separated by commas, each once.

    >>> names("pinn, dt-pinn,pinn")
    ('pinn', 'dt-pinn')
    """
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return whole numbers that are separated by commas.

    >>> whole_numbers("orders", "2,3")
    (2, 3)

    Raises
    ------
    ProblemError
        If an entry is not a whole number above zero.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not (part.isascii() and part.isdigit() and int(part)):
            message = f'"{part}" is not a whole number above zero.'
            raise ProblemError(Fault((), message, "Separate them by commas.", place=f"--{option}"))
    return tuple(map(int, parts))


def precisions(text: str) -> dict[str, tuple[str, ...]]:
    """Return the precisions of each method from ``method=precision`` or one for all of them.

    >>> precisions("pinn=float32,pinn=float64")
    {'pinn': ('float32', 'float64')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in names(text):
        method, sign, precision = (side.strip() for side in part.partition("="))
        for name in (method,) if sign else NETWORKS:
            found[name] = (*found.get(name, ()), precision if sign else method)
    return found
