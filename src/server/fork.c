/* SPDX-License-Identifier: 0BSD */
/*
 * Forked children.  A child has the memory of its parent as it was at one moment, and only the
 * thread that has forked: what other threads were changing stays half-changed forever.  So a child
 * resets the statics of the library, and its own servers work.  What the parent has made is not
 * touched: the child must not use the parent's handles.
 */
#include "call/watch.h"
#include "client/registry.h"
#include "server/dropped.h"
#include "sync/sync.h"
#include "wait/frame.h"

/* Every static of the shell that another thread may have been changing must be reset here. */
void (*const ump__fork_resets[])(void) = {
	ump__frame_forget, ump__registry_forget, ump__dropped_forget, ump__watch_forget, NULL};
