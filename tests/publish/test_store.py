"""The store under murder, a full disk and company."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.core import CannotWrite
from pipeline.publish import durable
from pipeline.publish.store import SUFFIX, ProductSet, Store, beside

NOON = datetime(2014, 1, 31, 12, tzinfo=UTC)
KILLED = 9


def writers(text: str) -> Mapping[str, Callable[[Path], None]]:
    """Products that are long enough to be cut in two."""

    def write(path: Path) -> None:
        durable.write(path, text.encode() * 1000)

    return dict.fromkeys(SUFFIX, write)


def contents(product_set: ProductSet) -> set[str]:
    return {path.read_text()[:1] for path in product_set.files.values()}


def check_as_a_reader(data: Path, expected: set[str]) -> str | None:
    """What ``latest`` holds, after checking everything visible for wholeness."""
    products = data / "products"
    visible = [p for p in products.rglob("allsun_*") if ".staging" not in p.parts]
    assert all(len(path.read_bytes()) == 1000 for path in visible)
    assert not list(products.glob("[a-z]*/**/.*"))
    newest = Store(data).newest()
    assert (newest is not None) == (products / "latest").exists()
    assert (products / "latest.json").exists() == (products / "latest").exists()
    if newest is None:
        return None
    manifest = json.loads((products / "latest.json").read_text())
    assert manifest["digest"] == newest.digest
    through_links = {(products / "latest" / f"{k}{s}").read_text()[:1] for k, s in SUFFIX.items()}
    assert through_links == contents(newest) == {newest.digest}
    assert newest.digest in expected
    return newest.digest


def in_a_child(work: Callable[[], object], kill_at: int) -> bool:
    """Run *work* in a forked process that dies at file-system call number *kill_at*.

    Returns whether it died there; otherwise it came to its end.
    """
    child = os.fork()
    if child == 0:
        calls = 0

        def count(event: str, _: object) -> None:
            nonlocal calls
            if event == "open" or event.startswith(("os.", "shutil.", "fcntl.")):
                calls += 1
                if calls == kill_at:
                    os._exit(KILLED)

        sys.addaudithook(count)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED)
    return status == KILLED


@pytest.mark.parametrize("time", [NOON, NOON + timedelta(hours=1)], ids=["revision", "next hour"])
def test_a_writer_killed_at_any_call_leaves_a_whole_latest(tmp_path: Path, time: datetime) -> None:
    seen = set()
    kill_at = 1
    while True:
        data = tmp_path / str(kill_at)
        store = Store(data)
        store.put(NOON, "a", writers("a"))
        if not in_a_child(lambda s=store: s.put(time, "b", writers("b")), kill_at):
            break
        before = check_as_a_reader(data, {"a", "b"})
        store.recover()
        after = check_as_a_reader(data, {"a", "b"})
        assert (before, after) != ("b", "a")
        published = store.put(time, "b", writers("b"))
        assert published == store.newest() == store.find(time, "b")
        assert published.revision == int(time == NOON)
        assert check_as_a_reader(data, {"b"}) == "b"
        assert sorted(p.name for p in (data / "products").glob(".s*")) == [".sets"]
        seen.add((before, after))
        kill_at += 1
    assert kill_at > 40
    assert seen == {("a", "a"), ("a", "b"), ("b", "b")}


def test_the_first_set_killed_at_any_call_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    seen = set()
    kill_at = 1
    while in_a_child(
        lambda data=tmp_path / str(kill_at): Store(data).put(NOON, "a", writers("a")),
        kill_at,
    ):
        seen.add(check_as_a_reader(tmp_path / str(kill_at), {"a"}))
        Store(tmp_path / str(kill_at)).recover()
        check_as_a_reader(tmp_path / str(kill_at), {"a"})
        kill_at += 1
    assert seen == {None, "a"}


def test_a_recovery_can_be_killed_too(tmp_path: Path) -> None:
    for killed_put in (20, 30, 40, 50, 60):
        for killed_recovery in range(1, 60, 5):
            data = tmp_path / f"{killed_put}-{killed_recovery}"
            store = Store(data)
            in_a_child(lambda s=store: s.put(NOON, "a", writers("a")), killed_put)
            in_a_child(store.recover, killed_recovery)
            check_as_a_reader(data, {"a"})
            store.put(NOON, "a", writers("a"))
            assert check_as_a_reader(data, {"a"}) == "a"
            assert store.newest().revision == 0


def test_same_inputs_change_nothing_and_new_inputs_make_the_next_revision(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.put(NOON, "a", writers("a"))
    state = sorted((p, p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))
    assert store.put(NOON, "a", writers("x")) == first
    assert state == sorted((p, p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))
    second = store.put(NOON, "b", writers("b"))
    assert (first.revision, second.revision) == (0, 1)
    assert contents(first) == {"a"}
    assert second.files["corona"] == (
        tmp_path / "products/corona/2014/01/31/allsun_corona_20140131T1200Z_r01.nc"
    )


def test_latest_is_the_newest_valid_time_whatever_the_order_of_work(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.newest() is None
    assert next(store.before(NOON), None) is None
    noon = store.put(NOON, "b", writers("b"))
    earlier = store.put(NOON - timedelta(days=40), "a", writers("a"))
    assert store.newest() == noon
    assert next(store.before(NOON), None) == earlier
    assert next(store.before(NOON + timedelta(minutes=1)), None) == noon
    revised = store.put(NOON - timedelta(days=40), "c", writers("c"))
    assert next(store.before(NOON), None) == revised
    assert store.find(NOON, "c") is None


def test_a_set_whose_files_were_deleted_is_not_offered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = store.put(NOON - timedelta(hours=2), "a", writers("a"))
    store.put(NOON - timedelta(hours=1), "b", writers("b")).files["wsa"].unlink()
    assert next(store.before(NOON), None) == old
    store.recover()
    assert store.newest() == old  # latest does not dangle


def test_a_companion_is_found_in_its_dated_place_through_a_link_and_in_a_copy(
    tmp_path: Path,
) -> None:
    files = Store(tmp_path).put(NOON, "a", writers("a")).files
    latest = tmp_path / "products/latest/synchronic.nc"
    assert beside(files["synchronic"], "corona") == files["corona"]
    assert beside(latest, "quicklook") == files["quicklook"]
    copies = tmp_path / "copies"
    copies.mkdir()
    copy = Path(shutil.copy(files["synchronic"], copies))
    assert beside(copy, "corona") is None
    corona = Path(shutil.copy(files["corona"], copies))
    assert beside(copy, "corona") == corona
    assert beside(files["synchronic"].rename(copies / "mine.nc"), "corona") is None


def test_many_processes_publish_at_once(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r});"
        "from test_store import *;"
        "[Store(Path(sys.argv[1])).put(NOON, d, writers(d)) for d in sys.argv[2]]"
    )
    orders = ["abcdef", "fedcba", "cafebd"]
    children = [subprocess.Popen([sys.executable, "-c", script, tmp_path, o]) for o in orders]
    assert [child.wait() for child in children] == [0, 0, 0]
    found = [Store(tmp_path).find(NOON, digest) for digest in "abcdef"]
    assert sorted(s.revision for s in found if s) == [0, 1, 2, 3, 4, 5]
    assert all(s is not None and contents(s) == {s.digest} for s in found)
    assert check_as_a_reader(tmp_path, set("abcdef"))


def test_a_full_disk_is_said_in_one_sentence_and_changes_nothing(tiny_disk: Path) -> None:
    store = Store(tiny_disk)
    store.put(NOON, "a", writers("a"))
    with pytest.raises(CannotWrite, match=r"^\S+: no space left on device; free some space"):
        store.put(NOON, "b", dict.fromkeys(SUFFIX, lambda p: durable.write(p, bytes(40_000))))
    assert check_as_a_reader(tiny_disk, {"a"}) == "a"
    assert not (tiny_disk / "products/.staging").exists()
    assert store.put(NOON, "c", writers("c")).revision == 1


def test_a_file_size_limit_is_a_refusal_too(tmp_path: Path) -> None:
    target = tmp_path / "map.nc"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(CannotWrite, match=r"map\.nc: file too large"):
            durable.write(target, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_a_read_only_disk_refuses_in_one_sentence(tiny_disk: Path) -> None:
    store = Store(tiny_disk)
    published = store.put(NOON, "a", writers("a"))
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(CannotWrite, match=r"read-only file system; .*another directory"):
        store.put(NOON, "b", writers("b"))
    assert store.newest() == published


def test_a_data_directory_that_is_a_file_refuses_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(CannotWrite, match=r"data/products: not a directory"):
        Store(tmp_path / "data").put(NOON, "a", writers("a"))
