/* SPDX-License-Identifier: 0BSD */
/*
 * Static probes, for perf, bpftrace and SystemTap: places in the library that a tracer can watch in
 * a running program.  One that nobody watches costs a nop.  Their names and arguments are listed in
 * src/README.md.
 */
#ifndef UMP_PROBE_H
#define UMP_PROBE_H

#ifdef UMP_PROBES
#include <sys/sdt.h>
#ifdef __clang__
/* What the system's macros expand to, and clang -Wpedantic lays at the door of who uses them. */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif
#define UMP__PROBE(name, subject, detail) DTRACE_PROBE2(ump, name, subject, detail)
#else
#define UMP__PROBE(name, subject, detail) ((void)0)
#endif

#endif
