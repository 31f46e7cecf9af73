/* SPDX-License-Identifier: 0BSD */
/* Programming errors that no result code could mend: debug builds stop with a clear message. */
#ifndef UMP_DEBUG_H
#define UMP_DEBUG_H

#ifdef NDEBUG
/* Compiled, but not evaluated, so that what only such a condition uses is not unused. */
#define UMP__REQUIRE(condition, text) ((void)(0 && (condition)))
#define UMP__REQUIRE_OWN(made)        ((void)(made))
#else
#define UMP__REQUIRE(condition, text) ((condition) ? (void)0 : ump__die(text))
/* `made` must have a `generation`: the ump__fork_generation() of the process that made it. */
#define UMP__REQUIRE_OWN(made)                                                                     \
	UMP__REQUIRE((made)->generation == ump__fork_generation(),                                 \
		"a forked child uses what its parent has made: it must make servers of its own")
#endif

/* Write `text` to the standard error output, and abort. */
_Noreturn void ump__die(const char *text);

#endif
