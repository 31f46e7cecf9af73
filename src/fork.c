/* SPDX-License-Identifier: 0BSD */
/*
 * Forked children.  A child has the memory of its parent as it was at one moment, and only the
 * thread that has forked: what other threads had in hand stays as it was, for ever.  So the statics
 * of the library begin anew in a child, and its own servers work.  What the parent has made is not
 * touched: its handles must not be used in the child.
 */
#include "departed.h"
#include "frame.h"
#include "holders.h"
#include "sync/sync.h"

/* Each static of the shell that other threads may have had in hand is named here. */
void ump__fork_child(void)
{
	ump__frame_forget();
	ump__holders_forget();
	ump__departed_forget();
}
