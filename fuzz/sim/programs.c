/* SPDX-License-Identifier: 0BSD */
#include "programs.h"

const struct listed_program listed_programs[] = {
	/* One client. */
	{.text = "thread:"},
	{.text = "thread: req"},
	{.text = "thread: post"},
	{.text = "thread: async wait"},
	{.text = "thread: async giveup"},
	{.text = "thread: timed", .timeouts = 1},
	{.text = "thread: req.fail"},
	{.text = "thread: req.forget"},
	{.text = "thread: req.keep"},
	{.text = "thread: req.break"},
	{.text = "thread+leftover: post.break post"},
	{.text = "thread+init+term: post.chain"},
	{.text = "thread+initfails:"},
	{.text = "thread+builderfails:"},
	{.text = "thread+detach: post"},
	{.text = "thread+jointimed: post", .timeouts = 1},
	{.text = "raw: post req", .timeouts = 1},
	{.text = "raw+late: async giveup post | post"},
	{.text = "thread: req", .spurious = 2},
	{.text = "thread: post", .weak_failures = 2},
	{.text = "thread: clone async post", .refusals = 1},
	/* Two clients. */
	{.text = "thread: |"},
	{.text = "thread: post | post"},
	{.text = "thread: req | post"},
	{.text = "thread: req | req"},
	{.text = "thread: post.break | post"},
	{.text = "thread: post.break | req"},
	{.text = "thread+leftover: post.break | req.room"},
	{.text = "thread: post.break | async giveup", .slow = true},
	{.text = "thread: req.keep | post"},
	{.text = "thread: weak drop up | post"},
	{.text = "thread: weak drop up post |"},
	{.text = "thread: async giveup | post", .slow = true},
	{.text = "thread+shared: post | post"},
	{.text = "thread: post.break | timed", .timeouts = 1, .slow = true},
	{.text = "raw: post | post.break"},
	{.text = "thread: req.break | post post", .slow = true},
	{.text = "thread: post post | post", .slow = true},
	{.text = "thread: req post | post", .slow = true},
	{.text = "thread: req req | req req", .slow = true},
	{.text = "thread: post post | post post", .slow = true},
	{.text = "thread: async wait | async giveup", .slow = true},
	{.text = "thread: timed | post", .slow = true, .timeouts = 1},
	{.text = "thread: req.keep | req.keep", .slow = true},
	/* Three clients. */
	{.text = "thread: | |"},
	{.text = "thread: post | post | post", .slow = true},
	{.text = "thread: req | post | post", .slow = true},
	{.text = "thread: req | req | post", .slow = true},
	{.text = "thread: req | req | req", .slow = true},
	{.text = "thread: post.break | post | req", .slow = true},
};
const int listed_count = sizeof listed_programs / sizeof listed_programs[0];

const char *const paired_operations[] = {"post", "req", "req.keep", "req.forget", "req.fail",
	"async wait", "async giveup", "async try", "timed", "post.break", "req.break",
	"weak drop up"};
const int paired_count = sizeof paired_operations / sizeof paired_operations[0];
