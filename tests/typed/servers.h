/* SPDX-License-Identifier: 0BSD */
/* Four servers that between them have each kind of message and lack each kind. */
#ifndef SERVERS_H
#define SERVERS_H

#include "ump_server/typed.h"

/* Counts what became of the values that point to it. */
struct counters {
	int handled;
	int dropped;
	int left;
};

struct add {
	int a;
	int b;
	struct counters *counters;
};

struct sum {
	int value;
	struct counters *counters;
};

struct note {
	int number;
	struct counters *counters;
};

#define ADDER_CODES(code)                                                                          \
	code(ADDER_OVERFLOW, 1, "the sum is out of range") code(ADDER_TIRED, 7, "no more sums")

/* All kinds. */
UMP_TYPED(adder, struct add, struct sum, struct note, ADDER_CODES);

/* Only posts. */
UMP_TYPED(logger, UMP_NONE, UMP_NONE, struct note, UMP_NONE);

#define STORE_CODES(code) code(STORE_FULL, 3, "the store is full")

/* Only requests, whose replies are codes alone. */
UMP_TYPED(store, struct note, UMP_NONE, UMP_NONE, STORE_CODES);

/* Requests and posts whose types are not structures, and no codes. */
UMP_TYPED(pinger, const char *, long, unsigned, UMP_NONE);

#endif
