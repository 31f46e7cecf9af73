/* SPDX-License-Identifier: 0BSD */
/* What the harness of ump_server/fuzz.h calls in the simulator. */
#ifndef SIM_USER_FUZZING_H
#define SIM_USER_FUZZING_H

#include <stddef.h>
#include <stdint.h>

/* Get the input of this execution, at most `most` bytes and 255; return its size.  It is one of the
 * choices, the first one, or the file that UMP_SIM names. */
size_t ump__sim_input(uint8_t *bytes, size_t most);

/* Get memory that is never refused. */
void *ump__sim_memory(size_t size, size_t align);

/* Add a line to the trace. */
void ump__sim_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* End the execution with a finding, `what`, which is a constant. */
_Noreturn void ump__sim_finding(const char *what, const char *more);

#endif
