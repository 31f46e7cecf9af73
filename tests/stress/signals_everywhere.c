/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [quiet], [deadline] and [once] with signals: every system call that may be interrupted
 * is, by SIGUSR1 aimed at each sender in turn and by an interval timer at the process.  No wait may
 * end early or not at all, and the servers' threads must not run the application's handlers.
 *
 * Threads are cancelled, too, though never inside a call: no call is documented as a cancellation
 * point, and a blocked caller lends its stack to the server, so an application must disable
 * cancellation around calls that wait.  This program does.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define SENDERS 4

static atomic_ulong caught;
static _Thread_local bool may_catch;

static void on_signal(int number)
{
	(void)number;
	/* A server's thread must have all signals blocked. */
	if (!may_catch)
		_Exit(3);
	atomic_fetch_add_explicit(&caught, 1, memory_order_relaxed);
}

/* Without SA_RESTART: calls return EINTR where they can. */
static void catch_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

static void block_signals(int how)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGALRM);
	pthread_sigmask(how, &signals, NULL);
}

static void set_timer(long us)
{
	struct itimerval interval = {{0, us}, {0, us}};

	CHECK_INT(setitimer(ITIMER_REAL, &interval, NULL), ==, 0);
}

struct target {
	struct stress_sender sender;
	atomic_bool done;
};

/* Cleanup of a cancelled thread, and at the end. */
static void leave(void *arg)
{
	struct target *target = arg;

	stress_sender_finish(&target->sender);
	ump_client_drop(&target->sender.client);
	atomic_store_explicit(&target->done, true, memory_order_relaxed);
}

static void *suffer(void *arg)
{
	struct target *target = arg;
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	may_catch = true;
	block_signals(SIG_UNBLOCK);
	pthread_cleanup_push(leave, target);
	for (size_t i = 0; i < target->sender.sends; i++) {
		stress_step(&target->sender);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
		pthread_testcancel();
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	}
	pthread_cleanup_pop(1);
	return NULL;
}

/* An event loop is interrupted like any other thread, and must continue. */
static void *loop(void *arg)
{
	struct stress_server *server = arg;

	may_catch = true;
	block_signals(SIG_UNBLOCK);
	CHECK_INT(ump_task_run(server->task, UMP_FOREVER), ==, UMP_OK);
	return NULL;
}

/* Until all are done: signal each in turn; now and then cancel one. */
static void storm(struct target *targets, unsigned count, struct stress_rng *rng, bool cancels)
{
	struct timespec nap = {0, 20000};
	unsigned done = 0;

	while (done < count) {
		done = 0;
		for (unsigned i = 0; i < count; i++) {
			pthread_t thread = targets[i].sender.thread;

			/* It is not joined yet, so its id is still valid. */
			CHECK_INT(pthread_kill(thread, SIGUSR1), ==, 0);
			if (cancels && stress_one_in(rng, 200))
				CHECK_INT(pthread_cancel(thread), ==, 0);
			done += atomic_load_explicit(&targets[i].done, memory_order_relaxed);
		}
		nanosleep(&nap, NULL);
	}
}

static void round_of(struct stress_rng *rng)
{
	struct stress_mix mix = stress_usual;
	struct stress_server server;
	struct stress_keeper keeper;
	struct target targets[SENDERS];
	unsigned count = 1 + stress_below(rng, SENDERS);
	unsigned long before = caught;

	mix.drains = true;
	mix.req_until = 6;
	mix.timeout_most = 1000000;
	/* Other threads inherit this mask; the senders unblock again. */
	block_signals(SIG_BLOCK);
	catch_signals();
	stress_keeper_start(&keeper, rng);
	stress_server_init(&server, rng);
	server.keeper = &keeper;
	server.driven = true;
	/* A spawning thread's mask must not pass to a server's thread. */
	may_catch = true;
	block_signals(SIG_UNBLOCK);
	set_timer(200);
	stress_bound(&server, &mix, rng);
	stress_server_start(&server);
	block_signals(SIG_BLOCK);
	if (server.on_task)
		server.loop = stress_thread(loop, &server);
	for (unsigned i = 0; i < count; i++) {
		stress_sender_init(&targets[i].sender, rng, i, &mix, 300);
		targets[i].sender.sends = 150;
		targets[i].done = false;
		CHECK_INT(ump_client_clone(server.client, &targets[i].sender.client), ==, UMP_OK);
	}
	for (unsigned i = 0; i < count; i++)
		targets[i].sender.thread = stress_thread(suffer, &targets[i]);
	ump_client_drop(&server.client);
	storm(targets, count, rng, stress_one_in(rng, 2));
	block_signals(SIG_UNBLOCK);
	if (server.on_task)
		stress_thread_join(server.loop);
	CHECK(!stress_server_join(&server));
	set_timer(0);
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(targets[i].sender.thread);
	stress_keeper_stop(&keeper);
	for (unsigned i = 0; i < count; i++)
		stress_sender_settle(&targets[i].sender);
	stress_count(STRESS_SIGNALS, caught - before);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"signals_everywhere", "[quiet] [deadline] [once]", round_of, 12};

	/* The watchdog must not be interrupted either: it starts with this mask. */
	block_signals(SIG_BLOCK);
	return stress_main(&program, argc, argv);
}
