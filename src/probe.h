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
/* That header counts what may be none, by an extension of which clang warns. */
#define UMP__PROBE(name, subject, detail)                                                          \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wpedantic\"")            \
		DTRACE_PROBE2(ump, name, subject, detail);                                         \
	_Pragma("GCC diagnostic pop")
#else
#define UMP__PROBE(name, subject, detail) ((void)0)
#endif

#endif
