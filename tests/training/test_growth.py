"""A network that grows: what it reaches, when it ends, and that it can be left and taken up."""

from functools import partial
from itertools import groupby

import numpy as np
import pytest
import torch

from pinnsolve import load_solution, solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.networks.sizes import grows
from pinnsolve.process import Budget
from pinnsolve.run import write
from pinnsolve.setup import Setup
from pinnsolve.solution.localised import supports_of
from pinnsolve.training import initialisation
from pinnsolve.training.first_features import FirstFeatures
from pinnsolve.training.growth import FALLING, Collocation, Growing
from pinnsolve.training.initialisation import sketch
from pinnsolve.training.schedule import training
from tests.lanes import studied
from tests.posing import INTERVAL, pose, written
from tests.training.taking_up import bits, from_file, weights

OBJECTIVES = {"dt-pinn": nodal_objective, "pinn": pointwise_objective}
SMOOTH = "1 + sin(pi*x)*cos(pi*y)"
HOLE = """\
[domain]
shape = "difference"
of = [
  { shape = "disk", name = "out", radius = 1.0 },
  { shape = "disk", name = "hole", center = [0.3, 0.2], radius = 0.1 },
]
[nodes]
count = 700
refine = "min(1, 0.3 + sqrt((x - 0.3)**2 + (y - 0.2)**2) - 0.1)"
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = 0"]
[[boundary]]
on = "all"
condition = "u = log(sqrt((x - 0.3)**2 + (y - 0.2)**2)/0.1)"
[exact]
u = "log(sqrt((x - 0.3)**2 + (y - 0.2)**2)/0.1)"
"""


def growing(problem, method, budget=None):
    """Return a growth, and the objective with its network."""
    setup = Setup(problem.replace({"solver.method": method}))
    net = network(setup)
    objective = OBJECTIVES[method](net, setup)
    between = partial(pointwise_objective, net, setup) if method == "pinn" else None
    collocation = Collocation(setup.problem, setup.nodes, between, setup.oscillation)
    return Growing(objective, budget or Budget(tolerance=1e-18), collocation, seed=0), objective


def whole(grow):
    """Return the steps to the last."""
    steps = [grow.step()]
    while not steps[-1].done:
        steps.append(grow.step())
    return steps


def assert_taken_up(problem, method, cut, steps, final):
    """Assert that a growth which is cut goes on to the same steps and weights, to the bit."""
    grow, objective = growing(problem, method)
    for _ in range(cut):
        grow.step()
    state = from_file(grow.state())
    again, fresh = growing(problem, method)
    fresh.model.reform(objective.model.form())
    fresh.model.set(objective.model.vector())
    again.restore(state)
    assert bits(again.state()) == bits(state)
    assert whole(again) == steps[cut:]
    assert weights(fresh) == weights(final)


@pytest.mark.parametrize("method", studied(OBJECTIVES, {"pinn"}))
def test_beside_a_small_hole_it_resolves_what_layers_do_not(method, tmp_path):
    problem = written(tmp_path, HOLE).replace({"solver.method": method})
    grown = solve(problem).accuracy.errors.relative_l2["u"]
    layers = solve(problem.replace({"network.features": "mlp"})).accuracy.errors.relative_l2["u"]
    direct = solve(problem, method="rbf-fd").accuracy.errors.relative_l2["u"]
    assert grown < 1.5 * direct
    assert layers > 20 * grown


def test_no_layer_along_a_wall_is_hidden_from_the_points(tmp_path):
    # a cooling fin: the flux through its long sides, which a layer as thin as a seventh of the
    # spacing would meet at the wall and leave none of it to the inside (the solution was 160 % off)
    text = """\
    [domain]
    shape = "rectangle"
    lower = [0, 0]
    upper = [0.1, 0.02]
    [nodes]
    count = 500
    [unknowns]
    fields = ["T"]
    [pde]
    equations = ["div(200*grad(T)) = 0"]
    [[boundary]]
    on = "left"
    condition = "T = 80"
    [[boundary]]
    on = ["right", "top", "bottom"]
    condition = "200*dn(T) + 50*T = 0"
    """
    problem = written(tmp_path, text).replace({"solver.baseline": "never"})
    setup = Setup(problem)
    grown, direct = (solve(problem, method=method, setup=setup) for method in ("pinn", "rbf-fd"))
    x = setup.nodes.x[setup.nodes.rows]
    # the corners, where the flux jumps, leave differences of a few parts in ten thousand
    assert np.linalg.norm(grown(x) - direct(x)) < 2e-3 * np.linalg.norm(
        direct(x) - direct(x).mean()
    )


@pytest.mark.parametrize("method", OBJECTIVES)
def test_where_the_solution_is_smooth_layers_suffice(method, tmp_path):
    problem = pose(
        tmp_path,
        "laplace(u) = f",
        on=[("all", f"u = {SMOOTH}")],
        count=500,
        more=f'[functions]\nf = "manufactured"\n[exact]\nu = "{SMOOTH}"\n',
        method=method,
    )
    solution = solve(problem)
    (phase,) = solution.course.phases
    assert phase.optimizer == "grow"
    assert "smooth ones, leave little enough" in phase.message
    # of exact derivatives far below the discretisation's error, else at it
    error = solution.accuracy.errors.relative_l2["u"]
    assert error < {"pinn": 1e-7, "dt-pinn": 1e-3}[method]


@pytest.mark.parametrize("method", studied(OBJECTIVES, {"dt-pinn"}))
def test_it_can_be_left_after_any_step_and_taken_up_to_the_bit(method, tmp_path):
    problem = written(tmp_path, HOLE.replace("700", "150"))
    grow, final = growing(problem, method)
    steps = whole(grow)
    for cut in (1, 3, len(steps) - 2, len(steps) - 1):
        assert_taken_up(problem, method, cut, steps, final)


WAVES = """
[domain]
shape = "interval"
bounds = [0, 1]
time = [0, 2]
[nodes]
count = 160
time_levels = 6
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t = u_xx/(30*pi)^2"]
[[boundary]]
on = "all"
condition = "u = 0"
[initial]
u = "sin(30*pi*x)"
[exact]
u = "sin(30*pi*x)*exp(-t)"
[solver]
method = "pinn"
baseline = "never"
"""


def test_where_data_oscillate_so_do_the_first_features(tmp_path):
    problem = written(tmp_path, WAVES)
    grow, objective = growing(problem, "pinn", Budget(tolerance=1e-9))
    steps = whole(grow)
    assert objective.model.bumps[0].profile == "sin"
    x = np.random.default_rng(0).uniform([0, 0], [1, 2], (2000, 2))
    exact = np.sin(30 * np.pi * x[:, 0]) * np.exp(-x[:, 1])
    with torch.no_grad():
        off = objective.model(torch.from_numpy(x))[:, 0].numpy() - exact
    # smooth features and bumps of the same number leave a tenth
    assert np.linalg.norm(off) < 1e-4 * np.linalg.norm(exact)
    state = from_file(grow.state())
    again, fresh = growing(problem, "pinn", Budget(tolerance=1e-9))
    fresh.model.reform(objective.model.form())
    fresh.model.set(objective.model.vector())
    again.restore(state)
    assert bits(again.state()) == bits(state)
    assert steps[-1].loss == pytest.approx(float(objective.value().square().sum()), rel=1e-6)


@pytest.mark.parametrize("steps", [1000, 18])
def test_more_features_than_the_points_determine_are_taken_back(steps, tmp_path, monkeypatch):
    """On a line few points determine few features, and their residual tells nothing of others.

    So it is whether growth ends by that, or because its budget is spent.
    """
    more = '[functions]\nf = "manufactured"\n[exact]\nu = "tanh(40*(x - 0.5))"\n'
    on = [("all", "u = tanh(40*(x - 0.5))")]
    problem = pose(tmp_path, "u_xx = f", on=on, domain=INTERVAL, count=60, more=more, method="pinn")
    monkeypatch.setattr("pinnsolve.training.growth.most_features", lambda *_, **__: 400)
    grow, objective = growing(problem, "pinn", Budget(iterations=steps))
    fresh = pointwise_objective(objective.model, Setup(problem), "fresh")
    left, is_done = [], False
    while not is_done:
        step = grow.step()
        left.append(float(fresh.value().norm()))
        is_done = bool(step.done)
    assert "features, more would not help between the nodes" in step.done
    assert step.done.endswith("the iterations are spent") is (steps == 18)
    grown = left[next(k for k, x in enumerate(left) if k > 15) :]
    assert left[-1] <= 1.001 * min(grown)


def test_a_grown_network_is_stored_and_read_to_the_bit(tmp_path):
    solution = solve(written(tmp_path, HOLE.replace("700", "200")), method="pinn")
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.array([[0.0, 0.5], [0.3, 0.35]])
    assert np.array_equal(again(x), solution(x))
    terms = [again.derivative("u_x", x), solution.derivative("u_x", x)]
    assert np.array_equal(*terms)


@pytest.mark.parametrize("method", studied(OBJECTIVES, {"pinn"}))
def test_each_step_of_growth_is_told_with_the_error_it_has_reached(method, tmp_path):
    solution = solve(written(tmp_path, HOLE.replace("700", "400")), method=method)
    steps = solution.course.growth
    assert len(steps) > 3
    assert [step.features for step in steps] == sorted({step.features for step in steps})
    assert steps[-1].is_kept
    assert steps[-1].weights == solution.answer.size
    assert steps[-1].loss == pytest.approx(solution.course.phases[0].loss_after, rel=1e-6)
    assert steps[-1].relative_l2 == solution.accuracy.errors.relative_l2_nodes["u"]
    assert all((step.fresh_loss is None) is (method == "dt-pinn") for step in steps)
    assert sum(step.seconds for step in steps) == pytest.approx(solution.course.phases[0].seconds)
    first = next(step for step in steps if step.relative_l2 < 0.1)
    assert solution.course.weights_to(0.1) == first.weights
    assert solution.course.weights_to(0.0) is None
    write(solution, tmp_path / "run")
    assert load_solution(tmp_path / "run").course.growth == steps
    report = (tmp_path / "run" / "report.html").read_text()
    assert f"The network has {solution.answer.size:,} weights." in report
    assert f"{len(supports_of(solution.answer)):,} bumps" in report
    assert "taken back" not in report


LAYER = """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 600
refine = "min(1, 0.06 + (1 - x))"
[functions]
f = "manufactured"
[unknowns]
fields = ["u"]
[pde]
equations = ["-0.02*laplace(u) + u_x = f"]
[[boundary]]
on = "all"
condition = "u = (x - exp((x - 1)/0.02))*sin(pi*y)"
[exact]
u = "(x - exp((x - 1)/0.02))*sin(pi*y)"
[solver]
method = "pinn"
"""


def test_what_the_nodes_hide_is_solved_for_at_more_points(tmp_path):
    """Ridges enough satisfy every row in a layer, and say nothing of what is between the nodes."""
    problem = written(tmp_path, LAYER)
    grow, objective = growing(problem, "pinn", Budget(tolerance=1e-9))
    whole(grow)
    fresh = pointwise_objective(objective.model, Setup(problem), "fresh").value()
    assert float(fresh @ fresh) < 1e-7  # by the nodes alone 400 ridges leave 1.2, and 3e-15 there
    assert solve(problem).accuracy.errors.relative_l2["u"] < 1e-2  # which was 3


def test_blocks_taken_back_are_told_without_an_error(tmp_path, monkeypatch):
    more = '[functions]\nf = "manufactured"\n[exact]\nu = "tanh(40*(x - 0.5))"\n'
    on = [("all", "u = tanh(40*(x - 0.5))")]
    problem = pose(tmp_path, "u_xx = f", on=on, domain=INTERVAL, count=60, more=more, method="pinn")
    monkeypatch.setattr("pinnsolve.training.growth.most_features", lambda *_, **__: 400)
    solution = solve(problem)
    steps = solution.course.growth
    kept, back = (list(some) for _, some in groupby(steps, lambda step: step.is_kept))
    assert kept[0].is_kept
    assert all(step.relative_l2 is None for step in back)
    # one block in vain may be drawn badly: a second is asked
    assert len(back) == 2
    assert min(step.fresh_loss for step in back) > FALLING**2 * kept[-1].fresh_loss
    assert kept[-1].weights == solution.answer.size


SMALL = """
[[training]]
optimizer = "grow"
weights = 300
[[training]]
optimizer = "variable-projection"
iterations = 12
"""


@pytest.mark.parametrize("method", studied(OBJECTIVES, {"pinn"}))
def test_few_bumps_that_move_resolve_what_takes_many_that_do_not(method, tmp_path):
    solution = solve(written(tmp_path, HOLE.replace("700", "400") + SMALL), method=method)
    grow, moved = solution.course.phases
    assert grow.message == "74 features, as many as the weights are enough for"
    assert solution.course.growth[-1].weights <= 300
    assert 150 < solution.answer.size <= 300
    assert moved.relative_l2 < 0.06 * grow.relative_l2  # dt-pinn is at its discretisation's error
    grown = solve(written(tmp_path, HOLE.replace("700", "400")), method=method)
    assert grown.answer.size > 5 * solution.answer.size
    assert solution.course.phases[-1].relative_l2 < 1.2 * grown.course.phases[-1].relative_l2
    write(solution, tmp_path / "run")
    x = np.array([[0.0, 0.5], [0.3, 0.35]])
    assert np.array_equal(load_solution(tmp_path / "run")(x), solution(x))


def test_moving_bumps_can_be_left_and_taken_up_to_the_bit(tmp_path):
    text = HOLE.replace("700", "150") + SMALL.replace("12", "3").replace("300", "120")
    setup = Setup(written(tmp_path, text))

    def begun():
        net = network(setup)
        return training(nodal_objective(net, setup), setup, lambda: None), net

    process, net = begun()
    steps, states = [], []
    while not steps or not steps[-1].done:
        states.append(from_file(process.state()))
        steps.append(process.step())
    for cut in range(len(steps) - 4, len(steps)):
        again, fresh = begun()
        again.restore(states[cut])
        assert [again.step() for _ in steps[cut:]] == steps[cut:]
        assert bits({"w": fresh.vector().numpy()}) == bits({"w": net.vector().numpy()})


@pytest.mark.gpu
@pytest.mark.parametrize("method", OBJECTIVES)
def test_both_devices_grow_and_move_bumps_alike(method, tmp_path):
    """Rounding alone differs; of bumps that move it leaves 1e-9 of the field, 1e-13 of the loss."""
    text = HOLE.replace("700", "200") + SMALL.replace("12", "3").replace("300", "120")
    setup = Setup(written(tmp_path, text).replace({"solver.method": method}))

    def trained(device):
        net = network(setup, device)
        between = partial(pointwise_objective, net, setup) if method == "pinn" else None
        process = training(OBJECTIVES[method](net, setup), setup, lambda: None, between)
        steps = []
        while not steps or not steps[-1].done:
            steps.append(process.step())
        x = torch.as_tensor(setup.nodes.x[setup.nodes.rows]).to(net.like)
        assert net.like.device.type == device
        with torch.no_grad():
            return [step.loss for step in steps], net.blocks, net(x).cpu().numpy()

    (losses, blocks, values), (on_gpu, their_blocks, theirs) = map(trained, ("cpu", "cuda"))
    assert their_blocks == blocks
    np.testing.assert_allclose(on_gpu, losses, rtol=0, atol=1e-10)
    np.testing.assert_allclose(theirs, values, rtol=0, atol=1e-8 * np.abs(values).max())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('optimizer = "head"\nweights = 300', "leaves the number of weights as it is. Remove"),
        ('optimizer = "grow"\nweights = 20', "20 weights are too few for any network. Allow it at"),
    ],
)
def test_weights_that_make_no_sense_are_refused(text, message, tmp_path):
    with pytest.raises(ProblemError, match=message):
        solve(written(tmp_path, f"{HOLE}[[training]]\n{text}\n"))


TWO = """
[domain]
shape = "rectangle"
lower = [-1, -1]
upper = [1, 1]
[nodes]
count = 250
[functions]
r2 = "x^2 + y^2"
[unknowns]
fields = ["u"]
[pde]
equations = ["k*laplace(u) = 0"]
[[region]]
name = "inclusion"
shape = "disk"
radius = 0.5
[region.constants]
k = 10
[region.functions]
ue = "2*x/11"
[[region]]
name = "matrix"
[region.constants]
k = 1
[region.functions]
ue = "x*(1 - 9/44/r2)"
[[boundary]]
on = "all"
condition = "u = ue"
[exact]
u = "ue"
"""


@pytest.mark.parametrize("method", studied(OBJECTIVES, {"dt-pinn"}))
def test_the_network_of_each_region_grows_and_can_be_taken_up(method, tmp_path):
    problem = written(tmp_path, TWO)
    grow, final = growing(problem, method)
    steps = whole(grow)
    first, second = final.model.nets
    assert len(first.bumps) == len(second.bumps) > 0
    assert min(map(len, first.bumps)) > 0
    assert_taken_up(problem, method, len(steps) - 1, steps, final)


@pytest.mark.study
def test_networks_that_have_grown_in_regions_are_right_and_read_to_the_bit(tmp_path):
    solution = solve(written(tmp_path, TWO.replace("250", "600")), method="pinn")
    (direct,) = solution.accuracy.baseline.relative_l2.values()
    assert solution.accuracy.errors.relative_l2["u"] < direct
    write(solution, tmp_path / "run")
    x = np.array([[0.0, 0.2], [0.7, 0.35]])
    assert np.array_equal(load_solution(tmp_path / "run")(x), solution(x))


def test_phases_after_growth_keep_the_points_that_it_was_trained_on(tmp_path):
    text = HOLE.replace("700", "300") + '[solver]\nmethod = "pinn"\n'
    text += '[[training]]\noptimizer = "grow"\n[[training]]\noptimizer = "head"\n'
    grow, head = solve(written(tmp_path, text)).course.phases
    # the head was the best on them already; on the nodes alone its error would grow by two thirds
    assert head.loss_after == pytest.approx(grow.loss_after, rel=1e-6)
    assert head.relative_l2 == pytest.approx(grow.relative_l2, rel=1e-2)


def test_first_features_double_as_long_as_that_pays():
    def left_by(loss):
        first = FirstFeatures(2, (200, 400, 800), 1e-20)
        while (trial := first.next()) is not None:
            first.note(trial, loss(trial))
        return first.chosen[0]

    # layers converge quickly, the better the higher the frequency for their number
    smooth = left_by(lambda t: 1e-3 * 10 ** (-t.width / 50) * (1 + bool(t.frequencies)))
    assert (smooth.width, smooth.frequencies) == (800, ())
    # nothing converges: the fewest are kept
    rough = left_by(lambda t: 1.0 + 0.1 * bool(t.frequencies))
    assert (rough.width, rough.frequency) == (200, 0.5)  # the smoothest of those tried


def test_the_scales_of_axes_are_found_by_what_ridges_leave():
    first = FirstFeatures(2, (200,), 0.0)
    while (trial := first.next()) is not None:
        x = trial.frequencies[0] if trial.frequencies else 1.0
        first.note(trial, 1.0 if trial.frequency else 1e-4 * (1 + abs(np.log(x / 8))))
    assert first.chosen[0].frequencies == (8.0, 1.0)
    assert first.scales == pytest.approx([1 / 8, 1.0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("hidden = [20]\n", "a network that grows takes no widths in this version."),
        ('embedding = "fourier"\n', "a network that grows takes no embedding in this version."),
    ],
)
def test_what_a_grown_network_does_not_take_is_refused(more, message, tmp_path):
    text = HOLE + '[network]\nfeatures = "grown"\n' + more
    with pytest.raises(ProblemError, match=message):
        written(tmp_path, text + '[solver]\nmethod = "pinn"\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[network]\nfeatures = "mlp"\n[[training]]\noptimizer = "grow"\n',
            "a network of fixed layers does not grow.",
        ),
        (
            '[network]\nfeatures = "grown"\n[[training]]\noptimizer = "head"\n',
            "a network that grows does so in its first phase.",
        ),
        (
            '[[training]]\noptimizer = "grow"\n[[training]]\noptimizer = "grow"\n',
            "a network grows in its first phase only.",
        ),
    ],
)
def test_phases_that_do_not_fit_are_refused(text, message, tmp_path):
    with pytest.raises(ProblemError, match=message):
        written(tmp_path, HOLE + text + '[solver]\nmethod = "pinn"\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ('[network]\nfeatures = "mlp"\n', False),
        ("[network]\nhidden = [20]\n", False),
        ('[network]\nembedding = "fourier"\n', False),
        ('[[training]]\noptimizer = "head"\n', False),
        ('[[training]]\noptimizer = "grow"\n', True),
    ],
)
def test_a_network_grows_where_nothing_else_is_asked_for(text, expected, tmp_path):
    assert grows(written(tmp_path, HOLE + text + '[solver]\nmethod = "pinn"\n')) is expected


def test_trials_of_first_features_never_have_all_rows_of_a_large_problem_at_once(
    tmp_path, monkeypatch
):
    _, objective = growing(written(tmp_path, HOLE), "pinn")
    objective.model.rebuild((20,))
    objective.model.draw_ridges(0, (1.0, 1.0))
    loss, c = sketch(objective)
    asked, rows = list[int](), type(objective).head_within

    def watched(self, of, some):
        found = rows(self, of, some)
        asked.append(sum(len(part.factor.expand(part.count)) for part in found.parts))
        return found

    monkeypatch.setattr(type(objective), "head_within", watched)
    monkeypatch.setattr(initialisation, "STRIP", 100)
    in_strips, weights = sketch(objective)
    assert sum(asked) == len(objective.places)
    assert max(asked) == 100
    torch.testing.assert_close(weights, c, rtol=1e-6, atol=1e-6)  # as the features' condition lets
    assert in_strips == pytest.approx(loss, rel=1e-9)
