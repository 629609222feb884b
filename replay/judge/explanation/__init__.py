"""Why a replay departs, why a task was not done, and what the report shows of it."""
