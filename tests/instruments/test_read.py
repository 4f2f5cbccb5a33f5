"""What a reader makes of quality words, calibration and the conventions of each instrument."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from small_files import TIME, back, edit

from pipeline.core import BadFile, Quantity, earth
from pipeline.simulator.instruments.euvi import BIAS


@pytest.mark.parametrize(
    ("quality", "quick_look", "words"),
    [
        (0, 0, None),
        (0x400, 0, None),
        (0x10400, 1, None),
        (0x100, 0, "eclipse"),
        (0x10000, 0, "few filtergrams"),
        (0x8000, 1, "few keywords"),
        (-(2**31), 0, "no data"),
        ("0x00000400", 1, None),
        ("0x40000400", 1, "target filtergram missing"),
    ],
)
def test_hmi_frames_that_quality_forbids_are_refused_in_words(
    hmi: Path, quality: int | str, quick_look: int, words: str | None
) -> None:
    edit(hmi, QUALITY=quality, QLOOK=quick_look)
    if words is None:
        assert back(hmi).observation.quick_look == bool(quick_look)
    else:
        with pytest.raises(BadFile, match=words):
            back(hmi)


def test_aia_keeps_near_real_time_frames_and_refuses_eclipses(aia: Path) -> None:
    assert back(edit(aia, QUALITY=0x40000100)).observation.quick_look
    with pytest.raises(BadFile, match="eclipse"):
        back(edit(aia, QUALITY=0x2000))


def test_old_hmi_longitudes_lose_their_error(hmi: Path) -> None:
    right = earth(TIME).carrington_longitude
    for calver, error in ((0x10042012, 0.0), (16, 0.081894)):
        seen = back(edit(hmi, CALVER64=calver)).observation.observer.carrington_longitude
        assert (right - seen) % 360 == pytest.approx(error, abs=1e-6)


def test_gong_without_b0_and_l0_takes_them_from_the_ephemeris(gong: Path) -> None:
    edit(gong, B0=None, L0=None, BUNIT=None)
    assert back(gong).observation.observer == earth(back(gong).observation.time)


@pytest.mark.parametrize(
    ("codes", "bias"), [([41, 76, 1, 94], BIAS), ([41, 103], 0.0), ([37], 0.0)]
)
def test_the_bias_of_euvi_is_taken_off_once(euvi: Path, codes: list[int], bias: float) -> None:
    edit(euvi, **{f"IP_PROG{i}": (codes + [0] * 4)[i] for i in range(4)})
    with fits.open(euvi) as units:
        counts = units[0].data.astype(float)
    image = back(euvi)
    expected = (counts - bias) / (16.0 * 0.49)
    np.testing.assert_allclose(image.data[image.mask], expected[image.mask], rtol=1e-6)


def test_euvi_beacon_files_are_quick_look(euvi: Path) -> None:
    assert not back(euvi).observation.quick_look
    name = "20261120_060023_n7euA.fts"
    assert back(edit(euvi, FILENAME=name)).observation.quick_look


def test_blank_and_saturated_pixels_of_euvi_are_masked_whatever_blank_says(euvi: Path) -> None:
    with fits.open(euvi) as units:
        unit = fits.PrimaryHDU(units[0].data, units[0].header)
    unit.data[30, 30:32] = 0, 16000
    for blank in (0, -32768):
        unit.header["BLANK"] = blank
        unit.writeto(euvi, overwrite=True)
        image = back(euvi)
        assert not image.mask[30, 30:32].any()
        assert image.mask.sum() == image.mask.size - 2


def stanford(path: Path, **cards: object) -> Path:
    """A chart with the header layout of hmi.Synoptic (CR 2210) on fewer pixels."""
    header = fits.Header(
        {
            "TELESCOP": "SDO/HMI",
            "BUNIT": "Mx/cm^2",
            "CONTENT": "Carrington Synoptic Chart Of Br Field",
            "CTYPE1": "CRLN-CEA",
            "CTYPE2": "CRLT-CEA",
            "CRPIX1": 36.5,
            "CRPIX2": 18.5,
            "CRVAL1": 795420.0,
            "CRVAL2": 0.0,
            "CDELT1": -5.0,
            "CDELT2": 2 / 36,
            "CUNIT1": "Degree",
            "CUNIT2": "Sine Latitude",
            "T_OBS": "2018.11.09_12:30:52_TAI",
            "CALVER64": 0x10042012,
        }
    )
    header.update(cards)
    fits.PrimaryHDU(np.arange(72.0 * 36).reshape(36, 72), header).writeto(path, overwrite=True)
    return path


def test_a_stanford_chart_runs_along_longitude_though_its_header_runs_against(
    tmp_path: Path,
) -> None:
    image = back(stanford(tmp_path / "hmi.Synoptic_Mr.2210.fits"))
    lon, lat = image.geometry.sphere(np.arange(72), 0)
    np.testing.assert_allclose(lon, np.arange(2.5, 360.0, 5.0))
    np.testing.assert_allclose(lat, np.degrees(np.arcsin(1 / 36 - 1)))
    assert (image.observation.instrument, image.observation.quantity) == ("hmi", Quantity.B_R)
    assert image.observation.time == datetime(2018, 11, 9, 12, 30, 15, tzinfo=UTC)


def test_a_daily_synchronic_frame_begins_sixty_degrees_east_of_the_central_meridian(
    tmp_path: Path,
) -> None:
    """As JSOC's program writes it for a central meridian at 100 in rotation 2300."""
    last = 360.0 * 2300 - 100.0 + 60.0
    path = tmp_path / "hmi.Mldailysynframe_720s_nrt.fits"
    layout = {"CRPIX1": 36.0, "CRVAL1": last - 175.0, "CONTENT": ""}
    image = back(stanford(path, **layout))
    assert float(image.geometry.sphere(0, 0)[0]) == pytest.approx(40.0)
    assert image.observation.quantity is Quantity.B_LOS
    image = back(stanford(path, **layout, CALVER64=0x42012))
    assert float(image.geometry.sphere(0, 0)[0]) == pytest.approx(40.0 - 0.081894)


def test_a_map_in_the_layout_of_gong_keeps_its_hour_and_its_mark(tmp_path: Path) -> None:
    path = stanford(
        tmp_path / "allsun_wsa.fits",
        TELESCOP="allsun",
        T_OBS="",
        SIMULATE=True,
        **{"DATE-OBS": "2014-01-31", "TIME-OBS": "06:04"},
    )
    assert back(path).observation.time == datetime(2014, 1, 31, 6, 4, tzinfo=UTC)
    assert back(path).observation.simulated


def test_a_users_map_in_degrees_is_taken(tmp_path: Path) -> None:
    path = stanford(
        tmp_path / "mine.fits",
        TELESCOP="",
        CUNIT2="deg",
        CRVAL1=180.0,
        CDELT1=5.0,
        CDELT2=np.degrees(2 / 36),
        T_OBS="",
        **{"DATE-OBS": "2020-01-01T06:00:00"},
    )
    lon, lat = back(path).geometry.sphere(np.arange(72), 35)
    np.testing.assert_allclose(lon, np.arange(2.5, 360.0, 5.0))
    np.testing.assert_allclose(lat, np.degrees(np.arcsin(1 - 1 / 36)))


def test_a_gzipped_file_reads_like_the_plain_one(hmi: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.fits.gz"
    packed.write_bytes(gzip.compress(hmi.read_bytes()))
    np.testing.assert_array_equal(back(packed).data, back(hmi).data)
