"""A real browser for the tests of pages, and an edition for those of runs."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import cx, write_dataset, write_suite


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--headless", "--disable-gpu"],
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser):
    """Open a page; gives it with the list of its faults, to which the browser adds."""
    contexts = []

    def open_page(path, width=1280, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, offline=True, color_scheme=scheme, **options
        )
        contexts.append(context)
        page, faults = context.new_page(), []
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url[:80]}"))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.goto(path.as_uri(), wait_until="load")
        return page, faults

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def edition(tmp_path_factory, request):
    """A dataset, the suite `GOOD` of the module and its pages in `reports`, made once.

    Gives what puts them back for a test, always in the same place: pages hang on where it is.
    """
    place, kept = tmp_path_factory.mktemp("edition"), tmp_path_factory.mktemp("kept")
    module = request.module
    folders = (
        write_dataset(place / "dataset"),
        write_suite(place / "suite", module.PARAMETERS, **module.GOOD),
    )
    run = cx("report", "2026Q1", "--dataset", folders[0], "--notebooks", folders[1],
             "--out", place / "reports")  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    shutil.copytree(place, kept, symlinks=True, dirs_exist_ok=True)

    def put_back():
        shutil.rmtree(place)
        return shutil.copytree(kept, place, symlinks=True)

    return put_back
