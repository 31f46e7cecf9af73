#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""The library as used by ctypes, with only the shared object: its ABI, restated.

usage: adder.py LIBUMP_SERVER.SO

A thread of Python runs the raw receiving end; others send it requests and posts.  It ends in both
ways: it stops with a value, or its last client is dropped.  (A handler for ump_spawn_thread returns
a structure by value, which callbacks of ctypes cannot; adder.rs shows that.)
"""
import ctypes
import sys
import threading
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_bool, c_char_p, c_int, c_int64
from ctypes import c_size_t, c_uint, c_void_p, sizeof

OK, SERVER_GONE, NO_REPLY, ORIGIN_GONE, CLIENTS_GONE, TIMED_OUT, EMPTY, INVALID = range(0, -8, -1)
NOW = 0
FOREVER = 2**63 - 1
OVERFLOW = 1  # the handler's own code
FORGET = 1000  # an operand that makes the handler forget the request
STOP = 99  # a note that makes it stop


class Type(Structure):
    _fields_ = [("size", c_size_t), ("drop", CFUNCTYPE(None, c_void_p))]


class Config(Structure):
    _fields_ = [("request", Type), ("reply", Type), ("post", Type), ("name", c_char_p),
                ("stack_size", c_size_t), ("capacity", c_size_t), ("slow_limit", c_int64),
                ("slow_handler", c_void_p), ("slow_arg", c_void_p),
                ("budget", c_size_t), ("threads", c_void_p)]


class Handler(Structure):
    _fields_ = [(name, c_void_p) for name in
                ("self", "init", "request", "post", "leftover", "term", "drop")]


class Add(Structure):
    _fields_ = [("a", c_int), ("b", c_int)]


class Note(Structure):
    # Not the size of a reply, so that the two cannot be confused.
    _fields_ = [("text", ctypes.c_char * 20), ("number", c_int)]


Builder = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(Handler))

# The result and the parameters of each function.  Handles are c_void_p.
FUNCTIONS = {
    "ump_strerror": (c_char_p, c_int),
    "ump_version": (c_uint,),
    "ump_after": (c_int64, c_int64),
    "ump_channel_open_sized": (c_int, POINTER(c_void_p), POINTER(c_void_p), POINTER(Config),
                               c_size_t),
    "ump_spawn_thread_sized": (c_int, POINTER(Config), c_size_t, c_size_t, Builder, c_void_p,
                               POINTER(c_void_p), POINTER(c_void_p)),
    "ump_client_clone": (c_int, c_void_p, POINTER(c_void_p)),
    "ump_client_drop": (None, POINTER(c_void_p)),
    "ump_client_req": (c_int, c_void_p, c_void_p, c_void_p, c_int64),
    "ump_client_req_async": (c_int, c_void_p, c_void_p, POINTER(c_void_p)),
    "ump_client_post": (c_int, c_void_p, c_void_p),
    "ump_wait_reply_wait": (c_int, POINTER(c_void_p), c_void_p, c_int64),
    "ump_wait_reply_try": (c_int, POINTER(c_void_p), c_void_p),
    "ump_reply": (c_int, POINTER(c_void_p), c_void_p),
    "ump_reply_fail": (c_int, POINTER(c_void_p), c_int),
    "ump_reply_drop": (None, POINTER(c_void_p)),
    "ump_server_wait": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_void_p), c_int64),
    "ump_server_drop": (None, POINTER(c_void_p)),
}

passed = 0


def check(what, is_so):
    global passed
    if not is_so:
        sys.exit(f"adder.py: not true: {what}")
    passed += 1


def load(path):
    library = ctypes.CDLL(path)
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = parameters
    return library


def config():
    made = Config(name=b"adder")
    made.request.size = sizeof(Add)
    made.reply.size = sizeof(c_int)
    made.post.size = sizeof(Note)
    return made


class Server(threading.Thread):
    """A custom loop around the raw receiving end."""

    def __init__(self, library):
        super().__init__(daemon=True)
        self.library = library
        self.server = c_void_p()
        self.client = c_void_p()
        self.notes = []
        self.outcome = None  # the value of the break; None if all clients were dropped
        opened = library.ump_channel_open_sized(
            byref(self.server), byref(self.client), byref(config()), sizeof(Config))
        check("a channel opens", opened == OK)

    def run(self):
        msg, rc = c_void_p(), c_void_p()
        while self.library.ump_server_wait(self.server, byref(msg), byref(rc), FOREVER) == OK:
            if rc:
                self.request(ctypes.cast(msg, POINTER(Add)).contents, rc)
                continue
            number = ctypes.cast(msg, POINTER(Note)).contents.number
            self.notes.append(number)
            if number == STOP:
                self.outcome = sum(self.notes)
                break
        self.library.ump_server_drop(byref(self.server))

    def request(self, add, rc):
        total = add.a + add.b
        if add.a == FORGET:
            self.library.ump_reply_drop(byref(rc))
        elif total >= 2**31:
            self.library.ump_reply_fail(byref(rc), OVERFLOW)
        else:
            self.library.ump_reply(byref(rc), byref(c_int(total)))

    def add(self, a, b, deadline=FOREVER):
        total = c_int()
        code = self.library.ump_client_req(
            self.client, byref(Add(a, b)), byref(total), deadline)
        return code, total.value

    def ends(self):
        self.join(60)
        return not self.is_alive()


def ends_without_clients(library):
    server = Server(library)
    server.start()
    check("a request is answered", server.add(3, 7) == (OK, 10))
    check("also before a deadline",
          server.add(-3, 7, library.ump_after(60 * 10**9)) == (OK, 4))
    check("the handler's own code", server.add(2**31 - 1, 1)[0] == OVERFLOW)
    check("a forgotten request", server.add(FORGET, 0)[0] == NO_REPLY)
    check("a deadline that has passed", server.add(1, 1, NOW)[0] == TIMED_OUT)
    other, wait, total = c_void_p(), c_void_p(), c_int()
    check("a clone", library.ump_client_clone(server.client, byref(other)) == OK)
    check("a request without waiting",
          library.ump_client_req_async(other, byref(Add(20, 3)), byref(wait)) == OK)
    check("a post", library.ump_client_post(other, byref(Note(b"", 5))) == OK)
    library.ump_client_drop(byref(server.client))
    library.ump_client_drop(byref(other))
    check("a handle that was dropped is NULL", not other)
    check("the answer is still had",
          library.ump_wait_reply_wait(byref(wait), byref(total), FOREVER) == OK)
    check("and is right", total.value == 23)
    check("it was had once", library.ump_wait_reply_try(byref(wait), byref(total)) == INVALID)
    check("the loop ends", server.ends())
    check("with none, and all handled", server.outcome is None and server.notes == [5])


def stops_with_a_value(library):
    server = Server(library)
    for number in (1, 2, STOP):
        check("a post", library.ump_client_post(server.client, byref(Note(b"", number))) == OK)
    wait = c_void_p()
    check("a request behind the end",
          library.ump_client_req_async(server.client, byref(Add(1, 1)), byref(wait)) == OK)
    server.start()
    check("the loop ends", server.ends())
    check("with its value", server.outcome == 1 + 2 + STOP)
    check("an undelivered request gets UMP_SERVER_GONE",
          library.ump_wait_reply_wait(byref(wait), byref(c_int()), FOREVER) == SERVER_GONE)
    check("nothing more is taken",
          library.ump_client_post(server.client, byref(Note(b"", 1))) == SERVER_GONE)
    check("nor asked", server.add(1, 1)[0] == SERVER_GONE)
    library.ump_client_drop(byref(server.client))


def sizes(library):
    """The structures are passed with their sizes: members unknown to this library are rejected."""
    class Newer(Structure):
        _fields_ = [("config", Config), ("unknown", c_size_t * 64)]

    server, client, thread = c_void_p(), c_void_p(), c_void_p()
    newer = Newer(config())

    def open_newer():
        return library.ump_channel_open_sized(
            byref(server), byref(client), ctypes.cast(byref(newer), POINTER(Config)),
            sizeof(Newer))

    check("settings that are not used may be unknown", open_newer() == OK)
    library.ump_client_drop(byref(client))
    library.ump_server_drop(byref(server))
    newer.unknown[63] = 1
    check("one that is used may not", open_newer() == INVALID)
    check("and nothing is made", not server and not client)
    told = []
    refuse = Builder(lambda arg, client, out: told.append(arg) or 42)
    result = library.ump_spawn_thread_sized(byref(config()), sizeof(Config), sizeof(Handler),
                                            refuse, 1234, byref(client), byref(thread))
    check("a builder's code is spawn's", result == 42 and told == [1234])
    check("and there are no handles", not client and not thread)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    library = load(sys.argv[1])
    check("the library has a version", library.ump_version() > 0)
    check("texts", library.ump_strerror(OK) != library.ump_strerror(TIMED_OUT))
    ends_without_clients(library)
    stops_with_a_value(library)
    sizes(library)
    print(f"{passed} passed, 0 failed (Python)")


main()
