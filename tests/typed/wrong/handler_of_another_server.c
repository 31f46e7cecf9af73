/* SPDX-License-Identifier: 0BSD */
/*
 * Spawning a server with the handler of another one.
 * gcc: passing argument 2 of 'adder_spawn_thread' from incompatible pointer type
 * clang: incompatible pointer types passing
 */
#include "servers.h"

int wrong(const struct adder_handler *adds, const struct logger_handler *logs, adder_client *client,
	adder_thread *thread);

int wrong(const struct adder_handler *adds, const struct logger_handler *logs, adder_client *client,
	adder_thread *thread)
{
#ifdef WRONG
	(void)adds;
	return adder_spawn_thread(NULL, logs, NULL, client, thread);
#else
	(void)logs;
	return adder_spawn_thread(NULL, adds, NULL, client, thread);
#endif
}
