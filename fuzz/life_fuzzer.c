/* SPDX-License-Identifier: 0BSD */
/*
 * Whole lives of a server against the model: in one of two ways, on a raw receiving end or on a
 * thread of its own.
 */
#include "life_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;

	memset(&world, 0, sizeof world);
	world.input = (struct input){data, size};
	world.in_place = NOBODY;
	world.busy_client = NOBODY;
	world.busy_wait = NOBODY;
	life_world = &world;
	life_fail_in(0);
	(void)life_failed();
	/* Threads are slow: most inputs do without. */
	world.threaded = (input_byte(&world.input) & 3) == 3;
	life_config(&world);
	if (world.threaded)
		life_thread(&world);
	else
		life_raw(&world);
	life_check_end(&world);
	return 0;
}
