"""First weights: hidden layers drawn at the frequency whose head solve leaves the least.

What a head can reach is decided by the features under it, and those, while untrained, by one
number: the frequency of the first layer. `draw_features` chooses it by the loss that the head
solve then reaches, which costs nothing but the solve.
"""

from collections.abc import Iterator
from math import inf, isfinite

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pinnsolve.errors import DivergedError
from pinnsolve.leastsquares.head import first_look, is_long, least_squares
from pinnsolve.objectives.objective import HeadProblem, Objective
from pinnsolve.optimizers.budget import Budget, Note
from pinnsolve.optimizers.head import head, head_weights, loss_of, newton, set_head

FREQUENCY = 1.0  # of the features that are tried first, per half width of the domain
SKETCHES = 3  # Newton steps that show where a nonlinear problem is heading
WORTH_A_STEP = 0.5  # a loss larger than this share of that before: the sketch is done
STEPS_TO_PARAMETERS = 60  # that may be needed to find unknown parameters
RIDGE = 1e-14  # relative, where conditions repeat one another
STUCK = 0.5  # a loss that Newton's first steps leave larger than this share of it, is
WORTHWHILE = 0.7  # a loss this much smaller is worth another frequency


@torch.no_grad()
def draw_features(objective: Objective, seed: int, budget: Budget, note: Note) -> str:
    """Draw hidden layers of the frequency whose head solve leaves the smallest loss; solve.

    Doubles, then halves `FREQUENCY` as long as that helps; of frequencies that do equally well
    the lowest is kept, whose features are the smoothest between the nodes. Where parameters are
    unknown, each starts from the best field so far, for Newton's method may fail from others.
    """
    net = objective.net
    found: dict[float, tuple[float, Tensor]] = {}
    fields: dict[float, Float[Tensor, "N c"]] = {}

    def attempt(frequency: float) -> float:
        net.initialise(seed, frequency)
        if net.unknowns is None or not found:
            loss, c = _sketch(objective)
        else:
            best = min(found, key=lambda f: found[f][0])
            trained = found[best][1][-len(net.unknowns) :]
            loss, c = _continued(objective, fields[best], trained)
        found[frequency] = loss, c
        set_head(net, c)
        if net.unknowns is not None:
            fields[frequency] = net(objective.x)
        note(len(found), loss)
        return loss

    first = attempt(FREQUENCY)
    for factor in (2.0, 0.5):
        frequency, best = FREQUENCY * factor, first
        while (loss := attempt(frequency)) < WORTHWHILE * best:
            frequency, best = frequency * factor, loss
    least = min(loss for loss, _ in found.values())
    chosen = min(f for f, (loss, _) in found.items() if WORTHWHILE * loss <= least)
    net.initialise(seed, chosen)
    set_head(net, found[chosen][1])
    drawn = f"features of frequency {chosen:g} drawn"
    if objective.is_linear and not is_long(len(objective.value()), len(found[chosen][1])):
        return drawn
    tried = len(found)
    return f"{drawn}; {head(objective, budget, lambda i, loss: note(tried + i, loss))}"


def _sketch(objective: Objective) -> tuple[float, Float[Tensor, " P"]]:
    """Return the loss that the first Newton steps reach, and the head's weights there.

    They start from the zero field. Where a nonlinear problem has no slope there, as radiation
    has none without a temperature, or is not finite, they start from the field that is one; and
    where that is no better, from a field that satisfies the conditions that are linear.
    """
    problem = objective.head()
    best = inf, head_weights(objective.net)
    for start in _starts(objective, problem):
        first = loss_of(problem, start)
        if not isfinite(first):
            continue
        c, loss = _first_steps(objective, problem, start)
        best = min(best, (loss, c), key=lambda found: found[0])
        if loss < STUCK * first:
            break
    if not isfinite(best[0]):
        raise DivergedError(
            "the equations are not finite for fields that are zero, nor for fields that are one. "
            "Rewrite them, or train with another optimizer first."
        )
    return best


def _starts(objective: Objective, problem: HeadProblem) -> Iterator[Float[Tensor, " P"]]:
    """Yield weights of the head from which to try Newton's method."""
    zero = head_weights(objective.net)
    yield zero
    if objective.is_linear:
        return
    one, n = zero.clone(), objective.net.head.weight.numel()
    one[n : n + objective.net.head.out_features] = 1.0
    yield one
    if objective.linear_rows.any():
        yield _meeting(problem, objective.linear_rows, zero)


def _first_steps(
    objective: Objective, problem: HeadProblem, c: Float[Tensor, " P"]
) -> tuple[Float[Tensor, " P"], float]:
    """Return where a few Newton steps lead, and the loss there.

    Unknown parameters of the equations are held until the field is found that belongs to their
    first values, then let go; where they lead shows late, after many steps.
    """
    unknowns = objective.net.unknowns
    if unknowns is None:
        steps = 1 if objective.is_linear else SKETCHES
        return newton(problem, c, steps, WORTH_A_STEP, solve=first_look)
    c, _ = newton(problem, c, STEPS_TO_PARAMETERS, held=len(unknowns))
    return newton(problem, c, STEPS_TO_PARAMETERS)


def _continued(
    objective: Objective, u: Float[Tensor, "N c"], trained: Float[Tensor, " k"]
) -> tuple[float, Float[Tensor, " P"]]:
    """Return what `_sketch` does, from a field and parameters that other features have found."""
    net, problem = objective.net, objective.head()
    features = net.of_outputs(*(image.features(objective.x) for image in net.images()))
    fits = [
        least_squares(torch.cat([values, constant.expand(len(values), 1)], 1), wanted, u.dtype)
        for values, constant, wanted in zip(features, net.constant, u.mT, strict=True)
    ]
    parts = [*(fit[:-1] for fit in fits), *(fit[-1:] for fit in fits)]
    c = torch.cat([*parts, trained]).to(trained)
    tries = (
        newton(problem, c, STEPS_TO_PARAMETERS),
        _first_steps(objective, problem, c),
    )
    best, loss = min(tries, key=lambda found: found[1])
    return loss, best


def _meeting(
    problem: HeadProblem, rows: Bool[Tensor, " R"], zero: Float[Tensor, " P"]
) -> Float[Tensor, " P"]:
    """Return the least weights that satisfy some rows, linear ones."""
    M, t = problem.linearise(zero)
    M, t = M[rows], t[rows]
    gram = M @ M.mT
    gram.diagonal().add_(RIDGE * gram.diagonal().sum())
    factor, _ = torch.linalg.cholesky_ex(gram)
    y = torch.cholesky_solve((t - M @ zero.to(M))[:, None], factor)[:, 0]
    return zero + (M.mT @ y).to(zero)
