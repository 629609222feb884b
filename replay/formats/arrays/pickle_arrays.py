"""Arrays out of a pickle without running it: a small machine that knows data and nothing else.

Python's own unpickler calls whatever the file names. Here the file's instructions are listed by `pickletools` and
followed by hand: numbers, texts, bytes, lists, tuples, dicts, and the two calls by which NumPy rebuilds an array and a
scalar. Any other name in the file ends the reading; nothing is ever imported or called by it.
"""

from __future__ import annotations

import io
import math
import pickletools
from typing import Any

import numpy as np

MAX_STEPS = 20_000_000  # instructions of one file
MAX_DEPTH = 32
_MARK = object()
_RECONSTRUCT = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
_SCALAR = {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}
_FROM_BUFFER = {("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer")}  # of protocol 5
_KNOWN = _RECONSTRUCT | _SCALAR | _FROM_BUFFER | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
_VALUES = {  # instructions that push their own argument
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8",
}  # fmt: skip
_EMPTY: dict[str, Any] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}


class _Name(tuple):
    """A global that the file names, as (module, name); never imported."""


class _Type:
    """A NumPy type on its way: its code, then the byte order."""

    def __init__(self, code: str) -> None:
        if not (len(code) <= 4 and code[:1] in "biuf" and code[1:].isdigit() and int(code[1:]) in (1, 2, 4, 8)):
            raise ValueError(f"an array of {code!r}, not of plain numbers")
        self.dtype = np.dtype(code)


class _Array:
    """An array on its way: empty until its state comes."""

    def __init__(self) -> None:
        self.value: np.ndarray | None = None


def loads(content: bytes) -> Any:
    """What a pickle holds: dicts, lists, tuples, texts, numbers, and arrays of numbers.

    Raises:
        ValueError: the file names anything else, is cut off, or nests deeper than `MAX_DEPTH`.
    """
    machine = _Machine(len(content))
    for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(content))):
        if count > MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS} instructions")
        if machine.step(opcode.name, argument):
            break
    else:
        raise ValueError("it has no end")
    return _plain(machine.pop(), 0, {})


class _Machine:
    """The stack and the memory that a pickle's instructions work on.

    Args:
        budget: bytes that all arrays together may take: no more than the file, which holds the bytes of each.
    """

    def __init__(self, budget: int) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}
        self.budget = budget

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise ValueError("it takes a value where there is none")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise ValueError(f"it fills something that is no {kind.__name__}")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i] is _MARK:
                taken = self.stack[i + 1 :]
                del self.stack[i:]
                return taken
        raise ValueError("it closes what was not opened")

    def step(self, name: str, argument: Any) -> bool:
        """Follow one instruction; true at the end."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in ("PROTO", "FRAME"):
            pass
        elif name == "MARK":
            self.stack.append(_MARK)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._name(name, argument)
        elif name == "REDUCE":
            arguments, function = self.pop(), self.pop()
            made = _call(function, arguments)
            if isinstance(made, _Array) and made.value is not None:
                self._spend(made.value.nbytes)
            self.stack.append(made)
        elif name == "BUILD":
            state = self.pop()
            self._spend(_build(self.stack[-1] if self.stack else None, state))
        elif name == "STOP":
            return True
        else:
            self._collect(name, argument)
        return False

    def _spend(self, size: int) -> None:
        self.budget -= size
        if self.budget < 0:
            raise ValueError("its arrays take more bytes than the file has")

    def _name(self, name: str, argument: Any) -> None:
        if name == "GLOBAL":
            found = tuple(str(argument).split(" ", 1))
        else:
            last, first = self.pop(), self.pop()
            found = (first, last)
        if found not in _KNOWN:
            raise ValueError(f"it names {'.'.join(map(str, found))[:80]}, which is no array of NumPy and is not run")
        self.stack.append(_Name(found))

    def _collect(self, name: str, argument: Any) -> None:
        """Instructions that gather values, or remember them."""
        if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            if not self.stack:
                raise ValueError("it remembers a value where there is none")
            self.memory[len(self.memory) if name == "MEMOIZE" else int(argument)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            if int(argument) not in self.memory:
                raise ValueError("it recalls what was not remembered")
            self.stack.append(self.memory[int(argument)])
        elif name == "POP":
            self.pop()
        elif name == "POP_MARK":
            self.since_mark()
        elif name == "APPEND":
            value = self.pop()
            self.top(list).append(value)
        elif name == "APPENDS":
            values = self.since_mark()
            self.top(list).extend(values)
        elif name in ("LIST", "TUPLE"):
            values = self.since_mark()
            self.stack.append(values if name == "LIST" else tuple(values))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            taken = [self.pop() for _ in range(int(name[-1]))]
            self.stack.append(tuple(reversed(taken)))
        elif name == "DICT":
            self.stack.append(_pairs(self.since_mark()))
        elif name == "SETITEM":
            value, key = self.pop(), self.pop()
            self.top(dict).update(_pairs([key, value]))
        elif name == "SETITEMS":
            pairs = _pairs(self.since_mark())
            self.top(dict).update(pairs)
        else:
            raise ValueError(f"it holds the instruction {name}, which data needs not")


def _pairs(values: list[Any]) -> dict[Any, Any]:
    if len(values) % 2 or not all(isinstance(key, str | int | float | bytes) for key in values[::2]):
        raise ValueError("its tables have no plain keys")
    return dict(zip(values[::2], values[1::2]))


def _call(function: Any, arguments: Any) -> Any:
    """The few calls by which NumPy stores arrays, done by hand."""
    if not isinstance(function, _Name) or not isinstance(arguments, tuple):
        raise ValueError("it calls something that is no name")
    found = tuple(function)
    if found in _RECONSTRUCT:
        return _Array()
    if found == ("numpy", "dtype") and arguments and isinstance(arguments[0], str):
        return _Type(arguments[0])
    if found in _SCALAR and len(arguments) == 2 and isinstance(arguments[0], _Type):
        raw = _raw(arguments[1])
        if len(raw) == arguments[0].dtype.itemsize:
            return np.frombuffer(raw, arguments[0].dtype)[0].item()
    if found in _FROM_BUFFER and len(arguments) == 4 and arguments[3] in ("C", "F"):
        array = _Array()
        array.value = _filled(arguments[1], arguments[2], arguments[3] == "F", arguments[0])
        return array
    if found == ("_codecs", "encode") and arguments and isinstance(arguments[0], str) and arguments[1:] == ("latin1",):
        return arguments[0].encode("latin1")  # how protocol 2 writes bytes
    raise ValueError(f"it calls {'.'.join(map(str, found))} in a way that no array needs")


def _raw(value: Any) -> bytes:
    if isinstance(value, str):  # a Python 2 string
        return value.encode("latin1")
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise ValueError("the values of an array are no bytes")


def _build(target: Any, state: Any) -> int:
    """Give a type its byte order, or an array its values; returns the bytes that it took."""
    if isinstance(target, _Type) and isinstance(state, tuple) and len(state) >= 2 and state[1] in ("<", ">", "|", "="):
        target.dtype = target.dtype.newbyteorder(state[1])
        return 0
    if isinstance(target, _Array) and isinstance(state, tuple) and len(state) == 5:
        _, shape, kind, fortran, raw = state
        target.value = _filled(kind, shape, bool(fortran), raw)
        return target.value.nbytes
    raise ValueError("it rebuilds something that is no array of numbers")


def _filled(kind: Any, shape: Any, fortran: bool, raw: Any) -> np.ndarray:
    """An array of this type and shape out of its bytes, which must be as many as it needs."""
    if not isinstance(kind, _Type) or not isinstance(shape, tuple) or len(shape) > 8:
        raise ValueError("an array has no type or shape")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("the shape of an array is none")
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
            done[id(value)] = {key: _plain(item, depth + 1, done) for key, item in value.items()}
        else:
            done[id(value)] = [_plain(item, depth + 1, done) for item in value]
    if id(value) in done:
        return done[id(value)]
    if value is None or isinstance(value, str | bytes | bytearray | int | float):
        return value
    raise ValueError("it holds something that is no data")
