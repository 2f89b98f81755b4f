"""Pages opened in a headless Chromium."""

import pytest
from helpers.browser import Browser

from kstar_gpu.report.page import write_report


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    window = Browser(tmp_path_factory.mktemp("profile"))
    yield window
    window.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a sweep; in the end nothing may have gone wrong in it."""

    def opened(sweep, width=1280, scheme="light", **options):
        write_report(sweep, tmp_path / "page.html", **options)
        browser.resize(width, 900, scheme)
        browser.open(tmp_path / "page.html")
        return browser

    yield opened
    assert browser.logged() == []
