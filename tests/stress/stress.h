/* SPDX-License-Identifier: 0BSD */
/*
 * What the stress programs share: seeded randomness, servers, senders, and the account of what
 * became of every value.
 *
 * A program attacks a promise in rounds.  A round starts servers and senders, and at its end each
 * value that was sent must have ended exactly once, in a way that fits what its sender was told.
 * The harness uses no synchronisation of its own between a sender and a handler: values carry plain
 * memory, whose owners write it, so that ThreadSanitizer sees it if the library hands a value over
 * without an order.
 */
#ifndef STRESS_H
#define STRESS_H

#include "check.h"
#include "ump_server.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- Randomness and work -------------------------------------------------------------------- */

struct stress_rng {
	uint64_t state;
};

uint64_t stress_random(struct stress_rng *rng);
/* A number below `limit`, which is not 0. */
unsigned stress_below(struct stress_rng *rng, unsigned limit);
bool stress_one_in(struct stress_rng *rng, unsigned chances);
/* Do something that takes time for no purpose: now and then a yield or a short sleep. */
void stress_dawdle(struct stress_rng *rng);
/* Stay awake for up to `most` ns, which is not 0. */
void stress_stay_awake(struct stress_rng *rng, unsigned most);

struct stress_program {
	const char *name;
	/* The tags that it attacks. */
	const char *promises;
	/* One round.  Everything in it depends on `rng` and on the scheduler. */
	void (*round)(struct stress_rng *rng);
	/* Rounds for --work 1. */
	unsigned rounds;
};

/* Run a program: NAME [--seed N] [--work N].  The exit status of main. */
int stress_main(const struct stress_program *program, int argc, char **argv);

/* Whether a sanitizer runs this, so that there must be less of everything. */
bool stress_is_slow(void);

/* ---- Totals --------------------------------------------------------------------------------- */

enum stress_total {
	STRESS_SERVERS,
	/* Those of them that ran in event loops. */
	STRESS_TASKS,
	/* Those that were run by those who sent to them. */
	STRESS_INLINES,
	/* And those on threads that are used again. */
	STRESS_REUSERS,
	STRESS_POSTS,
	STRESS_REQUESTS,
	/* How values of posts and requests ended. */
	STRESS_HANDLED,
	STRESS_LEFT,
	STRESS_DROPPED,
	STRESS_RETURNED,
	STRESS_UNSENT,
	/* Those of the returned ones for which there was no room, or not in time. */
	STRESS_FULL,
	/* How requests ended. */
	STRESS_ANSWERED,
	STRESS_FAILED,
	STRESS_NO_REPLY,
	STRESS_GONE,
	STRESS_TIMED_OUT,
	STRESS_GIVEN_UP,
	/* How servers ended. */
	STRESS_DRAINED,
	STRESS_BROKEN,
	STRESS_UNBORN,
	/* Handlers that have suspended, answers that came out of completions, rooms that were kept,
	 * circles that were told of, and looks at statistics. */
	STRESS_SUSPENSIONS,
	STRESS_COMPLETIONS,
	STRESS_ROOMS,
	STRESS_DEADLOCKS,
	STRESS_LOOKS,
	STRESS_FAULTS,
	STRESS_SIGNALS,
	STRESS_TOTALS
};

/* Any thread. */
void stress_count(enum stress_total what, uint64_t number);

/* ---- Values --------------------------------------------------------------------------------- */

/* Where a value ended. */
enum stress_end {
	STRESS_NOWHERE,
	/* In the handler. */
	STRESS_END_HANDLED,
	/* In `leftover`. */
	STRESS_END_LEFT,
	/* In its type's `drop`. */
	STRESS_END_DROPPED,
	/* With its sender, who was told that nothing was delivered. */
	STRESS_END_RETURNED,
	/* With the caller, as an answer. */
	STRESS_END_RECEIVED
};

/* What a value points to. */
struct stress_token {
	/* Relaxed, so that it orders nothing. */
	atomic_int end;
	/* Plain: written by who sends it, checked and written by who ends it. */
	uint64_t ink;
};

/* What became of one message. */
struct stress_record {
	struct stress_token value;
	struct stress_token reply;
	uint64_t number;
	bool is_request;
	/* The caller waits without a deadline, so its answer cannot fail to arrive. */
	bool for_ever;
	/* Written by who answered. */
	bool answered;
	/* What the sender was told, or STRESS_ABANDONED; UMP_FULL also if there was no room in
	 * time. */
	int result;
	/* Sent with a completion that has not come yet. */
	bool in_flight;
	/* It was accepted without waiting, and never started: its value is not its sender's. */
	bool later;
};

#define STRESS_ABANDONED (-100)

enum stress_act {
	STRESS_ANSWER,
	STRESS_ANSWER_IN_PLACE,
	STRESS_FAIL,
	STRESS_FORGET,
	STRESS_KEEP,
	STRESS_BREAK,
	/* Pass a post on to a server that this one owns a client of, and ask another. */
	STRESS_PASS,
	/* In an event loop: suspend, and be resumed by the keeper or at once.  Else: answer. */
	STRESS_SUSPEND,
	STRESS_ACTS
};

struct stress_message {
	struct stress_record *record;
	uint64_t number;
	unsigned sender;
	enum stress_act act;
};

struct stress_answer {
	struct stress_record *record;
	uint64_t number;
};

extern const struct ump_config stress_config;

/* Say where a value ended; fails if it ended before. */
void stress_end(struct stress_token *token, enum stress_end end, uint64_t number);

/* Complete a request in the way that its number says, as a handler or for one. */
void stress_reply(ump_reply_context **rc, struct stress_record *record, enum stress_act act);

/* ---- Those who answer later ----------------------------------------------------------------- */

#define STRESS_KEEPERS 3

/* Keeps reply contexts and suspensions, and ends them on threads of its own, early or late. */
struct stress_keeper {
	pthread_mutex_t lock;
	struct stress_kept *kept;
	size_t count;
	size_t room;
	bool closed;
	struct stress_rng rng;
	pthread_t threads[STRESS_KEEPERS];
	unsigned started;
};

struct stress_server;

struct stress_kept {
	/* NULL: only to be resumed. */
	ump_reply_context *rc;
	struct stress_record *record;
	/* NULL: only to be answered. */
	ump_suspension *suspension;
	struct stress_server *server;
	/* The message of a post, which is there until its handler goes on. */
	const struct stress_message *held;
	uint64_t number;
};

void stress_keeper_init(struct stress_keeper *keeper, struct stress_rng *rng);
/* One more thread that completes. */
void stress_keeper_run(struct stress_keeper *keeper);
/* Both. */
void stress_keeper_start(struct stress_keeper *keeper, struct stress_rng *rng);
/* Completes what is left, too: also after its server has ended. */
void stress_keeper_stop(struct stress_keeper *keeper);
void stress_keeper_take(
	struct stress_keeper *keeper, ump_reply_context *rc, struct stress_record *record);
void stress_keeper_take_all(struct stress_keeper *keeper, struct stress_kept kept);

/* ---- Servers -------------------------------------------------------------------------------- */

#define STRESS_SENDERS 80
#define STRESS_OWNED   4

enum stress_leftovers {
	/* There is no `leftover`. */
	STRESS_LEFTOVERS_NONE,
	STRESS_LEFTOVERS_ALONE,
	STRESS_LEFTOVERS_ANSWERED,
	STRESS_LEFTOVERS_KEPT,
	STRESS_LEFTOVERS_KINDS
};

struct stress_sender;

struct stress_server {
	/* Set before it starts. */
	enum stress_leftovers leftovers;
	bool has_init;
	int init_result;
	int builder_result;
	bool replaces;
	bool dawdles;
	/* The handler stays awake for up to so many ns, if it is not 0. */
	unsigned delay;
	/* The builder clones the client, and posts through it if there is a sender. */
	bool strays;
	size_t stack_size;
	/* It runs in an event loop: on a thread of the harness, or the program drives it. */
	bool on_task;
	bool driven;
	/* Those who send to it run it, and hand it on after so many messages. */
	bool on_inline;
	size_t budget;
	/* If it runs on a thread, and its stack is as usual, that is used again. */
	ump_threads *threads;
	/* 0: none. */
	size_t capacity;
	/* What is looked at when it has ended is exact. */
	bool watched;
	/* It may be dropped before its end, and so be gone when its handler is resumed. */
	bool may_drop;
	/* Of so many that are resumed, one breaks; 0: none. */
	unsigned resume_breaks;
	/* ns, or 0.  The handler reports each message that took longer. */
	int64_t slow_limit;
	struct stress_keeper *keeper;
	/* Held while it is handling its first message, if it is set. */
	pthread_mutex_t *gate;
	/* Clients of other servers, which this one owns, and the sender that uses them. */
	ump_client *owned[STRESS_OWNED];
	unsigned owned_count;
	struct stress_sender *sender;

	/* The builder was called. */
	bool built;

	/* Only the dispatcher's. */
	struct stress_rng rng;
	uint64_t last[STRESS_SENDERS];
	bool gated;
	bool broke;
	/* A handler has suspended; changes hands with the suspension. */
	bool suspended;
	int terms;
	/* Messages that took longer than the limit by the handler's own clock, and those of which
	 * it was told. */
	uint64_t slow;
	uint64_t told_slow;
	/* May be read once it has ended. */
	uint64_t handled;
	uint64_t left;
	atomic_int drops;

	ump_client *stray;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	ump_inline *inlined;
	ump_weak_client *weak;
	pthread_t loop;
	uint64_t loop_seed;
	/* The program has dropped its task. */
	atomic_bool dropped;
};

/* Threads that are used again in this round, or NULL. */
extern ump_threads *stress_threads;

/* Prepare a server whose ways are chosen by chance, but for the fields that the program sets. */
void stress_server_init(struct stress_server *server, struct stress_rng *rng);
/* Where any thread may run its handler: now and then let those who send to it do so. */
void stress_server_roam(struct stress_server *server, struct stress_rng *rng);
/* Spawn it; what spawn returned. */
int stress_server_spawn(struct stress_server *server);
/* Spawn it, which must succeed. */
void stress_server_start(struct stress_server *server);
/* Join it, which must succeed, and check how it ended.  true: it broke. */
bool stress_server_join(struct stress_server *server);
/* One turn of the event loop for a task whose bell has rung; false: it has ended. */
bool stress_server_turn(struct stress_server *server, struct stress_rng *rng);
/* Drop its task, which ends it here and now. */
void stress_server_drop(struct stress_server *server);
/* Whether and how the handler's callbacks were called, after the end. */
void stress_server_check(struct stress_server *server);
/* The handler of the messages, for a loop of one's own. */
struct ump_flow stress_handle(
	struct stress_server *server, const struct stress_message *message, ump_reply_context **rc);

/* ---- Event loops ---------------------------------------------------------------------------- */

#define STRESS_FDS 64

/* What an event loop waits for, by poll or by epoll. */
struct stress_loop {
	/* -1: poll. */
	int epoll;
	unsigned count;
	int fds[STRESS_FDS];
	bool rings[STRESS_FDS];
};

void stress_loop_open(struct stress_loop *loop, struct stress_rng *rng);
void stress_loop_close(struct stress_loop *loop);
void stress_loop_add(struct stress_loop *loop, int fd);
/* The last one takes the place of the one that goes. */
void stress_loop_remove(struct stress_loop *loop, unsigned at);
/* Wait for so many ms, or for ever (-1); then `rings` tells which are readable. */
void stress_loop_wait(struct stress_loop *loop, int ms);

/* ---- Watchers ------------------------------------------------------------------------------- */

/* Reads a server's statistics on a thread of its own until it is stopped. */
struct stress_watcher {
	ump_weak_client *weak;
	size_t capacity;
	struct stress_rng rng;
	atomic_bool stop;
	pthread_t thread;
};

void stress_watch_start(
	struct stress_watcher *watcher, const struct stress_server *server, struct stress_rng *rng);
void stress_watch_stop(struct stress_watcher *watcher);

/* ---- Senders -------------------------------------------------------------------------------- */

#define STRESS_PENDING 8

/* What senders do, each with a weight. */
struct stress_mix {
	unsigned post;
	unsigned req;
	unsigned req_until;
	unsigned async;
	unsigned collect;
	/* Send and give up at once. */
	unsigned abandon;
	unsigned clone;
	unsigned post_client;
	unsigned weak;
	unsigned dawdle;
	/* Send with a completion, see to what has completed or give all of it up, ask for room. */
	unsigned complete;
	unsigned see;
	unsigned ask;
	/* Of the messages. */
	unsigned acts[STRESS_ACTS];
	/* ns: deadlines lie up to so far ahead. */
	unsigned patience;
	/* Nothing breaks: all that is accepted is handled, and nobody is told that it is not. */
	bool drains;
	/* Memory may be refused. */
	bool faults;
	/* There may be no room; and nobody waits for it. */
	bool bounded;
	bool hurried;
};

extern const struct stress_mix stress_usual;

struct stress_pending {
	ump_wait_reply *wait_reply;
	struct stress_record *record;
};

/* What became of a sender's wish for room. */
enum stress_wish {
	STRESS_NO_WISH,
	STRESS_WISHES,
	STRESS_GRANTED,
	/* There may be room that is kept, since something was sent meanwhile, or timed out. */
	STRESS_UNSURE
};

#define STRESS_WISHES_MOST 16

/* One thread that sends. */
struct stress_sender {
	struct stress_rng rng;
	unsigned id;
	const struct stress_mix *mix;
	struct stress_record *records;
	size_t count;
	size_t room;
	struct stress_pending pending[STRESS_PENDING];
	/* Owned by its thread. */
	ump_client *client;
	ump_completions *completions;
	/* Requests whose completions have not come, and rooms. */
	size_t in_flight;
	size_t wishes;
	/* Of `client`. */
	enum stress_wish wish;
	/* Something was sent since. */
	bool hasty;
	/* Its completions were dropped since. */
	bool wish_orphaned;
	unsigned wish_number;
	char tags[STRESS_WISHES_MOST];
	size_t sends;
	/* The last that it heard from the server is that there is none. */
	bool gone;
	pthread_t thread;
	atomic_bool *start;
};

/* `room` is how many messages it may send in its life. */
void stress_sender_init(struct stress_sender *sender, struct stress_rng *rng, unsigned id,
	const struct stress_mix *mix, size_t room);
/* Each gives what the library returned; UMP_OK for a post tells nothing yet. */
int stress_post(struct stress_sender *sender, const ump_client *client, enum stress_act act);
int stress_req(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	ump_time deadline);
int stress_req_async(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	struct stress_pending *out);
/* Wait for the answer until a deadline; UMP_TIMED_OUT leaves it pending. */
int stress_wait(struct stress_sender *sender, struct stress_pending *pending, ump_time deadline);
void stress_abandon(struct stress_pending *pending);
/* The same with completions.  `deadline` is how long to wait for the next one. */
int stress_complete(struct stress_sender *sender, const ump_client *client, enum stress_act act);
int stress_see(struct stress_sender *sender, ump_time deadline);
void stress_drop_all(struct stress_sender *sender);
/* Ask for room for `sender->client`. */
void stress_ask(struct stress_sender *sender);
/* One step of the mix. */
void stress_step(struct stress_sender *sender);
/* Wait for, or give up, whatever is pending. */
void stress_sender_finish(struct stress_sender *sender);
/* When all is over: check what became of every message, and free the records. */
void stress_sender_settle(struct stress_sender *sender);

/* Now and then a server has a capacity, and its senders have to do with what room there is. */
void stress_bound(struct stress_server *server, struct stress_mix *mix, struct stress_rng *rng);

/* Threads that take `sends` steps each with clients of their own, then drop them. */
void stress_senders_start(struct stress_sender *senders, unsigned count, const ump_client *client);
void stress_senders_join(struct stress_sender *senders, unsigned count);
void stress_senders_settle(struct stress_sender *senders, unsigned count);

/* Start a thread, which must succeed. */
pthread_t stress_thread(void *(*run)(void *), void *arg);
void stress_thread_join(pthread_t thread);

/* Memory of the harness, which must be there. */
void *stress_alloc(size_t count, size_t size);

#endif
