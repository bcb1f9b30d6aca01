"""The training of a model as a process: the phases of a schedule, one optimiser after the other.

Its last finite weights are kept: training that leaves the finite numbers still has an answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf, isfinite, nan
from typing import Generic

import numpy as np
import torch

from pinnsolve.errors import DivergedError
from pinnsolve.networks.mlp import MLP
from pinnsolve.networks.several import Networks
from pinnsolve.objectives.drawn import Drawn
from pinnsolve.objectives.objective import Objective, OfNetwork
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.objectives.scaled import ScaledObjective, scaled
from pinnsolve.optimizers import OPTIMIZERS, Optimizer
from pinnsolve.optimizers.tensors import arrays, refill
from pinnsolve.problem.schema.file import Phase
from pinnsolve.process import Answer, Budget, State, Step, nested, part
from pinnsolve.training.continuation import Continuation
from pinnsolve.training.following import Following
from pinnsolve.training.growth import Collocation, Growing
from pinnsolve.training.initialisation import Drawing
from pinnsolve.training.levels import Level

# by default
ITERATIONS = {
    "continuation": 5000,
    "grow": 1000,
    "head": 20,
    "gauss-newton": 200,
    "variable-projection": 60,
    "adam": 5000,
    "lbfgs": 5000,
}
PATIENCE = 5  # iterations of variable projection that may pass without paying
PLAIN = ("head", "variable-projection")  # to which units of the fields make no difference
DONE = "the training has run its course."


class Training(Generic[Answer]):
    """The training of a model.

    Parameters
    ----------
    objective
        What to lower, and the model whose weights to change.
    phases
        Which optimisers to run, in order.
    answer
        Makes the answer of the model as it is.
    seed
        Of the random initial weights.
    patience
        Iterations of Gauss-Newton that may pass without paying; 0 for any number.
    collocation
        What a network needs to grow.
    is_continued
        Whether the model has weights from which to begin.
    whole
        Whether all weights are fitted to data, or those of the last layer.
    """

    def __init__(
        self,
        objective: Objective,
        phases: Sequence[Phase],
        answer: Callable[[], Answer],
        *,
        seed: int,
        patience: int = 0,
        collocation: Collocation | None = None,
        is_continued: bool = False,
        whole: bool = False,
    ) -> None:
        self._collocation, self._is_continued, self._whole = collocation, is_continued, whole
        self._objective, self._phases, self._answer = objective, phases, answer
        self._model, self._seed, self._patience = objective.model, seed, patience
        self._scaled = scaled(objective)
        self._place = 0  # in the schedule
        self._before = nan  # the loss before this phase
        self._levels: tuple[Level, ...] = ()  # of the weight of the equations against data
        self._optimizer: Optimizer | None = None  # of this phase, once it has begun
        self._drawn: Drawn | None = None  # the objective of this phase, if its points are drawn
        self._finite = self._model.vector()
        # rounding may depend on where arrays lie: as optimisers leave the weights, parts of one
        # vector, so that they lie alike in a run that begins and in one that is taken up
        self._model.set(self._finite.clone())

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more step of a phase; the last has the loss after it."""
        if self._place == len(self._phases):
            return Step(self._loss(), 0, DONE, stage="training")
        name = self._phases[self._place].optimizer
        step = self._attempt(self._optimizer or self._begin(), name)
        step = replace(step, stage=f"training: {name}", phase=name, before=self._before)
        if not isfinite(step.loss):
            self._model.set(self._finite.clone())
            return step
        self._finite = self._model.vector()
        if not step.done:
            return step
        self._place, self._optimizer, self._drawn = self._place + 1, None, None
        done = DONE if self._place == len(self._phases) else ""
        return replace(step, ended=step.done, done=done)

    def answer(self) -> Answer:
        """Return the answer of the model as it is."""
        return self._answer()

    @property
    def objective(self) -> Objective:
        """What has been lowered last."""
        return self._objective

    @property
    def levels(self) -> tuple[Level, ...]:
        """Of data, the weight of the equations at which the work has ended, and a neighbour."""
        return self._levels

    def state(self) -> State:
        """Return the phase, the weights, and the state of the optimiser."""
        optimizer = {} if self._optimizer is None else self._optimizer.state()
        drawn = {} if self._drawn is None else self._drawn.state()
        mine: State = {
            "place": self._place,
            "before": self._before,
            "levels": np.array([level.row() for level in self._levels]),
        }
        weights = arrays(weights=self._model.vector())
        form = self._model.form() if isinstance(self._model, MLP | Networks) else {}
        return {**mine, **weights, **nested(optimizer=optimizer, form=form, drawn=drawn)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._place, self._before = int(state["place"]), float(state["before"])
        if isinstance(self._model, MLP | Networks):
            self._model.reform(part(state, "form"))
        self._finite = torch.empty_like(self._model.vector())
        refill({"weights": self._finite}, state)
        self._model.set(self._finite.clone())
        self._optimizer = self._drawn = None
        self._hold(tuple(Level.of(row) for row in np.atleast_2d(state["levels"]) if len(row)))
        if self._place:
            self._follow()
        if optimizer := part(state, "optimizer"):
            self._optimizer = self._make()
            self._optimizer.restore(optimizer)
            if self._drawn is not None:
                self._drawn.restore(part(state, "drawn"))

    def _follow(self) -> None:
        """Go on with the points on which a network has grown: fewer do not determine its bumps."""
        between = None if self._collocation is None else self._collocation.between
        nets = self._model.nets if isinstance(self._model, MLP | Networks) else ()
        if between is not None and any(net.bumps for net in nets):
            self._objective = between("more")
            self._scaled = scaled(self._objective)

    def _hold(self, levels: tuple[Level, ...]) -> None:
        """Go on with the weight of the equations that has been found to be best."""
        self._levels = levels
        if levels and isinstance(self._objective, PointwiseObjective):
            self._objective = levels[0].of_objective(self._objective)
            self._scaled = scaled(self._objective)

    def _attempt(self, optimizer: Optimizer, name: str) -> Step:
        """Return a step of an optimiser, the loss measured anew if it is the last."""
        try:
            step = optimizer.step()
        except DivergedError as error:
            return Step(nan, 0, str(error))
        if step.done:
            self._follow()
            if isinstance(optimizer, Continuation):
                self._hold(optimizer.levels)
        elif self._drawn is not None and isinstance(step.at, int):
            self._drawn.renew(step.at)
        loss = self._loss() if step.done else step.loss
        left = f"training by {name} left the finite numbers at iteration {step.at}."
        return replace(step, loss=loss, done=step.done if isfinite(loss) else left)

    def _begin(self) -> Optimizer:
        """Begin a phase; the first one with the first weights, unless it draws them itself."""
        if self._place == 0 and not (self._draws_features or self._is_continued):
            self._scaled.model.initialise(self._seed)
        self._before, self._finite = self._loss(), self._model.vector()
        self._optimizer = self._make()
        return self._optimizer

    def _make(self) -> Optimizer:
        """Return this phase's optimiser, beginning at the weights that the model has."""
        phase, objective = self._phases[self._place], self._objective
        patience = {"gauss-newton": self._patience, "variable-projection": PATIENCE}
        budget = _budget(phase, patience.get(phase.optimizer, 0))
        if phase.optimizer == "continuation":
            assert isinstance(objective, PointwiseObjective)  # as no other method takes data
            return Continuation(objective, budget, self._seed, whole=self._whole)
        if self._draws_features and isinstance(objective, OfNetwork):
            if phase.optimizer == "grow" and self._collocation is not None:
                where = self._collocation
                if where.direct is not None and phase.weights is None:
                    return Following(objective, budget, where, self._seed)
                return Growing(objective, budget, where, self._seed, phase.weights)
            return Drawing(objective, budget, self._seed)
        if phase.batch is not None or phase.resample is not None:
            return OPTIMIZERS[phase.optimizer](self._drawing(phase), budget)
        is_plain = phase.optimizer in PLAIN
        return OPTIMIZERS[phase.optimizer](objective if is_plain else self._scaled, budget)

    def _drawing(self, phase: Phase) -> Objective:
        """Return the objective of a phase whose points are drawn."""
        objective, where = self._objective, self._collocation
        if phase.resample is not None and where is not None and where.between is not None:
            objective = where.between("pool")
            if self._levels and isinstance(objective, PointwiseObjective):
                objective = self._levels[0].of_objective(objective)
        assert isinstance(objective, PointwiseObjective)  # as no other method draws points
        assert isinstance(self._scaled, ScaledObjective)
        self._drawn = Drawn(objective, phase.batch, phase.resample, self._seed)
        return replace(self._scaled, plain=self._drawn)

    @property
    def _draws_features(self) -> bool:
        """Whether this phase begins without weights, under features that it draws itself."""
        drawing = ("grow",) if self._is_continued else ("grow", "head")
        draws = self._phases[self._place].optimizer in ("continuation", *drawing)
        return self._place == 0 and draws and isinstance(self._objective, OfNetwork)

    @torch.no_grad()
    def _loss(self) -> float:
        r = self._objective.value()
        return float(r @ r)


def _budget(phase: Phase, patience: int) -> Budget:
    """Fill in what the phase leaves open."""
    return Budget(
        iterations=phase.iterations or ITERATIONS[phase.optimizer],
        seconds=phase.seconds or inf,
        tolerance=phase.tolerance or 0.0,
        patience=patience,
        learning_rate=phase.learning_rate or 1e-3,
    )
