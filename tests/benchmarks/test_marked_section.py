"""The section of a page that a script writes."""

import pytest
from marked_section import END, begin, rewritten

PAGE = f"before\n{begin('script.py')}\nold\n{END}\nafter\n"


def test_what_stands_between_the_marks_is_replaced() -> None:
    page = rewritten(PAGE, "script.py", "new")
    assert page == PAGE.replace("old", "new")
    assert rewritten(page, "script.py", "old") == PAGE


@pytest.mark.parametrize("page", ["no marks", PAGE + PAGE, PAGE.replace("script", "another")])
def test_a_page_without_its_marks(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        rewritten(page, "script.py", "text")
