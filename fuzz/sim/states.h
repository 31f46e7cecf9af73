/* SPDX-License-Identifier: 0BSD */
/* States that were met before: all that lies behind them has been, or will be, explored. */
#ifndef SIM_STATES_H
#define SIM_STATES_H

#include "choice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the machine, about to choose `what`, is in a known state; if not, it is now. */
bool states_seen(enum choice what);

void states_forget(void);

uint64_t states_mix_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
