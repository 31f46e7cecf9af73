/* SPDX-License-Identifier: 0BSD */
/*
 * The statistics of the workers of another server.
 * gcc: incompatible type for argument 1 of 'adder_workers_stats'
 * clang: passing 'store_workers'.* to parameter of incompatible type 'adder_workers'
 */
#include "servers.h"

int wrong(adder_workers adder, store_workers store, struct ump_stats *stats);

int wrong(adder_workers adder, store_workers store, struct ump_stats *stats)
{
#ifdef WRONG
	(void)adder;
	return adder_workers_stats(store, 0, stats);
#else
	(void)store;
	return adder_workers_stats(adder, 0, stats);
#endif
}
