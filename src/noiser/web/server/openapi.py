"""OpenAPI: the description of the API, made of what the modules declare."""

from collections.abc import Iterable, Mapping
from typing import Any

from noiser.core.version import __version__
from noiser.web.server.errors import CODES, RETRIED
from noiser.web.server.http.multipart import PICTURE
from noiser.web.server.limits import ServerLimits
from noiser.web.server.metrics import MEDIA_TYPE
from noiser.web.server.parameters import MEDIA_TYPES, Parameter, enhance_parameters, look_parameters

ANYWHERE = (
    "bad_request", "method_not_allowed", "wrong_host", "headers_too_large", "fault",
    "crowded",
)  # fmt: skip
"""Codes that any request may meet."""

GUARDED = ("unauthorized",)
"""Codes of requests that need the token."""

WORKING = (
    *GUARDED, "bad_parameter", "bad_form", "forbidden_origin", "timeout", "too_large",
    "unsupported", "damaged", "busy", "worker_lost", "too_slow", "draining",
)  # fmt: skip
"""Codes of requests with a picture."""


SENT = ("image/jpeg", "image/png", "image/webp")
"""Bodies that are described, as what any client can make an example of."""

BODY = (
    "The picture's file. Its bytes tell what it is, whatever Content-Type says; TIFF, BMP, AVIF, "
    "HEIC, JPEG XL, JPEG 2000 and camera raws are taken too. Or multipart/form-data: the file in "
    "the part "
    f"`{PICTURE}`, and fields in others instead of in the address."
)


def description(limits: ServerLimits, prefix: str = "") -> dict[str, Any]:
    """Describe the API.

    Args:
        limits: Those of this server are told.
        prefix: Under which another application has mounted this one. What a proxy has taken from
            the path is not known here, and no header is trusted to say it: without a prefix the
            API is where this document is.

    Returns:
        A document of OpenAPI 3.1.
    """
    pictures: dict[str, Any] = {media: {} for media in MEDIA_TYPES.values()}
    text = (
        f"Bodies up to {limits.max_body_bytes} bytes, pictures up to "
        f"{limits.max_pixels / 1e6:g} megapixels."
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "noiser",
            "version": __version__,
            "description": f"Brightens dark photographs. {text}",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": prefix or "."}],
        "paths": {
            "/v1/enhance": {
                "post": _with_picture(
                    "enhance", "Enhance a picture.", enhance_parameters(), pictures,
                    [*WORKING, "not_acceptable", "not_writable"],
                )
            },
            "/v1/measure": {
                "post": _with_picture(
                    "measure", "Measure a picture's light, and its moments as integers that add up "
                    "(some need more than 53 bits).", look_parameters(),
                    {"application/json": {"schema": _measured()}}, WORKING,
                )
            },
            "/v1/looks": {
                "get": _plain(
                    "looks", "List looks, knobs and presets.", "application/json", GUARDED
                )
            },
            "/healthz": {
                "get": _plain(
                    "health", "Tell whether the server is ready.", "application/json", ["draining"]
                )
            },
            "/metrics": {"get": _plain("metrics", "Tell what is counted.", MEDIA_TYPE, GUARDED)},
            "/openapi.json": {
                "get": _plain("describe", "Give this document.", "application/json", [])
            },
        },
        "components": {
            "schemas": {"Error": _error()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def _with_picture(
    name: str,
    summary: str,
    parameters: Mapping[str, Parameter],
    content: dict[str, Any],
    codes: Iterable[str],
) -> dict[str, Any]:
    """Describe an endpoint that takes a picture."""
    file = {"schema": {"type": "string", "format": "binary"}}
    return {
        "operationId": name,
        "summary": summary,
        "security": [{}, {"token": []}],
        "parameters": [
            {"name": key, "in": "query", "description": p.description, "schema": p.schema}
            for key, p in parameters.items()
        ],
        "requestBody": {
            "required": True,
            "description": BODY,
            "content": dict.fromkeys(SENT, file),
        },
        "responses": _responses(content, codes),
    }


def _plain(name: str, summary: str, media: str, codes: Iterable[str]) -> dict[str, Any]:
    """Describe an endpoint that takes nothing."""
    content = {media: {"schema": {"type": "object"} if "json" in media else {"type": "string"}}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": _responses(content, codes),
    } | ({"security": [{}, {"token": []}]} if codes is GUARDED else {})


def _responses(content: dict[str, Any], codes: Iterable[str]) -> dict[str, Any]:
    """Describe an endpoint's answers: the good one and all errors."""
    found: dict[str, Any] = {"200": {"description": "Done.", "content": content}}
    by_status: dict[int, list[str]] = {}
    for code in [*codes, *ANYWHERE]:
        by_status.setdefault(CODES[code].status, []).append(code)
    for status, names in sorted(by_status.items()):
        told = " ".join(f"`{name}`: {CODES[name].meaning}" for name in names)
        schema = {"$ref": "#/components/schemas/Error"}
        found[str(status)] = {
            "description": told,
            "content": {"application/json": {"schema": schema}},
        }
        if status in RETRIED:
            found[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            }
    return found


def _error() -> dict[str, Any]:
    """Describe the one shape of errors."""
    told = {
        "code": {"type": "string", "enum": list(CODES)},
        "message": {"type": "string"},
        "request_id": {"type": "string"},
    }
    inner = {"type": "object", "properties": told, "required": list(told)}
    return {"type": "object", "properties": {"error": inner}, "required": ["error"]}


def _measured() -> dict[str, Any]:
    """Describe what measuring tells."""
    integers = {"type": "array", "items": {"type": "integer"}}
    number = {"type": "number", "minimum": 0, "maximum": 1}
    light = {
        "mean": number,
        "quantiles": {"type": "object", "additionalProperties": number},
        "noise": number,
        "need": number,
    }
    moments = {
        "padding": {"type": "string"},
        "count": {"type": "integer"},
        **dict.fromkeys(("sums", "products", "tones", "grain"), integers),
    }
    told = {
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "light": {"type": "object", "properties": light, "required": list(light)},
        "moments": {"type": "object", "properties": moments, "required": list(moments)},
    }
    return {"type": "object", "properties": told, "required": list(told)}
