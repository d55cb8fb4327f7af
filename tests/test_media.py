import os
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from analytics.contract.errors import StoreError
from analytics.contract.images import ImageSettings, PreparedImage, prepare_image
from analytics.contract.records import Media
from analytics.media import prepare_media
from tests.scripted import make_post, rows, scalar, store_posts

HEIC = Path(__file__).parent / "fixtures" / "turned.heic"


def _with_picture(native_id: str, path: Path, kind: str = "image") -> object:
    return make_post(native_id, media=(Media(kind=kind, source_path=path),))  # type: ignore[arg-type]


def _measure(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_pictures_get_their_status_and_faults_are_rejects(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good, twin = tmp_path / "good.png", tmp_path / "twin.png"
    Image.new("RGB", (600, 300), "red").save(good)
    twin.write_bytes(good.read_bytes())
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no")
    posts = [
        _with_picture("1", good),
        _with_picture("2", twin),
        _with_picture("3", broken),
        _with_picture("4", tmp_path / "gone.jpg"),
        _with_picture("5", good, "video"),
        make_post("6", media=(Media(kind="image", url="https://a.example/x.jpg"),)),
    ]
    store_posts(connection, posts)  # type: ignore[arg-type]
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    assert (counts.count_prepared, counts.count_rejects) == (2, 2)
    assert rows(connection, "select post_id, status, width, height from media order by all") == [
        ("test:1", "ok", 600, 300),
        ("test:2", "ok", 600, 300),
        ("test:3", "broken", None, None),
        ("test:4", "missing", None, None),
        ("test:5", "not_an_image", None, None),
        ("test:6", "not_fetched", None, None),
    ]
    assert len(list((tmp_path / "data").rglob("*.jpg"))) == 1
    assert rows(connection, "select raw, stage from rejects order by all") == [
        ("test:3", "media"),
        ("test:4", "media"),
    ]


def test_missing_picture_is_tried_again_and_rejected_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "late.png"
    store_posts(connection, [_with_picture("1", path)])  # type: ignore[list-item]
    first = prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    second = prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert (first.count_rejects, second.count_rejects) == (1, 0)
    Image.new("RGB", (9, 9)).save(path)
    third = prepare_media(connection, data_dir=tmp_path / "data", run_id="r3")
    assert third.count_prepared == 1
    assert rows(connection, "from rejects") == []
    assert scalar(connection, "select status from media") == "ok"


def test_moved_dump_finds_its_pictures(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store_posts(connection, [_with_picture("1", tmp_path / "old" / "a.png")])  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")], name="new.csv")  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert rows(connection, "select status, source_path from media") == [
        ("ok", str(tmp_path / "a.png"))
    ]


def test_full_disk_is_a_store_error(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    (tmp_path / "data").write_text("a file where the folder should be")
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")])  # type: ignore[list-item]
    with pytest.raises(StoreError, match="data_dir"):
        prepare_media(connection, data_dir=tmp_path / "data", run_id="r")


def test_many_pictures_go_through_in_batches(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (9, 9)).save(path)
    store_posts(connection, [_with_picture(str(i), path) for i in range(1_100)])  # type: ignore[misc]
    seen: list[int] = []
    counts = prepare_media(
        connection, data_dir=tmp_path / "data", run_id="r", on_prepared=seen.append
    )
    assert counts.count_prepared == sum(seen) == 1_100
    assert len(seen) == 3


@pytest.mark.parametrize("kind", ["absolute", "dots", "link", "linked folder"])
def test_picture_outside_the_folder_of_its_dump_is_not_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, kind: str
) -> None:
    dump, private = tmp_path / "dump", tmp_path / "private"
    for folder in (dump, private):
        folder.mkdir()
    Image.new("RGB", (9, 9)).save(private / "a.png")
    (dump / "link.png").symlink_to(private / "a.png")
    (dump / "linked").symlink_to(private)
    named = {
        "absolute": private / "a.png",
        "dots": dump / ".." / "private" / "a.png",
        "link": dump / "link.png",
        "linked folder": dump / "linked" / "a.png",
    }[kind]
    store_posts(connection, [_with_picture("1", named)], folder=dump)  # type: ignore[list-item]
    for run in ("r1", "r2"):
        prepare_media(connection, data_dir=tmp_path / "data", run_id=run)
    assert rows(connection, "select status, sha256, path from media") == [
        ("outside_folder", None, None)
    ]
    assert not (tmp_path / "data").exists()
    (reason,) = rows(connection, "select reason from rejects")[0]
    assert reason.startswith(f"picture outside_folder: {named}: leads out of the folder")
    assert scalar(connection, "select count(*) from rejects") == 1
    # Once the folder is named, the picture is found.
    counts = prepare_media(
        connection, data_dir=tmp_path / "data", run_id="r3", folders=[tmp_path / "x", private]
    )
    assert (counts.count_prepared, counts.count_rejects) == (1, 0)
    assert rows(connection, "from rejects") == []


def test_pictures_inside_the_folder_are_read_however_they_are_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    (dump / "below").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(dump)
    Image.new("RGB", (9, 9)).save(dump / "a.png")
    (dump / "link.png").symlink_to(dump / "a.png")
    named = [dump / "a.png", dump / "below" / ".." / "a.png", dump / "link.png"]
    posts = [_with_picture(str(i), path) for i, path in enumerate(named)]
    posts.append(_with_picture("alias", tmp_path / "alias" / "a.png"))
    store_posts(connection, posts, folder=tmp_path / "alias")  # type: ignore[arg-type]
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    assert (counts.count_prepared, counts.count_rejects) == (4, 0)


def test_picture_of_a_dump_that_moved_is_bound_to_the_new_folder(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    new.mkdir()
    store_posts(connection, [_with_picture("1", old / "a.png")], folder=old)  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    Image.new("RGB", (9, 9)).save(new / "a.png")
    store_posts(connection, [_with_picture("1", new / "a.png")], folder=new)  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert scalar(connection, "select status from media") == "ok"


def test_pipe_among_the_pictures_does_not_hold_up_a_run(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "f.jpg")
    store_posts(connection, [_with_picture("1", tmp_path / "f.jpg")], folder=tmp_path)  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    assert rows(connection, "select status from media") == [("missing",)]


def test_picture_that_was_prepared_before_is_not_decoded_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.linear_gradient("L").resize((600, 300)).save(tmp_path / "a.png", exif=exif)
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")])  # type: ignore[list-item]
    first = prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    (kept,) = (tmp_path / "data").rglob("*.jpg")
    made = (kept.stat().st_ino, kept.stat().st_mtime_ns)
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    store_posts(connection, [_with_picture("2", tmp_path / "copy.png")], name="b.csv")  # type: ignore[list-item]
    second = prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert (first.count_prepared, first.count_reused) == (1, 0)
    assert (second.count_prepared, second.count_reused) == (1, 1)
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == made
    facts = rows(connection, "select status, sha256, path, width, height, bytes from media")
    assert facts[0] == facts[1]
    assert facts[0][3:5] == (300, 600)


def test_picture_that_many_posts_name_is_decoded_once_in_a_batch(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that met it at the same time decoded it each."""
    decoded = []

    def decode(*values: Any) -> PreparedImage:
        decoded.append(threading.get_ident())
        time.sleep(0.05)  # the others come meanwhile
        return prepare_image(*values)

    monkeypatch.setattr("analytics.media.prepare_image", decode)
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for path in paths:
        Image.linear_gradient("L").resize((60, 40)).save(path)
    posts = [_with_picture(str(n), paths[n % 3]) for n in range(30)]
    store_posts(connection, posts)  # type: ignore[arg-type]
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r", n_threads=6)
    assert (counts.count_prepared, counts.count_reused, len(decoded)) == (30, 29, 1)


def test_run_that_died_before_its_commit_finds_its_pictures(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    Image.new("RGB", (90, 60)).save(tmp_path / "a.png")
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")])  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    before = rows(connection, "from media")
    connection.execute(
        "update media set status = 'pending', sha256 = null, path = null, width = null,"
        " height = null, bytes = null"
    )
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert (counts.count_prepared, counts.count_reused) == (1, 1)
    assert rows(connection, "from media") == before


def test_kept_picture_that_is_torn_is_made_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    Image.new("RGB", (90, 60)).save(tmp_path / "a.png")
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")])  # type: ignore[list-item]
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    (kept,) = (tmp_path / "data").rglob("*.jpg")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    connection.execute("update media set status = 'pending'")
    counts = prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert (counts.count_prepared, counts.count_reused) == (1, 0)
    assert kept.read_bytes() == whole


def test_pictures_are_prepared_anew_in_another_version(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    Image.new("RGB", (90, 60)).save(tmp_path / "a.png")
    store_posts(connection, [_with_picture("1", tmp_path / "a.png")])  # type: ignore[list-item]
    later = ImageSettings(version=2, max_side=30)
    for number, settings in enumerate((None, later, later, None)):
        counts = prepare_media(
            connection, data_dir=tmp_path / "data", run_id=str(number), settings=settings
        )
        # The third has nothing to do; the last finds what the first has kept.
        assert counts.count_prepared == (number != 2)
        assert counts.count_reused == (number == 3)
    first, second = sorted((tmp_path / "data").rglob("*.jpg"))
    assert first.relative_to(tmp_path / "data").parts[0] == "pictures"
    assert _measure(first) == (90, 60)
    assert _measure(second) == (30, 20)


def test_pool_of_threads_gives_what_one_gives(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    posts = []
    for number in range(40):
        path = tmp_path / f"{number}.jpg"
        Image.linear_gradient("L").rotate(9 * number).resize((400, 300)).save(path)
        posts.append(_with_picture(str(number), path))
    store_posts(connection, posts)  # type: ignore[arg-type]
    found = []
    for n_threads in (1, 4):
        data_dir = tmp_path / f"data-{n_threads}"
        connection.execute("update media set status = 'pending'")
        prepare_media(connection, data_dir=data_dir, run_id="r", n_threads=n_threads)
        files = {path.name: path.read_bytes() for path in data_dir.rglob("*.jpg")}
        found.append((rows(connection, "from media order by all"), files))
    assert found[0] == found[1]
    assert len(found[0][1]) == 40


def test_heic_is_read_once_its_extra_is_there(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pi_heif", reason="the extra heic is not installed")
    (tmp_path / "a.heic").write_bytes(HEIC.read_bytes())  # 600 x 300, to be turned
    store_posts(connection, [_with_picture("1", tmp_path / "a.heic")])  # type: ignore[list-item]
    with monkeypatch.context() as patched:
        patched.setattr("analytics.media.can_read_heif", lambda: False)
        prepare_media(connection, data_dir=tmp_path / "data", run_id="r1")
    assert rows(connection, "select status from media") == [("no_decoder",)]
    assert "pip install '.[heic]'" in str(scalar(connection, "select reason from rejects"))
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r2")
    assert rows(connection, "select status, width, height from media") == [("ok", 300, 600)]
    assert rows(connection, "from rejects") == []


def test_prepared_pictures_that_are_gone_are_made_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        Image.new("RGB", (40 + n, 30)).save(tmp_path / f"{n}.png")
    store_posts(
        connection,
        [_with_picture(str(n), tmp_path / f"{n}.png") for n in range(4)],  # type: ignore[misc]
    )
    data_dir = tmp_path / "data"
    prepare_media(connection, data_dir=data_dir, run_id="r1")
    kept = sorted(path for path in data_dir.rglob("*") if path.is_file())
    assert len(kept) == 4
    before = {path: path.read_bytes() for path in kept}
    monkeypatch.setattr("analytics.store.lost_pictures._MAX_LOOKED_FOR", 2)  # by a sample, too
    for lost in (kept[:1], kept):
        for path in lost:
            path.unlink()
        counts = prepare_media(connection, data_dir=data_dir, run_id="r2")
        assert counts.count_prepared == len(lost)
        assert {path: path.read_bytes() for path in kept} == before
    (tmp_path / "0.png").unlink()
    for path in kept:
        path.unlink()
    prepare_media(connection, data_dir=data_dir, run_id="r3")
    assert rows(connection, "select status, count(*) from media group by all order by 1") == [
        ("missing", 1),
        ("ok", 3),
    ]
