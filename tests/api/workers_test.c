/* SPDX-License-Identifier: 0BSD */
/* Workers: several threads behind one inbox, with and without keys. */
#include "check.h"
#include "ump_server.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define MOST   8
#define SECOND INT64_C(1000000000)

/* What a message makes its handler do, before it answers with the number of the worker. */
enum op {
	NOTHING,
	/* Wait until the gate of that number is open. */
	GATE,
	BREAK,
	/* Make a request to these workers, and answer with its result. */
	CALL,
	/* The same with `target`. */
	CALL_TARGET,
	/* Answer first, and then request. */
	ANSWER_CALL,
	JOIN,
	TIMER,
	ASK,
	WATCH,
	/* Answer which of SIGHUP (2) and SIGTERM (1) are blocked. */
	MASK,
	KEEP,
	/* As CALL, but with a deadline. */
	CALL_SOON,
	/* As GATE, and then BREAK. */
	GATE_BREAK
};

struct message {
	enum op op;
	int n;
	uint64_t key;
	/* Of the request that CALL makes. */
	enum op then;
	uint64_t then_key;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gates[64];
/* The numbers of the messages in the order in which they began and ended. */
static int began[4096], ended[4096];
static int began_count, ended_count;
static int calls_ended, running_of_key[16], overlaps, most_running, running;
static int left[4096], left_count;
static int handlers, inits, terms, drops, fail_init, fail_build;
static ump_client *self_client, *target;
static ump_workers *workers;
static ump_client *client;
static atomic_int seen_codes[64];

struct handler {
	int n;
	pthread_t thread;
};

static struct handler all[MOST];

static void reset(void)
{
	memset(gates, 0, sizeof gates);
	began_count = ended_count = overlaps = most_running = running = left_count = 0;
	memset(running_of_key, 0, sizeof running_of_key);
	calls_ended = handlers = inits = terms = drops = 0;
	fail_init = fail_build = -1;
	self_client = target = NULL;
}

static void wait_for(const int *count, int value)
{
	pthread_mutex_lock(&lock);
	while (*count < value)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void open_gate(int n)
{
	pthread_mutex_lock(&lock);
	gates[n] = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void begin(const struct message *m)
{
	pthread_mutex_lock(&lock);
	began[began_count++] = m->n;
	if (++running > most_running)
		most_running = running;
	if (++running_of_key[m->key % 16] > 1)
		overlaps++;
	pthread_cond_broadcast(&changed);
	while ((m->op == GATE || m->op == GATE_BREAK) && !gates[m->n])
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void end(const struct message *m)
{
	pthread_mutex_lock(&lock);
	ended[ended_count++] = m->n;
	running--;
	calls_ended += m->op == CALL;
	running_of_key[m->key % 16]--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void due(void)
{
}

static struct ump_flow due_call(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	(void)count;
	due();
	return ump_continue();
}

static int mask(void)
{
	sigset_t now;

	CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &now), ==, 0);
	return 2 * sigismember(&now, SIGHUP) + sigismember(&now, SIGTERM);
}

static struct ump_flow answered(void *self, void *arg, int result, const void *reply)
{
	(void)self;
	(void)arg;
	(void)result;
	(void)reply;
	CHECK(false);
	return ump_continue();
}

static int call(ump_client *to, const struct message *m)
{
	struct message next = {m->then, m->n + 1, m->then_key, NOTHING, 0};
	ump_time deadline = m->op == CALL_SOON ? ump_after(SECOND / 20) : UMP_FOREVER;
	int reply = -1;

	return ump_client_req(to, &next, &reply, deadline);
}

static struct ump_flow work(struct handler *self, const struct message *m, ump_reply_context **rc)
{
	struct ump_flow flow = ump_continue();
	int reply = self->n;
	uint64_t id;

	CHECK(pthread_equal(pthread_self(), self->thread));
	begin(m);
	if (m->op == CALL || m->op == CALL_SOON) {
		reply = call(self_client, m);
		atomic_store(&seen_codes[m->n], reply);
	} else if (m->op == CALL_TARGET) {
		reply = call(target, m);
		atomic_store(&seen_codes[m->n], reply);
	} else if (m->op == JOIN) {
		reply = ump_workers_join(&workers, NULL, UMP_FOREVER);
	} else if (m->op == TIMER) {
		reply = ump_timer_start(due_call, NULL, UMP_NOW, 0, &id);
	} else if (m->op == ASK) {
		reply = ump_client_ask(self_client, m, UMP_FOREVER, answered, NULL, &id);
	} else if (m->op == WATCH) {
		reply = ump_client_watch_call(self_client, answered, NULL, &id);
	} else if (m->op == MASK) {
		reply = mask();
	} else if (m->op == BREAK || m->op == GATE_BREAK) {
		flow = ump_break(&gates[m->n]);
	}
	if (rc != NULL && m->op != ANSWER_CALL)
		CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
	if (m->op == ANSWER_CALL) {
		CHECK_INT(ump_reply(rc, &reply), ==, UMP_OK);
		atomic_store(&seen_codes[m->n], call(target, m));
	}
	end(m);
	return flow;
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct message m = *(const struct message *)msg;

	return work(self, &m, rc);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	return work(self, msg, NULL);
}

/* The thread of one worker takes long to exit. */
static pthread_key_t exit_key;
static int slow_exit = -1;

static void exit_slowly(void *value)
{
	(void)value;
	check_nap(100);
}

static int on_init(void *self, ump_weak_client *me)
{
	struct handler *handler = self;

	(void)me;
	handler->thread = pthread_self();
	inits++;
	if (handler->n == slow_exit)
		CHECK_INT(pthread_setspecific(exit_key, handler), ==, 0);
	return handler->n == fail_init ? 7 : 0;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct handler *handler = self;

	CHECK(pthread_equal(pthread_self(), handler->thread));
	CHECK_INT(handler->n, ==, terms);
	terms++;
	return how;
}

static void on_drop(void *self)
{
	const struct handler *handler = self;

	if (inits > handler->n)
		CHECK(pthread_equal(pthread_self(), handler->thread));
	drops++;
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)rc;
	left[left_count++] = ((const struct message *)msg)->n;
}

static int build(void *arg, ump_client *first, struct ump_handler *out)
{
	(void)arg;
	(void)first;
	if (handlers == fail_build)
		return 9;
	all[handlers].n = handlers;
	out->self = &all[handlers++];
	out->request = on_request;
	out->post = on_post;
	out->init = on_init;
	out->term = on_term;
	out->drop = on_drop;
	out->leftover = on_leftover;
	return 0;
}

/* The key of this message is computed while the one before it breaks. */
static int slow_key = -1;

static uint64_t key_of(void *arg, const void *msg, bool request)
{
	const struct message *m = msg;

	(void)arg;
	(void)request;
	if (m->n == slow_key) {
		open_gate(slow_key - 1);
		wait_for(&ended_count, 1);
		check_nap(20);
	}
	return m->key;
}

static struct ump_config config(bool keyed, size_t capacity)
{
	struct ump_config config = {.request = {sizeof(struct message), NULL},
		.reply = {sizeof(int), NULL},
		.post = {sizeof(struct message), NULL},
		.capacity = capacity,
		.name = "worker",
		.key = keyed ? key_of : NULL};

	return config;
}

static void spawn(size_t count, bool keyed, size_t capacity)
{
	struct ump_config how = config(keyed, capacity);

	reset();
	CHECK_INT(ump_spawn_workers(&how, build, NULL, count, &client, &workers), ==, UMP_OK);
	self_client = client;
	CHECK_INT(inits, ==, count);
}

static void post(enum op op, int n, uint64_t key)
{
	struct message m = {op, n, key, NOTHING, 0};

	CHECK_INT(ump_client_post(client, &m), ==, UMP_OK);
}

static int request(struct message m)
{
	int reply = -1;
	int result = ump_client_req(client, &m, &reply, UMP_FOREVER);

	return result == UMP_OK ? reply : result;
}

static void join(bool stop)
{
	struct ump_flow how;
	int count = handlers;

	ump_client_drop(&client);
	CHECK_INT(ump_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(workers == NULL);
	CHECK_INT(how.stop, ==, stop);
	CHECK_INT(terms, ==, count);
	CHECK_INT(drops, ==, count);
}

/* ---- Order ---------------------------------------------------------------------------------- */

static void begin_in_order(void)
{
	spawn(3, false, 0);
	/* They sleep: each message must wake one. */
	check_nap(50);
	for (int i = 0; i < 9; i++)
		post(GATE, i, 0);
	/* The messages that have begun are the oldest ones, whichever end first. */
	for (int i = 2; i < 9; i++) {
		bool there[16] = {false};

		wait_for(&began_count, i + 1);
		check_nap(1);
		CHECK_INT(began_count, ==, i + 1);
		for (int k = 0; k <= i; k++)
			there[began[k]] = true;
		for (int k = 0; k <= i; k++)
			CHECK(there[k]);
		open_gate(i % 2 == 0 ? i : i - 2);
	}
	for (int i = 0; i < 9; i++)
		open_gate(i);
	wait_for(&ended_count, 9);
	CHECK_INT(most_running, ==, 3);
	join(false);
}

static void key_is_apart(void)
{
	spawn(3, true, 0);
	/* Key 1 is busy; its later messages delay no other key. */
	post(GATE, 1, 1);
	post(NOTHING, 2, 1);
	post(NOTHING, 3, 1);
	post(NOTHING, 4, 2);
	post(NOTHING, 5, 3);
	wait_for(&ended_count, 2);
	check_nap(5);
	CHECK_INT(ended_count, ==, 2);
	CHECK_INT(ended[0] + ended[1], ==, 9);
	open_gate(1);
	wait_for(&ended_count, 5);
	CHECK_INT(ended[2], ==, 1);
	CHECK_INT(ended[3], ==, 2);
	CHECK_INT(ended[4], ==, 3);
	CHECK_INT(overlaps, ==, 0);
	join(false);
}

static void keys_in_order(void)
{
	int last[16] = {0};

	spawn(4, true, 0);
	for (int i = 1; i <= 2000; i++)
		post(NOTHING, i, (uint64_t)i % 5);
	join(false);
	CHECK_INT(ended_count, ==, 2000);
	CHECK_INT(overlaps, ==, 0);
	for (int i = 0; i < 2000; i++) {
		CHECK_INT(began[i], >, last[began[i] % 5]);
		last[began[i] % 5] = began[i];
	}
}

/* ---- Ends ----------------------------------------------------------------------------------- */

static void drains(void)
{
	spawn(3, false, 0);
	for (int i = 0; i < 1000; i++)
		post(NOTHING, i, 0);
	join(false);
	CHECK_INT(ended_count, ==, 1000);
}

static void drains_keys(void)
{
	spawn(2, true, 0);
	post(GATE, 0, 1);
	for (int i = 1; i < 20; i++)
		post(NOTHING, i, 1);
	ump_client_drop(&client);
	open_gate(0);
	join(false);
	CHECK_INT(ended_count, ==, 20);
	for (int i = 0; i < 20; i++)
		CHECK_INT(ended[i], ==, i);
}

static void breaks(bool keyed)
{
	struct ump_flow how;
	struct message late = {NOTHING, 9, 9, NOTHING, 0};

	spawn(3, keyed, 0);
	post(GATE, 0, 1);
	post(GATE, 1, 2);
	if (keyed)
		post(NOTHING, 7, 1);
	wait_for(&began_count, 2);
	post(BREAK, 2, 3);
	wait_for(&ended_count, 1);
	while (ump_client_post(client, &late) == UMP_OK)
		check_nap(1);
	check_nap(2);
	CHECK_INT(terms, ==, 0);
	CHECK_INT(ump_workers_join(&workers, &how, ump_after(SECOND / 200)), ==, UMP_TIMED_OUT);
	open_gate(0);
	open_gate(1);
	CHECK_INT(ump_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop && how.value == &gates[2]);
	CHECK_INT(ended_count, ==, 3);
	CHECK_INT(terms, ==, 3);
	if (keyed)
		CHECK_INT(left[0], ==, 7);
	ump_client_drop(&client);
}

static void break_plain(void)
{
	breaks(false);
}

static void break_by_key(void)
{
	breaks(true);
}

static void stops(void)
{
	struct ump_flow how;
	int value;

	spawn(2, false, 0);
	post(GATE, 0, 0);
	post(GATE, 1, 0);
	wait_for(&began_count, 2);
	for (int i = 2; i < 6; i++)
		post(NOTHING, i, 0);
	CHECK_INT(ump_client_stop(client, &value, NULL), ==, UMP_OK);
	CHECK_INT(ump_client_stop(client, &value, NULL), ==, UMP_SERVER_GONE);
	open_gate(0);
	open_gate(1);
	CHECK_INT(ump_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop && how.value == &value);
	CHECK_INT(ended_count, ==, 2);
	CHECK_INT(left_count, ==, 4);
	for (int i = 0; i < 4; i++)
		CHECK_INT(left[i], ==, i + 2);
	ump_client_drop(&client);
}

static void stops_idle(void)
{
	struct ump_flow how;
	int value;

	spawn(4, true, 0);
	CHECK_INT(ump_client_stop(client, &value, NULL), ==, UMP_OK);
	CHECK_INT(ump_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(how.stop && how.value == &value);
	ump_client_drop(&client);
}

static void drops_handle(void)
{
	spawn(3, false, 0);
	post(NOTHING, 0, 0);
	ump_workers_drop(&workers);
	ump_workers_drop(&workers);
	CHECK(workers == NULL);
	ump_client_drop(&client);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(drops, ==, 3);
	spawn(3, false, 0);
	ump_client_drop(&client);
	wait_for(&ended_count, 0);
	check_nap(5);
	ump_workers_drop(&workers);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(drops, ==, 3);
}

/* A message whose key is computed meanwhile comes after those that wait for that key. */
static void break_by_slow_key(void)
{
	struct ump_flow how;

	spawn(3, true, 0);
	slow_key = 3;
	post(GATE, 0, 1);
	post(NOTHING, 1, 1);
	post(GATE_BREAK, 2, 2);
	post(NOTHING, 3, 1);
	post(NOTHING, 4, 1);
	wait_for(&ended_count, 1);
	check_nap(40);
	open_gate(0);
	CHECK_INT(ump_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	slow_key = -1;
	ump_client_drop(&client);
	CHECK(how.stop && how.value == &gates[2]);
	CHECK_INT(left_count, ==, 3);
	CHECK_INT(left[0], ==, 1);
	CHECK_INT(left[1], ==, 3);
	CHECK_INT(left[2], ==, 4);
}

/* A join times out when it has joined one of the threads; the drop must not join that again. */
static void drops_after_join(void)
{
	int result;

	CHECK_INT(pthread_key_create(&exit_key, exit_slowly), ==, 0);
	slow_exit = 1;
	spawn(2, false, 0);
	slow_exit = -1;
	ump_client_drop(&client);
	result = ump_workers_join(&workers, NULL, ump_after(SECOND / 20));
	CHECK(result == UMP_TIMED_OUT || result == UMP_OK);
	ump_workers_drop(&workers);
	CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(pthread_key_delete(exit_key), ==, 0);
	CHECK_INT(drops, ==, 2);
}

static void watches(void)
{
	ump_completions *completions;
	struct ump_completion got;

	spawn(3, false, 0);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_workers_watch(workers, completions, &got), ==, UMP_OK);
	post(BREAK, 2, 0);
	CHECK_INT(ump_completions_wait(completions, &got, UMP_FOREVER), ==, UMP_OK);
	CHECK(got.tag == &got && ((const struct ump_flow *)got.reply)->value == &gates[2]);
	CHECK_INT(drops, ==, 3);
	ump_completions_drop(&completions);
	join(true);
}

/* ---- Spawning ------------------------------------------------------------------------------- */

static void init_fails(void)
{
	struct ump_config how = config(false, 0);

	for (int k = 0; k < 4; k++) {
		reset();
		fail_init = k;
		CHECK_INT(ump_spawn_workers(&how, build, NULL, 4, &client, &workers), ==, 7);
		CHECK(client == NULL && workers == NULL);
		CHECK_INT(inits, ==, k + 1);
		CHECK_INT(terms, ==, 0);
		CHECK_INT(drops, ==, 4);
		reset();
		fail_build = k;
		CHECK_INT(ump_spawn_workers(&how, build, NULL, 4, &client, &workers), ==, 9);
		CHECK_INT(inits, ==, 0);
		CHECK_INT(drops, ==, k);
	}
}

static void faults(void)
{
	struct ump_config how = config(true, 4);
	int result = UMP_NO_MEMORY;

	for (int n = 0; result != UMP_OK; n++) {
		reset();
		faults_at(n);
		result = ump_spawn_workers(&how, build, NULL, 3, &client, &workers);
		CHECK(!faults_off() == (result == UMP_OK));
		CHECK(result == UMP_OK || result == UMP_NO_MEMORY || result == UMP_NO_THREAD);
		CHECK_INT(drops, ==, result == UMP_OK ? 0 : handlers);
	}
	join(false);
}

static void pooled(void)
{
	struct ump_config how = config(false, 0);
	ump_thread_pool *pool;

	CHECK_INT(ump_thread_pool_open(&pool, 2, 0), ==, UMP_OK);
	how.thread_pool = pool;
	for (int i = 0; i < 3; i++) {
		reset();
		CHECK_INT(ump_spawn_workers(&how, build, NULL, 3, &client, &workers), ==, UMP_OK);
		post(NOTHING, 0, 0);
		join(false);
	}
	reset();
	fail_init = 2;
	CHECK_INT(ump_spawn_workers(&how, build, NULL, 3, &client, &workers), ==, 7);
	CHECK_INT(drops, ==, 3);
	ump_thread_pool_drop(&pool);
}

/* Workers that are configured so have the mask of the spawner's signals; others block all. */
static void inherits(void)
{
	struct ump_config how = config(false, 0);
	sigset_t before, mine;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	mine = before;
	sigaddset(&mine, SIGHUP);
	sigdelset(&mine, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &mine, NULL);
	how.name = "worker";
	for (int round = 0; round < 4; round++) {
		ump_thread_pool *threads;

		reset();
		CHECK_INT(ump_thread_pool_open(&threads, 2, 0), ==, UMP_OK);
		how.thread_pool = round < 2 ? threads : NULL;
		how.inherit_signals = round % 2 == 0;
		CHECK_INT(ump_spawn_workers(&how, build, NULL, 2, &client, &workers), ==, UMP_OK);
		CHECK_INT(request((struct message){MASK, 0, 0, NOTHING, 0}), ==,
			how.inherit_signals ? 2 : 3);
		join(false);
		ump_thread_pool_drop(&threads);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void misuse(void)
{
	const struct message message = {NOTHING, 0, 0, NOTHING, 0};
	struct ump_config how = config(false, 0);
	ump_thread_pool *threads;
	struct ump_stats stats;

	CHECK_INT(ump_spawn_workers(NULL, build, NULL, 1, &client, &workers), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_workers(&how, NULL, NULL, 1, &client, &workers), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_workers(&how, build, NULL, 0, &client, &workers), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_workers(&how, build, NULL, UMP_WORKERS_MOST + 1, &client, &workers), ==,
		UMP_INVALID);
	CHECK_INT(ump_spawn_workers(&how, build, NULL, 1, NULL, &workers), ==, UMP_INVALID);
	CHECK_INT(ump_spawn_workers(&how, build, NULL, 1, &client, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_thread_pool_open(&threads, 1, 0), ==, UMP_OK);
	how.thread_pool = threads;
	how.stack_size = 1 << 20;
	CHECK_INT(ump_spawn_workers(&how, build, NULL, 1, &client, &workers), ==, UMP_INVALID);
	ump_thread_pool_drop(&threads);
	workers = NULL;
	CHECK_INT(ump_workers_join(NULL, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_workers_join(&workers, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(ump_workers_watch(NULL, NULL, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_workers_stats(NULL, 0, &stats), ==, UMP_INVALID);
	ump_workers_drop(NULL);
	ump_workers_drop(&workers);
	spawn(1, false, 0);
	CHECK_INT(ump_workers_stats(workers, 1, &stats), ==, UMP_INVALID);
	CHECK_INT(ump_workers_stats(workers, 0, NULL), ==, UMP_INVALID);
	CHECK_INT(ump_workers_stats_sized(workers, 0, &stats, 1), ==, UMP_INVALID);
	CHECK_INT(ump_workers_join(&workers, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(request((struct message){JOIN, 0, 0, NOTHING, 0}), ==, UMP_DEADLOCK);
	CHECK_INT(request((struct message){TIMER, 0, 0, NOTHING, 0}), ==, UMP_NO_TIMERS);
	CHECK_INT(ump_client_post_at(client, &message, UMP_NOW, 0, NULL), ==, UMP_NO_TIMERS);
	CHECK_INT(request((struct message){ASK, 0, 0, NOTHING, 0}), ==, UMP_INVALID);
	CHECK_INT(request((struct message){WATCH, 0, 0, NOTHING, 0}), ==, UMP_INVALID);
	join(false);
}

/* ---- Statistics and capacity ---------------------------------------------------------------- */

static void counts(void)
{
	struct ump_stats one, sum;
	uint64_t handled = 0;

	spawn(3, false, 0);
	for (int i = 0; i < 3; i++)
		post(GATE, i, 0);
	wait_for(&began_count, 3);
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(ump_workers_stats(workers, i, &one), ==, UMP_OK);
		CHECK_INT(one.handled, ==, 1);
		CHECK(one.busy);
	}
	CHECK_INT(ump_client_stats(client, &sum), ==, UMP_OK);
	CHECK_INT(sum.handled, ==, 3);
	CHECK(sum.busy);
	CHECK_INT(sum.busy_for, ==, -1);
	for (int i = 0; i < 3; i++)
		open_gate(i);
	for (int i = 3; i < 103; i++)
		post(NOTHING, i, 0);
	wait_for(&ended_count, 103);
	CHECK_INT(ump_client_stats(client, &sum), ==, UMP_OK);
	CHECK_INT(sum.handled, ==, 103);
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(ump_workers_stats(workers, i, &one), ==, UMP_OK);
		handled += one.handled;
	}
	CHECK_INT(handled, ==, 103);
	join(false);
}

static void full(bool keyed)
{
	struct message m = {NOTHING, 9, 1, NOTHING, 0};
	struct ump_stats stats;

	spawn(2, keyed, 2);
	post(GATE, 0, 1);
	wait_for(&began_count, 1);
	post(GATE, 1, 2);
	wait_for(&began_count, 2);
	post(NOTHING, 2, 1);
	post(NOTHING, 3, 1);
	CHECK_INT(ump_client_post(client, &m), ==, UMP_FULL);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.depth, ==, 2);
	CHECK_INT(stats.depth_most, ==, 2);
	open_gate(1);
	wait_for(&ended_count, keyed ? 1 : 3);
	check_nap(2);
	/* By key, messages that wait for a busy key are queued. */
	CHECK_INT(ump_client_post(client, &m), ==, keyed ? UMP_FULL : UMP_OK);
	open_gate(0);
	CHECK_INT(ump_client_post_until(client, &m, UMP_FOREVER), ==, UMP_OK);
	join(false);
	CHECK_INT(ended_count, ==, keyed ? 5 : 6);
}

static void full_plain(void)
{
	full(false);
}

static void full_by_key(void)
{
	full(true);
}

static void skips(void)
{
	struct message m = {NOTHING, 5, 1, NOTHING, 0};
	struct ump_stats stats;
	int reply;

	spawn(1, true, 4);
	post(GATE, 0, 1);
	wait_for(&began_count, 1);
	CHECK_INT(ump_client_req(client, &m, &reply, ump_after(SECOND / 20)), ==, UMP_TIMED_OUT);
	post(NOTHING, 1, 1);
	open_gate(0);
	wait_for(&ended_count, 2);
	CHECK_INT(ump_client_stats(client, &stats), ==, UMP_OK);
	CHECK_INT(stats.skipped, ==, 1);
	CHECK_INT(stats.handled, ==, 2);
	join(false);
}

/* ---- Wait cycles ---------------------------------------------------------------------------- */

static void one_waits(void)
{
	spawn(2, false, 0);
	CHECK_INT(request((struct message){CALL, 0, 0, NOTHING, 0}), ==, UMP_OK);
	join(false);
	spawn(2, true, 0);
	CHECK_INT(request((struct message){CALL, 0, 1, NOTHING, 2}), ==, UMP_OK);
	join(false);
}

static void only_one_waits(void)
{
	spawn(1, false, 0);
	CHECK_INT(request((struct message){CALL, 0, 0, NOTHING, 0}), ==, UMP_DEADLOCK);
	join(false);
}

/* A handler calls the workers, whose handler calls them: that takes three. */
static void all_wait(void)
{
	struct message m = {CALL, 0, 0, CALL, 0};

	spawn(3, false, 0);
	CHECK_INT(request(m), ==, UMP_OK);
	CHECK_INT(atomic_load(&seen_codes[1]), ==, UMP_OK);
	join(false);
	spawn(2, false, 0);
	CHECK_INT(request(m), ==, UMP_OK);
	CHECK_INT(atomic_load(&seen_codes[1]), ==, UMP_DEADLOCK);
	join(false);
}

static struct message many[MOST];

/* All workers wait at once, again and again: at least one gets UMP_DEADLOCK in each round. */
static void all_wait_at_once(void)
{
	for (int round = 0; round < 50; round++) {
		int deadlocks = 0;

		spawn(4, false, 0);
		for (int i = 0; i < 4; i++)
			post(GATE, i, 0);
		wait_for(&began_count, 4);
		/* Their requests come behind all callers: no worker is left for the first. */
		for (int i = 0; i < 4; i++) {
			many[i] = (struct message){CALL, 8 + 2 * i, 0, NOTHING, 0};
			CHECK_INT(ump_client_post(client, &many[i]), ==, UMP_OK);
		}
		for (int i = 0; i < 4; i++)
			open_gate(i);
		wait_for(&calls_ended, 4);
		join(false);
		for (int i = 0; i < 4; i++)
			deadlocks += atomic_load(&seen_codes[8 + 2 * i]) == UMP_DEADLOCK;
		CHECK_INT(deadlocks, >=, 1);
	}
}

static void key_waits(void)
{
	spawn(3, true, 0);
	CHECK_INT(request((struct message){CALL, 0, 1, NOTHING, 1}), ==, UMP_DEADLOCK);
	CHECK_INT(request((struct message){CALL, 0, 1, NOTHING, 2}), ==, UMP_OK);
	join(false);
}

/* ---- Through another server ------------------------------------------------------------------ */

static int relayed;

static struct ump_flow relay(void *self, const void *msg, ump_reply_context **rc)
{
	struct message m = *(const struct message *)msg;
	int reply = -1;

	(void)self;
	relayed = m.op == NOTHING ? UMP_OK : call(self_client, &m);
	reply = relayed;
	(void)ump_reply(rc, &reply);
	return ump_continue();
}

static int build_relay(void *arg, ump_client *first, struct ump_handler *out)
{
	(void)arg;
	(void)first;
	out->request = relay;
	return 0;
}

/* Another sender's request to that key only waits for its turn. */
static void key_times_out(void)
{
	struct message m = {CALL_SOON, 0, 1, NOTHING, 1};

	spawn(2, true, 0);
	CHECK_INT(ump_client_post(client, &m), ==, UMP_OK);
	wait_for(&began_count, 1);
	check_nap(5);
	CHECK_INT(request((struct message){NOTHING, 5, 1, NOTHING, 0}), >=, 0);
	CHECK_INT(atomic_load(&seen_codes[0]), ==, UMP_TIMED_OUT);
	join(false);
}

/* A relay requests of a worker, which requests of the relay: idle workers do not help. */
static void relay_waits(void)
{
	struct ump_config plain = {
		.request = {sizeof(struct message), NULL}, .reply = {sizeof(int), NULL}};
	struct message m = {CALL, 0, 0, CALL_TARGET, 0};
	ump_thread *thread;
	ump_client *first;
	int reply = -1;

	spawn(3, false, 0);
	CHECK_INT(ump_spawn_thread(&plain, build_relay, NULL, &first, &thread), ==, UMP_OK);
	target = first;
	CHECK_INT(ump_client_req(first, &m, &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply, ==, UMP_OK);
	CHECK_INT(atomic_load(&seen_codes[1]), ==, UMP_DEADLOCK);
	/* A worker that has answered already may wait: another takes the relay's next request. */
	m.then = ANSWER_CALL;
	CHECK_INT(ump_client_req(first, &m, &reply, UMP_FOREVER), ==, UMP_OK);
	wait_for(&ended_count, 2);
	CHECK_INT(atomic_load(&seen_codes[1]), ==, UMP_OK);
	ump_client_drop(&first);
	CHECK_INT(ump_thread_join(&thread, NULL, UMP_FOREVER), ==, UMP_OK);
	join(false);
}

static const struct check_test tests[] = {
	{"messages begin in order on several workers; [workers]", begin_in_order},
	{"a busy key delays no other; [workers]", key_is_apart},
	{"messages of a key are handled in order, without overlap; [workers]", keys_in_order},
	{"workers drain the inbox; [workers] [drain]", drains},
	{"workers drain the queues of keys; [workers] [drain]", drains_keys},
	{"a break ends all after the messages under way; [workers] [break]", break_plain},
	{"so it does by key; [workers] [break]", break_by_key},
	{"so it does while a key is computed; [workers] [break]", break_by_slow_key},
	{"a stop ends all after the messages under way; [workers] [stop]", stops},
	{"a stop ends idle workers; [workers] [stop]", stops_idle},
	{"workers run on when their handle is dropped; [workers]", drops_handle},
	{"they may be dropped after a join that timed out; [workers]", drops_after_join},
	{"a watch of workers; [workers] [watch]", watches},
	{"the k-th init or builder fails; [workers] [init]", init_fails},
	{"each failure of spawn cleans up; [workers] [clean]", faults},
	{"workers on pooled threads; [workers] [reuse]", pooled},
	{"the mask of signals; [workers]", inherits},
	{"wrong arguments; [workers] [misuse]", misuse},
	{"statistics of each worker; [workers]", counts},
	{"a full inbox; [workers] [bound]", full_plain},
	{"a full inbox by key; [workers] [bound]", full_by_key},
	{"requests that were given up are skipped; [workers] [origin]", skips},
	{"one worker may wait for the others; [workers] [deadlock]", one_waits},
	{"a single worker must not wait for itself; [workers] [deadlock]", only_one_waits},
	{"the last worker must not wait for the others; [workers] [deadlock]", all_wait},
	{"all workers wait at once; [workers] [deadlock]", all_wait_at_once},
	{"a key's worker must not wait for its key; [workers] [deadlock]", key_waits},
	{"a request behind a wait of its key is not refused; [workers] [deadlock]", key_times_out},
	{"a cycle through a worker that has the request; [workers] [deadlock]", relay_waits},
};

CHECK_MAIN(tests)
