"""The one loop that steps copies of a scene, and what is kept of it; an episode made, stepped again and filmed."""
