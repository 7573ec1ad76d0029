"""The OpenAPI document is complete: everything named, described, and shown by an example that is true to its schema."""

import json
import re

import jsonschema
import pytest

from interfaces.api.problems import patterns_in
from interfaces.api.schemas.examples import EXAMPLES

METHODS = {"get", "post", "patch", "delete", "head", "options"}


@pytest.fixture(scope="module")
def document(standing_client):
    return standing_client.get("/api/openapi.json").json()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def schema_of(document, schema):
    """Follow a reference; of what may be null, what it is otherwise."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    name = options[0].get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else options[0]


def test_every_operation_is_named_and_described(document):
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names) > 50
    for what, operation in operations(document):
        assert operation["summary"], what
        assert operation["description"], what
        assert operation["tags"], what
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            told = (
                parameter.get("description")
                or schema.get("examples")
                or parameter.get("examples")
                or parameter["in"] == "path"
            )
            assert told, f"{what}: {parameter['name']}"


def test_every_body_and_every_answer_has_an_example(document):
    for what, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for holder in (*bodies, *answers):
            schema = schema_of(document, holder.get("content", {}).get("application/json", {}).get("schema", {}))
            if schema.get("type") == "array":
                schema = schema_of(document, schema["items"])
            if schema:
                assert schema.get("examples"), f"{what}: {schema.get('title')}"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples_are_true_to_their_schema(document, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(EXAMPLES[name])
    assert set(EXAMPLES[name]) <= set(document["components"]["schemas"][name]["properties"])


def test_every_error_is_a_problem(document):
    for what, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status == "default" or (status.startswith(("4", "5")) and what != "GET /api/health/ready"):
                assert list(answer["content"]) == ["application/problem+json"], (what, status)


def test_the_page_shows_all_of_it_and_fetches_nothing(document, standing_client):
    answer = standing_client.get("/api/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script" not in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert re.findall(r"(?:src|href)=\"(?!#)([^\"]*)", answer.text) == ["openapi.json"]
    for _, operation in operations(document):
        assert f'<article id="{operation["operationId"]}">' in answer.text
    assert "Grand final" in answer.text


def test_what_is_not_well_formed_is_refused_with_an_example_or_the_reason(document, standing_client):
    refused = standing_client.get("/api/jobs/abc").json()["detail"]
    assert refused == "path.job_id: it must have the form of this example: 0192d3f4-5b6c-7d8e-9fa0-b1c2d3e4f5a6"
    broken = standing_client.post("/api/projects/local", content=b"{bad", headers={"Content-Type": "application/json"})
    assert broken.json()["detail"] == "body.1: it is not JSON: Expecting property name enclosed in double quotes"
    examples = dict(patterns_in(document))
    for pattern in re.findall(r'"pattern": ("(?:[^"\\\\]|\\\\.)*")', json.dumps(document)):
        assert re.search(json.loads(pattern), examples[json.loads(pattern)])
