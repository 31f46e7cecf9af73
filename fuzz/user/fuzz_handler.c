/* SPDX-License-Identifier: 0BSD */
/* The harness's callbacks around the target's. */
#include "user/fuzz_world.h"

#include <stdlib.h>
#include <string.h>

static struct fuzz_copy *copy_message(const void *msg, size_t size, size_t align)
{
	struct fuzz_copy *copy = ump__fuzz_memory(sizeof *copy, _Alignof(struct fuzz_copy));

	*copy = (struct fuzz_copy){.bytes = ump__fuzz_alloc(size, align)};
	memcpy(copy->bytes, msg, size);
	return copy;
}

static void release_all(struct fuzz_copy **list)
{
	while (*list != NULL) {
		struct fuzz_copy *copy = *list;

		*list = copy->next;
		free(copy->bytes);
		free(copy);
	}
}

void ump__fuzz_release_copies(bool all)
{
	struct ump_stats stats;
	/* A client thread that answers a kept context is not ordered before what is done here: its
	 * copy stays until that thread was joined. */
	bool known = (all || ump__fuzz.server != FUZZ_IS_THREAD) && ump__fuzz_stats(&stats);

	if (all || (known && stats.kept == 0))
		release_all(&ump__fuzz.kept);
	/* Between two runs of the task; after its drop a suspended handler's message stays. */
	if (all || (known && ump__fuzz.depth == 0 && !ump__fuzz.task_dropped && !stats.busy))
		release_all(&ump__fuzz.suspended);
}

void ump__fuzz_check_invariant(void)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	const char *wrong = target->invariant != NULL && !ump__fuzz.joined
				    ? target->invariant(ump__fuzz.arg)
				    : NULL;

	if (wrong != NULL)
		ump__fuzz_fail("the invariant does not hold", wrong);
}

static void enter(void)
{
	if (ump__fuzz.broken)
		ump__fuzz_fail("a message is handled after a break [break]", NULL);
	/* In the simulator it may have been at hand when the stop was accepted. */
	if (ump__fuzz.stopped && !ump__fuzz_simulated)
		ump__fuzz_fail("a message is handled after a stop [stop]", NULL);
	/* A task that takes a message has no suspended handler. */
	release_all(&ump__fuzz.suspended);
	ump__fuzz.depth++;
	ump__fuzz.handled++;
}

static struct ump_flow leave(struct ump_flow flow)
{
	ump__fuzz.depth--;
	ump__fuzz.broken = ump__fuzz.broken || flow.stop;
	return flow;
}

/* A message was handled.  With client threads, or a server's, this is the only moment at which a
 * handler outside a task is known not to run. */
static struct ump_flow handled(struct ump_flow flow)
{
	if ((ump__fuzz.clients > 0 || ump__fuzz.server == FUZZ_IS_THREAD) && !flow.stop)
		ump__fuzz_check_invariant();
	return leave(flow);
}

static int on_init(void *self, ump_weak_client *me)
{
	int result = 0;

	(void)self;
	ump__fuzz.inits++;
	ump__fuzz.depth++;
	if (ump__fuzz.handler.init != NULL)
		result = ump__fuzz.handler.init(ump__fuzz.handler.self, me);
	ump__fuzz.depth--;
	return result;
}

static void keep_copy(struct fuzz_copy *copy, struct fuzz_copy **list)
{
	copy->next = *list;
	*list = copy;
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	const struct ump_config *config = &ump__fuzz.target->config;
	struct fuzz_copy *copy;
	struct ump_flow flow;

	(void)self;
	enter();
	ump__fuzz_arrived(FUZZ_REQUEST, msg, false);
	copy = copy_message(msg, config->request.size, config->request_align);
	flow = ump__fuzz.handler.request(ump__fuzz.handler.self, copy->bytes, rc);
	if (*rc != NULL && !ump__fuzz.target->may_forget)
		ump__fuzz_fail(
			"the handler has neither answered nor kept a request [forgot]", NULL);
	/* If no context is kept, this one was consumed, and with it the message. */
	keep_copy(copy, &ump__fuzz.kept);
	ump__fuzz_release_copies(false);
	return handled(flow);
}

static struct ump_flow on_post(void *self, const void *msg)
{
	const struct ump_config *config = &ump__fuzz.target->config;
	struct fuzz_copy *copy;
	struct ump_flow flow;

	(void)self;
	enter();
	ump__fuzz_arrived(FUZZ_POST, msg, false);
	copy = copy_message(msg, config->post.size, config->post_align);
	flow = ump__fuzz.handler.post(ump__fuzz.handler.self, copy->bytes);
	keep_copy(copy, &ump__fuzz.suspended);
	/* Only a task can suspend. */
	if (ump__fuzz.server != FUZZ_IS_TASK)
		release_all(&ump__fuzz.suspended);
	return handled(flow);
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	const struct ump_config *config = &ump__fuzz.target->config;
	bool request = rc != NULL;
	struct fuzz_copy *copy;

	(void)self;
	ump__fuzz.depth++;
	ump__fuzz_arrived(request ? FUZZ_REQUEST : FUZZ_POST, msg, true);
	copy = request ? copy_message(msg, config->request.size, config->request_align)
		       : copy_message(msg, config->post.size, config->post_align);
	ump__fuzz.handler.leftover(ump__fuzz.handler.self, copy->bytes, rc);
	keep_copy(copy, &ump__fuzz.kept);
	if (!request)
		ump__fuzz_release_copies(false);
	ump__fuzz.depth--;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	(void)self;
	if (ump__fuzz.broken && !how.stop)
		ump__fuzz_fail("the loop ends with none after a break [break]", NULL);
	if (ump__fuzz.stopped && !how.stop)
		ump__fuzz_fail("the loop ends with none after a stop [stop]", NULL);
	ump__fuzz.terms++;
	ump__fuzz.depth++;
	ump__fuzz.outcome = ump__fuzz.handler.term != NULL
				    ? ump__fuzz.handler.term(ump__fuzz.handler.self, how)
				    : how;
	return leave(ump__fuzz.outcome);
}

static void on_drop(void *self)
{
	(void)self;
	ump__fuzz.drops++;
	ump__fuzz.depth++;
	if (ump__fuzz.handler.drop != NULL)
		ump__fuzz.handler.drop(ump__fuzz.handler.self);
	ump__fuzz.depth--;
}

/* The simulator may refuse memory, a few times in an execution. */
static void watch(const ump_client *client)
{
	for (unsigned i = 0; i < FUZZ_RETRIES; i++) {
		if (ump_client_weak(client, &ump__fuzz.watch) == UMP_OK)
			return;
	}
	abort();
}

int ump__fuzz_build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct ump_handler *own = &ump__fuzz.handler;
	int result;

	ump__fuzz.depth++;
	result = ump__fuzz.target->build(arg, client, own);
	ump__fuzz.depth--;
	if (result != 0)
		return result;
	ump__fuzz.builds++;
	watch(client);
	*out = (struct ump_handler){.init = on_init, .term = on_term, .drop = on_drop};
	out->request = own->request != NULL ? on_request : NULL;
	out->post = own->post != NULL ? on_post : NULL;
	out->leftover = own->leftover != NULL ? on_leftover : NULL;
	return 0;
}
