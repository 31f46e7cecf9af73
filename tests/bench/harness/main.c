/* SPDX-License-Identifier: 0BSD */
/*
 * A peer's program.
 *
 *	bench_PEER can                  the kinds of runs that it can do
 *	bench_PEER KIND [NAME=VALUE...] one run: a line of JSON, or one that says what went wrong
 */
#include "kinds.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of the argument NAME=VALUE, or NULL if it has another name. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '='
		       ? argument + length + 1
		       : NULL;
}

static void read_argument(struct bench_run *run, const char *argument)
{
	const struct {
		const char *name;
		uint64_t *number;
	} numbers[] = {
		{"ops", &run->ops},
		{"ms", &run->ms},
		{"most", &run->most},
		{"clients", &run->clients},
		{"capacity", &run->capacity},
		{"depth", &run->depth},
		{"servers", &run->servers},
		{"pace", &run->pace},
		{"workers", &run->workers},
		{"work", &run->work},
	};
	const char *value = value_of(argument, "which");

	if (value != NULL) {
		run->which = value;
		return;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		value = value_of(argument, numbers[i].name);
		if (value != NULL) {
			*numbers[i].number = strtoull(value, NULL, 10);
			return;
		}
	}
	bench_fail("there is no argument %s", argument);
}

uint64_t bench_scale(const struct bench_run *run,
	int64_t (*once)(const struct bench_run *run, uint64_t ops, void *arg), void *arg)
{
	int64_t wanted = (int64_t)run->ms * 1000000;
	uint64_t ops = 256, most = run->most == 0 ? UINT64_MAX : run->most;
	int64_t took;

	if (run->ops == 0 && run->ms == 0)
		bench_fail("how many ops, or for how many ms?");
	if (run->ops != 0) {
		once(run, run->ops, arg);
		return run->ops;
	}
	for (;;) {
		ops = ops < most ? ops : most;
		took = once(run, ops, arg);
		if (took * 2 >= wanted || ops == most)
			return ops;
		/* Slightly more than seems enough.  A short run must not cause a large step. */
		if (took * 16 < wanted)
			ops *= 8;
		else
			ops = (uint64_t)((double)ops * 1.2 * (double)wanted / (double)took);
	}
}

int main(int count, char **arguments)
{
	struct bench_run run = {.clients = 1, .servers = 1, .workers = 1, .which = ""};
	const struct bench_kind *kind = bench_kinds;

	if (count < 2)
		bench_fail("which kind of run?");
	if (strcmp(arguments[1], "can") == 0) {
		for (; kind->name != NULL; kind++)
			if (kind->can())
				puts(kind->name);
		return 0;
	}
	while (kind->name != NULL && strcmp(kind->name, arguments[1]) != 0)
		kind++;
	if (kind->name == NULL || !kind->can())
		bench_fail("cannot do a run of the kind %s", arguments[1]);
	for (int i = 2; i < count; i++)
		read_argument(&run, arguments[i]);
	if (run.clients < 1 || run.clients > 64 || run.servers < 1)
		bench_fail("there are 1 to 64 clients, and servers");
	printf("{\"peer\": \"%s\", \"kind\": \"%s\"", the_peer.name, kind->name);
	kind->run(&run);
	puts("}");
	return 0;
}
