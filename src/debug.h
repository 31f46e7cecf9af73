/* SPDX-License-Identifier: 0BSD */
/* Programmers' errors that no return value could mend: debug builds stop with a clear message. */
#ifndef UMP_DEBUG_H
#define UMP_DEBUG_H

#ifdef NDEBUG
/* Not evaluated, but compiled, so that what only such conditions need is not unused. */
#define UMP__REQUIRE(condition, text) ((void)(0 && (condition)))
#define UMP__REQUIRE_OWN(made)        ((void)(made))
#else
#define UMP__REQUIRE(condition, text) ((condition) ? (void)0 : ump__die(text))
/* What has a `generation`, which is ump__fork_generation() of where it was made. */
#define UMP__REQUIRE_OWN(made)                                                                     \
	UMP__REQUIRE((made)->generation == ump__fork_generation(),                                 \
		"a forked child uses what its parent has made: it must make servers of its own")
#endif

/* Say what is wrong on the standard error output, and abort. */
_Noreturn void ump__die(const char *text);

#endif
