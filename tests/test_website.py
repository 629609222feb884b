"""The site's pages: links lead within the site, generated pages hold what there is, and what loads from elsewhere is found."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shiliu
import yaml
from browser import CHROMIUM, browsing
from conftest import made_once, script
from PIL import Image
from shiliu.cli import VERBS
from shiliu.scenarios.words import WORDS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def website():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        patch.delitem(sys.modules, "checks", raising=False)  # a folder of tests has the name of the script, too
        yield script("docs/website.py")


@pytest.fixture(scope="module")
def pictures(website, tmp_path_factory):
    """What `make site` draws of the scenarios: here a strip, three moving pictures of one colour each, and a still."""

    def draw(folder):
        (folder / "scenarios").mkdir(parents=True)
        moments = np.stack([np.full((30, 40, 3), 40 * i, np.uint8) for i in range(3)])
        for name in website.SIXTEEN:
            Image.fromarray(np.concatenate(moments)).save(folder / "scenarios" / f"{name}_strip.webp")
            Image.fromarray(moments[0]).save(folder / "scenarios" / f"{name}_overview.webp")
            script("docs/pictures.py").write_moving(folder / "scenarios" / f"{name}_loop.webp", moments)

    return made_once(tmp_path_factory, "site_pictures", draw)


@pytest.fixture(scope="module")
def written(website, pictures, tmp_path_factory):
    return made_once(tmp_path_factory, "site", lambda out: website.write(out, pictures)) / "pages"


def test_every_page_of_the_navigation_is_written_and_every_page_is_in_it(website, written):
    settings = tomllib.loads((written.parent / "zensical.toml").read_text(encoding="utf-8"))
    named = set(re.findall(r"'([\w/.-]+\.md)'", str(settings["project"]["nav"])))
    there = {file.relative_to(written).as_posix() for file in written.rglob("*.md")}
    assert named == there, sorted(named ^ there)


def test_links_stay_within_the_site(written):
    for page in written.rglob("*.md"):
        text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)\s#]+)", text):
            assert "://" in target or (page.parent / target).exists(), f"{page.relative_to(written)}: {target}"


def test_the_front_page_shows_the_sixteen_for_three_seconds_at_most(website, written):
    front = (written / "index.md").read_text(encoding="utf-8")
    assert len(set(website.SIXTEEN)) == 16 and all(f"scenarios/{name}.html" in front for name in website.SIXTEEN)
    for name in website.SIXTEEN:
        with Image.open(written / "scenarios" / f"{name}_loop.webp") as moving:
            shown = 0
            for i in range(moving.n_frames):
                moving.seek(i)
                moving.load()
                shown += moving.info["duration"]
            assert moving.n_frames == 3 and shown <= 3000, name
        page = (written / "scenarios" / f"{name}.md").read_text(encoding="utf-8")
        assert f"({name}_loop.webp)" in page.splitlines()[2] and f"scenarios/{name}_loop.webp" in front and f"({name}_strip.webp)" in page


def test_without_opengl_the_site_shows_the_stills(website, tmp_path, monkeypatch):
    monkeypatch.setattr(website.reference, "MADE", ())  # pages without pictures, which are written above
    website.write(tmp_path)
    assert "scenarios/microwave_overview.webp" in (tmp_path / "pages" / "index.md").read_text(encoding="utf-8")
    assert (tmp_path / "pages" / "scenarios" / "microwave_overview.webp").is_file()
    assert "![" not in (tmp_path / "pages" / "parts.md").read_text(encoding="utf-8")


def test_the_reference_holds_every_verb_setting_word_and_name(website):
    commands = website.reference.commands()
    for verb in VERBS:
        section = commands.split(f"## shiliu {verb}\n")[1].split("\n## ")[0]
        settings = yaml.safe_load((ROOT / "conf" / f"{verb}.yaml").read_text(encoding="utf-8")) or {}
        assert not [key for key in settings if key != "defaults" and f"| `{key}` |" not in section], verb
        assert "|  |\n" not in section + "\n", f"a setting of conf/{verb}.yaml has no comment"
    assert not [word for word in WORDS if f"| `{word}` |" not in website.reference.words()]
    assert not [name for name in shiliu.__all__ if f"## {name}\n" not in website.reference.python()]
    python = website.reference.python()
    for called in ("verdict.plot(code: str | None = None, lang: str = 'en')", "verdict.picture(", "recording.arrays(", "recording.frame("):
        assert f"```text\n{called}" in python, called


def test_the_keys_of_each_file_have_their_meaning_and_say_where_they_are_required(website):
    page = website.reference.keys()
    rows = {line.split("`")[1]: [cell.strip() for cell in line.split(" | ")] for line in page.splitlines() if line.startswith("| `")}
    assert "时限" in rows["time_limit"][3] and rows["parts.*.stands_on"][1] == "" and rows["cameras.*.size"][1] == "yes"
    mapping = page.split("## mapping\n")[1].split("\n## ")[0]
    top = [line for line in mapping.splitlines() if line.startswith("| `") and "." not in line.split("`")[1]]
    assert top and not [line for line in top if re.search(r"\|\s*\|\s*$", line)]
    assert "with `mcap`, `rosbag1`" in rows["topics"][1] and "`lerobot`" in rows["streams"][1] and "`mcap`" not in rows["streams"][1]
    assert "One of `streams` and `topics` is needed." in mapping and rows["kind"][1] == "yes"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<link rel="stylesheet" href="https://fonts.example.org/css">', 1),
        ("<script src=//cdn.example.org/x.js></script>", 1),
        ('<img src="https://example.org/a.png">', 1),
        ("<style>@import 'https://example.org/a.css'; a {background: url(http://example.org/b.png)}</style>", 2),
        ('<a href="https://example.org">a reader may follow this</a> <img src="here.png">', 0),
    ],
)
def test_what_loads_from_elsewhere_is_found(tmp_path, text, found):
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    assert len(script("docs/finished_site.py").loads(tmp_path)) == found


def test_what_is_missing_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#x"></a><img src="c.png"><a href="#y"></a><a href="mailto:x"></a>', encoding="utf-8"
    )
    (tmp_path / "c.png").write_bytes(b"")
    assert script("docs/finished_site.py").missing(tmp_path) == ["a.html leads to b.html#x"]


def small_site(folder: Path, bundle: str = "bundle.1.min.js") -> Path:
    """A site as the theme builds it: a page, its bundle, a worker that answers what it is sent, and an index of one entry."""
    scripts = folder / "assets" / "javascripts"
    (scripts / "workers").mkdir(parents=True)
    (scripts / "workers" / "search.2.min.js").write_text(
        "const cut = (text) => [...new Intl.Segmenter('zh').segment(text)]"
        ".map((one) => text.slice(one.index, one.index + one.segment.length));"
        'onmessage = (asked) => postMessage(cut(asked.data).join(" ") + " </script>");'
    )
    (scripts / "bundle.1.min.js").write_text(
        'const worker = new Worker("assets/javascripts/workers/search.2.min.js");'
        "worker.onmessage = (answer) => { document.title = answer.data + __index.items.length; };"
        'worker.postMessage("用VS code量卷尺，按键");'
    )
    (folder / "search.json").write_text('{"items": [{"title": "a"}]}')
    (folder / "index.html").write_text(
        f'<meta charset="utf-8"><script src="search.js"></script><script src="assets/javascripts/{bundle}"></script>'
    )
    return folder


def test_a_page_gets_what_it_needs_to_search_as_a_file_once(tmp_path):
    site, finished = small_site(tmp_path), script("docs/finished_site.py")
    for _ in range(2):
        finished.search_everywhere(site)
    page = (site / "index.html").read_text(encoding="utf-8")
    assert page.count("files.js") == 1 and page.index("files.js") < page.index("bundle.")
    index = (site / "search.js").read_text(encoding="utf-8").removeprefix("var __index = ").removesuffix(";\n")
    assert json.loads(index) == json.loads((site / "search.json").read_text(encoding="utf-8"))
    assert json.loads(index)["config"]["lang"] == ["zh", "en"]
    (worker,) = (site / "assets" / "javascripts" / "workers").iterdir()
    assert worker.read_text(encoding="utf-8").count("Intl.Segmenter = class") == 1


def test_a_page_in_chinese_says_so(tmp_path):
    site = small_site(tmp_path)
    for name in ("a", "a.zh"):
        (site / f"{name}.html").write_text('<html lang="en"><script src="assets/javascripts/bundle.1.min.js"></script>')
    script("docs/finished_site.py").search_everywhere(site)
    assert [('lang="zh-CN"' in (site / f"{name}.html").read_text()) for name in ("a", "a.zh")] == [False, True]


def test_a_theme_whose_worker_cuts_no_chinese_is_refused(tmp_path):
    site = small_site(tmp_path)
    (site / "assets" / "javascripts" / "workers" / "search.2.min.js").write_text(
        "onmessage = (asked) => postMessage(asked.data);"
    )
    with pytest.raises(SystemExit, match="needs another way"):
        script("docs/finished_site.py").search_everywhere(site)


def test_a_theme_without_the_known_bundle_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="needs another way"):
        script("docs/finished_site.py").search_everywhere(small_site(tmp_path, bundle="app.js"))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_a_page_opened_as_a_file_has_its_worker_and_its_index(tmp_path):
    site = small_site(tmp_path / "site")
    script("docs/finished_site.py").search_everywhere(site)
    with browsing((site / "index.html").as_uri(), tmp_path / "profile") as page:
        page.until('document.title === "用 VS code 量卷 卷尺 按键 </script>1"')


class Drawer:
    """In the place of OpenGL: notes what is drawn, and ends the run as a kill does while it writes one of them."""

    def __init__(self, pictures, patch):
        self.drawn: list[str] = []
        self.ends_in: str | None = None
        cameras = {f"observation.images.{view}": None for view in pictures.VIEWS}
        scene = SimpleNamespace(schema=SimpleNamespace(cameras=cameras), config=SimpleNamespace(variation=True))
        patch.setattr(pictures.shiliu, "load_scenario", lambda name, variant=None: scene)
        patch.setattr(pictures, "Painter", lambda scene, shadows: nullcontext())
        for function in ("view_of", "draws", "demonstration", "loop"):
            patch.setattr(pictures, function, lambda scene, painter, what: what)
        patch.setattr(pictures, "write", self.write)
        patch.setattr(pictures, "write_moving", self.write)

    def write(self, file, what):
        file.write_text("half of a pic")
        if what == self.ends_in:
            raise KeyboardInterrupt
        file.write_text(f"picture of {what}")
        self.drawn.append(what)


def test_a_run_of_the_pictures_that_was_ended_goes_on_where_it_was(website, tmp_path, monkeypatch):
    pictures = script("docs/scene_pictures.py")
    drawer = Drawer(pictures, monkeypatch)
    drawer.ends_in = "strip"
    with pytest.raises(KeyboardInterrupt):
        pictures.made("microwave", to=tmp_path)
    assert drawer.drawn == ["overview", "head", "closeup"]
    assert not (tmp_path / "microwave_strip.webp").exists(), "half of a picture has not the name of a whole one"

    drawer.ends_in = None
    pictures.made("microwave", to=tmp_path)
    assert drawer.drawn == ["overview", "head", "closeup", "strip", "loop", "draws"]
    assert (tmp_path / "microwave_strip.webp").read_text() == "picture of strip"

    pictures.made("microwave", to=tmp_path)
    assert len(drawer.drawn) == 6, "what is whole is not drawn again"

    monkeypatch.setattr(pictures, "_drawn_by", lambda: "another part")
    drawer.ends_in = "head"
    with pytest.raises(KeyboardInterrupt):
        pictures.made("microwave", to=tmp_path)
    left = {file.stem for file in tmp_path.glob("*.webp")}
    assert left == {"microwave_overview"}, "no picture of the scene as it was stays beside new ones"
