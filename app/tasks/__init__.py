"""The internal process: who must do what by when."""
