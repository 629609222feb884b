"""What was built of the site is finished: a .md twin of each page, llms.txt, search for Chinese and in pages opened as files. What loads
from elsewhere is refused.

python docs/finished_site.py build/site build/site/site
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path


def finish(out: Path, site: Path) -> None:
    """Put the twins and llms.txt beside what was built, and refuse a site that is not whole.

    Raises:
        SystemExit: a page loads something from elsewhere, or leads to a file that is not there.
    """
    lines = [
        "# shiliu 十六",
        "",
        "> Humanoid training scenarios in MuJoCo, and a physical judge of recorded demonstrations.",
        "",
    ]
    for file in sorted((out / "pages").rglob("*.md")):
        name = file.relative_to(out / "pages")
        shutil.copyfile(file, site / name)
        title = re.search(r"(?m)^# +(.+)$", file.read_text(encoding="utf-8"))
        lines.append(f"- [{title[1] if title else name}]({name.as_posix()})")
    (site / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    search_everywhere(site)
    wrong = [*loads(site), *missing(site)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    files = [file for file in site.rglob("*") if file.is_file()]
    print(
        f"{len([f for f in files if f.suffix == '.html'])} pages, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB: {site}/index.html"
    )


PAIRS = r"""Intl.Segmenter = class {
  segment(text) {
    return Array.from(text.matchAll(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}._-])+/gu)).flatMap(({ 0: run, index }) => {
      const whole = run.length < 3 || !/\p{Script=Han}/u.test(run);
      const starts = whole ? [0] : Array.from(run.slice(1), (_, i) => i);
      return starts.map((i) => ({ segment: whole ? run : run.slice(i, i + 2), index: index + i, isWordLike: true }));
    });
  }
};
"""


def search_everywhere(site: Path) -> None:
    """Let search find Chinese words, and work in pages that are opened as files.

    Chinese is indexed by pairs of characters: how a dictionary cuts a word depends on the characters beside it, so it would be missed.
    Browsers let a page that is opened as a file load neither the index nor a worker, but scripts, so both become one.

    Raises:
        SystemExit: no page loads the theme's bundle, or its worker cuts no Chinese: the theme has changed.
    """
    index = json.loads((site / "search.json").read_text(encoding="utf-8"))
    index["config"] = {**index.get("config", {}), "lang": ["zh", "en"]}
    text = json.dumps(index, ensure_ascii=False)
    (site / "search.json").write_text(text, encoding="utf-8")
    (site / "search.js").write_text(f"var __index = {text};\n", encoding="utf-8")
    (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.js")
    code = worker.read_text(encoding="utf-8").removeprefix(PAIRS)
    if "Intl.Segmenter" not in code:
        raise SystemExit("The worker of search has no Intl.Segmenter: finding Chinese words needs another way.")
    worker.write_text(PAIRS + code, encoding="utf-8")
    (site / "assets" / "javascripts" / "files.js").write_text(
        f"""if (location.protocol === "file:") {{
  const code = {json.dumps(PAIRS + code)}, FromServer = Worker;
  const address = () => URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }}));
  window.Worker = class {{ constructor() {{ return new FromServer(address()); }} }};
}}
""",
        encoding="utf-8",
    )
    changed = 0
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if page.name.endswith(".zh.html"):
            text = text.replace('<html lang="en"', '<html lang="zh-CN"', 1)
        if "javascripts/files.js" not in text:  # a page that did not change is not built again
            text = re.sub(
                r'<script src="([^"]*assets/javascripts/)bundle', r'<script src="\1files.js"></script>\g<0>', text
            )
        page.write_text(text, encoding="utf-8")
        changed += "javascripts/files.js" in text
    if not changed:
        raise SystemExit("No page loads assets/javascripts/bundle: search in pages opened as files needs another way.")


def loads(site: Path) -> list[str]:
    """What pages and their styles load from another host; a link that a reader may follow is none."""
    found = []
    for file in sorted(site.rglob("*")):
        if file.suffix not in (".html", ".css"):
            continue
        text = file.read_text(encoding="utf-8")
        tags = re.findall(
            r"<(?:script|img|iframe|source|video|link)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)", text
        )
        tags = [one for one in tags if not re.search(rf"<link[^>]*rel=\"?canonical[^>]*{re.escape(one)}", text)]
        styles = re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')\s]+)", text)
        found += [f"{file.relative_to(site)} loads {one}" for one in (*tags, *styles)]
    return found


def missing(site: Path) -> list[str]:
    """Files that pages link to, or show, and that are not there."""
    found = []
    for file in sorted(site.rglob("*.html")):
        for target in re.findall(r"\b(?:src|href)=\"?([^\"\s>]+)", file.read_text(encoding="utf-8")):
            name = target.partition("#")[0].partition("?")[0]
            within = name and not re.match(r"[a-z]+:|//|/", name) and file.name != "404.html"
            if within and not (file.parent / name).exists():
                found.append(f"{file.relative_to(site)} leads to {target}")
    return found


if __name__ == "__main__":
    finish(*map(Path, sys.argv[1:3]))
