"""The peers: their published parameter counts, and their formulas worked by hand."""

import pytest
import torch
from torch.nn import functional

from noiser.tools.rivals.peers import SelfCalibratedIllumination, ZeroDcePlusPlus, bent


def flat(*levels):
    """Make a picture of one colour, float32 [1,3,24,24]."""
    return torch.tensor(levels).view(1, 3, 1, 1).expand(1, 3, 24, 24)


def counted(model):
    """Count what is trained."""
    return sum(parameter.numel() for parameter in model.parameters())


def silenced(*layers):
    """Set all weights and biases to 0."""
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                parameter.zero_()


def test_zero_dce_has_its_published_10561_parameters():
    assert counted(ZeroDcePlusPlus()) == 10_561


def test_sci_has_its_published_258_parameters():
    """Three convolutions of 84 and batch normalization's six."""
    assert counted(SelfCalibratedIllumination()) == 258


def test_a_curve_is_applied_eight_times():
    """X + a x (1 - x), in plain Python."""
    expected = [0.1, 0.3, 0.8]
    for _ in range(8):
        for i, strength in enumerate((0.5, 1.0, -0.7)):
            expected[i] += strength * expected[i] * (1 - expected[i])

    found = bent(flat(0.1, 0.3, 0.8), flat(0.5, 1.0, -0.7))

    assert found[0, :, 5, 5].tolist() == pytest.approx(expected, abs=1e-6)


def test_zero_dce_without_curves_changes_nothing():
    model = ZeroDcePlusPlus()
    silenced(model.last)
    low = torch.rand(1, 3, 30, 25)

    assert torch.equal(model(low), low)


def test_zero_dce_bends_by_what_its_last_layer_says():
    """A bias of 0.3 and nothing else: the curve's strength is tanh(0.3) everywhere."""
    model = ZeroDcePlusPlus()
    silenced(model.last)
    with torch.no_grad():
        model.last[1].bias.fill_(0.3)
    low = torch.rand(1, 3, 30, 25)

    strength = torch.tensor(0.3).tanh().expand_as(low)
    torch.testing.assert_close(model(low), bent(low, strength))


def test_zero_dce_looks_at_a_picture_twelve_times_smaller_but_of_a_pixel_at_least():
    small = ZeroDcePlusPlus().small

    assert small(torch.zeros(1, 3, 1080, 1920)) == (90, 160)
    assert small(torch.zeros(1, 3, 5, 7)) == (1, 1)


def test_zero_dce_joins_layers_as_in_the_paper():
    """Fifth: third and fourth; sixth: second and fifth; last: first and sixth."""
    model = ZeroDcePlusPlus()
    low = torch.rand(1, 3, 12, 12)

    one, two, three, four, five, six = model.layers
    x1 = one(low).relu()
    x2 = two(x1).relu()
    x3 = three(x2).relu()
    x4 = four(x3).relu()
    x5 = five(torch.cat((x3, x4), 1)).relu()
    x6 = six(torch.cat((x2, x5), 1)).relu()
    torch.testing.assert_close(model.curves(low), model.last(torch.cat((x1, x6), 1)).tanh())


@pytest.mark.parametrize(("value", "expected"), [(0.0, 0.0), (0.2, 0.2 / 0.7), (0.8, 0.8)])
def test_sci_divides_by_a_light_of_at_most_one(value, expected):
    """Weights of 0: the estimate is sigmoid(0), the light the value and a half."""
    model = SelfCalibratedIllumination().eval()
    silenced(model)

    found = model(flat(value, value, value))

    assert found[0, :, 5, 5].tolist() == pytest.approx([expected] * 3, abs=1e-6)


def test_sci_without_any_light_stays_black():
    """The estimate is sigmoid(-1000): 0 is divided by the least light, not by 0."""
    model = SelfCalibratedIllumination().eval()
    silenced(model)
    with torch.no_grad():
        model.last[0].bias.fill_(-1000.0)

    assert model(flat(0.0, 0.0, 0.0)).unique().tolist() == [0.0]


def test_sci_is_its_paper_s_three_convolutions():
    """In torch's functions: ReLU, a residual block with batch normalization, sigmoid."""
    model = SelfCalibratedIllumination().eval()
    low = torch.rand(1, 3, 12, 12)

    def convolved(values, layer):
        return functional.conv2d(values, layer.weight, layer.bias, padding=1)

    features = convolved(low, model.first[0]).relu()
    block = functional.batch_norm(
        convolved(features, model.block[0]), torch.zeros(3), torch.ones(3)
    ).relu()
    estimate = convolved(features + block, model.last[0]).sigmoid()
    expected = (low / (low + estimate).clamp(max=1)).clamp(0, 1)
    torch.testing.assert_close(model(low), expected)
