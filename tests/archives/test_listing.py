"""Directory pages of the real archives, and of hostile ones."""

from __future__ import annotations

import re
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from pipeline.archives.listing import Entry, entries

GONG = "https://gong2.nso.edu/oQR/zqs/202609/mrzqs260901/"
SWPC = "https://services.swpc.noaa.gov/products/gong/zqs/"
names = st.from_regex(re.compile(r"[A-Za-z0-9_][\w.:+=@~-]{0,30}", re.ASCII), fullmatch=True)


def test_apache_page_gives_names_and_when_they_changed() -> None:
    page = """<h1>Index of /oQR/zqs/202609/mrzqs260901</h1><pre>
<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>
<a href="/oQR/zqs/202609/">Parent Directory</a>
<a href="mrzqs260901t0014c2314_029.fits.gz">mrzqs260901t0014c2..&gt;</a> 2026-09-01 01:05  240K
<a href="mrzqs260901t0114c2314_028.fits.gz">mrzqs260901t0114c2..&gt;</a> 01-Sep-2026 02:05  240K
<a href="old/">old/</a> 2026-09-01 00:00  -
</pre><address>Apache/2.4 Server at gong2.nso.edu Port 443</address>"""
    assert entries(page, GONG) == (
        Entry("mrzqs260901t0014c2314_029.fits.gz", "2026-09-01 01:05 240K"),
        Entry("mrzqs260901t0114c2314_028.fits.gz", "01-Sep-2026 02:05 240K"),
    )


def test_table_page_of_jsoc() -> None:
    page = (
        '<tr><td><a href="hmi.M_720s_nrt.20261120_000000_TAI.fits">hmi.M..</a></td>'
        '<td align="right">2026-11-20 01:31  </td><td align="right"> 14M</td></tr>'
    )
    url = "http://jsoc.stanford.edu/data/hmi/fits/2026/11/20/"
    entry = Entry("hmi.M_720s_nrt.20261120_000000_TAI.fits", "2026-11-20 01:31 14M")
    assert entries(page, url) == (entry,)


def test_links_that_leave_the_directory_are_passed_over() -> None:
    hrefs = [
        "https://other.example/a.fits.gz",
        "//other.example/a.fits.gz",
        "ftp://services.swpc.noaa.gov/products/gong/b.fits.gz",
        "../b.fits.gz",
        "..%2Fb.fits.gz",
        "sub/c.fits.gz",
        "/etc/passwd",
        "javascript:d.fits",
        "e.fits?download",
        "http://[broken",
        ".hidden",
        "f%00.fits",
    ]
    page = "".join(f'<a href="{href}">x</a>' for href in [*hrefs, "good.fits.gz"])
    assert entries(page, SWPC) == (Entry("good.fits.gz"),)


def test_a_name_listed_twice_counts_once() -> None:
    page = (
        '<a href="a.fits">a</a> 2026-09-01 01:05 1K\n<a href="./a.fits">a</a> 2026-09-01 02:05 2K'
    )
    assert entries(page, SWPC) == (Entry("a.fits", "2026-09-01 02:05 2K"),)


def test_colons_in_names_of_hmi_lists() -> None:
    url = "http://jsoc.stanford.edu/data/farside/AR_Lists/"
    page = (
        '<a href="AR_LIST_2026.11.20_12:00:00.txt">12</a>'
        '<a href="AR_LIST_2026.11.20_00%3a00:00.txt">00</a>'
    )
    found = [entry.name for entry in entries(page, url)]
    assert found == ["AR_LIST_2026.11.20_12:00:00.txt", "AR_LIST_2026.11.20_00:00:00.txt"]


@given(st.text())
def test_no_page_breaks_it_or_yields_a_path(text: str) -> None:
    for entry in entries(f'<a href="{text}">{text}', GONG):
        assert re.fullmatch(r"[^/\\\s]+", entry.name)
        assert not entry.name.startswith(".")


@given(st.lists(names, unique=True))
def test_every_listed_name_is_found_in_order(listed: list[str]) -> None:
    page = "".join(
        f"<A HREF='{quote(n, safe='')}'>{n[:9]}</A>  2026-09-01 01:05 9K\n" for n in listed
    )
    assert [entry.name for entry in entries(page, GONG)] == listed
