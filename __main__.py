"""``python -m shiliu`` is the ``shiliu`` command."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
