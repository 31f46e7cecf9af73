/* SPDX-License-Identifier: 0BSD */
/*
 * A drop callback that takes another type.
 * gcc: initialization of .* from incompatible pointer type
 * clang: incompatible function pointer types initializing
 */
#include "servers.h"

static struct ump_flow log_note(struct logger *self, const struct note *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

#ifdef WRONG
static void release(struct add *value)
{
	value->counters->dropped++;
}
#else
static void release(struct note *value)
{
	value->counters->dropped++;
}
#endif

UMP_TYPED_HANDLER(logger, handler, .post = log_note, .drop_post = release);

const struct logger_handler *wrong(void);

const struct logger_handler *wrong(void)
{
	return &handler;
}
