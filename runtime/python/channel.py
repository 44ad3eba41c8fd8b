"""The instance's end of the channel: frames over descriptor 3 (PROTOCOL.md, "Frames"). Owns the socket."""

import json
import os
import socket
import struct
import threading

#: Version of PROTOCOL.md that this runtime speaks.
PROTOCOL_VERSION = 2

#: Most bytes of an invocation's chunks without credit, and what each counts besides its body (promise 4).
CHUNK_WINDOW = 262_144
CHUNK_OVERHEAD = 64


class ProtocolError(Exception):
    """The bytes are no frames, or a frame is out of order."""


class Channel:
    """Sends and receives frames. Any thread may send, one at a time receive."""

    def __init__(self):
        self._socket = socket.socket(fileno=_DESCRIPTOR)
        self._socket.setblocking(True)
        os.set_inheritable(_DESCRIPTOR, False)
        self._sending = threading.Lock()
        # One read may bring several frames; those before `_taken` have been returned.
        self._received = b""
        self._taken = 0
        self._is_child = False
        #: whether this side has closed it
        self.closed = False
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def send(self, header, body=b""):
        """Sends one frame; its header may be JSON text. Raises ValueError when it is longer than the protocol allows."""
        if self._is_child:
            os._exit(0)  # a forked child must not send its parent's answer
        text = (header if isinstance(header, str) else _dumps(header)).encode()
        length = 4 + len(text) + len(body)
        if length > _MAX_FRAME_LENGTH:
            raise ValueError(f"{length} bytes are more than a frame can hold")
        head = _LENGTHS.pack(length, len(text)) + text
        with self._sending:
            if len(body) < _COPY_LIMIT:
                self._socket.sendall(head + body)
            else:
                self._socket.sendall(head)
                self._socket.sendall(body)

    def receive(self):
        """The next frame as (header, body); None when the channel has ended. Raises ProtocolError."""
        received, start = self._received, self._taken
        while len(received) - start < 4:
            more = self._receive_some()
            if not more:
                return None
            received, start = received[start:] + more, 0
        (length,) = _LENGTH.unpack_from(received, start)
        if not 4 <= length <= _MAX_FRAME_LENGTH:
            raise ProtocolError(f"a frame of {length} bytes is not allowed")
        end = start + 4 + length
        if end < len(received):
            self._received, self._taken = received, end
        else:
            self._received, self._taken = b"", 0
        if end > len(received):
            received, start, end = self._receive_rest(received[start:], 4 + length), 0, 4 + length
            if received is None:
                return None
        return _open(received, start, end)

    def close(self):
        """Ends the channel for both sides, before the process exits by itself."""
        self.closed = True
        if self._is_child:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed by the function or the supervisor

    # A forked child shares the socket with its parent, the instance.
    def _leave_to_parent(self):
        self._is_child = True
        self.closed = True
        self._sending = threading.Lock()
        self._socket.close()

    def _receive_some(self):
        try:
            return self._socket.recv(_COPY_LIMIT)
        except OSError:
            return b""

    # A frame of `length` bytes, of which some are received; None when the channel ends first.
    def _receive_rest(self, received, length):
        frame = bytearray(length)
        filled = len(received)
        frame[:filled] = received
        view = memoryview(frame)
        while filled < length:
            try:
                count = self._socket.recv_into(view[filled:])
            except OSError:
                return None
            if count == 0:
                return None
            filled += count
        return frame


def parse_json(text):
    """As json.loads, in half the time for short texts. Raises ValueError and RecursionError."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # it does not start with a value
        return _loads(text)
    return value if end == len(text) else _loads(text)


def _open(received, start, end):
    (header_length,) = _LENGTH.unpack_from(received, start + 4)
    body_start = start + 8 + header_length
    if body_start > end:
        raise ProtocolError("a header is longer than its frame")
    try:
        header = parse_json(received[start + 8 : body_start].decode())
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header is not JSON") from error
    if type(header) is not dict:
        raise ProtocolError("a header is not an object")
    _check(header)
    body = received[body_start:end] if type(received) is bytes else bytes(memoryview(received)[body_start:end])
    return header, body


def _check(header):
    kind = header.get("type")
    members = _MEMBERS_OF_AHEAD if kind == "invoke" and header.get("ahead") is True else _MEMBERS.get(kind)
    if members is None:
        raise ProtocolError(f"unknown frame type {kind!r}")
    for name, expected in members:
        value = header.get(name)
        if type(value) is not expected or (expected is int and not -_LARGEST <= value <= _LARGEST):
            raise ProtocolError(f"{name} of {kind} is not {_TYPE_NAMES[expected]}")


_INVOKE = (("id", str), ("mode", str), ("responseLimit", int))

# The required members of a header, by its type.
_MEMBERS = {
    "load": (
        *(("version", int), ("root", str), ("module", str), ("name", str)),
        *(("function", dict), ("concurrency", int)),
    ),
    "invoke": (*_INVOKE, ("deadlineMs", int)),
    "cancel": (("id", str), ("reason", str)),
    "credit": (("id", str), ("bytes", int)),
    "recall": (),
}
_MEMBERS_OF_AHEAD = (*_INVOKE, ("timeoutMs", int))
_TYPE_NAMES = {str: "a string", int: "a safe integer", dict: "an object"}

# The largest integer that every language can hold.
_LARGEST = 2**53 - 1

# The function may replace these later.
_dumps, _loads = json.dumps, json.loads

_scan = json.JSONDecoder().scan_once

_DESCRIPTOR = 3
_LENGTH = struct.Struct(">I")
_LENGTHS = struct.Struct(">II")
_MAX_FRAME_LENGTH = 64 * 1024 * 1024

# Below this a copy is cheaper than a second system call.
_COPY_LIMIT = 64 * 1024
