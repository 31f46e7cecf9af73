/* SPDX-License-Identifier: 0BSD */
/* Requests of an event loop that can be given up one by one. */
#include "call/cancellables.h"
#include "client/sending.h"
#include "sync/tools.h"
#include "wait/deadline.h"

/* Send a copy of `msg`, for which there is capacity, as the request of `slot`.  Results as
 * ump__client_send, or UMP_NO_MEMORY. */
static int send_cancellable(const struct ump__handle *handle, const void *msg,
	struct ump__cancellables *all, uint32_t slot, void *tag, ump_time deadline)
{
	struct ump__request *request =
		ump__request_new(handle->channel, ump__handle_allocator(handle), msg);
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
	ump__cancellable_set(all, slot, request, tag, deadline);
	result = ump__client_send(request, NULL);
	if (result < UMP_OK)
		ump__request_free(request);
	return result;
}

/* Take a permit, and do that. */
static int try_send(const struct ump__handle *handle, const void *msg,
	struct ump__cancellables *all, uint32_t slot, void *tag, ump_time deadline)
{
	bool kept;
	int result = ump__handle_permit(handle, UMP_NOW, &kept);

	if (result != UMP_OK)
		return result;
	result = send_cancellable(handle, msg, all, slot, tag, deadline);
	if (result < UMP_OK)
		ump__handle_permit_back(handle, kept);
	return result;
}

int ump_client_req_completion_until(const ump_client *client, const void *msg,
	ump_completions *completions, void *tag, ump_time deadline, uint64_t *id)
{
	uint32_t slot;
	int result;

	if (id != NULL) {
		*id = 0;
		ump__tools_written(id, sizeof *id);
	}
	if (completions == NULL || !ump__client_can_request(client, msg))
		return UMP_INVALID;
	/* Nothing can give it up. */
	if (id == NULL && deadline == UMP_FOREVER)
		return ump_client_req_completion(client, msg, completions, tag);
	ump__tools_owned(completions, sizeof *completions);
	if (ump__is_over(deadline))
		return UMP_TIMED_OUT;
	result = ump__cancellable_open(completions, deadline, &slot);
	if (result != UMP_OK)
		return result;
	result = try_send(&client->handle, msg, completions->cancellables, slot, tag, deadline);
	if (result < UMP_OK) {
		ump__cancellable_undo(completions->cancellables, slot);
		return result;
	}
	completions->in_flight++;
	if (id != NULL)
		*id = ump__cancellable_id(completions->cancellables, slot);
	return ump__channel_run(client->handle.channel, result);
}
