/* SPDX-License-Identifier: 0BSD */
#include "program/program.h"

#include <stdio.h>
#include <string.h>

const struct operation_type operation_types[] = {
	{"req", SEND_REQUEST, ANSWER},
	{"post", SEND_POST, ANSWER},
	{"async", SEND_ASYNC, ANSWER},
	{"wait", WAIT, ANSWER},
	{"timed", SEND_TIMED, ANSWER},
	{"drop", DROP, ANSWER},
	{"post.break", SEND_POST, BREAK},
	{"giveup", GIVE_UP, ANSWER},
	{"req.keep", SEND_REQUEST, KEEP},
	{"req.break", SEND_REQUEST, BREAK},
	{"weak", WEAKEN, ANSWER},
	{"up", UPGRADE, ANSWER},
	{"clone", CLONE, ANSWER},
	{"try", TRY, ANSWER},
	{"twait", WAIT_TIMED, ANSWER},
	{"async.keep", SEND_ASYNC, KEEP},
	{"timed.keep", SEND_TIMED, KEEP},
	{"req.fail", SEND_REQUEST, FAIL},
	{"req.forget", SEND_REQUEST, FORGET},
	{"req.reservation", SEND_REQUEST, ANSWER_IN_BUFFER},
	{"req.keepdrop", SEND_REQUEST, KEEP_AND_DROP},
	{"async.reservation", SEND_ASYNC, ANSWER_IN_BUFFER},
	{"async.fail", SEND_ASYNC, FAIL},
	{"async.forget", SEND_ASYNC, FORGET},
	{"async.keepdrop", SEND_ASYNC, KEEP_AND_DROP},
	{"async.break", SEND_ASYNC, BREAK},
	{"timed.fail", SEND_TIMED, FAIL},
	{"timed.break", SEND_TIMED, BREAK},
	{"post.chain", SEND_POST, CHAIN},
	{"wclone", WEAK_CLONE, ANSWER},
	{"wdrop", WEAK_DROP, ANSWER},
	{"pclient", POST_CLIENT, ANSWER},
	{"pclone", POST_CLIENT_CLONE, ANSWER},
	{"ppost", SEND_POST_CLIENT, ANSWER},
	{"pdrop", POST_CLIENT_DROP, ANSWER},
	/* Encoded inputs distinguish operations above from those below: new ones must come last. */
	{"req.suspend", SEND_REQUEST, SUSPEND},
	{"post.suspend", SEND_POST, SUSPEND},
	{"post.resume", SEND_POST, RESUME},
	{"post.suspendbreak", SEND_POST, SUSPEND_AND_BREAK},
	{"post.quit", SEND_POST, QUIT},
	{"comp", SEND_COMPLETION, ANSWER},
	{"comp.keep", SEND_COMPLETION, KEEP},
	{"comp.fail", SEND_COMPLETION, FAIL},
	{"comp.forget", SEND_COMPLETION, FORGET},
	{"comp.break", SEND_COMPLETION, BREAK},
	{"comp.suspend", SEND_COMPLETION, SUSPEND},
	{"cnext", NEXT, ANSWER},
	{"cwait", NEXT_WAIT, ANSWER},
	{"ctwait", NEXT_TIMED, ANSWER},
	{"cpoll", NEXT_POLL, ANSWER},
	{"cdrop", COMPLETIONS_DROP, ANSWER},
	{"creserve", RESERVE, ANSWER},
	{"until", SEND_POST_UNTIL, ANSWER},
	{"tuntil", SEND_POST_TIMED, ANSWER},
	{"auntil", SEND_ASYNC_UNTIL, ANSWER},
	{"until.break", SEND_POST_UNTIL, BREAK},
	{"stats", STATS, ANSWER},
	{"req.call", SEND_REQUEST, CALL},
	{"req.round", SEND_REQUEST, CALL_ROUND},
	{"req.callkept", SEND_REQUEST, CALL_KEPT},
	{"req.callreverse", SEND_REQUEST, CALL_REVERSE},
	{"req.calltimed", SEND_REQUEST, CALL_TIMED},
	{"req.callasync", SEND_REQUEST, CALL_ASYNC},
	{"req.push", SEND_REQUEST, PUSH},
	{"req.join", SEND_REQUEST, JOIN},
	{"post.call", SEND_POST, CALL},
	{"post.round", SEND_POST, CALL_ROUND},
	{"post.push", SEND_POST, PUSH},
	{"async.round", SEND_ASYNC, CALL_ROUND},
	{"cone", NEXT_POLL_ONE, ANSWER},
	{"post.join", SEND_POST, JOIN},
	{"spawn", SPAWN, CALL},
	{"post.suspendfor", SEND_POST, SUSPEND_FOR},
	{"stop", STOP, ANSWER},
	{"pstop", STOP_POST_CLIENT, ANSWER},
	{"wstop", STOP_WEAK, ANSWER},
	{"post.stop", SEND_POST, STOP_SELF},
	{"req.stop", SEND_REQUEST, STOP_SELF},
	{"post.stopbreak", SEND_POST, STOP_AND_BREAK},
	{"watch", WATCH, ANSWER},
	{"wwatch", WATCH_WEAK, ANSWER},
	{"hwatch", WATCH_HANDLE, ANSWER},
	{"ccomp", SEND_CANCELLABLE, ANSWER},
	{"ccomp.keep", SEND_CANCELLABLE, KEEP},
	{"tcomp", SEND_EXPIRING, ANSWER},
	{"tcomp.keep", SEND_EXPIRING, KEEP},
	{"ccancel", CANCEL, ANSWER},
	{"post.timer", SEND_POST, TIMER},
	{"post.timerbreak", SEND_POST, TIMER_BREAK},
	{"req.timercancel", SEND_REQUEST, TIMER_CANCEL},
	{"req.hold", SEND_REQUEST, HOLD},
	{"async.hold", SEND_ASYNC, HOLD},
	{"async.holddrop", SEND_ASYNC, HOLD_AND_DROP},
	{"comp.hold", SEND_COMPLETION, HOLD},
	{"timed.hold", SEND_TIMED, HOLD},
	{"post.ask", SEND_POST, ASK},
	{"post.askkept", SEND_POST, ASK_KEPT},
	{"post.asktimed", SEND_POST, ASK_TIMED},
	{"post.askcancel", SEND_POST, ASK_CANCEL},
	{"post.askbreak", SEND_POST, ASK_AND_BREAK},
	{"post.askwatch", SEND_POST, ASK_WATCH},
	{"req.ask", SEND_REQUEST, ASK},
	{"at", SEND_AT, DUE},
	{"at.break", SEND_AT, DUE_BREAK},
	{"at.suspend", SEND_AT, DUE_SUSPEND},
	{"every", SEND_EVERY, DUE},
	{"every.break", SEND_EVERY, DUE_BREAK},
	{"every.suspend", SEND_EVERY, DUE_SUSPEND},
	{"dcancel", DELAYED_CANCEL, ANSWER},
	{"dcancel.aside", DELAYED_CANCEL_ASIDE, ANSWER},
	{"dpause", DELAYED_PAUSE, ANSWER},
	{"dresume", DELAYED_RESUME, ANSWER},
	{"dperiod", DELAYED_PERIOD, ANSWER},
	{"ddrop", DELAYED_DROP, ANSWER},
};
/* Number of operations when the first inputs of race_fuzzer were kept. */
#define FIRST_OPERATIONS 35
const unsigned operation_count = sizeof operation_types / sizeof operation_types[0];

static const struct {
	const char *name;
	unsigned trait;
} traits[] = {
	{"init", INIT},
	{"initfails", INIT_FAILS},
	{"builderfails", BUILDER_FAILS},
	{"leftover", LEFTOVER},
	{"term", TERM},
	{"detach", DETACH},
	{"shared", SHARED},
	{"jointimed", JOIN_TIMED},
	{"nodrop", NO_DROP},
	{"late", LATE},
	{"budget", BUDGET},
	{"run", RUN},
	{"quits", QUITS},
	{"bounded", BOUNDED},
	{"bounded2", BOUNDED_TWO},
	{"two", TWO},
	{"three", THREE},
	{"mixed", MIXED},
	{"pooled", POOLED},
	{"threadpool", THREAD_POOL},
	{"early", EARLY},
	{"sequential", SEQUENTIAL},
	{"nested", NESTED},
	{"joindropped", JOIN_DROPPED},
	{"key", BY_KEY},
	{"onekey", ONE_KEY},
	{"alone", ALONE},
};
#define TRAITS (sizeof traits / sizeof traits[0])

/* ---- Meaning of traits --------------------------------------------------------------------- */

int program_servers(const struct program *program)
{
	/* There is one server if a single thread does all receiving, or if the server fails to
	 * start. */
	if (program->traits & (RAW | LATE | INIT_FAILS | BUILDER_FAILS))
		return 1;
	return program->traits & THREE ? 3 : program->traits & TWO ? 2 : 1;
}

unsigned program_capacity(const struct program *program)
{
	return program->traits & BOUNDED ? 1 : program->traits & BOUNDED_TWO ? 2 : 0;
}

bool program_is_task(const struct program *program, int number)
{
	return (program->traits & TASK) != 0 && (program->traits & (RAW | COMBINING)) == 0 &&
	       (number == 0 || (program->traits & MIXED) == 0);
}

bool program_is_combining(const struct program *program, int number)
{
	return (program->traits & COMBINING) != 0 &&
	       (number == 0 || (program->traits & MIXED) == 0);
}

bool program_has_workers(const struct program *program, int number)
{
	return (program->traits & WORKERS) != 0 && (number == 0 || (program->traits & MIXED) == 0);
}

int program_workers(unsigned flags)
{
	return flags & ALONE ? 1 : PROGRAM_WORKERS;
}

bool program_has_keys(unsigned flags)
{
	return (flags & WORKERS) != 0 && (flags & (BY_KEY | ONE_KEY)) != 0;
}

int program_key(unsigned flags, int message)
{
	return flags & ONE_KEY ? 0 : (message ^ message >> 4) & 1;
}

bool program_is_sequential(const struct program *program)
{
	return (program->traits & SEQUENTIAL) != 0 && (program->traits & LATE) == 0;
}

bool program_reserves(const struct program *program)
{
	for (int c = 0; c < program->clients; c++) {
		for (int i = 0; i < program->lengths[c]; i++) {
			if (operation_types[program->operations[c][i]].action == RESERVE)
				return true;
		}
	}
	return false;
}

bool program_joins(const struct program *program)
{
	for (int c = 0; c < program->clients; c++) {
		for (int i = 0; i < program->lengths[c]; i++) {
			if (operation_types[program->operations[c][i]].behaviour == JOIN)
				return true;
		}
	}
	return false;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static bool parse_server(char *text, struct program *program)
{
	char *rest = NULL;
	char *word = strtok_r(text, "+", &rest);

	if (word == NULL || (strcmp(word, "raw") != 0 && strcmp(word, "thread") != 0 &&
				    strcmp(word, "task") != 0 && strcmp(word, "combining") != 0 &&
				    strcmp(word, "workers") != 0))
		return false;
	program->traits = strcmp(word, "raw") == 0         ? RAW
			  : strcmp(word, "task") == 0      ? TASK
			  : strcmp(word, "combining") == 0 ? COMBINING
			  : strcmp(word, "workers") == 0   ? WORKERS
							   : 0;
	while ((word = strtok_r(NULL, "+", &rest)) != NULL) {
		size_t i = 0;

		while (i < TRAITS && strcmp(word, traits[i].name) != 0)
			i++;
		if (i == TRAITS)
			return false;
		program->traits |= traits[i].trait;
	}
	return true;
}

static bool parse_client(char *text, struct program *program)
{
	int *length = &program->lengths[program->clients];
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest)) {
		unsigned i = 0;

		while (i < operation_count && strcmp(word, operation_types[i].name) != 0)
			i++;
		if (i == operation_count || *length == PROGRAM_OPS)
			return false;
		program->operations[program->clients][(*length)++] = (uint8_t)i;
	}
	program->clients++;
	return true;
}

bool program_parse(const char *text, struct program *program)
{
	char copy[512];
	char *clients;
	bool good;

	memset(program, 0, sizeof *program);
	snprintf(copy, sizeof copy, "%s", text);
	clients = strchr(copy, ':');
	good = clients != NULL;
	if (good)
		*clients++ = '\0';
	good = good && parse_server(copy, program);
	while (good && clients != NULL) {
		char *end = strchr(clients, '|');

		if (end != NULL)
			*end++ = '\0';
		good = program->clients < PROGRAM_CLIENTS && parse_client(clients, program);
		clients = end;
	}
	if (!good)
		fprintf(stderr, "not a program: %s\n", text);
	return good;
}

void program_print(const struct program *program, char *text, size_t size)
{
	int at = snprintf(text, size, "%s",
		program->traits & RAW         ? "raw"
		: program->traits & TASK      ? "task"
		: program->traits & COMBINING ? "combining"
		: program->traits & WORKERS   ? "workers"
					      : "thread");

	for (size_t i = 0; i < TRAITS; i++) {
		if (program->traits & traits[i].trait)
			at += snprintf(text + at, size - (size_t)at, "+%s", traits[i].name);
	}
	for (int c = 0; c < program->clients; c++) {
		at += snprintf(text + at, size - (size_t)at, "%s", c == 0 ? ":" : " |");
		for (int i = 0; i < program->lengths[c]; i++)
			at += snprintf(text + at, size - (size_t)at, " %s",
				operation_types[program->operations[c][i]].name);
	}
}

/* ---- Any program --------------------------------------------------------------------------- */

/* Traits by number: plain servers are the most frequent. */
static const uint32_t some_traits[] = {0, 0, 0, INIT, LEFTOVER, LEFTOVER | TERM, DETACH, SHARED,
	RAW, RAW, INIT | LEFTOVER, INIT_FAILS, BUILDER_FAILS, TERM | INIT, SHARED | LEFTOVER,
	JOIN_TIMED, RAW | SHARED, DETACH | INIT | LEFTOVER, NO_DROP, TERM,
	/* New ones must come last, as with the operations. */
	TASK, TASK, TASK | INIT | LEFTOVER, TASK | BUDGET, TASK | RUN, TASK | QUITS | LEFTOVER,
	TASK | QUITS | INIT | TERM, TASK | INIT_FAILS, TASK | BUILDER_FAILS, BOUNDED,
	BOUNDED | LEFTOVER, BOUNDED_TWO, TASK | BOUNDED, TASK | BOUNDED | BUDGET | INIT,
	RAW | BOUNDED, SHARED | BOUNDED, TWO, TWO, TWO | TASK, TWO | TASK | MIXED, TWO | BOUNDED,
	THREE, THREE | TASK | MIXED, TWO | INIT | LEFTOVER, TASK | QUITS | BOUNDED, NO_DROP | TASK,
	TASK | SHARED, TWO | TASK | BOUNDED, DETACH | TWO, POOLED, POOLED, POOLED | SHARED,
	POOLED | LEFTOVER, POOLED | TASK, POOLED | RAW, POOLED | TASK | BUDGET | BOUNDED,
	POOLED | TASK | QUITS | LEFTOVER, POOLED | DETACH, POOLED | SHARED | TASK, COMBINING,
	COMBINING, COMBINING | INIT | LEFTOVER, COMBINING | BUDGET | INIT,
	COMBINING | BUDGET | INIT | LEFTOVER | TERM, COMBINING | SHARED | BUDGET,
	COMBINING | INIT_FAILS, COMBINING | BUILDER_FAILS, COMBINING | BOUNDED,
	COMBINING | BOUNDED | BUDGET, COMBINING | DETACH, COMBINING | JOIN_TIMED,
	COMBINING | NO_DROP, TWO | COMBINING, TWO | COMBINING | BUDGET, TWO | COMBINING | MIXED,
	TWO | COMBINING | MIXED | BUDGET, THREE | COMBINING | BUDGET, TWO | COMBINING | BOUNDED,
	COMBINING | POOLED, COMBINING | POOLED | BUDGET | SHARED, THREAD_POOL | LEFTOVER,
	THREAD_POOL | DETACH, THREAD_POOL | INIT | EARLY, THREAD_POOL | TWO,
	THREAD_POOL | TWO | EARLY, THREAD_POOL | TWO | DETACH, THREAD_POOL | TWO | SEQUENTIAL,
	THREAD_POOL | THREE | SEQUENTIAL | INIT, THREAD_POOL | INIT_FAILS,
	THREAD_POOL | TWO | SEQUENTIAL | DETACH, TASK | NESTED, TASK | NESTED | BUDGET,
	TASK | NESTED | QUITS | LEFTOVER, TASK | NESTED | RUN | TWO, WORKERS, WORKERS,
	WORKERS | BY_KEY, WORKERS | ONE_KEY, WORKERS | LEFTOVER | INIT | TERM,
	WORKERS | BY_KEY | LEFTOVER | TERM, WORKERS | BOUNDED, WORKERS | ONE_KEY | BOUNDED,
	WORKERS | TWO, WORKERS | TWO | MIXED, WORKERS | TWO | BY_KEY, WORKERS | INIT_FAILS,
	WORKERS | BUILDER_FAILS, WORKERS | DETACH, WORKERS | THREAD_POOL | INIT,
	WORKERS | POOLED | SHARED};
#define SOME_TRAITS  (sizeof some_traits / sizeof some_traits[0])
#define FIRST_TRAITS 20

/* Choose one of the most important operations, one of the newer ones, or any. */
static uint8_t any_operation(uint32_t (*random)(void))
{
	switch (random() % 3) {
	case 0:
		return (uint8_t)(random() % 12);
	case 1:
		return (uint8_t)(FIRST_OPERATIONS +
				 random() % (operation_count - FIRST_OPERATIONS));
	default:
		return (uint8_t)(random() % operation_count);
	}
}

void program_random(struct program *program, uint32_t (*random)(void))
{
	memset(program, 0, sizeof *program);
	program->traits = some_traits[random() % SOME_TRAITS];
	program->clients = 1 + (int)(random() % 3);
	for (int c = 0; c < program->clients; c++) {
		program->lengths[c] = (int)(random() % (PROGRAM_OPS + 1));
		for (int i = 0; i < program->lengths[c]; i++)
			program->operations[c][i] = any_operation(random);
	}
}

/*
 * A byte encodes one of `count` items, of which the first `old` are the oldest.  Most bytes mean
 * those, as they did before the others were added, so that old inputs keep their meaning.
 */
static unsigned decode(uint8_t byte, unsigned old, unsigned count)
{
	unsigned limit = 3 * old + (256 - 3 * old) % (count - old);

	return byte < limit ? byte % old : old + (byte - limit) % (count - old);
}

static uint8_t encode(unsigned number, unsigned old, unsigned count)
{
	unsigned limit = 3 * old + (256 - 3 * old) % (count - old);

	return (uint8_t)(number < old ? number : limit + number - old);
}

size_t program_decode(struct program *program, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	/* Missing bytes count as zeros. */
#define NEXT (at < length ? bytes[at++] : (uint8_t)0)
	memset(program, 0, sizeof *program);
	program->traits = some_traits[decode(NEXT, FIRST_TRAITS, SOME_TRAITS)];
	program->clients = 1 + NEXT % PROGRAM_CLIENTS;
	for (int c = 0; c < program->clients; c++) {
		program->lengths[c] = NEXT % (PROGRAM_OPS + 1);
		for (int i = 0; i < program->lengths[c]; i++)
			program->operations[c][i] =
				(uint8_t)decode(NEXT, FIRST_OPERATIONS, operation_count);
	}
#undef NEXT
	return at;
}

size_t program_encode(const struct program *program, uint8_t *bytes)
{
	size_t at = 0;
	unsigned number = 0;

	while (number < SOME_TRAITS && some_traits[number] != program->traits)
		number++;
	if (number == SOME_TRAITS)
		return 0;
	bytes[at++] = encode(number, FIRST_TRAITS, SOME_TRAITS);
	bytes[at++] = (uint8_t)(program->clients - 1);
	for (int c = 0; c < program->clients; c++) {
		bytes[at++] = (uint8_t)program->lengths[c];
		for (int i = 0; i < program->lengths[c]; i++)
			bytes[at++] = encode(
				program->operations[c][i], FIRST_OPERATIONS, operation_count);
	}
	return at;
}
