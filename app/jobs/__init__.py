"""The door for what happens by itself: after a commit, or as time passes. The only process that calls out."""
