"""What a notebook finds behind `import cxlib as cx`."""

import subprocess
import sys

import pytest

import cxlib as cx
from tests.test_project import SUBJECTS


@pytest.mark.parametrize("room", ["measure", "page", *sorted(SUBJECTS)])
def test_all_that_a_folder_offers_is_there(room):
    folder = getattr(cx, room)
    assert dir(folder)
    for name in dir(folder):
        assert getattr(folder, name) is not None, name
    with pytest.raises(AttributeError, match="nothing_such"):
        folder.nothing_such  # noqa: B018


def test_measuring_has_the_shortest_name(data):
    panel = cx.measure(data, ["nps"])
    assert panel.frame.kpi.tolist() == ["nps"]
    assert cx.measure.Panel is type(panel)


def test_the_front_door_opens_at_once():
    code = "import sys, cxlib; print(*({'pandas', 'ibis', 'matplotlib'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
    assert {"open_dataset", "measure", "account_tiers", "Section"} <= set(dir(cx))
