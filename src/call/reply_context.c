/* SPDX-License-Identifier: 0BSD */
#include "call/completions.h"
#include "call/hold.h"
#include "call/request.h"
#include "channel/references.h"
#include "sync/debug.h"

int ump_reply(ump_reply_context **rc, const void *value)
{
	struct ump__request *request;

	if (rc == NULL || *rc == NULL)
		return UMP_INVALID;
	request = ump__request_of_context(*rc);
	if (request->reply_type.size != 0) {
		if (value == NULL)
			return UMP_INVALID;
		/* The value may be in the reply buffer already. */
		if (value != request->reply)
			ump__value_copy(request->reply, value, request->reply_type.size, false);
	}
	*rc = NULL;
	return ump__request_complete(request, UMP_OK);
}

int ump_reply_fail(ump_reply_context **rc, int code)
{
	struct ump__request *request;

	if (rc == NULL || *rc == NULL || code <= 0)
		return UMP_INVALID;
	request = ump__request_of_context(*rc);
	*rc = NULL;
	/* A context that was not kept belongs to its dispatcher, whose channel exists. */
	if ((request->held & UMP__HELD_WEAK) != 0 || ump__hint_get(&request->kept) == 0)
		ump__count_add(&request->channel->failed, 1);
	return ump__request_complete(request, code);
}

void ump_reply_drop(ump_reply_context **rc)
{
	struct ump__request *request;

	if (rc == NULL || *rc == NULL)
		return;
	request = ump__request_of_context(*rc);
	*rc = NULL;
	(void)ump__request_complete(request, request->started ? UMP_NO_REPLY : UMP_SERVER_GONE);
}

ump_reply_context *ump_reply_keep(ump_reply_context **rc)
{
	struct ump__request *request;

	if (rc == NULL || *rc == NULL)
		return NULL;
	request = ump__request_of_context(*rc);
	*rc = NULL;
	/* Keeping an undelivered message takes it over: its caller must not simply retry. */
	request->started = true;
	/* From here on any thread may answer, not only the caller's. */
	request->direct = false;
	if (ump__hint_get(&request->kept) == 0) {
		ump__hint_set(&request->kept, UMP__KEPT_BY_HANDLER);
		/* The reference serves to count it when it is answered.  If there are too many, it
		 * goes uncounted. */
		if (ump__weak_add(&request->channel->counts)) {
			request->held = UMP__HELD_WEAK;
			ump__count_add(&request->channel->kept, 1);
		}
	}
	return ump__request_context(request);
}

/* Return whether the reply does not overlap the message.  If the channel may be gone, only the
 * first byte of the message is known to exist. */
static inline bool is_apart(const struct ump__request *request)
{
	bool there = request->held != 0 || ump__hint_get(&request->kept) == 0;
	size_t size = there ? request->channel->request.size : 1;
	uintptr_t message = (uintptr_t)request->value;
	uintptr_t reply = (uintptr_t)request->reply;

	return reply + request->reply_type.size <= message || message + size <= reply;
}

void *ump_reply_buffer(ump_reply_context *rc)
{
	struct ump__request *request;

	if (rc == NULL)
		return NULL;
	request = ump__request_of_context(rc);
	if (request->reply_type.size == 0)
		return NULL;
	UMP__REQUIRE(is_apart(request),
		"the reply of a request overlaps its message: ump_client_req needs memory of its "
		"own for each");
	return request->reply;
}

ump_time ump_reply_deadline(const ump_reply_context *rc)
{
	const struct ump__request *request = (const struct ump__request *)(const void *)rc;

	if (rc == NULL)
		return UMP_FOREVER;
	if (request->completions != NULL)
		return request->completions->behind != NULL || request->completions->asker != NULL
			       ? request->deadline
			       : UMP_FOREVER;
	/* An allocated request whose caller blocks. */
	return request->may_run && request->value_drop != NULL ? request->deadline : UMP_FOREVER;
}

ump_time ump_deadline_inherit(const ump_reply_context *rc, ump_time own)
{
	ump_time callers = ump_reply_deadline(rc);

	return callers < own ? callers : own;
}

bool ump_reply_origin_gone(const ump_reply_context *rc)
{
	const struct ump__request *request = (const struct ump__request *)(const void *)rc;

	return rc != NULL && ump__request_is_abandoned(request);
}
