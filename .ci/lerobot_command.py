"""One of lerobot's commands by its module and its own arguments: `lerobot_command.py lerobot_eval --policy.path=...`.

The CPU build of torchvision has no operators, and lerobot imports it: what registers them is left out first.
"""

from __future__ import annotations

import sys
import types
from importlib import import_module

if __name__ == "__main__":
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    command = sys.argv.pop(1)
    import_module(f"lerobot.scripts.{command}").main()
