"""Arrays out of a pickle without running it: what the file names is replaced by stand-ins that know data and nothing else.

First the file's instructions are listed by `pickletools`; one that data needs not, or a memory slot beyond their number, ends the
reading. Then Python's unpickler follows them. Of the names in the file it gets those by which NumPy rebuilds arrays and scalars, as
stand-ins of this module; any other name ends the reading. Nothing is ever imported or called by it.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from typing import Any

import numpy as np

MAX_STEPS = 20_000_000  # instructions of one file
MAX_DEPTH = 32
_NAMES = {  # the few by which NumPy stores arrays: what the file calls them -> what they do
    **{(f"numpy.{core}.multiarray", name): name for core in ("core", "_core") for name in ("_reconstruct", "scalar")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): "_frombuffer" for core in ("core", "_core")},  # of protocol 5
    ("numpy", "ndarray"): "",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",  # how protocol 2 writes bytes
}
_INSTRUCTIONS = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE", "NONE", "NEWTRUE", "NEWFALSE", "PROTO",
    "FRAME", "MARK", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "STOP", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE",
    "GET", "BINGET", "LONG_BINGET", "POP", "POP_MARK", "APPEND", "APPENDS", "LIST", "TUPLE", "TUPLE1", "TUPLE2",
    "TUPLE3", "DICT", "SETITEM", "SETITEMS",
}  # fmt: skip


def loads(content: bytes) -> Any:
    """What a pickle holds: dicts, lists, tuples, texts, numbers, and arrays of numbers.

    Raises:
        ValueError: the file names anything else, is cut off, or nests deeper than `MAX_DEPTH`.
    """
    for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(content))):
        if count > MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS} instructions")
        if opcode.name not in _INSTRUCTIONS:
            raise ValueError(f"it holds the instruction {opcode.name}, which data needs not")
        if opcode.name.endswith("PUT") and isinstance(argument, int) and argument > count:
            raise ValueError("it refers to more objects than it holds")
    try:
        return _plain(_Unpickler(content).load(), 0, {})
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # the unpickler's errors have no common base; all they say is: broken
        raise ValueError(f"it is no pickle of data: {error}") from None


class _Unpickler(pickle.Unpickler):
    """Follows a file's instructions with stand-ins.

    Attributes:
        budget: bytes that all arrays together may still take: no more than the file, which holds the bytes of each.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self.budget = len(content)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise ValueError(f"it names {f'{module}.{name}'[:80]}, which is no array of NumPy and is not run")
        return _Name(self, _NAMES[module, name])


class _Name:
    """A global that the file names; it is never imported."""

    def __init__(self, reader: _Unpickler, does: str) -> None:
        self._reader, self._does = reader, does

    def __setstate__(self, state: Any) -> None:
        raise ValueError("it rebuilds something that is no array of numbers")

    def __call__(self, *arguments: Any) -> Any:
        match self._does, arguments:
            case "_reconstruct", _:
                return _Array(self._reader)
            case "dtype", (str(code), *_):
                return _Type(code)
            case "scalar", (_Type() as kind, raw) if len(_raw(raw)) == kind.dtype.itemsize:
                return np.frombuffer(_raw(raw), kind.dtype)[0].item()
            case "_frombuffer", (raw, kind, shape, "C" | "F" as order):
                array = _Array(self._reader)
                array.__setstate__((1, shape, kind, order == "F", raw))
                return array
            case "encode", (str(text), "latin1"):
                return text.encode("latin1")
        raise ValueError("it makes a call that no array needs")


class _Type:
    """A NumPy type on its way: its code, then the byte order."""

    def __init__(self, code: str) -> None:
        if not (len(code) <= 4 and code[:1] in "biuf" and code[1:].isdigit() and int(code[1:]) in (1, 2, 4, 8)):
            raise ValueError(f"an array of {code!r}, not of plain numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise ValueError("a type of numbers has no byte order")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """An array on its way: empty until its state comes."""

    def __init__(self, reader: _Unpickler) -> None:
        self._reader = reader
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("an array is rebuilt from something else than its values")
        _, shape, kind, fortran, raw = state
        self.value = _filled(kind, shape, bool(fortran), raw)
        self._reader.budget -= self.value.nbytes
        if self._reader.budget < 0:
            raise ValueError("its arrays take more bytes than the file has")


def _raw(value: Any) -> bytes:
    if isinstance(value, str):  # a Python 2 string
        return value.encode("latin1")
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise ValueError("the values of an array are no bytes")


def _filled(kind: Any, shape: Any, fortran: bool, raw: Any) -> np.ndarray:
    """An array of this type and shape out of its bytes, which must be as many as it needs."""
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or len(shape) > 8:
        raise ValueError("an array has no type or shape")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("the shape of an array is not valid")
    content = _raw(raw)
    if math.prod(shape) * kind.dtype.itemsize != len(content):
        raise ValueError(f"an array of shape {shape} holds {len(content)} bytes")
    flat = np.frombuffer(content, kind.dtype).astype(kind.dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if fortran else "C")


def _plain(value: Any, depth: int, done: dict[int, Any]) -> Any:
    """The finished value with its arrays in place; refuses what nests too deeply, or into itself.

    Args:
        done: finished values by the id of what they came from, so that what is shared is visited once.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"it nests deeper than {MAX_DEPTH}")
    if isinstance(value, _Array):
        if value.value is None:
            raise ValueError("an array has no values")
        return value.value
    if isinstance(value, dict | list | tuple) and id(value) not in done:
        if isinstance(value, dict):
            if not all(isinstance(key, str | int | float | bytes) for key in value):
                raise ValueError("its tables have no plain keys")
            done[id(value)] = {key: _plain(item, depth + 1, done) for key, item in value.items()}
        else:
            done[id(value)] = [_plain(item, depth + 1, done) for item in value]
    if id(value) in done:
        return done[id(value)]
    if value is None or isinstance(value, str | bytes | bytearray | int | float):
        return value
    raise ValueError("it holds something that is no data")
