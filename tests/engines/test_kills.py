"""A run that is killed while it reads a warehouse leaves no row behind the next one's beginning."""

import os
import random
import signal
import time

from tests.engines.test_server_faults import PUBLISHED, run, start

# 50 by CX_KILLS=50, which takes ten minutes.
KILLS = int(os.environ.get("CX_KILLS", "4"))


def folders(place):
    """What lies in a temporary folder, but for the locks of rooms."""
    return [each for each in place.glob("cx-rows-*/*") if each.is_dir()]


def test_killed_runs_leave_no_rows_and_whole_pages(server, dataset, password, tmp_path):
    lots, place = random.Random(1), tmp_path / "temporary"
    place.mkdir()
    folder = dataset(server.settings())
    out = tmp_path / PUBLISHED
    began = time.monotonic()
    assert run(folder, tmp_path, TMPDIR=str(place)).returncode == 0
    whole = time.monotonic() - began
    page = out / "2026Q3" / "data_readiness.html"
    for number in range(KILLS):
        with (folder / "dataset.toml").open("a") as toml:
            toml.write(f"# {number}\n")  # so that there is something to do
        process = start(folder, tmp_path, TMPDIR=str(place))
        time.sleep(lots.uniform(0.2, whole))
        process.send_signal(lots.choice([signal.SIGKILL, signal.SIGHUP]))
        process.communicate(timeout=60)
        text = page.read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert text.rstrip().endswith("</html>")
        # A run has two rooms; those of the killed ones before it are gone.
        assert len(folders(place)) <= 4
    last = run(folder, tmp_path, TMPDIR=str(place))
    assert last.returncode == 0, (last.stderr, server.process.poll())
    assert folders(place) == []
    assert not list((out / ".cx").glob("work-*"))
