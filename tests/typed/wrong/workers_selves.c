/* SPDX-License-Identifier: 0BSD */
/*
 * Workers whose selves are those of another server.
 * gcc: passing argument 3 of 'adder_spawn_workers' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(const struct adder_handler *handler, struct adder *const *mine,
	struct store *const *other, adder_client *client, adder_workers *workers);

int wrong(const struct adder_handler *handler, struct adder *const *mine,
	struct store *const *other, adder_client *client, adder_workers *workers)
{
#ifdef WRONG
	(void)mine;
	return adder_spawn_workers(NULL, handler, other, 2, client, workers);
#else
	(void)other;
	return adder_spawn_workers(NULL, handler, mine, 2, client, workers);
#endif
}
