// SPDX-License-Identifier: 0BSD
// The header in C++11 must compile without a warning, and its inline functions must be callable.
#include "ump_server.h"

int header_open(ump_server **server, ump_client **client);
int header_spawn(ump_handler_builder *builder, ump_client **client, ump_thread **thread);

int header_open(ump_server **server, ump_client **client)
{
	ump_config config = ump_config();

	config.request.size = sizeof(int);
	return ump_channel_open(server, client, &config);
}

int header_spawn(ump_handler_builder *builder, ump_client **client, ump_thread **thread)
{
	ump_config config = ump_config();

	config.post.size = sizeof(int);
	return ump_spawn_thread(&config, builder, nullptr, client, thread);
}
