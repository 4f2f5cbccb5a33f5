"""Networks in the cycle and on a user's files: used, named, and never fatal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import sunpy.map
from command import AT, NOON, SMALL, allsun
from netCDF4 import Dataset
from prometheus_client import REGISTRY
from small_archive import SmallArchive, small_settings

from pipeline import publish
from pipeline.archives import local
from pipeline.core import Disk, GlobalMap, Quality
from pipeline.cycle import run_cycle
from pipeline.enhance import read_network
from pipeline.instruments import read
from pipeline.settings import Settings

sys.path.append(str(Path(__file__).parent / "enhance"))
from networks import write_network


def cycle(
    archive: SmallArchive, tmp_path: Path, *networks: str
) -> tuple[GlobalMap, publish.ProductSet]:
    settings = small_settings(archive.root, tmp_path / "data")
    enhance = settings.enhance.model_copy(
        update={"networks": networks, "weights": tmp_path / "weights", "providers": ("cpu",)}
    )
    products = run_cycle(NOON, settings.model_copy(update={"enhance": enhance}))
    return publish.read_map(products.files["synchronic"]), products


def test_an_identity_changes_nothing_but_the_record(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    folder = write_network(tmp_path / "weights", "identity")
    plain, _ = cycle(small_archive, tmp_path)
    same, products = cycle(small_archive, tmp_path, "identity")
    # A pixel of its own limb is masked by the network's, and rounding does the rest.
    np.testing.assert_allclose(same.br, plain.br, atol=0.5)
    assert np.abs(same.br - plain.br).mean() < 1e-3
    assert Quality.NETWORK_ABSENT not in same.qc
    with Dataset(products.files["synchronic"]) as file:
        assert file.enhancement == f"identity/1 sha256 {read_network(folder).digest}"
        runs = list(file["input_networks"][:])
    assert len(runs) == len(same.last_observed) + 1  # the synoptic map passes through none
    assert sum("identity/1 on cpu fp32 (parity 0 G" in run for run in runs) == 2


def test_a_blur_takes_flux_out_of_the_map(small_archive: SmallArchive, tmp_path: Path) -> None:
    write_network(tmp_path / "weights", "blur", radius=8)
    plain, _ = cycle(small_archive, tmp_path)
    blurred, _ = cycle(small_archive, tmp_path, "blur")
    assert 0.3 * plain.unsigned_flux < blurred.unsigned_flux < 0.97 * plain.unsigned_flux


def test_a_network_of_twice_the_resolution_lands_in_the_same_place(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    write_network(tmp_path / "weights", "identity", factor=2)
    plain, _ = cycle(small_archive, tmp_path)
    fine, _ = cycle(small_archive, tmp_path, "identity")
    assert np.corrcoef(plain.br.ravel(), fine.br.ravel())[0, 1] > 0.999


def flip(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)


def no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


def test_a_network_that_cannot_run_costs_a_note_and_not_the_map(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    flip(write_network(weights, "identity"))
    no_card(write_network(weights, "blur"))
    write_network(weights, "nan", above=0.01)
    plain, _ = cycle(small_archive, tmp_path)
    chosen = ("identity", "blur", "nan", "nosuch")
    without, _ = cycle(small_archive, tmp_path, *chosen)
    np.testing.assert_array_equal(without.br, plain.br)
    assert Quality.NETWORK_ABSENT in without.qc
    notes = "\n".join(without.notes)
    for clue in ("SHA-256", "card cannot be read", "not numbers", "No network 'nosuch'"):
        assert clue in notes, notes


def test_the_map_is_made_again_once_the_network_is_back(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    folder = write_network(tmp_path / "weights", "identity")
    good = (folder / "model.onnx").read_bytes()
    flip(folder)
    _, before = cycle(small_archive, tmp_path, "identity")
    (folder / "model.onnx").write_bytes(good)
    repaired, after = cycle(small_archive, tmp_path, "identity")
    assert (before.revision, after.revision) == (0, 1)
    assert Quality.NETWORK_ABSENT not in repaired.qc
    _, again = cycle(small_archive, tmp_path, "identity")
    assert again.revision == 1


def test_values_beyond_training_are_flagged(small_archive: SmallArchive, tmp_path: Path) -> None:
    channels = [
        {"name": "field", "kind": "field", "scale": 100, "trained": [-5, 5]},
        {"name": "mask", "kind": "mask"},
    ]
    write_network(tmp_path / "weights", "identity", inputs=channels)
    beyond, _ = cycle(small_archive, tmp_path, "identity")
    assert Quality.UNTRAINED_INPUT in beyond.qc
    share = REGISTRY.get_sample_value("allsun_inference_outside_ratio", {"network": "identity/1"})
    assert share is not None
    assert share > 0.1


@pytest.fixture
def frame(small_archive: SmallArchive) -> Path:
    return next(small_archive.root.rglob("hmi.M_720s_nrt.*.fits"))


def test_a_users_file_comes_out_finer_and_where_it_was(frame: Path, tmp_path: Path) -> None:
    write_network(tmp_path / "w", "log_variance", name="fine", task="crosscal")
    write_network(tmp_path / "w", "identity", factor=4, name="finer", task="crosscal", version="2")
    out, sigma = tmp_path / "out.fits", tmp_path / "sigma.fits"
    given = ("enhance", "crosscal", frame, "-o", out, "--data", tmp_path, "--json")
    weights = {"ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w")}
    ran = allsun(*given, "--network", "finer", **weights)
    assert ran.exit_code == 0, ran.output
    before, after = read(local(frame)), read(local(out))
    assert (
        json.loads(ran.stdout)["pixels"] == f"{4 * before.data.shape[1]}x{4 * before.data.shape[0]}"
    )
    assert isinstance(before.geometry, Disk)
    assert isinstance(after.geometry, Disk)
    assert after.geometry.radius == pytest.approx(4 * before.geometry.radius, rel=1e-5)
    lon, lat = before.geometry.sphere([100.0, 130.0], [120.0, 90.0])
    # A pixel's middle lies between the middles of the four by four that it became.
    there = 4 * np.array([[100.0, 130.0], [120.0, 90.0]]) + 1.5
    np.testing.assert_allclose(after.geometry.sphere(*there), (lon, lat), atol=2e-3)
    seen = sunpy.map.Map(out)
    assert seen.meta["crota2"] == pytest.approx(before.geometry.north, abs=1e-3)

    ran = allsun(*given, "--network", "fine/1", "--sigma", sigma, "--tile", "64", **weights)
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["median_sigma"] == pytest.approx(100 * np.exp(-1), rel=1e-4)
    assert sigma.exists()


def complaint(*arguments: object, **environment: str) -> str:
    ran = allsun(*arguments, **environment)
    assert ran.exit_code == 1
    assert ran.stdout == ""
    return ran.stderr.strip()


def test_what_a_user_asks_in_vain_is_explained(frame: Path, tmp_path: Path) -> None:
    write_network(tmp_path / "w", "identity", instruments=["gong"])
    weights = {"ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w")}
    out = ("-o", tmp_path / "out.fits", "--data", tmp_path)
    said = complaint("enhance", "denoise", frame, *out, **weights)
    assert "no network can denoise it (it is of hmi, but identity/1 takes gong)" in said
    said = complaint("enhance", "farside", frame, *out, **weights)
    assert "no network can farside it (none is installed)" in said
    said = complaint("enhance", "crosscal", frame, *out, "--network", "identity", **weights)
    assert said == "allsun: identity/1 is there to denoise, not to crosscal."
    said = complaint("enhance", "denoise", frame, *out, "--network", "identiti", **weights)
    assert "did you mean 'identity'?" in said
    assert list(tmp_path.glob("*.fits")) == []


def test_the_networks_are_listed_and_verified(tmp_path: Path) -> None:
    good = write_network(tmp_path / "w", "identity")
    weights = {
        "ALLSUN_ENHANCE__WEIGHTS": str(good.parents[1]),
        "ALLSUN_ENHANCE__NETWORKS": '["identity"]',
    }
    where = ("--data", tmp_path, "--json")
    rows = json.loads(allsun("models", "list", *where, **weights).stdout)["networks"]
    assert [(row["network"], row["in the cycle"]) for row in rows] == [("identity/1", "yes")]
    ran = allsun("models", "verify", *where, **weights)
    assert ran.exit_code == 0
    rows = json.loads(ran.stdout)["networks"]
    assert {row["verdict"] for row in rows} == {"good"}
    assert "cpu fp32" in {row["provider"] for row in rows}

    flip(write_network(tmp_path / "w", "blur"))
    ran = allsun("models", "verify", *where, **weights)
    assert ran.exit_code == 1
    verdicts = {row["network"]: row["verdict"] for row in json.loads(ran.stdout)["networks"]}
    assert verdicts["identity/1"] == "good"
    assert "model.onnx: its SHA-256 begins with" in verdicts["blur/1"]


def test_the_bench_times_each_network_by_itself(tmp_path: Path) -> None:
    write_network(tmp_path / "w", "blur")
    weights = {"ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w")}
    ran = allsun("models", "bench", "--side", "128", "--data", tmp_path, "--json", **weights)
    row = json.loads(ran.stdout)["networks"][0]
    assert (row["network"], row["pixels"], row["by"]) == ("blur/1", "128x128", "cpu fp32")
    assert row["tflop"] == pytest.approx(2 * 7**2 * 128**2 / 1e12, rel=0.01)
    assert 0 < row["median_ms"] <= row["p95_ms"]
    assert 0 < row["roofline"] < 1


def test_a_setting_that_is_no_provider_is_refused(tmp_path: Path) -> None:
    said = complaint("config", "check", ALLSUN_ENHANCE__PROVIDERS='["tpu"]')
    assert "enhance.providers" in said


def test_once_takes_networks_from_the_environment(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    write_network(tmp_path / "w", "identity")
    chosen = {
        "ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w"),
        "ALLSUN_ENHANCE__NETWORKS": '["identity/1"]',
    }
    given = (*AT, "--archive", small_archive.root, "--data", tmp_path / "d", "--json")
    ran = allsun("once", *given, **SMALL, **chosen)
    assert ran.exit_code == 0, ran.output
    networks = [entry["networks"] for entry in json.loads(ran.stdout)["inputs"]]
    assert sum("identity/1 on cpu fp32" in text for text in networks) == 2
    assert Settings().enhance.weights is None


def test_what_the_settings_name_in_vain_is_told_to_operators(tmp_path: Path) -> None:
    no_card(write_network(tmp_path / "w", "blur"))
    write_network(tmp_path / "w", "identity")
    weights = {
        "ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w"),
        "ALLSUN_ENHANCE__NETWORKS": '["blur", "identity", "nosuch"]',
    }
    where = ("--data", tmp_path, "--json")
    rows = json.loads(allsun("models", "list", *where, **weights).stdout)["networks"]
    assert [row["network"] for row in rows] == ["identity/1", "blur/1", "nosuch"]
    for command in ("verify", "build"):
        ran = allsun("models", command, *where, **weights)
        assert ran.exit_code == 1
        rows = json.loads(ran.stdout)["networks"]
        assert "No network 'nosuch'" in rows[-1]["verdict"]
        assert {row["verdict"] for row in rows} & {"good", "needs nothing built"}


def test_nothing_is_written_over_or_left_alone(frame: Path, tmp_path: Path) -> None:
    write_network(tmp_path / "w", "identity")
    weights = {"ALLSUN_ENHANCE__WEIGHTS": str(tmp_path / "w")}
    out, content = tmp_path / "out.fits", frame.read_bytes()
    given = ("enhance", "denoise", frame, "--data", tmp_path, "-o")
    assert "would be written over" in complaint(*given, frame, **weights)
    assert "would be written over" in complaint(*given, out, "--sigma", out, **weights)
    sigma = tmp_path / "sigma.fits"
    assert "says nothing of its error" in complaint(*given, out, "--sigma", sigma, **weights)
    assert frame.read_bytes() == content
    assert list(tmp_path.glob("*.fits")) == []
