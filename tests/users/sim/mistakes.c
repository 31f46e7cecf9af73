/* SPDX-License-Identifier: 0BSD */
/* One small mistake of each kind that the simulator names: `mistakes PART`. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ump_server.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_int flag;
static atomic_int *shared;
static char text[8];

/* Run `other` on another thread, and `mine` here. */
static int beside(void *(*other)(void *), int (*mine)(void))
{
	pthread_t thread;
	int result;

	if (pthread_create(&thread, NULL, other, NULL) != 0)
		return 0;
	result = mine();
	pthread_join(thread, NULL);
	return result;
}

/* ---- Threads that wait ---------------------------------------------------------------------- */

/* The flag is set, and the signal lost, between the test and the wait. */
static void *set_flag(void *arg)
{
	flag = 1;
	pthread_cond_signal(&condition);
	return arg;
}

static int wait_for_flag(void)
{
	pthread_mutex_lock(&mutex);
	if (flag == 0)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return 0;
}

static int lost(void)
{
	return beside(set_flag, wait_for_flag);
}

/* The caller holds a mutex that the handler needs. */
static struct ump_flow locking_request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	ump_reply(rc, NULL);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = locking_request;
	return 0;
}

static int locked(void)
{
	const struct ump_config config = {.request.size = 1};
	ump_client *client;
	ump_thread *thread;

	ump_spawn_thread(&config, build, NULL, &client, &thread);
	pthread_mutex_lock(&mutex);
	ump_client_req(client, "", NULL, UMP_FOREVER);
	pthread_mutex_unlock(&mutex);
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}

static int endless(void)
{
	while (flag == 0)
		sched_yield();
	return 0;
}

/* ---- Memory --------------------------------------------------------------------------------- */

static int leak(void)
{
	char *lost_text = malloc(8);

	if (lost_text != NULL)
		strcpy(lost_text, "abc");
	return 0;
}

static void *copy_text(void *arg)
{
	char here[8];

	memcpy(here, text, sizeof here);
	return here[0] == 'x' ? NULL : arg;
}

static int write_text(void)
{
	memcpy(text, "x", 2);
	return 0;
}

static int copy(void)
{
	return beside(copy_text, write_text);
}

/* The address of a variable outlives the variable. */
static void lend(void)
{
	atomic_int mine = 1;

	shared = &mine;
	flag = 1;
	sched_yield();
}

static void *use_lent(void *arg)
{
	while (flag == 0)
		sched_yield();
	*shared = 2;
	return arg;
}

static int lend_and_return(void)
{
	lend();
	sched_yield();
	return 0;
}

static int returned(void)
{
	return beside(use_lent, lend_and_return);
}

static int bounds(void)
{
	char *three = malloc(3);

	if (three != NULL)
		strcpy(three, "abc");
	free(three);
	return 0;
}

static int null(void)
{
	atomic_store_explicit(shared, 1, memory_order_relaxed);
	return 0;
}

static int twice(void)
{
	char *volatile memory = malloc(3);

	free(memory);
	free(memory);
	return 0;
}

static int depth(int n)
{
	volatile char here[100];

	here[0] = (char)n;
	return n == flag - 1 ? here[0] : depth(n + 1) + 1;
}

static int recursion(void)
{
	return depth(0) == 0;
}

/* ---- Locks and threads ---------------------------------------------------------------------- */

static int unlock(void)
{
	pthread_mutex_unlock(&mutex);
	return 0;
}

static void *end_at_once(void *arg)
{
	return arg;
}

static int unjoined(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, end_at_once, NULL);
	return 0;
}

/* The mutex may be in use when this thread tries, and nothing else tells. */
static void *hold(void *arg)
{
	pthread_mutex_lock(&mutex);
	sched_yield();
	pthread_mutex_unlock(&mutex);
	return arg;
}

static int try_lock(void)
{
	if (pthread_mutex_trylock(&mutex) != 0)
		abort();
	pthread_mutex_unlock(&mutex);
	return 0;
}

static int trylock(void)
{
	return beside(hold, try_lock);
}

/* The last of two threads is not always the first one. */
static int last;

static void *be_first(void *arg)
{
	pthread_mutex_lock(&mutex);
	last = 1;
	pthread_mutex_unlock(&mutex);
	return arg;
}

static int be_second(void)
{
	pthread_mutex_lock(&mutex);
	last = 2;
	pthread_mutex_unlock(&mutex);
	return 0;
}

static int give_way(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return 0;
}

static int order(void)
{
	beside(be_first, be_second);
	/* More to choose from, with nothing else to tell the two cases apart. */
	beside(end_at_once, give_way);
	return last != 1;
}

/* A token that comes after the attempt to take it remains. */
static sem_t tokens;

static void *give_token(void *arg)
{
	sem_post(&tokens);
	return arg;
}

static int take_token(void)
{
	sem_trywait(&tokens);
	return 0;
}

static int token(void)
{
	int left;

	sem_init(&tokens, 0, 0);
	beside(give_token, take_token);
	beside(end_at_once, give_way);
	sem_getvalue(&tokens, &left);
	return left == 0;
}

/* ---- The result ----------------------------------------------------------------------------- */

static int read_flag(void)
{
	return flag;
}

static int status(void)
{
	return beside(set_flag, read_flag);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} parts[] = {{"lost", lost}, {"locked", locked}, {"endless", endless}, {"leak", leak},
		{"copy", copy}, {"returned", returned}, {"bounds", bounds}, {"null", null},
		{"twice", twice}, {"recursion", recursion}, {"unlock", unlock},
		{"unjoined", unjoined}, {"trylock", trylock}, {"status", status}, {"order", order},
		{"token", token}};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (argc > 1 && strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run();
	}
	fprintf(stderr, "there is no such part\n");
	return 0;
}
