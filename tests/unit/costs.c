/* SPDX-License-Identifier: 0BSD */
/* Print what the library allocates on 64-bit machines, as the rows of the table in
 * tests/bench/README.md. */
#include "call/completions.h"
#include "call/request.h"
#include "call/reservation.h"
#include "channel/fair_semaphore.h"
#include "channel/slab_allocator.h"
#include "client/handle.h"
#include "server/dispatch.h"

#include <stdalign.h>
#include <stdio.h>

/* Sizes are rounded up to this, as in `ump__request_new`. */
#define ALIGNED(size)                                                                              \
	(((size) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

/* And to this, as in `ump__alloc_line`. */
#define LINES(size) (((size) + UMP__LINE - 1) / UMP__LINE * UMP__LINE)

int main(void)
{
	printf("| a post | %zu + its value |\n", sizeof(struct ump__post));
	printf("| a request without a deadline | nothing; %zu on the caller's stack |\n",
		sizeof(struct ump__request));
	printf("| any other request | %zu + its value + the reply's |\n",
		ALIGNED(sizeof(struct ump__request)));
	printf("| a client, of any kind but weak | %zu |\n", sizeof(struct ump__handle));
	printf("| a weak client | %zu |\n", sizeof(struct ump_weak_client));
	printf("| a pool, for a client that has sent %d messages | %zu |\n",
		ump__retention()->after, sizeof(struct ump__slab_allocator));
	printf("| a channel | %zu; %zu with a capacity |\n", ump__channel_size(false),
		LINES(ump__channel_size(true)));
	printf("| completions | %zu, and a file descriptor |\n", sizeof(struct ump_completions));
	printf("| a reservation | %zu |\n", sizeof(struct ump__reservation));
	return 0;
}
