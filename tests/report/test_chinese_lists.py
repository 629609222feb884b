"""What `shiliu list` prints in Chinese has no English sentence left: parts, formats, robots, cells, scenarios."""

import re
from dataclasses import replace

from conftest import script
from shiliu.cli import main, parse
from shiliu.replay.commands import list as command
from shiliu.replay.commands import list_parts, list_skills
from shiliu.replay.commands.list_phrases import phrase
from shiliu.replay.formats.records import readers, writers
from shiliu.replay.operator.skills import catalogue
from shiliu.replay.report.message_catalogue import terms
from shiliu.scenarios.parts.part_catalogue import GRADES, inventory, one_part

CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")  # three words in a row
PARTS, FORMATS, PHRASES = (terms("meanings", "zh", table) for table in ("parts", "formats", "phrases"))


def missing(names, texts):
    """What has no text, and the texts that are of nothing."""
    return [name for name in names if not CHINESE.search(texts.get(name, ""))], sorted({*texts} - {*names})


def test_every_part_has_a_chinese_sentence():
    assert missing([entry.name for entry in inventory()], PARTS) == ([], [])
    assert missing(["objects/bowl_150", "objects/new"], {"objects/bowl_150": "瓷碗。", "objects/old": "碗。"}) == (
        ["objects/new"],
        ["objects/old"],
    )


def test_a_sentence_of_a_part_is_short_and_ends():
    assert [name for name, text in PARTS.items() if not (7 <= len(text) <= 46 and text.endswith("。")) or SENTENCE.search(text)] == []
    assert sum(len(f"  {name}: {text}\n".encode()) for name, text in PARTS.items()) < 20_000


def test_every_format_has_a_chinese_text():
    assert missing(readers(), FORMATS) == ([], [])
    for name, reader in readers().items():
        assert set(re.findall(r"\*\.\w+", reader.what)) == set(re.findall(r"\*\.\w+", FORMATS[name])), name


KINDS = ("formats", "robots", "devices", "cells", "scenarios", "checks", "words", "skills", "mappings", "parts")
NAMES = ("name", "takes", "hands", "environment", "variants", "title", "scenario", "centre", "size")  # a title may be in both languages
LEFT = re.compile(r"\b(?:the|of|is|a|too|with|for|joints?|done|surveyed|measured|fixed|free|pieces|through)\b")


def test_a_list_in_chinese_leaves_no_english_sentence():
    request = parse(["list", "lang=zh"])
    left = {}
    for kind in KINDS:
        rows = [command._titled(kind, row, "zh") for row in getattr(command, f"_{kind}")(request)]
        assert rows
        texts = {f"{kind} {row['name']} {key}": str(value) for row in rows for key, value in row.items() if key not in NAMES}
        left |= {where: text for where, text in texts.items() if LEFT.search(text)}
    assert left == {}
    assert any(LEFT.search(row["reads"]) for row in command._formats(request))  # in English it is


def test_a_part_in_chinese_says_what_it_is_how_it_stands_and_what_the_grades_mean(capsys):
    assert main(["list", "parts", "microwave", "grains", "lang=zh"]) == 0
    out = capsys.readouterr().out
    assert PARTS["fixtures/microwave"] in out.replace("\n", "") and "A household microwave" not in out
    assert "3 个散件" in out and "[S] 见于资料；[E] 工程估计" in out and list_parts.legend() not in out
    assert main(["list", "parts", "lang=zh"]) == 0
    brief = capsys.readouterr().out
    assert "可移动，6 个关节" in brief and "6 joints" not in brief
    assert main(["list", "parts", "microwave"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "A household microwave" in out and not CHINESE.search(out.replace("微波炉", ""))
    assert all(what in out for what in GRADES.values())


def test_a_part_of_ones_own_keeps_its_sentence_though_it_is_called_like_one_of_the_library(tmp_path):
    entry = one_part("objects/bowl_150")
    assert list_parts.meant(entry, "zh") == PARTS["objects/bowl_150"] and list_parts.meant(entry, "en") is None
    own = replace(entry, part=replace(entry.part, file=tmp_path / "bowl_150.xml"))
    assert list_parts.meant(own, "zh") is None


def test_the_page_of_parts_has_both_sentences():
    page = "\n".join(script("docs/parts.py").section(one_part("fixtures/microwave")))
    assert PARTS["fixtures/microwave"] in page and "A household microwave" in page


def test_phrases_are_filled_in_and_what_is_none_stays():
    assert phrase("done (20 seeds): 19 of 20, 18 FEASIBLE", "zh") == "完成（20 个种子）：20 次中成功 19 次，FEASIBLE 18 次"
    assert phrase("free, 1 joint", "zh") == "可移动，1 个关节"
    assert phrase("a name of ours", "zh") == "a name of ours" and phrase("7 joints", "en") == "7 joints"
    for english, chinese in PHRASES.items():
        assert english.count("{}") == len(set(re.findall(r"\{\d\}", chinese))), english


def test_a_new_writer_is_a_phrase_that_is_known():
    assert writers() and all(CHINESE.search(phrase(f"written too: to={name}", "zh")) for name in writers())


def test_skills_in_full_leave_no_english_sentence_in_chinese():
    for row in list_skills.rows():
        (found,) = [one for one in catalogue() if one["name"] == row["name"]]
        request = parse(["list", "skills", row["name"], "lang=zh"])
        shown = [line for line in list_skills.in_full(list_skills.in_language(found, request.lang), request.lang) if SENTENCE.search(line)]
        assert shown == [], row["name"]
    assert SENTENCE.search(catalogue()[0]["doc"]), "which the English one has"
