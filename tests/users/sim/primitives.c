/* SPDX-License-Identifier: 0BSD */
/*
 * A correct program that uses what POSIX has for threads: each part depends on one kind of object,
 * and asserts what that promises.  `primitives PART`; without a part, each in turn.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Run both at once. */
static void both(void *(*first)(void *), void *(*second)(void *), void *arg)
{
	pthread_t threads[2];
	void *result;

	pthread_create(&threads[0], NULL, first, arg);
	pthread_create(&threads[1], NULL, second, arg);
	pthread_join(threads[0], &result);
	assert(result == arg);
	pthread_join(threads[1], NULL);
}

/* ---- A condition: a consumer gets what a producer has put ----------------------------------- */

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	int value;
} box = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void *produce(void *arg)
{
	pthread_mutex_lock(&box.mutex);
	box.value = 7;
	pthread_cond_signal(&box.filled);
	pthread_mutex_unlock(&box.mutex);
	return arg;
}

static void *consume(void *arg)
{
	pthread_mutex_lock(&box.mutex);
	while (box.value == 0)
		pthread_cond_wait(&box.filled, &box.mutex);
	assert(box.value == 7);
	pthread_mutex_unlock(&box.mutex);
	return arg;
}

static void conditions(void)
{
	struct timespec until;
	int result;

	both(consume, produce, NULL);
	/* Nothing comes any more. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&box.mutex);
	do
		result = pthread_cond_timedwait(&box.filled, &box.mutex, &until);
	while (result == 0); /* it may wake spuriously */
	assert(result == ETIMEDOUT);
	pthread_mutex_unlock(&box.mutex);
}

/* ---- Kinds of mutexes ----------------------------------------------------------------------- */

static int total;

static void *add_slowly(void *arg)
{
	int was;

	pthread_mutex_lock(&box.mutex);
	was = total;
	sched_yield();
	total = was + 1;
	pthread_mutex_unlock(&box.mutex);
	return arg;
}

static void mutexes(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;

	both(add_slowly, add_slowly, NULL);
	assert(total == 2);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mutex, &attributes);
	pthread_mutex_lock(&mutex);
	assert(pthread_mutex_lock(&mutex) == 0);
	assert(pthread_mutex_unlock(&mutex) == 0);
	assert(pthread_mutex_unlock(&mutex) == 0);
	pthread_mutex_destroy(&mutex);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attributes);
	assert(pthread_mutex_unlock(&mutex) == EPERM);
	pthread_mutex_lock(&mutex);
	assert(pthread_mutex_lock(&mutex) == EDEADLK);
	assert(pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_mutex_unlock(&mutex);
	pthread_mutex_destroy(&mutex);
	pthread_mutexattr_destroy(&attributes);
}

/* ---- A lock for readers and writers --------------------------------------------------------- */

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int pair[2];

static void *write_pair(void *arg)
{
	pthread_rwlock_wrlock(&lock);
	pair[0]++;
	sched_yield();
	pair[1]++;
	pthread_rwlock_unlock(&lock);
	return arg;
}

static void *read_pair(void *arg)
{
	pthread_rwlock_rdlock(&lock);
	assert(pair[0] == pair[1]);
	pthread_rwlock_unlock(&lock);
	return arg;
}

static void read_locks(void)
{
	both(read_pair, write_pair, NULL);
	both(read_pair, read_pair, NULL);
	assert(pthread_rwlock_tryrdlock(&lock) == 0);
	assert(pthread_rwlock_trywrlock(&lock) == EBUSY);
	pthread_rwlock_unlock(&lock);
}

/* ---- A semaphore and a barrier -------------------------------------------------------------- */

static sem_t ready;
static int prepared;

static void *prepare(void *arg)
{
	prepared = 1;
	sem_post(&ready);
	return arg;
}

static void *await(void *arg)
{
	sem_wait(&ready);
	assert(prepared == 1);
	return arg;
}

static pthread_barrier_t barrier;
static int halves[2];
static atomic_int serial;

static void meet(int mine)
{
	halves[mine] = 1;
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		atomic_fetch_add(&serial, 1);
	assert(halves[0] + halves[1] == 2);
}

static void *meet_first(void *arg)
{
	meet(0);
	return arg;
}

static void *meet_second(void *arg)
{
	meet(1);
	return arg;
}

static void meetings(void)
{
	sem_init(&ready, 0, 0);
	both(await, prepare, NULL);
	assert(sem_trywait(&ready) == -1);
	assert(errno == EAGAIN);
	sem_destroy(&ready);
	pthread_barrier_init(&barrier, NULL, 2);
	both(meet_first, meet_second, NULL);
	assert(serial == 1);
	pthread_barrier_destroy(&barrier);
}

/* ---- What each thread has of its own -------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local int mine = 5;
static _Thread_local char *name;
static atomic_int freed;
static int *seen[2];
static int created;

static void free_value(void *value)
{
	free(value);
	freed++;
}

static void create_key(void)
{
	sched_yield();
	assert(pthread_key_create(&key, free_value) == 0);
	created++;
}

static void *own(void *arg)
{
	pthread_once(&once, create_key);
	assert(mine == 5);
	assert(name == NULL);
	mine++;
	name = strdup("own");
	assert(pthread_getspecific(key) == NULL);
	pthread_setspecific(key, name);
	sched_yield();
	assert(mine == 6);
	assert(pthread_getspecific(key) == name);
	assert(strcmp(name, "own") == 0);
	seen[name != NULL] = &mine;
	errno = 0;
	return arg;
}

static void *own_too(void *arg)
{
	int *address = &mine;

	pthread_once(&once, create_key);
	assert(created == 1);
	errno = 3;
	usleep(10);
	assert(errno == 3);
	seen[0] = address;
	return arg;
}

static void own_things(void)
{
	both(own, own_too, &freed);
	assert(created == 1);
	assert(seen[0] != seen[1]);
	assert(mine == 5);
	assert(freed == 1);
	pthread_key_delete(key);
}

/* ---- Time, atomics and memory --------------------------------------------------------------- */

static atomic_int flag;
static int data;

static void *publish(void *arg)
{
	data = 9;
	atomic_store_explicit(&flag, 1, memory_order_release);
	return arg;
}

static void *spin(void *arg)
{
	while (atomic_load_explicit(&flag, memory_order_acquire) == 0)
		sched_yield();
	assert(data == 9);
	return arg;
}

static void others(void)
{
	const struct timespec second = {1, 0};
	struct timespec before;
	struct timespec after;
	char *text = malloc(4);

	both(spin, publish, NULL);
	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&second, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert(after.tv_sec > before.tv_sec);
	if (text == NULL)
		return;
	strcpy(text, "abc");
	text = realloc(text, 100);
	assert(strcmp(text, "abc") == 0);
	strcat(text, "def");
	assert(strlen(text) == 6);
	free(text);
	assert(freed == 0 || freed == 1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {{"conditions", conditions}, {"mutexes", mutexes}, {"read_locks", read_locks},
		{"meetings", meetings}, {"own_things", own_things}, {"others", others}};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
			parts[i].run();
	}
	return 0;
}
