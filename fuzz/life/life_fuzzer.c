/* SPDX-License-Identifier: 0BSD */
/*
 * Whole lives of servers, checked against the model: one server on its own thread, or up to two
 * without a thread, raw receiving ends or tasks; or, with books of their own, one combining server,
 * a server that asks another one, delayed posts to a task or to a raw receiving end, or workers.
 */
#include "life/life_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned first;

	memset(&life, 0, sizeof life);
	life.input = (struct input){data, size};
	life.now = 1000;
	life.tags = 1;
	for (unsigned i = 0; i < WORLDS; i++) {
		life.worlds[i].number = i;
		for (unsigned j = 0; j < SLOTS; j++)
			life.worlds[i].reservation[j] = MODEL_NONE;
	}
	life_fail_in(0);
	(void)life_failed();
	/* Threads are slow: most inputs use none. */
	first = input_byte(&life.input);
	life.unwatched = (first & 4) != 0;
	life.pooled = (first & 8) != 0;
	if (first >> 3 == 20) {
		life.pooled = (first & 1) != 0;
		life_combining();
	} else if (first >> 3 == 21) {
		life_asks();
	} else if (first >> 3 == 22) {
		life_delayed();
	} else if (first >> 3 == 23) {
		life.pooled = (first & 1) != 0;
		life_workers();
	} else if (first >> 3 == 24) {
		life_raw_due();
	} else if ((first & 3) == 3) {
		life.worlds[0].end = END_THREAD;
		life_config(&life.worlds[0]);
		life_thread(&life.worlds[0]);
	} else {
		life_local();
	}
	life_check_end();
	return 0;
}
