/* SPDX-License-Identifier: 0BSD */
#include "program.h"

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
	{"req.room", SEND_REQUEST, ANSWER_IN_ROOM},
	{"req.keepdrop", SEND_REQUEST, KEEP_AND_DROP},
	{"async.room", SEND_ASYNC, ANSWER_IN_ROOM},
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
};
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
};
#define TRAITS (sizeof traits / sizeof traits[0])

/* ---- Text ---------------------------------------------------------------------------------- */

static bool parse_server(char *text, struct program *program)
{
	char *rest = NULL;
	char *word = strtok_r(text, "+", &rest);

	if (word == NULL || (strcmp(word, "raw") != 0 && strcmp(word, "thread") != 0))
		return false;
	program->traits = strcmp(word, "raw") == 0 ? RAW : 0;
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
	int at = snprintf(text, size, "%s", program->traits & RAW ? "raw" : "thread");

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

/* Traits by a number: plain servers are the most frequent. */
static const uint16_t some_traits[] = {0, 0, 0, INIT, LEFTOVER, LEFTOVER | TERM, DETACH, SHARED,
	RAW, RAW, INIT | LEFTOVER, INIT_FAILS, BUILDER_FAILS, TERM | INIT, SHARED | LEFTOVER,
	JOIN_TIMED, RAW | SHARED, DETACH | INIT | LEFTOVER, NO_DROP, TERM};
#define SOME_TRAITS (sizeof some_traits / sizeof some_traits[0])

void program_random(struct program *program, uint32_t (*random)(void))
{
	memset(program, 0, sizeof *program);
	program->traits = some_traits[random() % SOME_TRAITS];
	program->clients = 1 + (int)(random() % 3);
	for (int c = 0; c < program->clients; c++) {
		program->lengths[c] = (int)(random() % (PROGRAM_OPS + 1));
		/* Half of the time one of the operations that matter most. */
		for (int i = 0; i < program->lengths[c]; i++)
			program->operations[c][i] =
				(uint8_t)(random() % (random() % 2 ? 12 : operation_count));
	}
}

size_t program_decode(struct program *program, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	/* Where bytes are missing there are zeros. */
#define NEXT (at < length ? bytes[at++] : 0)
	memset(program, 0, sizeof *program);
	program->traits = some_traits[NEXT % SOME_TRAITS];
	program->clients = 1 + NEXT % PROGRAM_CLIENTS;
	for (int c = 0; c < program->clients; c++) {
		program->lengths[c] = NEXT % (PROGRAM_OPS + 1);
		for (int i = 0; i < program->lengths[c]; i++)
			program->operations[c][i] = (uint8_t)(NEXT % operation_count);
	}
#undef NEXT
	return at;
}

size_t program_encode(const struct program *program, uint8_t *bytes)
{
	size_t at = 0;
	size_t number = 0;

	while (number < SOME_TRAITS && some_traits[number] != program->traits)
		number++;
	if (number == SOME_TRAITS)
		return 0;
	bytes[at++] = (uint8_t)number;
	bytes[at++] = (uint8_t)(program->clients - 1);
	for (int c = 0; c < program->clients; c++) {
		bytes[at++] = (uint8_t)program->lengths[c];
		for (int i = 0; i < program->lengths[c]; i++)
			bytes[at++] = program->operations[c][i];
	}
	return at;
}
