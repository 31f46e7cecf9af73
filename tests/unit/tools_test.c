/* SPDX-License-Identifier: 0BSD */
/*
 * What sanitizers are told.  Functions of their runtimes are defined here, so that the library
 * finds all of them at once; a test under a real sanitizer has that one's own, and checks nothing
 * here.
 */
#include "check.h"
#include "sync/tools.h"
#include "ump_server.h"

#include <pthread.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifdef IS_SANITIZED

#include <stdio.h>

int main(void)
{
	printf("nothing is checked: this program has a sanitizer of its own\n");
	return 0;
}

#else

#define MOST 4096

/* What was told, oldest first. */
enum told {
	RELEASED,
	ACQUIRED,
	READ,
	WRITTEN,
	CLOSED,
	OPENED,
	INITIALIZED
};

static struct {
	pthread_mutex_t lock;
	int count;
	struct {
		enum told told;
		const volatile void *at;
		size_t size;
	} log[MOST];
	int entered;
	int arguments;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void hear(enum told told, const volatile void *at, size_t size)
{
	pthread_mutex_lock(&heard.lock);
	if (heard.count < MOST) {
		heard.log[heard.count].told = told;
		heard.log[heard.count].at = at;
		heard.log[heard.count].size = size;
		heard.count++;
	}
	pthread_mutex_unlock(&heard.lock);
}

/* Return how often that was told of `at`, or of any address if NULL. */
static int times(enum told told, const volatile void *at)
{
	int found = 0;

	pthread_mutex_lock(&heard.lock);
	for (int i = 0; i < heard.count; i++)
		found += heard.log[i].told == told && (at == NULL || heard.log[i].at == at);
	pthread_mutex_unlock(&heard.lock);
	return found;
}

static void forget(void)
{
	pthread_mutex_lock(&heard.lock);
	heard.count = 0;
	pthread_mutex_unlock(&heard.lock);
}

/* ---- In place of the runtimes -------------------------------------------------------------- */

void __tsan_acquire(void *at);
void __tsan_release(void *at);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size);
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
void __msan_unpoison(const volatile void *at, size_t size);
void __msan_unpoison_param(size_t words);

void __tsan_acquire(void *at)
{
	hear(ACQUIRED, at, 0);
}

void __tsan_release(void *at)
{
	hear(RELEASED, at, 0);
}

void __tsan_func_entry(void *caller)
{
	CHECK(caller != NULL);
	heard.entered++;
}

void __tsan_func_exit(void)
{
	heard.entered--;
}

void __tsan_read_range(void *at, size_t size)
{
	hear(READ, at, size);
}

void __tsan_write_range(void *at, size_t size)
{
	hear(WRITTEN, at, size);
}

void __asan_poison_memory_region(const volatile void *at, size_t size)
{
	hear(CLOSED, at, size);
}

void __asan_unpoison_memory_region(const volatile void *at, size_t size)
{
	hear(OPENED, at, size);
}

void __msan_unpoison(const volatile void *at, size_t size)
{
	hear(INITIALIZED, at, size);
}

void __msan_unpoison_param(size_t words)
{
	pthread_mutex_lock(&heard.lock);
	heard.arguments = (int)words;
	pthread_mutex_unlock(&heard.lock);
}

/* ---- Tests --------------------------------------------------------------------------------- */

static const struct ump_config config = {
	.request.size = sizeof(long), .reply.size = sizeof(long), .post.size = sizeof(long)};

/* Enough messages that their memory is recycled. */
#define WARM 40

static void posts_in_a_raw_loop(void)
{
	const void *last;
	const void *msg;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;

	CHECK(ump__tools != 0);
	forget();
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	CHECK_INT(times(INITIALIZED, &server), ==, 1);
	CHECK_INT(times(INITIALIZED, &client), ==, 1);
	for (long i = 0; i < WARM; i++) {
		forget();
		CHECK_INT(ump_client_post(client, &i), ==, UMP_OK);
		CHECK_INT(times(READ, client), ==, 1);
		CHECK_INT(times(RELEASED, NULL), ==, 1);
		CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
		CHECK_INT(times(WRITTEN, server), ==, 1);
		CHECK_INT(times(INITIALIZED, &msg), ==, 1);
		CHECK_INT(times(INITIALIZED, &rc), ==, 1);
		CHECK_INT(times(ACQUIRED, NULL), >=, 1);
		CHECK_INT(times(OPENED, msg), ==, 1);
		CHECK(*(const long *)msg == i);
	}
	/* It is closed when the next call releases it. */
	last = msg;
	CHECK_INT(times(CLOSED, last), ==, 0);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK_INT(times(CLOSED, last), ==, 1);
	ump_client_drop(&client);
	ump_server_drop(&server);
	CHECK_INT(heard.entered, ==, 0);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long number = *(const long *)msg;

	(void)self;
	if (number < 0)
		return ump_break(NULL);
	ump_reply(rc, &number);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	return *(const long *)msg < 0 ? ump_break(NULL) : ump_continue();
}

static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	(void)rc;
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	(void)self;
	return how;
}

static void drop(void *self)
{
	(void)self;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg,
		.request = request,
		.post = post,
		.leftover = leftover,
		.term = term,
		.drop = drop};
	return 0;
}

static void requests_to_a_thread(void)
{
	ump_wait_reply *wait;
	ump_client *client;
	ump_thread *thread;
	struct ump_flow how;
	long reply;

	forget();
	CHECK_INT(ump_spawn_thread(&config, build, NULL, &client, &thread), ==, UMP_OK);
	for (long i = 0; i < WARM; i++) {
		CHECK_INT(ump_client_req_async(client, &i, &wait), ==, UMP_OK);
		const void *asked = wait;
		CHECK_INT(ump_wait_reply_wait(&wait, &reply, UMP_FOREVER), ==, UMP_OK);
		/* What is sent and what is answered is taken: by the handler, and here. */
		CHECK(times(RELEASED, asked) > 0 && times(ACQUIRED, asked) > 0);
		CHECK(times(WRITTEN, asked) > 0);
		CHECK_INT(ump_client_req(client, &i, &reply, UMP_FOREVER), ==, UMP_OK);
		CHECK(reply == i);
	}
	CHECK(times(RELEASED, NULL) > 0 && times(ACQUIRED, NULL) > 0);
	CHECK(times(CLOSED, NULL) > 0 && times(OPENED, NULL) > 0);
	CHECK_INT(heard.arguments, >=, 3);
	reply = -1;
	CHECK_INT(ump_client_post(client, &reply), ==, UMP_OK);
	(void)ump_client_post(client, &reply);
	ump_client_drop(&client);
	CHECK_INT(ump_thread_join(&thread, &how, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(times(INITIALIZED, &how), ==, 1);
	CHECK(how.stop);
	CHECK_INT(heard.entered, ==, 0);
}

static void the_rest(void)
{
	ump_completions *completions;
	struct ump_completion done;
	ump_weak_client *weak;
	ump_client *client;
	ump_client *other;
	ump_combining *combining;
	long number = 1;

	forget();
	CHECK_INT(ump_spawn_combining(&config, build, NULL, &client, &combining), ==, UMP_OK);
	CHECK_INT(ump_completions_open(&completions), ==, UMP_OK);
	CHECK_INT(ump_client_req_completion(client, &number, completions, NULL), ==, UMP_OK);
	CHECK_INT(ump_completions_next(completions, &done), ==, UMP_OK);
	CHECK(times(INITIALIZED, &done) > 0 && times(WRITTEN, completions) > 0);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	CHECK_INT(ump_weak_client_upgrade(weak, &other), ==, UMP_OK);
	CHECK(times(INITIALIZED, &other) == 1 && times(READ, weak) == 1);
	CHECK_INT(ump_client_post(other, &number), ==, UMP_OK);
	ump_completions_drop(&completions);
	ump_weak_client_drop(&weak);
	ump_client_drop(&other);
	ump_client_drop(&client);
	CHECK_INT(ump_combining_join(&combining, NULL, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(heard.entered, ==, 0);
}

static const struct check_test tests[] = {
	{"tools are told of posts in a raw loop", posts_in_a_raw_loop},
	{"tools are told of requests to a thread", requests_to_a_thread},
	{"tools are told of completions, weak clients and combining servers", the_rest},
};

CHECK_MAIN(tests)

#endif
