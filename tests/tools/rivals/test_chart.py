"""The chart: ours highlighted, the fastest first, the same bytes for the same times."""

import re
import sys
from io import BytesIO

import pytest
from PIL import Image

from noiser.core.errors import MissingExtraError
from noiser.tools.rivals.chart import OTHERS, OURS, SAME_NETWORK, chart

PANELS = {
    "20 x 10": {"torch eager": 80.0, "noiser, paper look": 5.0, "CLAHE": 9.0, "torch": 30.0},
    "40 x 20": {"torch eager": 70.0, "noiser, paper look": 6.0, "CLAHE": 4.0, "torch": 20.0},
}


def drawn():
    """Draw as SVG; matplotlib notes each text beside its outlines."""
    return chart(PANELS, "Bytes in, bytes out", ".svg", ["torch eager", "torch"]).decode()


def test_a_png_is_a_picture():
    image = Image.open(BytesIO(chart(PANELS, "Bytes in, bytes out", ".png")))

    assert image.format == "PNG"
    assert image.width > image.height > 200


def test_methods_are_in_the_order_of_the_first_panel_s_times():
    found = re.findall(r"<!-- (.*?) -->\s*<g [^>]*translate\(\S+ (\S+)\)", drawn())

    down = sorted((float(y), text) for text, y in found if text in PANELS["20 x 10"])
    assert [text for _, text in down] == ["noiser, paper look", "CLAHE", "torch", "torch eager"]


def test_every_panel_tells_its_size_and_times():
    texts = re.findall("<!-- (.*?) -->", drawn())

    assert {"Bytes in, bytes out", "20 x 10", "40 x 20"} <= set(texts)
    assert [t for t in texts if t in {"5", "9", "80"}] == ["5", "9", "80"]
    assert [t for t in texts if t in {"4", "6", "70"}] == ["6", "4", "70"]


@pytest.mark.parametrize(("color", "bars"), [(OURS, 1), (SAME_NETWORK, 2), (OTHERS, 1)])
def test_each_kind_has_its_colour_in_both_panels_and_in_the_legend(color, bars):
    assert drawn().count(f"fill: {color}") == 2 * bars + 1


def test_the_same_times_give_the_same_bytes():
    assert drawn() == drawn()


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(MissingExtraError, match=r"needs matplotlib, .* pip install matplotlib$"):
        chart(PANELS, "", ".png")
