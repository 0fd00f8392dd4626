"""DeltaE2000 against the table of its authors and against scikit-image's."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from noiser.tools.quality import ciede2000, delta_e_2000, to_lab

SHARMA = """
50.0000    2.6772  -79.7751  50.0000    0.0000  -82.7485   2.0425
50.0000    3.1571  -77.2803  50.0000    0.0000  -82.7485   2.8615
50.0000    2.8361  -74.0200  50.0000    0.0000  -82.7485   3.4412
50.0000   -1.3802  -84.2814  50.0000    0.0000  -82.7485   1.0000
50.0000   -1.1848  -84.8006  50.0000    0.0000  -82.7485   1.0000
50.0000   -0.9009  -85.5211  50.0000    0.0000  -82.7485   1.0000
50.0000    0.0000    0.0000  50.0000   -1.0000    2.0000   2.3669
50.0000   -1.0000    2.0000  50.0000    0.0000    0.0000   2.3669
50.0000    2.4900   -0.0010  50.0000   -2.4900    0.0009   7.1792
50.0000    2.4900   -0.0010  50.0000   -2.4900    0.0010   7.1792
50.0000    2.4900   -0.0010  50.0000   -2.4900    0.0011   7.2195
50.0000    2.4900   -0.0010  50.0000   -2.4900    0.0012   7.2195
50.0000   -0.0010    2.4900  50.0000    0.0009   -2.4900   4.8045
50.0000   -0.0010    2.4900  50.0000    0.0010   -2.4900   4.8045
50.0000   -0.0010    2.4900  50.0000    0.0011   -2.4900   4.7461
50.0000    2.5000    0.0000  50.0000    0.0000   -2.5000   4.3065
50.0000    2.5000    0.0000  73.0000   25.0000  -18.0000  27.1492
50.0000    2.5000    0.0000  61.0000   -5.0000   29.0000  22.8977
50.0000    2.5000    0.0000  56.0000  -27.0000   -3.0000  31.9030
50.0000    2.5000    0.0000  58.0000   24.0000   15.0000  19.4535
50.0000    2.5000    0.0000  50.0000    3.1736    0.5854   1.0000
50.0000    2.5000    0.0000  50.0000    3.2972    0.0000   1.0000
50.0000    2.5000    0.0000  50.0000    1.8634    0.5757   1.0000
50.0000    2.5000    0.0000  50.0000    3.2592    0.3350   1.0000
60.2574  -34.0099   36.2677  60.4626  -34.1751   39.4387   1.2644
63.0109  -31.0961   -5.8663  62.8187  -29.7946   -4.0864   1.2630
61.2901    3.7196   -5.3901  61.4292    2.2480   -4.9620   1.8731
35.0831  -44.1164    3.7933  35.0232  -40.0716    1.5901   1.8645
22.7233   20.0904  -46.6940  23.0331   14.9730  -42.5619   2.0373
36.4612   47.8580   18.3852  36.2715   50.5065   21.2231   1.4146
90.8027   -2.0831    1.4410  91.1528   -1.6435    0.0447   1.4441
90.9257   -0.5406   -0.9208  88.6381   -0.8985   -0.7239   1.5381
 6.7747   -0.2908   -2.4247   5.8714   -0.0985   -2.2286   0.6377
 2.0776    0.0795   -1.1350   0.9033   -0.0636   -0.5514   0.9082
"""
"""Sharma, Wu, Dalal 2005, table 1: two colours L a b, and their difference."""

PAIRS = [[float(number) for number in line.split()] for line in SHARMA.split("\n") if line]


def noise(seed, height=31, width=33):
    """Make an image of all kinds of colours."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def flat(*color, height=4, width=5):
    """Make an image of one colour."""
    return np.full((height, width, 3), color, np.uint8)


def test_the_table_has_its_34_pairs():
    """The guard of the next tests."""
    assert (len(PAIRS), {len(row) for row in PAIRS}) == (34, {7})


@pytest.mark.parametrize("row", PAIRS)
def test_a_pair_of_the_table_has_its_difference(row):
    """To the table's own four digits."""
    first, second, expected = np.array(row[:3]), np.array(row[3:6]), row[6]

    assert ciede2000(first, second) == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("row", PAIRS)
def test_a_pair_of_the_table_has_its_difference_the_other_way_round(row):
    """The formula is symmetric."""
    first, second, expected = np.array(row[:3]), np.array(row[3:6]), row[6]

    assert ciede2000(second, first) == pytest.approx(expected, abs=5.1e-5)


def test_lab_of_all_kinds_of_colours_agrees_with_scikit_image():
    """The same numbers to the last digits."""
    image = noise(0)

    np.testing.assert_allclose(to_lab(image), rgb2lab(image), rtol=0, atol=1e-10)


def test_lab_of_all_256_grays_agrees_with_scikit_image():
    """Both pieces of the curve of sRGB and both of CIELAB's, near black."""
    grays = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)

    np.testing.assert_allclose(to_lab(grays), rgb2lab(grays), rtol=0, atol=1e-10)


def test_differences_of_all_kinds_of_colours_agree_with_scikit_image():
    """Pixel by pixel."""
    first, second = rgb2lab(noise(1)), rgb2lab(noise(2))

    expected = deltaE_ciede2000(first, second)

    np.testing.assert_allclose(ciede2000(first, second), expected, rtol=0, atol=1e-9)


def test_differences_of_dark_neighbouring_colours_agree_with_scikit_image():
    """Grays among them, which have no hue."""
    dark = noise(3) // 32
    darker = dark - np.minimum(dark, noise(4) // 128)

    expected = deltaE_ciede2000(rgb2lab(dark), rgb2lab(darker))

    np.testing.assert_allclose(ciede2000(to_lab(dark), to_lab(darker)), expected, atol=1e-9)


def test_delta_e_2000_is_the_mean_over_the_pixels():
    """scikit-image's mean, however the pixels are cut into blocks: here 2 and a bit."""
    output, reference = noise(5, 300, 450), noise(6, 300, 450)

    expected = deltaE_ciede2000(rgb2lab(output), rgb2lab(reference)).mean()

    assert delta_e_2000(output, reference) == pytest.approx(expected, abs=1e-9)


def test_delta_e_2000_of_equal_images_is_exactly_0():
    """Grays and colours alike."""
    image = noise(7)
    image[:9] = flat(77, 77, 77, height=9, width=33)

    assert delta_e_2000(image, image) == 0.0


def test_delta_e_2000_between_black_and_white_is_100():
    """L is 0 and 100, in the middle of both S_L is 1, and neither has a colour to speak of."""
    assert delta_e_2000(flat(0, 0, 0), flat(255, 255, 255)) == pytest.approx(100, abs=1e-3)


def test_delta_e_2000_of_two_sizes_is_refused():
    """The message has both sizes, width first."""
    with pytest.raises(
        ValueError, match=r"^the output is 5 x 4, the reference 5 x 3; sizes must be equal$"
    ):
        delta_e_2000(flat(1, 2, 3), flat(1, 2, 3, height=3))


def test_delta_e_2000_refuses_what_is_not_an_8_bit_rgb_image():
    """Values in [0, 1] would give a wrong number in silence."""
    with pytest.raises(
        ValueError, match=r"^the output is float64 \[4, 5, 3\]; metrics need uint8 \[H,W,3\]$"
    ):
        delta_e_2000(flat(1, 2, 3) / 255, flat(1, 2, 3))
