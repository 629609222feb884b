"""Messages of `shiliu check` and errors in Chinese: the catalogue has what a designer meets first, and a message is never lost."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from shiliu.cli import VERBS, main, parse
from shiliu.replay.report.message_catalogue import sentences, terms
from shiliu.replay.report.translation import language_of, translated
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import check_text
from shiliu.scenarios.soundness.task_soundness import QUESTIONS

ROOT = CONF.parent
ENTRIES = sentences("messages", "zh")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")  # three words in a row are a sentence that was left
GAP = re.compile(r"\{(?:\.\.\.)?\}")
QUOTED = re.compile(r"`[^`]*`|'[^']*'")
NOT_READ = ("raise TypeError", "raise KeyError", "print(", "re.compile(", "USAGE =")
ROOMS = {  # how many of their sentences have no entry, at most: what hostile files, callers from Python and other machines show
    "scenarios/soundness/soundness.py": 0,
    "scenarios/soundness/task_soundness.py": 0,
    "scenarios/soundness/part_soundness.py": 0,
    "scenarios/sheet/quantity.py": 0,
    "replay/operator/reach_check.py": 0,
    "replay/operator/chain_time.py": 0,
    "replay/operator/visibility.py": 0,
    "replay/live": 0,
    "replay/line": 9,
    "replay/delivery": 1,
    "replay/report": 1,
    "replay/commands": 29,
    "replay/formats": 141,
    "replay/importing": 47,
    "replay/labels": 7,
    "replay/drift": 20,
    "replay/robots": 12,
}
COMMAND = re.compile(r"(?:shiliu [a-z]+|(?:apt-get|pip) install|git lfs) [\w =.-]+")


def test_every_entry_says_all_that_is_filled_in():
    wrong = {}
    for entry in ENTRIES:
        filled = [f"x{number}" for number in range(len(GAP.findall(entry)))]
        parts = GAP.split(entry)
        english = "".join(part + gap for part, gap in zip(parts, [*filled, ""]))
        chinese = translated(english, "zh")
        lost = [one for one in filled if one not in chinese and "Take the dashes out" not in english]  # which quotes an example
        if chinese == english or ENGLISH.search(COMMAND.sub("", chinese)) or lost:
            wrong[entry] = chinese
    assert len(ENTRIES) > 900 and not wrong


def texts(path: Path) -> list[str]:
    """Sentences that a module writes, with `x1` for what is filled in; not: docstrings, pages of settings, faults of a caller."""

    def text(node: ast.expr) -> str:
        if isinstance(node, ast.JoinedStr):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "x1" for part in node.values)
        if isinstance(node, ast.BinOp):
            return text(node.left) + text(node.right)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "x1"

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            shown = ast.unparse(child)[:40] if isinstance(child, ast.Raise | ast.Call | ast.Assign) else ""
            if shown.startswith(NOT_READ) or (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                continue
            if isinstance(child, ast.JoinedStr | ast.BinOp | ast.Constant):
                yield text(child)
                for part in ast.walk(child):
                    yield from walk(part) if isinstance(part, ast.FormattedValue) else ()
            else:
                yield from walk(child)

    return [one for one in walk(ast.parse(path.read_text(encoding="utf-8"))) if ENGLISH.search(one)]


def without_entry(path: Path) -> list[str]:
    """Sentences of a module that stay English: neither is each known as a whole, nor does an entry hold its parts."""
    known = "\n".join([*ENTRIES, *sentences("notes", "zh"), *terms("messages", "zh")])
    known = GAP.sub("{}", known)
    return [
        one
        for one in dict.fromkeys(texts(path))
        if ENGLISH.search(COMMAND.sub("", QUOTED.sub("", translated(one, "zh"))))
        and any(ENGLISH.search(part) and part.strip(" .:;,()[]=") not in known for part in re.split("x1|(?<=[.;?]) ", one))
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_messages_have_entries(room):
    files = sorted((ROOT / room).glob("**/[a-z]*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    assert any(map(texts, files))
    left = [(file.name, one) for file in files for one in without_entry(file)]
    assert len(left) <= ROOMS[room], left


def test_every_question_of_the_task_has_an_entry():
    assert [one for one in QUESTIONS if translated(one, "zh") == one] == []


def test_file_line_and_key_stay_before_the_sentence():
    english = "my conf/a.yaml:12: scenario.parts.can.at.x: 0.5 has no unit. Write it with its unit, such as 870 mm."
    assert (
        translated(english, "zh") == "my conf/a.yaml:12: scenario.parts.can.at.x: 0.5 没有单位。请写上单位，例如 870 mm。"
    )
    several = (
        "The scenario can: 2 problems:\n  a.yaml:3: goal: the key 'en' is missing.\n  a.yaml:4: nothing knows this."
    )
    assert translated(several, "zh").splitlines() == [
        "场景 can：2 处问题：",
        "  a.yaml:3: goal: 缺少键 'en'。",
        "  a.yaml:4: nothing knows this.",  # what has no entry stays as it is, whole
    ]
    assert translated(english, "en") == english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("o: cannot be written: in /a, permission denied. Choose another path.", "o: 无法写入：/a 中没有权限。请换一个路径。"),
        ("my takes/a.bag: more than 4 GiB of values. Cut the bag.", "my takes/a.bag: 数值超过 4 GiB。请分割 bag。"),
        ("a#3 is left out: b/c: has no dtype.", "a#3 未采用：b/c: 没有 dtype。"),
        ("judged by shiliu 0.1.0 (3 takes), a version that is not stated (1 take)", "评判：shiliu 0.1.0（3 条）、版本不明（1 条）"),
        ("set: 1 episode, 1 frame", "set: 1 个片段，1 帧"),
        ("set: 11 episodes, 21 frames", "set: 11 个片段，21 帧"),
        ("m.yaml:7: a: 'arm' is none of the lists under names. Leave it out.", "m.yaml:7: a: 'arm' 不在 names 的列表之中。请去掉。"),
        ("unknown key 'x'. Known here: a1 to a9, b.", "没有键 'x'。可选：a1 至 a9、b。"),
        ("no mapping knows this LeRobot v3 set, which holds a and 2 more.", "没有适用于此 LeRobot v3 数据集的映射，其中有 a，另有 2 项。"),
        ("The bag holds /a (b/c, 3 messages), /b (d/e, 1 messages) and 2 more.",
         "bag 文件中有 /a（b/c，3 条消息）、/b（d/e，1 条消息），另有 2 项。"),
        ("robot2.yaml: 3 problems:", "robot2.yaml: 3 处问题："),
        ("  command line 'a=1': a: nothing knows this.", "  命令行 'a=1': a: nothing knows this."),
    ],
)  # fmt: skip
def test_what_the_system_says_lists_and_messages_within_messages_are_chinese(english, chinese):
    assert translated(english, "zh") == chinese


def test_what_is_quoted_is_never_translated():
    assert translated("unknown key 'left'. Did you mean right or none?", "zh") == "没有键 'left'。是不是 right 或 none？"


def test_language_of_a_command_line():
    assert language_of(["scenario=a", "lang=zh"]) == "zh"
    assert language_of(["lang=zh", "lang=en"]) == "en"
    assert language_of(["lang=xx"]) == "en" and language_of(["lang=cn"]) == "zh"
    assert language_of([]) == "en"


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_takes_a_language(verb):
    settings = yaml.safe_load((CONF / f"{verb}.yaml").read_text(encoding="utf-8")) or {}
    request = parse([verb, "lang=zh"])
    assert request.lang == "zh" and request.overrides == (["lang=zh"] if "lang" in settings else [])


@pytest.mark.parametrize("words", (["render", "scenario=nope"], ["new", "thing", "x"], ["list", "nope"], ["doctor", "a=1"], ["-x"]))
def test_an_error_of_any_command_is_in_chinese(words, capsys):
    assert main([*words, "lang=zh"]) == 2
    reported = capsys.readouterr().err
    assert re.search("[\u4e00-\u9fff]", reported) and not ENGLISH.search(reported.partition("可选")[0]), reported


def test_a_language_without_words_is_refused(capsys):
    assert main(["render", "lang=fr"]) == 2
    assert "en, zh" in capsys.readouterr().err


@pytest.fixture
def designer(tmp_path, monkeypatch, capsys):
    """A folder with a new scenario; runs `shiliu check` in it in Chinese, and gives exit code and output."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "scenario", "my_table"]) == 0

    def check(*changes: tuple[str, str], words: tuple[str, ...] = ()) -> tuple[int, str]:
        file = tmp_path / "conf" / "scenario" / "my_table.yaml"
        text = before = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text, encoding="utf-8")
        capsys.readouterr()
        code = main(["check", "scenario=my_table", "lang=zh", "draws=2", *words])
        file.write_text(before, encoding="utf-8")
        return code, "".join(capsys.readouterr())

    return check


# the ten slips that a designer is most likely to make, and a piece of what is reported of each
SLIPS = [
    ("unknown key", [("time_limit: 40 s", "time_limits: 40 s")], "没有键 'time_limits'"),
    ("no unit", [("height: 870 mm", "height: 870")], "870 没有单位"),
    ("wrong unit", [("height: 870 mm", "height: 870 N")], "'870 N' 是力，这里应是长度"),
    ("missing site", [("stands_on: table.top_front", "stands_on: table.topp")], "部件 'table' 没有位置点 'topp'"),
    ("no such part", [("part: objects/can_330", "part: objects/can_33")], "没有部件 'objects/can_33'"),
    ("no such skill", [("- home:", "- hom:")], "没有技能 'hom'"),
    ("tab", [("version: 1", "version:\t1\n\tx: 1")], "制表符"),
    ("out of reach", [("{x: 200 mm, y: 0 mm}, height", "{x: 900 mm, y: 0 mm}, height")], "mm，最远"),
    ("key with blanks", [("hold: 0.5 s", "old 0.5 s")], "没有键 'old 0.5 s'"),
    ("forgotten colon", [("hold: 0.5 s", "hold 0.5 s")], "'hold' 之后没有“: ”。请写成 `hold: 0.5 s`。"),
    ("goal at the start", [("more_than: 100", "more_than: 0"), ("released: can", "upright: {of: can, within: 6 deg}")], "起始就成立"),
    ("goal that excludes itself", [("{released: can}", "{tilted: {of: can, more_than: 20 deg}}")], "矛盾：没有同时满足两个界限的值"),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS, ids=[name for name, *_ in SLIPS])
def test_likely_slips_are_reported_in_chinese(designer, slip):
    _, changes, piece = slip
    code, text = designer(*changes)
    assert code in (1, 2)
    assert piece in text
    left = [line for line in text.splitlines() if ENGLISH.search(re.sub(r"`[^`]*`|'[^']*'", "", line))]
    assert left == []


@pytest.mark.parametrize(
    ("text", "line", "piece"),
    [
        ("a: 1\nb: {x: 1, y: 2\nc: 3\n", 3, "括号在第 2 行打开"),
        ("a: 1\nb: {x: 1, y: 2", 2, "应是 ',' 或 '}'，却是 文件末尾"),
        ("a: 1\nb: 'open\nc: 3\nd: 4\n", 2, "引号没有闭合"),
        ('a: 1\nb: {zh: "打开，再\n', 2, "引号没有闭合"),
        ("a:\n  x: 1\n\n- b\n", 4, "却是 列表项"),
        ("a: 1\nsome words\nc: 3\n", 2, "这一行没有“: ”"),
        ('a: 1\nb: "x", c: 3\n', 2, "却是 ','"),
        ("a: [1, 2}\n", 1, "应是 ',' 或 ']'，却是 '}'"),
        ("a:\n    b: 2\n  c: 1\n", 3, "缩进不同的键"),
        ("a: b: c\n", 1, "请检查缩进"),
        ("a: %x\n", 1, "请给文字加引号"),
    ],
)
def test_what_is_no_yaml_is_reported_in_chinese_with_the_line_to_mend(text, line, piece):
    with pytest.raises(ScenarioError) as broken:
        check_text(text.encode(), "f.yaml")
    reported = translated(str(broken.value), "zh")
    assert reported.startswith(f"f.yaml:{line}: YAML 语法错误：") and piece in reported
    assert not ENGLISH.search(reported)


def test_overlapping_draws_and_a_fall_are_reported_in_chinese(designer):
    code, text = designer(words=("scenario.parts.can.at.x=900 mm",))
    assert code == 1 and "can 从 table.top_front 掉落" in text
    assert not any(ENGLISH.search(line) for line in text.splitlines())
    assert designer()[0] == 0  # and nothing of this is wrong with the scenario as it is


def test_answers_stand_in_one_column(designer):
    from shiliu.replay.commands.wrapping import columns

    _, text = designer()
    lines = [line for line in text.splitlines() if line.startswith("ok ")]
    assert len({columns(line[: re.search(r"(?<=\S)  +(?=\S)", line[5:]).end() + 5]) for line in lines}) == 1


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("my_table v1: sound", "my_table v1：合理"),
        ("my_table v1: 3 of 17 questions fail", "my_table v1：17 项检查中有 3 项不通过"),
        ("oven v2 in a (surveyed 2026-01-02): 1 of 14 questions fail", "oven v2，工位 a（测量于 2026-01-02）：14 项检查中有 1 项不通过"),
    ],
)
def test_the_last_line_of_a_check_is_chinese_as_a_whole(english, chinese):
    assert translated(english, "zh") == chinese
