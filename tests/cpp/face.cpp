// SPDX-License-Identifier: 0BSD
// The C++ face must need no header before it, no exceptions and no run-time types.
#include "ump_server.hpp"

struct face : ump::protocol<int, int, int> {
};

class answerer : public ump::handler<face>
{
	flow request(int msg, reply_context rc) override
	{
		rc.reply(msg);
		return ump::go_on;
	}
	flow post(int) override
	{
		return ump::stop();
	}
};

int face_request();
int face_without_own_thread();
int face_workers();

int face_request()
{
	auto server = ump::spawn_thread(std::make_unique<answerer>());

	return server->client.request(1).value();
}

int face_without_own_thread()
{
	auto combining = ump::spawn_combining(std::make_unique<answerer>());
	auto threads = ump::open_thread_pool();
	auto server = threads->spawn_thread(std::make_unique<answerer>());

	return combining->client.request(1).value() + server->client.request(1).value();
}

int face_workers()
{
	auto make = [] { return std::make_unique<answerer>(); };
	auto server = ump::spawn_workers(2, make);
	auto keyed = ump::spawn_workers_by_key(2, make, [](int msg) { return unsigned(msg); });

	return server->client.request(1).value() + keyed->client.request(1).value();
}
