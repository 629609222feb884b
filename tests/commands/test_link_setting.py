"""A link that the command names wrongly is a wrong setting, no unreadable recording."""

from __future__ import annotations

import pytest
from command_line import run


@pytest.mark.parametrize("verb", ["replay", "watch"])
def test_a_wrong_link_is_named_before_anything_is_read_or_made(verb, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "takes").mkdir()
    (tmp_path / "conf" / "link").mkdir(parents=True)
    (tmp_path / "conf" / "link" / "odd.yaml").write_text("hello\n")
    read = "in=takes" if verb == "watch" else "data=takes"
    code, out, err = run(capsys, verb, read, "out=o", "link.delay=-1", "link.loss=3")
    assert code == 2 and "link.delay: -1" in err and "link.loss: 3" in err and "unreadable" not in out
    code, _, err = run(capsys, verb, read, "out=o", "link=odd")
    assert code == 2 and "conf/link/odd.yaml: link: is no mapping" in err and not (tmp_path / "o").exists()


def test_a_jitter_alone_belongs_to_the_link_of_each_recording(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "replay", "data=nothing", "out=o", "link.jitter=0.005")
    assert code == 2 and "link" not in err and "no such file or folder" in err
