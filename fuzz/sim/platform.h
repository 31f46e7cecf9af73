/* SPDX-License-Identifier: 0BSD */
/* The functions on memory that simulated code is compiled to call, see names.h. */
#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include <stddef.h>

void *sim_memcpy(void *to, const void *from, size_t size);
void *sim_memmove(void *to, const void *from, size_t size);
void *sim_memset(void *to, int value, size_t size);
char *sim_strncpy(char *to, const char *from, size_t size);

#endif
