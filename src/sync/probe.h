/* SPDX-License-Identifier: 0BSD */
/*
 * Static probes for perf, bpftrace and SystemTap: points in the library that a tracer can watch in
 * a running program.  A probe that is not watched costs a nop.  src/README.md lists their names and
 * arguments.
 */
#ifndef UMP_PROBE_H
#define UMP_PROBE_H

#ifdef UMP_PROBES
#include <sys/sdt.h>
/* That header counts arguments of which there may be none, by an extension that clang warns
 * about. */
#define UMP__PROBE(name, subject, detail)                                                          \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wpedantic\"")            \
		DTRACE_PROBE2(ump, name, subject, detail);                                         \
	_Pragma("GCC diagnostic pop")
#else
#define UMP__PROBE(name, subject, detail) ((void)0)
#endif

#endif
