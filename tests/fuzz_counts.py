"""How many made-up cases of each kind the slow suite tries: 100, or as many as SHILIU_FUZZ says.

    SHILIU_FUZZ=500 python -m pytest tests/operators/test_fuzz_scenarios.py tests/scenarios/test_fuzz_parts.py -m slow -n 2
"""

import os

MANY = int(os.environ.get("SHILIU_FUZZ", "100"))
