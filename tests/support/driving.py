"""Driving: the page in any browser, by a script of the test's that runs in it.

No driver is needed: the browser is started with the address of a copy of the page that has the
script in it, and posts what it found.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from browsing import StaticHost

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

needs_firefox = pytest.mark.skipif(FIREFOX is None, reason="firefox is not installed")

PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.getAddons.cache.enabled": False,
}
"""No first steps, no questions, and not a word to anybody else."""

HELPERS = """
const handedOut = [];
const original = URL.createObjectURL;
URL.createObjectURL = (thing) => {
  if (thing instanceof Blob) handedOut.push(thing);
  return original.call(URL, thing);
};
const faults = [];
addEventListener("error", (event) => faults.push(event.message));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
const find = (selector) => document.querySelector(selector);
const until = async (condition, what) => {
  for (let round = 0; round < 1200; round++) {
    const found = condition();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited in vain for ${what}; ${find("#problems").textContent}`);
};
const open = async (name, type) => {
  const blob = await (await fetch(name)).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], name, { type }));
  find("#files").files = transfer.files;
  find("#files").dispatchEvent(new Event("change", { bubbles: true }));
};
const textOf = async (blob) => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (value) => String.fromCharCode(value)).join(""));
};
const post = (found) =>
  fetch("found", { method: "POST", body: JSON.stringify({ ...found, faults }) });
"""


def found_in_firefox(folder: Path, script: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Open the page in Firefox, run a script in it, and give what it returned.

    Args:
        folder: An empty one, for the browser's profile.
        script: The body of an async function; it returns an object. See `HELPERS`.
        files: What it can fetch, by name.
    """
    body = (
        f"{HELPERS}\n(async () => {{{script}}})().then(post, (e) => post({{ error: `${{e}}` }}));"
    )
    with _Host(files | {"driven.js": body.encode()}) as host:
        settings = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join(settings), encoding="utf-8")
        command = [FIREFOX, "--headless", "--no-remote", "--profile", folder, host.address]
        browser = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"HOME": str(folder), "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
        )
        try:
            assert host.has_found.wait(240), "Firefox said nothing"
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
    return host.found


def bytes_of(text: str) -> bytes:
    """Give the bytes that `textOf` wrote."""
    return base64.b64decode(text)


class _Host(StaticHost):
    """Serves the page with the test's script in it, and takes what that posts."""

    def __init__(self, more: dict[str, bytes]) -> None:
        super().__init__(more)
        self.found: dict[str, Any] = {}
        self.has_found = threading.Event()
        page = self.files["index.html"]
        self.files["index.html"] = page.replace(
            b"</head>", b'<script type="module" src="driven.js"></script></head>'
        )

    def take(self, body: bytes) -> None:
        """Note what was found."""
        self.found = json.loads(body)
        self.has_found.set()
