/* SPDX-License-Identifier: 0BSD */
#include "dispatch.h"

bool ump__handler_is_complete(const struct ump_handler *handler, const struct ump_config *config)
{
	if (config->request.size != 0 && handler->request == NULL)
		return false;
	return config->post.size == 0 || handler->post != NULL;
}

static struct ump_flow handle_request(
	ump_server *server, const struct ump_handler *handler, struct ump__request *request)
{
	ump_reply_context *rc = ump__server_start(server, request);
	struct ump_flow flow = handler->request(handler->self, request->value, &rc);

	/* Neither answered nor kept: forgotten. */
	ump_reply_drop(&rc);
	return flow;
}

static struct ump_flow handle_post(const struct ump_handler *handler, struct ump__post *post)
{
	struct ump_flow flow = handler->post(handler->self, post->value);

	ump__post_free(post);
	return flow;
}

static struct ump_flow handle(
	ump_server *server, const struct ump_handler *handler, struct ump__message *message)
{
	switch (message->kind) {
	case UMP__KIND_POST:
		return handle_post(handler, ump__post_of(message));
	case UMP__KIND_REQUEST:
		return handle_request(server, handler, ump__request_of(message));
	case UMP__KIND_GOODBYE:
		break;
	}
	return ump_continue();
}

struct ump_flow ump__dispatch(ump_server *server, const struct ump_handler *handler)
{
	enum ump__verdict verdict;
	struct ump_flow flow;

	do {
		struct ump__message *message = ump__server_next(server, UMP_FOREVER);
		/* The message is gone once it is handled. */
		enum ump__kind kind = message->kind;

		flow = handle(server, handler, message);
		verdict = ump__verdict_after(kind, flow.stop);
	} while (verdict == UMP__VERDICT_GO_ON);

	if (verdict == UMP__VERDICT_NONE)
		flow = ump_continue();
	ump__server_close(server, handler->leftover, handler->self);
	return handler->term != NULL ? handler->term(handler->self, flow) : flow;
}
