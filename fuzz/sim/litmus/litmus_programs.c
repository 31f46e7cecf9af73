/* SPDX-License-Identifier: 0BSD */
/* The programs of the litmus tests.  Simulated code: compiled like the library. */
#include "litmus/litmus.h"
#include "machine/sim.h"
#include "platform/platform.h"

#include <stdatomic.h>

struct words {
	_Atomic int x;
	_Atomic int y;
};

static struct words *words;
const void *litmus_words;
volatile int litmus_read[LITMUS_THREADS];
#define read litmus_read

#define ORDER(order)          memory_order_##order
#define LOAD(word, order)     atomic_load_explicit(&words->word, ORDER(order))
#define STORE(word, v, order) atomic_store_explicit(&words->word, v, ORDER(order))
#define ADD(word, v, order)   atomic_fetch_add_explicit(&words->word, v, ORDER(order))
#define FENCE(order)          atomic_thread_fence(ORDER(order))

#define THREAD(name, ...)                                                                          \
	static void name(void *unused)                                                             \
	{                                                                                          \
		(void)unused;                                                                      \
		__VA_ARGS__;                                                                       \
	}

static void prepare(void)
{
	words = sim_scratch(sizeof *words);
	litmus_words = words;
	atomic_init(&words->x, 0);
	atomic_init(&words->y, 0);
	/* From now on both words have a history. */
	(void)LOAD(x, relaxed);
	(void)LOAD(y, relaxed);
	for (int i = 0; i < 4; i++)
		read[i] = 0;
}

/* Store buffering: each thread stores, then loads what the other one stores. */
#define SB(name, s, l)                                                                             \
	THREAD(name##0, STORE(x, 1, s); read[0] = LOAD(y, l))                                      \
	THREAD(name##1, STORE(y, 1, s); read[1] = LOAD(x, l))
SB(sb_relaxed, relaxed, relaxed)
SB(sb_ra, release, acquire)
SB(sb_sc, seq_cst, seq_cst)
THREAD(sb_fence0, STORE(x, 1, relaxed); FENCE(seq_cst); read[0] = LOAD(y, relaxed))
THREAD(sb_fence1, STORE(y, 1, relaxed); FENCE(seq_cst); read[1] = LOAD(x, relaxed))
THREAD(sb_acq_rel0, STORE(x, 1, relaxed); FENCE(acq_rel); read[0] = LOAD(y, relaxed))
THREAD(sb_acq_rel1, STORE(y, 1, relaxed); FENCE(acq_rel); read[1] = LOAD(x, relaxed))

/* Message passing: a flag after a message. */
#define MP(name, s, l)                                                                             \
	THREAD(name##0, STORE(x, 1, relaxed); STORE(y, 1, s))                                      \
	THREAD(name##1, read[0] = LOAD(y, l); read[1] = LOAD(x, relaxed))
MP(mp_relaxed, relaxed, relaxed)
MP(mp_release, release, relaxed)
MP(mp_acquire, relaxed, acquire)
MP(mp_ra, release, acquire)
MP(mp_sc, seq_cst, seq_cst)
THREAD(mp_fence0, STORE(x, 1, relaxed); FENCE(release); STORE(y, 1, relaxed))
THREAD(mp_fence1, read[0] = LOAD(y, relaxed); FENCE(acquire); read[1] = LOAD(x, relaxed))

/* Load buffering: each thread loads, then stores what the other one loads. */
#define LB(name, l, s)                                                                             \
	THREAD(name##0, read[0] = LOAD(x, l); STORE(y, 1, s))                                      \
	THREAD(name##1, read[1] = LOAD(y, l); STORE(x, 1, s))
LB(lb_relaxed, relaxed, relaxed)
LB(lb_ra, acquire, release)

/* Coherence: all threads see the stores to one word in one order. */
THREAD(corr0, STORE(x, 1, relaxed))
THREAD(corr1, STORE(x, 2, relaxed))
THREAD(corr2, read[0] = LOAD(x, relaxed); read[1] = LOAD(x, relaxed))
THREAD(corr3, read[2] = LOAD(x, relaxed); read[3] = LOAD(x, relaxed))
THREAD(cowr0, STORE(x, 1, relaxed); read[0] = LOAD(x, relaxed))
THREAD(cowr1, STORE(x, 2, relaxed))
THREAD(corw0, read[0] = LOAD(x, relaxed); STORE(x, 1, relaxed))

/* Two words, written in opposite orders. */
#define TWO_TWO(name, order)                                                                       \
	THREAD(name##0, STORE(x, 1, order); STORE(y, 2, order))                                    \
	THREAD(name##1, STORE(y, 1, order); STORE(x, 2, order))
TWO_TWO(two_relaxed, relaxed)
TWO_TWO(two_sc, seq_cst)

/* Independent reads of independent writes. */
#define IRIW(name, s, l)                                                                           \
	THREAD(name##0, STORE(x, 1, s))                                                            \
	THREAD(name##1, STORE(y, 1, s))                                                            \
	THREAD(name##2, read[0] = LOAD(x, l); read[1] = LOAD(y, l))                                \
	THREAD(name##3, read[2] = LOAD(y, l); read[3] = LOAD(x, l))
IRIW(iriw_ra, release, acquire)
IRIW(iriw_sc, seq_cst, seq_cst)

/* Release sequences: a relaxed read-modify-write continues one; a store by another thread ends
 * it. */
THREAD(sequence0, STORE(x, 1, relaxed); STORE(y, 1, release))
THREAD(sequence1, (void)ADD(y, 1, relaxed))
THREAD(sequence2, read[0] = LOAD(y, acquire); read[1] = LOAD(x, relaxed))
THREAD(sequence_end1, STORE(y, 2, relaxed))

/* Causality through a third thread. */
#define WRC(name, s, l)                                                                            \
	THREAD(name##0, STORE(x, 1, relaxed))                                                      \
	THREAD(name##1, read[0] = LOAD(x, relaxed); STORE(y, 1, s))                                \
	THREAD(name##2, read[1] = LOAD(y, l); read[2] = LOAD(x, relaxed))
WRC(wrc_relaxed, relaxed, relaxed)
WRC(wrc_ra, release, acquire)

/* Read-modify-writes lose no update, and one of two exchanges wins. */
THREAD(rmw0, read[0] = ADD(x, 1, relaxed))
THREAD(rmw1, read[1] = ADD(x, 1, relaxed))
static int win(int value)
{
	int expected = 0;

	return atomic_compare_exchange_strong_explicit(
		&words->x, &expected, value, memory_order_relaxed, memory_order_relaxed);
}
THREAD(cas0, read[0] = win(1))
THREAD(cas1, read[1] = win(2))

#define EXECUTION_ORDER "the order of the stores to a word is that of their execution"
#define NO_SPECULATION  "no load is performed after a store that follows it"

void litmus_root(void *arg)
{
	const struct litmus *test = arg;

	prepare();
	for (int i = 0; i < LITMUS_THREADS && test->threads[i] != NULL; i++)
		sim_spawn(test->threads[i], NULL);
}

const struct litmus litmus_tests[] = {
	{"SB relaxed", {sb_relaxed0, sb_relaxed1}, "00 01 10 11", "", "", 2},
	{"SB release acquire", {sb_ra0, sb_ra1}, "00 01 10 11", "", "", 2},
	{"SB seq_cst", {sb_sc0, sb_sc1}, "01 10 11", "", "", 2},
	{"SB fences seq_cst", {sb_fence0, sb_fence1}, "01 10 11", "", "", 2},
	{"SB fences acq_rel", {sb_acq_rel0, sb_acq_rel1}, "00 01 10 11", "", "", 2},
	{"MP relaxed", {mp_relaxed0, mp_relaxed1}, "00 01 10 11", "", "", 2},
	{"MP release only", {mp_release0, mp_release1}, "00 01 10 11", "", "", 2},
	{"MP acquire only", {mp_acquire0, mp_acquire1}, "00 01 10 11", "", "", 2},
	{"MP release acquire", {mp_ra0, mp_ra1}, "00 01 11", "", "", 2},
	{"MP seq_cst", {mp_sc0, mp_sc1}, "00 01 11", "", "", 2},
	{"MP fences", {mp_fence0, mp_fence1}, "00 01 11", "", "", 2},
	{"LB relaxed", {lb_relaxed0, lb_relaxed1}, "00 01 10 11", "11", NO_SPECULATION, 2},
	{"LB acquire release", {lb_ra0, lb_ra1}, "00 01 10", "", "", 2},
	{"CoRR", {corr0, corr2}, "00 01 11", "", "", 2},
	{"CoRR two readers", {corr0, corr1, corr2, corr3},
		"0000 0001 0002 0011 0012 0021 0022 0100 0101 0102 0111 0112 0121 0122 0200 0201 "
		"0202 0211 0212 0221 0222 1100 1101 1102 1111 1112 1121 1122 1200 1201 1202 1211 "
		"1212 1222 2100 2101 2102 2111 2121 2122 2200 2201 2202 2211 2212 2221 2222",
		"", "", 4},
	{"CoWR", {cowr0, cowr1}, "1 2", "", "", 1},
	{"CoRW", {corw0, cowr1}, "0 2", "", "", 1},
	{"2+2W relaxed", {two_relaxed0, two_relaxed1}, "11 12 21 22", "11", EXECUTION_ORDER, 0},
	{"2+2W seq_cst", {two_sc0, two_sc1}, "12 21 22", "", "", 0},
	{"IRIW release acquire", {iriw_ra0, iriw_ra1, iriw_ra2, iriw_ra3},
		"0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111",
		"", "", 4},
	{"IRIW seq_cst", {iriw_sc0, iriw_sc1, iriw_sc2, iriw_sc3},
		"0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111", "",
		"", 4},
	{"release sequence, RMW", {sequence0, sequence1, sequence2}, "00 01 10 11 21", "", "", 2},
	{"release sequence ended", {sequence0, sequence_end1, sequence2}, "00 01 11 20 21", "", "",
		2},
	{"WRC relaxed", {wrc_relaxed0, wrc_relaxed1, wrc_relaxed2},
		"000 001 010 011 100 101 110 111", "", "", 3},
	{"WRC release acquire", {wrc_ra0, wrc_ra1, wrc_ra2}, "000 001 010 011 100 101 111", "", "",
		3},
	{"RMW loses nothing", {rmw0, rmw1}, "01 10", "", "", 2},
	{"CAS one wins", {cas0, cas1}, "01 10", "", "", 2},
};
const int litmus_count = sizeof litmus_tests / sizeof litmus_tests[0];
