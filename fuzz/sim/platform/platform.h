/* SPDX-License-Identifier: 0BSD */
/* Functions of the platform beyond src/sync/sync.h. */
#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether clients recycle the memory of their messages from the first one on, or never. */
void platform_recycles(bool recycles);

/* Set the function to call when the calling thread has released the combiner role of a server. */
void platform_tells_offers(void (*offered)(void));

/* The memory functions that simulated code is compiled to call; see names.h. */
void *sim_memcpy(void *to, const void *from, size_t size);
void *sim_memmove(void *to, const void *from, size_t size);
void *sim_memset(void *to, int value, size_t size);
char *sim_strncpy(char *to, const char *from, size_t size);

#endif
