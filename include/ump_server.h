/* SPDX-License-Identifier: 0BSD */
/**
 * @file ump_server.h
 * ump-server: message dispatch inside one process.
 *
 * A server owns an inbox.  Clients send it requests, which are answered, or post to it, one way.
 * A dispatch loop hands each message to the application's handler, one at a time, in order.  The
 * loop ends in exactly two ways: the handler breaks with a value, or the inbox is empty and every
 * strong client is gone.
 *
 * This header is the specification.  A tag in brackets, such as [once], names a promise; tests,
 * fuzzers and proofs name the tag that they check.  The promises:
 *
 * - [once]     Every accepted request completes exactly once: with a reply, with the handler's
 *              own code, with UMP_NO_REPLY or with UMP_SERVER_GONE.  Every accepted post is
 *              handled, handed to `leftover`, or given to its type's `drop`: exactly once.  So is
 *              every accepted request, unless its sender has it back; [gone].
 * - [fifo]     Messages are handled in the order in which they were accepted.  Requests and posts
 *              share one queue, so the order of each client's messages holds too.
 * - [drain]    After the last strong client is dropped, all that was accepted before is handled;
 *              then the loop ends with none.
 * - [break]    After a break nothing more is handled.  In this order: the inbox closes; leftovers
 *              are offered to `leftover`, else completed with UMP_SERVER_GONE (requests) or
 *              dropped (posts); `term` runs and may replace the outcome; join returns it.
 * - [gone]     A send that returns UMP_SERVER_GONE delivered nothing and left the caller's value
 *              untouched: the caller still owns what the value points to, and may send it
 *              elsewhere.  A request that was never started says UMP_SERVER_GONE; one that was
 *              started and not answered says UMP_NO_REPLY.  What an unstarted request points to
 *              is again that of a caller that is blocked in ump_client_req; if the request was
 *              sent without waiting for the answer, it was given to the request type's `drop`.
 * - [forgot]   A handler that returns without having answered or kept its reply context has
 *              dropped it: the caller gets UMP_NO_REPLY, never a hang.
 * - [keep]     A kept reply context may move to any thread and may outlive the server; an answer
 *              through it is still delivered.  It does not keep the loop alive: contexts that a
 *              handler has queued by itself are not handled once the last client is gone and the
 *              loop has ended.  Answer them in `term`, or keep a strong client while there are any.
 * - [origin]   Answering someone who gave up returns UMP_ORIGIN_GONE and drops the value.  A
 *              request that was given up while it was queued is skipped and counted; it never
 *              reaches the handler and never ends the loop.
 * - [weak]     Weak clients never keep a server alive.  Once the last strong client is gone,
 *              upgrading fails for ever.
 * - [init]     `init` runs before the first message, on the dispatcher.  If it fails, spawn
 *              returns its error, nothing leaks, and clients that the builder cloned get
 *              UMP_SERVER_GONE.  If the builder fails, no thread starts, and neither `init` nor
 *              `term` runs.
 * - [deadline] Every call that can wait for somebody else takes an absolute deadline and returns
 *              UMP_TIMED_OUT soon after it.  A deadline that has passed at the call is UMP_NOW:
 *              the call does not wait, and returns what it returns then.  So the sends named
 *              _until say UMP_FULL at once, and UMP_TIMED_OUT only after a wait.  With UMP_NOW
 *              and UMP_FOREVER no clock is read for the deadline.
 *              These waits have no deadline: spawn's for the builder and
 *              `init`, and, if `init` failed, for the thread's end; that of ump_threads_drop for
 *              idle threads; that of ump_completions_drop, and of a task's end, for a thread that
 *              is about to have rung the descriptor; that of ump_server_dump for its file; and
 *              those for the library's locks, which are held for a few instructions (by
 *              ump_server_dump while it copies what it will write).  A thread that ends, an idle
 *              one too, may run destructors of thread-local variables: these waits include them.
 *              That of ump_join for the thread's end once its loop has ended keeps the deadline on
 *              Linux; other systems have no join that can be given up, and there it has none.
 * - [deadlock] A handler that would wait for its own server, directly or through servers whose
 *              handlers wait for each other, gets UMP_DEADLOCK instead.  These are waits: for room
 *              in an inbox, for the answer to a request, for the end of a server and for `init`,
 *              with a deadline or without; and a suspension by ump_suspend_for.  In each circle of
 *              waits at least one handler is told; two that close it at the same moment may both
 *              be.  A handler is told only if, at a moment of its call, it was part of a circle.
 *              A request whose context was kept is answered from elsewhere: it closes no circle.
 *              A closed server cannot be waited for: a send to it gets UMP_SERVER_GONE, also from
 *              its own `leftover`, `term` and `drop`.  While the thread of a server exits, the
 *              destructors of its thread-local variables count as that server's handler, for
 *              ump_join and for a spawn whose `init` has failed.  (Those that run in the
 *              system's last two rounds of destructors may not be seen.)  These waits are not
 *              seen: of threads outside of callbacks; in ump_task_run, ump_completions_wait,
 *              ump_server_wait and ump_threads_drop; of a handler that has suspended by
 *              ump_suspend; for whoever keeps a context; and waits outside of this library.
 * - [bound]    A server with a capacity never has more messages queued.  Who finds no room, not
 *              even by a few more looks, waits for it in a line that is served in order; or is told
 *              UMP_FULL at once.  The end of the last client and the closing of the inbox need no
 *              room, and closing ends all waits.
 * - [task]     A task handles messages only inside the calls that run it, on their thread.  Its
 *              file descriptor is readable while there is something to do.
 * - [suspend]  A handler that suspends is gone on with exactly once, when it is resumed; until then
 *              its task takes no further message, and does not end.  What it waits for is known
 *              to [deadlock] only if it says so, by ump_suspend_for.
 * - [inline]   An inline server has no thread: who sends to it, or drops its last client, runs it
 *              if it is at rest.  All other promises hold as for any server: one message at a
 *              time, in order.  Who has handled a budget of others' messages hands it to the
 *              next caller that is blocked in a request; after a second budget, and after each
 *              further one, it offers it to whoever sends next.
 * - [complete] Each request sent with a completion comes out of its completions exactly once, with
 *              its tag, unless these are dropped first: that gives up whatever is in flight.
 * - [reuse]    A server on a thread that is used again keeps all of these promises.  Once it was
 *              joined its thread waits for the next one, unless so many wait as may.
 * - [quiet]    No lost wake-up: nobody sleeps while what they wait for is there.  Closing,
 *              dropping and breaking never block; ump_threads_drop alone waits, for threads that
 *              have nothing left to do.
 * - [clean]    When all handles are gone, all memory, threads and file descriptors are returned.
 *              (Of a dropped server's thread the stack may remain until the next dropped server
 *              ends, or ump_join_dropped is called.)
 *              Lack of any of them comes back as a code and changes nothing.
 * - [user]     The application's callbacks run with no lock of ours held, on the documented
 *              thread, as often as documented.  Each must return; see below.
 * - [misuse]   A wrong argument that a correct program could meet (a NULL handle, a size of zero,
 *              an unknown structure size, a second reply) gives UMP_INVALID and changes nothing.
 *
 * How to read the functions:
 *
 * - Result: an `int`.  0 (UMP_OK) is success, below 0 is one of enum ump_result, above 0 is the
 *   handler's own code.  A function that fails has changed nothing unless it says otherwise.
 * - Ownership: a function that takes `T **` consumes the handle: it sets the pointer to NULL, and
 *   accepts NULL, so that a second drop through the same variable is harmless.  `T *` is lent.
 * - Messages are values of a size fixed for each server.  Sending copies (or, for a blocking
 *   request, lends) these bytes.  A copy, and the room for a reply, is aligned for any type of
 *   that size that is aligned no more strictly than max_align_t; stricter alignments are in struct
 *   ump_config.  What the bytes point to moves with them.  "Whose is what a message points to",
 *   below, says for each call and result whose it is afterwards.
 * - Threads: "any thread" means that several threads may call at once on the same handle.  "One
 *   thread at a time" means that the handle may move among threads, if the program orders the
 *   moves (by a mutex, say, or by handing the handle over in a message).  Consuming a handle
 *   always needs that no other call is under way on it.
 * - Nothing here may be called from a signal handler.  No function here is a cancellation point
 *   (asynchronous cancellation is not supported).
 * - A child of fork may make servers of its own, whatever its parent's threads were doing at that
 *   moment, also in a callback.  It must neither use nor drop what its parent has made: clients,
 *   contexts, tasks, completions, ump_threads and all other handles.  Debug builds stop with a
 *   message at most calls that do.  Memory and file descriptors of the parent's servers stay the
 *   child's until it ends or execs.  (A child that was made by other means than fork, such as clone
 *   or _Fork, must not use the library.)
 * - A callback must return, on the thread that has called it.  It must not be left by an exception,
 *   by longjmp, by pthread_exit, by cancellation of its thread, or by a switch to another fiber or
 *   stack, unless that has switched back before it uses this library or ends.  A server whose
 *   callback was left is stuck: its callers and its join wait for ever, its messages leak, and
 *   frames of the stack that are gone stay in use.  Debug builds stop with a message on the
 *   standard error output: when the thread ends, when callbacks end out of order, and, on a
 *   thread's own stack, at the next call that sends, waits, spawns or runs a server, unless that
 *   lies as deep on the stack as the callback did.
 * - Time: nanoseconds (ns) of CLOCK_MONOTONIC.  Sizes: bytes.
 */
#ifndef UMP_SERVER_H
#define UMP_SERVER_H

#if defined(__cplusplus) && __cplusplus < 201103L
#error "ump_server.h needs C11, or C++11: compile with -std=c++11 or a later standard"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** The version of this header.  Compare with ump_version(), which tells the library's. */
#define UMP_VERSION_MAJOR 0
/** While the major version is 0, a new minor version may change the ABI. */
#define UMP_VERSION_MINOR 1
/** A new patch version brings fixes only. */
#define UMP_VERSION_PATCH 0
/** All three, as a text. */
#define UMP_VERSION_STRING "0.1.0"
/** As one number, to compare with <: 0x00MMmmpp. */
#define UMP_VERSION_NUMBER                                                                         \
	((UMP_VERSION_MAJOR << 16) | (UMP_VERSION_MINOR << 8) | UMP_VERSION_PATCH)

/**
 * Marks what the library exports.  Where UMP_STATIC is defined, as it is when the static library is
 * built, its functions are not exported by what it is linked into: each program and each shared
 * library that contains a copy calls its own one.  Copies know nothing of each other: a handle is
 * used with the copy that made it, and [deadlock] sees the waits of one copy only.  UMP_API may be
 * defined before, when the library is built, to something else.
 */
#ifndef UMP_API
#if defined(__GNUC__) && defined(UMP_STATIC)
#define UMP_API __attribute__((visibility("hidden")))
#elif defined(__GNUC__)
#define UMP_API __attribute__((visibility("default")))
#else
#define UMP_API
#endif
#endif

/** NULL, for this header's own inline functions in C and C++. */
#ifdef __cplusplus
#define UMP_NULL nullptr
extern "C" {
#else
#define UMP_NULL NULL
#endif

/** In C++, what is not named in an initializer is zero, and no compiler warns of it. */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define UMP_ZERO = {}
#else
#define UMP_ZERO
#endif

/* ---- Results ------------------------------------------------------------------------------- */

/** What the library itself answers.  A handler's own codes are above 0. */
enum ump_result {
	/** Done. */
	UMP_OK = 0,
	/** The server has ended, or did before it started this request.  Nothing was delivered. */
	UMP_SERVER_GONE = -1,
	/** The request was started, and its reply context was dropped without an answer. */
	UMP_NO_REPLY = -2,
	/** Nobody waits for this answer any more; the value was dropped. */
	UMP_ORIGIN_GONE = -3,
	/** Every strong client is gone: nothing more will come, nothing can be sent. */
	UMP_CLIENTS_GONE = -4,
	/** The deadline has passed. */
	UMP_TIMED_OUT = -5,
	/** Nothing is there at the moment (the calls named _try). */
	UMP_EMPTY = -6,
	/** An argument is wrong: NULL, a size of zero or too large, an unknown structure size, a
	 *  code out of range, a context that was answered already.  Each function says which. */
	UMP_INVALID = -7,
	/** No memory. */
	UMP_NO_MEMORY = -8,
	/** The system gave no thread. */
	UMP_NO_THREAD = -9,
	/** Too many handles of one server: 2^32 - 1 strong ones, or 2^32 - 3 weak ones. */
	UMP_OVERFLOW = -10,
	/** The wait would close a circle of waits: the caller would wait for itself; [deadlock]. */
	UMP_DEADLOCK = -11,
	/** The inbox has no room; [bound]. */
	UMP_FULL = -12,
	/** The system gave no file descriptor. */
	UMP_NO_FD = -13,
	/** The file did not take all of what was written to it (ump_server_dump). */
	UMP_NOT_WRITTEN = -14
};

/**
 * A short text in English for a result code; never NULL.
 * Codes above 0 give "the handler's own code", unknown ones "unknown result".
 * The text is static and needs no freeing.  Never blocks.  Any thread.
 */
UMP_API const char *ump_strerror(int result);

/* ---- Whose is what a message points to ------------------------------------------------------- */

/*
 * For each call and its result.  "Dropped": the value was given to its type's `drop`, once.
 *
 *   ump_client_req
 *     UMP_OK, above 0, UMP_NO_REPLY   the handler's: the request was started
 *     UMP_TIMED_OUT                   the handler's if the request is ever started, else dropped
 *     any other                       the caller's as before
 *
 *   ump_client_req_async, ump_client_req_async_until, ump_client_req_completion, and all calls
 *   named _post and _post_until
 *     UMP_OK                          the library's, and then as said below
 *     any other, UMP_TIMED_OUT too    the caller's as before
 *
 *   ump_wait_reply_wait, ump_wait_reply_try, and the result in a struct ump_completion
 *     UMP_OK, above 0, UMP_NO_REPLY   the handler's: the request was started
 *     UMP_SERVER_GONE                 dropped: the request was never started
 *     any other                       as before the call, which has consumed nothing
 *
 *   ump_wait_reply_drop, ump_completions_drop
 *     the handler's if the request is started, else dropped
 *
 *   `request`, `post`                 the handler's, whatever it does with the message
 *
 *   `leftover`
 *     a post                          the handler's
 *     a request, answered or kept     the handler's
 *     a request, left or dropped      that of a caller that is blocked in ump_client_req and has
 *                                     not timed out; else dropped
 *
 *   a post that is neither handled nor handed to `leftover`: dropped
 *
 *   ump_reply (of what the reply points to)
 *     UMP_OK                          the caller's of the request once it has got the reply;
 *                                     dropped if it gives the request up before
 *     UMP_ORIGIN_GONE                 dropped
 *     UMP_INVALID                     the handler's as before
 */

/**
 * Whether ump_client_req, having returned `result`, has left what its message points to with the
 * caller: it may be sent elsewhere, or has to be released.  Never blocks.  Any thread.
 */
static inline bool ump_request_is_mine(int result)
{
	return result < UMP_OK && result != UMP_NO_REPLY && result != UMP_TIMED_OUT;
}

/**
 * The same for a call that sends a post, or a request without waiting for its answer: every result
 * but UMP_OK.  After UMP_OK the value never comes back.  Never blocks.  Any thread.
 */
static inline bool ump_sent_is_mine(int result)
{
	return result != UMP_OK;
}

/** The library's version as UMP_VERSION_NUMBER packs it.  Never blocks.  Any thread. */
UMP_API unsigned ump_version(void);

/* ---- Time ---------------------------------------------------------------------------------- */

/** A point in time: ns of CLOCK_MONOTONIC. */
typedef int64_t ump_time;

/** A deadline that has always passed: do not wait.  ump_task_run handles at most one message.  Any
 *  other deadline that has passed at the call means the same; [deadline]. */
#define UMP_NOW ((ump_time)0)
/** A deadline that never comes. */
#define UMP_FOREVER ((ump_time)INT64_MAX)

/** The time.  Never blocks.  Any thread. */
UMP_API ump_time ump_now(void);

/**
 * The deadline `ns` from now; [deadline].  Sums beyond the end of time give UMP_FOREVER, and a
 * negative `ns` gives a time in the past, which is as good as UMP_NOW.  Never blocks.  Any thread.
 */
UMP_API ump_time ump_after(int64_t ns);

/* ---- What a server takes ------------------------------------------------------------------- */

/** The largest alignment that values may have, in bytes. */
#define UMP_ALIGN_MOST 4096

/** The type of one kind of message. */
struct ump_type {
	/** Bytes of a value.  0: there are none of this kind. */
	size_t size UMP_ZERO;
	/**
	 * Releases what a value points to, if the value is never delivered and has no owner to go
	 * back to: a post that is never handled, a request that was sent without waiting for the
	 * answer and is never started, a request or a reply whose caller has given up.  Such a
	 * request is dropped before its sender gets UMP_SERVER_GONE.  Called exactly once for each
	 * such value, on whichever thread finds it out, with a pointer to the library's copy of it.
	 * The bytes themselves are the library's.  NULL: nothing to release.
	 */
	void (*drop)(void *value) UMP_ZERO;
};

/** Threads that are used again: by one server after the other. */
typedef struct ump_threads ump_threads;

/**
 * What a server is made of.  Set it to zero first (`= {0}`), so that later fields mean default; an
 * initializer with names, `= {.capacity = 8}`, does that, too, and so does C++.
 */
struct ump_config {
	/** Values of requests.  A size of 0: this server takes no requests. */
	struct ump_type request UMP_ZERO;
	/** Values of replies.  A size of 0: an answer carries no value, only its code. */
	struct ump_type reply UMP_ZERO;
	/** Values of posts.  A size of 0: this server takes no posts. */
	struct ump_type post UMP_ZERO;
	/** Name of the thread, cut to what the system allows (15 bytes on Linux).  NULL: "ump".
	 *  Read during the call only. */
	const char *name UMP_ZERO;
	/** Bytes of the thread's stack, raised to the system's minimum; what the system takes from
	 *  a stack for thread-local variables is added.  0: its default; with
	 *  `threads`, theirs. */
	size_t stack_size UMP_ZERO;
	/** How many messages may be queued, at most 2^31 - 1; [bound].  0: any number.  The message
	 *  that the handler works on is not queued any more; requests that were given up are, until
	 *  they are skipped. */
	size_t capacity UMP_ZERO;
	/** For how long a callback may take a message, in ns, before `slow_handler` is told.  0:
	 *  any time, and no time is taken. */
	int64_t slow_limit UMP_ZERO;
	/** Optional.  Told on the dispatcher when `request` or `post` has returned later than
	 *  `slow_limit`: how many ns it took, whether it was a request; `arg` is `slow_arg`. */
	void (*slow_handler)(void *arg, int64_t took, bool request) UMP_ZERO;
	/** Passed to `slow_handler`.  The library only passes it on. */
	void *slow_arg UMP_ZERO;
	/** For ump_spawn_inline: how many messages of others one caller handles before it looks for
	 *  somebody who goes on, at most 2^31 - 1; [inline].  0: 64. */
	size_t budget UMP_ZERO;
	/** Lent to ump_spawn_thread: the server runs on one of these threads, which other servers
	 *  use after it.  NULL: on a thread of its own. */
	ump_threads *threads UMP_ZERO;
	/** How values of requests are aligned, wherever the library has them: a power of two, at
	 *  most UMP_ALIGN_MOST, as `_Alignof` says of their type.  0: as max_align_t, or less if a
	 *  value is smaller than that.  Values that callers lend are where these have them. */
	size_t request_align UMP_ZERO;
	/** As `request_align`, for replies. */
	size_t reply_align UMP_ZERO;
	/** As `request_align`, for posts. */
	size_t post_align UMP_ZERO;
	/** The most bytes that each client keeps of the memory of its messages, to use it again:
	 *  posts, requests and the client's record of them together, as the library asks the
	 *  allocator for them.  Memory beyond that is freed as it comes back: when the message is
	 *  done with, at the latest when the server next waits or rests, without another send.
	 *  The rest is freed with the client.  At most 2^32 - 1.  0: 128 KiB.  1: nothing is kept,
	 *  and each message is an allocation of its own. */
	size_t keep UMP_ZERO;
	/** For ump_spawn_thread: the server's callbacks run with the signal mask that the spawning
	 *  thread has at the call.  false: with that of the thread, which ump_spawn_thread says. */
	bool inherit_signals UMP_ZERO;
};

/** How a handler goes on, and how a loop ended. */
struct ump_flow {
	/** false: go on; as an outcome: the loop ended with none.  true: end with `value`. */
	bool stop;
	/** The value of a break.  The library only passes it on. */
	void *value;
};

/** Go on with the next message. */
static inline struct ump_flow ump_continue(void)
{
	struct ump_flow flow;

	flow.stop = false;
	flow.value = UMP_NULL;
	return flow;
}

/**
 * The handler has suspended (see ump_suspend) and will be resumed; [suspend].  Anywhere else this
 * is ump_continue.
 */
UMP_API struct ump_flow ump_pending(void);

/** End the loop with `value`; [break]. */
static inline struct ump_flow ump_break(void *value)
{
	struct ump_flow flow;

	flow.stop = true;
	flow.value = value;
	return flow;
}

/* ---- Handles ------------------------------------------------------------------------------- */

/** A strong client: it sends, and it keeps the server's loop going. */
typedef struct ump_client ump_client;
/** A strong client that can only post. */
typedef struct ump_post_client ump_post_client;
/** A weak client: it keeps nothing going, and can become a strong one while there are others. */
typedef struct ump_weak_client ump_weak_client;
/** The right to the answer of one request that was sent without waiting. */
typedef struct ump_wait_reply ump_wait_reply;
/** The duty to answer one request. */
typedef struct ump_reply_context ump_reply_context;
/** The receiving end of a channel, for those who write the loop themselves. */
typedef struct ump_server ump_server;
/** A server that runs on a thread. */
typedef struct ump_thread ump_thread;
/** A server that runs inside the application's event loop. */
typedef struct ump_task ump_task;
/** A server that runs on the threads of those who send to it. */
typedef struct ump_inline ump_inline;
/** The duty to resume a handler that has suspended. */
typedef struct ump_suspension ump_suspension;
/** Where an event loop gets the answers to its requests. */
typedef struct ump_completions ump_completions;

/* ---- Clients ------------------------------------------------------------------------------- */

/**
 * Make another strong client of the same server.  `*out` is the caller's, to be dropped.
 * Never blocks.  Any thread, also from a handler.  A handler that keeps a strong client of its own
 * server keeps itself alive: only a break ends it; [weak] tells what to keep instead.
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_client_clone(const ump_client *client, ump_client **out);

/**
 * Drop a strong client.  Never blocks; [quiet].  NULL and a pointer to NULL are fine.
 * With the last one (of both kinds of strong client) the server stops taking messages: what it has
 * accepted is still handled, then its loop ends with none; [drain].
 * Calls that are under way on the same handle must have returned.
 */
UMP_API void ump_client_drop(ump_client **client);

/**
 * Send a request and wait for the answer.
 *
 * `msg` points to a value of the request type; it is lent, and read in place or copied.  `reply`
 * has room for a value of the reply type, and holds one when UMP_OK is returned (else, anything);
 * it may be NULL only if replies have no value.  `reply` must not overlap `msg`: with UMP_FOREVER
 * the handler may write the reply in place (ump_reply_room) while it still reads the message.
 * Debug builds stop with a message where a handler does so.
 * Once the handler has been called with the message, what it points to is the handler's.  (A
 * protocol in which it is only lent needs UMP_FOREVER, or memory that stays until the request is
 * answered: after a time-out the handler may still read it.)
 *
 * Blocks until the request is answered or `deadline` (ns, absolute) has passed; [deadline].  With
 * UMP_FOREVER nothing is allocated and nothing is copied: the message stays where it is, and the
 * reply is written straight to `reply`.  Any other deadline takes memory for both.  If the inbox is
 * full, the time until there is room is part of the wait; [bound].
 * Any thread, also from handlers of other servers.
 *
 * UMP_OK: `*reply` holds the answer, and what it points to is the caller's.
 * above 0: the handler's own code.
 * UMP_SERVER_GONE: never started; what `*msg` points to is the caller's as before; [gone].
 * UMP_NO_REPLY: started and never answered; [forgot].
 * UMP_TIMED_OUT: the request was given up, and what `*msg` points to is no longer the caller's: it
 *   may be handled still, or it was given to the request type's `drop`; [origin].  If the deadline
 *   had passed at the call, nothing was sent, and it was dropped at once.
 * UMP_DEADLOCK: the caller is a handler for which this server waits; nothing was sent; [deadlock].
 * UMP_INVALID: `client` or `msg` is NULL, `reply` is NULL though replies have a value, or the
 *   server takes no requests.  UMP_NO_MEMORY: nothing was sent.
 */
UMP_API int ump_client_req(
	const ump_client *client, const void *msg, void *reply, ump_time deadline);

/**
 * Send a request and do not wait: the answer is had through `*out`, which is the caller's.
 * `msg` is copied.  Never blocks.  Any thread, also from any handler.
 * UMP_OK: sent; what `*msg` points to never comes back: if the request is never started, it is
 *   given to the request type's `drop`.
 * UMP_SERVER_GONE: nothing was sent; [gone].  UMP_FULL; [bound].  UMP_NO_MEMORY.
 * UMP_INVALID: an argument is NULL, or the server takes no requests.  On failure `*out` is NULL.
 */
UMP_API int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out);

/**
 * As ump_client_req_async, but while the inbox is full, wait for room until `deadline` (ns,
 * absolute); [bound], [deadline].  UMP_NOW is ump_client_req_async.
 * UMP_FULL: the inbox is full, and the deadline had passed at the call; nothing was sent.
 * UMP_TIMED_OUT: the call has waited until the deadline; nothing was sent, and what `*msg` points
 *   to is the caller's as before.
 * UMP_DEADLOCK: the caller is a handler for which this server waits; [deadlock].
 */
UMP_API int ump_client_req_async_until(
	const ump_client *client, const void *msg, ump_wait_reply **out, ump_time deadline);

/**
 * Send one way.  `msg` is copied.  Never blocks.  Any thread, also from any handler.
 * UMP_OK: accepted: it will be handled, handed to `leftover` or dropped; [once].
 * UMP_SERVER_GONE: nothing was sent; [gone].  UMP_FULL; [bound].  UMP_NO_MEMORY.
 * UMP_INVALID: an argument is NULL, or the server takes no posts.
 */
UMP_API int ump_client_post(const ump_client *client, const void *msg);

/**
 * As ump_client_post, but while the inbox is full, wait for room until `deadline` (ns, absolute);
 * [bound], [deadline].  UMP_NOW is ump_client_post.
 * UMP_FULL, UMP_TIMED_OUT and UMP_DEADLOCK as for ump_client_req_async_until.
 */
UMP_API int ump_client_post_until(const ump_client *client, const void *msg, ump_time deadline);

/**
 * Make a strong client that can only post.  `*out` is the caller's, to be dropped.
 * Blocking, threads and results as ump_client_clone; UMP_INVALID also if the server takes no posts.
 */
UMP_API int ump_client_post_client(const ump_client *client, ump_post_client **out);

/** As ump_client_clone. */
UMP_API int ump_post_client_clone(const ump_post_client *client, ump_post_client **out);

/** As ump_client_drop. */
UMP_API void ump_post_client_drop(ump_post_client **client);

/** As ump_client_post. */
UMP_API int ump_post_client_post(const ump_post_client *client, const void *msg);

/** As ump_client_post_until. */
UMP_API int ump_post_client_post_until(
	const ump_post_client *client, const void *msg, ump_time deadline);

/* ---- Weak clients -------------------------------------------------------------------------- */

/**
 * Make a weak client.  `*out` is the caller's, to be dropped.  It does not keep the server alive;
 * [weak].  Never blocks.  Any thread.
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_client_weak(const ump_client *client, ump_weak_client **out);

/** Make another weak client.  As ump_client_weak. */
UMP_API int ump_weak_client_clone(const ump_weak_client *weak, ump_weak_client **out);

/** Drop a weak client.  Never blocks.  NULL and a pointer to NULL are fine. */
UMP_API void ump_weak_client_drop(ump_weak_client **weak);

/**
 * Make a strong client from a weak one; [weak].  `*out` is the caller's; `weak` stays.
 * Never blocks.  Any thread.  The server may have ended by a break all the same: sending tells.
 * UMP_CLIENTS_GONE: no strong client is left, now and for ever.
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_weak_client_upgrade(const ump_weak_client *weak, ump_client **out);

/* ---- The caller's side of a request -------------------------------------------------------- */

/**
 * Wait for the answer.  `reply` as for ump_client_req.
 * Blocks until the request is answered or `deadline` (ns, absolute) has passed; [deadline].
 * One thread at a time.
 * UMP_TIMED_OUT: nothing is consumed: wait again, or drop.  UMP_DEADLOCK: the caller is a handler
 * for which that server waits; nothing is consumed; [deadlock].  UMP_INVALID: `wait_reply` or what
 * it points to is NULL, or `reply` is NULL though replies have a value; nothing is consumed.  Every
 * other result consumes the handle and means what it means for ump_client_req, but that with
 * UMP_SERVER_GONE what the message points to was given to the request type's `drop`; [gone].
 */
UMP_API int ump_wait_reply_wait(ump_wait_reply **wait_reply, void *reply, ump_time deadline);

/**
 * The answer, if it is there.  As ump_wait_reply_wait, but never blocks and says UMP_EMPTY, having
 * consumed nothing, where that would have waited.
 */
UMP_API int ump_wait_reply_try(ump_wait_reply **wait_reply, void *reply);

/**
 * Give the request up; [origin].  Never blocks.  NULL and a pointer to NULL are fine.
 * A request still queued will be skipped; one under way is handled, and its answer dropped.
 */
UMP_API void ump_wait_reply_drop(ump_wait_reply **wait_reply);

/* ---- The caller's side of many requests: completions ---------------------------------------- */

/** What ump_completions_next gives: the end of one request. */
struct ump_completion {
	/** What the request was sent with.  The library only passes it on. */
	void *tag UMP_ZERO;
	/** UMP_OK, the handler's own code, UMP_SERVER_GONE or UMP_NO_REPLY, as from
	 *  ump_wait_reply_wait. */
	int result UMP_ZERO;
	/** With UMP_OK, if replies have a value: the value, lent until the next call on these
	 *  completions; what it points to is the caller's.  Else NULL. */
	const void *reply UMP_ZERO;
};

/**
 * Make a place where the answers of many requests to any servers arrive, for an event loop or any
 * other thread.  `*out` is the caller's, to be dropped.  It takes one file descriptor.
 * Never blocks.  Any thread.
 * UMP_INVALID: `out` is NULL.  UMP_NO_MEMORY.  UMP_NO_FD.  On failure `*out` is NULL.
 */
UMP_API int ump_completions_open(ump_completions **out);

/**
 * The file descriptor to wait for in an event loop: it becomes readable when an answer arrives, and
 * stays so until ump_completions_next has said UMP_EMPTY (level-triggered).  It may become readable
 * for nothing; [complete].  It is the library's: do not read, write or close it.  It is the same
 * until the drop, which closes it: take it out of the loop before that.  -1 for NULL.  Never
 * blocks.  Any thread.
 */
UMP_API int ump_completions_fd(const ump_completions *completions);

/**
 * Send a request whose answer comes out of `completions` with `tag`; [complete].  `msg` is copied.
 * Never blocks.  Any thread for `client`; one thread at a time for `completions`.
 * UMP_OK: sent.  UMP_SERVER_GONE: nothing was sent; [gone].  UMP_FULL: nothing was sent;
 * ump_client_room tells when to try again; [bound].  UMP_NO_MEMORY.  UMP_OVERFLOW: 2^32 - 3
 * requests are in flight.  UMP_INVALID: `client`, `msg` or `completions` is NULL, or the server
 * takes no requests.
 */
UMP_API int ump_client_req_completion(
	const ump_client *client, const void *msg, ump_completions *completions, void *tag);

/**
 * Ask to be told through `completions` when there is room for a message; [bound].  Once a
 * completion with `tag` has come with UMP_OK, room for one message is kept for `client`: its next
 * send, of whatever kind, finds room.  The room is kept until then, or until `client` is dropped.
 * If `completions` are dropped before the completion has come out of them, no room is kept.
 * Who asks waits in one line with those who block; a client that blocks meanwhile gets the next
 * room itself, and what it has asked for comes later.  A server without a capacity always has room,
 * and keeps none.  If the server ends first, the completion comes with UMP_SERVER_GONE; if `client`
 * is dropped first, with UMP_ORIGIN_GONE.
 * Never blocks.  One thread at a time for `client` (no sends meanwhile) and for `completions`.
 * UMP_OK: the completion will come.  UMP_NO_MEMORY.  UMP_OVERFLOW as ump_client_req_completion,
 *   or as ump_client_weak: who asks counts as a weak client, until it asks again or is dropped.
 * UMP_INVALID: `client` or `completions` is NULL, or `client` has asked already and not sent since
 *   (asked through completions that are there: when they are dropped, it may ask again; room that
 *   it has been told of stays its own, and is what it is told of again).
 */
UMP_API int ump_client_room(ump_client *client, ump_completions *completions, void *tag);

/** The function behind ump_completions_next. */
UMP_API int ump_completions_next_sized(
	ump_completions *completions, struct ump_completion *out, size_t out_size);
/** The function behind ump_completions_wait. */
UMP_API int ump_completions_wait_sized(ump_completions *completions, struct ump_completion *out,
	size_t out_size, ump_time deadline);

/**
 * The next answer that has arrived, in the order of arrival; [complete].
 * UMP_OK: `*out` is filled.  UMP_EMPTY: none is there.  UMP_INVALID: an argument is NULL.
 * Never blocks.  One thread at a time.
 */
static inline int ump_completions_next(ump_completions *completions, struct ump_completion *out)
{
	return ump_completions_next_sized(completions, out, sizeof(struct ump_completion));
}

/**
 * As ump_completions_next, but waits for an answer until `deadline` (ns, absolute); [deadline].  A
 * handler that waits so for its own server is not told: these are answers of many servers.
 * UMP_EMPTY: none is in flight, so none can come.  UMP_TIMED_OUT.
 */
static inline int ump_completions_wait(
	ump_completions *completions, struct ump_completion *out, ump_time deadline)
{
	return ump_completions_wait_sized(
		completions, out, sizeof(struct ump_completion), deadline);
}

/**
 * How many requests were sent (and rooms asked for) whose completion has not been got yet.
 * 0 for NULL.  Never blocks.  One thread at a time.
 */
UMP_API size_t ump_completions_in_flight(const ump_completions *completions);

/**
 * Give up everything in flight, and the place; [complete].  Requests still queued will be skipped,
 * the answers of others dropped; [origin].  The file descriptor is closed when this returns,
 * whatever is in flight.  Never blocks.  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_completions_drop(ump_completions **completions);

/* ---- The handler's side of a request ------------------------------------------------------- */

/**
 * Answer a request.  `value` points to a value of the reply type, which is copied straight to the
 * caller; it may be what ump_reply_room returned, and then nothing is copied.  It may be NULL only
 * if replies have no value.  After this the message that came with the context is no longer valid.
 * Never blocks.  One thread at a time, any thread.
 * UMP_OK: delivered; what the value points to is the caller's.
 * UMP_ORIGIN_GONE: the caller has given up; the value was given to its type's `drop`; [origin].
 * UMP_INVALID: `rc` or what it points to is NULL (a second reply, say), or `value` is NULL though
 *   replies have a value; nothing is consumed.  All other results consume the context.
 */
UMP_API int ump_reply(ump_reply_context **rc, const void *value);

/**
 * Answer a request with a code of the handler's own, above 0, which the caller's call returns.
 * As ump_reply.  UMP_INVALID also if `code` is not above 0.
 */
UMP_API int ump_reply_fail(ump_reply_context **rc, int code);

/**
 * Do not answer: the caller gets UMP_NO_REPLY.  Inside `leftover`, where the request was never
 * started, it gets UMP_SERVER_GONE, unless the context was kept: that starts the request.
 * Never blocks.  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_reply_drop(ump_reply_context **rc);

/**
 * Keep a context beyond the handler's return, to answer later; [keep].  Moves it out of `*rc`
 * and returns it: it is the caller's, to be answered or dropped, on any thread, at any time, also
 * after the server has ended.  The message that came with it stays valid until then.  Returns NULL
 * if `rc` or what it points to is NULL.  Never blocks.
 */
UMP_API ump_reply_context *ump_reply_keep(ump_reply_context **rc);

/**
 * Room for the reply's value: where the caller blocks without a deadline, the caller's own memory.
 * Write the value there and pass the same pointer to ump_reply.  NULL if replies have no value or
 * `rc` is NULL.  Lent until the context is consumed.  Never blocks.
 */
UMP_API void *ump_reply_room(ump_reply_context *rc);

/**
 * Whether the caller has given up, so that a handler can stop working for nobody; [origin].
 * false may be out of date as soon as it is returned; true stays true.  false for NULL.
 * Never blocks.
 */
UMP_API bool ump_reply_origin_gone(const ump_reply_context *rc);

/* ---- The handler --------------------------------------------------------------------------- */

/**
 * What the application does with messages.  Every callback runs on the dispatcher (the server's
 * thread, or the thread that runs the task or the inline server) with no lock of the library held,
 * one at a time;
 * [user].  The order in a handler's life: builder, init, request and post, leftover, term, drop.
 */
struct ump_handler {
	/** Passed to every callback.  The library only passes it on. */
	void *self UMP_ZERO;
	/**
	 * Optional.  Called once, before the first message; [init].  `me` is a weak client of this
	 * server, lent until `drop` returns; clone it to keep it longer.  Returns 0, or any other
	 * code to fail: spawn returns it, `leftover` and `term` are not called, `drop` is.
	 */
	int (*init)(void *self, ump_weak_client *me) UMP_ZERO;
	/**
	 * Called for each request; required if the server takes requests.  `msg` is the value,
	 * valid until the context is consumed, as by an answer: it must not be read after that.
	 * What it points to is now the handler's.  Answer through `*rc`, or keep it; else it is
	 * dropped on return; [forgot].
	 */
	struct ump_flow (*request)(void *self, const void *msg, ump_reply_context **rc) UMP_ZERO;
	/**
	 * Called for each post; required if the server takes posts.  `msg` is the value, valid
	 * until the callback returns; what it points to is now the handler's.
	 */
	struct ump_flow (*post)(void *self, const void *msg) UMP_ZERO;
	/**
	 * Optional.  Called after a break for each message that was accepted and not handled, in
	 * order; [break].  For a request `*rc` may be answered, kept or dropped; one that is left
	 * alone completes with UMP_SERVER_GONE, and what `msg` points to is its caller's if that is
	 * blocked in ump_client_req, else given to the request type's `drop`.  To answer or keep
	 * takes over what `msg` points to.  For a post `rc` is NULL, and what `msg` points to is
	 * now the handler's.
	 */
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc) UMP_ZERO;
	/**
	 * Optional.  Called once when the loop has ended, in either way.  Returns the outcome that
	 * join gives; without it, that is `how`.
	 */
	struct ump_flow (*term)(void *self, struct ump_flow how) UMP_ZERO;
	/**
	 * Optional.  Called exactly once if the builder returned 0, and last: when the loop has
	 * ended, or when spawn fails after the builder.  It runs on the dispatcher, or on the
	 * spawning thread if no dispatcher could be started.  Releases `self`.
	 */
	void (*drop)(void *self) UMP_ZERO;
};

/**
 * Makes a handler.  Called by spawn, on the spawning thread, before any other thread exists;
 * [init].  `arg` is spawn's.  `client` is a strong client of the new server, lent for the call:
 * clone it, or make a weak one.  `out` is set to zero before the call.  A blocking request to this
 * server gets UMP_DEADLOCK here; posting and ump_client_req_async work.
 * Returns 0, or any other code to fail, which spawn returns.
 */
typedef int ump_handler_builder(void *arg, ump_client *client, struct ump_handler *out);

/* ---- A server on a thread ------------------------------------------------------------------ */

/** The function behind ump_spawn_thread, which tells it how large the caller's structures are. */
UMP_API int ump_spawn_thread_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_thread **thread);

/**
 * Open a channel, build a handler for it and run it on a new thread, or on one of `threads`.
 *
 * `config` is read during the call only.  `*client` is the first strong client, and `*thread` the
 * handle for ump_join; both are the caller's.
 *
 * A new thread has all signals blocked but those that a thread's own faults raise (SIGSEGV and the
 * like) and SIGPROF, a profiler's; with `inherit_signals` it has its spawner's mask.  A process
 * that a callback starts inherits the mask of the callback's thread: unless the callback sets
 * another one for it, SIGTERM does not end it.  A collector that suspends threads by a signal waits
 * for ever for one that blocks it: `init` may unblock that signal alone.
 *
 * Blocks while the builder and `init` run, for as long as these take.  Any thread.
 *
 * UMP_INVALID: an argument other than `arg` is NULL, the server would take neither requests nor
 *   posts, a size is above SIZE_MAX / 8, an alignment is neither 0 nor a power of two up to
 *   UMP_ALIGN_MOST, the capacity or the budget above 2^31 - 1, `keep` above 2^32 - 1 or
 *   `slow_limit` below 0, `stack_size` is neither 0 nor that of `threads`, a callback that is
 *   required is missing, or the caller was compiled for a newer library and uses what this one
 *   does not know.
 * UMP_NO_MEMORY.  UMP_NO_THREAD (with `threads`: none waits there, and the system gave none).  Any
 *   other: what the builder or `init` returned; [init].
 * On failure `*client` and `*thread` are NULL; [clean].
 */
static inline int ump_spawn_thread(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_thread **thread)
{
	return ump_spawn_thread_sized(config, sizeof(struct ump_config), sizeof(struct ump_handler),
		builder, arg, client, thread);
}

/**
 * Wait until the loop has ended and its thread is gone, or waits to be used again.  None of the
 * handler's callbacks runs any more.  `*how` gets the outcome: `stop` true and the value of the
 * break, or `stop` false (none) when the clients went; or what `term` made of it.  `how` may be
 * NULL.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  One thread at a
 * time.
 * UMP_OK: the handle is consumed.  UMP_TIMED_OUT: nothing is consumed, and a later join gets the
 * outcome.  That may be so after the loop has ended, while the thread runs destructors of
 * thread-local variables.
 * UMP_DEADLOCK: called on the server's own thread, or by a handler for which that server, or a
 * destructor on its thread, waits; nothing is consumed; [deadlock].  A thread that is used again is
 * a server's own until it is back.
 * UMP_INVALID: `thread` or what it points to is NULL.
 */
UMP_API int ump_join(ump_thread **thread, struct ump_flow *how, ump_time deadline);

/**
 * Let the thread go on without a handle: it ends as it would have, and nobody learns the outcome.
 * Never blocks; [quiet].  Any thread, also the server's own.  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_thread_drop(ump_thread **thread);

/**
 * Wait until all servers on threads that were dropped have ended, and their threads with them:
 * from then on none of these threads executes code of the library or of a handler.  A program must
 * call it before it unloads (`dlclose`) a plugin that contains the static library or handlers,
 * after all the plugin's handles were consumed, those of threads that are used again too.  (The
 * shared library itself stays mapped.)  It waits for the servers of this copy of the library, also
 * for those that are dropped meanwhile; not for servers whose handles are still there.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  Any thread.
 * UMP_OK.  UMP_TIMED_OUT: some have not ended.  UMP_DEADLOCK: called inside a callback of a server,
 * or by a dropped server's own thread, in a destructor of a thread-local variable; [deadlock].
 */
UMP_API int ump_join_dropped(ump_time deadline);

/* ---- Threads that are used again ------------------------------------------------------------ */

/**
 * Make a place where threads wait to be used again, for programs that spawn servers so often that
 * making threads would cost too much.  Servers whose configuration names it in `threads` run on
 * such a thread: on the one that came back last, or on a new one if none is there; [reuse].  A
 * thread comes back when its server's loop has ended and `drop` has returned.  At most `most`
 * threads are kept waiting (0: any number); one that comes back when there are so many ends, as a
 * server's own does.
 * Any number of servers may run at once: each has a thread for itself all its life, and handlers
 * may wait for each other as always.
 *
 * All threads have stacks of `stack_size` bytes, as in struct ump_config (0: the system's default).
 * Each server finds its own name on its thread, if it and those before it leave names alone.  Else
 * what belongs to a thread stays as the server before has left it: thread-local variables (their
 * destructors run when the thread ends), signal mask, scheduling, floating-point environment.  A
 * handler that changes any of it, and cares, changes it back.  A mask that a server has got by
 * `inherit_signals` is its own: the thread gets back the one that it had.
 *
 * `*out` is the caller's, to be dropped.  No thread starts before a server needs it.
 * Never blocks.  Any thread.
 * UMP_INVALID: `out` is NULL.  UMP_NO_MEMORY.  On failure `*out` is NULL; [clean].
 */
UMP_API int ump_threads_open(ump_threads **out, size_t most, size_t stack_size);

/**
 * Drop the place.  The threads that wait there end, and are gone when this returns.  Servers that
 * still run are not disturbed: their threads end with them, as own ones do, so that ump_join waits
 * for the thread to be gone; and the last of them gives back the memory.  After all servers have
 * been joined, no thread is left.
 * Blocks until the waiting threads are gone.  They run none of the application's code but
 * destructors of thread-local variables, if handlers have left any.  Any thread, also from a
 * handler that runs on one of these.  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_threads_drop(ump_threads **threads);

/* ---- A server inside an event loop ---------------------------------------------------------- */

/** The function behind ump_spawn_task, which tells it how large the caller's structures are. */
UMP_API int ump_spawn_task_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_task **task);

/**
 * Open a channel and build a handler for it, as ump_spawn_thread does, without a thread: messages
 * are handled inside ump_task_dispatch, ump_task_run and ump_task_drop, on the thread that calls
 * them; [task].  The builder and `init` run before this returns, on the calling thread.
 *
 * The thread that runs a task must not wait for what the task does: neither with a blocking request
 * to it, nor in a handler of another task that it runs.  Nobody would run the task meanwhile, and
 * only a deadline would end the wait.  Completions are for that.
 *
 * `config` is read during the call only; `name`, `stack_size`, `threads` and `inherit_signals` play
 * no part.
 * `*client` and `*task` are the caller's.  Any thread.
 * Results as ump_spawn_thread, with UMP_NO_FD for UMP_NO_THREAD.
 */
static inline int ump_spawn_task(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_task **task)
{
	return ump_spawn_task_sized(config, sizeof(struct ump_config), sizeof(struct ump_handler),
		builder, arg, client, task);
}

/**
 * The file descriptor to wait for in an event loop: readable while there is a message to handle, a
 * handler to go on with or the end to come (level-triggered); [task].  Now and then it becomes
 * readable for nothing; dispatching silences it.  After the end it is silent.  It is the library's:
 * do not read, write or close it.  It is the same for the life of the task, and is closed when
 * ump_task_join or ump_task_drop returns that has consumed the handle (a drop by a callback of the
 * task: when the run of the task returns): take it out of the loop before that.  -1 for NULL.
 * Never blocks.  Any thread.
 */
UMP_API int ump_task_fd(const ump_task *task);

/**
 * Handle what is there: at most `budget` messages (0: one batch, what lay there at one moment).
 * Blocks only as long as the callbacks take.  One thread at a time.  From a callback of the same
 * task, as in a loop that a handler runs within the loop, it handles nothing and returns true; the
 * descriptor is silent from then until the callback has returned.  For NULL it returns true.
 * true: the loop goes on.  false: it has ended ([drain] or [break]; `term` and `drop` have been
 * called), and ump_task_join tells how.
 */
UMP_API bool ump_task_dispatch(ump_task *task, size_t budget);

/**
 * Be the loop: handle what comes until the loop has ended or `deadline` (ns, absolute) has passed;
 * [deadline].  It waits awake for a moment before it sleeps, as a server on a thread does, which
 * answers within a fraction of the time; ump_task_dispatch never does.  One thread at a time, as
 * ump_task_dispatch.
 * The deadline ends the call after the message at hand, whatever lies in the inbox.  The next run
 * handles what is left, in order.  If the deadline has passed at the call, as UMP_NOW has, the call
 * handles at most one message.  With UMP_FOREVER no clock is read for a message.
 * UMP_OK: it has ended.  UMP_TIMED_OUT.  UMP_INVALID: `task` is NULL.  UMP_DEADLOCK: called by a
 * callback of the same task; the descriptor is silent until that has returned.
 */
UMP_API int ump_task_run(ump_task *task, ump_time deadline);

/**
 * Get the outcome of a loop that has ended: the same as ump_join gives.  `how` may be NULL.
 * Never blocks.  One thread at a time.
 * UMP_OK: the handle is consumed.  UMP_EMPTY: the loop has not ended; nothing is consumed.
 * UMP_DEADLOCK: called by a callback of this task; nothing is consumed.
 * UMP_INVALID: `task` or what it points to is NULL.
 */
UMP_API int ump_task_join(ump_task **task, struct ump_flow *how);

/**
 * Drop a task.  If its loop has not ended, it ends now as by a break with NULL: the inbox closes,
 * leftovers are offered, `term` and `drop` are called, here, and nobody learns the outcome;
 * [break].  A handler that has suspended is not gone on with; its resume is still owed, and says
 * UMP_SERVER_GONE, and until then the message of a post stays valid.  If it has been resumed with a
 * break by then, the loop ends by that break.  From a callback of the same task, all of this comes
 * when the callback returns.  One thread at a time.  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_task_drop(ump_task **task);

/**
 * Suspend the handler that calls this, in `request` or `post` of a task: the callback then returns
 * ump_pending() (whatever it returns, it has suspended), and its task takes no further message
 * until the suspension that this gives is resumed; [suspend].  That is what awaiting something
 * means in an asynchronous handler.  The message of a post stays valid until then; the context of a
 * request must be kept, as always.  The duty to resume is the caller's, exactly once.
 * Never blocks.  NULL: not in a task's `request` or `post`, suspended already, or no memory.
 */
UMP_API ump_suspension *ump_suspend(void);

/**
 * Suspend as ump_suspend does, and say that the resume depends on the server of `client`: on an
 * answer of that server, say.  So the suspended handler counts as waiting for that server until it
 * is resumed or its task is dropped; [deadlock].  `*out` is the duty to resume; it is set to NULL
 * if this fails, and then the handler has not suspended.  `client` may be dropped afterwards.
 * Never blocks.
 * UMP_OK.  UMP_DEADLOCK: that server waits for this task, or is this task.  UMP_NO_MEMORY.
 * UMP_OVERFLOW.  UMP_INVALID: `client` or `out` is NULL; not in a task's `request` or `post`;
 * suspended already.
 */
UMP_API int ump_suspend_for(const ump_client *client, ump_suspension **out);

/**
 * Go on with a handler that has suspended, as if it had returned `flow` now; [suspend].  May come
 * before its callback has returned.  Never blocks.  Any thread.
 * UMP_OK.  UMP_SERVER_GONE: the task was dropped; a value in `flow` is the caller's to release.
 * Both consume the suspension.  UMP_INVALID: `suspension` or what it points to is NULL.
 */
UMP_API int ump_task_resume(ump_suspension **suspension, struct ump_flow flow);

/* ---- A server that its callers run ---------------------------------------------------------- */

/** The function behind ump_spawn_inline, which tells it how large the caller's structures are. */
UMP_API int ump_spawn_inline_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_inline **inlined);

/**
 * Open a channel and build a handler for it, as ump_spawn_thread does, without a thread and without
 * an event loop: who sends to the server runs it; [inline].  That makes a request to a server at
 * rest little more than a call of its handler.  The builder and `init` run before this returns, on
 * the calling thread, and so do the handlers of what these two have sent.
 *
 * Who finds the server at rest has the turn: it handles its own message, then what others have sent
 * meanwhile, until nothing is left.  Others queue, and those who wait for an answer sleep.  After
 * `budget` messages of others (see struct ump_config), whoever has the turn hands it to the first
 * whose request comes up while it is blocked in ump_client_req: that one handles its request
 * itself, and goes on with a budget of its own.  Where nobody is blocked so (posts, and requests
 * that were sent without waiting), it offers the turn after a second budget, and then after each
 * further one: it stops for about as long as one message took on average.  Who sends meanwhile, or
 * comes from the line for room, has the turn: it handles what is left, which is older, and then its
 * own message.  The one who has offered it returns, at the end of that time.  If nobody comes it
 * goes on.  So who serves others while they keep coming is relieved as soon as one of them comes at
 * such a time, as in a flood one does; nobody is made to come, and a client may serve for as long
 * as there are messages, but nobody to take the turn: where all come from the handler itself, say.
 * The offers cost about one part in `budget` of the time, and short turns cost nothing.
 *
 * What this means for the application:
 *
 * - These calls may run handlers, and `leftover`, `term` and `drop`, before they return, and take
 *   as long as these do: ump_spawn_inline; every call that sends a post or a request, whether it
 *   waits or not; the drop of the last strong client of either kind.  No other does.  What is said
 *   of these calls elsewhere, that they never block, holds but for that.
 * - Callbacks run on the threads that make these calls, one after the other, but on any of them:
 *   with its stack, its signal mask, its thread-local variables and its priority.  What one
 *   callback wrote, the next one sees.
 * - A caller must hold no lock that a handler takes.
 * - Inline servers whose handlers send to each other nest on one stack, each of them once at most.
 * - Deadlines are for waiting.  A handler that the caller runs itself is not interrupted, and no
 *   deadline ends a turn; a caller whose deadline passes meanwhile gets the answer, if there is one
 *   by then.
 * - A handler that sends to an inline server waits for it for as long as it has its turn, as far as
 *   [deadlock] goes: a handler that it runs then gets UMP_DEADLOCK for what would wait for the
 *   first one's server.  A handler that posts to its own server queues that.
 * - ump_suspend gives NULL here, and ump_suspend_for UMP_INVALID.
 *
 * `config` is read during the call only; `name`, `stack_size`, `threads` and `inherit_signals` play
 * no part.
 * `*client` and `*inlined` are the caller's.  Any thread.
 * Results as ump_spawn_thread; no thread can be lacking.
 */
static inline int ump_spawn_inline(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_inline **inlined)
{
	return ump_spawn_inline_sized(config, sizeof(struct ump_config), sizeof(struct ump_handler),
		builder, arg, client, inlined);
}

/**
 * Wait until the loop has ended: until some thread has run its end.  `*how` gets the outcome, as
 * from ump_join; `how` may be NULL.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  One thread at a
 * time.
 * UMP_OK: the handle is consumed.  UMP_TIMED_OUT: nothing is consumed.
 * UMP_DEADLOCK: called by a callback of this server, or by a handler for which it waits; nothing is
 * consumed; [deadlock].
 * UMP_INVALID: `inlined` or what it points to is NULL.
 */
UMP_API int ump_inline_join(ump_inline **inlined, struct ump_flow *how, ump_time deadline);

/**
 * Let the server go on without a handle: it ends as it would have, and nobody learns the outcome.
 * Never blocks; [quiet].  Any thread, also from the server's own callbacks.  NULL and a pointer to
 * NULL are fine.
 */
UMP_API void ump_inline_drop(ump_inline **inlined);

/* ---- The raw receiving end ----------------------------------------------------------------- */

/** The function behind ump_channel_open, which tells it how large the caller's structure is. */
UMP_API int ump_channel_open_sized(ump_server **server, ump_client **client,
	const struct ump_config *config, size_t config_size);

/**
 * Open a channel: a receiving end, for a loop of one's own, and its first strong client.  Both are
 * the caller's.  `config` is read during the call only; `name`, `stack_size`, `threads` and
 * `inherit_signals` play no part.  Never blocks.  Any thread.
 * UMP_INVALID as for ump_spawn_thread.  UMP_NO_MEMORY.  On failure both are NULL; [clean].
 */
static inline int ump_channel_open(
	ump_server **server, ump_client **client, const struct ump_config *config)
{
	return ump_channel_open_sized(server, client, config, sizeof(struct ump_config));
}

/**
 * Wait for the next message.  Requests that were given up while queued are skipped; [origin].
 *
 * UMP_OK: `*msg` points to the value, and what that points to is now the receiver's.  For a
 *   request `*rc` is its reply context, which the receiver owns, and `*msg` stays valid until the
 *   context is consumed.  For a post `*rc` is NULL, and `*msg` is valid until the next call on this
 *   server other than ump_server_was_empty and ump_server_skipped.
 * UMP_CLIENTS_GONE: all has been received and no strong client is left; so it stays; [drain].
 * UMP_TIMED_OUT: no message was there.  A loop that ticks only then never ticks in a flood: compare
 *   ump_now() with the next tick after each message too.
 * UMP_INVALID: an argument is NULL.  On failure `*msg` and `*rc` are NULL.
 * Blocks until a message is there or `deadline` (ns, absolute) has passed; [deadline].
 * One thread at a time.
 */
UMP_API int ump_server_wait(
	ump_server *server, const void **msg, ump_reply_context **rc, ump_time deadline);

/** As ump_server_wait, but never blocks and says UMP_EMPTY where that would have waited. */
UMP_API int ump_server_try_pop(ump_server *server, const void **msg, ump_reply_context **rc);

/**
 * Whether nothing was queued at the moment of the call; it may be out of date when it returns.
 * Requests that were given up count until they are skipped.  true for NULL.  Never blocks.
 * One thread at a time, as ump_server_wait.
 */
UMP_API bool ump_server_was_empty(const ump_server *server);

/**
 * How many requests were skipped so far because they were given up while queued; [origin].
 * 0 for NULL.  Never blocks.  One thread at a time, as ump_server_wait.
 */
UMP_API size_t ump_server_skipped(const ump_server *server);

/**
 * Close the inbox and drop the receiving end.  Queued requests complete with UMP_SERVER_GONE,
 * queued posts are given to their type's `drop`; [once].  Contexts that the receiver still owns
 * stay valid; [keep].  Never blocks; [quiet].  NULL and a pointer to NULL are fine.
 */
UMP_API void ump_server_drop(ump_server **server);

/* ---- Looking inside ------------------------------------------------------------------------- */

/** In struct ump_stats: nobody counts this. */
#define UMP_UNCOUNTED UINT64_MAX

/** What a server has done so far.  Each number is exact at some moment during the call. */
struct ump_stats {
	/** Messages queued, with the rooms that are kept for those who asked.  They are counted
	 *  only if the server has a capacity (a large one will do); otherwise, UMP_UNCOUNTED. */
	uint64_t depth UMP_ZERO;
	/** The most that there have ever been (it never falls); or UMP_UNCOUNTED, as `depth`. */
	uint64_t depth_most UMP_ZERO;
	/** Messages given to `request` or `post`, or received from a raw end. */
	uint64_t handled UMP_ZERO;
	/** Requests skipped because they were given up while queued; [origin]. */
	uint64_t skipped UMP_ZERO;
	/** Requests answered by ump_reply_fail.  0 for a raw receiving end, here and below: its
	 *  contexts are its owner's. */
	uint64_t failed UMP_ZERO;
	/** Contexts that were kept and are not answered yet; [keep].  Not those of a raw end. */
	uint64_t kept UMP_ZERO;
	/** Whether a handler is at work (or has suspended). */
	bool busy UMP_ZERO;
	/** Since how many ns it is; -1 if none is, or the configuration has no `slow_limit`. */
	int64_t busy_for UMP_ZERO;
	/** Strong clients, of both kinds. */
	uint64_t clients UMP_ZERO;
	/** The inbox is closed: the server has ended or is about to. */
	bool closed UMP_ZERO;
};

/** The function behind ump_client_stats. */
UMP_API int ump_client_stats_sized(
	const ump_client *client, struct ump_stats *out, size_t out_size);
/** The function behind ump_weak_client_stats. */
UMP_API int ump_weak_client_stats_sized(
	const ump_weak_client *weak, struct ump_stats *out, size_t out_size);
/** The function behind ump_server_stats. */
UMP_API int ump_server_stats_sized(
	const ump_server *server, struct ump_stats *out, size_t out_size);

/**
 * Read a server's numbers without disturbing it: no lock is taken.  Never blocks.  Any thread.
 * UMP_INVALID: an argument is NULL, or `struct ump_stats` is one that this library does not know.
 */
static inline int ump_client_stats(const ump_client *client, struct ump_stats *out)
{
	return ump_client_stats_sized(client, out, sizeof(struct ump_stats));
}

/** As ump_client_stats, for those who watch and keep nothing alive. */
static inline int ump_weak_client_stats(const ump_weak_client *weak, struct ump_stats *out)
{
	return ump_weak_client_stats_sized(weak, out, sizeof(struct ump_stats));
}

/** As ump_client_stats, for the raw receiving end, which its owner must not drop meanwhile. */
static inline int ump_server_stats(const ump_server *server, struct ump_stats *out)
{
	return ump_server_stats_sized(server, out, sizeof(struct ump_stats));
}

/**
 * Write what is known of every server of the process that has strong clients to `file`: its state,
 * its numbers, and who keeps it alive: each strong client, with the place (file and line) where it
 * was made.  Only a library that was built with UMP_HOLDERS (as CMake's Debug builds are) knows its
 * clients; any other says so in one line.
 * It copies what it knows first.  Then it writes and flushes that, with no lock of the library
 * held.  Dumps of several threads to one file come one after the other.  The file stays the
 * caller's.  Blocks as long as writing to `file` does: there is no deadline; [deadline].  Any
 * thread.
 * UMP_OK: all of it was written.  UMP_NOT_WRITTEN: writing has failed; a part may be written.
 * UMP_INVALID: `file` is NULL.  UMP_NO_MEMORY: there is none for the copy; nothing was written.
 */
UMP_API int ump_server_dump(FILE *file);

/**
 * The place that ump_server_dump will name for the next strong client that the calling thread
 * makes.  `file` is copied, but for the beginning of one that is longer than 255 bytes; NULL: it
 * names no place.  In C, without NDEBUG, the macros below call this by themselves.
 * Never blocks.  Any thread.
 */
UMP_API void ump_here(const char *file, int line);

#if !defined(NDEBUG) && !defined(__cplusplus)
#define UMP_HERE(...)                ((void)ump_here(__FILE__, __LINE__), __VA_ARGS__)
#define ump_client_clone(...)        UMP_HERE(ump_client_clone(__VA_ARGS__))
#define ump_client_post_client(...)  UMP_HERE(ump_client_post_client(__VA_ARGS__))
#define ump_post_client_clone(...)   UMP_HERE(ump_post_client_clone(__VA_ARGS__))
#define ump_weak_client_upgrade(...) UMP_HERE(ump_weak_client_upgrade(__VA_ARGS__))
#define ump_channel_open(...)        UMP_HERE(ump_channel_open(__VA_ARGS__))
#define ump_spawn_thread(...)        UMP_HERE(ump_spawn_thread(__VA_ARGS__))
#define ump_spawn_task(...)          UMP_HERE(ump_spawn_task(__VA_ARGS__))
#define ump_spawn_inline(...)        UMP_HERE(ump_spawn_inline(__VA_ARGS__))
#endif

#ifdef __cplusplus
}
#endif

#endif
