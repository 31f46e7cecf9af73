/* SPDX-License-Identifier: 0BSD */
/*
 * The client of another server.
 * gcc: incompatible type for argument 1 of 'adder_client_post'
 * clang: passing 'logger_client' to parameter of incompatible type 'adder_client'
 */
#include "servers.h"

int wrong(adder_client adder, logger_client logger, const struct note *note);

int wrong(adder_client adder, logger_client logger, const struct note *note)
{
#ifdef WRONG
	(void)adder;
	return adder_client_post(logger, note);
#else
	(void)logger;
	return adder_client_post(adder, note);
#endif
}
