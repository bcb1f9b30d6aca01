"""The JSON schema, by which editors check a file, and a run agree on what is right."""

import tomllib

import pytest
from jsonschema import Draft202012Validator

from pinnsolve.cli import shipped
from pinnsolve.cli.templates import TEMPLATES
from pinnsolve.problem.schema.reference import json_schema
from tests.posing import DISK, text_of, written

SCHEMA = json_schema()
SHIPPED = {name: (shipped.folder() / f"{name}.toml").read_text() for name in shipped.names()}


def refused(text):
    """Return the keys of a problem file that the schema refuses."""
    errors = Draft202012Validator(SCHEMA).iter_errors(tomllib.loads(text))
    return [".".join(map(str, error.path)) or error.message for error in errors]


def test_it_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "text", [*SHIPPED.values(), *TEMPLATES.values()], ids=[*SHIPPED, *TEMPLATES]
)
def test_it_lets_every_shipped_problem_and_template_pass(text):
    assert refused(text) == []


WAYS = {
    "numbers as formulas": "count = 300:count = '100 + 200'",
    "whole numbers with an exponent": "count = 300:count = 3e2",
    "one piece without a list": 'on = ["surface"]:on = "surface"',
    "pieces in a list": 'on = ["surface"]:on = ["all"]',
    "a length as a formula": "radius = 1:radius = '1/1'",
    "a weight as a formula": 'condition = "u = 0":condition = "u = 0"\nweight = "1/2"',
}


@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)
def test_it_lets_pass_each_way_of_writing_that_a_run_does(tmp_path, change):
    text = text_of("laplace(u) = 1", on=[("surface", "u = 0")], domain=DISK)
    before, after = change.split(":")
    changed = text.replace(before, after)
    assert changed != text
    written(tmp_path, changed)
    assert refused(changed) == []


def test_it_refuses_what_a_run_refuses():
    text = text_of("laplace(u) = 1", on=[("surface", "u = 0")], domain=DISK)
    assert refused(text.replace("order = 3", "ordre = 3")) == ["solver"]
    assert refused(text.replace('["surface"]', "3")) == ["boundary.0.on"]
    assert refused(text.replace('["surface"]', "[]")) == ["boundary.0.on"]
    assert refused(text.replace("radius = 1", "radius = [1]")) == ["domain"]


def test_templates_name_the_schema_in_their_first_line():
    assert {text.splitlines()[0] for text in TEMPLATES.values()} == {
        "#:schema pinnsolve.schema.json"
    }
