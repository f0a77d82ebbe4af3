"""The pool of checking processes: opened once by the worker, handed to every check and every paper that is made."""

from signing import Pool as CheckingPool

__all__ = ["CheckingPool"]
