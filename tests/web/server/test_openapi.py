"""The API's description: says all that there is, as the modules declare it."""

import json

import pytest

from noiser.look.knobs import knobs
from noiser.web.server.errors import BY_IMAGE_ERROR, CODES
from noiser.web.server.limits import ServerLimits
from noiser.web.server.openapi import ANYWHERE, WORKING, description
from noiser.web.server.parameters import MEDIA_TYPES, enhance_parameters

DOCUMENT = json.loads(json.dumps(description(ServerLimits(max_pixels=12_000_000))))
OPERATIONS = {
    (path, method): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_every_endpoint_is_described():
    assert set(OPERATIONS) == {
        ("/v1/enhance", "post"),
        ("/v1/measure", "post"),
        ("/v1/looks", "get"),
        ("/healthz", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
    }


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda o: o["operationId"])
def test_every_error_of_any_request_is_described_everywhere(operation):
    for code in ANYWHERE:
        answer = operation["responses"][str(CODES[code].status)]
        assert f"`{code}`" in answer["description"]
        schema = answer["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Error"}


def test_every_code_but_that_of_unknown_paths_is_described_somewhere():
    text = json.dumps(DOCUMENT["paths"])

    assert [code for code in CODES if f"`{code}`" not in text] == ["not_found"]


def test_every_error_of_a_picture_is_described_where_pictures_are_enhanced():
    answers = json.dumps(OPERATIONS["/v1/enhance", "post"]["responses"])

    assert all(f"`{code}`" in answers for code in {*WORKING, *BY_IMAGE_ERROR.values()})


def test_every_knob_is_described_with_its_range():
    operation = OPERATIONS["/v1/enhance", "post"]
    query = {p["name"]: p["schema"] for p in operation["parameters"]}

    for knob in (k for k in knobs() if k.name != "eps"):
        low, high = knob.metadata["low"], knob.metadata["high"]
        assert query[knob.name] == {"type": "number", "minimum": low, "maximum": high}
    assert set(query) == set(enhance_parameters())


def test_bodies_are_described_as_files_and_the_form_beside_them():
    for path in ("/v1/enhance", "/v1/measure"):
        body = OPERATIONS[path, "post"]["requestBody"]
        assert set(body["content"]) == {"image/jpeg", "image/png", "image/webp"}
        assert {"schema": {"type": "string", "format": "binary"}} in body["content"].values()
        assert "multipart/form-data: the file in the part `image`" in body["description"]


def test_every_format_that_is_written_is_described():
    answer = OPERATIONS["/v1/enhance", "post"]["responses"]["200"]

    assert set(answer["content"]) == set(MEDIA_TYPES.values())


def test_answers_that_say_when_to_try_again_are_described_so():
    answers = OPERATIONS["/v1/enhance", "post"]["responses"]

    assert "Retry-After" in answers["429"]["headers"]
    assert "Retry-After" in answers["503"]["headers"]
    assert "headers" not in answers["400"]


def test_the_api_is_where_its_description_is_unless_it_is_known_better():
    """A relative address holds also behind a proxy that has taken a prefix from the path."""
    assert DOCUMENT["servers"] == [{"url": "."}]
    assert description(ServerLimits(), "/photos")["servers"] == [{"url": "/photos"}]


def test_the_limits_are_those_of_this_server():
    assert "pictures up to 12 megapixels" in DOCUMENT["info"]["description"]
