"""LOE against a double loop over pixels and against cases worked by hand."""

import numpy as np
import pytest

from noiser.tools.quality import loe


def brute_force(output, low, step):
    """Count the pairs whose order flips, one by one, as the paper writes it."""
    samples = [
        (int(max(low[y, x])), int(max(output[y, x])))
        for y in range(step - 1, low.shape[0], step)
        for x in range(step - 1, low.shape[1], step)
    ]
    others_before, others_after = np.array(samples).T
    flips = 0
    for before, after in samples:
        flips += int(((before >= others_before) != (after >= others_after)).sum())
    return flips / len(samples)


def noise(seed, height, width, levels=256):
    """Make an image of random colours."""
    return np.random.default_rng(seed).integers(0, levels, (height, width, 3), dtype=np.uint8)


def row(*lightness):
    """Make an image of one row of grays."""
    return np.array(lightness, np.uint8)[None, :, None].repeat(3, axis=2)


@pytest.mark.parametrize("levels", [4, 256])
def test_loe_of_an_image_below_the_sampled_size_is_that_of_all_pairs(levels):
    """20 x 23 pixels, with many ties and with few."""
    output, low = noise(1, 20, 23, levels), noise(2, 20, 23, levels)

    assert loe(output, low) == brute_force(output, low, step=1)


@pytest.mark.parametrize(("height", "width", "step"), [(99, 120, 1), (100, 120, 2), (160, 151, 3)])
def test_loe_samples_the_last_pixel_of_squares_of_a_50th_of_the_shorter_side(height, width, step):
    """The squares grow by one pixel with every 50 of the shorter side."""
    output, low = noise(3, height, width, 6), noise(4, height, width, 6)

    assert loe(output, low) == brute_force(output, low, step)


def test_loe_of_a_reversed_order_is_all_other_pixels():
    """Worked by hand: each of 4 pixels changes its order to the 3 others."""
    assert loe(row(9, 8, 7, 6), row(1, 2, 3, 4)) == 3.0


def test_loe_of_two_pixels_that_swap_is_one_half():
    """Worked by hand: 1, 2, 3, 4 become 1, 3, 2, 4: two ordered pairs over four pixels."""
    assert loe(row(1, 3, 2, 4), row(1, 2, 3, 4)) == 0.5


def test_loe_of_two_pixels_that_become_equal_counts_one_of_the_two_orders():
    """Worked by hand: `1 >= 2` is false and `5 >= 5` true; `2 >= 1` stays true."""
    assert loe(row(5, 5), row(1, 2)) == 0.5


def test_loe_of_equal_pixels_that_come_apart_counts_as_much():
    """Worked by hand, the other way round."""
    assert loe(row(1, 2), row(5, 5)) == 0.5


def test_loe_forgets_any_strictly_rising_curve():
    """Gamma correction without a tie keeps every order."""
    low = noise(5, 30, 40, 64)

    assert loe((255 * (low / 63) ** 0.5).astype(np.uint8), low) == 0.0


def test_loe_takes_the_largest_of_three_colours_for_lightness():
    """Worked by hand: red 9 is lighter than blue 8, though blue and green add up to more."""
    low = np.array([[[9, 0, 0], [0, 7, 8]]], np.uint8)

    assert loe(row(2, 1), low) == 0.0
    assert loe(row(1, 2), low) == 1.0


def test_loe_of_two_sizes_is_refused():
    """The message calls the second image what it is: no reference."""
    with pytest.raises(
        ValueError, match=r"^the output is 2 x 1, the low-light input 3 x 1; sizes must be equal$"
    ):
        loe(row(1, 2), row(1, 2, 3))


def test_loe_refuses_what_is_not_an_8_bit_rgb_image():
    """The message says which of the two it is."""
    with pytest.raises(
        ValueError,
        match=r"^the low-light input is uint8 \[1, 2\]; metrics need uint8 \[H,W,3\]$",
    ):
        loe(row(1, 2), row(1, 2)[..., 0])
