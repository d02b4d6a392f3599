"""A real browser, for the tests of pages."""

import pytest
from playwright.sync_api import sync_playwright


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
