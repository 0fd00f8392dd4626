"""Take the pictures of the page in docs/page: three widths, light and dark, empty and with a photo.

    python scripts/make_screenshots.py

Needs Chromium and the development extras.
"""

import io
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from visiting import Visit, site  # noqa: E402 - of the tests

SIZES = ((390, 844), (768, 1024), (1440, 900))
IS_LIT = '() => art.getContext("2d").getImageData(720, 144, 1, 1).data[2] > 90'
"""Whether the start's picture is bright on its right."""


def main() -> None:
    """Take all twelve."""
    photo = (ROOT / "assets" / "night.jpg").read_bytes()
    with site() as (host, browser):
        for scheme in ("light", "dark"):
            for width, height in SIZES:
                size = {"width": width, "height": height}
                visit = Visit(host, browser, viewport=size, color_scheme=scheme)
                visit.page.wait_for_function(IS_LIT)
                keep(visit, f"start-{width}-{scheme}")
                visit.open(("night.jpg", photo))
                keep(visit, f"photo-{width}-{scheme}")
                visit.context.close()


def keep(visit: Visit, name: str) -> None:
    """Save what is seen."""
    with Image.open(io.BytesIO(visit.page.screenshot())) as image:
        image.convert("RGB").save(ROOT / "docs" / "page" / f"{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
