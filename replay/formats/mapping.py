"""A mapping says what each channel of a source is: `conf/mapping/<name>.yaml`, as plain dataclasses.

Every channel of a recording is either mapped to streams or named as unused with a reason. A mapping never says how to
convert: it says what the stored values are (unit, order, clock), and the readers keep them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .array_rule import ArrayRule
from .topic_rule import TopicRule


@dataclass(frozen=True)
class Mapping:
    """A checked mapping file.

    Attributes:
        name: its file stem, which verdicts show.
        title, format, robot, kind: what it is for.
        recognise: topics of which at least one must be there for the mapping to be chosen; of array formats, the
            channels that must all be there.
        topics: rule by topic.
        unused: reason by topic pattern; of array formats, by channel pattern with a slice (`action[13:22]`).
        arrays: the rule of array formats, which have no topics.
        pictures: camera by topic of compressed pictures; an import decodes them.
        words: what the file says in a person's words (notes, reasons), by the English sentence: each by language.
    """

    name: str
    title: str
    format: str
    robot: str
    kind: str
    recognise: tuple[str, ...]
    topics: dict[str, TopicRule]
    unused: dict[str, str] = field(default_factory=dict)
    arrays: ArrayRule | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)

    def note_words(self, lines: Iterable[str]) -> dict[str, dict[str, str]]:
        """The words of those sentences alone with which one of these lines ends: what a recording keeps of them."""
        lines = tuple(lines)
        return {en: words for en, words in self.words.items() if any(line.endswith(en) for line in lines)}

    def reason_unused(self, topic: str) -> str | None:
        """Why the mapping leaves a topic out of the streams, or None where it does not know the topic."""
        if topic in self.pictures:
            return f"pictures of the camera {self.pictures[topic]}, which an import takes along"
        return next((reason for pattern, reason in self.unused.items() if fnmatchcase(topic, pattern)), None)
