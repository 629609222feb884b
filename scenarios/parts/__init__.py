"""What a scene is built from: a part's MJCF, parameters, words, grips and titles, and where its sites lie."""
