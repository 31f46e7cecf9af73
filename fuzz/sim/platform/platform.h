/* SPDX-License-Identifier: 0BSD */
/* Functions of the platform beyond src/sync/sync.h. */
#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether clients recycle the memory of their messages from the first one on, or never. */
void platform_recycles(bool recycles);

/* Set the function to call when the calling thread has released the combiner role of a server. */
void platform_on_release(void (*released)(void));

/* ---- For simulated code -------------------------------------------------------------------- */

/* Wait until a file descriptor of the library is readable, like poll; false: the deadline came
 * first.  May also return spuriously. */
bool sim_poll(int fd, int64_t deadline);

/* Whether it is readable; whether it was raised since this was last asked.  Without a step. */
bool sim_readable(int fd);
bool sim_was_raised(int fd);
/* Whether it is still open. */
bool sim_open(int fd);

/* Allocate memory that is neither counted as a leak nor refused. */
void *sim_scratch(size_t size);

/* The memory functions that simulated code is compiled to call; see names.h. */
void *sim_memcpy(void *to, const void *from, size_t size);
void *sim_memmove(void *to, const void *from, size_t size);
void *sim_memset(void *to, int value, size_t size);
char *sim_strncpy(char *to, const char *from, size_t size);

#endif
