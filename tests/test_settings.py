"""Settings: where they come from, which wins, and how mistakes are answered."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.core import AllsunError, BadFile, BadRequest
from pipeline.settings import Settings, as_toml, load, parse_duration, write_duration

UNLIKE_DEFAULTS = """
data = "/srv/allsun"
[archives]
mirror = "http://127.0.0.1:8000"
ledger = "postgresql://db/allsun"
[cycle]
window = "90m"
step = "1.5h"
first_guess = "36500d"
[enhance]
networks = ["denoise", "farside \\"b\\""]
[surface]
grid = "360x180"
[corona]
source_surface_radius = 2.25
radial_cells = 35
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "allsun.toml"


def test_every_setting_is_explained() -> None:
    def unexplained(model: type[BaseModel]) -> list[str]:
        names = []
        for name, field in model.model_fields.items():
            if not (field.description or "").endswith("."):
                names.append(name)
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                names += unexplained(field.annotation)
        return names

    assert unexplained(Settings) == []
    for line in as_toml(Settings()).splitlines():
        assert len(line) < 120


def test_options_win_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('data = "f"\n[archives]\nmirror = "f"\n[cycle]\nwindow = "1h"\nstep = "1h"\n')
    monkeypatch.setenv("ALLSUN_DATA", "e")
    monkeypatch.setenv("ALLSUN_ARCHIVES__MIRROR", "e")
    monkeypatch.setenv("ALLSUN_CYCLE__STEP", "2h")
    settings = load(file, data=Path("o"))
    assert settings.data == Path("o")
    assert settings.archives.mirror == "e"
    assert settings.cycle.step == timedelta(hours=2)
    assert settings.cycle.window == timedelta(hours=1)
    assert settings.cycle.stale == Settings().cycle.stale
    assert load(file, mirror="o").archives.mirror == "o"
    assert load(file).data == Path("e")


def test_the_environment_can_name_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('data = "named"')
    monkeypatch.setenv("ALLSUN_CONFIG", str(file))
    assert load().data == Path("named")
    other = file.with_name("other.toml")
    other.write_text("")
    assert load(other).data == Settings().data


def test_an_empty_variable_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "ARCHIVES__MIRROR", "CYCLE__WINDOW", "ENHANCE__NETWORKS"):
        monkeypatch.setenv(f"ALLSUN_{name}", "")
    assert load() == Settings()


def test_what_kubernetes_tells_every_pod_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP_ADDR"):
        monkeypatch.setenv(f"ALLSUN_{name}", "10.0.0.1")
    assert load() == Settings()


@pytest.mark.parametrize("text", ["", UNLIKE_DEFAULTS])
def test_settings_shown_load_back_equal(file: Path, text: str) -> None:
    file.write_text(text)
    settings = load(file)
    file.write_text(as_toml(settings))
    assert load(file) == settings
    assert (settings == Settings()) == (not text)


@given(st.integers(1, 36525 * 86400))
def test_durations_read_back_as_written(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert abs(parse_duration(write_duration(duration)) - duration) < timedelta(milliseconds=1)


def test_only_what_shapes_products_counts_in_the_digest(file: Path) -> None:
    file.write_text('data = "x"\n[archives]\nmirror = "y"\nledger = "z"\n[enhance]\nmemory = 2.0\n')
    assert load(file).digest() == Settings().digest()
    file.write_text('[cycle]\nstep = "11h"\n')
    assert load(file).digest() != Settings().digest()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("surfce = 1", "Unknown setting 'surfce' in {file}; did you mean 'surface'?"),
        ("[surface]\ngird = 1", "Unknown setting 'surface.gird' in {file}; did you mean "
         "'surface.grid'?"),
        ("[cycle]\nwindow = 24", "Setting cycle.window cannot be 24 (a duration is a positive "
         "number and a unit, like 90m, 36h or 28d); correct it in {file} or the environment."),
        ("surface = 3", "Setting surface cannot be 3 (Input should be a valid dictionary or "
         "instance of SurfaceSettings); correct it in {file} or the environment."),
        ("[surface]\ngrid = '1x1'", "Setting surface.grid cannot be '1x1' (Input should be "
         "'720x360' or '360x180'); correct it in {file} or the environment."),
        ("[surface]\ngrid = '360x180'\n[corona]\ngrid = '720x360'", "Setting corona.grid "
         "(720x360) cannot be finer than surface.grid (360x180); set it to 360x180."),
        ("data =", "{file}: it is not TOML (Invalid value (at end of document)); "
         "correct it there."),
    ],
)  # fmt: skip
def test_mistakes_in_the_file_are_one_sentence(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(AllsunError, match=rf"^{re.escape(sentence.format(file=file))}$"):
        load(file)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        *(
            ("cycle", "step", f'"{text}"')
            for text in ("", "h", "0h", "-1h", "nand", "infd", "1e9d")
        ),
        ("cycle", "step", '"24 hours"'),
        ("corona", "radial_cells", "1"),
        ("corona", "radial_cells", "193"),
        ("corona", "source_surface_radius", "1.0"),
        ("corona", "source_surface_radius", "nan"),
        ("corona", "source_surface_spread", "[]"),
        ("corona", "source_surface_spread", "[2.5, 1.0]"),
        ("corona", "start_radius", "0.9"),
        ("corona", "wind_law", '"fast"'),
        ("corona", "observers", '["jupiter2"]'),
        ("corona", "observers", '["l5=-60,0"]'),
        ("archives", "mirror", '""'),
        ("enhance", "networks", '"denoise"'),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(
    file: Path, section: str, key: str, value: str
) -> None:
    file.write_text(f"[{section}]\n{key} = {value}\n")
    with pytest.raises(BadRequest, match=rf"^Setting {section}\.{key}(\.\d)? cannot be .*\.$"):
        load(file)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SURFACE__GIRD", "1", "Unknown setting 'surface.gird' in the environment "
         "(ALLSUN_SURFACE__GIRD); did you mean 'surface.grid'?"),
        ("SURFACE__GRID", "1", "Setting surface.grid cannot be '1' (Input should be '720x360' or "
         "'360x180'); correct it in the environment."),
        ("ENHANCE__NETWORKS", "denoise", "The environment cannot be used (error parsing value for "
         'field "enhance" from source "EnvSettingsSource"); set one key at a time, as in '
         "ALLSUN_SURFACE__GRID=720x360, and write lists like '[\"one\", \"two\"]'."),
        ("CONFIG", "/nowhere.toml", "/nowhere.toml: the settings cannot be read (No such file or "
         "directory); check --config."),
    ],
)  # fmt: skip
def test_mistakes_in_the_environment_are_one_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ALLSUN_{name}", value)
    with pytest.raises(AllsunError, match=rf"^{re.escape(sentence)}$"):
        load()


def test_a_folder_or_binary_is_no_settings_file(file: Path) -> None:
    with pytest.raises(BadFile, match=r"the settings cannot be read \(Is a directory\)"):
        load(file.parent)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadFile, match="it is not TOML"):
        load(file)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://allsun:SECRET@db/allsun", "allsun:***@db/allsun"),
        ("postgresql+psycopg://allsun:SECRET/@SECRET@db/allsun", "allsun:***@db/allsun"),
        ("postgresql+psycopg://db/allsun?password=SECRET&user=a", "password=***&user=a"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str, file: Path) -> None:
    file.write_text(f'[archives]\nledger = "{url}"')
    settings = load(file)
    assert settings.ledger_url == url
    assert shown in as_toml(settings)
    assert "SECRET" not in as_toml(settings)


@pytest.mark.parametrize("text", ["surface = " + "9" * 5000, "surface = " + "[" * 5000, "\udcff"])
def test_toml_that_no_parser_can_hold_is_refused(text: str, file: Path) -> None:
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(BadFile, match="it is not TOML"):
        load(file)
