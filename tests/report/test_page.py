"""The page of a sweep: whole, escaped, and in need of nothing else."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import matplotlib
import pytest
from PIL import Image

matplotlib.use("Agg")

from helpers.made_sweep import LAYERS, features, kept, made_sweep

from kstar_gpu import Sweep, cli, kstar_distribution
from kstar_gpu.names import one_line
from kstar_gpu.networks.sweep import Key
from kstar_gpu.report.page import write_report


class Page(HTMLParser):
    """Checks that every tag is closed, and collects text and images."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.images, self.alternatives = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag in ("meta", "img"):
            self.images += [value for name, value in attributes if name == "src"]
            self.alternatives += [value for name, value in attributes if name == "alt"]
            assert {name for name, _ in attributes} <= {"src", "alt", "charset"}
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)


def test_a_page_of_pictures_and_tables(tmp_path):
    sweep = made_sweep(4)
    sweep.errors[Key("net", "test", "a<b")] = "ValueError: x & y"
    write_report(sweep, tmp_path / "page.html", title="Layers <of> a net")
    text = (tmp_path / "page.html").read_text()
    page = Page(text)
    assert page.cells[: len(LAYERS) + 1] == ["class", *LAYERS]
    result = sweep["net", "test", "head"]
    for code, name in enumerate(result.class_names):
        row = page.cells[page.cells.index(name) :]
        mark = result.pattern[code][0].upper()
        assert row[len(LAYERS)] == f"{result.mean[code]:.3f} {mark}"
    assert len(page.images) == 2
    assert all(image.startswith("data:image/png;base64,") for image in page.images)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "Layers &lt;of&gt; a net" in text
    assert "net/test/a&lt;b: ValueError: x &amp; y" in text


MARKUP = ["<b>bold</b>", "a&amp;b", '" onload="x', "'quoted'", "$1$", "two\nlines", "\udcff\x00"]


def test_names_are_no_markup(tmp_path):
    """In text and in attributes alike; each stands there as it is, on one line."""
    result = kstar_distribution(*features(len(MARKUP), 0.5)[:2], MARKUP)
    sweep = Sweep({Key(name, name, name): result for name in MARKUP})
    sweep.errors[Key(MARKUP[2], "data", "layer")] = f"ValueError: {MARKUP}"
    write_report(sweep, tmp_path / "page.html", title=MARKUP[0])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    spelled = [*map(one_line, MARKUP)]
    assert [cell for cell in page.cells if cell in spelled][: len(MARKUP) + 1] == [
        spelled[0],
        *spelled,
    ]
    assert page.alternatives[::2] == [f"lines of {name}, {name}" for name in spelled]
    assert "\n" not in text.split("</style>")[1].rstrip("\n")
    assert "&lt;b&gt;bold" in text
    for markup in ("<b>bold", 'onload="', "\x00"):
        assert markup not in text


def test_classes_of_one_name_have_a_row_each(tmp_path):
    result = kstar_distribution(*features(3, 0.5)[:2], ["same", "same", "other"])
    write_report(Sweep({Key("net", "test", "layer"): result}), tmp_path / "page.html")
    cells = Page((tmp_path / "page.html").read_text()).cells
    assert cells[2::2] == ["same", "same", "other"]
    assert [cell[:5] for cell in cells[3::2]] == [f"{mean:.3f}" for mean in result.mean]


def test_an_empty_sweep_has_no_page(tmp_path):
    with pytest.raises(ValueError, match="sweep: one result at least is wanted, got none"):
        write_report(Sweep(), tmp_path / "page.html")


def test_from_the_command_line(tmp_path, capsys):
    kept(made_sweep(3), tmp_path)
    assert cli.main(["report", str(tmp_path), "--out", str(tmp_path / "page.html")]) == 0
    assert str(tmp_path / "page.html") in capsys.readouterr().out
    Page((tmp_path / "page.html").read_text())
    assert cli.main(["report", str(tmp_path / "nothing")]) == 2
    assert "a sweep's directory is wanted" in capsys.readouterr().err


NAMES = ["chromium", "chromium-browser", "google-chrome"]
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
# What a reader would see, said by the browser itself.
SEEN = """<script>
const shown = [...document.images].filter(i => i.complete && i.naturalWidth > 300).length;
const wide = document.documentElement.scrollWidth > window.innerWidth;
document.title = `${shown} pictures, ${document.querySelectorAll("td").length} cells, wide ${wide}`;
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_in_a_browser(tmp_path):
    write_report(made_sweep(4), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text().replace("</body>", SEEN)
    (tmp_path / "watched.html").write_text(page)
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,1400"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND"]
    picture = tmp_path / "page.png"
    for more in (["--dump-dom"], [f"--screenshot={picture}"]):
        address = (tmp_path / "watched.html").as_uri()
        line = [*command, *more, address]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
        if "--dump-dom" in more:
            cells = 4 * (1 + len(LAYERS))
            assert f"<title>2 pictures, {cells} cells, wide false</title>" in done.stdout
    with Image.open(picture) as seen:
        assert seen.size[0] == 1200
        assert len(seen.convert("RGB").getcolors(1 << 24)) > 500
