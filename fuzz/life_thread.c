/* SPDX-License-Identifier: 0BSD */
#include "life_world.h"
void life_thread(struct world *world)
{
	(void)world;
}
