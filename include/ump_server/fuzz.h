/* SPDX-License-Identifier: 0BSD */
/**
 * @file fuzz.h
 * A fuzzer for your own server: name its builder and how messages are made of bytes, and link with
 * libump_server-fuzz.  Everything runs on one thread, and an execution is a function of its input
 * alone, so each finding can be repeated.  Linked with the simulator instead, the same program runs
 * several threads, under schedules that the simulator chooses.
 *
 * @code
 * static void make_put(void *arg, struct ump_fuzz_input *input, void *request)
 * {
 *         struct put *put = request;
 *
 *         (void)arg;
 *         put->key = (int)ump_fuzz_below(input, 8);
 *         put->text = strdup("a text");
 * }
 *
 * static const struct ump_fuzz_target store = {
 *         .config = {.request = {sizeof(struct put), drop_put}, .reply.size = sizeof(int)},
 *         .build = build_store,
 *         .request = make_put,
 * };
 * UMP_FUZZ_TARGET(store)
 * @endcode
 *
 * From the input the harness takes a sequence of calls against the server, as a task or as a
 * combining server: it clones, drops, weakens and upgrades clients; it posts, at once or delayed,
 * and cancels, pauses and resumes what is delayed; it sends requests with and without waiting and
 * by completions, gives them up, lets deadlines pass, dispatches some messages, watches the server,
 * stops it, and drops the task in the middle, which is a break from outside.  Then it lets the
 * program settle, drops what is left and joins.  It fails, with a message, the last calls and
 * abort(), unless:
 *
 * - each accepted message reached the handler, or was given to its type's `drop`, exactly once;
 * - each request has ended, exactly once, when all has settled: so no context was kept and lost;
 * - each request was answered, failed, dropped or kept by the handler (unless `may_forget`);
 * - each suspended handler was resumed;
 * - the loop has ended after the last client was dropped: so the handler kept no strong client;
 * - join returned what the handler broke with, or what its `term` returned;
 * - `init`, `term` and `drop` of the handler ran as often as documented;
 * - the messages of each thread reached the handler in the order in which they were sent;
 * - nothing was handled after a break or a stop, and the loop did not end with none after it;
 * - each watch has completed, once, after the handler's `drop`;
 * - the checks of the target itself hold.
 *
 * Memory errors and leaks are for AddressSanitizer: each post, and each request that is not kept,
 * is passed to the handler in memory of its own, which is freed as soon as the handler must no
 * longer read it.  So a message that is used too late is reported, also if the library recycles its
 * memory.
 *
 * Time.  Delayed posts are due at once, or not before the end.  The handler may have timers and ask
 * other servers: their calls run as in the program, without a check of the harness.  Only in the
 * simulator is the time an execution's own: elsewhere a timer in the future calls when it does, so
 * a finding that depends on it may not come again.
 *
 * Threads.  With `threads` in the target, client threads make calls too, each with clients of its
 * own and a part of the input of its own.  Without the simulator one thread plays all of them, one
 * call each in turn.  In the simulator (ump_sim(7)) they are threads, and the same checks hold,
 * with these limits:
 *
 * - Messages with the same bytes are not told apart.  Their order is not checked, nor is any order
 *   if `may_send`.  That a message is handled after a stop is not found.
 * - A request that a server with a thread of its own has kept stays readable until the end: that it
 *   is read too late is not found.
 * - A call that waits gives up after 50 us of simulated time, so an answer that is lost is reported
 *   at the end, as a request that never ends.
 */
#ifndef UMP_SERVER_FUZZ_H
#define UMP_SERVER_FUZZ_H

#include "../ump_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The bytes of an input that are left.  An exhausted input gives 0 forever. */
struct ump_fuzz_input {
	/** The next byte. */
	const uint8_t *bytes;
	/** Number of bytes that are left. */
	size_t left;
};

/** Whether no byte is left.  Never blocks. */
static inline bool ump_fuzz_is_over(const struct ump_fuzz_input *input)
{
	return input->left == 0;
}

/** Take one byte.  Never blocks. */
static inline uint8_t ump_fuzz_byte(struct ump_fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->bytes++;
}

/** Take a number below `limit`, from one byte, or from four if `limit` is above 256; 0 if `limit`
 *  is 0.  Never blocks. */
static inline uint32_t ump_fuzz_below(struct ump_fuzz_input *input, uint32_t limit)
{
	uint32_t number = ump_fuzz_byte(input);

	for (int i = 0; i < 3 && limit > 256; i++)
		number = number << 8 | ump_fuzz_byte(input);
	return limit == 0 ? 0 : number % limit;
}

/** In struct ump_fuzz_target: fuzz the handler as a task. */
#define UMP_FUZZ_TASK 1u
/** In struct ump_fuzz_target: fuzz the handler as a combining server. */
#define UMP_FUZZ_COMBINING 2u
/** In struct ump_fuzz_target: fuzz the handler as a server with a thread of its own, which only the
 *  simulator runs.  Without it the handler is fuzzed as a task. */
#define UMP_FUZZ_THREAD 4u
/** The largest number of client threads. */
#define UMP_FUZZ_MOST_THREADS 4

/**
 * What is fuzzed.  `act`, `elapse`, `settle` and `end` are also called after the loop has ended,
 * and with it the handler.  In the simulator the callbacks run on these threads:
 *
 * - `begin`, `settle` and `end`: the thread that spawns;
 * - `request`, `post` and `answer`: each thread that sends, several at once, while the handler
 *   runs.  They must not touch what the handler works on, unless the program orders that;
 * - `act` and `elapse`: with a task, the thread that runs it; with a combining server, the thread
 *   that spawns, while no client thread runs.  With UMP_FUZZ_THREAD any thread, several at once,
 *   while the handler runs; there `settle` may also run beside the handler;
 * - `invariant`: where the handler does not run.  With client threads or UMP_FUZZ_THREAD also the
 *   thread of the handler, each time that it has handled a message.
 *
 * Only `config`, `build`, and the generators of the kinds of message that
 * the server takes are required.
 *
 * A callback that checks something returns NULL, or a static text that says what is wrong.  Each
 * callback that takes `arg` gets what `begin` has returned, or NULL.
 */
struct ump_fuzz_target {
	/** The configuration that the server is spawned with. */
	struct ump_config config UMP_ZERO;
	/** The builder, as for ump_spawn_thread; its `arg` is that of `begin`. */
	ump_handler_builder *build UMP_ZERO;
	/** Optional.  Called first in each execution: what the handler works on.  It must not
	 *  depend on earlier executions. */
	void *(*begin)(struct ump_fuzz_input *input)UMP_ZERO;
	/** Fill in a request, whose bytes are 0 before.  The harness owns what it points to until
	 *  it is accepted, and gives it to the request type's `drop` if it is not. */
	void (*request)(void *arg, struct ump_fuzz_input *input, void *request) UMP_ZERO;
	/** The same for a post. */
	void (*post)(void *arg, struct ump_fuzz_input *input, void *post) UMP_ZERO;
	/** Optional.  Check the end of a request: `request` has the bytes that were sent, whose
	 *  pointers may lead nowhere by now; `result` is as from ump_client_req; `reply` is NULL
	 *  unless `result` is UMP_OK.  Afterwards the harness gives the reply to the reply type's
	 *  `drop`. */
	const char *(*answer)(
		void *arg, const void *request, int result, const void *reply)UMP_ZERO;
	/** Optional.  Check what must hold between any two calls, and with several threads after
	 *  each message that is no break, until the loop has ended. */
	const char *(*invariant)(void *arg)UMP_ZERO;
	/** Optional.  Do something that the rest of the program may do at any time: answer a
	 *  context that the handler has kept, resume a handler that has suspended. */
	void (*act)(void *arg, struct ump_fuzz_input *input) UMP_ZERO;
	/** Optional.  Let `ns` pass, for a handler with a clock of its own.  Deadlines of the
	 *  library use the real time. */
	void (*elapse)(void *arg, int64_t ns) UMP_ZERO;
	/** Optional.  Answer or drop all contexts that the handler has kept, resume all handlers
	 *  that have suspended, and drop all clients that the handler holds.  Called at the end,
	 *  again after the loop has ended. */
	void (*settle)(void *arg) UMP_ZERO;
	/** Optional.  Called last, once for each `begin`: check the outcome, `how`, and release its
	 *  value and `arg`.  If spawn has failed or the task was dropped, `how` is that of
	 *  ump_continue. */
	const char *(*end)(void *arg, struct ump_flow how)UMP_ZERO;
	/** UMP_FUZZ_TASK, UMP_FUZZ_COMBINING, UMP_FUZZ_THREAD, or several of them; 0: the first
	 *  two.  Only a task can suspend. */
	unsigned kinds UMP_ZERO;
	/** Maximum number of calls of each thread in an execution.  0: 128. */
	unsigned calls UMP_ZERO;
	/** A handler that returns without having answered or kept its context is right; else it is
	 *  a finding. */
	bool may_forget UMP_ZERO;
	/** The program sends messages to the server too: the handler to itself, say, or `act`.
	 *  Else a message that the harness has not sent is a finding. */
	bool may_send UMP_ZERO;
	/** Number of client threads beside the one that spawns, at most UMP_FUZZ_MOST_THREADS. */
	unsigned threads UMP_ZERO;
	/** Optional.  Make the value of a stop from outside, which any thread may send at any time
	 *  (ump_client_stop), once in an execution.  The value becomes the outcome, which `end`
	 *  gets.  NULL: the harness never stops the server. */
	void *(*stop)(void *arg, struct ump_fuzz_input *input)UMP_ZERO;
	/** Optional.  The `drop` of that stop.  The harness also gives it a value that was refused.
	 *  NULL: there is nothing to release. */
	void (*drop_stop)(void *value) UMP_ZERO;
	/** The handler relies on the order of each thread's posts: none of them is delayed. */
	bool in_order UMP_ZERO;
};

/**
 * Run one execution.  If there is a finding, or if the target lacks what is required, print a
 * message and call abort(); in the simulator the execution fails.  With the environment variable
 * UMP_FUZZ_TRACE each call is printed before it is made.  Blocks for a fraction of a millisecond
 * for each request that a combining server does not answer at once.  One thread at a time.
 */
UMP_API void ump_fuzz(const struct ump_fuzz_target *target, const uint8_t *bytes, size_t size);

/** Declares LLVMFuzzerTestOneInput in C and C++. */
#ifdef __cplusplus
#define UMP_FUZZ_LINKAGE extern "C"
#else
#define UMP_FUZZ_LINKAGE extern
#endif

/**
 * Define the function that libFuzzer, AFL++, libump_server-fuzz-main and libump_server-fuzz-sim
 * call, LLVMFuzzerTestOneInput.  `target` is the name of a struct ump_fuzz_target.
 */
#define UMP_FUZZ_TARGET(target)                                                                    \
	UMP_FUZZ_LINKAGE int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);            \
	int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)                              \
	{                                                                                          \
		ump_fuzz(&(target), bytes, size);                                                  \
		return 0;                                                                          \
	}

#ifdef __cplusplus
}
#endif

#endif
