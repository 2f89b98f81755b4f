"""The page of a sweep: whole, escaped, and in need of nothing else."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from helpers.made_sweep import LAYERS, features, kept, made_sweep

from kstar_gpu import Sweep, cli, kstar_distribution
from kstar_gpu.names import one_line
from kstar_gpu.networks.sweep import Key
from kstar_gpu.report.page import page_of, write_report

ALONE = ("meta", "input", "br")  # elements without an end


class Page(HTMLParser):
    """Checks that every tag is closed, and collects what the elements hold."""

    def __init__(self, text):
        super().__init__()
        self.open, self.held, self.tags, self.attributes = [], {}, [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.held.setdefault(self.open[-1], []).append(data)

    @property
    def content(self):
        return json.loads(self.held["script"][0])


def test_a_page_of_every_layer(tmp_path):
    sweep = made_sweep(4)
    sweep.errors[Key("net", "test", "a<b")] = "ValueError: x & y"
    write_report(sweep, tmp_path / "page.html", title="Layers <of> a net")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    (pair,) = page.content["pairs"]
    assert [layer["name"] for layer in pair["layers"]] == LAYERS
    result = sweep["net", "test", "head"]
    assert pair["classes"] == [*result.class_names]
    head = pair["layers"][-1]
    for code, mean in enumerate(result.mean):
        assert f"{head['mean'][code] / 1000:.3f}" == f"{mean:.3f}"
        assert head["pattern"][code] == result.pattern[code][0].upper()
    assert page.content["errors"] == ["net/test/a<b: ValueError: x & y"]
    assert page.held["title"] == page.held["h1"] == ["Layers <of> a net"]
    assert "Layers &lt;of&gt; a net" in text


def test_it_needs_nothing_else(tmp_path):
    write_report(made_sweep(3), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"src", "href", "style"} & {name for name, _ in page.attributes}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "@import" not in text
    assert "url(" not in text
    policy = next(value for _, value in page.attributes if value and "default-src" in value)
    for kind, own in (("script", page.held["script"][1]), ("style", page.held["style"][0])):
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


MARKUP = [
    *("<b>bold</b>", "a&amp;b", '" onload="x', "'quoted'", "$1$", "two\nlines", "\udcff\x00"),
    *("</script><img src=x onerror=alert(1)>", "<!--<script>", "{{data}}", "__proto__"),
]


def test_names_are_no_markup(tmp_path):
    """In text and in the data alike; each stands there as it is, on one line."""
    names = {name: result_of_names() for name in MARKUP}
    sweep = Sweep({Key(name, name, name): result for name, result in names.items()})
    sweep.errors[Key(MARKUP[2], "data", "layer")] = f"ValueError: {MARKUP}"
    plain = Page(page_of("title", {"pairs": []}))
    for title in MARKUP:
        write_report(sweep, tmp_path / "page.html", title=title)
        page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
        assert page.tags == plain.tags
        assert page.attributes == plain.attributes
        assert page.held["h1"] == [one_line(title)]
        assert not set("<>&\n\x00") & {*page.held["script"][0]}
        spelled = [*map(one_line, MARKUP)]
        assert [pair["model"] for pair in page.content["pairs"]] == spelled
        assert [pair["data"] for pair in page.content["pairs"]] == spelled
        assert all(pair["classes"] == spelled for pair in page.content["pairs"])
        assert [pair["layers"][0]["name"] for pair in page.content["pairs"]] == spelled


def result_of_names():
    return kstar_distribution(*features(len(MARKUP), 0.5)[:2], MARKUP)


def test_classes_of_one_name_have_an_entry_each(tmp_path):
    result = kstar_distribution(*features(3, 0.5)[:2], ["same", "same", "other"])
    write_report(Sweep({Key("net", "test", "layer"): result}), tmp_path / "page.html")
    (pair,) = Page((tmp_path / "page.html").read_text(encoding="utf-8")).content["pairs"]
    assert pair["classes"] == ["same", "same", "other"]
    assert [f"{mean / 1000:.3f}" for mean in pair["layers"][0]["mean"]] == [
        f"{mean:.3f}" for mean in result.mean
    ]


def test_an_empty_sweep_has_no_page(tmp_path):
    with pytest.raises(ValueError, match="sweep: one result at least is wanted, got none"):
        write_report(Sweep(), tmp_path / "page.html")
    assert not [*tmp_path.iterdir()]


def test_what_is_no_image_leaves_no_page(tmp_path):
    with pytest.raises(ValueError, match=r"images: one per sample is wanted \(60\), got 2"):
        write_report(made_sweep(3), tmp_path / "page.html", images=["a", "b"])
    assert not [*tmp_path.iterdir()]


def test_from_the_command_line(tmp_path, capsys):
    kept(made_sweep(3), tmp_path)
    assert cli.main(["report", str(tmp_path), "--out", str(tmp_path / "page.html")]) == 0
    assert str(tmp_path / "page.html") in capsys.readouterr().out
    Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert cli.main(["report", str(tmp_path / "nothing")]) == 2
    assert "a sweep's directory is wanted" in capsys.readouterr().err


def test_the_size_does_not_grow_out_of_hand():
    text = page_of("title", {"pairs": []})
    assert len(text) < 60_000
    assert not re.search(r"[^\x00-\x7f]", text)
