"""Forces that a file asks for: what is checked of them, and what the user is told."""

import pytest

from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from pinnsolve.problem import load
from tests.flows import STOKES, text_of

CHANNEL = """shape = "difference"
of = [{ shape = "rectangle", lower = [0, 0], upper = [4, 2], name = "channel" },
      { shape = "disk", center = [1, 1], radius = 0.3, name = "cylinder" }]"""
STILL = {"u": "0*x", "v": "0*x", "p": "0*x"}


def refusal(folder, output, **parts):
    text = text_of(parts.pop("domain", CHANNEL), STILL, output=output, **parts)
    (folder / "problem.toml").write_text(text)
    with pytest.raises(ProblemError) as caught:
        check(load(folder / "problem.toml"))
    return str(caught.value).replace(f"{folder}/", "")


def test_a_misspelt_piece_is_told_with_the_nearest(tmp_path):
    told = refusal(tmp_path, 'forces = ["cylinder.surfaces"]')
    assert told.startswith(
        'problem.toml:33: unknown piece of the boundary "cylinder.surfaces". '
        'Did you mean "cylinder.surface"? Known: all, channel.bottom'
    )
    assert "33 | forces = " in told


def test_forces_of_what_is_no_flow_are_refused(tmp_path):
    told = refusal(tmp_path, 'forces = ["channel.top"]', equations=(*STOKES[:2], "u_x - v_y = 0"))
    assert told.startswith(
        "problem.toml:33: forces are those of an incompressible flow, and the equations are none. "
        "Write one of them as the divergence of the velocity"
    )


def test_forces_need_one_viscosity(tmp_path):
    equations = ("p_x = nu*laplace(u)", "p_y = 2*nu*laplace(v)", "u_x + v_y = 0")
    told = refusal(tmp_path, 'forces = ["channel.top"]', equations=equations)
    assert told.startswith(
        "problem.toml:33: forces need the viscosity, which is not found in the equations. Write"
    )


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("moments_about = [0, 0]", "moments are taken of forces, and none are asked for."),
        (
            'forces = ["channel.top"]\nmoments_about = [0, 0, 0]',
            "the domain has 2 coordinates, but this point 3.",
        ),
        ('forces = ["channel.top", "channel.top"]', 'piece "channel.top" is named twice.'),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, output, says):
    assert says in refusal(tmp_path, output)


def test_a_piece_that_others_have_taken_whole_is_refused(tmp_path):
    domain = 'shape = "disk"\nradius = 1\npieces = [{ name = "wall", where = "x < 2" }]'
    told = refusal(tmp_path, 'forces = ["surface"]', domain=domain)
    assert 'a force is asked for on "surface", of which nothing is left. Pieces: wall.' in told


def test_sides_go_by_their_other_names_too(tmp_path):
    domain = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
    text = text_of(domain, STILL, output='forces = ["y-low", "top"]\nmoments_about = ["1/2", 0]')
    (tmp_path / "problem.toml").write_text(text)
    output = load(tmp_path / "problem.toml").settings.output
    assert (output.forces, output.moments_about) == (("y-low", "top"), (0.5, 0.0))
