/* SPDX-License-Identifier: 0BSD */
/* The program's threads, and what belongs to one: keys, what runs once, what runs at its end. */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "machine/trace.h"
#include "model/race.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

static struct {
	/* Started by the program, as opposed to the library. */
	bool user;
	bool detached;
	bool joined;
	void *(*run)(void *);
	void *arg;
	void *result;
} threads[SIM_THREADS];

/* The identities that the C library gives the threads of each number (world.c). */
extern pthread_t world_identities[SIM_THREADS];

/* ---- Keys ---------------------------------------------------------------------------------- */

#define KEYS 32
static struct {
	bool exists;
	void (*destroy)(void *);
} keys[KEYS];
static void *values[SIM_THREADS][KEYS];

int pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
	if (!simulated())
		return REAL(pthread_key_create, (key, destroy));
	for (unsigned i = 0; i < KEYS; i++) {
		if (keys[i].exists)
			continue;
		keys[i].exists = true;
		keys[i].destroy = destroy;
		self()->live_from = FRAME;
		race_access((uintptr_t)key, sizeof *key, PLAIN_WRITE, CALLER);
		*key = i;
		for (int t = 0; t < SIM_THREADS; t++)
			values[t][i] = NULL;
		return 0;
	}
	machine_limit("keys of thread-specific values");
}

static bool is_key(pthread_key_t key)
{
	return simulated() && key < KEYS && keys[key].exists;
}

int pthread_key_delete(pthread_key_t key)
{
	if (!is_key(key))
		return REAL(pthread_key_delete, (key));
	keys[key].exists = false;
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	if (!is_key(key))
		return REAL(pthread_getspecific, (key));
	return values[machine.current][key];
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (!is_key(key))
		return REAL(pthread_setspecific, (key, value));
	values[machine.current][key] = (void *)(uintptr_t)value;
	return 0;
}

static void *destroy_value(void *key)
{
	pthread_key_t i = (pthread_key_t)(uintptr_t)key;
	void *value = values[machine.current][i];

	values[machine.current][i] = NULL;
	keys[i].destroy(value);
	return NULL;
}

static void destroy_values(void)
{
	bool any = true;

	for (int round = 0; any && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
		any = false;
		for (uintptr_t i = 0; i < KEYS; i++) {
			if (!keys[i].exists || keys[i].destroy == NULL ||
				values[machine.current][i] == NULL)
				continue;
			world_call(destroy_value, (void *)i);
			any = true;
		}
	}
}

/* ---- Destructors of C++'s thread-local objects ---------------------------------------------- */

#define AT_EXIT 64
static struct {
	void (*run)(void *);
	void *object;
} at_exit[SIM_THREADS][AT_EXIT];
static int at_exit_count[SIM_THREADS];

int __cxa_thread_atexit(void (*run)(void *), void *object, void *library);
int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *library);

int __cxa_thread_atexit_impl(void (*run)(void *), void *object, void *library)
{
	int t = machine.current;

	if (!simulated())
		return REAL(__cxa_thread_atexit_impl, (run, object, library));
	if (at_exit_count[t] == AT_EXIT)
		machine_limit("thread-local objects");
	at_exit[t][at_exit_count[t]].run = run;
	at_exit[t][at_exit_count[t]++].object = object;
	return 0;
}

int __cxa_thread_atexit(void (*run)(void *), void *object, void *library)
{
	return __cxa_thread_atexit_impl(run, object, library);
}

static void *destroy_object(void *number)
{
	int i = (int)(intptr_t)number;

	at_exit[machine.current][i].run(at_exit[machine.current][i].object);
	return NULL;
}

void threads_exit(void)
{
	while (at_exit_count[machine.current] > 0)
		world_call(destroy_object, (void *)(intptr_t)--at_exit_count[machine.current]);
	destroy_values();
}

/* ---- Threads ------------------------------------------------------------------------------- */

void threads_begin(void)
{
	memset(threads, 0, sizeof threads);
	memset(keys, 0, sizeof keys);
	memset(values, 0, sizeof values);
	memset(at_exit_count, 0, sizeof at_exit_count);
}

int threads_leak(void)
{
	for (int t = 0; t < machine.count; t++) {
		if (threads[t].user && !threads[t].detached && !threads[t].joined)
			return t;
	}
	return -1;
}

uint64_t threads_hash(uint64_t hash)
{
	for (int t = 0; t < machine.count; t++) {
		hash = mix(hash, (uint64_t)threads[t].detached << 1 | threads[t].joined);
		hash = mix(hash, (uintptr_t)threads[t].result);
		hash = mix(hash, (uint64_t)at_exit_count[t]);
	}
	for (int i = 0; i < KEYS && keys[i].exists; i++) {
		for (int t = 0; t < machine.count; t++)
			hash = mix(hash, (uintptr_t)values[t][i]);
	}
	return hash;
}

static void run_thread(void *number)
{
	int t = (int)(intptr_t)number;

	threads[t].result = world_call(threads[t].run, threads[t].arg);
	threads_exit();
}

static int start(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
	void *arg, uintptr_t pc, uintptr_t frame)
{
	int detached = PTHREAD_CREATE_JOINABLE;
	int number;

	self()->live_from = frame;
	self()->at = (struct step){.op = OP_START, .value = (uintptr_t)arg, .pc = pc};
	if (user_refused())
		return EAGAIN;
	if (attributes != NULL)
		pthread_attr_getdetachstate(attributes, &detached);
	race_access((uintptr_t)thread, sizeof *thread, PLAIN_WRITE, pc);
	number = machine_start(run_thread, (void *)(intptr_t)machine.count);
	if (number < 0)
		machine_limit("threads");
	threads[number].user = true;
	threads[number].detached = detached == PTHREAD_CREATE_DETACHED;
	threads[number].run = run;
	threads[number].arg = arg;
	*thread = world_identities[number];
	trace_memory(OP_START, (uintptr_t)number, 0, pc);
	machine_scrub();
	return 0;
}

int pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	if (!simulated())
		return REAL(pthread_create, (thread, attributes, run, arg));
	return start(thread, attributes, run, arg, CALLER, FRAME);
}

/* The number of a thread of the program; fails if it is none, or was joined or detached. */
static int number_of(pthread_t thread, const char *use)
{
	for (int t = 0; t < machine.count; t++) {
		if (world_identities[t] != thread)
			continue;
		if (threads[t].joined || threads[t].detached)
			sim_fail("released twice", "thread %d %s thread %d, which was %s before",
				machine.current, use, t, threads[t].joined ? "joined" : "detached");
		return t;
	}
	sim_fail("no thread", "thread %d %s a thread that does not exist", machine.current, use);
}

/* Join a thread; `deadline` below 0: only if it has ended. */
static int join(pthread_t thread, void **result, int64_t deadline, uintptr_t pc, uintptr_t frame)
{
	int number;

	self()->live_from = frame;
	self()->at = (struct step){.op = OP_JOIN, .pc = pc};
	number = number_of(thread, "joins");
	if (number == machine.current)
		return EDEADLK;
	if (deadline != INT64_MAX && machine.threads[number].status != DONE) {
		struct step step = {.op = OP_JOIN, .value = (uint64_t)number, .pc = pc};

		machine_step(&step);
		if (machine.threads[number].status != DONE &&
			(deadline < 0 || object_sleep(OP_JOIN, machine_end_of(number), deadline))) {
			machine_scrub();
			return deadline < 0 ? EBUSY : ETIMEDOUT;
		}
	}
	machine_join(number);
	threads[number].joined = true;
	if (result != NULL) {
		race_access((uintptr_t)result, sizeof *result, PLAIN_WRITE, pc);
		*result = threads[number].result;
	}
	machine_scrub();
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	if (!simulated())
		return REAL(pthread_join, (thread, result));
	return join(thread, result, INT64_MAX, CALLER, FRAME);
}

int pthread_tryjoin_np(pthread_t thread, void **result)
{
	if (!simulated())
		return REAL(pthread_tryjoin_np, (thread, result));
	return join(thread, result, -1, CALLER, FRAME);
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
{
	if (!simulated())
		return REAL(pthread_timedjoin_np, (thread, result, until));
	return join(thread, result, user_deadline(CLOCK_REALTIME, until), CALLER, FRAME);
}

int pthread_detach(pthread_t thread)
{
	int number;

	if (!simulated())
		return REAL(pthread_detach, (thread));
	self()->live_from = FRAME;
	self()->at = (struct step){.op = OP_NONE, .pc = CALLER};
	number = number_of(thread, "detaches");
	threads[number].detached = true;
	machine.threads[number].released = true;
	machine_scrub();
	return 0;
}

void pthread_exit(void *result)
{
	if (!simulated())
		REAL(pthread_exit, (result));
	threads[machine.current].result = result;
	threads_exit();
	machine_end();
	__builtin_unreachable();
}

/* ---- std::thread ---------------------------------------------------------------------------- */

/* The C++ library's own function relies on registers that the program's may change, so it is
 * defined here anew, by its name in the binary interface:
 * std::thread::_M_start_thread(std::unique_ptr<std::thread::_State>, void (*)()).
 * A _State has a destructor and the virtual function _M_run. */
struct thread_state {
	void (**functions)(struct thread_state *state);
};
#define STATE_DELETE 1
#define STATE_RUN    2

/* std::__throw_system_error. */
_Noreturn void _ZSt20__throw_system_errori(int code) __attribute__((weak));
void _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
	pthread_t *thread, struct thread_state **state, void (*depend)(void));

static void *run_state(void *state)
{
	((struct thread_state *)state)->functions[STATE_RUN](state);
	return NULL;
}

static void *delete_state(void *state)
{
	((struct thread_state *)state)->functions[STATE_DELETE](state);
	return NULL;
}

static void *run_and_delete(void *state)
{
	world_call(run_state, state);
	world_call(delete_state, state);
	return NULL;
}

void _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
	pthread_t *thread, struct thread_state **state, void (*depend)(void))
{
	struct thread_state *mine = *state;
	int result;

	(void)depend;
	*state = NULL;
	result = start(thread, NULL, run_and_delete, mine, CALLER, FRAME);
	if (result == 0)
		return;
	world_call(delete_state, mine);
	_ZSt20__throw_system_errori(result);
}

/* ---- Once ---------------------------------------------------------------------------------- */

/* What glibc writes. */
#define ONCE_DONE 2

static void *run_once(void *routine)
{
	((void (*)(void))(uintptr_t)routine)();
	return NULL;
}

int pthread_once(pthread_once_t *control, void (*routine)(void))
{
	struct step step = {.op = OP_LOCK, .address = (uintptr_t)control, .pc = CALLER};
	struct object *object;

	if (!simulated())
		return REAL(pthread_once, (control, routine));
	self()->live_from = FRAME;
	machine_step(&step);
	object = object_at(step.address);
	while (object->owner != NO_OWNER)
		object_sleep(OP_LOCK, step.address, INT64_MAX);
	view_join(&self()->now, &object->view);
	if (*control != ONCE_DONE) {
		object->owner = machine.current;
		world_call(run_once, (void *)(uintptr_t)routine);
		*control = ONCE_DONE;
		object->owner = NO_OWNER;
		object_publish(&object->view);
		object_wake_all(step.address);
	}
	machine_scrub();
	return 0;
}

/* ---- Static variables of C++ functions ------------------------------------------------------ */

int __cxa_guard_acquire(char *guard);
void __cxa_guard_release(char *guard);
void __cxa_guard_abort(char *guard);

int __cxa_guard_acquire(char *guard)
{
	struct step step = {.op = OP_LOCK, .address = (uintptr_t)guard, .pc = CALLER};
	struct object *object;

	if (!simulated())
		return *guard == 0;
	self()->live_from = FRAME;
	machine_step(&step);
	object = object_at(step.address);
	while (object->owner != NO_OWNER && object->owner != machine.current)
		object_sleep(OP_LOCK, step.address, INT64_MAX);
	view_join(&self()->now, &object->view);
	if (*guard == 0)
		object->owner = machine.current;
	machine_scrub();
	return *guard == 0;
}

static void end_guard(char *guard, char done)
{
	struct object *object;

	*guard = done;
	if (!simulated())
		return;
	object = object_at((uintptr_t)guard);
	object->owner = NO_OWNER;
	object_publish(&object->view);
	object_wake_all((uintptr_t)guard);
	machine_scrub();
}

void __cxa_guard_release(char *guard)
{
	end_guard(guard, 1);
}

void __cxa_guard_abort(char *guard)
{
	end_guard(guard, 0);
}
