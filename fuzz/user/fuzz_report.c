/* SPDX-License-Identifier: 0BSD */
/* What the harness prints. */
#include "user/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>

struct fuzz_world ump__fuzz;

static void show(const struct fuzz_call *call, unsigned number)
{
	fprintf(stderr, "%4u  %s", number, call->what);
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
	unsigned from = ump__fuzz.calls > FUZZ_SHOWN ? ump__fuzz.calls - FUZZ_SHOWN : 0;

	fprintf(stderr, "ump_fuzz: finding: %s%s%s\n", what, more != NULL ? ": " : "",
		more != NULL ? more : "");
	fprintf(stderr, "the last calls, to a %s:\n",
		ump__fuzz.combining_kind ? "combining server" : "task");
	for (unsigned i = from; i < ump__fuzz.calls; i++)
		show(&ump__fuzz.shown[i % FUZZ_SHOWN], i + 1);
	abort();
}

void ump__fuzz_call(const char *what, int64_t which)
{
	ump__fuzz.shown[ump__fuzz.calls % FUZZ_SHOWN] =
		(struct fuzz_call){.what = what, .which = which};
	ump__fuzz.calls++;
	if (ump__fuzz.trace)
		show(&ump__fuzz.shown[(ump__fuzz.calls - 1) % FUZZ_SHOWN], ump__fuzz.calls);
}

void ump__fuzz_result(int result)
{
	struct fuzz_call *call = &ump__fuzz.shown[(ump__fuzz.calls - 1) % FUZZ_SHOWN];

	call->result = result;
	call->has_result = true;
	if (ump__fuzz.trace)
		fprintf(stderr, "      -> %d\n", result);
}
