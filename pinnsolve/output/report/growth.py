"""What the report tells of a network that has grown: what each step took and gained, its bumps."""

from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.supports import supports_figure
from pinnsolve.output.numbers import duration, scientific
from pinnsolve.output.report.page import table
from pinnsolve.solution.localised import supports_of
from pinnsolve.solution.solution import Solution

TARGET = 1e-4  # relative error: how many weights it takes is told
STEPS = (
    "How the network has grown: its smooth features first, of which several kinds are tried, then "
    "blocks of bumps. The loss is the weighted mean square of all residuals at the points of the "
    "training, or of the distance from the direct solution while that is followed; at fresh points "
    "it shows whether it is as small between them. The error is relative, in L2 on the nodes."
)
BUMPS = (
    "Centres of the bumps, functions of the distance from there, in the colours of their radii; "
    "of several along the axes their geometric mean is shown."
)
ON_A_LINE = "The bumps, functions of the distance from a centre: the radii over the centres."


def growth(solution: Solution) -> str:
    """Return the growth of a network as HTML; nothing of any other."""
    steps, supports = solution.course.growth, supports_of(solution.answer)
    parts = []
    if steps:
        head = ["features", "weights", "time", "loss", "at fresh points", "error", ""]
        rows = [
            (
                f"{step.features:,}",
                f"{step.weights:,}",
                duration(step.seconds),
                scientific(step.loss),
                scientific(step.fresh_loss),
                scientific(step.relative_l2),
                "" if step.is_kept else "taken back",
            )
            for step in steps
        ]
        parts = [table(head, rows, STEPS, numbers=range(6)), f"<p>{_weights(solution)}</p>"]
    if supports is not None:
        label = "The bumps of the network"
        caption = ON_A_LINE if supports.centres.shape[1] == 1 else BUMPS
        parts.append(set_apart(supports_figure(solution, supports), label, caption))
    return "\n".join(parts)


def _weights(solution: Solution) -> str:
    """Return a sentence on the number of weights, and on how many some accuracy took."""
    text = f"The network has {solution.answer.size:,} weights."
    enough = solution.course.weights_to(TARGET)
    if enough is not None:
        text += f" {enough:,} were enough for an error of {scientific(TARGET)}."
    return text
