/* SPDX-License-Identifier: 0BSD */
/* What std::future waits with: std::__atomic_futex_unsigned_base of the C++ library, by the names
 * of its functions in the binary interface. */
#include "user/objects.h"
#include "user/real.h"
#include "user/user.h"

#include "machine/trace.h"

#define PASTE(a, b)       a##b
#define NAME(a, b)        PASTE(a, b)
#define MEMBER(name)      NAME(_ZNSt28__atomic_futex_unsigned_base, name)
#define DURATIONS         NSt6chrono8durationIlSt5ratioILl1ELl1EEEENS2_IlS3_ILl1ELl1000000000EEEE
#define WAIT_UNTIL        MEMBER(NAME(19_M_futex_wait_untilEPjjb, DURATIONS))
#define WAIT_UNTIL_STEADY MEMBER(NAME(26_M_futex_wait_until_steadyEPjjb, DURATIONS))
#define NOTIFY_ALL        MEMBER(19_M_futex_notify_allEPj)

bool WAIT_UNTIL(unsigned *word, unsigned value, bool has_deadline, long seconds, long ns);
bool WAIT_UNTIL_STEADY(unsigned *word, unsigned value, bool has_deadline, long seconds, long ns);
void NOTIFY_ALL(unsigned *word);

/* Sleep while the word has the value; false: the deadline has passed. */
static bool wait_until(
	unsigned *word, unsigned value, int64_t deadline, uintptr_t pc, uintptr_t frame)
{
	struct step step = {.op = OP_WAIT, .address = (uintptr_t)word, .value = value, .pc = pc};
	bool late = false;

	self()->live_from = frame;
	machine_step(&step);
	trace_result(*word, *word == value);
	if (*word == value && !user_spurious())
		late = object_sleep(OP_WAIT, step.address, deadline);
	machine_scrub();
	return !late;
}

static int64_t deadline_of(clockid_t clock, bool has_deadline, long seconds, long ns)
{
	const struct timespec until = {seconds, ns};

	return has_deadline ? user_deadline(clock, &until) : INT64_MAX;
}

bool WAIT_UNTIL(unsigned *word, unsigned value, bool has_deadline, long seconds, long ns)
{
	if (!simulated())
		return true;
	return wait_until(
		word, value, deadline_of(CLOCK_REALTIME, has_deadline, seconds, ns), CALLER, FRAME);
}

bool WAIT_UNTIL_STEADY(unsigned *word, unsigned value, bool has_deadline, long seconds, long ns)
{
	if (!simulated())
		return true;
	return wait_until(word, value, deadline_of(CLOCK_MONOTONIC, has_deadline, seconds, ns),
		CALLER, FRAME);
}

void NOTIFY_ALL(unsigned *word)
{
	struct step step = {.op = OP_SIGNAL, .address = (uintptr_t)word, .pc = CALLER};

	if (!simulated())
		return;
	self()->live_from = FRAME;
	machine_step(&step);
	trace_result(0, object_wake_all(step.address) > 0);
	machine_scrub();
}
