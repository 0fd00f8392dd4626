"""Settings: what was written into XMP is what is read, beside what was there before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged import xmp_packet

from noiser.core.errors import DecodeError, UnsupportedError
from noiser.io.metadata import xmp
from noiser.io.metadata.embedded_settings import NAMESPACE, Settings, from_xmp, settings_of, to_xmp
from noiser.look.knobs import knobs
from noiser.look.looks import NATURAL, look_named

SETTINGS = settings_of("natural", look_named("natural", color=1 / 3, denoise=0.1))


def test_every_knob_is_noted():
    assert [name for name, _ in SETTINGS.knobs] == [knob.name for knob in knobs()]
    assert dict(SETTINGS.knobs)["color"] == 1 / 3
    assert dict(SETTINGS.knobs)["detail"] == NATURAL.detail


@given(st.floats(0, 1), st.floats(-0.9, 0.9))
def test_values_come_back_to_the_last_bit(color, brightness):
    settings = settings_of("paper", look_named("paper", color=color, brightness=brightness))
    assert from_xmp(to_xmp(settings)) == settings


@pytest.mark.parametrize("existing", [None, xmp_packet(), b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"])
def test_settings_come_back_from_any_packet(existing):
    assert from_xmp(to_xmp(SETTINGS, existing)) == SETTINGS


def test_an_existing_packet_keeps_all_that_it_has():
    packet = to_xmp(SETTINGS, xmp_packet())
    root = xmp.parse(packet)
    before = xmp.parse(xmp_packet())
    for namespace in (xmp.BASIC, xmp.TIFF, xmp.EXIF):
        assert xmp.properties(root, namespace) == xmp.properties(before, namespace)
    assert b"A &lt;bridge&gt; &amp; more" in packet
    assert packet.count(b'rdf:about="uuid:7"') == 2


def test_earlier_settings_are_replaced():
    first = to_xmp(settings_of("paper", look_named("paper", color=0.5)), xmp_packet())
    again = to_xmp(SETTINGS, first)
    assert from_xmp(again) == SETTINGS
    assert again.count(b"noiser:Look") == 1
    assert again.count(b"rdf:Description ") == 2


def test_a_packet_without_settings_has_none():
    assert from_xmp(xmp_packet()) is None
    assert from_xmp(None) is None


def changed(old: str, new: str) -> bytes:
    return to_xmp(SETTINGS).replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (changed('Look="natural"', 'Look="vivid"'), "name the look 'vivid'; this version has nat"),
        (
            changed("noiser:color=", "noiser:glow="),
            "have a knob 'glow', which this version has not",
        ),
        (changed('denoise="0.1"', 'denoise="7"'), "have denoise 7.0; it must be from 0 to 1"),
        (changed('denoise="0.1"', 'denoise="nan"'), "have denoise nan; it must be from 0 to 1"),
    ],
)
def test_settings_that_cannot_be_done_again_are_refused(packet, words):
    with pytest.raises(UnsupportedError, match=words):
        from_xmp(packet)


@pytest.mark.parametrize(
    "packet", [changed('denoise="0.1"', 'denoise="much"'), changed("noiser:Look=", "noiser:L=")]
)
def test_damaged_settings_are_refused(packet):
    with pytest.raises(DecodeError, match="its settings are damaged"):
        from_xmp(packet)


def test_rdf_without_a_prefix_is_extended_too():
    packet = f'<RDF xmlns="{xmp.RDF}"><Description about=""/></RDF>'.encode()
    assert from_xmp(to_xmp(SETTINGS, packet)) == SETTINGS


def test_our_prefix_in_anothers_hands_is_no_harm():
    packet = xmp_packet().replace(
        b"xmlns:tiff=", b'xmlns:noiser="urn:other/" noiser:x="1" xmlns:tiff='
    )
    after = to_xmp(SETTINGS, packet)
    assert from_xmp(after) == SETTINGS
    assert xmp.properties(xmp.parse(after), "urn:other/") == {"x": "1"}
    assert NAMESPACE.endswith("/")


def test_settings_are_values():
    assert Settings("paper", (("color", 0.5),), "0", "1").facts() == {
        "look": "paper", "knobs": {"color": 0.5}, "network": "0", "noiser": "1",
    }  # fmt: skip
