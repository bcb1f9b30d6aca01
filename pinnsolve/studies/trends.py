"""Pictures of a comparison: what more nodes, or a higher order, bring."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from pinnsolve.output.figures.figures import INK, styled
from pinnsolve.studies import statistics
from pinnsolve.studies.statistics import Spread
from pinnsolve.studies.style import bars, error_axis, logarithmic, looks, side_by_side, time_axis
from pinnsolve.studies.trials import Comparison, Configuration, Trial


@styled
def trend_figure(comparison: Comparison, against: str) -> Figure:
    """Draw the error at the end and the time to the lowest error against nodes or order.

    Parameters
    ----------
    comparison
        What was compared.
    against
        ``nodes``; or ``order``, on the last node set: methods without an order are level lines.
    """
    look = looks(comparison)
    counts = [nodes for nodes in comparison.node_counts if nodes]
    lines: dict[Any, list[tuple[float, Configuration, list[Trial]]]] = {}
    for c in look:
        if against == "nodes":
            lines[c] = [(nodes, c, comparison.of(c, nodes)) for nodes in counts]
        else:
            orders = [c.order] if c.order else sorted({d.order for d in look if d.order})
            key = (c.method, c.derivatives, c.precision, c.optimizer)
            lines.setdefault(key, []).extend((p, c, comparison.of(c, counts[-1])) for p in orders)
    lines = {
        k: points for k, points in lines.items() if any(t.lowest for p in points for t in p[2])
    }
    names = {key: points[0][1] for key, points in lines.items()}
    legend = {c: look[c] for c in names.values()}
    called = [c.label if against == "nodes" else _without_order(c) for c in legend]
    figure, panels = side_by_side(2, 2.9, list(legend), look, called)
    measures: list[tuple[str, Any]] = [
        ("relative L2 error at test points, at the end", statistics.errors),
        ("time to the lowest error", statistics.seconds_to_lowest),
    ]
    for axes, (title, measure) in zip(panels, measures, strict=True):
        known: list[float] = []
        for key, points in lines.items():
            figures = [measure(mine) for _, _, mine in points]
            known += [f for s in figures if s for f in (s.least, s.most) if 0 < f < inf]
            x = [place for place, _, _ in points]
            bars(axes, x, figures, look[names[key]])
        axes.set_title(title)
        if against == "nodes":
            _nodes_axis(axes, counts)
        else:
            axes.xaxis.set_major_locator(FixedLocator(sorted({d.order for d in look if d.order})))
        axes.set_xlabel("nodes" if against == "nodes" else "order of RBF-FD")
        if measure is statistics.errors:
            error_axis(axes, known)
        else:
            time_axis(axes, "y", known)
            axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    return figure


@styled
def sooner_figure(comparison: Comparison) -> Figure:
    """Draw how many times sooner than the reference each is done, against the number of nodes.

    Parameters
    ----------
    comparison
        What was compared, on several node sets.
    """
    look = looks(comparison)
    counts = [nodes for nodes in comparison.node_counts if nodes]
    theirs = {nodes: comparison.of(comparison.reference, nodes) for nodes in counts}
    common = {nodes: statistics.common_error(runs) for nodes, runs in theirs.items()}

    def at_common(runs: list[Trial], nodes: int) -> Spread | None:
        found = statistics.speed_up(runs, theirs[nodes], common[nodes] or 0.0)
        return None if found is None else found.ratio

    measures: dict[str, Callable[[list[Trial], int], Spread | None]] = {
        "speed-up, each to its lowest error": lambda runs, nodes: statistics.speed_up_to_lowest(
            runs, theirs[nodes]
        ),
        "speed-up, to the same error": at_common,
    }
    figure, panels = side_by_side(2, 2.9, list(look), look)
    for axes, (title, measure) in zip(panels, measures.items(), strict=True):
        known = [1.0]
        for c, how in look.items():
            figures = [measure(comparison.of(c, nodes), nodes) for nodes in counts]
            known += [f for s in figures if s for f in (s.least, s.most) if 0 < f < inf]
            bars(axes, counts, figures, how)
        axes.set(title=title, xlabel="nodes")
        _nodes_axis(axes, counts)
        logarithmic(axes, "y")
        axes.set_ylim(min(known) / 1.3, max(known) * 1.3)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=9))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g} ×"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color=INK, alpha=0.15, lw=0.5)
    return figure


def _nodes_axis(axes: Axes, counts: Sequence[int]) -> None:
    """Give numbers of nodes a logarithmic scale with a tick for each."""
    axis = logarithmic(axes, "x")
    axis.set_major_locator(FixedLocator(counts))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelrotation=40 if len(counts) > 4 else 0)


def _without_order(configuration: Configuration) -> str:
    """Return the name of configurations that differ in their order alone."""
    return configuration.label.replace(f" p = {configuration.order}", "")
