"""Simulated headers against those of real files: every keyword that differs, and why.

A keyword is missing if only the real header has it, extra if only the simulated one
has it; a type differs if one is text, number or logical and the other is not. The
tables are complete both ways: what they do not list must not differ, and what they
list must.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from suns import QUIET, TIME

from pipeline.simulator.corona import Corona
from pipeline.simulator.instruments import (
    aia,
    euvi,
    gong,
    gong_synoptic,
    hmi,
    mdi,
    seismic,
)
from pipeline.simulator.sites import SITES

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "facts" / "samples"
TEXT_ONLY = {"COMMENT", "HISTORY", ""}
KINDS = {bool: "logical", int: "number", float: "number", str: "text"}


@dataclass(frozen=True)
class Differences:
    """Reason -> keywords, in words of their own or as numbered families like GHIST000-030."""

    missing: dict[str, str]
    extra: dict[str, str]


def keywords(groups: dict[str, str]) -> set[str]:
    """All keywords of a table; FROM-TO stands for a numbered family."""
    found = set()
    for word in " ".join(groups.values()).split():
        if ".." not in word:
            found.add(word)
            continue
        first, last = word.split("..")
        stem = first.rstrip("0123456789")
        digits = len(first) - len(stem)
        numbers = range(int(first[len(stem) :]), int(last) + 1)
        found |= {f"{stem}{n:0{digits}d}" for n in numbers}
    return found


STORED = "how the pixels are stored: the sample was written anew as floats in the first unit"
REWRITTEN = {
    "the sample was taken out of its compressed extension": "SIMPLE",
}
STATISTICS = "higher moments of the pixels, which nobody reads"

HMI = Differences(
    missing={
        **REWRITTEN,
        STATISTICS: "DATASKEW DATAKURT",
        "statistics within .99 of the radius": "DATAMIN2 DATAMAX2 DATAMED2 DATAMEA2 DATARMS2 "
        "DATASKE2 DATAKUR2",
        "only of the continuum, which the sample is": "SATVALS",
        "versions and tables of the pipeline": "BLD_VERS CODEVER0..3 DISTCOEF ROTCOEF LUTQUERY "
        "SOURCE RECNUM CAL_FSN POLCALM ODICOEFF OROCOEFF TINTNUM SINTNUM",
        "engineering of the camera": "HCAMID HCFTID HFLID TFRONT TSEL",
        "empty in the sample": "WAVEUNIT",
    },
    extra={STORED: "XTENSION PCOUNT GCOUNT BSCALE"},
)

GONG = Differences(
    missing={
        STATISTICS: "IMGSKW01 IMGADV01 IMGVAR01 IMGKUR01",
        "processing history": "GHISTSEQ GHIST000..030 USDIMG01..7 CENTROXC CENTROYC QRREL "
        "PLATFORM FITSWASH FIX_POL IRAF-TLM IRAF-MAX IRAF-MIN VERSION",
        "IRAF's own world coordinates": "WCSDIM LTV3 LTM1_2 LTM2_1 LTM3_3 WAXMAP01 WAT0_001 "
        "WAT1_001 WAT2_001",
        "velocity of the observer, taken out beforehand": "VCOR1..4 VELOCITY DELTA_L0",
        "engineering of camera and recording": "COMPRESS ITIME ACCUM COUNT TYPE DAS_STAT CLKMODE "
        "GPSSTAT PHASE OSC_DAC CONNECT GUIDE CENTER X_CENTER Y_CENTER CAL_DONE HDLVL HDBANK "
        "TAPEBANK TAPELVL DIODE1..3 AUTOCAL AUTOCAL0..1 MAGNETO LAST_PM CAM_TYPE SN_CAM SN_DAS "
        "SN_MOD SN_ROT CAMX_MIN CAMX_MAX CAMY_MIN CAMY_MAX INSTTIME TIMEZONE ELEV",
        "pointing of the turret": "EAST WEST MOTOR0..4 LHOFS0..2 ROLL PITCH ROTATOR EROLL EPITCH "
        "EROTATOR WHEEL_1 WHEEL_2 CAL_LENS INSTMODE",
        "ephemeris that B0, L0 and the time imply": "EPH_RA EPH_DEC RA DEC PA HA BETA LST J2000",
        "weather": "WIND_SPD WIND_DIR TEMP_RAC TEMP_TBL TEMP_INS TEMP_OUT HUM_INS HUM_OUT RAD_NET "
        "BAROMET",
    },
    extra={},
)

GONG_SYNOPTIC = Differences(
    missing={
        STATISTICS: "IMGSKW01 IMGADV01 IMGVAR01 IMGKUR01",
        "processing history": "FILELIST MMREL PLATFORM FITSWASH CAM_TYPE SN_CAMS",
        "rounding of the central meridian, implied by CRNOW": "LONGMC LONGIMC LONGADJ",
    },
    extra={},
)

EUVI = Differences(
    missing={
        STATISTICS: "DATAMIN DATAMAX DATAAVG DATASIG DATASAT DATAZER DATAP01 DATAP10 DATAP25 "
        "DATAP75 DATAP90 DATAP95 DATAP98 DATAP99",
        "the sky, by the stars": "CTYPE1A CTYPE2A CUNIT1A CUNIT2A CRPIX1A CRPIX2A CRVAL1A CRVAL2A "
        "CDELT1A CDELT2A PC1_1A PC1_2A PC2_1A PC2_2A PV2_1A PV2_1",
        "the observer in other systems": "HAEX_OBS HAEY_OBS HAEZ_OBS HCIX_OBS HCIY_OBS HCIZ_OBS "
        "HEEX_OBS HEEY_OBS HEEZ_OBS HEQX_OBS HEQY_OBS HEQZ_OBS EPHEMFIL ATT_FILE",
        "light travel, which no simulated thing needs": "EAR_TIME SUN_TIME",
        "attitude and guiding of the spacecraft": "SC_ROLL SC_PITCH SC_YAW SC_ROLLA SC_PITA "
        "SC_YAWA INS_R0 INS_X0 INS_Y0 XCEN YCEN JITRSDEV SCANT_ON SCFP_ON SCSTATUS FPS_CMD FPS_ON "
        "FPSNUMS FPSOFFY FPSOFFZ FPSGTSY FPSGTSZ FPSGTQY FPSGTQZ FPSERS1..3 FPSERQ1..3 "
        "FPSDAS1..3 FPSDAQ1..3",
        "engineering of the camera": "CAM_STAT CEB_STAT CEB_T CLEARTIM CLR_TBL CMDOFFSE DOORSTAT "
        "ENCODERF ENCODERP ENCODERQ GAINCMD GAINMODE LEDCOLOR LEDPULSE LINE_CLR LINE_RO OFFSET "
        "OFFSETCR POLAR READFILE READPORT READTIME READ_TBL RO_DELAY SHUTTDIR SYNC TEMPAFT1 "
        "TEMPAFT2 TEMPFWD1 TEMPFWD2 TEMPMID1 TEMPMID2 TEMPTHRM TEMP_CCD TEMP_CEB BIASSDEV "
        "P1COL P1ROW P2COL P2ROW R1COL R1ROW R2COL R2ROW DSTART1..2 DSTOP1..2 SUMCOL SUMROW "
        "DISTCORR DIV2CORR COSMICS",
        "telemetry and on-board tables": "APID COMPFACT COMPRSSN DOWNLINK EXPOSTBL FILEORIG IMGCTR "
        "IMGSEQ IP_00_19 IP_TBL IP_TIME MASK_TBL N_IMAGES OBSSETID OBS_ID OBS_PROG OBT_TIME "
        "SEB_PROG SETUPTBL SPWX TIMGCTR VCHANNEL VERSION WAVEFILE EVCOL EVCOUNT EVENT EVROW "
        "CADENCE DATE-CLR DATE-CMD DATE-RO OBJECT OBSERVER",
    },
    extra={
        STORED: "BSCALE BZERO EXTEND",
        "later real headers, of 2011, have them": "TELESCOP RSUN_REF",
    },
)

MDI = Differences(
    missing={
        **REWRITTEN,
        STATISTICS: "DATASKEW DATAKURT TOT_FLUX AVG_FLUX MEAN_FLD",
        "versions, tables and notes of the pipeline": "BFITZORG BLDVER15 BLDVER18 BLD_VERS CALTBLS "
        "DPC NOTE1..3 RECNUM ROLL_TBL RUNTIME SINRHOTB TBLXYUPD XY_FROM XY_QUAL",
        "motion of SOHO, which shifts nothing here": "OBS_VR OBS_VW OBS_VN EARTH_DT",
    },
    extra={STORED: "XTENSION PCOUNT GCOUNT", "HMI's files have it": "TOTVALS"},
)

AIA = Differences(
    missing={
        STATISTICS: "DATASKEW DATAKURT OSCNMEAN OSCNRMS",
        "where the observer is in other systems, 'nan' in the sample": "GCIEC_X GCIEC_Y GCIEC_Z "
        "HCIEC_X HCIEC_Y HCIEC_Z",
        "motion of SDO": "OBS_VR OBS_VW OBS_VN",
        "records the file was made from": "FLAT_REC MPO_REC ASD_REC ORB_REC RECNUM FSN FID",
        "pointing taken out for level 1.5": "INST_ROT IMSCL_MP X0_MP Y0_MP RSUN_LF X0_LF Y0_LF "
        "SAT_Y0 SAT_Z0 SAT_ROT ACS_MODE ACS_ECLP ACS_SUNP ACS_SAFE ACS_CGT",
        "regions of interest, never used": "ROI_NWIN ROI_SUM ROI_NAX1..2 ROI_NAY1..2 ROI_LLX1..2 "
        "ROI_LLY1..2",
        "engineering of the camera": "EXPSDEV INT_TIME ISPSNAME ISPPKTIM ISPPKTVN AIVNMST AIMGOTS "
        "AIMGOTSS ASQHDR ASQTNUM ASQFSN AIAHFSN AECDELAY AIAECTI AIASEN AIFDBID AIFCPS AIFTSWTH "
        "AIFRMLID AIFTSID AIHISMXB AIHIS192 AIHIS348 AIHIS604 AIHIS860 AIFWEN AIMGSHCE AECTYPE "
        "AECMODE AISTATE AIAECENF AIFILTYP AIMSHOBC AIMSHOBE AIMSHOTC AIMSHOTE AIMSHCBC AIMSHCBE "
        "AIMSHCTC AIMSHCTE AICFGDL1..4 AIFOENFL AIMGFSN AIMGTYP AIAWVLEN AIAGP1..10 AGT1SVY "
        "AGT1SVZ AGT2SVY AGT2SVZ AGT3SVY AGT3SVZ AGT4SVY AGT4SVZ AIMGSHEN",
    },
    extra={},
)

SEISMIC = Differences(missing={}, extra={"says who wrote the file": "ORIGIN"})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of every instrument."""
    folder = tmp_path_factory.mktemp("written")
    rng = np.random.default_rng(0)
    corona = Corona(seed=0)
    hmi.write(folder / "hmi", QUIET, TIME, rng, size=64, cadence=45)
    gong.write(folder / "gong", gong.Look(QUIET, TIME, SITES[0], rng))
    gong_synoptic.write(folder / "gong_synoptic", QUIET.br, TIME, 100)
    mdi.write(folder / "mdi", QUIET, TIME, rng)
    seismic.write_map(folder / "seismic", (), TIME, rng)
    euvi.write(folder / "euvi", QUIET, TIME, rng, 171, corona)
    aia.write(folder / "aia", QUIET, TIME, rng, 193, corona)
    return folder


def sample(name: str) -> fits.Header:
    if not SAMPLES.is_dir():
        pytest.skip("real headers are absent: no folder ../shared/facts/samples")
    return fits.Header.fromstring((SAMPLES / name).read_text(), sep="\n")


def header(path: Path) -> fits.Header:
    with fits.open(path) as units:
        return units[-1].header.copy()


def check(ours: fits.Header, real: fits.Header, explained: Differences) -> None:
    mine, theirs = set(ours) - TEXT_ONLY, set(real) - TEXT_ONLY
    assert theirs - mine == keywords(explained.missing)
    assert mine - theirs == keywords(explained.extra)
    for key in sorted(mine & theirs):
        assert KINDS[type(ours[key])] == KINDS[type(real[key])], key


@pytest.mark.parametrize(
    ("name", "real", "explained"),
    [
        ("hmi", "resampled_hmi.fits.header", HMI),
        ("gong", "gong_magnetogram.header", GONG),
        ("gong_synoptic", "gong_synoptic.header", GONG_SYNOPTIC),
        ("euvi", "euvi_20090615_000900_n4euA_s.header", EUVI),
    ],
)
def test_a_header_differs_from_the_real_sample_only_as_explained(
    written: Path, name: str, real: str, explained: Differences
) -> None:
    check(header(written / name), sample(real), explained)


@pytest.mark.parametrize(
    ("name", "pattern", "explained"),
    [
        ("mdi", "extra/mdi/*.fits", MDI),
        ("aia", "jsoc1.stanford.edu/**/*_0193.fits", AIA),
        ("seismic", "farside.nso.edu/**/*.fits", SEISMIC),
    ],
)
@pytest.mark.filterwarnings("ignore::astropy.io.fits.verify.VerifyWarning")  # the real cards
def test_a_header_differs_from_the_real_file_only_as_explained(
    written: Path, real_archive: Path, name: str, pattern: str, explained: Differences
) -> None:
    (real, *_) = sorted(real_archive.glob(pattern))
    check(header(written / name), header(real), explained)


def test_constants_that_real_headers_share_are_the_same(written: Path) -> None:
    """What does not depend on date, site or pixels says the same thing."""
    for name, real, keys in (
        ("hmi", "resampled_hmi.fits.header", "TELESCOP INSTRUME CTYPE1 CUNIT1 CRDER1 TRECEPOC "
         "TRECUNIT DATASIGN WCSNAME WAVELNTH RSUN_REF DSUN_REF CADENCE CAMERA DETECTOR"),
        ("gong", "gong_magnetogram.header", "GONGKEY1 GONGKEY2 GONGKEY3 OBS-SITE TELESCOP OBS-URL "
         "DATATYPE WAVELNTH WCSNAME CTYPE1 IMTYPE BUNIT SITE SITENAME HORIZON SKYVALUE DTYPE"),
        ("gong_synoptic", "gong_synoptic.header", "TELESCOP WCSNAME CTYPE1 CTYPE2 CRPIX1 CRPIX2 "
         "CDELT1 CDELT2 PV2_1 WCSNAMEA CTYPE1A CRPIX1A CDELT2A IMTYPE BUNIT"),
        ("euvi", "euvi_20090615_000900_n4euA_s.header", "OBSRVTRY INSTRUME DETECTOR FILTER BUNIT "
         "BLANK DSATVAL RECTIFY RECTROTA IP_PROG0 IP_PROG1 IP_PROG2 IP_PROG3 IPSUM LONPOLE"),
    ):  # fmt: skip
        ours, theirs = header(written / name), sample(real)
        for key in keys.split():
            assert ours[key] == theirs[key], key
    ours = header(written / "gong")
    theirs = sample("gong_magnetogram.header")
    for key in ("LON", "LAT"):
        assert ours[key] == pytest.approx(theirs[key], abs=1e-4)
