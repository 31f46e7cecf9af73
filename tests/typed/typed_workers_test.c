/* SPDX-License-Identifier: 0BSD */
/* The typed layer of workers: a self for each, typed key functions, and spawning that fails. */
#include "check.h"
#include "servers.h"

#include <stdatomic.h>
#include <string.h>

#define WORKERS 3
#define ROUNDS  100

/* What a key function gets. */
struct keys {
	atomic_int of_requests;
	atomic_int of_posts;
};

struct adder {
	struct keys *keys;
	/* Of each key, in all workers: whether its message is under way, and how many ended. */
	struct busy {
		atomic_bool is;
		int count;
	} * busy;
	int build_result;
	int init_result;
	int builds;
	int inits;
	int handled;
	int terms;
	int drops;
};

static int build(struct adder *self, adder_client client)
{
	CHECK(client.untyped != NULL);
	self->builds++;
	return self->build_result;
}

static int init(struct adder *self, adder_weak_client me)
{
	CHECK(me.untyped != NULL);
	self->inits++;
	return self->init_result;
}

static void work(struct adder *self, int key)
{
	struct busy *busy = self->busy != NULL ? &self->busy[key] : NULL;

	self->handled++;
	if (busy == NULL)
		return;
	CHECK(!atomic_exchange(&busy->is, true));
	busy->count++;
	atomic_store(&busy->is, false);
}

static struct ump_flow add(struct adder *self, const struct add *msg, adder_reply_context *rc)
{
	struct sum sum = {msg->a + msg->b, NULL};

	work(self, msg->a);
	CHECK_INT(adder_reply(rc, &sum), ==, UMP_OK);
	return ump_continue();
}

static struct ump_flow write_down(struct adder *self, const struct note *msg)
{
	if (msg->number < 0)
		return ump_break(self);
	work(self, msg->number);
	return ump_continue();
}

static struct ump_flow term(struct adder *self, struct ump_flow how)
{
	self->terms++;
	return how;
}

static void drop_self(struct adder *self)
{
	self->drops++;
}

/* Requests and posts of one account have one key. */
static uint64_t account_of_add(void *arg, const struct add *msg)
{
	struct keys *keys = arg;

	atomic_fetch_add(&keys->of_requests, 1);
	return (uint64_t)msg->a;
}

static uint64_t account_of_note(void *arg, const struct note *msg)
{
	struct keys *keys = arg;

	atomic_fetch_add(&keys->of_posts, 1);
	return (uint64_t)msg->number;
}

UMP_TYPED_HANDLER(adder, plain, .build = build, .init = init, .request = add, .post = write_down,
	.term = term, .drop = drop_self);
UMP_TYPED_HANDLER(adder, by_account, .request = add, .post = write_down, .drop = drop_self,
	.key_request = account_of_add, .key_post = account_of_note);
UMP_TYPED_HANDLER(
	adder, by_request, .request = add, .post = write_down, .key_request = account_of_add);
UMP_TYPED_HANDLER(adder, by_post, .request = add, .post = write_down, .key_post = account_of_note);
/* It does not handle posts, which the server takes. */
UMP_TYPED_HANDLER(adder, incomplete, .request = add, .drop = drop_self);

struct crew {
	struct adder all[WORKERS];
	struct adder *selves[WORKERS];
};

static void crew_init(struct crew *crew)
{
	memset(crew, 0, sizeof *crew);
	for (int i = 0; i < WORKERS; i++)
		crew->selves[i] = &crew->all[i];
}

/* Each self must have been dropped once. */
static int handled_by(const struct crew *crew)
{
	int handled = 0;

	for (int i = 0; i < WORKERS; i++) {
		CHECK_INT(crew->all[i].drops, ==, 1);
		handled += crew->all[i].handled;
	}
	return handled;
}

/* ---- Without keys --------------------------------------------------------------------------- */

static void without_keys(void)
{
	struct crew crew;
	struct ump_completion done;
	struct ump_stats stats;
	struct ump_flow how;
	struct sum sum;
	ump_completions *completions;
	adder_client client;
	adder_workers workers;
	uint64_t handled = 0;

	crew_init(&crew);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(adder_spawn_workers(NULL, &plain, crew.selves, WORKERS, &client, &workers), ==,
		UMP_OK);
	for (int i = 0; i < WORKERS; i++)
		CHECK(crew.all[i].builds == 1 && crew.all[i].inits == 1);
	CHECK_INT(adder_workers_watch(workers, completions, &crew), ==, UMP_OK);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_INT(adder_client_req(client, &(struct add){i, 4, NULL}, &sum, UMP_FOREVER),
			==, UMP_OK);
		CHECK_INT(sum.value, ==, i + 4);
		CHECK_INT(adder_client_post(client, &(struct note){0, NULL}), ==, UMP_OK);
	}
	CHECK_INT(adder_workers_stats(workers, WORKERS, &stats), ==, UMP_INVALID);
	CHECK_INT(adder_workers_join(&workers, NULL, UMP_NOW), ==, UMP_TIMED_OUT);
	CHECK_INT(adder_client_post(client, &(struct note){-1, NULL}), ==, UMP_OK);
	CHECK_INT(ump_completions_wait(completions, &done, UMP_FOREVER), ==, UMP_OK);
	CHECK(done.tag == &crew);
	for (size_t i = 0; i < WORKERS; i++) {
		CHECK_INT(adder_workers_stats(workers, i, &stats), ==, UMP_OK);
		handled += stats.handled;
	}
	CHECK_INT((int)handled, ==, 2 * ROUNDS + 1);
	CHECK_INT(adder_workers_join(&workers, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK(workers.untyped == NULL && how.stop);
	CHECK(how.value == &crew.all[0] || how.value == &crew.all[1] || how.value == &crew.all[2]);
	CHECK_INT(handled_by(&crew), ==, 2 * ROUNDS);
	for (int i = 0; i < WORKERS; i++)
		CHECK_INT(crew.all[i].terms, ==, 1);
	adder_client_drop(&client);
	ump_completions_drop(&completions);
}

/* ---- By key --------------------------------------------------------------------------------- */

/* Send to accounts 0 to 3, and end. */
static void send_all(adder_client *client, adder_workers *workers)
{
	adder_wait_reply waits[ROUNDS];
	struct sum sum;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK_INT(adder_client_req_async(*client, &(struct add){i % 4, 1, NULL}, &waits[i]),
			==, UMP_OK);
		CHECK_INT(adder_client_post(*client, &(struct note){i % 4, NULL}), ==, UMP_OK);
	}
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_INT(adder_wait_reply_wait(&waits[i], &sum, UMP_FOREVER), ==, UMP_OK);
		CHECK_INT(sum.value, ==, i % 4 + 1);
	}
	adder_client_drop(client);
	CHECK_INT(adder_workers_join(workers, NULL, UMP_FOREVER), ==, UMP_OK);
}

static void by_key(void)
{
	struct crew crew;
	struct keys keys = {0, 0};
	struct busy busy[4] = {{false, 0}, {false, 0}, {false, 0}, {false, 0}};
	struct ump_config config = {.key_arg = &keys, .name = "by key"};
	adder_client client;
	adder_workers workers;

	crew_init(&crew);
	for (int i = 0; i < WORKERS; i++)
		crew.all[i].busy = busy;
	CHECK_INT(
		adder_spawn_workers(&config, &by_account, crew.selves, WORKERS, &client, &workers),
		==, UMP_OK);
	send_all(&client, &workers);
	CHECK_INT(handled_by(&crew), ==, 2 * ROUNDS);
	for (int i = 0; i < 4; i++)
		CHECK_INT(busy[i].count, ==, 2 * ROUNDS / 4);
	CHECK(keys.of_requests == ROUNDS && keys.of_posts == ROUNDS);
}

static atomic_int untyped_keys;

static uint64_t untyped_key(void *arg, const void *msg, bool request)
{
	(void)arg;
	(void)msg;
	(void)request;
	untyped_keys++;
	return 0;
}

/* A handler with one of the key functions, and one without any. */
static void other_keys(void)
{
	const struct adder_handler *const handlers[] = {&by_request, &by_post, &plain};

	for (int i = 0; i < 3; i++) {
		struct crew crew;
		struct keys keys = {0, 0};
		struct ump_config config = {.key = untyped_key, .key_arg = &keys};
		adder_client client;
		adder_workers workers;

		crew_init(&crew);
		untyped_keys = 0;
		CHECK_INT(adder_spawn_workers(
				  &config, handlers[i], crew.selves, 2, &client, &workers),
			==, UMP_OK);
		send_all(&client, &workers);
		CHECK_INT(keys.of_requests, ==, i == 0 ? ROUNDS : 0);
		CHECK_INT(keys.of_posts, ==, i == 1 ? ROUNDS : 0);
		CHECK_INT(untyped_keys, ==, i == 2 ? 2 * ROUNDS : 0);
	}
}

/* The key of a handler is a part of its configuration. */
static void configured(void)
{
	struct keys keys = {0, 0};
	struct ump_config config = {.key_arg = &keys};
	struct add msg = {5, 0, NULL};

	adder_configure(&config, &plain);
	CHECK(config.key == NULL);
	adder_configure(&config, &by_request);
	CHECK_INT((int)config.key(config.key_arg, &msg, true), ==, 5);
	CHECK_INT((int)config.key(config.key_arg, &msg, false), ==, 0);
	CHECK_INT(keys.of_requests, ==, 1);
}

/* ---- Spawning that fails -------------------------------------------------------------------- */

static void spawn_fails(struct crew *crew, const struct adder_handler *handler, int expected)
{
	adder_client client = {NULL};
	adder_workers workers = {NULL};

	CHECK_INT(adder_spawn_workers(NULL, handler, crew->selves, WORKERS, &client, &workers), ==,
		expected);
	CHECK(client.untyped == NULL && workers.untyped == NULL);
	CHECK_INT(handled_by(crew), ==, 0);
}

static void failing_spawns(void)
{
	struct crew crew;
	adder_client client;
	adder_workers workers;

	for (int i = 0; i < WORKERS; i++) {
		crew_init(&crew);
		crew.all[i].build_result = 5;
		spawn_fails(&crew, &plain, 5);
		for (int j = 0; j < WORKERS; j++)
			CHECK(crew.all[j].builds == (j <= i) && crew.all[j].inits == 0);
		crew_init(&crew);
		crew.all[i].init_result = 6;
		spawn_fails(&crew, &plain, 6);
		for (int j = 0; j < WORKERS; j++)
			CHECK(crew.all[j].inits == (j <= i) && crew.all[j].terms == 0);
	}
	crew_init(&crew);
	spawn_fails(&crew, &incomplete, UMP_INVALID);
	crew_init(&crew);
	CHECK_INT(adder_spawn_workers(NULL, &plain, crew.selves, WORKERS, NULL, &workers), ==,
		UMP_INVALID);
	CHECK_INT(handled_by(&crew), ==, 0);
	crew_init(&crew);
	CHECK_INT(adder_spawn_workers(NULL, NULL, crew.selves, WORKERS, &client, &workers), ==,
		UMP_INVALID);
	CHECK_INT(adder_spawn_workers(NULL, &plain, NULL, WORKERS, &client, &workers), ==,
		UMP_INVALID);
	CHECK_INT(adder_spawn_workers(NULL, &plain, crew.selves, 0, &client, &workers), ==,
		UMP_INVALID);
	CHECK_INT(crew.all[0].drops, ==, 0);
	workers.untyped = NULL;
	CHECK_INT(adder_workers_join(&workers, NULL, UMP_NOW), ==, UMP_INVALID);
	CHECK_INT(adder_workers_join(NULL, NULL, UMP_NOW), ==, UMP_INVALID);
	adder_workers_drop(&workers);
	adder_workers_drop(NULL);
}

static void spawns_without_memory(void)
{
	for (int i = 0;; i++) {
		struct crew crew;
		adder_client client;
		adder_workers workers;
		int result;

		crew_init(&crew);
		faults_at(i);
		result = adder_spawn_workers(
			NULL, &by_account, crew.selves, WORKERS, &client, &workers);
		if (!faults_off()) {
			CHECK_INT(result, ==, UMP_OK);
			adder_client_drop(&client);
			adder_workers_drop(&workers);
			CHECK(workers.untyped == NULL);
			CHECK_INT(ump_join_dropped(UMP_FOREVER), ==, UMP_OK);
			CHECK_INT(handled_by(&crew), ==, 0);
			CHECK_INT(i, >, 2);
			return;
		}
		CHECK(result == UMP_NO_MEMORY || result == UMP_NO_THREAD);
		CHECK_INT(handled_by(&crew), ==, 0);
	}
}

static const struct check_test tests[] = {
	{"[workers] [watch] typed workers, each with a self", without_keys},
	{"[workers] typed key functions: messages of one key never overlap", by_key},
	{"[workers] one of two key functions, or that of the configuration", other_keys},
	{"[workers] a typed handler's key in its configuration", configured},
	{"[workers] [init] [misuse]: each self is dropped once, however spawning fails",
		failing_spawns},
	{"[workers] [init] [clean]: also without memory or threads", spawns_without_memory},
};

CHECK_MAIN(tests)
