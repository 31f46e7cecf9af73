/* SPDX-License-Identifier: 0BSD */
/* What the harness prints. */
#include "user/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>

/* The last calls of all threads, and how many there were. */
static struct call {
	const char *what;
	int64_t which;
	unsigned thread;
	unsigned number;
	int result;
	bool has_result;
} shown[FUZZ_SHOWN];
static unsigned calls;
static bool traced;

static void show(const struct call *call)
{
	fprintf(stderr, "%4u  ", call->number);
	if (ump__fuzz.clients > 0)
		fprintf(stderr, "thread %u: ", call->thread);
	fprintf(stderr, "%s", call->what);
	if (call->which >= 0)
		fprintf(stderr, " %lld", (long long)call->which);
	if (call->has_result && call->result <= 0)
		fprintf(stderr, ": %s", call->result == UMP_OK ? "ok" : ump_strerror(call->result));
	else if (call->has_result)
		fprintf(stderr, ": code %d", call->result);
	fprintf(stderr, "\n");
}

void ump__fuzz_fail(const char *what, const char *more)
{
	static const char *const servers[] = {"task", "combining server", "server with a thread"};

	fprintf(stderr, "ump_fuzz: finding: %s%s%s\n", what, more != NULL ? ": " : "",
		more != NULL ? more : "");
	fprintf(stderr, "the last calls, to a %s:\n", servers[ump__fuzz.server]);
	for (unsigned i = calls > FUZZ_SHOWN ? calls - FUZZ_SHOWN : 0; i < calls; i++)
		show(&shown[i % FUZZ_SHOWN]);
	abort();
}

void ump__fuzz_call(struct fuzz_thread *me, const char *what, int64_t which)
{
	me->calls++;
	/* The first call of an execution. */
	if (me->number == 0 && me->calls == 1) {
		calls = 0;
		traced = getenv("UMP_FUZZ_TRACE") != NULL;
	}
	shown[calls % FUZZ_SHOWN] = (struct call){
		.what = what, .which = which, .thread = me->number, .number = me->calls};
	if (traced)
		show(&shown[calls % FUZZ_SHOWN]);
	calls++;
}

void ump__fuzz_result(struct fuzz_thread *me, int result)
{
	struct call *call = &shown[(calls - 1) % FUZZ_SHOWN];

	(void)me;
	call->result = result;
	call->has_result = true;
	if (traced)
		fprintf(stderr, "      -> %d\n", result);
}
