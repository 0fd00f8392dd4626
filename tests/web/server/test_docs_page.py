"""The page of documentation: all that the API's description says, readable by anybody."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browsing import chromium, needs_chromium
from hosting import FAULTY, hosted

from noiser.web.server.docs_page import POLICY, docs_page
from noiser.web.server.errors import CODES
from noiser.web.server.limits import ServerLimits
from noiser.web.server.openapi import description

AXE = Path(__file__).parents[3] / ".venv" / "axe.min.js"
DOCUMENT = description(ServerLimits())
PAGE = docs_page(DOCUMENT).decode()


class Reader(HTMLParser):
    """Reads the page's text, its elements in order, and what is not closed."""

    def __init__(self):
        super().__init__()
        self.text, self.elements, self.open = "", [], []
        self.feed(PAGE)

    def handle_starttag(self, tag, attrs):
        """Take in an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Take in its end."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Take in text."""
        if "style" not in self.open:
            self.text += data


READER = Reader()
WORDS = " ".join(READER.text.split())


@pytest.fixture(scope="module")
def host():
    """A server without the page."""
    with hosted(command=FAULTY) as found:
        yield found


def test_every_element_is_closed():
    assert READER.open == []


def test_every_endpoint_is_there_with_its_fields_and_codes():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in WORDS
            assert operation["summary"] in WORDS
            for field in operation.get("parameters", ()):
                assert f"{field['name']}" in WORDS
                assert field["description"].replace("`", "") in WORDS
            for answer in operation["responses"].values():
                assert answer["description"].replace("`", "") in WORDS or "Done." in str(answer)


def test_every_value_of_a_field_is_there():
    (operation,) = DOCUMENT["paths"]["/v1/enhance"].values()
    for field in operation["parameters"]:
        schema = field["schema"]
        if "enum" in schema:
            assert ", ".join(schema["enum"]) in WORDS
        else:
            assert f"{schema['minimum']:,.7g} to {schema['maximum']:,.7g}" in WORDS
    assert "integer, 1 to 100" in WORDS


def test_every_code_is_there_with_its_meaning():
    for name, code in CODES.items():
        assert f"{name}{code.status}{code.meaning}" in READER.text


def test_the_contents_of_answers_are_shown():
    assert '"quantiles": { "...": "number" }' in WORDS
    assert '"request_id": "string"' in WORDS


def test_links_lead_to_places_of_the_page_or_to_its_document():
    """Relative ones, so that they hold under any prefix."""
    places = {f"#{attrs['id']}" for _, attrs in READER.elements if "id" in attrs}
    links = {attrs["href"] for tag, attrs in READER.elements if tag == "a"}

    assert links <= places | {"openapi.json"}
    assert len(links) == len(DOCUMENT["paths"]) + 3


def test_the_page_asks_nobody_for_anything():
    """No script, no file, no address of another site."""
    assert {tag for tag, _ in READER.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "form",
    } == set()
    assert re.findall(r"(?:https?:)?//[a-z]|url\(|@import", PAGE) == []


def test_markup_in_the_description_is_text():
    document = json.loads(json.dumps(DOCUMENT))
    document["info"]["description"] = "<img src=x> & `<b>`"

    assert b"<p>&lt;img src=x&gt; &amp; <code>&lt;b&gt;</code></p>" in docs_page(document)


def test_the_server_gives_it_without_the_page_and_without_the_token(host):
    reply = host.ask("GET", "/docs")

    assert (reply.status, reply.body.decode()) == (200, PAGE)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"] == POLICY
    assert host.ask("GET", "/docs", If_None_Match=reply.headers["etag"]).status == 304
    assert host.ask("POST", "/docs").status == 405


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_it_is_styled_complete_and_without_barriers(host, scheme):
    """Its own policy lets the style pass; at no width must anybody scroll sideways."""
    with chromium() as browser:
        page = browser.new_page(color_scheme=scheme, viewport={"width": 320, "height": 800})
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{host.port}/docs")

        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(243, 242, 240)", "dark": "rgb(18, 18, 18)"}[scheme]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert said == []
        assert {url.rpartition("/")[2] for url in asked} <= {"docs", "favicon.ico"}
        if not AXE.exists():
            pytest.skip(".venv/axe.min.js is not there (npm pack axe-core)")
        for width in (320, 1200):
            free = browser.new_page(
                color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 800}
            )
            free.goto(f"http://127.0.0.1:{host.port}/docs")
            free.add_script_tag(path=AXE)
            found = free.evaluate("axe.run().then((result) => result.violations)")
            assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []
