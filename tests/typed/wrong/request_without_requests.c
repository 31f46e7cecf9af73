/* SPDX-License-Identifier: 0BSD */
/*
 * A request to a server that takes none.
 * gcc: implicit declaration of function 'logger_client_req'
 * clang: (implicit declaration of|call to undeclared) function 'logger_client_req'
 */
#include "servers.h"

int wrong(logger_client client, const struct note *note);

int wrong(logger_client client, const struct note *note)
{
#ifdef WRONG
	return logger_client_req(client, note, UMP_FOREVER);
#else
	return logger_client_post(client, note);
#endif
}
