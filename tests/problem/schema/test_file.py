import json

import pytest
from pydantic import TypeAdapter

import pinnsolve
from pinnsolve.cli.templates import TEMPLATES
from pinnsolve.equations.translate import CALLABLE
from pinnsolve.errors import ProblemError
from pinnsolve.problem import load
from pinnsolve.problem.schema import reference
from pinnsolve.problem.schema.domain import SHAPES, Domain, piece_names
from pinnsolve.problem.schema.file import ProblemFile
from pinnsolve.problem.text.overrides import apply, parse_override
from pinnsolve.problem.text.validation import is_reserved, known_keys

DISK = {"shape": "disk", "radius": 1}
SQUARE = {"shape": "rectangle", "lower": [0, 0], "upper": [1, 1]}


def pieces(**keys):
    return piece_names(TypeAdapter(Domain).validate_python(keys))


def cube(dim):
    return {"shape": "box", "lower": [0] * dim, "upper": [1] * dim}


def test_pieces_of_plain_shapes():
    assert pieces(shape="interval", bounds=[0, 1]) == ["left", "right"]
    assert pieces(**SQUARE) == ["left", "right", "bottom", "top"]
    assert pieces(**cube(3)) == ["left", "right", "bottom", "top", "front", "back"]
    assert pieces(**cube(4))[:3] == ["low-x1", "high-x1", "low-x2"]
    assert pieces(**DISK) == ["surface"]
    assert pieces(shape="annulus", inner=1, outer=2) == ["inner", "outer"]
    assert pieces(shape="polygon", vertices=[[0, 0], [1, 0], [0, 1]]) == ["edge1", "edge2", "edge3"]


def test_a_part_with_a_name_gives_it_to_its_pieces():
    plate, hole = {**SQUARE, "name": "plate"}, {**DISK, "name": "hole"}
    names = pieces(shape="difference", of=[plate, hole])
    assert names == ["plate.left", "plate.right", "plate.bottom", "plate.top", "hole.surface"]


def test_pieces_of_parts_without_a_name_are_numbered_where_they_clash():
    names = pieces(shape="union", of=[DISK, SQUARE, {**DISK, "center": [1, 1]}])
    assert names == ["part1.surface", "left", "right", "bottom", "top", "part3.surface"]


def test_combinations_can_be_nested():
    inner = {"shape": "union", "name": "body", "of": [SQUARE, {**DISK, "name": "head"}]}
    names = pieces(shape="difference", of=[inner, {**DISK, "radius": 0.1, "name": "eye"}])
    assert names[0] == "body.left"
    assert names[-2:] == ["body.head.surface", "eye.surface"]


def test_the_box_of_a_domain_holds_it():
    domain = TypeAdapter(Domain).validate_python(
        {"shape": "intersection", "of": [DISK, {**SQUARE, "upper": [3, 0.5]}]}
    )
    assert domain.box == ((0, 0), (1, 0.5))


def test_the_reference_names_every_key_shape_and_function():
    text = reference.text()
    for name, info in ProblemFile.model_fields.items():
        assert name in text
        assert info.description, name
    for shape, model in SHAPES.items():
        assert f'"{shape}"' in text or shape == "surface"
        assert set(known_keys(model)) - {"shape", "name"} <= set(text.split()) | {"coordinates"}
    for name in CALLABLE:
        assert name in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_json_schema_allows_no_unknown_and_no_reserved_key():
    schema = json.loads(json.dumps(reference.json_schema()))
    assert schema["additionalProperties"] is False
    open_keys = [name for name, info in ProblemFile.model_fields.items() if not is_reserved(info)]
    assert list(schema["properties"]) == open_keys
    assert schema["$defs"]["Disk"]["properties"]["radius"]["type"] == ["number", "string"]


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_problem(name, tmp_path):
    path = tmp_path / f"{name}.toml"
    path.write_text(TEMPLATES[name], encoding="utf-8")
    problem = load(path, {"output.test_points": 1000})
    assert len(problem.equations) == len(problem.fields)
    assert not any(e.manufactured for e in problem.equations)
    solution = pinnsolve.solve(problem, method="rbf-fd")
    assert solution.outcome.status == "finished"
    assert problem.exact is None or max(solution.accuracy.errors.relative_l2.values()) < 1e-5


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("solver.method=pinn", "solver.method", "pinn"),
        ("network.hidden=[64,64]", "network.hidden", [64, 64]),
        ("solver.accuracy = 1e-4", "solver.accuracy", 1e-4),
        ('domain.radius="1/2"', "domain.radius", "1/2"),
        ("domain.radius=1/2", "domain.radius", "1/2"),
        ("title=a = b", "title", "a = b"),
        ("boundary.0.weight=5", "boundary.0.weight", 5),
        ("functions.f=", "functions.f", ""),
    ],
)
def test_an_override_is_read_as_toml_or_as_text(text, key, value):
    assert parse_override(text) == (key, value)


@pytest.mark.parametrize("text", ["solver.method", "=3", "a b=1", "a..b=1", "network.hidden=[64,"])
def test_an_override_that_cannot_be_read_is_a_fault(text):
    with pytest.raises(ProblemError, match=rf"^--set {text.split('[')[0]}"):
        parse_override(text)


def test_overrides_reach_into_tables_and_lists():
    document = {"a": {"b": 1}, "list": [{"c": 1}, {"c": 2}]}
    changed, faults = apply(document, {"a.b": 2, "list.1.c": 3, "new.key": 4})
    assert changed == {"a": {"b": 2}, "list": [{"c": 1}, {"c": 3}], "new": {"key": 4}}
    assert not faults
    assert document["a"]["b"] == 1


def test_an_override_of_an_entry_that_is_not_there_is_a_fault():
    _, faults = apply({"list": [1, 2]}, {"list.2": 3})
    assert [fault.message for fault in faults] == ['"list" is a list with entries 0 to 1.']


def test_an_override_replaces_what_excludes_it():
    nodes = {"count": 100, "seed": 1}
    changed, _ = apply({"nodes": nodes}, {"nodes.spacing": 0.1})
    assert changed["nodes"] == {"spacing": 0.1, "seed": 1}
    solver = {"method": "dt-pinn", "derivatives": "rbf-fd"}
    changed, _ = apply({"solver": solver}, {"solver.method": "pinn"})
    assert changed["solver"] == {"method": "pinn"}
