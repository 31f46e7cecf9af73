/* SPDX-License-Identifier: 0BSD */
/* States that were met before: everything reachable from them has been, or will be, explored. */
#ifndef SIM_STATES_H
#define SIM_STATES_H

#include "machine/choice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the machine, about to choose `what`, is in a known state.  If not, record the state. */
bool states_seen(enum choice what);

void states_forget(void);

/* `more` adds what else belongs to a state to its hash. */
void states_extend(uint64_t (*more)(uint64_t hash));

#endif
