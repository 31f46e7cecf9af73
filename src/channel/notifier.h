/* SPDX-License-Identifier: 0BSD */
/*
 * Notifiers with a gate.  A thread raises a notifier after the event that it reports.  So the owner
 * may have seen the event, and be gone, before a late raise: its descriptor is closed by then, and
 * the number may belong to another file.  Raising must therefore pass a gate, which the owner shuts
 * before it closes the descriptor.
 */
#ifndef UMP_NOTIFIER_H
#define UMP_NOTIFIER_H

#include "sync/sync.h"

/* Open a notifier that no other thread has seen.  UMP_OK, or UMP_NO_FD. */
int ump__notifier_make(struct ump__notifier *notifier);

/* Raise it; does nothing once the owner is gone.  Any thread with a reference to what the notifier
 * belongs to. */
void ump__notifier_raise(struct ump__notifier *notifier);

/* Close it for good.  Waits for threads inside the gate, which are about to leave it.  The owner
 * only. */
void ump__notifier_end(struct ump__notifier *notifier);

#endif
