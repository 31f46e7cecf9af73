/* SPDX-License-Identifier: 0BSD */
/**
 * @file ump_server.h
 * ump-server: in-process message dispatch.
 *
 * A server owns an inbox.  Clients send it requests, which are answered, and posts, which are
 * one-way.  A dispatch loop passes each message to the application's handler, one at a time, in
 * order.  The loop ends in exactly two ways: by a break with a value, from the handler or from
 * outside (a stop), or because the inbox is empty and every strong client is gone.
 *
 * This header is the specification.  A tag in brackets, such as [once], names a promise; tests,
 * fuzzers and proofs name the tag that they check.  The promises:
 *
 * - [once]     Every accepted request completes exactly once: with a reply, with the handler's
 *              own code, with UMP_NO_REPLY or with UMP_SERVER_GONE.  Every accepted post is
 *              handled, passed to `leftover`, or given to its type's `drop`: exactly once.  So is
 *              every accepted request, unless it returns to its sender; [gone].
 * - [fifo]     Messages are handled in the order in which they were accepted.  Requests and posts
 *              share one queue, so the order of each client's messages holds too.
 * - [drain]    After the last strong client is dropped, every message accepted before is handled;
 *              then the loop ends with none, at once or when the last request of the handler itself
 *              has ended; [ask].  Delayed posts are accepted when they fall due.
 * - [break]    After a break no further message is handled.  In this order: the inbox closes;
 *              undelivered messages are passed to `leftover`, else completed with UMP_SERVER_GONE
 *              (requests) or dropped (posts); pending delayed posts follow them ([timer]); `term`
 *              runs and may replace the outcome; join returns it.
 * - [stop]     A stop is a break from outside.  It needs no capacity, and overtakes all queued
 *              messages: once it is accepted, no message is handled but the one at hand.  Then the
 *              loop ends by a break with the stop's value, as [break] says.  A suspended handler is
 *              the message at hand until it is resumed; a kept context is not.  If that message's
 *              handler breaks by itself, its value is the outcome, and the stop's is given to the
 *              stop's `drop`: an accepted value is the outcome or is dropped, exactly once.  At
 *              most one stop is accepted.
 * - [gone]     A send that returns UMP_SERVER_GONE delivered nothing and left the caller's value
 *              untouched: the caller still owns what the value points to, and may send it
 *              elsewhere.  A request that was never started fails with UMP_SERVER_GONE, and one
 *              that was started and not answered with UMP_NO_REPLY.  What an unstarted request
 *              points to reverts to a caller that is blocked in ump_client_req; if the request
 *              was sent without waiting for the answer, it is given to the request type's `drop`.
 * - [forgot]   A handler that returns without having answered or kept its reply context has
 *              dropped it: the caller gets UMP_NO_REPLY; it never hangs.
 * - [keep]     A kept reply context may move to any thread and may outlive the server; an answer
 *              through it is still delivered.  It does not keep the loop alive: contexts that a
 *              handler has queued by itself are not handled once the last client is gone and the
 *              loop has ended.  The handler must answer them in `term`, or hold them; [hold].
 * - [hold]     A kept context that holds its server's loop (ump_reply_hold) counts as a strong
 *              client until it is consumed: the loop does not drain before, weak clients can be
 *              upgraded, and what is sent meanwhile is handled.  Its answer, if it is the last to
 *              go, ends the loop as the drop of the last client does.  A break does not wait.
 * - [origin]   A reply to a caller that gave up fails with UMP_ORIGIN_GONE and drops the value.  A
 *              request that was given up while queued is skipped and counted; it never reaches
 *              the handler and never ends the loop.
 * - [weak]     Weak clients never keep a server alive.  Once the last strong client is gone,
 *              upgrading fails forever.
 * - [init]     `init` runs before the first message, on the dispatcher.  If it fails, spawn
 *              returns its error, nothing leaks, and clients that the builder cloned get
 *              UMP_SERVER_GONE.  If the builder fails, no thread starts, and neither `init` nor
 *              `term` runs.
 * - [deadline] Every call that can wait for another thread takes an absolute deadline and returns
 *              UMP_TIMED_OUT soon after it.  A deadline that has passed at the call is equivalent
 *              to UMP_NOW: the call does not wait.  So the sends that wait for capacity return
 *              UMP_FULL at once, and UMP_TIMED_OUT only after a wait.  With UMP_NOW and
 *              UMP_FOREVER no clock is read for the deadline.  These waits have no deadline:
 *              spawn's for the builder and `init`, and, if `init` failed, for the thread's end;
 *              that of ump_thread_pool_drop
 *              for idle threads; that of ump_completions_drop, and of a task's end, for a thread
 *              that is raising the notifier of the descriptor; that of a combiner that has released
 *              its role, for about the time of one message; that of ump_server_dump for its file;
 *              and those for the library's locks, which are held for a few instructions, or
 *              while ump_server_dump copies what it will write.  A thread that ends, an idle one
 *              too, may run destructors of thread-local variables: these waits include them.
 *              ump_thread_join's wait for the thread's end, after its loop has ended, keeps the
 *              deadline on Linux; other systems cannot abandon a join, and there it has no
 *              deadline.
 * - [deadlock] A handler that would wait for its own server, directly or through servers whose
 *              handlers wait for each other, gets UMP_DEADLOCK instead.  These are waits: for
 *              capacity in an inbox, for the answer to a request, for the end of a server and for
 *              `init`, with a deadline or without; and a suspension by ump_suspend_for.  In each
 *              wait cycle at least one handler gets UMP_DEADLOCK; two that close the cycle at the
 *              same moment may both get it.  A handler gets it only if it was part of a cycle at
 *              some moment of its call.  A request whose context was kept is answered from
 *              elsewhere: it closes no cycle.  A closed server cannot be waited for: a send to it
 *              gets UMP_SERVER_GONE, also from its own `leftover`, `term` and `drop`.  While the
 *              thread of a server exits, the destructors of its thread-local variables count as
 *              that server's handler, for ump_thread_join and for a spawn whose `init` has failed.
 *              (Those that run in the system's last two rounds of destructors may not be seen.)
 *              These waits are not seen: those of threads outside callbacks; those in ump_task_run,
 *              ump_completions_wait, ump_server_wait and ump_thread_pool_drop; that of a handler
 *              that has suspended by ump_suspend; those for an answer through a kept context; that
 *              of a loop for the answers to its handler's own requests, which hold it ([ask]); and
 *              waits outside this library.
 * - [bound]    A server with a capacity never has more messages queued than that.  A sender that
 *              finds the inbox full either fails with UMP_FULL at once, or waits: it spins
 *              briefly, then blocks in a FIFO wait queue.  Dropping the last client and closing
 *              the inbox need no capacity, and closing ends all waits.
 * - [task]     A task handles messages only inside the calls that run it, on their thread.  Its
 *              file descriptor is readable while there is something to do.
 * - [timer]    A timer belongs to a server, on a thread or a task, and calls in its loop: once, or
 *              with a period.  A call never comes before its time.  A call that is due comes at the
 *              latest after the message at hand, however many are queued, and calls that are due
 *              come in the order of their times.  Planned times that have passed are one call with
 *              a count.  A cancelled timer makes no further call.  Pending timers do not keep the
 *              loop alive; when it has ended none calls.  A due call is a callback: it may break
 *              and suspend, counts as a message in the statistics, and slow_handler reports it.
 *              While a handler is suspended, its task makes no due call.  All of this holds for
 *              delayed posts too, which clients send, and whose due call is `post`.  A delayed post
 *              is accepted when it falls due.  One that has fallen due when the loop reaches the
 *              end of the clients is handled, as [drain] says; the others are given to the post
 *              type's `drop`.  A break passes all that are pending to `leftover`, in the order of
 *              their times, after the messages.  On a raw receiving end the due call of a delayed
 *              post is a receive call that returns it, and is under way until the next one.
 * - [suspend]  A suspended handler continues exactly once, when it is resumed; until then its task
 *              takes no further message, and does not end (unless it is dropped).  [deadlock] sees
 *              what the handler waits for only if it suspends by ump_suspend_for.
 * - [combining]  A combining server has no thread.  A sender that finds it without a combiner runs
 *              it, as its combiner; so do a stop, the drop of the last strong client, and the
 *              answer through a context that holds the loop last; [hold].
 *              Messages are handled one at a time, in order.  After a budget of others' messages
 *              the combiner hands off the role to the next sender that is blocked in
 *              ump_client_req.  If a second budget brings none, and after each further one, it
 *              releases the role to the next sender.  ump_spawn_combining states the exceptions
 *              to [quiet] and [deadline].
 * - [workers]  Several workers share one inbox.  Messages begin in the order in which they were
 *              accepted, and those under way may overlap.  By key, messages of one key never
 *              overlap, and are handled in order; a key that is busy delays no other key.
 *              ump_spawn_workers has the table of what the other promises mean then.
 * - [complete] Each request sent with a completion comes out of its completion queue exactly once,
 *              with its tag, unless the queue is dropped first: that gives up all in flight.  One
 *              that was cancelled, or whose deadline has passed, comes out without an answer; if
 *              the answer was there before, it comes out with the answer.
 * - [watch]    A watch of a server completes exactly once, when the server has ended: after its
 *              last `leftover`, `term` and `drop`, however it ended.  A watch of a server that has
 *              ended already completes at once.  What the server's callbacks have written is
 *              visible to the thread that retrieves the completion.  A watch keeps nothing alive,
 *              and the drop of its completion queue frees its memory.
 * - [ask]      A handler may send a request and go on: the answer comes to it as a callback in its
 *              own loop, in the order of arrival with its messages, and needs no capacity.  Each
 *              such request calls back exactly once, unless it is cancelled; with the answer, with
 *              UMP_TIMED_OUT once its deadline has passed, or with UMP_CANCELLED after a break.  It
 *              closes no wait cycle.  While it is in flight the loop does not end with none;
 *              [drain].  A watch by a handler calls back once when the watched server has ended,
 *              unless the watching loop ends before; it keeps no server alive and no loop from its
 *              end.
 * - [reuse]    A server on a pooled thread keeps all of these promises.  Once the server is joined,
 *              its thread has returned to the pool, or has ended if the pool held its maximum of
 *              idle threads or was dropped.
 * - [quiet]    No lost wake-up: no thread stays blocked once its condition holds.  Closing,
 *              dropping and breaking never block, with three exceptions: ump_thread_pool_drop
 *              waits for idle threads to end; ump_completions_drop and a task's end may wait for a
 *              thread that is raising the notifier of the descriptor; and a stop of a combining
 *              server, or the drop of its last strong client or of a context that holds it, may
 *              run it.
 * - [clean]    When all handles are gone, all memory, threads and file descriptors are returned.
 *              (The stack of a dropped server's thread may remain until the next dropped server
 *              ends, or until ump_join_dropped is called.)
 *              A failure to get any of them returns a code and changes nothing.
 * - [user]     The application's callbacks run with no lock of the library held, on the documented
 *              thread, as often as documented.  Each must return; see below.
 * - [misuse]   A wrong argument that a correct program could pass (a NULL handle, a size of zero,
 *              an unknown structure size, a second reply) gives UMP_INVALID and changes nothing.
 *
 * Conventions of all functions:
 *
 * - Result: an `int`.  0 (UMP_OK) is success, below 0 is one of enum ump_result, above 0 is the
 *   handler's own code.  A function that fails has changed nothing unless documented otherwise.
 * - Ownership: a function that takes `T **` consumes the handle: it sets the pointer to NULL, and
 *   accepts NULL, so that a second drop through the same variable is harmless.  `T *` is lent.
 * - Messages are values of a size fixed for each server.  Sending copies (or, for a blocking
 *   request, lends) these bytes.  A copy, and the reply buffer, is aligned for any type of that
 *   size that is aligned no more strictly than max_align_t; stricter alignments must be set in
 *   struct ump_config.  What the bytes point to moves with them.  "Ownership of what a message
 *   points to", below, gives the owner after each call and result.
 * - Threads: "any thread" means that several threads may call at once on the same handle.  "One
 *   thread at a time" means that the handle may move among threads, but the program must order the
 *   moves (by a mutex, say, or by passing the handle in a message).  A call that consumes a handle
 *   must not overlap any other call on it.
 * - Functions must not be called from a signal handler.  None is a cancellation point (asynchronous
 *   cancellation is not supported).
 * - A child of fork may create servers of its own, whatever its parent's threads were doing at that
 *   moment, and also if a callback forked it.  It must neither use nor drop what its parent has
 *   created: clients, contexts, tasks, completion queues, thread pools and all other handles.
 *   Debug builds abort with a message at most calls that do.  Memory and file descriptors of the
 *   parent's servers stay the child's until it ends or execs.  (A child that was created by other
 *   means than fork, such as clone or _Fork, must not use the library.)
 * - A callback must return, on the thread that has called it.  It must not be left by an exception,
 *   by longjmp, by pthread_exit, by cancellation of its thread, or by a switch to another fiber or
 *   stack, unless that has switched back before it uses this library or ends.  A server whose
 *   callback was left is stuck: its callers and its join wait forever, its messages leak, and dead
 *   stack frames stay in use.  Debug builds abort with a message on the standard error output: when
 *   the thread ends, when callbacks end out of order, and, on a thread's own stack, at the next
 *   call that sends, waits, spawns or runs a server, unless that call is as deep on the stack as
 *   the callback was.
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

/** The version of this header.  Compare it with ump_version(), which returns the library's. */
#define UMP_VERSION_MAJOR 0
/** While the major version is 0, a new minor version may change the ABI. */
#define UMP_VERSION_MINOR 2
/** A new patch version brings fixes only. */
#define UMP_VERSION_PATCH 0
/** All three, as a string. */
#define UMP_VERSION_STRING "0.2.0"
/** As one number, to compare with <: 0x00MMmmpp. */
#define UMP_VERSION_NUMBER                                                                         \
	((UMP_VERSION_MAJOR << 16) | (UMP_VERSION_MINOR << 8) | UMP_VERSION_PATCH)

/**
 * Marks the functions that the library exports.  With UMP_STATIC, which is defined for builds of
 * the static library, the binary that links the library does not export them: each program and each
 * shared library that contains a copy calls its own.  Copies share no state: a handle must be used
 * with the copy that created it, and [deadlock] sees the waits of one copy only.  A build of the
 * library may define UMP_API beforehand to something else.
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

/** In C++, members that an initializer does not name are zero, without a compiler warning. */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define UMP_ZERO = {}
#else
#define UMP_ZERO
#endif

/* ---- Results ------------------------------------------------------------------------------- */

/** The library's own results.  A handler's own codes are above 0. */
enum ump_result {
	/** Done. */
	UMP_OK = 0,
	/** The server has ended, or ended before it started this request.  Nothing was
	 *  delivered. */
	UMP_SERVER_GONE = -1,
	/** The request was started, and its reply context was dropped without an answer. */
	UMP_NO_REPLY = -2,
	/** The caller has given up this request; the reply value was dropped. */
	UMP_ORIGIN_GONE = -3,
	/** Every strong client is gone: no message will come, and none can be sent. */
	UMP_CLIENTS_GONE = -4,
	/** The deadline has passed. */
	UMP_TIMED_OUT = -5,
	/** Nothing is available now (the calls named _try). */
	UMP_EMPTY = -6,
	/** An argument is wrong: NULL, a size of zero or too large, an unknown structure size, a
	 *  code out of range, a context that was answered already.  Each function lists its own. */
	UMP_INVALID = -7,
	/** Memory allocation failed. */
	UMP_NO_MEMORY = -8,
	/** The system could not create a thread. */
	UMP_NO_THREAD = -9,
	/** Too many handles of one server: 2^32 - 1 strong ones, or 2^32 - 3 weak ones. */
	UMP_OVERFLOW = -10,
	/** The wait would close a wait cycle: the caller would wait for itself; [deadlock]. */
	UMP_DEADLOCK = -11,
	/** The inbox is at capacity; [bound]. */
	UMP_FULL = -12,
	/** The system could not create a file descriptor. */
	UMP_NO_FD = -13,
	/** The file did not accept all of the output (ump_server_dump). */
	UMP_NOT_WRITTEN = -14,
	/** Nothing is in flight: no completion can arrive (ump_completions_wait). */
	UMP_NONE_PENDING = -15,
	/** The request was cancelled (ump_completions_cancel), or the loop of the asking handler
	 *  has ended by a break (ump_client_ask). */
	UMP_CANCELLED = -16,
	/** The server has no time of its own: combining servers and workers have no timers, and
	 *  their requests no deadlines; neither of them takes delayed posts. */
	UMP_NO_TIMERS = -17
};

/**
 * Return a short English text for a result code; never NULL.
 * Codes above 0 give "the handler's own code", unknown ones "unknown result".
 * The text is static and must not be freed.  Never blocks.  Any thread.
 */
UMP_API const char *ump_strerror(int result);

/* ---- Ownership of what a message points to --------------------------------------------------- */

/*
 * The owner after each call and result.  "Dropped": the value was given to its type's `drop`, once.
 *
 *   ump_client_req
 *     UMP_OK, above 0, UMP_NO_REPLY   the handler: the request was started
 *     UMP_TIMED_OUT                   the handler if the request is ever started, else dropped
 *     any other                       the caller as before
 *
 *   ump_client_req_async, ump_client_req_async_until, ump_client_req_completion,
 *   ump_client_req_completion_until, ump_client_ask, and all calls named _post and _post_until
 *     UMP_OK                          the library, and then as below
 *     any other, UMP_TIMED_OUT too    the caller as before
 *
 *   ump_wait_reply_wait, ump_wait_reply_try, and the result in a struct ump_completion or of an
 *   ump_answer_call
 *     UMP_OK, above 0, UMP_NO_REPLY   the handler: the request was started
 *     UMP_SERVER_GONE                 dropped: the request was never started
 *     UMP_TIMED_OUT, UMP_CANCELLED in a struct ump_completion or of an ump_answer_call
 *                                     the handler if the request is ever started, else dropped
 *     any other                       as before the call, which has consumed nothing
 *
 *   ump_wait_reply_drop, ump_completions_drop, ump_completions_cancel and ump_ask_cancel if these
 *   return UMP_OK
 *     the handler if the request is started, else dropped
 *
 *   `request`, `post`                 the handler, whatever it does with the message
 *
 *   `leftover`
 *     a post                          the handler
 *     a request, answered or kept     the handler
 *     a request, left or dropped      the caller if it is blocked in ump_client_req and has not
 *                                     timed out; else dropped
 *
 *   a post that is neither handled nor passed to `leftover`: dropped
 *
 *   ump_client_post_at, ump_post_client_post_at
 *     UMP_OK, no period               the library, and then as for any post
 *     UMP_OK, with a period           the library; each call of `post` borrows it, or each receive
 *                                     call of a raw receiving end.  Afterwards `leftover`, after a
 *                                     break; else dropped
 *     any other                       the caller as before
 *
 *   ump_delayed_cancel
 *     UMP_OK                          dropped
 *     any other                       as before
 *
 *   ump_client_stop, ump_post_client_stop, ump_weak_client_stop (of the value)
 *     UMP_OK                          `term`, then the caller of join, as for a break; if the
 *                                     handler breaks by itself, or `init` fails: dropped
 *     any other                       the caller as before
 *
 *   ump_reply (of what the reply points to)
 *     UMP_OK                          the caller of the request once it has got the reply;
 *                                     dropped if it gives the request up before
 *     UMP_ORIGIN_GONE                 dropped
 *     UMP_INVALID                     the handler as before
 */

/**
 * Whether ump_client_req, having returned `result`, has left what its message points to with the
 * caller, which may send it elsewhere, or must release it.  Never blocks.  Any thread.
 */
static inline bool ump_request_is_mine(int result)
{
	return result < UMP_OK && result != UMP_NO_REPLY && result != UMP_TIMED_OUT;
}

/**
 * The same for a call that sends a post, or a request without waiting for its answer: true for
 * every result but UMP_OK.  After UMP_OK the value never comes back.  Never blocks.  Any thread.
 */
static inline bool ump_sent_is_mine(int result)
{
	return result != UMP_OK;
}

/** Return the library's version, packed as UMP_VERSION_NUMBER.  Never blocks.  Any thread. */
UMP_API unsigned ump_version(void);

/* ---- Time ---------------------------------------------------------------------------------- */

/** A point in time: ns of CLOCK_MONOTONIC. */
typedef int64_t ump_time;

/** A deadline in the past: do not wait.  ump_task_run handles at most one message.  Any other
 *  deadline that has passed at the call means the same; [deadline]. */
#define UMP_NOW ((ump_time)0)
/** A deadline that never comes. */
#define UMP_FOREVER ((ump_time)INT64_MAX)

/** Return the current time.  Never blocks.  Any thread. */
UMP_API ump_time ump_now(void);

/**
 * Return the deadline `ns` from now; [deadline].  A sum that overflows gives UMP_FOREVER; a
 * negative `ns` gives a time in the past, equivalent to UMP_NOW.  Never blocks.  Any thread.
 */
UMP_API ump_time ump_after(int64_t ns);

/* ---- Configuration ------------------------------------------------------------------------- */

/** The largest alignment that values may have, in bytes. */
#define UMP_ALIGN_MOST 4096

/** The type of one kind of message. */
struct ump_type {
	/** Bytes of a value.  0: there are no messages of this kind. */
	size_t size UMP_ZERO;
	/**
	 * Releases what a value points to, if the value is never delivered and cannot go back to an
	 * owner: a post that is never handled, a request that was sent without waiting for the
	 * answer and is never started, a request or a reply whose caller has given up.  Such a
	 * request is dropped before its sender gets UMP_SERVER_GONE.  Called exactly once for each
	 * such value, on the thread that detects the condition, with a pointer to the library's
	 * copy of it, whose bytes `drop` must not free.  NULL: nothing to release.
	 */
	void (*drop)(void *value) UMP_ZERO;
};

/** A pool of threads, each of which runs one server after the other. */
typedef struct ump_thread_pool ump_thread_pool;

/**
 * The configuration of a server.  Zero it first (`= {0}`), so that later fields have their
 * defaults; an initializer with names, `= {.capacity = 8}`, does that too, and so does C++.
 */
struct ump_config {
	/** Type of request values.  Size 0: this server takes no requests. */
	struct ump_type request UMP_ZERO;
	/** Type of reply values.  Size 0: an answer carries no value, only its code. */
	struct ump_type reply UMP_ZERO;
	/** Type of post values.  Size 0: this server takes no posts. */
	struct ump_type post UMP_ZERO;
	/** Name of the thread, truncated to the system's limit (15 bytes on Linux).  NULL: "ump".
	 *  Read during the call only. */
	const char *name UMP_ZERO;
	/** Bytes of the thread's stack, raised to the system's minimum; the system's own use of the
	 *  stack for thread-local variables is added.  0: the system's default; with `thread_pool`,
	 *  that of the pool's threads. */
	size_t stack_size UMP_ZERO;
	/** Maximum number of queued messages, at most 2^31 - 1; [bound].  0: unbounded.  The
	 *  message that the handler works on is no longer queued, nor is the one that a combiner
	 *  has dequeued before it released its role, or before which a due call runs; requests that
	 *  were given up are, until they are skipped. */
	size_t capacity UMP_ZERO;
	/** Time that a callback may take for a message, in ns, before `slow_handler` is called.  0:
	 *  no limit, and no time is measured. */
	int64_t slow_limit UMP_ZERO;
	/** Optional.  Called on the dispatcher when `request` or `post` has returned later than
	 *  `slow_limit`: `took` is its time in ns, `request` whether it was a request, `arg` is
	 *  `slow_arg`. */
	void (*slow_handler)(void *arg, int64_t took, bool request) UMP_ZERO;
	/** Passed to `slow_handler`.  The library only passes it on. */
	void *slow_arg UMP_ZERO;
	/** For ump_spawn_combining: maximum number of others' messages that one combiner handles
	 *  before it looks for a successor, at most 2^31 - 1; [combining].  0: 64. */
	size_t budget UMP_ZERO;
	/** Lent to ump_spawn_thread: the pool whose thread runs the server, and afterwards runs
	 *  others.  NULL: the server has a thread of its own. */
	ump_thread_pool *thread_pool UMP_ZERO;
	/** Alignment of request values in the library's memory: a power of two, at most
	 *  UMP_ALIGN_MOST, as `_Alignof` gives for their type.  0: that of max_align_t, or less if
	 *  a value is smaller than that.  Values that callers lend stay where the callers put
	 *  them. */
	size_t request_align UMP_ZERO;
	/** As `request_align`, for replies. */
	size_t reply_align UMP_ZERO;
	/** As `request_align`, for posts. */
	size_t post_align UMP_ZERO;
	/** Maximum bytes of message memory that each client keeps for reuse: posts, requests and
	 *  the client's record of them together, as the library requests them from the allocator.
	 *  Memory beyond that is freed as it comes back: when the message is released, at the
	 *  latest when the server next waits or goes idle, without another send.  The rest is freed
	 *  with the client.  At most 2^32 - 1.  0: 128 KiB.  1: nothing is kept, and each message
	 *  is an allocation of its own. */
	size_t keep UMP_ZERO;
	/** For ump_spawn_thread: the server's callbacks run with the signal mask that the spawning
	 *  thread has at the call.  false: with the thread's own mask; see ump_spawn_thread. */
	bool inherit_signals UMP_ZERO;
	/** For ump_spawn_workers.  NULL: any worker takes any message.  Otherwise returns the key
	 *  of a message: messages of one key never overlap; [workers].  `arg` is `key_arg`, `msg`
	 *  the value, which `key` must only read, and `request` whether it is a request.  Called on
	 *  the workers, one call at a time, once for each message that is dequeued, in their order.
	 *  It must be brief, since no message begins meanwhile, and must not call this library. */
	uint64_t (*key)(void *arg, const void *msg, bool request) UMP_ZERO;
	/** Passed to `key`.  The library only passes it on. */
	void *key_arg UMP_ZERO;
};

/** What a handler does next, and how a loop ended. */
struct ump_flow {
	/** false: continue; as an outcome: the loop ended with none.  true: end with `value`. */
	bool stop;
	/** The value of a break.  The library only passes it on. */
	void *value;
};

/** Continue with the next message. */
static inline struct ump_flow ump_continue(void)
{
	struct ump_flow flow;

	flow.stop = false;
	flow.value = UMP_NULL;
	return flow;
}

/**
 * Report that the handler has suspended (see ump_suspend) and will be resumed; [suspend].
 * Elsewhere this is equivalent to ump_continue.
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

/** A strong client: it sends, and it keeps the server's loop alive. */
typedef struct ump_client ump_client;
/** A strong client that can only post. */
typedef struct ump_post_client ump_post_client;
/** A weak client: it does not keep the server alive; it can be upgraded while a strong one
 *  exists. */
typedef struct ump_weak_client ump_weak_client;
/** The right to the answer of one request that was sent without waiting. */
typedef struct ump_wait_reply ump_wait_reply;
/** The duty to answer one request. */
typedef struct ump_reply_context ump_reply_context;
/** The receiving end of a channel, for applications that write the loop themselves. */
typedef struct ump_server ump_server;
/** A server that runs on a thread. */
typedef struct ump_thread ump_thread;
/** A server that runs on several threads, its workers. */
typedef struct ump_workers ump_workers;
/** A server that runs inside the application's event loop. */
typedef struct ump_task ump_task;
/** A combining server: it runs on the threads of its callers. */
typedef struct ump_combining ump_combining;
/** The duty to resume a handler that has suspended. */
typedef struct ump_suspension ump_suspension;
/** A completion queue: it collects the answers to an event loop's requests. */
typedef struct ump_completions ump_completions;
/** The controller of a delayed post. */
typedef struct ump_delayed ump_delayed;

/* ---- Clients ------------------------------------------------------------------------------- */

/**
 * Create another strong client of the same server.  The caller owns `*out` and must drop it.
 * Never blocks.  Any thread, also from a handler.  A handler that keeps a strong client of its own
 * server keeps itself alive: only a break ends it; it should keep a weak client instead; [weak].
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_client_clone(const ump_client *client, ump_client **out);

/**Drop a strong client.  Never blocks, but see [combining]; [quiet].  NULL and a pointer to NULL
 * are allowed.  The drop of the last one (of both kinds of strong client) stops the server from
 * taking messages: it still handles what it has accepted, then its loop ends with none; [drain].
 * Other calls on the same handle must have returned.
 */
UMP_API void ump_client_drop(ump_client **client);

/**
 * Send a request and wait for the answer.
 *
 * `msg` points to a value of the request type; it is lent, and read in place or copied.  `reply`
 * must have space for a value of the reply type, and holds one if UMP_OK is returned (else,
 * anything); it may be NULL only if replies have no value.  `reply` must not overlap `msg`: with
 * UMP_FOREVER the handler may write the reply in place (ump_reply_buffer) while it still reads the
 * message.  Debug builds abort with an error message if a handler does so on overlapping memory.
 * Once the handler has been called with the message, it owns what the message points to.  (A
 * protocol that only lends it must use UMP_FOREVER, or memory that stays until the request is
 * answered: after a time-out the handler may still read it.)
 *
 * Blocks until the request is answered or `deadline` (ns, absolute) has passed; [deadline].  With
 * UMP_FOREVER nothing is allocated and nothing is copied: the message stays where it is, and the
 * reply is written straight to `reply`.  Any other deadline allocates memory for both.  If the
 * inbox is full, the time until it has capacity is part of the wait; [bound].
 * Any thread, also from handlers of other servers.
 *
 * UMP_OK: `*reply` holds the answer, and the caller owns what it points to.
 * above 0: the handler's own code.
 * UMP_SERVER_GONE: never started; the caller still owns what `*msg` points to; [gone].
 * UMP_NO_REPLY: started and never answered; [forgot].
 * UMP_TIMED_OUT: the request was given up, and the caller no longer owns what `*msg` points to: it
 *   may still be handled, or it was given to the request type's `drop`; [origin].  If the deadline
 *   had passed at the call, nothing was sent, and it was dropped at once.
 * UMP_DEADLOCK: the caller is a handler for which this server waits; nothing was sent; [deadlock].
 * UMP_INVALID: `client` or `msg` is NULL, `reply` is NULL though replies have a value, or the
 *   server takes no requests.  UMP_NO_MEMORY: nothing was sent.
 */
UMP_API int ump_client_req(
	const ump_client *client, const void *msg, void *reply, ump_time deadline);

/**
 * Send a request without waiting: the answer comes through `*out`, which the caller owns.
 * `msg` is copied.  Never blocks.  Any thread, also from any handler.
 * UMP_OK: sent; what `*msg` points to never comes back: if the request is never started, it is
 *   given to the request type's `drop`.
 * UMP_SERVER_GONE: nothing was sent; [gone].  UMP_FULL; [bound].  UMP_NO_MEMORY.
 * UMP_INVALID: an argument is NULL, or the server takes no requests.  On failure `*out` is NULL.
 */
UMP_API int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out);

/**
 * As ump_client_req_async, but if the inbox is full, wait for capacity until `deadline` (ns,
 * absolute); [bound], [deadline].  UMP_NOW is ump_client_req_async.
 * UMP_FULL: the inbox is full, and the deadline had passed at the call; nothing was sent.
 * UMP_TIMED_OUT: the call has waited until the deadline; nothing was sent, and the caller still
 *   owns what `*msg` points to.
 * UMP_DEADLOCK: the caller is a handler for which this server waits; [deadlock].
 */
UMP_API int ump_client_req_async_until(
	const ump_client *client, const void *msg, ump_wait_reply **out, ump_time deadline);

/**
 * Send a post.  `msg` is copied.  Never blocks, but see [combining].  Any thread, also from any
 * handler.
 * UMP_OK: accepted: it will be handled, passed to `leftover` or dropped; [once].
 * UMP_SERVER_GONE: nothing was sent; [gone].  UMP_FULL; [bound].  UMP_NO_MEMORY.
 * UMP_INVALID: an argument is NULL, or the server takes no posts.
 */
UMP_API int ump_client_post(const ump_client *client, const void *msg);

/**
 * As ump_client_post, but if the inbox is full, wait for capacity until `deadline` (ns, absolute);
 * [bound], [deadline].  UMP_NOW is ump_client_post.
 * UMP_FULL, UMP_TIMED_OUT and UMP_DEADLOCK as for ump_client_req_async_until.
 */
UMP_API int ump_client_post_until(const ump_client *client, const void *msg, ump_time deadline);

/**
 * Send a delayed post: the server's `post` is called with it at `due` (ns, absolute) and, if
 * `period` (ns) is above 0, each `period` after it, without drift; [timer].  `msg` is copied.  A
 * time that has passed is due at once, after the message at hand, however many are queued.  Posts
 * with equal times are handled in the order in which they were sent.
 *
 * `*out` is the controller, which the caller owns and must drop; `out` may be NULL: then the post
 * cannot be changed.  Neither keeps the server alive.  The post needs no capacity, also when it is
 * due: it never passes through the queue.
 *
 * What `*msg` points to: if `period` is 0, as for ump_client_post.  A periodic post is one value,
 * which is lent to each call: what it points to stays with the post, and is given to the post
 * type's `drop` when the post has ended by a cancel or with the clients.  At a break `leftover`
 * takes it over.  A raw receiving end returns posts that are due from its receive calls, as
 * ump_server_wait states, and lends and drops them in the same way.  Planned times that have passed
 * when it is called are one call, whatever their number; the handler can compare ump_now() with the
 * times that it expects.
 *
 * Never blocks.  Any thread, also from any handler.
 * UMP_OK: sent: it will be handled, passed to `leftover` or dropped; [once].
 * UMP_NO_TIMERS: the server is a combining one, or one with workers, and has no time of its own;
 *   nothing was sent.
 * UMP_SERVER_GONE: nothing was sent; [gone].  UMP_NO_MEMORY.
 * UMP_OVERFLOW: 2^32 - 3 weak clients and delayed posts of the server exist.
 * UMP_INVALID: `client` or `msg` is NULL, `period` is negative, or the server takes no posts.
 * On failure `*out` is NULL, and the caller still owns what `*msg` points to.
 */
UMP_API int ump_client_post_at(
	const ump_client *client, const void *msg, ump_time due, int64_t period, ump_delayed **out);

/**
 * Stop the server from outside, as if its handler broke with `value` after the message at hand;
 * [stop].  `drop`, which may be NULL, is called with `value` on the dispatcher, after the inbox has
 * closed, if the outcome is another one.  (If no dispatcher could be started, spawn calls it.)
 * Never blocks, but see [combining].  Any thread, also from the server's own callbacks: from `init`
 * or the builder, no message is handled; `leftover`, `term` and `drop` come too late.
 * UMP_OK: accepted; the value belongs to the loop.
 * UMP_SERVER_GONE: the loop ends or has ended, or another stop came first; the caller still owns
 *   the value.
 * UMP_INVALID: `client` is NULL, or it is one of a raw receiving end, whose loop belongs to the
 *   application: that must be asked by a message.
 */
UMP_API int ump_client_stop(const ump_client *client, void *value, void (*drop)(void *value));

/**
 * Create a strong client that can only post.  The caller owns `*out` and must drop it.
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

/** As ump_client_post_at. */
UMP_API int ump_post_client_post_at(const ump_post_client *client, const void *msg, ump_time due,
	int64_t period, ump_delayed **out);

/** As ump_client_stop. */
UMP_API int ump_post_client_stop(
	const ump_post_client *client, void *value, void (*drop)(void *value));

/** As ump_client_weak. */
UMP_API int ump_post_client_weak(const ump_post_client *client, ump_weak_client **out);

/* ---- Weak clients -------------------------------------------------------------------------- */

/**
 * Create a weak client, which does not keep the server alive; [weak].  The caller owns `*out` and
 * must drop it.  Never blocks.  Any thread.
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_client_weak(const ump_client *client, ump_weak_client **out);

/** Create another weak client.  As ump_client_weak. */
UMP_API int ump_weak_client_clone(const ump_weak_client *weak, ump_weak_client **out);

/** Drop a weak client.  Never blocks.  NULL and a pointer to NULL are allowed. */
UMP_API void ump_weak_client_drop(ump_weak_client **weak);

/**
 * Upgrade a weak client: create a strong one from it; [weak].  The caller owns `*out`; `weak`
 * stays.  Never blocks.  Any thread.  The server may still have ended by a break: then sends fail.
 * UMP_CLIENTS_GONE: no strong client is left, now and forever.
 * UMP_INVALID: an argument is NULL.  UMP_NO_MEMORY.  UMP_OVERFLOW.  On failure `*out` is NULL.
 */
UMP_API int ump_weak_client_upgrade(const ump_weak_client *weak, ump_client **out);

/**
 * As ump_client_stop, through a strong client that exists during the call: upgrade, stop, drop; so
 * see [combining] for both the stop and the drop.  No memory is allocated.
 * UMP_CLIENTS_GONE: no strong client is left: the loop ends by itself.  UMP_OVERFLOW.
 */
UMP_API int ump_weak_client_stop(
	const ump_weak_client *weak, void *value, void (*drop)(void *value));

/* ---- The caller's side of a request -------------------------------------------------------- */

/**
 * Wait for the answer.  `reply` as for ump_client_req.
 * Blocks until the request is answered or `deadline` (ns, absolute) has passed; [deadline].
 * One thread at a time.
 * UMP_TIMED_OUT: nothing is consumed: the caller must wait again, or drop.
 * UMP_DEADLOCK: the caller is a handler for which that server waits; nothing is consumed;
 *   [deadlock].
 * UMP_INVALID: `wait_reply` or what it points to is NULL, or `reply` is NULL though replies have a
 *   value; nothing is consumed.
 * Every other result consumes the handle and means the same as for ump_client_req, except that with
 * UMP_SERVER_GONE what the message points to was given to the request type's `drop`; [gone].
 */
UMP_API int ump_wait_reply_wait(ump_wait_reply **wait_reply, void *reply, ump_time deadline);

/**
 * Get the answer if it has arrived.  As ump_wait_reply_wait, but never blocks: where that would
 * wait, this returns UMP_EMPTY and consumes nothing.
 */
UMP_API int ump_wait_reply_try(ump_wait_reply **wait_reply, void *reply);

/**
 * Give the request up; [origin].  Never blocks.  NULL and a pointer to NULL are allowed.
 * A request that is still queued is skipped; one in progress is handled, and its answer dropped.
 */
UMP_API void ump_wait_reply_drop(ump_wait_reply **wait_reply);

/* ---- The caller's side of many requests: completions ---------------------------------------- */

/** The end of one request, reservation or watch, as ump_completions_next returns it. */
struct ump_completion {
	/** The tag that the request was sent with.  The library only passes it on. */
	void *tag UMP_ZERO;
	/** UMP_OK, the handler's own code, UMP_SERVER_GONE or UMP_NO_REPLY, as from
	 *  ump_wait_reply_wait.  UMP_TIMED_OUT or UMP_CANCELLED: the request was given up. */
	int result UMP_ZERO;
	/** With UMP_OK, if replies have a value: the value, lent until the next call on this
	 *  completion queue that retrieves a completion or drops the queue; what it points to is
	 *  the caller's.  For a watch by ump_thread_watch, ump_task_watch or ump_combining_watch: a
	 *  `const struct ump_flow`, lent likewise.  Else NULL. */
	const void *reply UMP_ZERO;
};

/**
 * Create a completion queue, which collects the answers to many requests to any servers, for an
 * event loop or any other thread.  The caller owns `*out` and must drop it.  It takes one file
 * descriptor, or two where the system has no eventfd.  Never blocks.  Any thread.
 * UMP_INVALID: `out` is NULL.  UMP_NO_MEMORY.  UMP_NO_FD.  On failure `*out` is NULL.
 */
UMP_API int ump_completions_open(ump_completions **out);

/**
 * Return the file descriptor for the event loop to wait on.  It becomes readable when an answer
 * arrives, and stays readable until ump_completions_next has returned UMP_EMPTY (level-triggered).
 * Spurious readiness is possible; [complete].  The library owns it: the application must not read,
 * write or close it.  It stays the same until the drop, which closes it: the event loop must remove
 * it before that.  -1 for NULL.  Never blocks.  Any thread.
 */
UMP_API int ump_completions_fd(const ump_completions *completions);

/**
 * Send a request whose answer comes out of `completions` with `tag`; [complete].  `msg` is copied.
 * Never blocks.  Any thread for `client`; one thread at a time for `completions`.
 * UMP_OK: sent.  UMP_SERVER_GONE: nothing was sent; [gone].
 * UMP_FULL: nothing was sent; ump_client_reserve reports when to retry; [bound].
 * UMP_NO_MEMORY.  UMP_OVERFLOW: 2^32 - 3 requests are in flight.
 * UMP_INVALID: `client`, `msg` or `completions` is NULL, or the server takes no requests.
 */
UMP_API int ump_client_req_completion(
	const ump_client *client, const void *msg, ump_completions *completions, void *tag);

/**
 * As ump_client_req_completion, but the request is given up at `deadline` (ns, absolute), and can
 * be cancelled: by ump_completions_cancel with `*id`, a number that this queue never uses again.
 * `id` may be NULL.  The completion then comes with UMP_TIMED_OUT or UMP_CANCELLED, unless the
 * answer was there before; [complete], [origin].  It takes no thread: ump_completions_next and
 * ump_completions_wait find a deadline that has passed.  The descriptor of the queue does not
 * become readable at a deadline, so an event loop must wait no longer than until
 * ump_completions_due.
 * Never blocks; a full inbox gives UMP_FULL at once.  Threads as ump_client_req_completion.
 * UMP_OK: sent.  `*id` is the number; it is valid until the completion has come out, and harmless
 *   afterwards.
 * UMP_TIMED_OUT: the deadline has passed already; nothing was sent, and the caller still owns what
 *   `*msg` points to.
 * UMP_OVERFLOW: 2^31 such requests are in flight.  All other results as ump_client_req_completion.
 *   On failure `*id` is 0, which is no request's number.
 */
UMP_API int ump_client_req_completion_until(const ump_client *client, const void *msg,
	ump_completions *completions, void *tag, ump_time deadline, uint64_t *id);

/**
 * Cancel the request with this number; [complete].  A request that is still queued is skipped; one
 * in progress is handled, and its answer dropped; [origin].  A reply that the queue has lent stays
 * lent.  Never blocks, and needs no memory.  One thread at a time for `completions`.
 * UMP_OK: it was given up; its completion comes next with UMP_CANCELLED.
 * UMP_EMPTY: nothing was changed.  The answer was there before, and its completion comes; or the
 *   request was cancelled before, or its completion has come out already.
 * UMP_INVALID: `completions` is NULL.
 */
UMP_API int ump_completions_cancel(ump_completions *completions, uint64_t id);

/**
 * Return the time until which an event loop may wait for the descriptor: the nearest deadline of a
 * request in flight, UMP_NOW if a completion with UMP_CANCELLED can be retrieved, or UMP_FOREVER.
 * The loop must call ump_completions_next then.  (The answer may have come meanwhile, so that this
 * returns UMP_EMPTY.)  UMP_FOREVER for NULL.  Never blocks.  One thread at a time.
 */
UMP_API ump_time ump_completions_due(const ump_completions *completions);

/**
 * Reserve capacity for one message; `completions` reports when it is available; [bound].  A
 * completion with `tag` and UMP_OK means that a permit is kept for `client`: its next send, of
 * whatever kind, uses it and cannot find the inbox full.  The permit is kept until that send, or
 * until `client` is dropped.  If `completions` is dropped before the completion has come out of it,
 * no permit is kept.
 * Reservations and blocked senders share one FIFO wait queue.  If `client` itself blocks in a send
 * meanwhile, that send is queued directly before the reservation, and so gets a permit first.  A
 * server without a capacity is never full, and keeps no permits: the completion comes at once.  If
 * the server ends first, the completion comes with UMP_SERVER_GONE; if `client` is dropped first,
 * with UMP_ORIGIN_GONE.
 * Never blocks.  One thread at a time for `client` (which must not send concurrently) and for
 * `completions`.
 * UMP_OK: the completion will come.  UMP_NO_MEMORY.  UMP_OVERFLOW as ump_client_req_completion,
 *   or as ump_client_weak: a client with a reservation counts as a weak client too, until it makes
 *   the next one or is dropped.
 * UMP_INVALID: `client` or `completions` is NULL, or a reservation of `client` is still queued or
 *   its permit unused.  (If the completion queue of that reservation was dropped, `client` may make
 *   another; a permit that was reported to it stays its own, and the new completion reports that
 *   one again.)
 */
UMP_API int ump_client_reserve(ump_client *client, ump_completions *completions, void *tag);

/**
 * Watch the server of `client`: when it has ended, a completion comes out of `completions` with
 * `tag`, UMP_OK and no reply; [watch].  (The loop of ump_channel_open has ended when its receiving
 * end has been dropped.)  A watch needs no capacity, and does not keep the server alive; each call
 * makes one.  `client` may be dropped afterwards.
 * Never blocks.  Any thread for `client`, also from a handler; one thread at a time for
 * `completions`.
 * UMP_OK: the completion will come.  UMP_NO_MEMORY.  UMP_OVERFLOW as ump_client_req_completion.
 * UMP_INVALID: `client` or `completions` is NULL.
 */
UMP_API int ump_client_watch(const ump_client *client, ump_completions *completions, void *tag);

/** As ump_client_watch. */
UMP_API int ump_post_client_watch(
	const ump_post_client *client, ump_completions *completions, void *tag);

/** As ump_client_watch, for a weak client; that of `init` is one. */
UMP_API int ump_weak_client_watch(
	const ump_weak_client *weak, ump_completions *completions, void *tag);

/**
 * As ump_client_watch, by the handle of a server on a thread: `reply` of the completion points to a
 * `const struct ump_flow`, the outcome as ump_thread_join returns it.  Its value stays that of the
 * join: a program that gets it here and joins too has it twice.  `thread` may be joined or dropped
 * afterwards.  Once the completion has come, ump_thread_join waits for the exit of the thread only:
 * with UMP_NOW it returns UMP_OK, always if the server has a pooled thread, or UMP_TIMED_OUT while
 * the thread exits.  A thread that must not block can drop the handle then, and has the outcome.
 * Never blocks.  One thread at a time for `thread` and for `completions`.
 * Results as ump_client_watch.
 */
UMP_API int ump_thread_watch(const ump_thread *thread, ump_completions *completions, void *tag);

/** As ump_thread_watch, for workers: once the completion has come, ump_workers_join waits for the
 *  exit of their threads only. */
UMP_API int ump_workers_watch(const ump_workers *workers, ump_completions *completions, void *tag);

/** As ump_thread_watch, for a task: once the completion has come, ump_task_join returns UMP_OK. */
UMP_API int ump_task_watch(const ump_task *task, ump_completions *completions, void *tag);

/** As ump_thread_watch, for a combining server: once the completion has come, ump_combining_join
 *  returns UMP_OK at once. */
UMP_API int ump_combining_watch(
	const ump_combining *combining, ump_completions *completions, void *tag);

/** As ump_client_reserve. */
UMP_API int ump_post_client_reserve(
	ump_post_client *client, ump_completions *completions, void *tag);

/** The function behind ump_completions_next. */
UMP_API int ump_completions_next_sized(
	ump_completions *completions, struct ump_completion *out, size_t out_size);
/** The function behind ump_completions_wait. */
UMP_API int ump_completions_wait_sized(ump_completions *completions, struct ump_completion *out,
	size_t out_size, ump_time deadline);

/**
 * Return the next answer that has arrived, in the order of arrival; [complete].
 * A request that was given up comes out between answers, before UMP_EMPTY.
 * UMP_OK: `*out` is filled.  UMP_EMPTY: none has arrived.  UMP_INVALID: an argument is NULL.
 * Never blocks.  One thread at a time.
 */
static inline int ump_completions_next(ump_completions *completions, struct ump_completion *out)
{
	return ump_completions_next_sized(completions, out, sizeof(struct ump_completion));
}

/**
 * As ump_completions_next, but wait for an answer until `deadline` (ns, absolute); [deadline].  A
 * handler that waits here for its own server is not detected: the queue serves many servers.
 * UMP_NONE_PENDING: none is in flight, so none can arrive; watches count.  UMP_TIMED_OUT.
 */
static inline int ump_completions_wait(
	ump_completions *completions, struct ump_completion *out, ump_time deadline)
{
	return ump_completions_wait_sized(
		completions, out, sizeof(struct ump_completion), deadline);
}

/**
 * Return the number of requests, reservations and watches whose completion has not been retrieved
 * yet.
 * 0 for NULL.  Never blocks.  One thread at a time.
 */
UMP_API size_t ump_completions_in_flight(const ump_completions *completions);

/**
 * Drop the completion queue, and give up everything in flight; [complete].  Requests that are still
 * queued are skipped, the answers of others dropped; [origin].  The file descriptor is closed when
 * this returns, whatever is in flight.  Never blocks.  NULL and a pointer to NULL are allowed.
 */
UMP_API void ump_completions_drop(ump_completions **completions);

/* ---- The handler's side of a request ------------------------------------------------------- */

/**Answer a request.  `value` points to a value of the reply type, which is copied straight to the
 * caller; if it is what ump_reply_buffer returned, nothing is copied.  It may be NULL only if
 * replies have no value.  Afterwards the message that came with the context must not be read.
 * Never blocks, but may run a combining server that has asked; [ask].  One thread at a time, any
 * thread.  UMP_OK: delivered; the caller of the request
 * owns what the value points to.  UMP_ORIGIN_GONE: that caller has given up; the value was given to
 * its type's `drop`; [origin].  UMP_INVALID: `rc` or what it points to is NULL (a second reply,
 * say), or `value` is NULL though
 *   replies have a value; nothing is consumed.  All other results consume the context.
 */
UMP_API int ump_reply(ump_reply_context **rc, const void *value);

/**
 * Answer a request with the handler's own code, above 0, which the caller's call returns.
 * As ump_reply.  UMP_INVALID also if `code` is not above 0.
 */
UMP_API int ump_reply_fail(ump_reply_context **rc, int code);

/**
 * Drop a context without an answer: the caller gets UMP_NO_REPLY.  Inside `leftover`, where the
 * request was never started, it gets UMP_SERVER_GONE, unless the context was kept: that starts the
 * request.  Never blocks.  NULL and a pointer to NULL are allowed.
 */
UMP_API void ump_reply_drop(ump_reply_context **rc);

/**
 * Keep a context beyond the handler's return, to answer later; [keep].  Moves it out of `*rc` and
 * returns it.  The application owns it and must answer or drop it, on any thread, at any time, also
 * after the server has ended.  The message that came with it stays valid until then.  Returns NULL
 * if `rc` or what it points to is NULL.  Never blocks.
 */
UMP_API ump_reply_context *ump_reply_keep(ump_reply_context **rc);

/**
 * Let a kept context hold its server's loop, until it is consumed by ump_reply, ump_reply_fail or
 * ump_reply_drop, on any thread: the loop drains only then; [hold].  `rc` is what ump_reply_keep
 * has returned, or a context of a raw receiving end that has not been dropped yet.  A context that
 * holds already stays as it is; nothing takes the hold back but an answer.  A break or a stop ends
 * the loop at once, and the context stays valid; [keep].  Holding a loop that has ended so has no
 * effect.  Consuming the context that holds a combining server last may run it; [combining].
 * Needs no memory, never blocks.  One thread at a time, any thread, also from all callbacks.
 * UMP_OK.
 * UMP_CLIENTS_GONE: no strong client is left, nor another context that holds: the loop ends once it
 *   has handled what was accepted, without this one; [keep].  (A caller in ump_client_req has a
 *   client, so this is a result for the contexts of other requests only.)
 * UMP_OVERFLOW.
 * UMP_INVALID: `rc` is NULL, or the context was not kept.
 */
UMP_API int ump_reply_hold(ump_reply_context *rc);

/**
 * Return the reply buffer: if the caller blocks without a deadline, the caller's own memory.
 * Write the value there and pass the same pointer to ump_reply.  NULL if replies have no value or
 * `rc` is NULL.  Lent until the context is consumed.  Never blocks.
 */
UMP_API void *ump_reply_buffer(ump_reply_context *rc);

/**
 * Whether the caller has given up, so that a handler can stop work that is not needed; [origin].
 * false may be out of date as soon as it is returned; true stays true.  false for NULL.
 * Never blocks.
 */
UMP_API bool ump_reply_origin_gone(const ump_reply_context *rc);

/**
 * Return the deadline at which the caller gives the request up: that of ump_client_req,
 * ump_client_req_completion_until or ump_client_ask.  UMP_FOREVER if there is none, or `rc` is
 * NULL.  A caller may give up earlier.  Never blocks.
 */
UMP_API ump_time ump_reply_deadline(const ump_reply_context *rc);

/**
 * Return the deadline for what a handler sends on, or waits for, on behalf of a request: the
 * earlier one of `own` (ns, absolute) and of ump_reply_deadline(rc).  It is a deadline for any call
 * that takes one; [deadline].  UMP_FOREVER as `own` inherits the caller's deadline as it is.
 * It depends on `rc` alone, not on the thread or the callback that calls: in nested callbacks, that
 * of the request whose context is passed; with a kept context, on any thread, until that is
 * consumed.  If `rc` is NULL, as after the answer, or its caller has no deadline, it is `own`.  A
 * server that inherits passes on what is left of its caller's time, so that a chain of servers
 * gives up together: at the deadline a caller gets UMP_TIMED_OUT, or what the handler answers that
 * has timed out a moment before.
 * Never blocks.
 */
UMP_API ump_time ump_deadline_inherit(const ump_reply_context *rc, ump_time own);

/* ---- The handler --------------------------------------------------------------------------- */

/**
 * The application's callbacks.  Each runs on the dispatcher (the server's thread, or the thread
 * that runs the task or the combining server) with no lock of the library held, one at a time;
 * [user].  The order in a handler's life: builder, init, request and post, leftover, term, drop.
 */
struct ump_handler {
	/** Passed to every callback.  The library only passes it on. */
	void *self UMP_ZERO;
	/**
	 * Optional.  Called once, before the first message; [init].  `me` is a weak client of this
	 * server, lent until `drop` returns; it must be cloned to be kept longer.  Returns 0, or
	 * any other code to fail: spawn returns it, `leftover` and `term` are not called, `drop`
	 * is.
	 */
	int (*init)(void *self, ump_weak_client *me) UMP_ZERO;
	/**
	 * Called for each request; required if the server takes requests.  `msg` is the value,
	 * valid until the context is consumed, by an answer for example: it must not be read after
	 * that.  The handler owns what it points to.  It may answer through `*rc`, or keep that;
	 * otherwise the context is dropped on return; [forgot].
	 */
	struct ump_flow (*request)(void *self, const void *msg, ump_reply_context **rc) UMP_ZERO;
	/**
	 * Called for each post; required if the server takes posts.  `msg` is the value, valid
	 * until the callback returns; the handler owns what it points to, unless the post is a
	 * periodic one (ump_client_post_at).
	 */
	struct ump_flow (*post)(void *self, const void *msg) UMP_ZERO;
	/**
	 * Optional.  Called after a break for each message that was accepted and not handled, in
	 * order; [break].  For a request `*rc` may be answered, kept or dropped; a request that is
	 * left alone completes with UMP_SERVER_GONE, and what `msg` points to reverts to its caller
	 * if that is blocked in ump_client_req, else is given to the request type's `drop`.  A
	 * handler that answers or keeps `*rc` takes over what `msg` points to.  For a post `rc` is
	 * NULL, and the handler owns what `msg` points to.
	 */
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc) UMP_ZERO;
	/**
	 * Optional.  Called once when the loop has ended, in either way.  Returns the outcome for
	 * join; without it, the outcome is `how`.
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
 * Builds a handler.  Spawn calls it on the spawning thread, before any other thread exists; [init].
 * `arg` is spawn's.  `client` is a strong client of the new server, lent for the call: the builder
 * must clone it, or create a weak one, to keep one.  `out` is zeroed before the call.  A blocking
 * request to this server gets UMP_DEADLOCK here; posting and ump_client_req_async work.
 * Returns 0, or any other code to fail, which spawn returns.
 */
typedef int ump_handler_builder(void *arg, ump_client *client, struct ump_handler *out);

/* ---- Timers -------------------------------------------------------------------------------- */

/**
 * A due call, which a timer makes; [timer].  It is a callback as `post` is: it runs on the
 * dispatcher, and its result continues or breaks.  `self` is the handler's, `arg` the timer's.
 * `count` is the number of planned times that this call covers: 1, or more if a periodic timer's
 * call is so late that further planned times have passed.
 */
typedef struct ump_flow ump_due_call(void *self, void *arg, uint64_t count);

/**
 * Start a timer of the server whose callback makes this call: `call` is due at `due` (ns,
 * absolute), and, if `period` (ns) is above 0, each `period` after it, without drift; [timer].  A
 * time that has passed is due at once, after the callback that is running.  `*id` gets the timer's
 * number, which is not 0, and not given again by this server before 2^32 further timers; `id` may
 * be NULL.
 *
 * From the callbacks `init`, `request`, `post` and due calls of a server on a thread or a task.
 * Where callbacks nest, the innermost one's server is meant.  Memory is allocated for the first
 * timer, and as more are pending at once than ever before.  Never blocks.
 *
 * `arg` stays the application's: the library only passes it on.  A timer that is pending when the
 * loop ends makes no further call, so the handler must know what to release in `term` or `drop`.
 *
 * UMP_OK.  UMP_NO_MEMORY.
 * UMP_NO_TIMERS: the calling callback's server is a combining one, or has workers, and has no time
 *   of its own.
 * UMP_SERVER_GONE: the loop has ended: the caller is `leftover`, `term` or `drop`.
 * UMP_INVALID: `call` is NULL, `period` is negative, or the caller is in no callback of a server,
 *   or in a builder.
 * On failure `*id` is 0.
 */
UMP_API int ump_timer_start(
	ump_due_call *call, void *arg, ump_time due, int64_t period, uint64_t *id);

/**
 * Cancel a timer of the server whose callback makes this call: it makes no further call.  This is
 * exact, also for a timer that is due already, and in a periodic timer's own call.  From the same
 * callbacks as ump_timer_start, and from `leftover`, `term` and `drop`.  Never blocks.
 * UMP_OK.  UMP_EMPTY: no such timer is pending: it has been cancelled, or made its only call.
 * UMP_NO_TIMERS and UMP_INVALID as for ump_timer_start.
 */
UMP_API int ump_timer_cancel(uint64_t id);

/* ---- Controllers of delayed posts ------------------------------------------------------------ */

/**
 * Cancel a delayed post; [timer].  The controller must still be dropped.  Never blocks, and needs
 * neither memory nor capacity.  Any thread, also from the server's own callbacks.
 * UMP_OK: no call will begin, and none is under way.  The value was given to the post type's
 *   `drop`, by this call.
 * UMP_EMPTY: a call is under way, the caller's own perhaps, and no further one begins; or the post
 *   has ended before: it was cancelled, its only call was made, or the loop has ended.
 * UMP_INVALID: `delayed` is NULL.
 */
UMP_API int ump_delayed_cancel(ump_delayed *delayed);

/**
 * Pause a delayed post: until ump_delayed_resume no call begins.  One that is under way is not
 * disturbed.  Planned times pass meanwhile.  A paused post may be paused again, without effect.
 * Never blocks, and needs no memory.  Any thread.
 * UMP_OK.  UMP_EMPTY: the post has ended, as for ump_delayed_cancel.
 * UMP_INVALID: `delayed` is NULL.
 */
UMP_API int ump_delayed_pause(ump_delayed *delayed);

/**
 * Resume a paused delayed post.  If planned times have passed meanwhile, one call is due at once
 * for them; the following ones come as if there had been no pause.  One that is not paused is not
 * changed.  Never blocks, and needs no memory.  Any thread.  Results as ump_delayed_pause.
 */
UMP_API int ump_delayed_resume(ump_delayed *delayed);

/**
 * Change the period (ns) of a periodic delayed post.  The next call is planned this long after the
 * last planned time that has passed; before the first call, that one's time stays.  If two threads
 * do this at once, one of their periods is in use.
 * Never blocks, and needs no memory.  Any thread.
 * UMP_OK.  UMP_EMPTY: the post has ended, as for ump_delayed_cancel.
 * UMP_INVALID: `delayed` is NULL, `period` is not above 0, or the post is not periodic.
 */
UMP_API int ump_delayed_set_period(ump_delayed *delayed, int64_t period);

/**
 * Drop the controller.  The post stays as it is: a pending one will be handled, and a paused one
 * stays paused until the loop ends.  Other calls on the same controller must have returned.  Never
 * blocks.  Any thread, also after the server has ended.  NULL and a pointer to NULL are allowed.
 */
UMP_API void ump_delayed_drop(ump_delayed **delayed);
/* ---- A handler's own requests --------------------------------------------------------------- */

/**
 * Called once for a request of the handler by ump_client_ask, when it has ended, or for a watch by
 * one of the calls named _watch_call; [ask].  It is a callback as `post` is: it runs on the
 * dispatcher, and its result continues or breaks.  It may send, wait, suspend, ask again and start
 * timers.  `self` is the handler's, `arg` that of the call.
 *
 * `result` is UMP_OK, the answering handler's own code, UMP_SERVER_GONE or UMP_NO_REPLY, as from
 * ump_wait_reply_wait; UMP_TIMED_OUT: the deadline has passed before; or UMP_CANCELLED: this
 * server's loop has ended by a break, or `init` has failed.  Then what it returns is ignored.  With
 * UMP_OK, if replies have a value, `reply` is the value, lent until the callback returns; what it
 * points to is the handler's.  Else `reply` is NULL.  For a watch, `result` is UMP_OK.
 */
typedef struct ump_flow ump_answer_call(void *self, void *arg, int result, const void *reply);

/**
 * Send a request from a callback of a server, and go on: the answer comes to that server as a call
 * of `call`; [ask].  `msg` is copied.  Where callbacks nest, the innermost one's server is meant:
 * the asker.  `*id` gets the request's number, which is not 0, and not given again by this server
 * before 2^32 further ones; `id` may be NULL.  `client` may be dropped before the answer comes.
 *
 * The answer is handled in the order of arrival with the asker's messages, and counts as one in the
 * statistics; it is never refused for want of capacity.  Servers may ask each other, and a server
 * itself, in any way: none of them waits, so [deadlock] sees no cycle.
 *
 * At `deadline` (ns, absolute) the request is given up, and `call` gets UMP_TIMED_OUT as a due call
 * of a timer, unless the answer was there before; [origin], [timer].
 *
 * Requests in flight hold the asker's loop.  Once its last strong client is gone and all messages
 * are handled, it ends with none when the last of them has ended; it may ask until then.  No stop
 * can reach it meanwhile ([weak]), so a deadline, or ump_ask_cancel, must limit this time if the
 * answer may never come; nor may the asked handler join the asker meanwhile, since that waits for
 * itself.  At a break all requests in flight are given up; once `leftover` has been called, and
 * before `term`, `call` gets UMP_CANCELLED for each of them, in the order in which they were sent,
 * also for those whose answers were queued; the values of these are dropped.
 *
 * A combining asker has no time of its own, and takes no deadline.  The thread that answers its
 * request runs it if it has no combiner, as the sender of a post would: inside the call that
 * answers; [combining].
 *
 * From the callbacks `init`, `request` and `post`, due calls and calls like `call` of a server on a
 * thread, a task or a combining server.  Memory is allocated for the first request, for each, and
 * as more are in flight at once than ever before.  Never blocks, but see [combining] for a
 * combining server of `client`.
 *
 * UMP_OK: sent; `call` will be called.  What `*msg` points to never comes back.
 * UMP_SERVER_GONE: the server has ended, or the asker's loop has: the caller is `leftover`, `term`
 *   or `drop`, or was called with UMP_CANCELLED.  UMP_FULL: nothing was sent; [bound].
 * UMP_TIMED_OUT: the deadline has passed already; nothing was sent.
 * UMP_NO_TIMERS: the asker is a combining server, and `deadline` is not UMP_FOREVER.
 * UMP_NO_MEMORY.  UMP_OVERFLOW: 2^32 - 3 requests and watches of the asker are in flight, or that
 *   number of weak clients of it exists.
 * UMP_INVALID: `client`, `msg` or `call` is NULL, the server takes no requests, or the caller is in
 *   no callback of a server, in one of a worker, or in a builder.
 * On failure the caller still owns what `*msg` points to, and `*id` is 0.
 */
UMP_API int ump_client_ask(const ump_client *client, const void *msg, ump_time deadline,
	ump_answer_call *call, void *arg, uint64_t *id);

/**
 * Cancel a request, or a watch, of the server whose callback makes this call: its `call` is not
 * called.  This is exact, also if the answer was queued already: its value is dropped then.  A
 * request that is still queued is skipped; one in progress is handled, and its answer dropped;
 * [origin].  From the same callbacks as ump_client_ask, and from `leftover`, `term` and `drop`.
 * Never blocks, and needs no memory.
 * UMP_OK.  UMP_EMPTY: no such request or watch is in flight: it has called back, or was cancelled.
 * UMP_INVALID: the caller is in no callback of a server, in one of a worker, or in a builder.
 */
UMP_API int ump_ask_cancel(uint64_t id);

/**
 * Watch the server of `client` from a callback of another one: when it has ended, after its last
 * `leftover`, `term` and `drop`, `call` is called with UMP_OK and no reply; [ask], [watch].  The
 * message needs no capacity.  The watch does not keep the watched server alive, nor hold the loop
 * of the watching one: if that ends first, `call` is not called.  `client` may be dropped
 * afterwards.  `*id` is a number for ump_ask_cancel, as that of a request; `id` may be NULL.
 *
 * From the same callbacks as ump_client_ask, but not of a combining server: a thread that has ended
 * a server must not run another one.  Never blocks.
 * UMP_OK: `call` will be called.  UMP_NO_MEMORY.  UMP_OVERFLOW as ump_client_ask.
 * UMP_SERVER_GONE: the caller's own loop has ended.
 * UMP_INVALID: `client` or `call` is NULL, or the caller is in no callback of a server, in one of a
 *   combining server or of a worker, or in a builder.
 * On failure `*id` is 0.
 */
UMP_API int ump_client_watch_call(
	const ump_client *client, ump_answer_call *call, void *arg, uint64_t *id);

/** As ump_client_watch_call. */
UMP_API int ump_post_client_watch_call(
	const ump_post_client *client, ump_answer_call *call, void *arg, uint64_t *id);

/** As ump_client_watch_call, for a weak client. */
UMP_API int ump_weak_client_watch_call(
	const ump_weak_client *weak, ump_answer_call *call, void *arg, uint64_t *id);

/* ---- A server on a thread ------------------------------------------------------------------ */

/** The function behind ump_spawn_thread, which passes the sizes of the caller's structures. */
UMP_API int ump_spawn_thread_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_thread **thread);

/**
 * Open a channel, build a handler for it and run it on a new thread, or on one of `thread_pool`.
 *
 * `config` is read during the call only.  `*client` is the first strong client, and `*thread` the
 * handle for ump_thread_join; both are the caller's.
 *
 * A new thread blocks all signals except those that a thread's own faults raise (SIGSEGV and the
 * like) and SIGPROF, a profiler's; with `inherit_signals` it has its spawner's mask.  A process
 * that a callback starts inherits the mask of the callback's thread: unless the callback sets
 * another one for it, SIGTERM does not end it.  A collector that suspends threads by a signal waits
 * forever for a thread that blocks it: `init` may unblock that signal alone.
 *
 * Blocks while the builder and `init` run, for as long as these take.  Any thread.
 *
 * UMP_INVALID: an argument other than `arg` is NULL, the server would take neither requests nor
 *   posts, a size is above SIZE_MAX / 8, an alignment is neither 0 nor a power of two up to
 *   UMP_ALIGN_MOST, the capacity or the budget above 2^31 - 1, `keep` above 2^32 - 1 or
 *   `slow_limit` below 0, `stack_size` is neither 0 nor that of `thread_pool`, a required callback
 *   is missing, or the caller was compiled for a newer library and uses what this one does not
 *   know.
 * UMP_NO_MEMORY.
 * UMP_NO_THREAD: the system could not create a thread (with `thread_pool`: and none is idle there).
 * Any other: what the builder or `init` returned; [init].
 * On failure `*client` and `*thread` are NULL; [clean].
 */
static inline int ump_spawn_thread(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_thread **thread)
{
	return ump_spawn_thread_sized(config, sizeof(struct ump_config), sizeof(struct ump_handler),
		builder, arg, client, thread);
}

/**
 * Wait until the loop has ended and its thread is gone, or idle in its pool.  Afterwards none of
 * the handler's callbacks runs.  `*how` gets the outcome: `stop` true and the value of the break,
 * or `stop` false (none) when the clients went; or the value that `term` returned.  `how` may be
 * NULL.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  One thread at a
 * time.
 * UMP_OK: the handle is consumed.
 * UMP_TIMED_OUT: nothing is consumed, and a later join gets the outcome.  This can occur after the
 *   loop has ended, while the thread runs destructors of thread-local variables.
 * UMP_DEADLOCK: called on the server's own thread, or by a handler for which that server, or a
 *   destructor on its thread, waits; nothing is consumed; [deadlock].  A pooled thread is a
 *   server's own until it has returned to the pool.
 * UMP_INVALID: `thread` or what it points to is NULL.
 */
UMP_API int ump_thread_join(ump_thread **thread, struct ump_flow *how, ump_time deadline);

/**
 * Drop the handle: the server runs to completion, and its outcome is discarded.
 * Never blocks; [quiet].  Any thread, also the server's own.  NULL and a pointer to NULL are
 * allowed.
 */
UMP_API void ump_thread_drop(ump_thread **thread);

/**
 * Wait until all servers whose ump_thread was dropped have ended, and their threads with them:
 * from then on none of these threads executes code of the library or of a handler.  A program must
 * call it before it unloads (`dlclose`) a plugin that contains the static library or handlers,
 * after all of the plugin's handles were consumed, those of thread pools too.  (The shared library
 * itself stays mapped.)  It waits for the servers of this copy of the library, including those that
 * are dropped meanwhile; not for servers whose handles still exist.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  Any thread.
 * UMP_OK.  UMP_TIMED_OUT: some have not ended.  UMP_DEADLOCK: called inside a callback of a server,
 * or by a dropped server's own thread, in a destructor of a thread-local variable; [deadlock].
 */
UMP_API int ump_join_dropped(ump_time deadline);

/* ---- Thread pools --------------------------------------------------------------------------- */

/**
 * Create a thread pool, for programs that spawn servers so often that creating threads would cost
 * too much.  A server whose configuration names the pool in `thread_pool` runs on a pooled thread:
 * the idle one that returned last, or a new one if none is idle; [reuse].  A thread returns when
 * its server's loop has ended and `drop` has returned.  The pool holds at most `most` idle threads
 * (0: no limit); a thread that returns to a full pool ends, as that of a server without a pool
 * does.  Any number of servers may run at once: each has a thread to itself for its whole life, and
 * handlers may wait for each other as always.
 *
 * All threads have stacks of `stack_size` bytes, as in struct ump_config (0: the system's default).
 * A thread has the name that its present server is configured with, unless a handler has renamed
 * the thread.  All else that belongs to a thread stays as the previous server left it: thread-local
 * variables (their destructors run when the thread ends), signal mask, scheduling, floating-point
 * environment.  A handler that changes any of it should restore it if that matters.  A mask that a
 * server got by `inherit_signals` is its own: the thread gets its previous mask back.
 *
 * The caller owns `*out` and must drop it.  No thread starts before a server needs it.
 * Never blocks.  Any thread.
 * UMP_INVALID: `out` is NULL.  UMP_NO_MEMORY.  On failure `*out` is NULL; [clean].
 */
UMP_API int ump_thread_pool_open(ump_thread_pool **out, size_t most, size_t stack_size);

/**
 * Drop a thread pool.  Its idle threads end, and are gone when this returns.  Running servers are
 * not disturbed: their threads end with them, as those of servers without a pool do, so
 * ump_thread_join waits for the thread to be gone; the last of them frees the pool's memory.  After
 * all servers have been joined, no thread is left.  Blocks until the idle threads are gone.  They
 * run none of the application's code except destructors of thread-local variables, if handlers have
 * left any.  Any thread, also from a handler that runs on a thread of the pool.  NULL and a pointer
 * to NULL are allowed.
 */
UMP_API void ump_thread_pool_drop(ump_thread_pool **pool);

/* ---- A server on several threads: workers ---------------------------------------------------- */

/** The most workers that one server may have. */
#define UMP_WORKERS_MOST 1024

/** The function behind ump_spawn_workers, which passes the sizes of the caller's structures. */
UMP_API int ump_spawn_workers_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, size_t count,
	ump_client **client, ump_workers **workers);

/**
 * Open a channel, and run `count` workers on it: threads (new ones, or those of `thread_pool`) that
 * take messages from its one inbox, each for a handler of its own; [workers].  The builder is
 * called `count` times on the calling thread; then each `init` runs on the thread of its worker,
 * one after the other.  No message is handled before all of them have succeeded.
 *
 *                    a server           workers                      workers by key
 *   [once] [gone]    yes                yes                          yes
 *   [fifo]           handled in order   begun in order; may overlap  begun and ended in order for
 *                                       and end in any order         each key; a message whose key
 *                                                                    is busy waits, later ones of
 *                                                                    other keys may pass it
 *   overlap          none               up to `count` messages       none of one key; up to `count`
 *   [drain]          yes                all workers end, once all    the same
 *                                       accepted messages have ended
 *   [break]          nothing follows    no message begins after it;  the same
 *                                       those under way end
 *   [stop]           all but the        all but the messages under   the same
 *                    message at hand    way
 *   [bound]          yes                yes                          yes; what waits for a busy key
 *                                                                    is queued
 *   [deadlock]       every cycle        if no worker can take the    also if the only worker that
 *                                       message, or the only worker  may take it, since it works on
 *                                       that has it is blocked       its key, is blocked
 *   [timer]          yes                UMP_NO_TIMERS; so do         UMP_NO_TIMERS
 *                                       delayed posts
 *   [ask]            yes                UMP_INVALID                  UMP_INVALID
 *   [suspend]        tasks only         no                           no
 *   [init]           yes                the k-th failure unwinds     the same
 *                                       all
 *   `leftover`       its handler's      that of one of the handlers  the same
 *   visibility       each callback      each callback sees what      each message sees what that of
 *                    sees what the one  earlier ones of the same     the same key before it wrote,
 *                    before it wrote    worker wrote                 and the same worker's
 *
 * A message begins when a worker dequeues it, and ends when the callback has returned.  A worker
 * calls its handler right after it has dequeued; how these calls interleave with those of other
 * workers is left to the system.
 *
 * [break]: the worker whose handler breaks (after a stop: the one that finds it) closes the inbox
 * and passes what is queued to its handler's `leftover`, while messages under way end on other
 * workers.  When the last of these has ended, `term` and `drop` are called for each handler on its
 * own thread, one worker after the other: `term` gets what the previous one returned, the first one
 * the outcome, and what the last one returns is the outcome.  Of several breaks the first is the
 * outcome, and the values of the others are discarded.  What is left over has the order of the
 * queue for each key, and without keys.
 *
 * [init]: if an `init` fails, those of later workers do not run, the inbox closes, each handler is
 * dropped (one whose thread runs, on that thread; the last worker first) without `term`, and this
 * returns the code.  So does the failure of a thread or of a builder.
 *
 * [deadlock]: a wait of a handler for these workers closes a cycle if no handler that it depends on
 * can proceed.  It depends on all workers of the server, as any of them may take the message or
 * free a permit; but if a worker has the request at hand, or the request is queued for that
 * worker's key, on that worker alone.  So the wait of one worker for the others is none, as long as
 * another one can take the message.  A request without a deadline to a key whose worker waits for
 * it gets UMP_DEADLOCK once it is dequeued, and was not handled then; with a deadline, or sent
 * without waiting, it waits.  Not found: a cycle through a wait for the end of workers, if not all
 * of them are blocked; one that depends on more than 128 other waits; a key's cycle while the
 * message is queued behind others that no worker can take; and a wait for capacity while the inbox
 * is full of messages of the waiter's own key, or of others whose workers are blocked.
 *
 * The statistics of a client are those of all workers together; `busy_for` is -1.  Those of one
 * worker: ump_workers_stats.  `slow_handler` is called on the worker, by several at once.
 *
 * `config` is read during the call only.  `*client` is the first strong client, and `*workers` the
 * handle for ump_workers_join; both are the caller's.  Blocks while the builders and each `init`
 * run.  Any thread.
 * UMP_INVALID: as for ump_spawn_thread; or `count` is 0 or above UMP_WORKERS_MOST.  UMP_NO_MEMORY.
 * UMP_NO_THREAD.  Any other: what the builder or `init` returned; [init].
 * On failure `*client` and `*workers` are NULL; [clean].
 */
static inline int ump_spawn_workers(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, size_t count, ump_client **client, ump_workers **workers)
{
	return ump_spawn_workers_sized(config, sizeof(struct ump_config),
		sizeof(struct ump_handler), builder, arg, count, client, workers);
}

/**
 * Wait until all workers have ended, and their threads are gone, or idle in their pool.  Afterwards
 * none of the handlers' callbacks runs.  `*how` gets the outcome, as from ump_thread_join; `how`
 * may be NULL.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  One thread at a
 * time.
 * UMP_OK: the handle is consumed.  UMP_TIMED_OUT: nothing is consumed.
 * UMP_DEADLOCK: called by a callback of a worker, or on its thread while that exits, or by a
 * handler for which all workers wait; nothing is consumed; [deadlock].
 * UMP_INVALID: `workers` or what it points to is NULL.
 */
UMP_API int ump_workers_join(ump_workers **workers, struct ump_flow *how, ump_time deadline);

/**
 * Drop the handle: the workers run to completion, and the outcome is discarded; ump_join_dropped
 * waits for their threads.  Never blocks; [quiet].  Any thread, also a worker's.  NULL and a
 * pointer to NULL are allowed.
 */
UMP_API void ump_workers_drop(ump_workers **workers);

/* ---- A server inside an event loop ---------------------------------------------------------- */

/** The function behind ump_spawn_task, which passes the sizes of the caller's structures. */
UMP_API int ump_spawn_task_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_task **task);

/**
 * Open a channel and build a handler for it, as ump_spawn_thread does, without a thread: messages
 * are handled inside ump_task_dispatch, ump_task_run and ump_task_drop, on the thread that calls
 * them; [task].  The builder and `init` run before this returns, on the calling thread.
 *
 * The thread that runs a task must not wait for what the task does: neither with a blocking request
 * to it, nor in a handler of another task that it runs.  The task could not run meanwhile, and only
 * a deadline would end the wait.  Such a thread should use completions.
 *
 * `config` is read during the call only; `name`, `stack_size`, `thread_pool` and `inherit_signals`
 * are ignored.  `*client` and `*task` are the caller's.  Any thread.  Results as ump_spawn_thread,
 * with UMP_NO_FD for UMP_NO_THREAD.
 */
static inline int ump_spawn_task(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_task **task)
{
	return ump_spawn_task_sized(config, sizeof(struct ump_config), sizeof(struct ump_handler),
		builder, arg, client, task);
}

/**
 * Return the file descriptor for the event loop to wait on: readable while there is a message to
 * handle, a resumed handler to continue or the end of the loop to run (level-triggered); [task].
 * Spurious readiness is possible; dispatching clears it.  After the end it is otherwise not
 * readable.  The library owns it: the application must not read, write or close it.  It stays the
 * same for the life of the task, and is closed by the call of ump_task_join or ump_task_drop that
 * consumes the handle (if a callback of the task drops it: when the run of the task returns): the
 * event loop must remove it before that.  -1 for NULL.  Never blocks.  Any thread.
 */
UMP_API int ump_task_fd(const ump_task *task);

/**
 * Return the time until which the event loop may wait for the descriptor: that of the next due
 * call; [timer].  UMP_FOREVER if there is none, for a task whose handler is suspended or whose loop
 * has ended, and for NULL.  Then the loop must dispatch, even if the descriptor is not readable.
 * ump_task_run needs no such care.  Never blocks.  One thread at a time, as ump_task_dispatch.
 */
UMP_API ump_time ump_task_due(const ump_task *task);

/**
 * Handle what is pending: at most `budget` messages (0: one batch, which is what was queued at one
 * moment).
 * Blocks only as long as the callbacks take.  One thread at a time.  From a callback of the same
 * task, as in an event loop that a handler nests in the loop, it handles nothing and returns true;
 * the descriptor stays clear from then until the callback has returned.  For NULL it returns true.
 * true: the loop continues.  false: it has ended ([drain] or [break]; `term` and `drop` have been
 * called), and ump_task_join returns the outcome.
 */
UMP_API bool ump_task_dispatch(ump_task *task, size_t budget);

/**
 * Run the loop: handle messages until the loop has ended or `deadline` (ns, absolute) has passed;
 * [deadline].  It spins briefly before it blocks, as a server on a thread does, which shortens
 * the response time to a fraction; ump_task_dispatch never spins.  One thread at a time, as
 * ump_task_dispatch.
 * The deadline ends the call after the current message, whatever is left in the inbox; the next run
 * handles the rest, in order.  If the deadline has passed at the call, as UMP_NOW has, the call
 * handles at most one message.  With UMP_FOREVER no clock is read for a message.
 * UMP_OK: it has ended.  UMP_TIMED_OUT.  UMP_INVALID: `task` is NULL.  UMP_DEADLOCK: called by a
 * callback of the same task; the descriptor stays clear until that has returned.
 */
UMP_API int ump_task_run(ump_task *task, ump_time deadline);

/**
 * Get the outcome of a loop that has ended, the same as for ump_thread_join.  `how` may be NULL.
 * Never blocks.  One thread at a time.
 * UMP_OK: the handle is consumed.  UMP_EMPTY: the loop has not ended; nothing is consumed.
 * UMP_DEADLOCK: called by a callback of this task; nothing is consumed.
 * UMP_INVALID: `task` or what it points to is NULL.
 */
UMP_API int ump_task_join(ump_task **task, struct ump_flow *how);

/**
 * Drop a task.  If its loop has not ended, it ends now, in this call, by the stop that was accepted
 * before, if any, or else as by a break with NULL: the inbox closes, undelivered messages are
 * passed to `leftover`, `term` and `drop` are called, and the outcome is discarded; [break].  A
 * suspended handler does not continue.  Its suspension must still be resumed: that returns
 * UMP_SERVER_GONE, and until then the message of a post stays valid.  So do the bytes of a periodic
 * delayed post, but not what they point to: that was passed to `leftover`, or dropped.  If the
 * handler was resumed with a break before the drop, the loop ends by that break.  From a callback
 * of the same task, all of this happens when the callback returns.  One thread at a time.  NULL and
 * a pointer to NULL are allowed.
 */
UMP_API void ump_task_drop(ump_task **task);

/**
 * Suspend the calling handler, in `request` or `post` of a task: the callback should then return
 * ump_pending() (whatever it returns, it has suspended), and its task takes no further message
 * until the returned suspension is resumed; [suspend].  This is what awaiting means in an
 * asynchronous handler.  The message of a post stays valid until then; the context of a request
 * must be kept, as always.  The caller owns the suspension, and must resume it exactly once.
 * Never blocks.  NULL: not in a task's `request` or `post`, suspended already, or no memory.
 */
UMP_API ump_suspension *ump_suspend(void);

/**
 * Suspend as ump_suspend does, and declare that the resume depends on the server of `client`: on an
 * answer of that server, say.  The suspended handler counts as waiting for that server until it is
 * resumed or its task is dropped; [deadlock].  The caller owns `*out`, and must resume it.  If this
 * fails, `*out` is NULL and the handler has not suspended.  `client` may be dropped afterwards.
 * Never blocks.
 * UMP_OK.  UMP_DEADLOCK: that server waits for this task, or is this task.  UMP_NO_MEMORY.
 * UMP_OVERFLOW.  UMP_INVALID: `client` or `out` is NULL; not in a task's `request` or `post`;
 * suspended already.
 */
UMP_API int ump_suspend_for(const ump_client *client, ump_suspension **out);

/**
 * Resume a suspended handler, as if it had returned `flow` now; [suspend].  The call may come
 * before the handler's callback has returned.  Never blocks.  Any thread.
 * UMP_OK.  UMP_SERVER_GONE: the task was dropped; the caller must release a value in `flow`.
 * Both consume the suspension.  UMP_INVALID: `suspension` or what it points to is NULL.
 */
UMP_API int ump_task_resume(ump_suspension **suspension, struct ump_flow flow);

/* ---- A combining server: its senders run it ------------------------------------------------- */

/** The function behind ump_spawn_combining, which passes the sizes of the caller's structures. */
UMP_API int ump_spawn_combining_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_combining **combining);

/**
 * Open a channel and build a handler for it, as ump_spawn_thread does, without a thread and without
 * an event loop: its senders run the server; [combining].  This is flat combining (Hendler et al.,
 * SPAA 2010) over the server's queue.  A request to an idle server costs little more than a call of
 * its handler.  The builder and `init` run before this returns, on the calling thread, which is the
 * first combiner: it handles what was sent by then.
 *
 * The combiner is the thread that runs the server; there is at most one:
 *
 * - A sender that finds no combiner becomes the combiner: it handles its own message, then what
 *   others have sent meanwhile, until nothing is left.  Other senders queue their messages, and
 *   those that wait for an answer block.
 * - Handoff: after `budget` messages of others (see struct ump_config), the combiner hands off its
 *   role with the first request that it dequeues whose sender is blocked in ump_client_req.  That
 *   sender handles its request itself, and continues with a budget of its own.
 * - Release: if a second budget of messages brings no such request (all are posts, or requests that
 *   were sent without waiting), and after each further budget, the combiner releases the role, for
 *   about as long as one message took on average.  The next thread that sends, or that drops the
 *   last strong client, becomes the combiner.  It handles the older messages first, and may be
 *   replaced before its own.  The former combiner waits until that time is over.  Then, if there is
 *   no combiner, it resumes the role; else it returns, or waits for the answer to its request.
 * - Nothing else replaces a combiner.  If no sender is blocked and none sends during a release, as
 *   when the handler itself sends all messages, one thread combines as long as there are messages.
 *   Releases take about one part in `budget` of the time; the first two budgets have none.
 *
 * Consequences for the application:
 *
 * - These calls may run handlers, `slow_handler`, `leftover`, `term` and `drop` before they return,
 *   and take as long as these do: ump_spawn_combining; every call that sends a post or a request,
 *   whether it waits or not; every stop; ump_client_drop and ump_post_client_drop of the last
 *   strong client; ump_reply, ump_reply_fail and ump_reply_drop of a context that holds the server
 *   last; [hold].
 *   No other call does.  Where such a call is documented never to block, this is the exception.
 * - Callbacks run on the threads that make these calls, one after the other, but on any of them:
 *   with its stack, its signal mask, its thread-local variables and its priority.  Each callback
 *   sees what the previous one wrote.
 * - A caller must not hold a lock that a handler takes.
 * - Combining servers whose handlers send to each other nest on one stack, each at most once.
 * - A deadline limits waits only.  It neither interrupts a handler that the caller runs, nor ends
 *   the caller's combiner role, nor shortens a release.  A caller whose deadline passes in that
 *   role gets the answer if it is there when the role ends, else UMP_TIMED_OUT.
 * - [deadlock]: a handler of server A whose send makes it the combiner of B waits for B while it is
 *   that.  A handler of B that it runs gets UMP_DEADLOCK for a wait for A.  A post of a handler to
 *   its own server is queued.
 * - ump_suspend returns NULL here, and ump_suspend_for UMP_INVALID.
 *
 * `config` is read during the call only; `name`, `stack_size`, `thread_pool` and `inherit_signals`
 * are ignored.  `*client` and `*combining` are the caller's.  Any thread.  Results as
 * ump_spawn_thread, but this cannot fail for lack of a thread.
 */
static inline int ump_spawn_combining(const struct ump_config *config, ump_handler_builder *builder,
	void *arg, ump_client **client, ump_combining **combining)
{
	return ump_spawn_combining_sized(config, sizeof(struct ump_config),
		sizeof(struct ump_handler), builder, arg, client, combining);
}

/**
 * Wait until the loop has ended, and `leftover`, `term` and `drop` have returned.  This does not
 * run the server.  `*how` gets the outcome, as from ump_thread_join; `how` may be NULL.
 * Blocks until then or until `deadline` (ns, absolute) has passed; [deadline].  One thread at a
 * time.
 * UMP_OK: the handle is consumed.  UMP_TIMED_OUT: nothing is consumed.
 * UMP_DEADLOCK: called by a callback of this server, or by a handler for which it waits; nothing is
 * consumed; [deadlock].
 * UMP_INVALID: `combining` or what it points to is NULL.
 */
UMP_API int ump_combining_join(ump_combining **combining, struct ump_flow *how, ump_time deadline);

/**
 * Drop the handle.  The server continues, run by its senders, until its loop ends; its outcome is
 * discarded.  Never blocks; [quiet].  Any thread, also from the server's own callbacks.  NULL and a
 * pointer to NULL are allowed.
 */
UMP_API void ump_combining_drop(ump_combining **combining);

/* ---- The raw receiving end ----------------------------------------------------------------- */

/** The function behind ump_channel_open, which passes the size of the caller's structure. */
UMP_API int ump_channel_open_sized(ump_server **server, ump_client **client,
	const struct ump_config *config, size_t config_size);

/**
 * Open a channel: a receiving end, for a loop that the application writes, and its first strong
 * client.  Both are the caller's.  `config` is read during the call only; `name`, `stack_size`,
 * `thread_pool` and `inherit_signals` are ignored.  Never blocks.  Any thread.
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
 * UMP_OK: `*msg` points to the value, and the receiver owns what that points to.  For a request
 *   `*rc` is its reply context, which the receiver owns, and `*msg` stays valid until the context
 *   is consumed.  For a post `*rc` is NULL, and `*msg` is valid until the next call on this server
 *   other than ump_server_was_empty, ump_server_skipped, ump_server_due and ump_server_stats.
 *   Delayed posts that are due come first, in the order of their times, as any post; but after as
 *   many in a row as were pending before them, the next message comes first.  A periodic one is
 *   lent: until the next receive call, or ump_server_drop, the receiver borrows what the
 *   value points to, and must not release it; [timer].
 * UMP_CLIENTS_GONE: every message was received and no strong client is left; all later calls return
 *   the same; [drain].  Delayed posts that were not due by then were dropped.
 * UMP_TIMED_OUT: no message was there.  A loop with a periodic tick must not rely on this result:
 *   it never comes in a flood.  Such a loop should compare ump_now() with the next tick after each
 *   message too.
 * UMP_INVALID: an argument is NULL.  On failure `*msg` and `*rc` are NULL.
 * Blocks until a message arrives, a delayed post is due or `deadline` (ns, absolute) has passed;
 * [deadline].  One thread at a time.
 */
UMP_API int ump_server_wait(
	ump_server *server, const void **msg, ump_reply_context **rc, ump_time deadline);

/** As ump_server_wait, but never blocks: where that would wait, this returns UMP_EMPTY. */
UMP_API int ump_server_try_pop(ump_server *server, const void **msg, ump_reply_context **rc);

/**
 * Whether the queue was empty at the moment of the call; it may be out of date when this returns.
 * Requests that were given up count until they are skipped; delayed posts do not count: see
 * ump_server_due.  true for NULL.  Never blocks.
 * One thread at a time, as ump_server_wait.
 */
UMP_API bool ump_server_was_empty(const ump_server *server);

/**
 * Return the time until which a loop that does not wait in ump_server_wait may wait elsewhere: that
 * of the next delayed post; [timer].  Then it must receive.  UMP_NOW, or another time that has
 * passed: it must receive at once, since a post may be due, or one that was sent, changed or lent
 * is not planned before the next receive call.  UMP_FOREVER if no delayed post is pending, after
 * the end, and for NULL.  The queue plays no part.  ump_server_wait needs no such care.
 * Never blocks.  One thread at a time, as ump_server_wait.
 */
UMP_API ump_time ump_server_due(const ump_server *server);

/**
 * Return how many requests were skipped so far because they were given up while queued; [origin].
 * 0 for NULL.  Never blocks.  One thread at a time, as ump_server_wait.
 */
UMP_API size_t ump_server_skipped(const ump_server *server);

/**
 * Close the inbox and drop the receiving end.  Queued requests complete with UMP_SERVER_GONE,
 * queued posts and pending delayed posts are given to their type's `drop`; [once].  Contexts that
 * the receiver still owns stay valid; [keep].  Never blocks; [quiet].  NULL and a pointer to NULL
 * are allowed.
 */
UMP_API void ump_server_drop(ump_server **server);

/* ---- Monitoring ----------------------------------------------------------------------------- */

/** In struct ump_stats: this number is not counted. */
#define UMP_UNCOUNTED UINT64_MAX

/** Statistics of a server.  Each number is exact at some moment during the call. */
struct ump_stats {
	/** Messages queued, and permits kept for reservations.  Counted only if the server has a
	 *  capacity (a large one will do); otherwise UMP_UNCOUNTED. */
	uint64_t depth UMP_ZERO;
	/** Maximum of `depth` so far (it never falls); or UMP_UNCOUNTED, as `depth`. */
	uint64_t depth_most UMP_ZERO;
	/** Messages given to `request` or `post`, or received from a raw receiving end; and calls
	 *  of timers and of delayed posts. */
	uint64_t handled UMP_ZERO;
	/** Requests skipped because they were given up while queued; [origin]. */
	uint64_t skipped UMP_ZERO;
	/** Requests answered by ump_reply_fail.  0 for a raw receiving end, as is `kept`: its owner
	 *  owns its contexts. */
	uint64_t failed UMP_ZERO;
	/** Contexts that were kept and are not answered yet; [keep]. */
	uint64_t kept UMP_ZERO;
	/** Whether a handler is running (or has suspended); false for a raw receiving end. */
	bool busy UMP_ZERO;
	/** Time for which it has been, in ns; -1 if it is not, or there is no `slow_limit`. */
	int64_t busy_for UMP_ZERO;
	/** Strong clients, of both kinds, and contexts that hold the loop; [hold]. */
	uint64_t clients UMP_ZERO;
	/** Whether the inbox is closed: the server has ended or is ending. */
	bool closed UMP_ZERO;
};

/** The function behind ump_client_stats. */
UMP_API int ump_client_stats_sized(
	const ump_client *client, struct ump_stats *out, size_t out_size);
/** The function behind ump_post_client_stats. */
UMP_API int ump_post_client_stats_sized(
	const ump_post_client *client, struct ump_stats *out, size_t out_size);
/** The function behind ump_weak_client_stats. */
UMP_API int ump_weak_client_stats_sized(
	const ump_weak_client *weak, struct ump_stats *out, size_t out_size);
/** The function behind ump_workers_stats. */
UMP_API int ump_workers_stats_sized(
	const ump_workers *workers, size_t index, struct ump_stats *out, size_t out_size);
/** The function behind ump_server_stats. */
UMP_API int ump_server_stats_sized(
	const ump_server *server, struct ump_stats *out, size_t out_size);

/**
 * Read a server's statistics without disturbing it: no lock is taken.  Never blocks.  Any thread.
 * UMP_INVALID: an argument is NULL, or this library does not know this `struct ump_stats`.
 */
static inline int ump_client_stats(const ump_client *client, struct ump_stats *out)
{
	return ump_client_stats_sized(client, out, sizeof(struct ump_stats));
}

/** As ump_client_stats. */
static inline int ump_post_client_stats(const ump_post_client *client, struct ump_stats *out)
{
	return ump_post_client_stats_sized(client, out, sizeof(struct ump_stats));
}

/** As ump_client_stats, for monitoring that must not keep the server alive. */
static inline int ump_weak_client_stats(const ump_weak_client *weak, struct ump_stats *out)
{
	return ump_weak_client_stats_sized(weak, out, sizeof(struct ump_stats));
}

/** As ump_client_stats, for the raw receiving end; its owner must not drop it meanwhile. */
static inline int ump_server_stats(const ump_server *server, struct ump_stats *out)
{
	return ump_server_stats_sized(server, out, sizeof(struct ump_stats));
}

/**
 * As ump_client_stats, for the worker `index`, counted from 0, of a server with workers: `handled`,
 * `skipped`, `busy` and `busy_for` are that worker's, all else is the server's.  Requests that are
 * skipped at the end of the loop count for the server only.
 * UMP_INVALID also if there is no such worker.
 */
static inline int ump_workers_stats(const ump_workers *workers, size_t index, struct ump_stats *out)
{
	return ump_workers_stats_sized(workers, index, out, sizeof(struct ump_stats));
}

/**
 * Write a report on every server of the process that has strong clients to `file`: its state, its
 * statistics, and each strong client, which keeps it alive, with the location (file and line) where
 * the client was created.  Only a library that was built with UMP_REGISTRY (as CMake's Debug builds
 * are) tracks its clients; any other writes one line to report that.
 * The call copies the data first.  Then it writes and flushes the copy, with no lock of the library
 * held.  Dumps by several threads to one file come one after the other.  The file stays the
 * caller's.  Blocks as long as writing to `file` does: there is no deadline; [deadline].  Any
 * thread.
 * UMP_OK: all of it was written.  UMP_NOT_WRITTEN: writing has failed; a part may be written.
 * UMP_INVALID: `file` is NULL.  UMP_NO_MEMORY: there is none for the copy; nothing was written.
 */
UMP_API int ump_server_dump(FILE *file);

/**
 * Set the location that ump_server_dump will print for the next strong client that the calling
 * thread creates.  `file` is copied, without the beginning of one that is longer than 255 bytes;
 * NULL: no location.  In C, without NDEBUG, the macros below call this automatically.
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
#define ump_spawn_workers(...)       UMP_HERE(ump_spawn_workers(__VA_ARGS__))
#define ump_spawn_combining(...)     UMP_HERE(ump_spawn_combining(__VA_ARGS__))
#endif

#ifdef __cplusplus
}
#endif

#endif
