/* SPDX-License-Identifier: 0BSD */
/* The C library's functions that are defined here anew, and who called one. */
#ifndef SIM_USER_REAL_H
#define SIM_USER_REAL_H

#include <stdint.h>

/* Find the definition that the simulator's hides. */
uintptr_t user_real(const char *name);

/* Call the C library's `function` with `arguments`, which stand in parentheses. */
#define REAL(function, arguments) (((__typeof__(&function))user_real(#function))arguments)

#define CALLER ((unsigned long)__builtin_return_address(0))
#define FRAME  ((unsigned long)__builtin_frame_address(0))

#endif
