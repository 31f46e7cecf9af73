/* SPDX-License-Identifier: 0BSD */
/*
 * The places in an inbox with a capacity, and the line of those who wait for one: the loops that
 * publish the steps of core/room.h.
 */
#ifndef UMP_PLACES_H
#define UMP_PLACES_H

#include "sync/atomic.h"

#include <stdbool.h>
#include <stdint.h>

/* Take a place.  false: there is none, or there is a line for them. */
bool ump__place_take(struct ump__places *places);

/* Give a place back.  false: there is a line, to whose first one the place now has to be handed. */
bool ump__place_give(struct ump__places *places);

/* Begin a line.  false: a place has become free just now.  Under the lock, while there is none. */
bool ump__line_begin(struct ump__places *places);

/* End it.  Under the lock, while there is one. */
void ump__line_end(struct ump__places *places);

/* How many places are taken. */
uint32_t ump__places_depth(const struct ump__places *places);

/* For those who wait for room: how many places are free, as far as known; and whether there is a
 * line, in which to wait. */
uint64_t ump__places_left(const struct ump__places *places, bool *line);

#endif
