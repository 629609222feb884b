"""The simulation episode that a bag of ours (`write`) carries beside the maker's topics, given back to the bit."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import SimEpisode
from .. import episode_archive as packed
from ..reader_errors import refuse_layout
from .bag1 import definitions, mendable
from .write import ACTION, EPISODE, LAYOUT


def read_episode(path: Path) -> SimEpisode:
    """The episode as it was exported.

    Raises:
        EpisodeError: the bag carries none, or the actions on `/shiliu/action` are others than the episode's.
    """
    from rosbags.rosbag1 import Reader

    path = Path(path)
    texts: list[str] = []
    rows: list[np.ndarray] = []
    with mendable(path), Reader(path) as reader:
        own = [c for c in reader.connections if c.topic in (ACTION, EPISODE)]
        for connection, _, raw in reader.messages(own):
            message = definitions(connection.msgdef.data, connection.msgtype).deserialize_ros1(raw, connection.msgtype)
            if connection.topic == EPISODE:
                texts.append(message.data)
            else:
                rows.append(message.data)
    if len(texts) != 1:
        raise EpisodeError(
            f"carries {len(texts)} simulation episodes; `shiliu export to=rosbag` writes one.", file=path, field=EPISODE
        )
    about: Any = None
    with mendable(path):
        about = json.loads(texts[0])
        refuse_layout(about.get("layout"), LAYOUT, path, EPISODE)
        episode = packed.unpack(base64.b64decode(about["episode"], validate=True))
    # rows of several widths make no array
    sent = np.array(rows) if len({len(row) for row in rows}) == 1 else np.empty(0)
    if not np.array_equal(sent, episode.actions.astype(np.float64)):
        raise EpisodeError(
            f"{len(rows)} actions are sent that are not the {episode.n_steps} of the episode. The bag was cut or "
            "changed; export it again.",
            file=path,
            field=ACTION,
        )
    return episode
