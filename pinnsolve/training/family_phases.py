"""The training of a family in phases: head solves, and Adam on all weights in mini-batches.

A head solve finds the weights between branch and trunk (`pinnsolve.training.family`): the first
one also the features, later ones as they have become. Adam lowers the loss by all weights, on some
of the functions and points at a time. Where that leaves more than there was, as it may after a
head solve, whose weights between nearly dependent features are large, the weights from before are
kept, and the account of the phase says so.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from math import isfinite, nan

import numpy as np
import torch

from pinnsolve.derivatives.of_families import EXACT, Strategy, by_differences
from pinnsolve.families.family import Functions
from pinnsolve.networks.branch import Branch, Layers, layers, products
from pinnsolve.networks.deeponet import DeepONet
from pinnsolve.objectives.family import FamilyHead, Places
from pinnsolve.objectives.family_batches import Batches, FamilyObjective
from pinnsolve.objectives.family_fields import FamilyFields
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.problem import Problem
from pinnsolve.problem.families import functions_of
from pinnsolve.problem.family_mode import functions_of_a_step
from pinnsolve.problem.schema.training import Phase
from pinnsolve.process import Process, State, Step, nested, part
from pinnsolve.setup import Setup
from pinnsolve.training.phases import DONE, Training

KEPT = "the steps did not pay: the weights from before are kept"
FEW = 2  # functions, by which it is seen whether an input multiplies the fields
BEYOND = 1  # levels before and after all instants, where functions of time are evaluated, too
GOLDEN = (5**0.5 - 1) / 2


class FamilyPhases:
    """Find the solutions of a family by one phase after the other.

    Parameters
    ----------
    phases
        Which, in order.
    solve
        Begins a head solve, from solutions whose features and branch stay as they are, or none.
    steps
        Begins steps on all weights, from solutions, which may be zero.
    zero
        Solutions that are zero.
    read
        Makes solutions from their state.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        solve: Callable[[Phase, FamilyFields | None], Process[FamilyFields]],
        steps: Callable[[Phase, FamilyFields, bool], "Steps"],
        zero: Callable[[], FamilyFields],
        read: Callable[[State], FamilyFields],
    ) -> None:
        self._phases, self._solve, self._steps = phases, solve, steps
        self._zero, self._read = zero, read
        self._place, self._loss = 0, nan
        self._reached: FamilyFields | None = None  # by the phases before
        self._process: Process[FamilyFields] | None = None  # of this phase, once it has begun

    def step(self) -> Step:
        """Return the account of one more step of a phase."""
        if self._place == len(self._phases):
            return Step(self._loss, 0, DONE, stage="training")
        self._process = self._process or self._begun()
        step = self._process.step()
        if not step.done or not isfinite(step.loss):
            return step
        ended, has_before = step.ended or step.done, self._reached is not None
        if has_before and step.loss > step.before:
            step, ended = replace(step, loss=step.before), KEPT
        else:
            self._reached = self._process.answer()
        self._place, self._process, self._loss = self._place + 1, None, step.loss
        is_last = self._place == len(self._phases)
        return replace(step, ended=ended, done=ended if is_last else "")

    def answer(self) -> FamilyFields:
        """Return the solutions found so far."""
        if self._process is not None:
            return self._process.answer()
        return self._reached or self._zero()

    def state(self) -> State:
        """Return the phase, what the phases before have reached, and the state of its work."""
        reached = {} if self._reached is None else self._reached.state()
        process = {} if self._process is None else self._process.state()
        mine: State = {"place": self._place, "loss": self._loss}
        return {**mine, **nested(reached=reached, process=process)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._place, self._loss = int(state["place"]), float(state["loss"])
        reached, process = part(state, "reached"), part(state, "process")
        self._reached, self._process = self._read(reached) if reached else None, None
        if process:
            self._process = self._begun()
            self._process.restore(process)

    def _begun(self) -> Process[FamilyFields]:
        phase = self._phases[self._place]
        if phase.optimizer == "head":
            return self._solve(phase, self._reached)
        return self._steps(phase, self._reached or self._zero(), self._reached is not None)


class Steps:
    """Steps of Adam on all weights of branch and trunk.

    Parameters
    ----------
    phase
        How many, and how long ones.
    objective
        What they lower.
    answer
        Makes the solutions of the weights as they are.
    seed
        Of the first weights.
    is_continued
        Whether there are weights from which to begin.
    """

    def __init__(
        self,
        phase: Phase,
        objective: FamilyObjective,
        answer: Callable[[], FamilyFields],
        seed: int,
        *,
        is_continued: bool,
    ) -> None:
        self._objective = objective
        self._training = Training(objective, [phase], answer, seed=seed, is_continued=is_continued)

    def step(self) -> Step:
        """Return the account of some more steps; the last has the loss of all functions."""
        return self._training.step()

    def answer(self) -> FamilyFields:
        """Return the solutions of the weights as they are."""
        return self._training.answer()

    def state(self) -> State:
        """Return the weights, the state of the optimiser, and what has been drawn."""
        return nested(training=self._training.state(), drawn=self._objective.state())

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._training.restore(part(state, "training"))
        self._objective.restore(part(state, "drawn"))


def layers_of(problem: Problem, functions: Mapping[str, Functions]) -> Branch | None:
    """Return the branch that a problem file describes, its weights drawn; None if it has none.

    Parameters
    ----------
    problem
        Of the file.
    functions
        To train with, by name of the input.
    """
    network, codes = problem.settings.network, [own.codes() for own in functions.values()]
    if network.branch is None:
        return None
    return layers(codes, network.branch, network.activation, problem.settings.solver.seed)


def first_branch(
    problem: Problem, objective: PointwiseObjective, functions: Mapping[str, Functions]
) -> Branch:
    """Return a branch with which to begin without a head solve.

    Parameters
    ----------
    problem, functions
        As of `layers_of`.
    objective
        The equations of a typical problem.
    """
    found = layers_of(problem, functions)
    if found is not None:
        return found
    few = {name: own.chosen(range(FEW)) for name, own in functions.items()}
    head = FamilyHead.of(objective.head(), Places.of(objective), few)
    return products([own.codes() for own in functions.values()], is_linear=head.is_affine)


def network_of(fields: FamilyFields, sizes: Sequence[float]) -> DeepONet:
    """Return branch and trunk of some solutions, to be trained.

    Parameters
    ----------
    fields
        The solutions; they keep their own weights.
    sizes
        About how large the fields will be.
    """
    own = fields.branch
    trunk = deepcopy(fields.net)
    activation = own.activation if isinstance(own, Layers) else trunk.activation_name
    net = DeepONet(trunk, fields.C.shape[1], own.layers, activation, sizes)
    with torch.no_grad():
        net.C.copy_(torch.as_tensor(fields.C))
    return net


def objective_of(
    setup: Setup, plain: PointwiseObjective, fields: FamilyFields, net: DeepONet
) -> FamilyObjective:
    """Return the residuals of a family by all weights, as its problem file wants them found.

    Parameters
    ----------
    setup
        Of the family.
    plain
        The equations of a typical problem.
    fields
        Whose branch tells what it is given of each function.
    net
        Branch and trunk.
    """
    problem = setup.problem
    asked, family = problem.settings.operator, problem.family
    assert asked is not None
    assert family is not None
    functions = functions_of(family, held_out=False)
    codes = [own.codes() for own in functions.values()]
    like = net.trunk.like
    inputs = torch.as_tensor(fields.branch.inputs(codes)).to(like)
    values = Places.of(plain).values([p.residual.inputs for p in plain.parts], functions)
    given = [[torch.as_tensor(v).to(like) for v in own] for own in values]
    named = problem.settings.solver.derivatives
    strategy = EXACT.get(named) or _by_differences(setup)
    batches = Batches(functions_of_a_step(problem), asked.points, problem.settings.solver.seed)
    is_exact = named in EXACT
    return FamilyObjective(net, plain.parts, inputs, given, strategy, batches, is_exact=is_exact)


def solutions_of(net: DeepONet, fields: FamilyFields) -> FamilyFields:
    """Return the solutions of branch and trunk as they are, in place of those of before."""
    own = fields.branch.with_layers(net.layers)
    C = net.C.detach().cpu().double().numpy().copy()
    trunk = deepcopy(net.trunk)
    for weights in trunk.parameters():  # parts of one vector, whose place rounding may depend on
        weights.data = weights.data.clone()
    return replace(fields, net=trunk, branch=own, C=C)


def _by_differences(setup: Setup) -> Strategy:
    """Return the strategy that differentiates by RBF-FD, on nodes of space, or of space and time.

    In time the levels of each node are shifted, each node's by another part of a step, for on a
    lattice stencils do not determine polynomials; and there are some before and after.
    """
    problem, x = setup.problem, setup.nodes.x
    order = problem.settings.solver.order
    if problem.times is None:
        return by_differences(x, [1.0] * x.shape[1], order)
    step = float(problem.times[1] - problem.times[0])
    levels = np.arange(-BEYOND, len(problem.times) + BEYOND)
    shifts = (np.arange(1, len(x) + 1) * GOLDEN) % 1.0 - 0.5
    t = problem.times[0] + step * (levels[None] + shifts[:, None])
    there = np.column_stack([np.repeat(x, len(levels), axis=0), t.ravel()])
    return by_differences(there, [setup.nodes.spacing] * x.shape[1] + [step], order)
