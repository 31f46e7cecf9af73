/* SPDX-License-Identifier: 0BSD */
/* The platform, beside what src/sync/sync.h asks of it. */
#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether clients recycle the memory of their messages, from the first one on, or never do. */
void platform_recycles(bool recycles);

/* What is told when the calling thread has offered the turn of an inline server. */
void platform_tells_offers(void (*offered)(void));

/* The functions on memory that simulated code is compiled to call, see names.h. */
void *sim_memcpy(void *to, const void *from, size_t size);
void *sim_memmove(void *to, const void *from, size_t size);
void *sim_memset(void *to, int value, size_t size);
char *sim_strncpy(char *to, const char *from, size_t size);

#endif
