/* SPDX-License-Identifier: 0BSD */
/* Workers: several threads, each with a handler of its own, that take messages from one inbox. */
#ifndef UMP_WORKERS_H
#define UMP_WORKERS_H

#include "channel/channel.h"
#include "ump_server.h"

#include <stddef.h>

/* Return the part of the receiver that the worker `index` has for itself, with its statistics; NULL
 * if there is no such worker. */
const struct ump_server *ump__workers_receiver(const ump_workers *workers, size_t index);

#endif
