/* SPDX-License-Identifier: 0BSD */
/* Time of the program: the machine's clock, which advances by choice only. */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "machine/choice.h"
#include "machine/trace.h"
#include "platform/platform.h"
#include "sync/sync.h"

#include <errno.h>
#include <limits.h>
#include <sys/time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
/* The date at which each execution begins: 2024-01-01. */
#define DATE (INT64_C(1704067200) * SECOND)

int64_t user_deadline(clockid_t clock, const struct timespec *until)
{
	int64_t origin = clock == CLOCK_REALTIME ? DATE : 0;

	if (until->tv_sec > (INT64_MAX - 1) / SECOND - 1)
		return INT64_MAX;
	return (int64_t)until->tv_sec * SECOND + until->tv_nsec - origin;
}

bool user_spurious(void)
{
	if (machine.left.spurious <= 0 || choice_make(CHOOSE_SPURIOUS, 2) == 0)
		return false;
	machine.left.spurious--;
	return true;
}

bool user_refused(void)
{
	if (machine.left.refusals <= 0 || choice_make(CHOOSE_REFUSAL, 2) == 0)
		return false;
	machine.left.refusals--;
	sim_result.refusals++;
	trace_note("is refused");
	return true;
}

/* ---- Reading ------------------------------------------------------------------------------- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
time_t __wrap_time(time_t *out);
int __wrap_gettimeofday(struct timeval *out, void *zone);
int clock_gettime(clockid_t clock, struct timespec *out);

/* Also called from inside the C++ library. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	int64_t now;

	if (!simulated())
		return REAL(clock_gettime, (clock, out));
	now = ump_now() + (clock == CLOCK_REALTIME ? DATE : 0);
	*out = (struct timespec){(time_t)(now / SECOND), (long)(now % SECOND)};
	return 0;
}

time_t __wrap_time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int __wrap_gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

/* ---- Sleeping and giving way --------------------------------------------------------------- */

/* No address that the program has. */
#define SLEEP_ALONE ((uintptr_t)1)

static int sleep_until(int64_t deadline, uintptr_t pc, uintptr_t frame)
{
	struct step step = {.op = OP_SLEEP, .expected = (uint64_t)deadline, .pc = pc};

	self()->live_from = frame;
	machine_step(&step);
	while (!object_sleep(OP_SLEEP, SLEEP_ALONE, deadline))
		;
	machine_scrub();
	return 0;
}

static int64_t after(int64_t ns)
{
	return ns > INT64_MAX - 1 - machine.clock ? INT64_MAX - 1 : machine.clock + ns;
}

int nanosleep(const struct timespec *length, struct timespec *left)
{
	if (!simulated())
		return REAL(nanosleep, (length, left));
	return sleep_until(after(user_deadline(CLOCK_MONOTONIC, length)), CALLER, FRAME);
}

int clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *length, struct timespec *left)
{
	int64_t ns;

	if (!simulated())
		return REAL(clock_nanosleep, (clock, flags, length, left));
	ns = user_deadline(flags & TIMER_ABSTIME ? clock : CLOCK_MONOTONIC, length);
	return sleep_until(flags & TIMER_ABSTIME ? ns : after(ns), CALLER, FRAME);
}

int usleep(useconds_t length)
{
	if (!simulated())
		return REAL(usleep, (length));
	return sleep_until(after((int64_t)length * 1000), CALLER, FRAME);
}

unsigned sleep(unsigned seconds)
{
	if (!simulated())
		return REAL(sleep, (seconds));
	return (unsigned)sleep_until(after((int64_t)seconds * SECOND), CALLER, FRAME);
}

int sched_yield(void)
{
	struct step step = {.op = OP_YIELD, .pc = CALLER};

	if (!simulated())
		return REAL(sched_yield, ());
	self()->live_from = FRAME;
	machine_step_aside(&step);
	machine_scrub();
	return 0;
}
