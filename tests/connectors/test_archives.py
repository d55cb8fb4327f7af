"""Archives of strangers: what is unpacked, what is refused, and that nothing is left behind."""

import io
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.contract.errors import ConnectorError
from connectors.archive_members import is_archive
from connectors.archives import unpack

POSTS = b'window.YTD.tweets.part0 = [{"tweet": {"id_str": "1"}}]'
MEMBERS = {
    "data/tweets.js": POSTS,
    "data/tweets_media/1-a.jpg": b"\xff\xd8\xffpicture",
    "data/tweets_media/1-b.mp4": b"film",
    "README.txt": b"hello",
}


def write_zip(
    path: Path, members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, **kinds: int
) -> Path:
    """A zip whose members may be of a file kind of their own (by name without dots)."""
    with zipfile.ZipFile(path, "w", method) as zipped:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.external_attr = (kinds.get(name.partition(".")[0], stat.S_IFREG) | 0o644) << 16
            zipped.writestr(info, content)
    return path


def write_tar(path: Path, members: dict[str, bytes], **kinds: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tarred:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = kinds.get(name.partition(".")[0], tarfile.REGTYPE)
            info.linkname = "/etc/passwd"
            tarred.addfile(info, io.BytesIO(content))
    return path


def read_all(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_data_and_pictures_are_unpacked_and_films_left(tmp_path: Path, write: object) -> None:
    archive = write(tmp_path / "dump", MEMBERS)  # type: ignore[operator]
    assert is_archive(archive)
    found = unpack(archive, tmp_path / "out" / "x")
    assert read_all(found.folder) == {k: v for k, v in MEMBERS.items() if not k.endswith("mp4")}
    assert (found.count_files, found.count_left, found.rejects) == (3, 1, [])


def test_a_tar_of_a_folder_s_content_is_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/outbox.json").write_bytes(b"{}")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tarred:
        tarred.add(tmp_path / "in", arcname=".")
    found = unpack(tmp_path / "a.tgz", tmp_path / "out")
    assert read_all(found.folder) == {"outbox.json": b"{}"}


@pytest.mark.parametrize(
    "name",
    ["../evil.js", "a/../../evil.js", "/etc/evil.js", "C:/evil.js", "a\\..\\evil.js", "a\nb.js"],
)
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_names_that_lead_out_are_refused(tmp_path: Path, write: object, name: str) -> None:
    archive = write(tmp_path / "dump", {"good.js": POSTS, name: b"x"})  # type: ignore[operator]
    with pytest.raises(ConnectorError, match=r"archive is refused: member .* leads out"):
        unpack(archive, tmp_path / "out" / "x")
    assert read_all(tmp_path) == {"dump": archive.read_bytes()}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    archive = write_zip(tmp_path / "dump", {"good.js": POSTS, "odd.js": b"/etc/passwd"}, odd=kind)
    with pytest.raises(ConnectorError, match=r"'odd\.js' is a link or a device"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_pipes_of_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = write_tar(tmp_path / "dump", {"good.js": POSTS, "odd.js": b""}, odd=kind)
    with pytest.raises(ConnectorError, match=r"'odd\.js' is a link or a device"):
        unpack(archive, tmp_path / "out")


def test_bombs_are_refused_before_they_are_written(tmp_path: Path) -> None:
    archive = tmp_path / "dump.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.json", b"0" * 70_000_000)
    assert archive.stat().st_size < 100_000
    with pytest.raises(ConnectorError, match="more than 200 times its size"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()


def test_members_on_one_another_are_refused(tmp_path: Path) -> None:
    """The central directory names one member's bytes many times."""
    archive = write_zip(tmp_path / "dump.zip", {"aa.json": bytes(range(256)) * 40})
    raw = archive.read_bytes()
    start = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entry = raw[start:end]
    entries = b"".join(entry.replace(b"aa.json", b"%02d.json" % n) for n in range(50))
    tail = bytearray(raw[end:])
    struct.pack_into("<HHI", tail, 8, 50, 50, len(entries))
    archive.write_bytes(raw[:start] + entries + bytes(tail))
    assert len(zipfile.ZipFile(archive).namelist()) == 50
    with pytest.raises(ConnectorError, match="lie on one another"):
        unpack(archive, tmp_path / "out")


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "dump.zip", MEMBERS)
    with pytest.raises(ConnectorError, match=r"1 GiB is kept free.* give the folder"):
        unpack(archive, tmp_path / "out", free_bytes=lambda path: 1024**3 + 10)
    assert not (tmp_path / "out").exists()


def test_an_archive_in_the_archive_is_a_reject_and_the_rest_is_read(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner", {"a.js": b"x"}).read_bytes()
    archive = write_zip(tmp_path / "dump", {"a.zip": inner, "b.json": inner, "c.js": POSTS})
    found = unpack(archive, tmp_path / "out")
    assert read_all(found.folder) == {"c.js": POSTS}
    assert [(r.line, r.raw) for r in found.rejects] == [(1, "a.zip"), (2, "b.json")]
    assert all("give it by itself" in reject.reason for reject in found.rejects)


@pytest.mark.parametrize(
    "method",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
    ids=["stored", "deflate", "bzip2", "lzma"],
)
def test_a_damaged_member_is_a_reject_and_the_rest_is_read(tmp_path: Path, method: int) -> None:
    """What each decompressor raises is of its own kind, bzip2's even that of a full disk."""
    members = {"a/b.js": bytes(range(256)) * 9, "c.js": POSTS}
    archive = write_zip(tmp_path / "dump.zip", members, method=method)
    raw = bytearray(archive.read_bytes())
    raw[60:70] = bytes(byte ^ 0x55 for byte in raw[60:70])
    archive.write_bytes(raw)
    found = unpack(archive, tmp_path / "out")
    assert read_all(found.folder) == {"c.js": POSTS}
    (reject,) = found.rejects
    assert reject.reason.startswith("member 'a/b.js' is not read: it is damaged (")
    assert reject.reason.endswith("). Fetch the archive again to have it, too")


@pytest.mark.parametrize(
    ("field", "number", "said"),
    [
        (10, 9, "packed by a method that is not read here (Deflate64)"),
        (10, 77, "packed by a method that is not read here (number 77)"),
        (8, 0x20, "cannot be unpacked here (compressed patched data (flag bit 5))"),
    ],
    ids=["known method", "unknown method", "patched data"],
)
def test_a_member_that_other_programs_unpack_is_a_reject_that_says_so(
    tmp_path: Path, field: int, number: int, said: str
) -> None:
    archive = write_zip(tmp_path / "dump.zip", {"c.js": POSTS, "a.js": POSTS})
    raw = bytearray(archive.read_bytes())
    struct.pack_into("<H", raw, raw.rindex(b"PK\x01\x02") + field, number)
    archive.write_bytes(raw)
    found = unpack(archive, tmp_path / "out")
    assert read_all(found.folder) == {"c.js": POSTS}
    (reject,) = found.rejects
    assert reject.reason == (
        f"member 'a.js' is not read: it {'is ' * (field == 10)}{said}. Unpack the archive with"
        " another program, e.g. 7-Zip, and give the folder"
    )


def test_an_archive_of_which_nothing_can_be_read_says_why(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "dump.zip", {"a.js": POSTS})
    raw = bytearray(archive.read_bytes())
    struct.pack_into("<H", raw, raw.index(b"PK\x01\x02") + 10, 93)
    archive.write_bytes(raw)
    said = unpack(archive, tmp_path / "out").explain_nothing()
    assert said.startswith("no file of the archive can be read; 1 are rejects: member 'a.js'")
    assert "(Zstandard)" in said


def test_damage_to_the_list_of_members_names_the_archive_and_the_fix(tmp_path: Path) -> None:
    raw = write_zip(tmp_path / "dump.zip", MEMBERS).read_bytes()
    at, end = raw.index(b"PK\x01\x02"), raw.index(b"PK\x05\x06")
    broken = {
        "cut.zip": (raw[: at + 10], "is cut off: the list of its members, which stands at the end"),
        "list.zip": (raw[:at] + b"XX" + raw[at + 2 :], "is damaged (Bad magic number for central"),
        "newer.zip": (raw[: at + 6] + b"\xff" + raw[at + 7 :], "is damaged, or newer than what is"),
        "nowhere.zip": (raw[: end + 12] + b"\xff\xff" + raw[end + 14 :], "is damaged (Bad offset"),
        "nameless.zip": (raw[: at + 28] + b"\0\0" + raw[at + 30 :], "is damaged (Bad magic"),
    }
    for name, (content, said) in broken.items():
        (tmp_path / name).write_bytes(content)
        assert is_archive(tmp_path / name)
        with pytest.raises(ConnectorError) as caught:
            unpack(tmp_path / name, tmp_path / "out")
        assert str(caught.value).startswith(f"{tmp_path / name}: the archive {said}")
        assert "Fetch it again" in str(caught.value)
        assert "Make room" not in str(caught.value)


def test_encrypted_and_cut_archives_say_what_to_do(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "dump.zip", MEMBERS)
    raw = bytearray(archive.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(raw)
    with pytest.raises(
        ConnectorError, match=r"encrypted \(1 of its 4 .*'data/tweets.js'\)\. Unpack it"
    ):
        unpack(tmp_path / "locked.zip", tmp_path / "out")
    (tmp_path / "cut.zip").write_bytes(raw[:-30])
    with pytest.raises(ConnectorError, match="is cut off"):
        unpack(tmp_path / "cut.zip", tmp_path / "out")


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "dump.zip", "w") as zipped:
        zipped.writestr("a.js", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            zipped.writestr("a.js", "2")
    with pytest.raises(ConnectorError, match=r"'a\.js' is in it twice"):
        unpack(tmp_path / "dump.zip", tmp_path / "out")


def test_a_stop_leaves_nothing(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "dump.zip", MEMBERS)
    asked = iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "out", is_stopped=lambda: next(asked, True))
    assert read_all(tmp_path) == {"dump.zip": archive.read_bytes()}


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "PK"}\n' * 100)
    (tmp_path / "empty").write_bytes(b"")
    sheet = write_zip(tmp_path / "b.xlsx", {"[Content_Types].xml": b"x", "xl/a.xml": b"x"})
    assert not any(map(is_archive, (tmp_path / "a.jsonl", tmp_path / "empty", sheet, tmp_path)))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_broken_archives_are_refused_or_unpacked_but_never_crash(
    tmp_path: Path, data: st.DataObject
) -> None:
    method = data.draw(st.sampled_from([0, 8, 12, 14, None]))
    if method is not None:
        archive = write_zip(tmp_path / "dump", MEMBERS, method=method)
    else:
        archive = write_tar(tmp_path / "dump", MEMBERS)
    raw = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(raw[: data.draw(st.integers(1, len(raw)))])
    is_archive(archive)
    n_before = len(read_all(tmp_path / "out"))
    try:
        found = unpack(archive, tmp_path / "out")
    except ConnectorError:
        assert len(read_all(tmp_path / "out")) == n_before
    else:
        assert len(read_all(found.folder)) == found.count_files
    assert {file.parts[0] for file in map(Path, read_all(tmp_path))} <= {"dump", "out"}


def test_what_cannot_be_opened_is_left_to_the_connectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = write_zip(tmp_path / "dump.zip", MEMBERS)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(Path, "open", refuse)
    assert not is_archive(archive)
