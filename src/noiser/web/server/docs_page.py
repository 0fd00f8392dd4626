"""The page of documentation: what the OpenAPI document says, for people.

It is made once, has no script, and asks nobody for anything: the style is in it, and its policy
allows that style alone.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from noiser.web.server.errors import CODES

STYLE = Path(__file__).with_name("docs.css").read_text("utf-8")
"""In the page, so that it comes in one piece."""

POLICY = "; ".join([
    "default-src 'none'",
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
])  # fmt: skip
"""What the page may load: nothing; and whose frames may hold it: nobody's."""

EXAMPLE = "curl --data-binary @night.jpg SERVER/v1/enhance -o bright.jpg"
"""The shortest way to a bright picture."""

Described = Mapping[str, Any]
"""A part of the OpenAPI document."""


def docs_page(document: Described) -> bytes:
    """Make the page.

    Args:
        document: As `openapi.description` gives it.
    """
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    title = f"{document['info']['title']}: the HTTP API"
    links = "".join(
        f'<li><a href="#{operation["operationId"]}"><code>{method} {path}</code></a> '
        f"{_prose(operation['summary'])}</li>"
        for method, path, operation in operations
    )
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the endpoints</a>
<header>
<h1>{escape(title)}</h1>
<p class="quiet">Version {escape(document["info"]["version"])}</p>
<p>{_prose(document["info"]["description"])}</p>
<pre tabindex="0" aria-label="Example"><code>{escape(EXAMPLE)}</code></pre>
<p>SERVER is the address of this page without <code>/docs</code>. Where the server has a token, its
clients send it: <code>Authorization: Bearer TOKEN</code>. <a href="openapi.json">openapi.json</a>
tells all this to machines.</p>
</header>
<nav aria-label="Endpoints"><ul>{links}<li><a href="#errors">Errors</a></li></ul></nav>
<main id="content">
{"".join(_endpoint(*operation) for operation in operations)}
{_errors(document["components"]["schemas"]["Error"])}
</main>
</body>
</html>
"""
    return page.encode()


def _endpoint(method: str, path: str, operation: Described) -> str:
    """Write about one endpoint."""
    name = operation["operationId"]
    parts = [
        f'<section aria-labelledby="{name}">',
        f'<h2 id="{name}"><code>{method} {escape(path)}</code></h2>',
        f"<p>{_prose(operation['summary'])}</p>",
    ]
    if "security" in operation:
        parts.append('<p class="quiet">Needs the token, where the server has one.</p>')
    if body := operation.get("requestBody"):
        parts.append(f"<h3>Body</h3><p>{_prose(body['description'])}</p>")
    if fields := operation.get("parameters"):
        rows = [
            (f"<code>{f['name']}</code>", _values(f["schema"]), _prose(f["description"]))
            for f in fields
        ]
        parts.append(
            _table("Fields, in the address or in a form", ("Field", "Value", "Meaning"), rows)
        )
    parts += [_answers(operation["responses"]), "</section>"]
    return "\n".join(parts)


def _answers(responses: Described) -> str:
    """Write about what comes back: the good answer's content, and the codes of errors."""
    good = responses["200"]["content"]
    kinds = ", ".join(f"<code>{escape(media)}</code>" for media in good)
    parts = [f"<h3>Answer</h3><p>{kinds}</p>"]
    schema = good.get("application/json", {}).get("schema", {})
    if "properties" in schema:
        parts.append(_json(schema, "The answer's content"))
    rows = [
        (f"<code>{status}</code>", _prose(answer["description"]))
        for status, answer in responses.items()
        if status != "200"
    ]
    return "".join([*parts, _table("Errors", ("Status", "Codes"), rows)])


def _errors(schema: Described) -> str:
    """Write about the one shape of errors, and what each code means."""
    rows = [
        (f"<code>{name}</code>", str(code.status), _prose(code.meaning))
        for name, code in CODES.items()
    ]
    return f"""<section aria-labelledby="errors"><h2 id="errors">Errors</h2>
<p>Each has this content. The request's id is in the header <code>X-Request-Id</code> too.</p>
{_json(schema, "An error's content")}
{_table("A code never changes its meaning", ("Code", "Status", "Meaning"), rows)}
</section>"""


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the first cell of a row names it."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _values(schema: Described) -> str:
    """Say which values a field may have."""
    if "enum" in schema:
        return ", ".join(f"<code>{escape(value)}</code>" for value in schema["enum"])
    kind = "integer" if schema["type"] == "integer" else "number"
    return f"{kind}, {schema['minimum']:,.7g} to {schema['maximum']:,.7g}"


def _json(schema: Described, label: str) -> str:
    """Show a content of a shape."""
    text = json.dumps(_shown(schema), indent=2)
    return f'<pre tabindex="0" aria-label="{label}"><code>{escape(text)}</code></pre>'


def _shown(schema: Described) -> Any:
    """Make a value of a shape: kinds stand for what they are of."""
    if "properties" in schema:
        return {name: _shown(inner) for name, inner in schema["properties"].items()}
    if "additionalProperties" in schema:
        return {"...": _shown(schema["additionalProperties"])}
    if schema["type"] == "array":
        return [_shown(schema["items"])]
    return schema["type"]


def _prose(text: str) -> str:
    """Escape a text; what is between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
