/* SPDX-License-Identifier: 0BSD */
/*
 * Shared by the stress programs: seeded randomness, servers, senders, and the account of what
 * became of every value.
 *
 * A program attacks a promise in rounds.  A round starts servers and senders, and at its end each
 * value that was sent must have ended exactly once, in a way that fits the result that its sender
 * got.  The harness uses no synchronisation of its own between a sender and a handler: values carry
 * plain memory, written by their owners, so ThreadSanitizer reports it if the library hands a value
 * over without a happens-before order.
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
/* A random number below `limit`, which must not be 0. */
unsigned stress_below(struct stress_rng *rng, unsigned limit);
bool stress_one_in(struct stress_rng *rng, unsigned chances);
/* Spend some time: sometimes by a yield or a short sleep. */
void stress_dawdle(struct stress_rng *rng);
/* Spin for up to `most` ns, which must not be 0. */
void stress_stay_awake(struct stress_rng *rng, unsigned most);

struct stress_program {
	const char *name;
	/* The tags of the promises that it attacks. */
	const char *promises;
	/* Run one round.  Everything in it must depend only on `rng` and on the scheduler. */
	void (*round)(struct stress_rng *rng);
	/* Rounds for --work 1. */
	unsigned rounds;
};

/* Run a program: NAME [--seed N] [--work N].  Return the exit status for main. */
int stress_main(const struct stress_program *program, int argc, char **argv);

/* Whether a sanitizer runs the program, so that there should be less of everything. */
bool stress_is_slow(void);

/* ---- Totals --------------------------------------------------------------------------------- */

enum stress_total {
	STRESS_SERVERS,
	/* Servers that ran in event loops. */
	STRESS_TASKS,
	/* Combining servers. */
	STRESS_COMBINING,
	/* Servers on pooled threads. */
	STRESS_POOLED,
	STRESS_POSTS,
	STRESS_REQUESTS,
	/* How the values of posts and requests ended. */
	STRESS_HANDLED,
	STRESS_LEFT,
	STRESS_DROPPED,
	STRESS_RETURNED,
	STRESS_UNSENT,
	/* Returned values for which there was no capacity, or not in time. */
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
	/* Handlers that have suspended, replies retrieved from completions, permits kept, results
	 * UMP_DEADLOCK, and reads of statistics. */
	STRESS_SUSPENSIONS,
	STRESS_COMPLETIONS,
	STRESS_PERMITS,
	STRESS_DEADLOCKS,
	STRESS_OBSERVATIONS,
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
	/* With its sender, whose result means that nothing was delivered. */
	STRESS_END_RETURNED,
	/* With the caller, as a reply. */
	STRESS_END_RECEIVED
};

/* What a value points to. */
struct stress_token {
	/* Relaxed, so that it orders nothing. */
	atomic_int end;
	/* Plain: written by the sender, checked and written by the thread that ends the value. */
	uint64_t ink;
};

/* What became of one message. */
struct stress_record {
	struct stress_token value;
	struct stress_token reply;
	uint64_t number;
	bool is_request;
	/* The caller waits without a deadline, so the reply cannot fail to arrive. */
	bool for_ever;
	/* Written by the thread that replied. */
	bool answered;
	/* The sender's result, or STRESS_ABANDONED; UMP_FULL also if there was no capacity in
	 * time. */
	int result;
	/* Sent with a completion that has not been retrieved. */
	bool in_flight;
	/* It was accepted without waiting, and never started: the sender does not own its value. */
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
	/* Pass a post to a server that this one owns a client of, and send another a request. */
	STRESS_PASS,
	/* In an event loop: suspend, and be resumed by the keeper or at once.  Otherwise: reply. */
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

/* Record where a value ended; fails if it ended before. */
void stress_end(struct stress_token *token, enum stress_end end, uint64_t number);

/* Complete a request in the way that its number selects, as a handler or in place of one. */
void stress_reply(ump_reply_context **rc, struct stress_record *record, enum stress_act act);

/* ---- Keepers, which reply later ------------------------------------------------------------- */

#define STRESS_KEEPERS 3

/* Keeps reply contexts and suspensions, and ends them on threads of its own, early or late. */
struct stress_keeper {
	pthread_mutex_t lock;
	struct stress_kept *kept;
	size_t count;
	size_t capacity;
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
	/* The message of a post, which lasts until its handler is resumed. */
	const struct stress_message *held;
	uint64_t number;
};

void stress_keeper_init(struct stress_keeper *keeper, struct stress_rng *rng);
/* Start one more thread that completes. */
void stress_keeper_run(struct stress_keeper *keeper);
/* Initialise and run. */
void stress_keeper_start(struct stress_keeper *keeper, struct stress_rng *rng);
/* Complete what is left, too: also after its server has ended. */
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
	/* Maximum ns for which the handler spins; 0: it does not. */
	unsigned delay;
	/* The builder clones the client, and posts through it if there is a sender. */
	bool strays;
	size_t stack_size;
	/* It runs in an event loop: on a thread of the harness, or driven by the program. */
	bool on_task;
	bool driven;
	/* A combining server, whose combiner hands off after `budget` messages. */
	bool combines;
	size_t budget;
	/* Thread pool, used if the server runs on a thread and its stack size is the default. */
	ump_thread_pool *threads;
	/* 0: unbounded. */
	size_t capacity;
	/* Statistics are read after its end, and must be exact. */
	bool watched;
	/* It may be dropped before its end, and so be gone when its handler is resumed. */
	bool may_drop;
	/* It may be stopped from outside. */
	bool stops;
	/* One in `resume_breaks` resumed handlers breaks; 0: none. */
	unsigned resume_breaks;
	/* ns, or 0.  The handler reports each message that took longer. */
	int64_t slow_limit;
	struct stress_keeper *keeper;
	/* If set, held while the server handles its first message. */
	pthread_mutex_t *gate;
	/* Clients of other servers, which this one owns, and the sender that uses them. */
	ump_client *owned[STRESS_OWNED];
	unsigned owned_count;
	struct stress_sender *sender;

	/* The builder was called. */
	bool built;

	/* Only for the dispatcher. */
	struct stress_rng rng;
	uint64_t last[STRESS_SENDERS];
	bool gated;
	bool broke;
	/* A handler has suspended; ownership passes with the suspension. */
	bool suspended;
	int terms;
	/* Messages that took longer than the limit by the handler's own clock, and those that were
	 * reported to it. */
	uint64_t slow;
	uint64_t told_slow;
	/* The value of the stop was the outcome before term. */
	bool stopped;
	/* Whether a stop was accepted, and how often its value was dropped. */
	bool stop_accepted;
	atomic_int stop_drops;
	/* May be read once it has ended. */
	uint64_t handled;
	uint64_t left;
	atomic_int drops;

	ump_client *stray;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	ump_combining *combining;
	ump_weak_client *weak;
	pthread_t loop;
	uint64_t loop_seed;
	/* The program has dropped its task. */
	atomic_bool dropped;
};

/* The thread pool of this round, or NULL. */
extern ump_thread_pool *stress_threads;

/* Prepare a server with random behaviour, except for the fields that the program sets. */
void stress_server_init(struct stress_server *server, struct stress_rng *rng);
/* For a server whose handler may run on any thread: sometimes make it a combining server. */
void stress_server_roam(struct stress_server *server, struct stress_rng *rng);
/* Spawn it; return the result of spawn. */
int stress_server_spawn(struct stress_server *server);
/* Spawn it; must succeed. */
void stress_server_start(struct stress_server *server);
/* Join it, which must succeed, and check how it ended.  true: it broke. */
bool stress_server_join(struct stress_server *server);
/* Run one iteration of the event loop for a task whose notifier is raised; false: it has ended. */
bool stress_server_iterate(struct stress_server *server, struct stress_rng *rng);
/* Drop its task, which must end it within the call. */
void stress_server_drop(struct stress_server *server);
/* Stop a server with `stops`; at most once. */
void stress_server_stop(struct stress_server *server);

/* After the end, check whether and how the handler's callbacks were called. */
void stress_server_check(struct stress_server *server);
/* The handler of the messages, for a loop that the program runs itself. */
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
	bool readable[STRESS_FDS];
};

void stress_loop_open(struct stress_loop *loop, struct stress_rng *rng);
void stress_loop_close(struct stress_loop *loop);
void stress_loop_add(struct stress_loop *loop, int fd);
/* The last descriptor takes the place of the removed one. */
void stress_loop_remove(struct stress_loop *loop, unsigned at);
/* Wait for `ms` milliseconds, or forever (-1); then `readable` marks the readable descriptors. */
void stress_loop_wait(struct stress_loop *loop, int ms);

/* ---- Observers ------------------------------------------------------------------------------ */

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
	/* Send with a completion; retrieve completions or drop all of them; reserve capacity. */
	unsigned complete;
	unsigned see;
	unsigned reserve;
	/* Weights of the messages' acts. */
	unsigned acts[STRESS_ACTS];
	/* Maximum distance of deadlines, in ns. */
	unsigned timeout_most;
	/* Nothing breaks: everything that is accepted is handled, and no sender gets
	 * UMP_SERVER_GONE. */
	bool drains;
	/* Memory may be refused. */
	bool faults;
	/* The inbox may be full; with `hurried`, senders do not wait for capacity. */
	bool bounded;
	bool hurried;
	/* The senders are handlers whose waits may close a cycle. */
	bool cycles;
};

extern const struct stress_mix stress_usual;

struct stress_pending {
	ump_wait_reply *wait_reply;
	struct stress_record *record;
};

/* State of a sender's reservation. */
enum stress_reservation {
	STRESS_UNRESERVED,
	STRESS_RESERVING,
	STRESS_GRANTED,
	/* A permit may be kept: something was sent meanwhile, or timed out. */
	STRESS_UNSURE
};

#define STRESS_RESERVATIONS_MOST 16

/* One thread that sends. */
struct stress_sender {
	struct stress_rng rng;
	unsigned id;
	const struct stress_mix *mix;
	struct stress_record *records;
	size_t count;
	size_t most;
	struct stress_pending pending[STRESS_PENDING];
	/* Owned by its thread. */
	ump_client *client;
	ump_completions *completions;
	/* Requests, and reservations, whose completions have not been retrieved. */
	size_t in_flight;
	size_t reservations;
	/* Of `client`. */
	enum stress_reservation reservation;
	/* Something was sent since. */
	bool hasty;
	/* Its completions were dropped since. */
	bool reservation_orphaned;
	unsigned reservation_number;
	char tags[STRESS_RESERVATIONS_MOST];
	size_t sends;
	/* The server's last result was UMP_SERVER_GONE. */
	bool gone;
	pthread_t thread;
	atomic_bool *start;
};

/* `most` is the number of messages that it may send in its life. */
void stress_sender_init(struct stress_sender *sender, struct stress_rng *rng, unsigned id,
	const struct stress_mix *mix, size_t most);
/* Each returns the library's result; UMP_OK for a post does not yet tell how it ended. */
int stress_post(struct stress_sender *sender, const ump_client *client, enum stress_act act);
int stress_req(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	ump_time deadline);
int stress_req_async(struct stress_sender *sender, const ump_client *client, enum stress_act act,
	struct stress_pending *out);
/* Wait for the reply until a deadline; UMP_TIMED_OUT leaves it pending. */
int stress_wait(struct stress_sender *sender, struct stress_pending *pending, ump_time deadline);
void stress_abandon(struct stress_pending *pending);
/* The same with completions.  `deadline` limits the wait for the next one. */
int stress_complete(struct stress_sender *sender, const ump_client *client, enum stress_act act);
int stress_see(struct stress_sender *sender, ump_time deadline);
void stress_drop_all(struct stress_sender *sender);
/* Reserve capacity for `sender->client`. */
void stress_reserve(struct stress_sender *sender);
/* One step of the mix. */
void stress_step(struct stress_sender *sender);
/* Wait for, or give up, each pending request. */
void stress_sender_finish(struct stress_sender *sender);
/* At the end: check what became of every message, and free the records. */
void stress_sender_settle(struct stress_sender *sender);

/* Sometimes give a server a capacity, which its senders must then cope with. */
void stress_bound(struct stress_server *server, struct stress_mix *mix, struct stress_rng *rng);

/* Threads that take `sends` steps each with clients of their own, then drop these. */
void stress_senders_start(struct stress_sender *senders, unsigned count, const ump_client *client);
void stress_senders_join(struct stress_sender *senders, unsigned count);
void stress_senders_settle(struct stress_sender *senders, unsigned count);

/* Start a thread; must succeed. */
pthread_t stress_thread(void *(*run)(void *), void *arg);
void stress_thread_join(pthread_t thread);

/* Allocate memory for the harness; must succeed. */
void *stress_alloc(size_t count, size_t size);

#endif
