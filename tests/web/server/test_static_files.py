"""The site: exact files with exact headers, and nothing else."""

import gzip

import pytest
from starlette.requests import Request

from noiser.web.page_files import page_files
from noiser.web.server.static_files import TYPES, Site

PAGE = (
    b"""<!doctype html>
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; script-src 'self';">
"""
    + b"<p>words</p>" * 100
)


def got(site, path, **headers):
    """Get a file."""
    import asyncio

    raw = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw, "query_string": b""}
    return asyncio.run(site.get(Request(scope)))


@pytest.fixture
def site():
    """A page with its own policy, and a tiny file."""
    return Site({"index.html": PAGE, "js/app.js": b"1"})


def test_the_address_itself_gives_the_index(site):
    assert got(site, "/").body == got(site, "/index.html").body == PAGE
    assert site.paths == ["/", "/index.html", "/js/app.js"]


def test_the_policy_is_the_pages_own_and_no_frame(site):
    """Also of scripts, since a worker's policy is that of its file."""
    expected = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"

    for path in site.paths:
        assert got(site, path).headers["content-security-policy"] == expected


def test_a_page_without_a_policy_is_in_no_frame_either():
    site = Site({"index.html": b"<p>"})

    assert got(site, "/").headers["content-security-policy"] == "frame-ancestors 'none'"


def test_other_sites_learn_nothing(site):
    headers = got(site, "/").headers

    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
def test_a_browser_that_takes_gzip_gets_it(site, accepted):
    answer = got(site, "/", accept_encoding=accepted)

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == PAGE
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0"])
def test_another_gets_the_plain_file(site, accepted):
    answer = got(site, "/", accept_encoding=accepted)

    assert "content-encoding" not in answer.headers
    assert answer.body == PAGE


def test_what_gzip_makes_larger_goes_plain(site):
    assert got(site, "/js/app.js", accept_encoding="gzip").body == b"1"


def test_a_file_that_the_browser_has_is_not_sent_again(site):
    tag = got(site, "/").headers["etag"]

    answer = got(site, "/", if_none_match=tag)

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == tag


def test_another_content_has_another_tag(site):
    other = Site({"index.html": PAGE + b"!"})

    assert got(site, "/").headers["etag"] != got(other, "/").headers["etag"]


def test_every_file_of_the_page_has_a_type():
    """A browser takes no script whose type it must guess."""
    files = page_files()

    assert {path.rsplit(".")[-1] for path in files} <= set(TYPES)
    assert got(Site(files), "/").headers["content-type"] == "text/html; charset=utf-8"
