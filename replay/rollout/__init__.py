"""Commands played forward, and what is kept of it; an episode stepped again and filmed."""
