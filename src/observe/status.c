/* SPDX-License-Identifier: 0BSD */
/* Result codes as text, and the version of the library. */
#include "ump_server.h"

const char *ump_strerror(int result)
{
	if (result > 0)
		return "the handler's own code";
	switch ((enum ump_result)result) {
	case UMP_OK:
		return "done";
	case UMP_SERVER_GONE:
		return "the server has ended and did not start this";
	case UMP_NO_REPLY:
		return "the request was started and not answered";
	case UMP_ORIGIN_GONE:
		return "the requester has given up";
	case UMP_CLIENTS_GONE:
		return "every strong client is gone";
	case UMP_TIMED_OUT:
		return "the deadline has passed";
	case UMP_EMPTY:
		return "nothing is there yet";
	case UMP_INVALID:
		return "an argument is wrong";
	case UMP_NO_MEMORY:
		return "no memory";
	case UMP_NO_THREAD:
		return "the system gave no thread";
	case UMP_OVERFLOW:
		return "too many handles of one server";
	case UMP_DEADLOCK:
		return "this would wait for itself";
	case UMP_FULL:
		return "the inbox is full";
	case UMP_NO_FD:
		return "the system gave no file descriptor";
	case UMP_NOT_WRITTEN:
		return "not all of it could be written";
	case UMP_CANCELLED:
		return "the request was cancelled by its caller";
	case UMP_NONE_PENDING:
		return "no request is in flight";
	case UMP_NO_TIMERS:
		return "a combining server has no timers";
	}
	return "unknown result";
}

unsigned ump_version(void)
{
	return UMP_VERSION_NUMBER;
}
